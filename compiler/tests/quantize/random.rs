//! Random networks: they quantize, pass the check, and stay within the proven widths.

use crate::networks::{WIDE, neuron, single, spiking};
use ir::{
    Graph, Leak, NeuronModel, ProjectionId, Quantized, Reset, Stimulus, Window,
    arbitrary::{self, Features},
    interp::interpret_with,
};
use proptest::prelude::*;
use spikeloom_compiler::{
    check::quantize::check,
    pass::{
        fuse::fuse,
        quantize::{QuantizeOptions, quantize},
    },
    width,
};

fn within(graph: &Graph<Quantized>, stimulus: &Stimulus) -> Result<(), TestCaseError> {
    let bounds = width::bounds(graph, graph.input_range().expect("an input"));
    let mut outside = Vec::new();
    let mut potentials: Vec<Vec<i64>> = vec![Vec::new(); graph.n_populations()];
    let trace = interpret_with(graph, stimulus, |t, id, now| {
        let shape = graph.population(id).shape;
        for (i, &v) in now.iter().enumerate() {
            let b = bounds[id.0 as usize][shape.channel(i)];
            if v < b.low || v > b.high {
                outside.push((t, id, i, v, b));
            }
        }
        potentials[id.0 as usize] = now.to_vec();
    });
    prop_assert_eq!(outside, vec![]);
    // Before a soft reset the potential was θ higher.
    for (id, p) in graph.populations() {
        let NeuronModel::Spiking(n) = &p.neuron else { continue };
        if n.reset == Reset::Subtract && n.leak == Leak::None {
            let last = &trace.spikes[id.0 as usize][graph.timesteps as usize - 1];
            for &i in last {
                let c = p.shape.channel(i as usize);
                let before = trace.potentials[id.0 as usize][i as usize] + n.threshold.at(c);
                prop_assert!(before <= bounds[id.0 as usize][c].high);
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_potential_leaves_its_bound((graph, stimulus) in arbitrary::quantized_case(Features::ALL)) {
        within(&graph, &stimulus)?;
    }

    #[test]
    fn random_networks_quantize_and_pass_the_check(
        (graph, stimulus) in arbitrary::trained_case(Features { linear: false, normalization: true, ..Features::ALL }),
        weight_bits in 1u32..=16,
        (fractions, value, state_bits) in (0usize..3, proptest::bool::ANY, 28u32..=60),
    ) {
        let fractions: &[u8] = [&[][..], &[6], &[1, 2, 3, 4, 5, 6, 7, 8]][fractions];
        let decay = if value { ir::DecayRule::Value } else { ir::DecayRule::Loss };
        let options = QuantizeOptions { weight_bits, fractions, decay, state_bits, ..WIDE };
        let fused = fuse(&graph).map_err(|e| TestCaseError::fail(e.to_string()))?;
        let q = quantize(&fused, &options).map_err(|e| TestCaseError::fail(e.to_string()))?;
        prop_assert_eq!(ir::verify(&q.graph), vec![]);
        check(&fused, &q, &options).map_err(|e| TestCaseError::fail(e.to_string()))?;
        within(&q.graph, &stimulus)?;
    }

    #[test]
    fn calibrated_networks_pass_the_check(
        (graph, stimulus) in arbitrary::trained_case(Features { linear: false, ..Features::ALL }), weight_bits in 1u32..=8,
    ) {
        let calibration = [stimulus];
        let options = QuantizeOptions { weight_bits, calibration: &calibration, ..WIDE };
        let fused = fuse(&graph).map_err(|e| TestCaseError::fail(e.to_string()))?;
        let q = quantize(&fused, &options).map_err(|e| TestCaseError::fail(e.to_string()))?;
        check(&fused, &q, &options).map_err(|e| TestCaseError::fail(e.to_string()))?;
        for layer in &q.layers {
            let seen = layer.observed.expect("calibrated").largest_potential;
            prop_assert!(seen <= layer.bound.high.max(-layer.bound.low));
        }
    }

    /// Integers that are already on the grid come back unchanged, whatever the scale.
    #[test]
    fn quantizing_an_integer_network_returns_it(seed in any::<u64>(), shift in 0i32..12, bits in 4u32..=10) {
        let q_max = (1i64 << (bits - 1)) - 1;
        let mut state = seed;
        let mut number = |limit: i64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as i64 % (2 * limit + 1) - limit
        };
        let scale = f64::from(-shift).exp2();
        let mut rows: Vec<Vec<f32>> =
            (0..3).map(|_| (0..5).map(|_| (number(q_max) as f64 * scale) as f32).collect()).collect();
        for row in &mut rows {
            row[0] = (q_max as f64 * scale) as f32;
        }
        let thresholds: Vec<i64> = (0..3).map(|_| 2 * (number(300) + 301)).collect();
        let starts: Vec<i64> = (0..3).map(|_| number(500)).collect();
        let real = |v: &[i64]| v.iter().map(|&v| v as f64 * scale).collect::<Vec<f64>>();
        let rows: Vec<&[f32]> = rows.iter().map(Vec::as_slice).collect();
        let graph = single(&rows, spiking(real(&thresholds), real(&starts), Window::new(0, 4)));
        let q = quantize(&graph, &QuantizeOptions { weight_bits: bits, ..WIDE }).expect("fits");
        // Numbers with a common divisor come back divided by it.
        let units = |v: &[i64]| v.iter().enumerate().map(|(c, &v)| v as f64 * q.layers[0].scales[c]).collect::<Vec<f64>>();
        prop_assert_eq!(units(&neuron(&q.graph, 1).threshold.0), real(&thresholds));
        prop_assert_eq!(units(&neuron(&q.graph, 1).v_init.0), real(&starts));
        prop_assert_eq!(q.layers[0].n_exact, 3);
        let weights: Vec<f64> = q.graph.projection(ProjectionId(0)).weights.iter().enumerate()
            .map(|(i, &w)| f64::from(w) * q.layers[0].scales[i / 5]).collect();
        prop_assert_eq!(weights, rows.concat().into_iter().map(f64::from).collect::<Vec<_>>());
    }
}
