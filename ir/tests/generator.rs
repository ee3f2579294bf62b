//! The generator of random graphs itself: what it makes is verified, runs, and covers every variant.

use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use spikeloom_ir::{
    Connectivity, InputCoding, Leak, NeuronModel, Quantized, Readout, Reset, Stage, Trained, arbitrary,
    arbitrary::Features, interpret, text, verify,
};
use std::collections::BTreeSet;

proptest! {
    #[test]
    fn trained_graphs_are_verified_and_run((graph, stimulus) in arbitrary::trained_case(Features::ALL)) {
        prop_assert_eq!(verify(&graph), vec![]);
        let trace = interpret(&graph, &stimulus);
        prop_assert_eq!(trace.spikes.len(), graph.n_populations());
    }

    #[test]
    fn quantized_graphs_are_verified_and_run((graph, stimulus) in arbitrary::quantized_case(Features::ALL)) {
        prop_assert_eq!(verify(&graph), vec![]);
        interpret(&graph, &stimulus);
    }

    #[test]
    fn chains_are_verified(graph in arbitrary::quantized(Features::CHAIN)) {
        prop_assert_eq!(verify(&graph), vec![]);
        prop_assert!(graph.projections().all(|(id, _)| graph.ends(id).0.0 + 1 == graph.ends(id).1.0));
    }

    #[test]
    fn normalized_graphs_are_verified(graph in arbitrary::trained(Features { normalization: true, ..Features::ALL })) {
        prop_assert_eq!(verify(&graph), vec![]);
    }

    #[test]
    fn trained_text_parses_back(graph in arbitrary::trained(Features { normalization: true, ..Features::ALL })) {
        let printed = text::print(&graph);
        let parsed = text::parse::<Trained>(&printed).map_err(|e| TestCaseError::fail(e.to_string()))?;
        prop_assert_eq!(&parsed, &graph);
        prop_assert_eq!(text::print(&parsed), printed);
    }

    #[test]
    fn quantized_text_parses_back(graph in arbitrary::quantized(Features::ALL)) {
        let printed = text::print(&graph);
        let parsed = text::parse::<Quantized>(&printed).map_err(|e| TestCaseError::fail(e.to_string()))?;
        prop_assert_eq!(&parsed, &graph);
        prop_assert!(text::parse::<Trained>(&printed).is_err());
    }
}

fn variants<S: Stage>(graph: &spikeloom_ir::Graph<S>, found: &mut BTreeSet<&'static str>) {
    for (id, p) in graph.projections() {
        let (pre, post) = graph.ends(id);
        found.insert(match &p.connectivity {
            Connectivity::Conv2d(conv) if conv.groups > 1 => "grouped",
            Connectivity::Conv2d(conv) if conv.dilation != (1, 1) => "dilated",
            Connectivity::Conv2d(conv) if conv.kernel.0 != conv.kernel.1 => "non-square",
            Connectivity::Conv2d(conv) if conv.stride != (1, 1) && conv.padding != (0, 0) => "strided, padded",
            Connectivity::Conv2d(_) => "conv",
            Connectivity::Dense => "dense",
            Connectivity::OneToOne => "one-to-one",
            Connectivity::Sparse(_) => "sparse",
        });
        if p.pool.is_some() {
            found.insert("pool");
        }
        found.insert(match pre.cmp(&post) {
            std::cmp::Ordering::Equal => "self-recurrent",
            std::cmp::Ordering::Greater => "backward",
            std::cmp::Ordering::Less => "forward",
        });
        if p.delay > 1 {
            found.insert("long delay");
        }
    }
    for (id, p) in graph.populations() {
        match &p.neuron {
            NeuronModel::Input { coding, .. } => found.insert(match coding {
                InputCoding::DirectOnce => "once",
                InputCoding::DirectEveryStep { .. } => "every step",
                InputCoding::Events { most: 1, .. } => "events",
                InputCoding::Events { .. } => "graded events",
            }),
            NeuronModel::Spiking(neuron) => {
                found.insert(if neuron.leak == Leak::None { "IF" } else { "LIF" });
                found.insert(if neuron.reset == Reset::Zero { "hard" } else { "soft" });
                if neuron.window.len() < graph.timesteps {
                    found.insert("window");
                }
                if neuron.floor.is_some() {
                    found.insert("floor");
                }
                graph.incoming(id).len() > 1 && found.insert("merge")
            }
            NeuronModel::Accumulator { .. } => found.insert("accumulator"),
            NeuronModel::Linear => found.insert("linear"),
            NeuronModel::Dynamic(_) => found.insert("list"),
        };
    }
    found.insert(match graph.readout {
        Readout::Goodness { .. } => "goodness",
        Readout::ChannelEnergy { .. } => "channel energy",
        Readout::Potential { .. } => "potential",
        Readout::SpikeCount { .. } => "spike count",
    });
}

#[test]
fn a_thousand_graphs_cover_every_variant_and_most_of_them_spike() {
    let mut runner = TestRunner::deterministic();
    let mut found = BTreeSet::new();
    let mut spiking = 0;
    for _ in 0..1000 {
        let (graph, stimulus) =
            arbitrary::trained_case(Features::ALL).new_tree(&mut runner).expect("no filters").current();
        variants(&graph, &mut found);
        spiking += usize::from(interpret(&graph, &stimulus).n_spikes() > 0);
    }
    let expected = [
        "IF",
        "LIF",
        "accumulator",
        "backward",
        "channel energy",
        "conv",
        "dense",
        "dilated",
        "events",
        "every step",
        "floor",
        "forward",
        "goodness",
        "graded events",
        "grouped",
        "hard",
        "linear",
        "long delay",
        "merge",
        "non-square",
        "once",
        "one-to-one",
        "pool",
        "potential",
        "self-recurrent",
        "soft",
        "sparse",
        "spike count",
        "strided, padded",
        "window",
    ];
    assert_eq!(found, BTreeSet::from(expected));
    assert!(spiking > 500, "only {spiking} of 1000 random networks spike");
}
