//! Chips that fire per event execute another network than the one with timesteps: how far apart the two are.

use super::{
    number::count,
    text::{Table, align_right},
};
use isa::{
    Arch,
    arch::{Basis, Constant},
};
use serde::Serialize;
use spikeloom::Run;
use std::fmt::Write;

/// What a run on a chip that fires per event has to say besides its figures.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct PerEvent {
    /// Updates clipped at the ends of a potential's range, mean per image.
    pub(crate) saturated_updates: f64,
    /// Width of a potential \[bits\].
    pub(crate) state_bits: u32,
    /// Times that the order of events follows from and that are assumed, by field path.
    pub(crate) assumed_times: Vec<&'static str>,
    /// Comparison with the same quantized network in timesteps, if that was run on the same images.
    pub(crate) against_timesteps: Option<Mismatch>,
}

/// The same network and images, in timesteps and per event.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Mismatch {
    /// Images compared.
    pub(crate) images: u64,
    /// Right decisions in timesteps, where the class of every sample is known.
    pub(crate) stepwise_correct: Option<u64>,
    /// Accuracy in timesteps, in percent.
    pub(crate) stepwise_accuracy_percent: Option<f64>,
    /// Images whose class differs.
    pub(crate) changed_decisions: u64,
    /// The same in percent.
    pub(crate) changed_percent: f64,
    /// The layers behind the input.
    pub(crate) layers: Vec<LayerMismatch>,
}

/// Spikes of a layer, mean per image.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct LayerMismatch {
    name: String,
    stepwise_spikes: f64,
    per_event_spikes: f64,
}

impl PerEvent {
    /// `None` on chips with timesteps. `stepwise`: the same images in timesteps.
    pub(crate) fn of(arch: &Arch, run: &Run, stepwise: Option<&Run>) -> Option<Self> {
        let n = run.samples.len() as f64;
        let assumed = |figure: &Constant| figure.basis == Basis::Assumed;
        let times = arch.ordering_times().into_iter();
        (arch.core.is_event_driven()).then(|| Self {
            assumed_times: times.filter(|(_, time)| time.is_some_and(assumed)).map(|(path, _)| path).collect(),
            saturated_updates: run.samples.iter().map(|s| s.saturated).sum::<u64>() as f64 / n,
            state_bits: arch.core.state_bits,
            against_timesteps: stepwise.map(|stepwise| Mismatch::new(run, stepwise)),
        })
    }

    /// Its lines of the report; `sample` is what one sample is.
    pub(crate) fn write(&self, sample: &str, out: &mut String) {
        let _ = writeln!(
            out,
            "per event    this chip fires as soon as an event lifts a potential to its threshold, without timesteps and windows;"
        );
        let _ = writeln!(out, "             that is another network than the one trained, not another execution of it");
        if !self.assumed_times.is_empty() {
            let times = self.assumed_times.join(", ");
            let _ = writeln!(out, "             order, and so spikes and latency, follow from assumed times: {times}");
        }
        let Some(m) = &self.against_timesteps else {
            let _ = writeln!(out, "             `spikeloom run` compares it with the same network in timesteps");
            return;
        };
        let accuracy = m.stepwise_accuracy_percent.zip(m.stepwise_correct);
        let accuracy = accuracy.map_or(String::new(), |(percent, n)| format!("{percent:.2} %  ({n}/{}); ", m.images));
        let _ = writeln!(
            out,
            "in timesteps {accuracy}{} of {} decisions differ ({:.2} %)",
            m.changed_decisions, m.images, m.changed_percent
        );
        let mut table = Table::new(&["  spikes of", "in timesteps", "per event", "ratio"]);
        for layer in &m.layers {
            let ratio = layer.per_event_spikes / layer.stepwise_spikes;
            table.row(vec![
                format!("  {}", layer.name),
                count(layer.stepwise_spikes),
                count(layer.per_event_spikes),
                if ratio.is_finite() { format!("{ratio:.3}") } else { "–".into() },
            ]);
        }
        out.push_str(&align_right(table, 1));
        let saturated = count(self.saturated_updates);
        let _ = writeln!(out, "  {saturated} updates per {sample} were clipped at {} bits", self.state_bits);
    }
}

impl Mismatch {
    fn new(run: &Run, stepwise: &Run) -> Self {
        let found = spikeloom::Mismatch::new(run, stepwise);
        let n = found.samples as f64;
        let percent = |k: u64| 100.0 * k as f64 / n;
        let layer = |layer: spikeloom::LayerMismatch| LayerMismatch {
            name: layer.name,
            stepwise_spikes: layer.stepwise_spikes as f64 / n,
            per_event_spikes: layer.per_event_spikes as f64 / n,
        };
        Self {
            images: found.samples,
            stepwise_correct: found.stepwise_correct,
            stepwise_accuracy_percent: found.stepwise_correct.map(percent),
            changed_decisions: found.changed_decisions,
            changed_percent: percent(found.changed_decisions),
            layers: found.layers.into_iter().map(layer).collect(),
        }
    }
}
