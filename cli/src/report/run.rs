//! The report of a run: accuracy, spikes, synaptic operations, memory accesses, energy and latency together.

use super::{
    bounds::TimeBounds,
    losses::Quantized,
    mirror::Mirror,
    number::{count, digits, si},
    per_event::PerEvent,
    queues::Queues,
    text::{Table, align_right},
};
use energy::{
    price::{Breakdown, Part},
    units::Energy,
};
use isa::{Action, LayerId};
use serde::Serialize;
use spikeloom::{HostReadout, LatencyRange, Metrics, Run, Spread};
use std::fmt::Write;

/// Means per image and their spread.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct RunReport {
    /// Version of spikeloom.
    pub(crate) spikeloom: String,
    /// The network as the user called it.
    pub(crate) model: String,
    /// The chip.
    pub(crate) arch: String,
    /// The images.
    pub(crate) dataset: String,
    /// Number of images.
    pub(crate) images: u64,
    /// Whether the run was stopped before all images were done.
    pub(crate) stopped: bool,
    /// Right decisions, where the class of every sample is known.
    pub(crate) correct: Option<u64>,
    /// Accuracy in percent.
    pub(crate) accuracy_percent: Option<f64>,
    /// What one sample is.
    pub(crate) sample: String,
    /// Timesteps of one image.
    pub(crate) timesteps: u32,
    /// Timesteps of the shortest sample, where they differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) shortest: Option<u32>,
    /// Seed of the compilation, if this command compiled.
    pub(crate) seed: Option<u64>,
    /// Cores and chips in use.
    pub(crate) cores: u64,
    /// Chips in use.
    pub(crate) chips: u64,
    /// Time of one image.
    pub(crate) latency: Option<Spread>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) no_latency: Option<String>,
    /// What binds the time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) bounds: Option<TimeBounds>,
    /// On chips with limited input queues.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) queues: Option<Queues>,
    /// Spikes of one image.
    pub(crate) spikes: Spread,
    /// Synaptic operations of one image.
    pub(crate) synaptic_operations: Spread,
    /// Layers.
    pub(crate) layers: Vec<LayerReport>,
    /// Counts of every action, mean per image.
    pub(crate) counts: Vec<(Action, f64)>,
    /// Energy.
    pub(crate) energy: EnergyReport,
    /// Area of a chip, where its technology is described.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) area: Option<String>,
    /// Latency with every time of the description at its lowest and highest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) latency_range: Option<LatencyRange>,
    /// Each image decided together with its mirror image, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mirror: Option<Mirror>,
    /// What deciding costs the host, per image.
    pub(crate) host_readout: Option<HostReadout>,
    /// What is simulated although the described chip could not do it so.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) liberties: Vec<String>,
    /// What a reader must know about the chip and its prices.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) notes: Vec<String>,
    /// What quantization did, if this command compiled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) quantized: Option<Quantized>,
    /// Figures of merit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) metrics: Option<Metrics>,
    /// On chips that fire per event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) per_event: Option<PerEvent>,
}

/// Energy by spike, operation and update, and power: two lines.
fn write_merits(metrics: &Metrics, out: &mut String) {
    let joules = |pj: Option<f64>| pj.map_or("–".into(), |pj| si(pj * 1e-12, "J"));
    let _ = writeln!(
        out,
        "  each       spike {}, synaptic operation {}, neuron update {} (dynamic energy by each alone)",
        joules(metrics.energy_per_spike_pj),
        joules(metrics.energy_per_synaptic_operation_pj),
        joules(metrics.energy_per_neuron_update_pj)
    );
    if let (Some(product), Some(watts)) = (metrics.energy_delay_product_js, metrics.power_w) {
        let peak = metrics.peak_power_w.map(|watts| format!(", at most {} in a timestep", si(watts, "W")));
        let (watts, product) = (si(watts, "W"), si(product, "J·s"));
        let _ = writeln!(out, "  power      {watts}{}; energy × delay {product}", peak.unwrap_or_default());
    }
}

/// A layer, means per image.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct LayerReport {
    pub(crate) name: String,
    pub(crate) shape: (u16, u16, u16),
    pub(crate) cores: u64,
    pub(crate) spikes: f64,
    pub(crate) spikes_per_neuron: f64,
    pub(crate) synaptic_operations: f64,
    pub(crate) weight_reads: f64,
    pub(crate) state_accesses: f64,
    pub(crate) energy_pj: Energy,
}

/// Energy per image \[pJ\].
#[derive(Clone, Debug, Serialize)]
pub(crate) struct EnergyReport {
    pub(crate) table: String,
    pub(crate) total_pj: Energy,
    pub(crate) complete: bool,
    pub(crate) dynamic_pj: Energy,
    pub(crate) sync: PartReport,
    pub(crate) static_energy: PartReport,
    /// What static energy is charged for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) static_policy: Option<String>,
    pub(crate) components_pj: Vec<(String, Energy)>,
    pub(crate) not_published: Vec<(Action, f64, String)>,
}

/// A part of the energy: a value, or why there is none.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PartReport {
    /// Energy per image \[pJ\].
    Pj(Energy),
    /// Contained in another part.
    Included(String),
    /// Not derivable, with the reason.
    NotDerivable(String),
}

impl RunReport {
    /// The report of a run with its prices.
    pub(crate) fn new(model: &str, seed: Option<u64>, done: &Run, energy: &Breakdown) -> Self {
        let run = &done.record;
        let n = run.images as f64;
        let by_layer = energy.by_layer();
        let layers = run.layers.iter().enumerate().map(|(l, layer)| {
            let id = LayerId(l as u16);
            let counts = run.ledger.layer(id);
            let (c, h, w) = layer.shape;
            let neurons = f64::from(c) * f64::from(h) * f64::from(w);
            LayerReport {
                name: layer.name.clone(),
                shape: layer.shape,
                cores: layer.cores,
                spikes: layer.spikes as f64 / n,
                spikes_per_neuron: layer.spikes as f64 / n / neurons,
                synaptic_operations: counts.synaptic_operations() as f64 / n,
                weight_reads: counts[Action::WeightRead] as f64 / n,
                state_accesses: (counts[Action::StateRead] + counts[Action::StateWrite]) as f64 / n,
                energy_pj: by_layer.get(&id).copied().unwrap_or_default() * (1.0 / n),
            }
        });
        let samples = &done.samples;
        Self {
            spikeloom: run.spikeloom.clone(),
            model: model.to_owned(),
            arch: run.arch.clone(),
            dataset: run.dataset.clone(),
            images: run.images,
            stopped: done.stopped,
            correct: run.correct,
            accuracy_percent: run.correct.map(|correct| 100.0 * correct as f64 / n),
            sample: run.sample.clone(),
            timesteps: run.timesteps,
            shortest: run.shortest,
            seed,
            cores: run.cores,
            chips: run.chips,
            latency: run.seconds.map(|_| Spread::of(samples.iter().filter_map(|s| s.seconds))),
            spikes: Spread::of(samples.iter().map(|s| s.spikes as f64)),
            synaptic_operations: Spread::of(samples.iter().map(|s| s.synaptic_operations as f64)),
            layers: layers.collect(),
            counts: run.ledger.total().iter().map(|(action, count)| (action, count as f64 / n)).collect(),
            energy: EnergyReport::new(energy, n),
            mirror: None,
            host_readout: None,
            no_latency: None,
            bounds: None,
            metrics: None,
            area: None,
            notes: Vec::new(),
            liberties: Vec::new(),
            latency_range: None,
            queues: None,
            quantized: None,
            per_event: None,
        }
    }
}

impl EnergyReport {
    /// Per image, from the energy of `n` images.
    pub(crate) fn new(energy: &Breakdown, n: f64) -> Self {
        let part = |part: &Part| match part {
            Part::Energy(e) => PartReport::Pj(*e * (1.0 / n)),
            Part::Included(reason) => PartReport::Included(reason.clone()),
            Part::NotDerivable(reason) => PartReport::NotDerivable(reason.clone()),
        };
        Self {
            table: energy.table.clone(),
            total_pj: energy.total * (1.0 / n),
            complete: energy.is_complete(),
            dynamic_pj: energy.dynamic * (1.0 / n),
            sync: part(&energy.sync),
            static_energy: part(&energy.static_energy),
            static_policy: energy.static_policy.clone(),
            components_pj: energy.by_component().iter().map(|(c, e)| (c.to_string(), *e * (1.0 / n))).collect(),
            not_published: energy.left_out.iter().map(|l| (l.action, l.count as f64 / n, l.reason.clone())).collect(),
        }
    }

    /// The lines of the report on energy; `sample` is what one sample is.
    pub(crate) fn write(&self, sample: &str, out: &mut String) {
        let _ = if self.complete {
            writeln!(out, "energy       {}  per {sample}, table {}", range(self.total_pj), self.table)
        } else {
            // Only the low end is a bound: prices are missing, and those that there are have a range.
            let e = self.total_pj;
            let [low, value, high] = [e.low, e.value, e.high].map(|pj| si(pj * 1e-12, "J"));
            writeln!(
                out,
                "energy       at least {low}  per {sample}, table {}; what is priced comes to {value}, at most {high}",
                self.table
            )
        };
        let _ = writeln!(out, "  dynamic    {}", range(self.dynamic_pj));
        for (name, part) in [("static", &self.static_energy), ("sync", &self.sync)] {
            let _ = match part {
                PartReport::Pj(e) => writeln!(out, "  {name:<10} {}", range(*e)),
                PartReport::Included(reason) => writeln!(out, "  {name:<10} included: {reason}"),
                PartReport::NotDerivable(reason) => writeln!(out, "  {name:<10} not derivable: {reason}"),
            };
            if let Some(policy) = self.static_policy.as_ref().filter(|_| name == "static") {
                let _ = writeln!(out, "             {policy}");
            }
        }
        for (component, e) in self.components_pj.iter().filter(|(_, e)| e.value > 0.0) {
            let share = 100.0 * e.value / self.dynamic_pj.value;
            let _ = writeln!(out, "    {component:<20} {:>11}  {share:5.1} % of dynamic", si(e.value * 1e-12, "J"));
        }
        if !self.not_published.is_empty() {
            let list: Vec<String> =
                self.not_published.iter().map(|(action, n, _)| format!("{} ({})", action.name(), count(*n))).collect();
            let _ = writeln!(out, "  counted without a published price: {}", list.join(", "));
        }
    }
}

/// A number of samples in words.
pub(crate) fn plural(n: u64, sample: &str) -> String {
    format!("{n} {sample}{}", if n == 1 { "" } else { "s" })
}

/// An energy with its range.
fn range(e: Energy) -> String {
    format!("{}  ({} to {})", si(e.value * 1e-12, "J"), si(e.low * 1e-12, "J"), si(e.high * 1e-12, "J"))
}

impl std::fmt::Display for RunReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (mut out, sample) = (String::new(), self.sample.as_str());
        let seed = self.seed.map(|seed| format!(", seed {seed}")).unwrap_or_default();
        let timesteps = match self.per_event {
            Some(_) => "no timesteps".into(),
            None => match self.shortest {
                Some(shortest) => format!("{shortest} to {} timesteps", self.timesteps),
                None => format!("{} timesteps each", self.timesteps),
            },
        };
        writeln!(
            out,
            "{} on {}: {} of {}, {timesteps} (spikeloom {}{seed})",
            self.model,
            self.arch,
            plural(self.images, &self.sample),
            self.dataset,
            self.spikeloom
        )?;
        if self.stopped {
            writeln!(out, "stopped early: the figures cover what was done")?;
        }
        writeln!(out)?;
        match self.accuracy_percent.zip(self.correct) {
            Some((percent, correct)) => writeln!(out, "accuracy     {percent:.2} %  ({correct}/{})", self.images)?,
            None => writeln!(
                out,
                "accuracy     unknown: not every {} has a label that the network can decide for",
                self.sample
            )?,
        }
        if let Some(per_event) = &self.per_event {
            per_event.write(sample, &mut out);
        }
        match &self.latency {
            Some(t) => writeln!(
                out,
                "latency      {}  per {sample} (median {}, 99 % below {}), {} {sample}s/s",
                si(t.mean, "s"),
                si(t.p50, "s"),
                si(t.p99, "s"),
                digits(1.0 / t.mean)
            )?,
            None => {
                let reason = self.no_latency.as_deref().unwrap_or("the run has no time");
                writeln!(out, "latency      not derived: {reason}")?;
            }
        }
        if let Some(bounds) = &self.bounds {
            bounds.write(&mut out);
        }
        if let Some(LatencyRange { low, high, samples }) =
            self.latency_range.filter(|range| range.high != Some(range.low))
        {
            let high = high.map_or_else(|| "no end (a timestep overruns)".into(), |high| si(high, "s"));
            writeln!(
                out,
                "             {} to {high} with every time of the description at its lowest and highest ({})",
                si(low, "s"),
                plural(samples as u64, sample)
            )?;
        }
        if let Some(queues) = &self.queues {
            queues.write(sample, &mut out);
        }
        self.energy.write(sample, &mut out);
        if let Some(mirror) = &self.mirror {
            writeln!(out, "mirror       {mirror}")?;
        }
        if let Some(metrics) = &self.metrics {
            write_merits(metrics, &mut out);
        }
        if let Some(host) = &self.host_readout {
            writeln!(out, "read-out     {}", host.per(sample))?;
        }
        let chips = if self.chips == 1 { "chip" } else { "chips" };
        writeln!(out, "cores        {} in use on {} {chips}", self.cores, self.chips)?;
        if let Some(area) = &self.area {
            writeln!(out, "area         {area}")?;
        }
        if let Some(quantized) = &self.quantized {
            write!(out, "{quantized}")?;
        }
        for liberty in &self.liberties {
            writeln!(out, "liberty      {liberty}")?;
        }
        for note in &self.notes {
            writeln!(out, "note         {note}")?;
        }
        writeln!(out)?;

        let mut table = Table::new(&[
            "layer",
            "shape",
            "cores",
            "spikes",
            "per neuron",
            "synaptic ops",
            "weight reads",
            "state r+w",
            "energy",
        ]);
        for l in &self.layers {
            let (c, h, w) = l.shape;
            table.row(vec![
                l.name.clone(),
                format!("{c}×{h}×{w}"),
                if l.cores == 0 { "host".into() } else { l.cores.to_string() },
                count(l.spikes),
                format!("{:.3}", l.spikes_per_neuron),
                count(l.synaptic_operations),
                count(l.weight_reads),
                count(l.state_accesses),
                si(l.energy_pj.value * 1e-12, "J"),
            ]);
        }
        let sum = |value: fn(&LayerReport) -> f64| self.layers.iter().map(value).sum::<f64>();
        table.row(vec![
            "all".into(),
            String::new(),
            self.cores.to_string(),
            count(self.spikes.mean),
            String::new(),
            count(self.synaptic_operations.mean),
            count(sum(|l| l.weight_reads)),
            count(sum(|l| l.state_accesses)),
            si(self.energy.dynamic_pj.value * 1e-12, "J"),
        ]);
        out.push_str(&align_right(table, 2));
        writeln!(
            out,
            "means per {sample}; memory accesses in words; the input's spikes are its events; energy without static power"
        )?;
        f.write_str(&out)
    }
}
