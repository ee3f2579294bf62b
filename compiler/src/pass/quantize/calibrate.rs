//! Clips chosen by spike error, and the comparison of spikes with the real-valued network, on calibration inputs.

use super::{LayerReport, QuantizeOptions, Steps, round};
use ir::{Graph, NeuronModel, PopulationId, Quantized, Stimulus, Trace, Trained, interp::interpret_with, interpret};

const CANDIDATES: [f64; 8] = [1.0, 0.95, 0.9, 0.8, 0.7, 0.5, 0.35, 0.25];

/// One clip per population; 1 where there is nothing to choose by.
pub(super) fn choose_clips(graph: &Graph<Trained>, options: &QuantizeOptions<'_>) -> Vec<f64> {
    let mut clips = vec![1.0; graph.n_populations()];
    if options.calibration.is_empty() {
        return clips;
    }
    let wanted: Vec<Trace<Trained>> = options.calibration.iter().map(|s| interpret(graph, s)).collect();
    for (id, p) in graph.populations().filter(|(_, p)| matches!(p.neuron, NeuronModel::Spiking(_))) {
        let error = |clip: f64| -> u64 {
            let mut clips = clips.clone();
            clips[id.0 as usize] = clip;
            let (quantized, _) = round(graph, options, &Steps::of(graph, clips));
            let runs = options.calibration.iter().zip(&wanted);
            runs.map(|(s, want)| difference(&interpret(&quantized, s), want, id, p.shape.neurons())).sum()
        };
        // `min_by_key` keeps the first of equals, the largest clip.
        clips[id.0 as usize] = CANDIDATES.into_iter().min_by_key(|&clip| error(clip)).unwrap_or(1.0);
    }
    clips
}

/// Sum over a population's neurons of the difference in spike counts.
fn difference(a: &Trace<Quantized>, b: &Trace<Trained>, id: PopulationId, neurons: usize) -> u64 {
    a.counts(id, neurons).iter().zip(b.counts(id, neurons)).map(|(&a, b)| u64::from(a.abs_diff(b))).sum()
}

/// Fills in what each population did.
pub(super) fn observe(
    graph: &Graph<Trained>,
    quantized: &Graph<Quantized>,
    calibration: &[Stimulus],
    layers: &mut [LayerReport],
) {
    for stimulus in calibration {
        let wanted = interpret(graph, stimulus);
        let mut largest = vec![0i64; graph.n_populations()];
        let got = interpret_with(quantized, stimulus, |_, id, potentials| {
            let seen = &mut largest[id.0 as usize];
            *seen = potentials.iter().fold(*seen, |m, v| m.max(v.abs()));
        });
        for layer in layers.iter_mut() {
            let id = layer.population;
            let neurons = graph.population(id).shape.neurons();
            let observed = layer.observed.get_or_insert_default();
            observed.spikes += wanted.counts(id, neurons).iter().map(|&n| u64::from(n)).sum::<u64>();
            observed.changed += difference(&got, &wanted, id, neurons);
            observed.largest_potential = observed.largest_potential.max(largest[id.0 as usize]);
        }
    }
}
