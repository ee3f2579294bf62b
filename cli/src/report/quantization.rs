//! What quantization did, layer by layer, and what it changed against the real-valued network.

use crate::{
    progress::Bars,
    report::{
        number::count,
        text::{Table, align_right},
    },
};
use anyhow::{Result, ensure};
use compiler::pass::quantize::Observed;
use serde::Serialize;
use spikeloom::{Deployed, Model, Samples};

/// What quantization did to a population.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct LayerReport {
    pub(super) name: String,
    /// Smallest and largest real value of one integer unit, over channels.
    scale: (f64, f64),
    /// Channels whose numbers are all integers in their unit.
    pub(super) exact_channels: usize,
    pub(super) channels: usize,
    /// Fraction bits k of potentials, thresholds and biases.
    pub(super) fraction_bits: u8,
    /// Smallest and largest integer threshold, in units / 2^k.
    threshold: Option<(i64, i64)>,
    clip: f64,
    /// Weights that are not 0.
    pub(super) weights: usize,
    /// Of these, weights that became 0.
    pub(super) zeroed_weights: usize,
    /// Largest share of them in a channel's sum of magnitudes.
    pub(super) zeroed_share: f64,
    /// Largest sum of them in a channel, in thresholds.
    pub(super) zeroed_drive: f64,
    pub(super) clipped_weights: usize,
    /// Cut without effect: they fire a neuron whatever else arrives.
    pub(super) capped_weights: usize,
    /// Largest error of a weight that was not clipped, in thresholds.
    pub(super) weight_error: f64,
    /// Channels with a bias.
    pub(super) biases: usize,
    /// Of these, biases that became 0.
    pub(super) vanished_biases: usize,
    /// Largest relative error of a bias.
    pub(super) bias_error: f64,
    /// Largest relative error of a threshold.
    pub(super) threshold_error: f64,
    /// Potential below which the leak takes nothing, in thresholds.
    pub(super) leak_dead_zone: Option<f64>,
    /// Most that a leak takes too much from a potential, in thresholds.
    pub(super) leak_excess: Option<f64>,
    /// Channels made coarser to fit the chip's state.
    pub(super) narrowed_channels: usize,
    /// By this factor at most.
    pub(super) coarsest: f64,
    /// Width that the potentials may need.
    pub(super) state_bits: u32,
    /// Whether that is more than the chip has, whose potentials saturate.
    pub(super) saturates: bool,
    /// Comparison with the real-valued network on images.
    #[serde(skip_serializing_if = "Option::is_none")]
    observed: Option<ObservedReport>,
}

/// What a population did on images.
#[derive(Clone, Copy, Debug, Serialize)]
struct ObservedReport {
    /// Spikes of the real-valued network.
    spikes: u64,
    /// Sum over neurons and images of the difference in spike counts.
    changed_spikes: u64,
    /// Largest magnitude of an integer potential.
    largest_potential: i64,
    /// Bits of a number that holds it.
    largest_potential_bits: u32,
}

/// Decisions of the integer network beside those of the real-valued one.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct AccuracyChange {
    /// The images.
    pub(crate) images: String,
    /// What they are.
    pub(crate) noun: &'static str,
    /// Their number.
    pub(crate) n: usize,
    /// Right decisions of the real-valued network.
    pub(crate) float_correct: Option<usize>,
    /// Right decisions of the integer network.
    pub(crate) correct: Option<usize>,
    /// Images on which they differ.
    pub(crate) decisions_changed: usize,
}

impl LayerReport {
    /// The report of a layer as the compiler made it.
    pub(crate) fn new(layer: &compiler::LayerReport) -> Self {
        let lost = layer.losses;
        let finest = layer.scales.iter().copied().fold(f64::INFINITY, f64::min);
        let coarsest = layer.scales.iter().copied().fold(0.0, f64::max);
        Self {
            name: layer.name.clone(),
            scale: (finest, coarsest),
            exact_channels: layer.n_exact,
            channels: layer.scales.len(),
            fraction_bits: layer.fraction_bits,
            threshold: layer.threshold,
            clip: layer.clip,
            weights: lost.n_weights,
            zeroed_weights: lost.n_zeroed,
            zeroed_share: lost.zeroed_share,
            zeroed_drive: lost.zeroed_drive,
            clipped_weights: lost.n_clipped,
            capped_weights: lost.n_capped,
            weight_error: lost.weight_error,
            biases: lost.n_biases,
            vanished_biases: lost.n_vanished,
            bias_error: lost.bias_error,
            threshold_error: lost.threshold_error,
            leak_dead_zone: lost.dead_zone,
            leak_excess: lost.fall,
            narrowed_channels: layer.n_narrowed,
            coarsest: layer.coarsest,
            state_bits: layer.width,
            saturates: layer.saturates,
            observed: layer.observed.map(ObservedReport::new),
        }
    }
}

impl ObservedReport {
    fn new(observed: Observed) -> Self {
        Self {
            spikes: observed.spikes,
            changed_spikes: observed.changed,
            largest_potential: observed.largest_potential,
            largest_potential_bits: 65 - observed.largest_potential.leading_zeros(),
        }
    }
}

/// Runs images through the real-valued and the integer network, both by the reference interpreter, and enters into `layers`
/// what each layer did.
pub(crate) fn observe(
    model: &Model,
    deployed: &Deployed,
    samples: &dyn Samples,
    layers: &mut [LayerReport],
) -> Result<AccuracyChange> {
    ensure!(!layers.is_empty(), "{}: came quantized; there is no real-valued network to compare it with", model.name);
    let change = deployed.quantization_change(model, samples, &mut Bars::new())?;
    for (layer, observed) in layers.iter_mut().zip(change.layers) {
        layer.observed = observed.map(ObservedReport::new);
    }
    Ok(AccuracyChange {
        images: samples.name().to_owned(),
        noun: samples.noun()[usize::from(samples.len() != 1)],
        n: change.samples,
        float_correct: change.correct.map(|right| right.float),
        correct: change.correct.map(|right| right.run),
        decisions_changed: change.decisions_changed,
    })
}

/// Thresholds in units of weights.
fn thresholds(range: Option<(i64, i64)>, fraction_bits: u8) -> String {
    let Some((low, high)) = range else { return "none".into() };
    if fraction_bits == 0 {
        return format!("{low} to {high}");
    }
    let units = |fractions: i64| fractions as f64 / f64::from(fraction_bits).exp2();
    format!("{:.2} to {:.2} in 1/{}", units(low), units(high), 1u64 << fraction_bits)
}

/// One line per layer.
pub(crate) fn table(layers: &[LayerReport]) -> String {
    let observed = layers.iter().any(|l| l.observed.is_some());
    let mut header =
        vec!["layer", "one unit", "thresholds", "clip", "clipped weights", "narrowed channels", "state needed"];
    if observed {
        header.extend(["state seen", "spikes", "changed spikes"]);
    }
    let mut table = Table::new(&header);
    for l in layers {
        let mut row = vec![
            l.name.clone(),
            format!("{:.2e} to {:.2e}", l.scale.0, l.scale.1),
            thresholds(l.threshold, l.fraction_bits),
            format!("{:.2}", l.clip),
            l.clipped_weights.to_string(),
            l.narrowed_channels.to_string(),
            format!("{} bits", l.state_bits),
        ];
        if let Some(o) = l.observed {
            let share = if o.spikes == 0 { 0.0 } else { 100.0 * o.changed_spikes as f64 / o.spikes as f64 };
            row.extend([
                format!("{} bits", o.largest_potential_bits),
                count(o.spikes as f64),
                format!("{} ({share:.2} %)", count(o.changed_spikes as f64)),
            ]);
        }
        table.row(row);
    }
    align_right(table, 1)
}

impl std::fmt::Display for AccuracyChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let percent = |k: usize| 100.0 * k as f64 / self.n.max(1) as f64;
        write!(f, "on {} {} of {}: ", self.n, self.noun, self.images)?;
        let Some((right, correct)) = self.float_correct.zip(self.correct) else {
            return writeln!(f, "quantization changes {} decisions", self.decisions_changed);
        };
        let (float, integer) = (percent(right), percent(correct));
        writeln!(
            f,
            "float {float:.2} % ({right}), integers {integer:.2} % ({correct}); quantization changes {} decisions, accuracy by \
             {:+.2} points",
            self.decisions_changed,
            integer - float
        )
    }
}
