//! The nets of a finished program: who sends how often to which cores, read from its route tables alone.
//!
//! The same hypergraph as [`crate::nets`] builds from a partition, found by other means: every neuron's table entry is
//! looked up, and the routes of one projection are joined. So a program's mapping can be priced without its network, and
//! compile time and program must agree (tested).

use crate::{
    activity::Activity,
    cost::{MappingCost, mapping_cost},
    mesh::Mesh,
    nets::{MILLI, Net},
    partition::ClusterId,
    pass::place::Region,
    placement::Placement,
};
use isa::{Arch, CoreId, Descriptor, Emission, LayerId, Program, Route, Tag};
use std::collections::{BTreeMap, BTreeSet};

/// The cost of the mapping that a program embodies, for given activity.
pub fn program_cost(program: &Program, arch: &Arch, activity: &Activity) -> MappingCost {
    let placement = Placement { cores: program.cores.iter().map(|image| image.core).collect() };
    let region = Region::new(arch, placement.cores.len());
    mapping_cost(&Mesh::of(arch), region.kappa(), &nets(program, activity), &placement)
}

/// The nets of a program; cluster i is its i-th core. Nets without events are left out.
///
/// # Panics
/// If the program is not verified, or the activity is that of another network.
pub fn nets(program: &Program, activity: &Activity) -> Vec<Net> {
    let index: BTreeMap<CoreId, ClusterId> =
        program.cores.iter().enumerate().map(|(i, image)| (image.core, ClusterId(i as u32))).collect();
    let mut events: BTreeMap<(Option<ClusterId>, Vec<ClusterId>), u64> = BTreeMap::new();
    let mut add = |src: Option<ClusterId>, fired: Vec<(&[isa::RouteId], u64)>, routes: &[Route]| {
        for (entry, n) in fired.into_iter().filter(|(_, n)| *n > 0) {
            let mut by_projection: BTreeMap<(Tag, u16), BTreeSet<ClusterId>> = BTreeMap::new();
            for route in entry.iter().map(|r| &routes[r.0 as usize]) {
                let heard = by_projection.entry((route.tag, route.delay)).or_default();
                heard.extend(route.destination.cores().iter().map(|core| index[core]));
            }
            for dst in by_projection.into_values() {
                *events.entry((src, dst.into_iter().collect())).or_default() += n;
            }
        }
    };
    let input = &program.input;
    let whole = program.layer(input.layer).shape;
    add(None, fired(program, activity, input.layer, (0, 0, 0), whole, &input.emission), &input.routes);
    for (i, image) in program.cores.iter().enumerate() {
        for descriptor in &image.descriptors {
            if let Descriptor::Neurons(d) = descriptor {
                let fired = fired(program, activity, d.layer, d.origin, d.extent, &d.emission);
                add(Some(ClusterId(i as u32)), fired, &image.routes);
            }
        }
    }
    let per_step = |events: u64| (events * MILLI).div_ceil(activity.steps.max(1));
    events.into_iter().map(|((src, dst), n)| Net { src, dst, weight: per_step(n) }).collect()
}

/// What a directed link carries.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinkEvents {
    /// Column and row of the router that it leaves.
    pub from: (u32, u32),
    /// Column and row of the router that it enters.
    pub to: (u32, u32),
    /// Packets per timestep, as the chip sends them.
    pub events: f64,
}

/// What every link that is used carries, as the chip sends (input included), for given activity.
///
/// # Panics
/// As [`nets`].
pub fn link_loads(program: &Program, arch: &Arch, activity: &Activity) -> Vec<LinkEvents> {
    let mesh = Mesh::of(arch);
    let at = |cluster: ClusterId| mesh.position(program.cores[cluster.0 as usize].core);
    let (mut loads, mut scratch) = (vec![0u64; mesh.n_links()], Vec::new());
    for net in nets(program, activity) {
        let dst = net.dst.iter().map(|&cluster| at(cluster));
        mesh.route(net.src.map_or((0, 0), at), dst, &mut scratch, |link| loads[link] += net.weight);
    }
    let used = loads.into_iter().enumerate().filter(|(_, load)| *load > 0);
    used.map(|(link, load)| {
        let (from, to) = mesh.ends(link);
        LinkEvents { from, to, events: load as f64 / MILLI as f64 }
    })
    .collect()
}

type Position = (u16, u16, u16);

/// The table entries of a box of a layer, with the events of the neurons that use them.
fn fired<'a>(
    program: &Program,
    activity: &Activity,
    layer: LayerId,
    origin: Position,
    extent: Position,
    emission: &'a Emission,
) -> Vec<(&'a [isa::RouteId], u64)> {
    let counts = &activity.counts[layer.0 as usize];
    let mut entries: BTreeMap<&[isa::RouteId], u64> = BTreeMap::new();
    for c in 0..extent.0 {
        for y in 0..extent.1 {
            for x in 0..extent.2 {
                let routes = emission.routes(c as usize, y as usize, x as usize);
                if !routes.is_empty() {
                    let neuron = program.layer(layer).index((origin.0 + c, origin.1 + y, origin.2 + x));
                    *entries.entry(routes).or_default() += counts[neuron];
                }
            }
        }
    }
    entries.into_iter().collect()
}
