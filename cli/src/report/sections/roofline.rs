//! The roofline of a chip's cores: how fast each did its synaptic operations, under what its pipeline allows.
//!
//! A core that does `o` operations for `e` events has intensity `I = o/e`. Nothing in a core overlaps, so that an event costs
//! `t_e = event + axon` and an operation at least `t_s = synapse/lanes`; its rate over its busy time is at most
//! `P(I) = I / (t_e + I·t_s)`, near `I/t_e` where events bind and `1/t_s` where operations do (Williams et al. 2009, with the
//! sum in place of the larger). What a point lies below the roof is spent on neuron updates, on emission and on memory words beyond one per issue.

use crate::report::bounds::layers_of;
use isa::{Arch, Program};
use spikeloom::{
    Closeup, CoreLoad,
    report::{Chart, Section, Table, Value},
};

/// Points of the roof.
const POINTS: u32 = 24;

/// What a core's pipeline allows.
#[derive(Clone, Copy, Debug)]
struct Roof {
    /// Seconds of an event.
    event: f64,
    /// Seconds of an operation.
    operation: f64,
}

impl Roof {
    fn of(arch: &Arch) -> Option<Self> {
        let timing = &arch.core.timing;
        let seconds = |ticks: u64| ticks as f64 * arch.tick_ps.value as f64 * 1e-12;
        let event = timing.event.as_ref()?.value.saturating_add(timing.axon.as_ref()?.value);
        let operation = seconds(timing.synapse.as_ref()?.value) / f64::from(arch.core.lanes.max(1));
        Some(Self { event: seconds(event), operation })
    }

    /// Operations per second at an intensity.
    fn at(self, intensity: f64) -> f64 {
        intensity / (self.event + intensity * self.operation)
    }
}

/// What took most of a core's time.
fn binding(load: &CoreLoad) -> &'static str {
    let events = load.busy - load.synaptic - load.sweep - load.emission;
    let parts = [
        ("synaptic work", load.synaptic),
        ("events", events),
        ("neuron updates", load.sweep),
        ("emission", load.emission),
    ];
    parts.into_iter().rev().max_by_key(|(_, ticks)| *ticks).map_or("nothing", |(name, _)| name)
}

/// The section of one sample; empty where the run has no time, or no core had an event.
pub(super) fn section(program: &Program, arch: &Arch, close: &Closeup, what: &str) -> Section {
    let Some(roof) = Roof::of(arch).filter(|_| close.ticks > 0) else { return Section::default() };
    let working: Vec<_> = close.cores.iter().filter(|(_, load)| load.events > 0 && load.operations > 0).collect();
    let intensity = |load: &CoreLoad| load.operations as f64 / load.events as f64;
    let least = working.iter().map(|(_, load)| intensity(load)).fold(f64::INFINITY, f64::min);
    let most = working.iter().map(|(_, load)| intensity(load)).fold(0.0, f64::max);
    if working.is_empty() {
        return Section::default();
    }
    let line = |name: String, bound: &str, intensity: f64, rate: f64| -> Vec<Value> {
        let share = 100.0 * rate / roof.at(intensity);
        vec![name.into(), bound.into(), intensity.into(), rate.into(), share.into()]
    };
    let cores = working.iter().map(|(core, load)| {
        let rate = load.operations as f64 / (load.busy as f64 * arch.tick_ps.value as f64 * 1e-12);
        line(format!("{core} ({})", layers_of(program, **core)), binding(load), intensity(load), rate)
    });
    let (from, to) = (least / 1.2, most * 1.2);
    let along = (0..=POINTS).map(|i| from + (to - from) * f64::from(i) / f64::from(POINTS));
    let roof_line = along.map(|intensity| line("roof".into(), "roof", intensity, roof.at(intensity)));
    let title = format!("cores under the roof of their pipeline, {what}");
    let table = Table::new("roofline", title)
        .column("core", "core", "")
        .column("bound", "bound by", "")
        .column("intensity", "synaptic operations per event", "")
        .column("rate", "synaptic operations per second", "Hz")
        .column("share", "of the roof", "%")
        .rows(cores)
        .rows(roof_line)
        .drawn(Chart::Scatter {
            x: "intensity".into(),
            y: "rate".into(),
            label: "core".into(),
            group: Some("bound".into()),
        })
        .noted("Below the roof: neuron updates, emission, memory words beyond one per issue.");
    let turn = roof.event / roof.operation;
    Section::new("roofline", "Roofline")
        .quantity("ceiling", "a core's synaptic operations per second at most", 1.0 / roof.operation, "Hz")
        .quantity("turn", "operations per event from which they cost more than the event", turn, "")
        .table(table)
}

#[cfg(test)]
mod tests {
    use super::*;
    use spikeloom::{Chip, DeployOptions, Model, Quiet, datasets::bundled::mnist_test_500, simulator::TimingMode};

    #[test]
    fn no_core_is_above_the_roof() {
        for name in ["loihi1", "darwin3_like"] {
            let chip = Chip::open(name).expect("ships");
            let model = Model::open("mnist-small").expect("ships");
            let deployed = model.deploy(&chip, &DeployOptions::default(), &mut Quiet).expect("fits").executable;
            let images = mnist_test_500().subset(0..1);
            let close = deployed.closeup(&images, 0, TimingMode::Analytic).expect("runs");
            let section = section(&deployed.program, &chip.arch, &close, "image 0");
            let table = section.tables.first().expect("a table");
            let shares: Vec<f64> = table.numbers("share").into_iter().flatten().collect();
            assert!(shares.iter().all(|share| *share <= 100.0 + 1e-9), "{name}: {shares:?}");
            assert!(shares.iter().any(|share| *share > 30.0 && *share < 100.0), "{name}: {shares:?}");
        }
    }
}
