//! Every reference value of the Lemaire et al. 2022 model, per layer and per term, to 1e-9 relative.
//!
//! `cases/energy-cases.json`: `source` "reference" values were printed by qualia-plugin-snn 2.6.0; "own" values follow
//! the paper's equations as docs/energy.md restates them.

use serde_json::Value;
use spikeloom_energy::analytic::{Groups, Network, Options, evaluate};

fn compare(place: &str, got: &Groups, want: &Value, compared: &mut usize) {
    let got = serde_json::to_value(got).expect("groups are plain numbers");
    for (line, want) in want.as_object().expect("an object of energies") {
        let want = want.as_f64().expect("an energy");
        let got = got[line].as_f64().unwrap_or_else(|| panic!("{place}: no line `{line}`"));
        assert!((got - want).abs() <= 1e-9 * want.abs(), "{place} {line}: got {got}, reference {want}");
        *compared += 1;
    }
}

#[test]
fn every_reference_value_is_met() {
    let cases: Value = serde_json::from_str(include_str!("cases/energy-cases.json")).expect("the cases are JSON");
    let mut compared = 0;
    for case in cases["cases"].as_array().expect("a list of cases") {
        let network: Network = serde_json::from_value(case["network"].clone()).expect("a network");
        for run in case["runs"].as_array().expect("a list of runs") {
            let place = format!("{} {}", case["name"], run["options"]);
            let options: Options = serde_json::from_value(run["options"].clone()).expect("options");
            let evaluation = evaluate(&network, &options).expect("the case evaluates");
            compare(&place, &evaluation.total, &run["total_pJ"], &mut compared);
            for (i, layer) in run["layers_pJ"].as_array().into_iter().flatten().enumerate() {
                compare(&format!("{place} layer {i}"), &evaluation.layers[i], layer, &mut compared);
            }
        }
    }
    assert_eq!(compared, 1_233, "energies compared");
}

#[test]
fn a_network_survives_its_own_json() {
    let cases: Value = serde_json::from_str(include_str!("cases/energy-cases.json")).expect("the cases are JSON");
    for case in cases["cases"].as_array().expect("a list of cases") {
        let network: Network = serde_json::from_value(case["network"].clone()).expect("a network");
        let written = serde_json::to_string(&network).expect("a network is JSON");
        assert_eq!(serde_json::from_str::<Network>(&written).expect("its own JSON"), network);
    }
}

/// The `qualia` reading on random networks: no bias, no neuron, groups, rectangular kernels, real-valued inputs, other
/// widths, FIFO depths and arithmetic scalings.
#[test]
fn random_networks_meet_the_reference_implementation() {
    let file: Value = serde_json::from_str(include_str!("cases/random-cases.json")).expect("the cases are JSON");
    let mut compared = 0;
    for case in file["cases"].as_array().expect("a list of cases") {
        let network: Network = serde_json::from_value(case["network"].clone()).expect("a network");
        let options: Options = serde_json::from_value(case["options"].clone()).expect("options");
        let evaluation = evaluate(&network, &options).expect("the case evaluates");
        for (i, layer) in case["layers_pJ"].as_array().expect("layers").iter().enumerate() {
            let place = format!("{} {} layer {i}", case["network"], case["options"]);
            compare(&place, &evaluation.layers[i], layer, &mut compared);
        }
    }
    assert_eq!(compared, 549, "energies compared");
}
