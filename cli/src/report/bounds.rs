//! What binds the time of a run: a line of the report; by part and layer in JSON.

use super::number::si;
use isa::{Arch, CoreId, Descriptor, Program};
use serde::Serialize;
use simulator::{Part, Parts};
use spikeloom::Run;
use std::{collections::BTreeMap, fmt::Write};

/// What binds the time of an image.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct TimeBounds {
    /// The largest part.
    pub(super) binding: &'static str,
    /// All parts of the timesteps along their slowest cores.
    pub(super) parts: Vec<PartTime>,
    /// Time of the timesteps if the largest part took none \[s\], and what would bind it then.
    pub(super) without_seconds: f64,
    pub(super) next: &'static str,
    /// By layers of the slowest cores, the longest first.
    pub(super) layers: Vec<LayerTime>,
}

/// Time of a part.
#[derive(Clone, Debug, Serialize)]
pub(super) struct PartTime {
    pub(super) part: &'static str,
    pub(super) seconds: f64,
    share: f64,
}

/// Time of the timesteps in which a layer had the slowest core.
#[derive(Clone, Debug, Serialize)]
pub(super) struct LayerTime {
    pub(super) layers: String,
    pub(super) seconds: f64,
    binding: &'static str,
    pub(super) parts: Vec<PartTime>,
}

impl TimeBounds {
    /// `None` if the run has no time, or timesteps overlap.
    pub(crate) fn of(program: &Program, arch: &Arch, run: &Run) -> Option<Self> {
        let bounds = run.bounds()?;
        let seconds = |ticks: u64| ticks as f64 * arch.tick_ps.value as f64 * 1e-12 / run.samples.len() as f64;
        let times = |parts: &Parts| {
            let total = parts.total().max(1) as f64;
            let mut all = Part::ALL.map(|part| PartTime {
                part: part.name(),
                seconds: seconds(parts[part]),
                share: parts[part] as f64 / total,
            });
            all.sort_by(|a, b| b.seconds.total_cmp(&a.seconds));
            all.into_iter().filter(|part| part.seconds > 0.0).collect::<Vec<_>>()
        };
        let mut by_layer: BTreeMap<String, Vec<&Parts>> = BTreeMap::new();
        for (core, parts) in &bounds.cores {
            by_layer.entry(layers_of(program, *core)).or_default().push(parts);
        }
        let mut layers: Vec<LayerTime> = by_layer
            .into_iter()
            .map(|(layers, parts)| {
                let sum = parts.into_iter().copied().sum::<Parts>();
                LayerTime { layers, seconds: seconds(sum.total()), binding: sum.largest().name(), parts: times(&sum) }
            })
            .collect();
        layers.sort_by(|a, b| b.seconds.total_cmp(&a.seconds));
        let (binding, parts) = (bounds.parts.largest(), times(&bounds.parts));
        let next = parts.iter().map(|part| part.part).find(|part| *part != binding.name()).unwrap_or("nothing");
        let without_seconds = seconds(bounds.without[binding]);
        Some(Self { binding: binding.name(), parts, without_seconds, next, layers })
    }

    /// Its line of the report.
    pub(crate) fn write(&self, out: &mut String) {
        let shares = self.parts.iter().filter(|part| part.share >= 0.01);
        let shares: Vec<String> = shares.map(|part| format!("{} {:.0} %", part.part, 100.0 * part.share)).collect();
        let layer = self.layers.first().map(|layer| format!(", longest in {}", layer.layers)).unwrap_or_default();
        let _ = writeln!(out, "  bound by   {}{layer}", shares.join(", "));
        let _ = writeln!(
            out,
            "  without {} the timesteps take {}, then bound by {}",
            self.binding,
            si(self.without_seconds, "s"),
            self.next
        );
    }
}

/// The layers whose neurons a core holds.
pub(crate) fn layers_of(program: &Program, core: CoreId) -> String {
    let Some(image) = program.cores.iter().find(|image| image.core == core) else { return core.to_string() };
    let mut layers: Vec<&str> = image
        .descriptors
        .iter()
        .filter_map(|d| if let Descriptor::Neurons(d) = d { Some(program.layer(d.layer).name.as_str()) } else { None })
        .collect();
    layers.dedup();
    layers.join(" + ")
}
