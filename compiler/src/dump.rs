//! Outcomes of the passes as text, for `--dump-after`.

use crate::{
    demand::{Capacity, Resource},
    partition::{ClusterId, Partition},
    pass::{
        cut::{Cuts, Unfit},
        fit::Fitted,
        place::Placed,
        route::Routing,
    },
    placement::Placement,
};
use ir::{Graph, Quantized};
use isa::{Arch, Destination};
use std::fmt::Write;

/// The stored width of every projection's weights.
pub(crate) fn widths(graph: &Graph<Quantized>, bits: &[u32]) -> String {
    let mut text = String::new();
    for ((id, projection), bits) in graph.projections().zip(bits) {
        let (pre, post) = graph.ends(id);
        let (pre, post) = (&graph.population(pre).name, &graph.population(post).name);
        let _ = writeln!(text, "{id} `{pre}` → `{post}`: {} weights of {bits} bits", projection.weights.len());
    }
    text
}

/// The parts of every population that is cut along shared sources.
pub(crate) fn cuts(graph: &Graph<Quantized>, cuts: &Cuts) -> String {
    let mut text = String::new();
    for ((id, population), cut) in graph.populations().zip(cuts) {
        let _ = match cut {
            None => continue,
            Some(Err(Unfit(_))) => writeln!(text, "{id} `{}`: a neuron alone does not fit a core", population.name),
            Some(Ok(cut)) => writeln!(text, "{id} `{}`: {} parts", population.name, cut.demands.len()),
        };
        let Some(Ok(cut)) = cut else { continue };
        for (part, borders) in cut.grid.channels.windows(2).enumerate() {
            let neurons = &cut.order[borders[0] as usize..borders[1] as usize];
            let neurons: Vec<String> = neurons.iter().map(ToString::to_string).collect();
            let work = cut.work[part];
            let _ = writeln!(text, "  part{part}, {work:.0} synaptic operations per timestep: {}", neurons.join(" "));
        }
    }
    if text.is_empty() { "no population is cut along shared sources\n".into() } else { text }
}

/// The tiles of every population and the demand of its fullest tile.
pub(crate) fn partition(graph: &Graph<Quantized>, arch: &Arch, fitted: &Fitted) -> String {
    let capacity = Capacity::of(arch);
    let mut text = String::new();
    let first = fitted.partition.first_tiles();
    for (id, population) in graph.populations() {
        let Some(grid) = &fitted.partition.grids[id.0 as usize] else { continue };
        let (c, y, x) = grid.slices();
        let tiles = first[id.0 as usize].0 as usize..(first[id.0 as usize].0 + grid.n_tiles()) as usize;
        let demand = fitted.demands[tiles.clone()].iter().copied().reduce(|a, b| a.max(&b)).unwrap_or_default();
        let work = fitted.work[tiles].iter().copied().fold(0.0, f64::max);
        let _ = write!(text, "{id} `{}` {}: {c} × {y} × {x} tiles", population.name, population.shape);
        for r in Resource::ALL {
            if let Some(max) = capacity.limit(r) {
                let _ = write!(text, ", {r} {}/{max}", demand[r]);
            }
        }
        let _ = writeln!(text, ", {work:.0} synaptic operations per timestep");
    }
    for (i, tiles) in fitted.partition.clusters.iter().enumerate() {
        let tiles: Vec<String> = tiles.iter().map(|&t| fitted.partition.tile(t).to_string()).collect();
        let _ = writeln!(text, "{}: {}", ClusterId(i as u32), tiles.join("; "));
    }
    text
}

/// The core of every cluster and the costs of all methods.
pub(crate) fn placement(arch: &Arch, partition: &Partition, placed: &Placed) -> String {
    let mut text = String::new();
    for (method, cost) in &placed.costs {
        let _ = writeln!(text, "# {method}\n{cost}");
    }
    for (i, (&core, tiles)) in placed.placement.cores.iter().zip(&partition.clusters).enumerate() {
        let (x, y) = arch.position(arch.router(core));
        let tiles: Vec<String> = tiles.iter().map(|&t| partition.tile(t).to_string()).collect();
        let _ = writeln!(text, "{} {core} at ({x}, {y}): {}", ClusterId(i as u32), tiles.join("; "));
    }
    text
}

/// The route tables.
pub(crate) fn routing(partition: &Partition, placement: &Placement, routing: &Routing) -> String {
    let mut text = String::new();
    let mut table = |name: String, routes: &[isa::Route]| {
        for (i, route) in routes.iter().enumerate() {
            let to = match &route.destination {
                Destination::Core(core) => core.to_string(),
                Destination::Rectangle { x, y, .. } => format!("({}..={}, {}..={})", x.0, x.1, y.0, y.1),
                Destination::List(cores) => cores.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
            };
            let _ = writeln!(text, "{name} route{i}: {} delay {} → {to}", route.tag, route.delay);
        }
    };
    table("input".into(), &routing.input_table);
    for i in 0..partition.clusters.len() {
        table(placement.cores[i].to_string(), &routing.tables[i]);
    }
    text
}
