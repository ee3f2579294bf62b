//! The report of a deployment: what integers of few bits cost on validation images.

use super::{made, quantization};
use crate::cmd::deploy::Deployment;
use spikeloom::report::{Input, Report, Section};

/// The whole report.
pub(crate) fn deployed(found: &Deployment, inputs: Vec<Input>) -> Report {
    let of = format!("of {} validation images", found.images);
    let percent = |n: usize| found.percent(n);
    let mut summary = Section::new("summary", "Summary")
        .quantity("integer", "accuracy as integers on the chip", percent(found.integer), "%")
        .because(of.clone())
        .quantity("float", "accuracy in float", percent(found.float), "%")
        .because(of)
        .quantity("changed", "decisions changed", found.changed, "")
        .quantity("bits", "bits of a weight that is written", found.bits, "")
        .quantity("cores", "cores in use", found.cores, "")
        .quantity("zeroed", "weights that became 0", found.rounded.zeroed, "")
        .because(format!("of {}", found.rounded.weights));
    if let Some(before) = found.before {
        summary = summary
            .quantity("before_float", "accuracy before tuning, in float", percent(before.float), "%")
            .quantity("before_rounded", "accuracy before tuning, rounded", percent(before.rounded), "%");
    }
    Report::new(format!("{} on {}", found.output.display(), found.arch), made(None, inputs))
        .with(summary)
        .with(quantization(&found.quantized))
}
