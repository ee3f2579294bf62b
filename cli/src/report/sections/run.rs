//! The report of a run.

use super::{activity, chip_map, decisions, digest, energy, made, merits, quantized, roofline, time};
use crate::report::{
    agreement,
    run::{LayerReport, RunReport},
};
use spikeloom::{
    Closeup, Executable, Priced, Run, Samples, StepCost, Verification,
    energy::table::Table as Prices,
    report::{Input, Report, Section, Table, Value},
};

/// What a run left behind, for the sections that the text does not have.
pub(crate) struct Ran<'a> {
    pub(crate) executable: &'a Executable,
    pub(crate) samples: &'a dyn Samples,
    pub(crate) run: &'a Run,
    pub(crate) priced: &'a Priced,
    pub(crate) prices: &'a Prices,
    /// One sample in detail, if somebody looks.
    pub(crate) closeup: Option<&'a Closeup>,
    /// What its timesteps cost; none where that is not known.
    pub(crate) steps: &'a [StepCost],
}

/// The whole report.
pub(crate) fn run(found: &RunReport, ran: &Ran<'_>) -> Report {
    let Ran { executable, samples, run, priced, closeup, steps, .. } = *ran;
    let (program, arch) = (&executable.program, &executable.chip.arch);
    let title = format!("{} on {}: {} of {}", found.model, found.arch, counted(found.images, samples), found.dataset);
    let one = samples.noun()[0];
    let what = closeup.map(|close| format!("{one} {}", close.sample)).unwrap_or_default();
    let over_time = closeup.map(|close| activity::section(program, close, &what, steps));
    let seconds: Vec<f64> = run.samples.iter().filter_map(|s| s.seconds).collect();
    let names: Vec<String> = found.layers.iter().map(|layer| layer.name.clone()).collect();
    Report::new(title, made(found.seed, inputs(found, ran)))
        .with(summary(found))
        .with(Section::new("layers", "Layers").table(layers(&found.layers, one)))
        .with(energy::section(&names, &priced.breakdown, (priced.images, one), &found.energy))
        .with(found.metrics.as_ref().map(|metrics| merits::section(metrics, one)).unwrap_or_default())
        .with(time::section(&seconds, found.bounds.as_ref(), one))
        .with(closeup.map(|close| roofline::section(program, arch, close, &what)).unwrap_or_default())
        .with(over_time.unwrap_or_default())
        .with(chip_map::section(program, arch, closeup.map(|close| (close, what.as_str()))))
        .with(decisions::section(program, samples, run))
        .with(found.quantized.as_ref().map(quantized::section).unwrap_or_default())
}

/// The section of a verification.
pub(crate) fn verified(found: &Verification, nouns: [&str; 2], in_timesteps: bool) -> Section {
    let text = agreement::text(found, nouns, in_timesteps);
    let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    Section::new("verification", "Verification")
        .verdict(found.ensure_equal().is_ok(), lines.collect::<Vec<_>>().join("; "))
}

fn counted(n: u64, samples: &dyn Samples) -> String {
    format!("{n} {}", samples.noun()[usize::from(n != 1)])
}

fn inputs(found: &RunReport, ran: &Ran<'_>) -> Vec<Input> {
    let Ran { executable, samples, prices, .. } = *ran;
    let json = |value: serde_json::Result<Vec<u8>>| value.unwrap_or_default();
    let (program, arch) = (isa::encode(&executable.program), json(serde_json::to_vec(&executable.chip.arch)));
    let table = json(serde_json::to_vec(prices));
    let mut inputs = vec![
        digest("program compiled", &found.model, [program.as_slice()]),
        digest("chip description", &found.arch, [arch.as_slice()]),
        digest("price table", &prices.name, [table.as_slice()]),
    ];
    if !samples.is_empty() && samples.image(0).is_some() {
        let images = (0..samples.len()).filter_map(|i| samples.image(i));
        inputs.push(digest("pixels of the images", samples.name(), images));
    }
    inputs
}

fn summary(found: &RunReport) -> Section {
    let (n, sample) = (found.images, found.sample.as_str());
    let latency = format!("latency per {sample}");
    let mut section = Section::new("summary", "Summary")
        .quantity("accuracy", "accuracy", found.accuracy_percent, "%")
        .because(match found.correct {
            Some(correct) => format!("{correct} of {n} right"),
            None => format!("not every {} has a label that the network can decide for", found.sample),
        });
    section = match (&found.latency, found.latency_range) {
        (Some(t), range) => {
            let value = match range.and_then(|range| Some((range.low, range.high?))) {
                Some((low, high)) => Value::range(t.mean, low, high),
                None => t.mean.into(),
            };
            let spread = "range: every time of the description at its lowest and highest";
            section
                .quantity("latency", &latency, value, "s")
                .because(if range.is_some() { spread } else { "mean" })
                .quantity("latency_p50", "median latency", t.p50, "s")
                .quantity("latency_p99", "99 % below", t.p99, "s")
                .quantity("throughput", &format!("{sample}s per second"), 1.0 / t.mean, "Hz")
        }
        (None, _) => {
            let reason = found.no_latency.as_deref().unwrap_or("the run has no time");
            section.quantity("latency", &latency, format!("not derived: {reason}"), "s")
        }
    };
    section = energy::totals(section, &found.energy, sample)
        .quantity("spikes", &format!("spikes per {sample}"), found.spikes.mean, "")
        .quantity(
            "synaptic_operations",
            &format!("synaptic operations per {sample}"),
            found.synaptic_operations.mean,
            "",
        )
        .quantity("cores", "cores in use", found.cores, "")
        .because(format!("on {} {}", found.chips, if found.chips == 1 { "chip" } else { "chips" }));
    if let Some(area) = &found.area {
        section = section.quantity("area", "area", area.as_str(), "");
    }
    if found.stopped {
        section = section.verdict(false, format!("Interrupted: the figures cover the {n} samples that were done."));
    }
    let liberties = found.liberties.iter().map(|liberty| format!("Liberty taken with the chip: {liberty}"));
    section.notes(liberties).notes(found.notes.iter().cloned())
}

/// Means per sample, layer by layer.
fn layers(layers: &[LayerReport], sample: &str) -> Table {
    let rows = layers.iter().map(|l| {
        let (c, h, w) = l.shape;
        vec![
            l.name.as_str().into(),
            format!("{c}×{h}×{w}").into(),
            if l.cores == 0 { "host".into() } else { l.cores.into() },
            l.spikes.into(),
            l.spikes_per_neuron.into(),
            l.synaptic_operations.into(),
            l.weight_reads.into(),
            l.state_accesses.into(),
            energy::joules(l.energy_pj),
        ]
    });
    Table::new("layers", format!("layers, means per {sample}"))
        .column("layer", "layer", "")
        .column("shape", "shape", "")
        .column("cores", "cores", "")
        .column("spikes", "spikes", "")
        .column("spikes_per_neuron", "spikes per neuron", "1")
        .column("synaptic_operations", "synaptic operations", "")
        .column("weight_reads", "weight reads", "")
        .column("state_accesses", "state reads and writes", "")
        .column("energy", "energy", "J")
        .rows(rows)
        .noted("Memory accesses in words; the input's spikes are its events; energy without static power.")
}
