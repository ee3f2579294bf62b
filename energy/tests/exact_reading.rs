//! The `exact` reading against an enumeration of synapses, and against the `paper` reading where the two must agree.

#![allow(clippy::float_cmp, reason = "counts are integers and must be equal exactly")]

use proptest::prelude::*;
use spikeloom_energy::analytic::{
    Conv, DirectEncoding, EvaluateError, Evaluation, Layer, Mode, Network, Neuron, Options, Reading, Shape, evaluate,
};

fn layer(conv: Conv, spikes: Vec<f64>, theta_out: f64) -> Layer {
    Layer {
        name: "conv".into(),
        shape: Shape::Conv(conv),
        bias: true,
        biased_channels: None,
        neuron: Some(Neuron::Lif),
        analog: false,
        theta_in: Some(spikes.iter().sum()),
        theta_out: Some(theta_out),
        input_spikes: Some(spikes),
        even: false,
    }
}

fn snn(layer: Layer) -> Network {
    Network { mode: Mode::Snn, timesteps: 4, layers: vec![layer] }
}

fn count(evaluation: &Evaluation, name: &str) -> f64 {
    let terms = &evaluation.terms[0].terms;
    terms.iter().find(|term| term.name == name).expect("the term exists").count
}

/// Synaptic events, one synapse at a time, from the outputs' side.
fn enumerate(conv: &Conv, spikes: &[f64]) -> f64 {
    let [h_out, w_out] = conv.output_size();
    let (ci_per, co_per) = (conv.c_in / conv.groups, conv.c_out / conv.groups);
    let mut events = 0.0;
    for co in 0..conv.c_out {
        for ci in (co / co_per) * ci_per..(co / co_per + 1) * ci_per {
            for (oy, ox) in (0..h_out).flat_map(|y| (0..w_out).map(move |x| (y, x))) {
                for (ky, kx) in (0..conv.kernel[0]).flat_map(|y| (0..conv.kernel[1]).map(move |x| (y, x))) {
                    let y = (oy * conv.stride[0] + ky).wrapping_sub(conv.padding[0]);
                    let x = (ox * conv.stride[1] + kx).wrapping_sub(conv.padding[1]);
                    if y < conv.h_in && x < conv.w_in {
                        events += spikes[((ci * conv.h_in + y) * conv.w_in + x) as usize];
                    }
                }
            }
        }
    }
    events
}

prop_compose! {
    fn any_conv()(
        groups in 1..=3_u32, ci in 1..=2_u32, co in 1..=2_u32, kernel in [1..=4_u32, 1..=4_u32],
        stride in [1..=3_u32, 1..=3_u32], padding in [0..=2_u32, 0..=2_u32], h in 4..=8_u32, w in 4..=8_u32,
    ) -> Conv {
        Conv { c_in: ci * groups, h_in: h, w_in: w, c_out: co * groups, kernel, stride, padding, groups }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn events_equal_an_enumeration_of_synapses(
        (conv, spikes) in any_conv().prop_flat_map(|conv| {
            let n = (conv.c_in * conv.h_in * conv.w_in) as usize;
            (Just(conv), prop::collection::vec((0..4_u32).prop_map(f64::from), n))
        })
    ) {
        let events = enumerate(&conv, &spikes);
        let network = snn(layer(conv, spikes, 7.0));
        let exact = evaluate(&network, &Options::new(Reading::Exact)).expect("valid");
        let n_out = network.layers[0].shape.n_out();
        prop_assert_eq!(count(&exact, "read weights"), events);
        prop_assert_eq!(count(&exact, "address ACC"), events);
        prop_assert_eq!(count(&exact, "read potential"), events + 4.0 * n_out);
        prop_assert_eq!(count(&exact, "write potential"), events + 4.0 * n_out);
        prop_assert_eq!(count(&exact, "ACC"), events + 4.0 * n_out + 7.0);
        prop_assert_eq!(count(&exact, "MAC (leak)"), 4.0 * n_out);
        let ones = vec![1.0; network.layers[0].shape.n_in() as usize];
        prop_assert_eq!(network.layers[0].shape.macs_inside(), enumerate(&conv, &ones));
    }

    /// Away from the borders of a stride-1 convolution the approximations of the paper are exact, term by term.
    #[test]
    fn paper_equals_exact_off_the_borders_at_stride_1(
        spikes in prop::collection::vec(0..3_u32, 2 * 4 * 4), groups in 1..=2_u32,
    ) {
        let conv = Conv {
            c_in: 2, h_in: 8, w_in: 8, c_out: 6, kernel: [3, 5], stride: [1, 1], padding: [1, 2], groups,
        };
        let mut map = vec![0.0; 2 * 8 * 8];
        for (i, n) in spikes.iter().enumerate() {
            let (c, y, x) = (i / 16, i / 4 % 4 + 2, i % 4 + 2);
            map[(c * 8 + y) * 8 + x] = f64::from(*n);
        }
        let network = snn(layer(conv, map, 11.0));
        let exact = evaluate(&network, &Options::new(Reading::Exact)).expect("valid");
        let paper = evaluate(&network, &Options::new(Reading::Paper)).expect("valid");
        for (e, p) in exact.terms[0].terms.iter().zip(&paper.terms[0].terms) {
            prop_assert_eq!((e.name, e.count, e.unit_pj), (p.name, p.count, p.unit_pj));
        }
    }
}

fn conv_4x4() -> Conv {
    Conv { c_in: 1, h_in: 4, w_in: 4, c_out: 2, kernel: [3; 2], stride: [1; 2], padding: [1; 2], groups: 1 }
}

#[test]
fn caching_a_direct_input_pays_its_multiplications_once() {
    let mut first = layer(conv_4x4(), vec![1.0; 16], 3.0);
    first.analog = true;
    let network = snn(first);
    let macs = f64::from(2_u32) * 100.0;
    let recompute = evaluate(&network, &Options::new(Reading::Exact)).expect("valid");
    let cached =
        evaluate(&network, &Options { direct: DirectEncoding::Cached, ..Options::new(Reading::Exact) }).expect("valid");
    assert_eq!(count(&recompute, "MAC"), 4.0 * macs);
    assert_eq!(count(&cached, "MAC"), macs);
    assert_eq!((count(&recompute, "read current"), count(&cached, "read current")), (0.0, 4.0 * 32.0));
}

#[test]
fn what_is_missing_is_named() {
    let mut network = snn(layer(conv_4x4(), vec![1.0; 16], 3.0));
    network.layers[0].input_spikes = None;
    let error = evaluate(&network, &Options::new(Reading::Exact)).expect_err("no spike map");
    assert!(matches!(error, EvaluateError::MissingSpikeMap { index: 0, .. }), "{error}");
    assert!(evaluate(&network, &Options::new(Reading::Paper)).is_ok());
    network.layers[0].theta_in = None;
    let error = evaluate(&network, &Options::new(Reading::Paper)).expect_err("no spikes");
    assert_eq!(
        error.to_string(),
        "layer 0 `conv`: `theta_in` is missing; give the spikes per inference, summed over T"
    );
    network.layers[0].theta_in = Some(2.0);
    network.layers[0].input_spikes = Some(vec![1.0; 16]);
    let error = evaluate(&network, &Options::new(Reading::Exact)).expect_err("contradiction");
    assert_eq!(error.to_string(), "layer 0 `conv`: `input_spikes` sums to 16, `theta_in` is 2");
}

#[test]
fn a_misspelt_field_is_refused() {
    let network = r#"{"mode": "ann", "layers": [{"kind": "fc", "nin": 3, "nout": 2, "group": 2}]}"#;
    let error = serde_json::from_str::<Network>(network).expect_err("`group` is not a field");
    assert!(error.to_string().contains("unknown field `group`"), "{error}");
}
