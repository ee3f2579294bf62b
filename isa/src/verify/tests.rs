//! A sound program passes, and every planned corruption is caught by the rule made for it.

use super::{Rule, Violation, verify};
use crate::{
    Arch, AxonEntry, CoreId, Descriptor, DescriptorId, Destination, Instruction, LayerId, NeuronDescriptor, NeuronKind,
    Program, Readout, RouteId, Tag, WeightBlockId,
    arch::{ConvolutionLimits, Fire, Multicast, Sweep, preset::preset},
    program::{Coding, Encoding},
    testing::{any_program, tiny, tiny_sparse},
};
use proptest::prelude::*;

fn loihi() -> Arch {
    preset("loihi1").expect("a preset")
}

fn tile(program: &mut Program, core: usize) -> &mut NeuronDescriptor {
    match &mut program.cores[core].descriptors[1] {
        Descriptor::Neurons(d) => d,
        _ => panic!("d1 of the tiny program is a tile"),
    }
}

fn conv(program: &mut Program) -> &mut crate::ConvDescriptor {
    match &mut program.cores[0].descriptors[0] {
        Descriptor::Conv(d) => d,
        _ => panic!("d0 of core 0 of the tiny program is a convolution"),
    }
}

fn lists(program: &mut Program) -> &mut crate::SparseDescriptor {
    match &mut program.cores[1].descriptors[0] {
        Descriptor::Sparse(d) => d,
        _ => panic!("d0 of core 1 of the sparse program is a list operation"),
    }
}

type Corruption = (Rule, &'static str, fn(&mut Program, &mut Arch));

const CORRUPTIONS: &[Corruption] = &[
    (Rule::Arch, "another chip", |p, _| p.arch = "truenorth".into()),
    (Rule::Ids, "a layer that does not exist", |p, _| tile(p, 0).layer = LayerId(7)),
    (Rule::Ids, "a weight block that does not exist", |p, _| conv(p).weights = WeightBlockId(9)),
    (Rule::Ids, "a route that does not exist", |p, _| tile(p, 0).emission.routes[0] = vec![RouteId(3)]),
    (Rule::Ids, "a core outside the mesh", |p, _| p.cores[1].core = CoreId(1_000_000)),
    (Rule::Ids, "an update of nothing", |p, _| p.cores[0].on_tick[0] = Instruction::NeuronUpdate(DescriptorId(5))),
    (Rule::Ids, "an input layer that does not exist", |p, _| p.input.layer = LayerId(9)),
    (Rule::Ids, "a read-out of nothing", |p, _| p.readout = Readout::Potential { layer: LayerId(9) }),
    (Rule::Input, "an input longer than the sample", |p, _| p.input.coding = Coding::EveryStep { steps: 5 }),
    (Rule::Input, "events after the sample", |p, _| p.input.coding = Coding::spikes(5)),
    (Rule::Input, "events of no value", |p, _| p.input.coding = Coding::Events { steps: 4, least: 1, most: 0 }),
    (Rule::Input, "an input without gain", |p, _| {
        p.input.encoding = Encoding::Standardized { gain: 0.0, eps: 0.1, limit: 255 };
    }),
    (Rule::Order, "cores swapped", |p, _| p.cores.swap(0, 1)),
    (Rule::Order, "a core twice", |p, _| p.cores[1].core = CoreId(0)),
    (Rule::Order, "a tag twice", |p, _| {
        let axon = p.cores[0].axons[0].clone();
        p.cores[0].axons.push(axon);
    }),
    (Rule::Order, "no receiver", |p, _| p.cores[0].routes[0].destination = Destination::List(vec![])),
    (Rule::Handlers, "a handler that never ends", |p, _| p.cores[0].on_spike.truncate(3)),
    (Rule::Handlers, "a missing barrier", |p, _| {
        p.cores[1].on_tick.remove(0);
    }),
    (Rule::Handlers, "a tile updated twice", |p, _| {
        p.cores[0].on_tick.insert(0, Instruction::NeuronUpdate(DescriptorId(1)));
    }),
    (Rule::Handlers, "a tile never updated", |p, _| {
        p.cores[0].on_tick.remove(0);
    }),
    (Rule::Handlers, "an update where neurons fire per event", |_, a| a.core.fire = Fire::PerEvent),
    (Rule::Handlers, "an accumulator updated", |p, _| {
        p.cores[1].on_tick.insert(0, Instruction::NeuronUpdate(DescriptorId(1)));
    }),
    (Rule::Axons, "an axon that runs a tile", |p, _| p.cores[0].axons[0].descriptors = vec![DescriptorId(1)]),
    (Rule::Axons, "an axon that runs twice", |p, _| p.cores[0].axons[0].descriptors = vec![DescriptorId(0); 2]),
    (Rule::Axons, "an axon that runs nothing", |p, _| p.cores[0].axons[0].descriptors.clear()),
    (Rule::Geometry, "a stride of zero", |p, _| conv(p).stride.1 = 0),
    (Rule::Geometry, "a tile outside its layer", |p, _| tile(p, 0).origin.2 = 1),
    (Rule::Geometry, "a span too wide", |p, _| conv(p).span = 3),
    (Rule::Geometry, "a tile across groups", |p, _| {
        let d = conv(p);
        (d.out_per_group, d.first_channel, d.in_per_group) = (2, 0, 1);
        d.origin.0 = 1;
        d.extent.0 = 1;
        (d.n_channels, d.span) = (2, 1);
    }),
    (Rule::Weights, "a weight too many", |p, _| p.weights[0].data.push(0)),
    (Rule::Weights, "a widened weight", |p, _| p.weights[0].data[3] = 128),
    (Rule::Weights, "a width that the core does not store", |p, _| p.weights[0].bits = 10),
    (Rule::Weights, "a block of no bits", |p, _| p.weights[0].bits = 0),
    (Rule::Weights, "a block that nobody uses", |p, _| p.weights.push(p.weights[0].clone())),
    (Rule::State, "state beyond the core's", |p, _| p.cores[0].n_state = 7),
    (Rule::State, "a scatter into the wrong place", |p, _| conv(p).v_base = 1),
    (Rule::State, "overlapping tiles", |p, _| {
        let again = p.cores[0].descriptors[1].clone();
        p.cores[0].descriptors.push(again);
    }),
    (Rule::Params, "a parameter set missing", |p, _| {
        tile(p, 0).params.pop();
    }),
    (Rule::Params, "a threshold too wide", |p, _| tile(p, 0).params[0].threshold = 1 << 23),
    (Rule::Params, "a bias where neurons fire per event", |_, a| a.core.fire = Fire::PerEvent),
    (Rule::Params, "a bias where untouched neurons sleep", |_, a| a.core.sweep = Sweep::Touched),
    (Rule::Emission, "a row without class", |p, _| {
        tile(p, 0).emission.row_class.pop();
    }),
    (Rule::Emission, "a class without entry", |p, _| tile(p, 0).emission.row_class[1] = 1),
    (Rule::Emission, "a route twice", |p, _| tile(p, 0).emission.routes[0] = vec![RouteId(0); 2]),
    (Rule::Emission, "an accumulator that emits", |p, _| tile(p, 1).emission.routes = vec![vec![]]),
    (Rule::Routes, "a receiver not in use", |p, _| p.cores[0].routes[0].destination = Destination::Core(CoreId(5))),
    (Rule::Routes, "a receiver that does not know the tag", |p, _| p.cores[0].routes[0].tag = Tag(9)),
    (Rule::Routes, "no delay", |p, _| p.cores[0].routes[0].delay = 0),
    (Rule::Routes, "multicast on a unicast chip", |p, _| {
        p.cores[0].routes[0].destination = Destination::List(vec![CoreId(1)]);
    }),
    (Rule::Rectangle, "a dropped leaf", |p, a| {
        a.noc.as_mut().expect("loihi has a network").multicast = Multicast::Rectangle;
        p.cores[0].axons.push(AxonEntry { tag: Tag(1), descriptors: vec![DescriptorId(0)] });
        p.cores[0].routes[0].destination = Destination::Rectangle { x: (0, 0), y: (0, 0), cores: vec![CoreId(1)] };
    }),
    (Rule::Tags, "two layers with one tag", |p, _| {
        p.input.routes[0].tag = Tag(1);
        p.input.routes[0].destination = Destination::Core(CoreId(1));
    }),
    (Rule::Tags, "a tag that nobody sends", |p, _| tile(p, 0).emission.routes[0].clear()),
    (Rule::Tags, "a source of another size", |p, _| conv(p).source = (5, 5)),
    (Rule::Coverage, "a neuron without tile", |p, _| tile(p, 1).extent.0 = 2),
    (Rule::Coverage, "a neuron with two tiles", |p, _| {
        let again = p.cores[0].descriptors[1].clone();
        p.cores[0].descriptors.push(again);
    }),
    (Rule::Readout, "a silent output", |p, _| tile(p, 1).to_host = false),
    (Rule::Readout, "classes that do not divide", |p, _| {
        p.readout = Readout::Goodness { layer: LayerId(2), sizes: vec![1, 1] };
    }),
    (Rule::Capacity, "too few axons", |_, a| a.core.axons_in.as_mut().expect("limited").value = 15),
    (Rule::Capacity, "too little weight memory", |_, a| {
        a.core.memories.weights.bits.as_mut().expect("limited").value = 575;
    }),
    (Rule::Convolution, "a stride that the engine lacks", |_, a| {
        let source = "test".into();
        a.core.convolution = Some(ConvolutionLimits { kernel: 3, strides: vec![2], source_map: 4, map: 4, source });
    }),
];

#[test]
fn a_sound_program_has_no_violation() {
    assert_eq!(verify(&tiny(), &loihi()), []);
}

#[test]
fn every_planned_corruption_is_caught() {
    for &(rule, what, corrupt) in CORRUPTIONS {
        let (mut program, mut arch) = (tiny(), loihi());
        corrupt(&mut program, &mut arch);
        let found = verify(&program, &arch);
        assert!(found.iter().any(|v| v.rule == rule), "{what}: expected `{}`, found {found:#?}", rule.name());
    }
}

#[test]
fn every_rule_has_a_corruption() {
    for &rule in Rule::ALL {
        assert!(CORRUPTIONS.iter().any(|c| c.0 == rule), "{}", rule.name());
    }
}

#[test]
fn the_header_lists_every_rule() {
    let header = include_str!("mod.rs");
    for rule in Rule::ALL {
        assert!(header.contains(&format!("//! | `{}` | ", rule.name())), "{}", rule.name());
    }
}

#[test]
fn all_violations_are_reported_at_once() {
    let mut program = tiny();
    program.cores[0].on_spike.clear();
    tile(&mut program, 0).params.pop();
    tile(&mut program, 1).to_host = false;
    let rules: Vec<Rule> = verify(&program, &loihi()).iter().map(|v| v.rule).collect();
    assert_eq!(rules, [Rule::Handlers, Rule::Params, Rule::Readout]);
}

#[test]
fn a_violation_names_rule_entity_and_amounts() {
    let mut arch = loihi();
    arch.core.neurons.as_mut().expect("limited").value = 7;
    let found: Vec<String> = verify(&tiny(), &arch).iter().map(Violation::to_string).collect();
    assert_eq!(found, ["[capacity] core0: neurons: 8 used, 7 available"]);
}

proptest! {
    #[test]
    fn no_program_makes_the_verifier_panic(program in any_program()) {
        prop_assert!(!verify(&program, &loihi()).is_empty());
    }

    #[test]
    fn no_damaged_field_makes_the_verifier_panic(at in any::<prop::sample::Index>(), value in any::<u8>()) {
        // A byte of the tiny program's text form changed, if it still is a program.
        let text = ron::to_string(&tiny()).expect("programs serialize");
        let digits: Vec<usize> = text.char_indices().filter(|(_, c)| c.is_ascii_digit()).map(|(i, _)| i).collect();
        let at = digits[at.index(digits.len())];
        let damaged = format!("{}{value}{}", &text[..at], &text[at + 1..]);
        if let Ok(program) = ron::from_str::<Program>(&damaged) {
            verify(&program, &loihi());
        }
    }
}

#[test]
fn window_order_is_checked() {
    let mut program = tiny();
    let NeuronKind::Spiking { window, .. } = &mut tile(&mut program, 0).kind else { panic!("spiking") };
    *window = (3, 2);
    assert_eq!(verify(&program, &loihi())[0].rule, Rule::Geometry);
}

const SPARSE_CORRUPTIONS: &[Corruption] = &[
    (Rule::Geometry, "lists out of order", |p, _| lists(p).lists.swap(0, 1)),
    (Rule::Geometry, "a list of a source that does not exist", |p, _| lists(p).lists[1].source = 8),
    (Rule::Geometry, "targets out of order", |p, _| lists(p).lists[0].targets.swap(0, 1)),
    (Rule::Geometry, "a target outside the tile", |p, _| lists(p).lists[0].targets[1] = 3),
    (Rule::Geometry, "an empty list", |p, _| lists(p).lists[0].targets.clear()),
    (Rule::Weights, "a synapse without weight", |p, _| lists(p).lists[0].targets.push(2)),
    (Rule::State, "a state word inside a tile", |p, _| lists(p).v_base = 1),
    (Rule::Tags, "another source map", |p, _| lists(p).source = (8, 1, 1)),
    (Rule::Geometry, "a neuron without number", |p, _| {
        p.layers[2].numbers.pop();
    }),
    (Rule::Geometry, "a number twice", |p, _| p.layers[2].numbers[0] = 1),
    (Rule::Geometry, "a renumbered input", |p, _| p.layers[0].numbers = (0..16).rev().collect()),
    (Rule::Capacity, "lists larger than the memory", |_, arch| {
        // Two lists of one word of 64 bits each.
        let Some(bits) = arch.core.memories.weights.bits.as_mut() else { panic!("loihi1 has a weight memory") };
        bits.value = 127;
    }),
];

#[test]
fn every_corruption_of_lists_and_numbers_is_caught() {
    assert_eq!(verify(&tiny_sparse(), &loihi()), vec![]);
    for (rule, what, corrupt) in SPARSE_CORRUPTIONS {
        let (mut program, mut arch) = (tiny_sparse(), loihi());
        corrupt(&mut program, &mut arch);
        let found = verify(&program, &arch);
        assert!(found.iter().any(|v| v.rule == *rule), "{what}: {found:?}");
    }
}
