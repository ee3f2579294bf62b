//! Which network of a run is reported: epoch, layer and read-out, chosen on validation images only.
//!
//! The paper's own protocol, the largest accuracy of all epochs and layers on the test images, is computed beside it as
//! [`best_printed`] and never used to choose anything.

use super::config::Readout;
use super::network::Network;
use super::train::EpochReport;
use serde::{Deserialize, Serialize};

/// How a layer decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Head {
    /// Mean square count of each class's channels (eq. 5).
    Goodness,
    /// The layer's trained read-out; goodness if none was trained.
    Readout,
}

/// A network of the run's history and the head it decides with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// Epoch, 1-based.
    pub epoch: usize,
    /// Layer, 0-based; later layers are cut off.
    pub layer: usize,
    /// The layer's head.
    pub head: Head,
    /// Validation images decided right.
    pub correct: usize,
}

/// The choice with the most validation images right; of equals the latest epoch, then the deepest layer, then the trained
/// read-out. `None` for an empty history.
#[must_use]
pub fn by_validation(history: &[EpochReport]) -> Option<Choice> {
    let all = history.iter().flat_map(|report| {
        let v = &report.validation;
        v.goodness.iter().zip(&v.readout).enumerate().flat_map(move |(layer, (&goodness, &readout))| {
            [(Head::Goodness, goodness), (Head::Readout, readout)].map(|(head, correct)| Choice {
                epoch: report.epoch,
                layer,
                head,
                correct,
            })
        })
    });
    all.max_by_key(|choice| choice.correct)
}

/// The paper's protocol: the best of all epochs and layers on the test images in training mode.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BestPrinted {
    /// Epoch, 1-based.
    pub epoch: usize,
    /// Layer, 0-based.
    pub layer: usize,
    /// Accuracy \[%\] over the whole batches of the test set.
    pub percent: f64,
}

/// The paper's figure for a run that watched the test images; `None` for others.
#[must_use]
pub fn best_printed(history: &[EpochReport]) -> Option<BestPrinted> {
    let all = history.iter().filter_map(|r| r.training_mode.as_ref().map(|m| (r.epoch, m))).flat_map(|(epoch, m)| {
        m.correct.iter().enumerate().map(move |(layer, &n)| BestPrinted {
            epoch,
            layer,
            percent: 100.0 * n as f64 / m.images.max(1) as f64,
        })
    });
    all.max_by(|a, b| a.percent.total_cmp(&b.percent))
}

impl Network {
    /// The network up to `layer`, deciding with `head`.
    #[must_use]
    pub fn headed(mut self, layer: usize, head: Head) -> Self {
        self.layers.truncate(layer + 1);
        if head == Head::Goodness {
            self.config.readout = Readout::Goodness;
            for layer in &mut self.layers {
                layer.readout.clear();
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Evaluation, TrainingMode};
    use super::*;

    fn epoch(epoch: usize, goodness: [usize; 2], readout: [usize; 2], test: [usize; 2]) -> EpochReport {
        EpochReport {
            epoch,
            loss: vec![],
            train_accuracy: vec![],
            validation: Evaluation { images: 50, goodness: goodness.into(), readout: readout.into(), spikes: vec![] },
            training_mode: Some(TrainingMode { images: 40, correct: test.into() }),
        }
    }

    #[test]
    fn validation_chooses_and_the_test_set_does_not() {
        let history = [epoch(1, [9, 30], [9, 41], [39, 3]), epoch(2, [5, 41], [5, 41], [1, 2])];
        let choice = by_validation(&history).expect("epochs");
        assert_eq!(choice, Choice { epoch: 2, layer: 1, head: Head::Readout, correct: 41 });
        let printed = best_printed(&history).expect("watched");
        assert_eq!(printed, BestPrinted { epoch: 1, layer: 0, percent: 97.5 });
        assert_eq!(by_validation(&[]), None);
    }

    #[test]
    fn an_earlier_layer_by_goodness_can_win() {
        let choice = by_validation(&[epoch(1, [44, 30], [43, 41], [0, 0])]).expect("epochs");
        assert_eq!((choice.layer, choice.head), (0, Head::Goodness));
    }
}
