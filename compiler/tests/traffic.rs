//! A program alone tells what its mapping costs: the same figures as the compiler found from the partition.

mod support;

use ir::{Graph, Quantized, arbitrary};
use isa::{Arch, arch::Multicast};
use proptest::prelude::*;
use spikeloom_compiler::{Activity, Options, compile_quantized, program_cost};
use support::{
    network::{network, reference},
    preset,
};

/// The cost of the compiled program equals the compiler's, under assumed and under arbitrary activity.
fn agrees(graph: &Graph<Quantized>, arch: &Arch, seed: u64) {
    let assumed = Activity::assumed(graph);
    let mut measured = assumed.clone();
    for (i, n) in measured.counts.iter_mut().flatten().enumerate() {
        *n = (i as u64 * 7919 + seed) % 13;
    }
    for activity in [assumed, measured] {
        let options = Options { moves_per_cluster: 20, activity: Some(activity.clone()), ..Options::default() };
        let compiled = compile_quantized(graph, arch, &options).unwrap_or_else(|e| panic!("{}: {e}", arch.name));
        let known = compiled.reports.placements.last().expect("at least one method").1;
        assert_eq!(program_cost(&compiled.program, arch, &activity), known, "{}", arch.name);
    }
}

#[test]
fn a_program_is_priced_like_the_partition_it_came_from() {
    for name in ["loihi1", "darwin3_like", "seneca_like", "lemaire_ideal"] {
        agrees(&network(), &preset(name).expect("a preset"), 3);
    }
    agrees(&reference(), &preset("loihi1").expect("a preset"), 3);
    let mut arch = preset("loihi1").expect("a preset");
    for multicast in [Multicast::Unicast, Multicast::Rectangle, Multicast::Tree { entries: Some(2) }] {
        arch.noc.as_mut().expect("it has one").multicast = multicast;
        agrees(&network(), &arch, 5);
    }
}

#[test]
fn a_program_knows_the_assumed_activity() {
    let graph = network();
    let compiled =
        compile_quantized(&graph, &preset("loihi1").expect("a preset"), &Options::default()).expect("it fits");
    assert_eq!(Activity::assumed_of(&compiled.program), Activity::assumed(&graph));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_program_is_priced_like_its_partition(
        graph in arbitrary::quantized(arbitrary::Features::ALL),
        seed in 0u64..100,
        multicast in prop_oneof![
            Just(Multicast::Unicast), Just(Multicast::Rectangle), Just(Multicast::Tree { entries: None })
        ],
    ) {
        let mut arch = preset("loihi1").expect("a preset");
        arch.noc.as_mut().expect("it has one").multicast = multicast;
        if compile_quantized(&graph, &arch, &Options { moves_per_cluster: 1, ..Options::default() }).is_ok() {
            agrees(&graph, &arch, seed);
        }
    }
}
