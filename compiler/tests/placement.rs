//! A search for a placement ends no worse than it could have begun.

mod support;

use ir::{Graph, Quantized, arbitrary};
use isa::{Arch, arch::Multicast};
use proptest::prelude::*;
use spikeloom_compiler::{Options, compile_quantized, pass::place::Method};
use support::{
    network::{network, reference},
    preset,
};

/// The annealed placement costs no more than clusters in order on cores in order, or along a Hilbert curve.
fn is_no_worse(graph: &Graph<Quantized>, arch: &Arch, options: &Options) {
    let options = Options { baselines: true, ..options.clone() };
    let Ok(compiled) = compile_quantized(graph, arch, &options) else { return };
    let placements = compiled.reports.placements;
    let cost = |method| placements.iter().find(|(own, _)| *own == method).expect("asked for").1.objective;
    let annealed = cost(Method::Annealed);
    for start in [Method::RowMajor, Method::Hilbert] {
        let most = cost(start) * (1.0 + 1e-9);
        assert!(annealed <= most, "{}: {annealed} annealed, {most} {start}", arch.name);
    }
}

/// Chips of small cores: many clusters.
fn small(neurons: u64, multicast: Multicast) -> Arch {
    let mut arch = preset("loihi1").expect("a preset");
    let limit = arch.core.neurons.as_mut().expect("a limit");
    (limit.value, limit.low, limit.high) = (neurons, neurons, neurons);
    arch.noc.as_mut().expect("it has one").multicast = multicast;
    arch
}

#[test]
fn however_few_moves_are_tried() {
    for moves_per_cluster in [0, 1, 20] {
        let options = Options { moves_per_cluster, check: false, ..Options::default() };
        is_no_worse(&network(), &small(40, Multicast::Unicast), &options);
        is_no_worse(&reference(), &small(256, Multicast::Unicast), &options);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_the_network(
        graph in arbitrary::quantized(arbitrary::Features::ALL),
        neurons in 4u64..40,
        moves_per_cluster in 0u32..4,
        seed in 0u64..100,
        multicast in prop_oneof![
            Just(Multicast::Unicast), Just(Multicast::Rectangle), Just(Multicast::Tree { entries: None })
        ],
    ) {
        let options = Options { moves_per_cluster, seed, check: false, ..Options::default() };
        is_no_worse(&graph, &small(neurons, multicast), &options);
    }
}
