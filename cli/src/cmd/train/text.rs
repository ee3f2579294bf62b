//! What a training run prints: progress, epochs, accuracies.

use training::ffgaf::{EpochReport, Finished, Head, Progress};

/// Where training stands within an epoch.
pub(super) fn standing(now: &Progress) -> String {
    let loss = now.loss.last().copied().unwrap_or_default();
    format!("epoch {:3}  loss {loss:.4}  train {}", now.epoch, percents(&now.accuracy))
}

/// A finished epoch.
pub(super) fn line(report: &EpochReport, seconds: f64) -> String {
    let n = report.validation.images.max(1) as f64;
    let validation: Vec<f64> = report.validation.readout.iter().map(|&correct| 100.0 * correct as f64 / n).collect();
    format!(
        "epoch {:3}  {seconds:6.1} s  loss {:.4}  train {}  validation {}",
        report.epoch,
        report.loss.last().copied().unwrap_or_default(),
        percents(&report.train_accuracy),
        percents(&validation)
    )
}

/// The reported accuracies, each with what chose it.
pub(super) fn accuracies(finished: &Finished, history: &[EpochReport]) -> String {
    let (test, choice) = (&finished.test, finished.choice);
    let n = test.images.max(1) as f64;
    let validation = history[choice.epoch - 1].validation.images.max(1);
    let head = match choice.head {
        Head::Goodness => "goodness",
        Head::Readout => "read-out",
    };
    let mut text = format!(
        "test accuracy {:.2} % on {} images (epoch {} of {}, layer {}, {head}: chosen by {:.2} % of {validation} validation images)\n",
        test.accuracy(),
        test.images,
        choice.epoch,
        history.len(),
        choice.layer + 1,
        100.0 * choice.correct as f64 / validation as f64,
    );
    let goodness: Vec<f64> = test.goodness.iter().map(|&correct| 100.0 * correct as f64 / n).collect();
    text.push_str(&format!("by plain goodness, layer by layer: {}\n", percents(&goodness)));
    if let Some(printed) = finished.printed {
        text.push_str(&format!(
            "the paper's protocol gives {:.2} %: the best epoch ({}) and layer ({}) on the test images themselves, in training mode\n",
            printed.percent,
            printed.epoch,
            printed.layer + 1
        ));
    }
    text
}

pub(in crate::cmd) fn percents(values: &[f64]) -> String {
    values.iter().map(|v| format!("{v:.2}")).collect::<Vec<_>>().join(" ")
}
