//! Agreement with the reference interpreter and with the float network.

use super::number::count;
use spikeloom::{RightDecisions, Verification};
use std::fmt::Write;

/// Its lines of the report. `nouns`: what the samples are, one and many. `in_timesteps`: whether what was verified is not the run
/// reported, which fires per event, but the same network in timesteps.
pub(crate) fn text(found: &Verification, nouns: [&str; 2], in_timesteps: bool) -> String {
    let (n, noun) = (found.samples, nouns[usize::from(found.samples != 1)]);
    let which = if in_timesteps { "in timesteps (not the run per event above): " } else { "" };
    let mut out = format!(
        "verified     {} of {n} {noun}: {which}class and number of spikes equal the reference interpreter's on the same integers\n",
        found.equal
    );
    let Some(float) = found.float else {
        out += "float        none: the network came in integers\n";
        return out;
    };
    let percent = |k: usize| 100.0 * k as f64 / n as f64;
    let changes = format!("quantization changes {} decisions", float.changed);
    let _ = match float.correct {
        Some(RightDecisions { float, run }) => writeln!(
            out,
            "float        {which}{:.2} %  ({float}/{n}); {changes}, accuracy by {:+.2} points",
            percent(float),
            percent(run) - percent(float)
        ),
        None => writeln!(out, "float        {which}{changes}"),
    };
    if let Some(spikes) = float.spikes {
        let share = if spikes.float == 0 { 0.0 } else { 100.0 * spikes.changed as f64 / spikes.float as f64 };
        let _ = writeln!(
            out,
            "             {which}{} spikes; quantization changes {} ({share:.2} %)",
            count(spikes.float as f64),
            count(spikes.changed as f64)
        );
    }
    out
}
