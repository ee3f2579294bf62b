//! Every checker accepts what its pass makes, and rejects every planned corruption of it.

mod support;

use ir::{
    Graph, NeuronModel, Population, Quantized, Trained,
    arbitrary::{self, Features},
};
use isa::{Arch, CoreId, Descriptor, Destination, Program, RouteId, arch::Multicast};
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};
use spikeloom_compiler::{
    Compiled, Layout, Options, Partition, Placement, Routing, TileId, check, compile_quantized,
    pass::{fuse::fuse, store::store},
};
use support::{network::network, preset};

/// Name, the rule that must object, and what is changed.
type Corruption<T> = (&'static str, &'static str, fn(&mut T));
/// Name, and what is changed.
type Change<T> = (&'static str, fn(&mut T));

fn pop<T>(list: &mut Vec<T>) {
    list.truncate(list.len() - 1);
}

fn chip(multicast: Multicast) -> Arch {
    let mut arch = preset("loihi1").expect("a preset");
    arch.core.neurons.as_mut().expect("limited").value = 16;
    (arch.mesh.width, arch.mesh.height, arch.mesh.cores_per_router, arch.mesh.chips) = (8, 8, 1, (1, 1));
    arch.noc.as_mut().expect("it has one").multicast = multicast;
    arch
}

fn compiled(arch: &Arch) -> (Graph<Quantized>, Compiled) {
    let graph = network();
    let options = Options { check: true, moves_per_cluster: 20, ..Options::default() };
    let compiled = compile_quantized(&graph, arch, &options).expect("the checkers accept");
    (graph, compiled)
}

fn rules(violations: &spikeloom_compiler::Violations) -> Vec<&'static str> {
    violations.0.iter().map(|v| v.rule).collect()
}

fn layout<'a>(graph: &'a Graph<Quantized>, arch: &'a Arch, compiled: &'a Compiled) -> Layout<'a> {
    Layout { graph, arch, partition: &compiled.partition, placement: &compiled.placement }
}

#[test]
fn partitions() {
    let arch = chip(Multicast::Unicast);
    let (graph, compiled) = compiled(&arch);
    let bits = store(&graph, &arch).expect("storable");
    let table: &[Corruption<Partition>] = &[
        ("swap two tiles", "grid", |p| p.tiles.swap(0, 1)),
        ("drop a tile", "cover", |p| pop(&mut p.tiles)),
        ("shift a tile", "cover", |p| p.tiles[0].rows = p.tiles[0].rows.start + 1..p.tiles[0].rows.end + 1),
        ("shrink a tile", "cover", |p| p.tiles[0].cols.end -= 1),
        ("leave the map", "inside", |p| p.tiles[0].channels.end += 1000),
        ("empty a tile", "inside", |p| p.tiles[0].rows.end = p.tiles[0].rows.start),
        ("tile the input", "inside", |p| p.tiles[0].population = ir::PopulationId(0)),
        ("unknown population", "inside", |p| p.tiles[0].population = ir::PopulationId(99)),
        ("lose a tile's cluster", "cluster", |p| pop(&mut p.clusters)),
        ("place a tile twice", "cluster", |p| {
            let tile = p.clusters[0][0];
            p.clusters[1].push(tile);
        }),
        ("unknown tile", "cluster", |p| p.clusters[0].push(TileId(9999))),
        ("an empty cluster", "cluster", |p| p.clusters.push(Vec::new())),
        ("two tiles of a population on a core", "cluster", |p| {
            let taken = p.clusters.remove(1);
            p.clusters[0].extend(taken);
        }),
        ("move a border into a group", "group", |p| {
            let grid = p.grids[2].as_mut().expect("a population");
            grid.channels = vec![0, 1, 4];
            let rebuilt = Partition::from_grids(p.grids.clone());
            *p = rebuilt;
        }),
        ("one tile for all", "capacity", |p| {
            let grid = p.grids[1].as_mut().expect("a population");
            (grid.channels, grid.rows, grid.cols) = (vec![0, 6], vec![0, 6], vec![0, 9]);
            *p = Partition::from_grids(p.grids.clone());
        }),
    ];
    assert_eq!(check::partition::check(&graph, &arch, &bits, &compiled.partition).0, []);
    for (name, rule, corrupt) in table {
        let mut partition = compiled.partition.clone();
        corrupt(&mut partition);
        let found = check::partition::check(&graph, &arch, &bits, &partition);
        assert!(rules(&found).contains(rule), "{name}: expected `{rule}`, found {found}");
    }
}

#[test]
fn placements() {
    let arch = chip(Multicast::Unicast);
    let (_, compiled) = compiled(&arch);
    let table: &[Corruption<Placement>] = &[
        ("the same core twice", "distinct", |p| p.cores[1] = p.cores[0]),
        ("beyond the mesh", "exists", |p| p.cores[0] = CoreId(64)),
        ("a cluster without a core", "complete", |p| pop(&mut p.cores)),
    ];
    assert_eq!(check::placement::check(&arch, &compiled.partition, &compiled.placement).0, []);
    for (name, rule, corrupt) in table {
        let mut placement = compiled.placement.clone();
        corrupt(&mut placement);
        let found = check::placement::check(&arch, &compiled.partition, &placement);
        assert!(rules(&found).contains(rule), "{name}: expected `{rule}`, found {found}");
    }
}

/// The first listed route with at least two cores.
fn listed(routing: &mut Routing) -> &mut Vec<CoreId> {
    routing
        .tables
        .iter_mut()
        .flatten()
        .find_map(|route| match &mut route.destination {
            Destination::List(cores) if cores.len() > 1 => Some(cores),
            _ => None,
        })
        .expect("some spikes go to several cores")
}

#[test]
fn routings() {
    let arch = chip(Multicast::Tree { entries: None });
    let (graph, compiled) = compiled(&arch);
    let check = |arch: &Arch, routing: &Routing| check::routing::check(&layout(&graph, arch, &compiled), routing);
    let table: &[Corruption<Routing>] = &[
        ("drop a leaf", "reach", |r| pop(listed(r))),
        ("reach a core that does not listen", "reach", |r| {
            let cores = listed(r);
            let foreign = (0..36).map(CoreId).find(|c| !cores.contains(c)).expect("not all listen");
            cores.push(foreign);
            cores.sort_unstable();
        }),
        ("list a core twice", "form", |r| {
            let cores = listed(r);
            cores.push(cores[0]);
        }),
        ("descending cores", "form", |r| listed(r).reverse()),
        ("another delay", "delay", |r| r.tables[0][0].delay += 1),
        ("another projection", "reach", |r| r.tables[0][0].tag.0 += 1),
        ("a neuron without routes", "reach", |r| r.emissions[0].routes[0].clear()),
        ("a route twice", "reach", |r| {
            let first = r.emissions[0].routes[0][0];
            r.emissions[0].routes[0].push(first);
        }),
        ("a route that does not exist", "table", |r| r.emissions[0].routes[0][0] = RouteId(9999)),
        ("a class too few", "table", |r| pop(&mut r.emissions[0].row_class)),
        ("a table entry too few", "table", |r| {
            let several = r.emissions.iter_mut().find(|e| e.routes.len() > 1);
            pop(&mut several.expect("some tile has several classes").routes);
        }),
        ("silence a tile", "reach", |r| r.emissions[0] = isa::Emission::default()),
        ("lose an emission", "table", |r| pop(&mut r.emissions)),
        ("silence the input", "reach", |r| r.input = isa::Emission::default()),
    ];
    assert_eq!(check(&arch, &compiled.routing).0, []);
    for (name, rule, corrupt) in table {
        let mut routing = compiled.routing.clone();
        corrupt(&mut routing);
        let found = check(&arch, &routing);
        assert!(rules(&found).contains(rule), "{name}: expected `{rule}`, found {found}");
    }
    let with = |multicast| rules(&check(&chip(multicast), &compiled.routing));
    assert!(with(Multicast::Unicast).contains(&"form"), "trees on a unicast chip");
    assert!(with(Multicast::Tree { entries: Some(0) }).contains(&"entries"), "an overflowing table");
}

#[test]
fn rectangles() {
    let arch = chip(Multicast::Rectangle);
    let (graph, mut compiled) = compiled(&arch);
    let rectangle =
        compiled.routing.tables.iter_mut().chain([&mut compiled.routing.input_table]).flatten().find_map(|r| {
            match &mut r.destination {
                Destination::Rectangle { x, cores, .. } if x.0 < x.1 => Some((x, cores)),
                _ => None,
            }
        });
    let (x, _) = rectangle.expect("some tiles lie side by side");
    x.1 -= 1;
    let found = check::routing::check(&layout(&graph, &arch, &compiled), &compiled.routing);
    assert!(rules(&found).contains(&"form"), "a smaller rectangle: {found}");
}

fn conv(program: &mut Program) -> &mut isa::ConvDescriptor {
    let descriptors = program.cores.iter_mut().flat_map(|c| &mut c.descriptors);
    descriptors
        .into_iter()
        .find_map(|d| if let Descriptor::Conv(d) = d { Some(d) } else { None })
        .expect("it convolves")
}

fn neurons(program: &mut Program) -> &mut isa::NeuronDescriptor {
    let descriptors = program.cores.iter_mut().flat_map(|c| &mut c.descriptors);
    descriptors
        .into_iter()
        .find_map(|d| if let Descriptor::Neurons(d) = d { Some(d) } else { None })
        .expect("it has some")
}

/// A network with all that fusing folds: an input scale, normalizations, linear populations, pooling, a delay.
fn unfused() -> Graph<Trained> {
    let mut runner = TestRunner::deterministic();
    let features = Features { normalization: true, ..Features::ALL };
    let wanted = |graph: &Graph<Trained>| {
        let is = |f: fn(&Population<Trained>) -> bool| graph.populations().any(|(_, p)| f(p));
        is(|p| p.norm.is_some()) && is(|p| matches!(p.neuron, NeuronModel::Linear)) && fuse(graph).is_ok()
    };
    let draw = || arbitrary::trained(features).new_tree(&mut runner).expect("no filters").current();
    std::iter::repeat_with(draw).find(wanted).expect("networks with normalizations and linear populations are common")
}

#[test]
fn fused_networks() {
    let graph = unfused();
    let fused = fuse(&graph).expect("it fuses");
    let spiking = |g: &Graph<Trained>| {
        g.populations().find(|(_, p)| matches!(p.neuron, NeuronModel::Spiking(_))).expect("it has one").0
    };
    let table: &[Corruption<Graph<Trained>>] = &[
        ("one timestep more", "network", |g| g.timesteps += 1),
        ("another encoding", "network", |g| g.encoding = ir::InputEncoding::Affine { gain: 0.5, offset: 0.125 }),
        ("weights change", "responses", |g| {
            let id = g.projections().next().expect("it has some").0;
            g.projection_mut(id).weights.iter_mut().for_each(|w| *w += 0.5);
        }),
        ("a delay changes", "responses", |g| {
            let id = g.projections().next().expect("it has some").0;
            g.projection_mut(id).delay += 1;
        }),
    ];
    assert_eq!(check::fuse::check(&graph, &fused).0, []);
    for (name, rule, corrupt) in table {
        let mut wrong = fused.clone();
        corrupt(&mut wrong);
        let found = check::fuse::check(&graph, &wrong);
        assert!(rules(&found).contains(rule), "{name}: {found:?}");
    }
    let mut wrong = fused.clone();
    let id = spiking(&wrong);
    let NeuronModel::Spiking(neuron) = &mut wrong.population_mut(id).neuron else { unreachable!() };
    neuron.v_init.0[0] += 1.0;
    assert!(rules(&check::fuse::check(&graph, &wrong)).contains(&"offsets"));
    let NeuronModel::Spiking(neuron) = &mut wrong.population_mut(id).neuron else { unreachable!() };
    neuron.threshold.0[0] += 1.0;
    assert!(rules(&check::fuse::check(&graph, &wrong)).contains(&"neurons"));
}

/// Programs of one network under every kind of read-out, each with its corruptions.
#[test]
fn read_outs() {
    let arch = chip(Multicast::Unicast);
    let mut graph = network();
    let spiking =
        |(_, p): &(_, &Population<Quantized>)| matches!(p.neuron, NeuronModel::Spiking(_)) && p.shape.channels > 1;
    let population = graph.populations().find(spiking).expect("it has one").0;
    let shape = graph.population(population).shape;
    let c = shape.channels;
    let weights: Vec<i32> = (0..3 * c as i32).map(|i| i * 7 % 17 - 8).collect();
    let kinds = [
        ir::Readout::Goodness { population, sizes: vec![1, c - 1] },
        ir::Readout::ChannelEnergy { population, grid: 1, weights },
        ir::Readout::SpikeCount { population },
    ];
    let options = Options { check: true, moves_per_cluster: 20, ..Options::default() };
    for kind in kinds {
        graph.readout = kind.clone();
        let program = compile_quantized(&graph, &arch, &options).expect("the checkers accept").program;
        let changes: &[Change<isa::Readout>] = match kind {
            ir::Readout::Goodness { .. } => &[("other groups", |r| {
                let isa::Readout::Goodness { sizes, .. } = r else { panic!("goodness became {r:?}") };
                sizes.reverse();
            })],
            ir::Readout::ChannelEnergy { .. } => &[
                ("weights in reverse", |r| {
                    let isa::Readout::ChannelEnergy { weights, .. } = r else { panic!("it became {r:?}") };
                    weights.reverse();
                }),
                ("another grid", |r| {
                    let isa::Readout::ChannelEnergy { grid, .. } = r else { panic!("it became {r:?}") };
                    *grid += 1;
                }),
            ],
            _ => &[("another kind", |r| *r = isa::Readout::Potential { layer: r.layer() })],
        };
        for (name, change) in changes {
            let mut program = program.clone();
            change(&mut program.readout);
            let found = check::program::check(&graph, &arch, &program);
            assert!(!found.0.is_empty(), "{name} is not noticed");
        }
    }
}

#[test]
fn programs() {
    let arch = chip(Multicast::Tree { entries: None });
    let (graph, compiled) = compiled(&arch);
    let table: &[Change<Program>] = &[
        ("change a weight", |p| p.weights[0].data[0] ^= 1),
        ("swap two weights", |p| {
            let data = &mut p.weights[0].data;
            let other = data.iter().position(|w| *w != data[0]).expect("weights differ");
            data.swap(0, other);
        }),
        ("mirror the kernels", |p| p.weights[0].data.reverse()),
        ("shift the tile's rows", |p| conv(p).origin.1 += 1),
        ("another stride", |p| conv(p).stride.0 += 1),
        ("another padding", |p| conv(p).padding.1 += 1),
        ("another first channel", |p| conv(p).first_channel += 1),
        ("another state word", |p| conv(p).v_base += 1),
        ("another threshold", |p| neurons(p).params[0].threshold += 1),
        ("another initial potential", |p| neurons(p).params[0].v_init += 1),
        ("another bias", |p| neurons(p).params[0].bias -= 1),
        ("shift the neurons' columns", |p| neurons(p).origin.2 += 1),
        ("spikes to the host", |p| neurons(p).to_host ^= true),
        ("one timestep more", |p| p.timesteps += 1),
        ("another layer read", |p| p.readout = isa::Readout::SpikeCount { layer: isa::LayerId(1) }),
        ("another encoding", |p| p.input.encoding = isa::program::Encoding::Affine { gain: 3.0, offset: 1.0 }),
        ("another coding", |p| p.input.coding = isa::program::Coding::EveryStep { steps: 3 }),
        ("lose a core", |p| pop(&mut p.cores)),
        ("lose a descriptor call", |p| pop(&mut p.cores[0].axons[0].descriptors)),
        ("lose a layer", |p| pop(&mut p.layers)),
    ];
    assert_eq!(check::program::check(&graph, &arch, &compiled.program).0, []);
    for (name, corrupt) in table {
        let mut program = compiled.program.clone();
        corrupt(&mut program);
        let found = check::program::check(&graph, &arch, &program);
        assert!(!found.0.is_empty(), "{name} is not noticed");
    }
}
