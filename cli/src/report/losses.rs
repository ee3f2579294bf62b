//! What quantization did, in one line where nothing of note was lost, and in a table of what was where something was.

use super::{
    quantization::LayerReport,
    text::{Table, align_right},
};
use serde::Serialize;
use spikeloom::{Deployed, Run};
use std::{
    collections::BTreeSet,
    fmt::{self, Write},
};

/// A bias may be off by this much without a line of its own.
const BIAS: f64 = 0.05;
/// A threshold may.
const THRESHOLD: f64 = 0.01;
/// A leak may stand still at this share of a threshold, or take so much too much.
const DEAD_ZONE: f64 = 0.05;
/// Weights that became 0 may be this share of a channel's sum of magnitudes, or that many thresholds together.
const ZEROED: (f64, f64) = (0.05, 0.5);

/// What quantization did to a network.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Quantized {
    /// Width of a stored weight.
    pub(crate) weight_bits: u32,
    /// Width of a potential.
    pub(crate) state_bits: u32,
    /// Layers; none if the network came in integers.
    pub(crate) layers: Vec<LayerReport>,
    /// Potentials clipped in a run in timesteps, on chips whose potentials may need more bits than they have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) saturated: Option<Saturated>,
}

/// Potentials that were clipped.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Saturated {
    /// How often.
    pub(crate) times: u64,
    /// In how many samples.
    pub(crate) samples: usize,
    /// Of so many.
    pub(crate) of: usize,
}

/// A column: its name, and what it says of a layer.
type Column = (&'static str, fn(&LayerReport) -> Option<String>);

impl LayerReport {
    fn is_exact(&self) -> bool {
        self.exact_channels == self.channels
            && self.clipped_weights == 0
            && self.leak_dead_zone.is_none()
            && self.leak_excess.is_none()
    }

    fn lost_weights(&self) -> bool {
        self.zeroed_weights > 0 && (self.zeroed_share >= ZEROED.0 || self.zeroed_drive >= ZEROED.1)
    }

    fn lost_biases(&self) -> bool {
        self.vanished_biases > 0 || self.bias_error >= BIAS
    }

    fn falls(&self) -> bool {
        self.leak_excess.is_some_and(|excess| excess >= DEAD_ZONE)
    }

    fn sticks(&self) -> bool {
        self.leak_dead_zone.is_some_and(|level| level >= DEAD_ZONE)
    }

    fn is_notable(&self) -> bool {
        self.clipped_weights > 0
            || self.narrowed_channels > 0
            || self.threshold_error >= THRESHOLD
            || self.lost_weights()
            || self.lost_biases()
            || self.sticks()
            || self.falls()
    }
}

impl Quantized {
    /// What deployment did.
    pub(crate) fn of(deployed: &Deployed, weight_bits: u32) -> Self {
        Self {
            weight_bits,
            state_bits: deployed.executable.chip.arch.core.state_bits,
            layers: deployed.reports.layers.iter().map(LayerReport::new).collect(),
            saturated: None,
        }
    }

    /// With what saturated in a run.
    pub(crate) fn with_run(self, run: &Run) -> Self {
        let wide = self.layers.is_empty() || self.layers.iter().any(|l| l.saturates);
        let times = run.samples.iter().map(|s| s.saturated).sum();
        let samples = run.samples.iter().filter(|s| s.saturated > 0).count();
        let saturated = (wide || times > 0).then_some(Saturated { times, samples, of: run.samples.len() });
        Self { saturated, ..self }
    }

    /// Whether a table says more than the line.
    pub(crate) fn is_notable(&self) -> bool {
        self.layers.iter().any(LayerReport::is_notable)
    }

    pub(super) fn line(&self) -> String {
        if self.layers.is_empty() {
            let clipped = match self.saturated {
                Some(Saturated { times: 1.., .. }) => {
                    format!("; potentials saturate at {} bits{}", self.state_bits, self.clipped())
                }
                _ => String::new(),
            };
            return format!("not: the network came in integers and is run as it is{clipped}");
        }
        let width = self.width();
        if self.layers.iter().all(LayerReport::is_exact) {
            return format!("exactly: all numbers are integers in their channel's unit; {width}");
        }
        let most = |of: fn(&LayerReport) -> f64| self.layers.iter().map(of).fold(0.0, f64::max);
        let mut parts = vec![match self.weight_bits {
            1 => "weights are their signs".into(),
            bits => {
                format!(
                    "weights of {bits} bits are off by at most {} of a threshold",
                    percent(most(|l| l.weight_error))
                )
            }
        }];
        let sum = |of: fn(&LayerReport) -> usize| self.layers.iter().map(of).sum::<usize>();
        let (zeroed, weights) = (sum(|l| l.zeroed_weights), sum(|l| l.weights));
        if zeroed > 0 {
            parts.push(format!("{} became 0", percent(zeroed as f64 / weights as f64)));
        }
        let error = most(|l| l.bias_error);
        if error > 0.0 {
            parts.push(format!("biases are off by at most {}", percent(error)));
        }
        let dead = most(|l| l.leak_dead_zone.unwrap_or(0.0));
        if dead > 0.0 {
            parts.push(format!("leaks stand still below {} of a threshold", percent(dead)));
        }
        let excess = most(|l| l.leak_excess.unwrap_or(0.0));
        if excess > 0.0 {
            parts.push(format!("leaks take up to {} of a threshold too much", percent(excess)));
        }
        let bits: BTreeSet<u8> = self.layers.iter().map(|l| l.fraction_bits).filter(|&k| k > 0).collect();
        if !bits.is_empty() {
            let bits: Vec<String> = bits.iter().map(ToString::to_string).collect();
            parts.push(format!("potentials keep {} fraction bits", bits.join(", ")));
        }
        parts.push(width);
        parts.join("; ")
    }

    fn width(&self) -> String {
        let needed = self.layers.iter().map(|l| l.state_bits).max().unwrap_or(0);
        let clips = self.saturated.as_ref().is_some_and(|s| s.times > 0);
        if clips || self.layers.iter().any(|l| l.saturates) {
            format!("potentials may need {needed} bits and saturate at {}{}", self.state_bits, self.clipped())
        } else {
            format!("potentials stay within {needed} of {} bits", self.state_bits)
        }
    }

    fn clipped(&self) -> String {
        match self.saturated {
            Some(Saturated { times: 0, .. }) => ", but none did".into(),
            Some(Saturated { times, samples, of }) => format!(", clipped {times} times in {samples} of {of} samples"),
            None => String::new(),
        }
    }

    /// The layers of which something was lost, and what.
    fn table(&self) -> String {
        let columns: [Column; 9] = [
            ("clipped weights", |l| (l.clipped_weights > 0).then(|| l.clipped_weights.to_string())),
            ("weights now 0", |l| l.lost_weights().then(|| format!("{} of {}", l.zeroed_weights, l.weights))),
            ("of a channel's drive", |l| l.lost_weights().then(|| percent(l.zeroed_share))),
            ("biases now 0", |l| (l.vanished_biases > 0).then(|| format!("{} of {}", l.vanished_biases, l.biases))),
            ("biases off by", |l| (l.bias_error >= BIAS).then(|| percent(l.bias_error))),
            ("thresholds off by", |l| (l.threshold_error >= THRESHOLD).then(|| percent(l.threshold_error))),
            ("leak stands still below", |l| {
                l.leak_dead_zone.filter(|_| l.sticks()).map(|level| format!("{} of θ", percent(level)))
            }),
            ("leak takes too much", |l| {
                l.leak_excess.filter(|_| l.falls()).map(|excess| format!("{} of θ", percent(excess)))
            }),
            ("coarser for the potentials", |l| {
                (l.narrowed_channels > 0)
                    .then(|| format!("{} of {} channels, {:.1} times", l.narrowed_channels, l.channels, l.coarsest))
            }),
        ];
        let notable = || self.layers.iter().filter(|l| l.is_notable());
        let shown: Vec<_> = columns.into_iter().filter(|(_, cell)| notable().any(|l| cell(l).is_some())).collect();
        let mut header = vec!["  layer"];
        header.extend(shown.iter().map(|(name, _)| *name));
        let mut table = Table::new(&header);
        for layer in notable() {
            let mut row = vec![format!("  {}", layer.name)];
            row.extend(shown.iter().map(|(_, cell)| cell(layer).unwrap_or_else(|| "–".into())));
            table.row(row);
        }
        align_right(table, 1)
    }
}

/// A share with three digits.
pub(crate) fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    if percent >= 99.95 {
        format!("{percent:.0} %")
    } else if percent >= 0.995 {
        format!("{percent:.1} %")
    } else if percent >= 0.01 {
        format!("{percent:.2} %")
    } else if percent > 0.0 {
        format!("{percent:.0e} %")
    } else {
        "0 %".into()
    }
}

impl fmt::Display for Quantized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        writeln!(out, "quantized    {}", self.line())?;
        if self.is_notable() {
            out.push_str(&self.table());
        }
        f.write_str(&out)
    }
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn shares_keep_their_digits() {
        let texts = [2.5, 0.371, 0.01, 0.002_7, 0.000_01, 0.0].map(percent);
        assert_eq!(texts, ["250 %", "37.1 %", "1.0 %", "0.27 %", "1e-3 %", "0 %"]);
    }
}
