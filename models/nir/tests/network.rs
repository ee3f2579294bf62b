//! Networks that Python wrote and executed (`scripts/golden_nir.py`): every spike of every neuron, in the timestep in which the
//! pipeline has it. All constants are dyadic, so that both sides compute the same reals.

use ir::{Event, NeuronModel, Stimulus};
use serde_json::Value;
use spikeloom_nir::{Coding, Options};
use std::collections::BTreeMap;

struct Golden {
    dt: f64,
    /// Input neurons that fire, by step.
    events: Vec<Vec<u32>>,
    /// Spikes by node and step.
    spikes: BTreeMap<String, Vec<Vec<u32>>>,
}

fn golden(text: &str) -> Golden {
    let value: Value = serde_json::from_str(text).expect("JSON");
    let steps = |value: &Value| -> Vec<Vec<u32>> { serde_json::from_value(value.clone()).expect("lists of neurons") };
    Golden {
        dt: value["dt"].as_f64().expect("a number"),
        events: steps(&value["events"]),
        spikes: value["spikes"].as_object().expect("nodes").iter().map(|(n, s)| (n.clone(), steps(s))).collect(),
    }
}

/// Checks a file against its golden spikes; returns what the lowering remarked.
fn check(file: &[u8], text: &str) -> Vec<String> {
    let golden = golden(text);
    let n_steps = golden.events.len();
    let options = Options {
        dt: Some(golden.dt),
        steps: Some(n_steps as u32),
        coding: Some(Coding::Events),
        ..Options::default()
    };
    let imported = spikeloom_nir::lower(spikeloom_nir::read(file.to_vec()).expect("readable"), "golden", &options)
        .expect("can be mapped");
    let graph = imported.graph;
    let event = |&neuron: &u32| Event { neuron, value: 1 };
    let stimulus = Stimulus { steps: golden.events.iter().map(|step| step.iter().map(event).collect()).collect() };
    let trace = ir::interpret(&graph, &stimulus);
    for (name, expected) in &golden.spikes {
        let id = graph.find(name).unwrap_or_else(|| panic!("{name} is not in the network"));
        let NeuronModel::Spiking(neuron) = &graph.population(id).neuron else { panic!("{name} does not spike") };
        let start = neuron.window.start as usize;
        assert_eq!(neuron.window.len() as usize, n_steps);
        let spikes = &trace.spikes[id.0 as usize][start..start + n_steps];
        assert_eq!(spikes, &expected[..], "{name}");
    }
    imported.remarks
}

#[test]
fn grouped_dilated_padded_pooled_skipping_and_recurrent() {
    let remarks = check(include_bytes!("../golden/csnn.nir"), include_str!("../golden/csnn.json"));
    assert!(remarks.iter().any(|r| r.contains("`mean`") && r.contains("padded zeros")), "{remarks:?}");
    assert!(!remarks.iter().any(|r| r.contains("takes") && r.contains("more than")), "{remarks:?}");
}

#[test]
fn a_nested_graph_is_its_nodes() {
    check(include_bytes!("../golden/nested.nir"), include_str!("../golden/nested.json"));
}

#[test]
fn what_other_exporters_write_is_tolerated() {
    let file = include_bytes!("../golden/loose.nir");
    check(file, include_str!("../golden/loose.json"));
    let read = spikeloom_nir::read(file.to_vec()).expect("readable");
    assert_eq!(read.version, "");
    assert!(read.remarks.iter().any(|r| r.contains("`fc`") && r.contains("colour")), "{:?}", read.remarks);
}
