//! Spiking against formal networks: the break-even rate is one, the twins are the models' own, and flips are seen.

use proptest::prelude::*;
use spikeloom_energy::analytic::{Mode, Network, Options, Reading, evaluate};
use spikeloom_energy::compare::{BreakEven, Dense, at_rate, break_even, compare};
use spikeloom_energy::published::table2;
use spikeloom_energy::sram::SramLine;

fn ffgaf() -> Network {
    table2().into_iter().find(|row| row.name == "FFGAF-SNN").expect("the row exists").network
}

#[test]
fn at_the_break_even_rate_both_networks_cost_the_same() {
    let network = ffgaf();
    for reading in Reading::ALL {
        for ram in SramLine::ALL {
            let options = Options { ram: Some(ram), bits: 8, ..Options::new(reading) };
            let target = Dense::int8().energy(&network, &options).total;
            let BreakEven::At { rate, spikes_per_inference } = break_even(&network, &options, target).expect("valid")
            else {
                continue;
            };
            let snn = evaluate(&at_rate(&network, rate), &options).expect("valid").total.total;
            assert!((snn / target - 1.0).abs() < 1e-9, "{reading:?} {ram:?}: {snn} against {target}");
            assert!((spikes_per_inference / 10.0 - rate).abs() < 1e-12);
        }
    }
}

#[test]
fn break_even_ends_are_named() {
    let options = Options::new(Reading::Paper);
    assert_eq!(break_even(&ffgaf(), &options, 0.0).expect("valid"), BreakEven::DenseAlways);
    assert_eq!(break_even(&ffgaf(), &options, 1e30).expect("valid"), BreakEven::SnnAlways);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// The equation behind the break-even rate: energy is affine in a common rate.
    #[test]
    fn energy_is_affine_in_a_common_rate(rate in 0.0..1.0_f64, reading in prop::sample::select(Reading::ALL.to_vec())) {
        let options = Options::new(reading);
        let energy = |rate| evaluate(&at_rate(&ffgaf(), rate), &options).expect("valid").total.total;
        let line = energy(0.0) + rate * (energy(1.0) - energy(0.0));
        prop_assert!((energy(rate) / line - 1.0).abs() < 1e-12);
    }
}

/// A measured network carries the spikes of every input, of fully connected layers too; at another rate they are others.
#[test]
fn measured_maps_give_way_to_the_common_rate() {
    let mut network = ffgaf();
    let last = network.layers.last_mut().expect("layers");
    let n_in = last.shape.n_in() as usize;
    (last.theta_in, last.input_spikes) = (Some(58.0), Some([vec![58.0], vec![0.0; n_in - 1]].concat()));
    for layer in at_rate(&network, 0.5).layers {
        let map = layer.input_spikes.iter().flatten().sum::<f64>();
        assert!(layer.input_spikes.is_none() || Some(map) == layer.theta_in, "{map} against {:?}", layer.theta_in);
    }
    for reading in Reading::ALL {
        assert!(break_even(&network, &Options::new(reading), 1e6).is_ok(), "{reading:?}");
    }
}

/// Without reuse and skipping, the 32-bit integer twin is the paper's formal network.
#[test]
fn the_plain_twin_is_the_formal_network_of_the_model() {
    let network = ffgaf();
    let twin = Network { mode: Mode::Ann, timesteps: 1, layers: network.layers.clone() };
    for reading in [Reading::Paper, Reading::Exact] {
        let options = Options::new(reading);
        let plain = Dense { weight_bits: 32, activation_bits: 32, arithmetic: options.arithmetic(), ..Dense::int8() };
        let want = evaluate(&twin, &options).expect("valid").total.total;
        assert!((plain.energy(&network, &options).total / want - 1.0).abs() < 1e-12);
    }
}

/// The published observation: FFGAF-SNN's network costs 2.2 times its own formal twin under the model it cites.
#[test]
fn ffgaf_costs_more_than_its_formal_twin_under_the_cited_model() {
    let network = ffgaf();
    let twin = Network { mode: Mode::Ann, timesteps: 1, layers: network.layers.clone() };
    let total = |network: &Network| evaluate(network, &Options::new(Reading::Qualia)).expect("valid").total.total;
    assert!((total(&network) / total(&twin) - 2.19).abs() < 0.02, "{}", total(&network) / total(&twin));
}

#[test]
fn reuse_and_skipping_never_cost_more_and_widths_follow_the_steps() {
    let network = ffgaf();
    let options = Options { bits: 8, ..Options::new(Reading::Paper) };
    let total = |dense: Dense| dense.energy(&network, &options).total;
    assert!(total(Dense::int8().with_reuse()) < total(Dense::int8()));
    assert!(total(Dense::int8().skipping_zeros(0.4)) < total(Dense::int8()));
    let bits = [1, 2, 3, 4, 7, 8, 10, 15, 16].map(|t| Dense::iso_information(t, 8).activation_bits);
    assert_eq!(bits, [1, 2, 2, 3, 3, 4, 4, 4, 5]);
}

#[test]
fn a_verdict_that_depends_on_the_reading_is_flagged() {
    let network = at_rate(&ffgaf(), 0.02);
    let readings = [SramLine::Qualia, SramLine::Clamped, SramLine::Packed64].map(|ram| Options {
        ram: Some(ram),
        bits: 8,
        ..Options::new(Reading::Exact)
    });
    let comparison = compare(&network, &readings, &Dense::usual(10, 8, 0.5)).expect("valid");
    assert_eq!(comparison.scenarios.len(), 3);
    for (i, verdict) in comparison.verdicts.iter().enumerate() {
        let wins: Vec<bool> = comparison.scenarios.iter().map(|s| s.contests[i].snn_wins).collect();
        assert_eq!(verdict.flips, wins.contains(&true) && wins.contains(&false), "{verdict:?}");
        assert!(verdict.advantage[0] <= verdict.advantage[1]);
    }
    let by = |name: &str| comparison.verdicts.iter().find(|v| v.dense == name).expect("a usual variant");
    assert!(!by("int8").flips && by("int8").advantage[0] > 1.0);
    assert!(by("fp32 reuse").flips && by("qnn4 skip").flips);
    let formal = Network { mode: Mode::Ann, timesteps: 1, layers: network.layers.clone() };
    assert!(compare(&formal, &readings, &[Dense::int8()]).is_err());
}

#[test]
fn the_usual_readings_include_exact_only_with_spike_maps() {
    let with_maps = at_rate(&ffgaf(), 0.1);
    let count = |network: &Network| Options::usual(network, 8).len();
    assert_eq!((count(&ffgaf()), count(&with_maps)), (4, 7));
    for network in [ffgaf(), with_maps] {
        compare(&network, &Options::usual(&network, 8), &Dense::usual(10, 8, 0.5)).expect("every reading applies");
    }
}
