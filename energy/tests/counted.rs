//! A machine that walks spikes one synapse at a time, counting actions, against the formulas of the `exact` reading.

use isa::action::Site;
use isa::{Action, CoreId, LayerId, Ledger};
use proptest::prelude::*;
use spikeloom_energy::analytic::{
    CORRESPONDENCE, Case, Conv, DirectEncoding, Layer, Mode, Network, Neuron, Reading, Shape, discrepancies,
};

const T: u32 = 3;

/// Visits every synapse of every spike and every neuron of every step.
fn walk(layer: &Layer, direct: DirectEncoding, fired: u64) -> Ledger {
    let Shape::Conv(conv) = layer.shape else { panic!("a convolution") };
    let mut ledger = Ledger::default();
    let n = ledger.at(Site { core: Some(CoreId(0)), layer: LayerId(0) });
    let spikes = layer.input_spikes.as_ref().expect("given");
    let [h_out, w_out] = conv.output_size();
    for (i, &events) in spikes.iter().enumerate() {
        let repeated = layer.analog && direct == DirectEncoding::Recompute;
        let events = events as u64 * if repeated { u64::from(T) } else { 1 };
        let (x, y) = (i as u32 % conv.w_in, i as u32 / conv.w_in % conv.h_in);
        n[Action::QueuePop] += events;
        n[Action::AddressMac] += 2 * events;
        for (oy, ox) in (0..h_out).flat_map(|oy| (0..w_out).map(move |ox| (oy, ox))) {
            let ky = (y + conv.padding[0]).checked_sub(oy * conv.stride[0]).filter(|k| *k < conv.kernel[0]);
            let kx = (x + conv.padding[1]).checked_sub(ox * conv.stride[1]).filter(|k| *k < conv.kernel[1]);
            if ky.is_none() || kx.is_none() {
                continue;
            }
            for _ in 0..conv.c_out / conv.groups {
                let operation = if layer.analog { Action::SynapticMac } else { Action::SynapticAdd };
                for action in [Action::WeightRead, Action::StateRead, Action::StateWrite, Action::AddressAdd, operation]
                {
                    n[action] += events;
                }
            }
        }
    }
    if layer.neuron.is_none() {
        n[Action::StateRead] += u64::from(h_out * w_out * conv.c_out);
        return ledger;
    }
    for _ in 0..T * h_out * w_out * conv.c_out {
        n[Action::StateRead] += 1;
        n[Action::StateWrite] += 1;
        n[Action::BiasAdd] += u64::from(layer.bias);
        n[Action::LeakMac] += u64::from(layer.neuron == Some(Neuron::Lif));
    }
    n[Action::SpikeEmit] += fired;
    n[Action::SpikeReset] += fired;
    ledger
}

prop_compose! {
    fn any_layer()(
        groups in 1..=2_u32, kernel in [1..=4_u32, 1..=4_u32], stride in [1..=3_u32, 1..=3_u32],
        padding in [0..=2_u32, 0..=2_u32], bias: bool, analog: bool,
        neuron in prop::sample::select(vec![None, Some(Neuron::If), Some(Neuron::Lif)]), fired in 0..50_u32,
        spikes in prop::collection::vec(0..4_u32, 4 * 5 * 6),
    ) -> Layer {
        let conv = Conv { c_in: 4, h_in: 5, w_in: 6, c_out: 6, kernel, stride, padding, groups };
        let spikes: Vec<f64> = spikes.into_iter().map(|n| f64::from(if analog { n.min(1) } else { n })).collect();
        Layer {
            name: "conv".into(),
            shape: Shape::Conv(conv),
            bias, biased_channels: None,
            neuron,
            analog,
            theta_in: Some(spikes.iter().sum()),
            theta_out: Some(f64::from(fired)),
            input_spikes: Some(spikes),
            even: false,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn counts_equal_formulas_term_by_term(layer in any_layer(), once: bool, wrong in 0..CORRESPONDENCE.len()) {
        let fired = layer.theta_out.expect("given") as u64;
        let direct = if once { DirectEncoding::Once } else { DirectEncoding::Recompute };
        let mut ledger = walk(&layer, direct, fired);
        let network = Network { mode: Mode::Snn, timesteps: T, layers: vec![layer] };
        let find = |ledger: &Ledger| {
            discrepancies(&network, direct, ledger, &[LayerId(0)]).expect("a valid network")
        };
        prop_assert_eq!(find(&ledger), vec![]);
        let action = CORRESPONDENCE[wrong].1[0];
        ledger.at(Site { core: Some(CoreId(1)), layer: LayerId(0) })[action] += 1;
        prop_assert!(!find(&ledger).is_empty(), "one action too many is seen");
    }
}

#[test]
fn every_term_of_a_spiking_layer_has_its_actions() {
    for case in [Case::SnnConv, Case::SnnFc, Case::AnalogConv, Case::AnalogFc] {
        for term in Reading::Exact.terms(case) {
            assert!(CORRESPONDENCE.iter().any(|(name, _)| *name == term.name), "{case:?} {}", term.name);
        }
    }
}
