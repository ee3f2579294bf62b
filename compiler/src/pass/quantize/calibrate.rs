//! Clips chosen by spike error, and the comparison of spikes with the real-valued network, on calibration inputs.

use super::{LayerReport, Observed, Pass, Steps};
use crate::observe::Advance;
use ir::{Graph, PopulationId, Quantized, Stimulus, Trace, Trained, interp::interpret_with, interpret};

const CANDIDATES: [f64; 8] = [1.0, 0.95, 0.9, 0.8, 0.7, 0.5, 0.35, 0.25];

/// One clip per population; 1 where there is nothing to choose by.
pub(super) fn choose_clips(pass: &Pass<'_>, advance: Advance<'_>) -> Vec<f64> {
    let (graph, options) = (pass.graph, pass.options);
    let mut clips = vec![1.0; graph.n_populations()];
    if options.calibration.is_empty() {
        return clips;
    }
    let wanted: Vec<Trace<Trained>> = options.calibration.iter().map(|s| interpret(graph, s)).collect();
    let spiking = graph.populations().filter(|(_, p)| p.neuron.spikes()).count();
    let (mut done, of) = (0, (spiking * CANDIDATES.len() * wanted.len()) as u64);
    for (id, p) in graph.populations().filter(|(_, p)| p.neuron.spikes()) {
        let mut error = |clip: f64| -> u64 {
            let mut clips = clips.clone();
            clips[id.0 as usize] = clip;
            let quantized = pass.rounded(&pass.scales(&Steps::of(graph, clips)));
            let runs = options.calibration.iter().zip(&wanted);
            let differing = |(s, want)| {
                done += 1;
                advance(done, of);
                difference(&interpret(&quantized, s), want, id, p.shape.neurons())
            };
            runs.map(differing).sum()
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

/// One sample through the real-valued and the integer network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// What each population did, by id.
    pub layers: Vec<Observed>,
    /// Decision of the real-valued network.
    pub float_class: u32,
    /// Decision of the integer network.
    pub class: u32,
}

/// Runs a sample through a fused network and what it was quantized to, whose populations have the same ids.
pub fn compare(fused: &Graph<Trained>, quantized: &Graph<Quantized>, stimulus: &Stimulus) -> Comparison {
    let wanted = interpret(fused, stimulus);
    let mut layers = vec![Observed::default(); fused.n_populations()];
    let got = interpret_with(quantized, stimulus, |_, id, potentials| {
        let seen = &mut layers[id.0 as usize].largest_potential;
        *seen = potentials.iter().fold(*seen, |m, v| m.max(v.abs()));
    });
    for (id, population) in fused.populations() {
        let neurons = population.shape.neurons();
        let observed = &mut layers[id.0 as usize];
        observed.spikes = wanted.counts(id, neurons).iter().map(|&n| u64::from(n)).sum();
        observed.changed = difference(&got, &wanted, id, neurons);
    }
    Comparison { layers, float_class: wanted.decision.class, class: got.decision.class }
}

/// Fills in what each population did.
pub(super) fn observe(
    graph: &Graph<Trained>,
    quantized: &Graph<Quantized>,
    calibration: &[Stimulus],
    layers: &mut [LayerReport],
) {
    for stimulus in calibration {
        let compared = compare(graph, quantized, stimulus);
        for layer in layers.iter_mut() {
            let seen = compared.layers[layer.population.0 as usize];
            layer.observed = Some(layer.observed.unwrap_or_default().merge(seen));
        }
    }
}
