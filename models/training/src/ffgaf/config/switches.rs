//! Settings that choose between ways to do something.

use serde::{Deserialize, Serialize};

/// How the spike train enters the goodness.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// Goodness of the emitted counts n (improved ReLU, eq. 13).
    #[default]
    Quantized,
    /// Goodness of ReLU(u); spikes are still n. No gradient passes the floor.
    Relu,
}

/// Statistics of the normalization.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Norm {
    /// Per channel over the batch; frozen and fusable at inference.
    #[default]
    Batch,
    /// Per sample and channel (the authors' released code); cannot be folded into weights.
    Sample,
}

/// What turns channel activity into class scores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Readout {
    /// Mean square activity of the class's channel group (eq. 5).
    #[default]
    Goodness,
    /// A matrix on the mean square activities, initialized to the group mean and trained with the layer's own loss.
    Learned,
}

/// How channels are divided among classes (eqs. 1-4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Allocation {
    /// More channels to classes of higher complexity (eq. 4).
    #[default]
    Aware,
    /// Equal shares.
    Uniform,
    /// The aware shares given in reverse order of complexity.
    Worst,
    /// Shares 1/(1 + exp(−s̃/φ)) of the scores of eq. 3: not the paper's; what the zoo's first networks were trained with.
    Logistic,
}

/// What the first layer receives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InputCoding {
    /// Per-image standardization: clip(round(32 (p − mean)/(std + 0.05)), ±127) / 32.
    #[default]
    Standardized,
    /// Raw pixels / 255.
    Pixels,
    /// Recordings: in each of `levels` timesteps the input neurons spike or do not. The layers then work step by step, every neuron once a
    /// step at most.
    Events,
}

/// Value of pixels that an augmentation moves in from outside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fill {
    /// Black.
    #[default]
    Zero,
    /// The nearest pixel of the image.
    Edge,
}

/// Number format of the training convolutions on spike counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Arithmetic {
    /// 16-bit factors with one scale per output channel, exact 32-bit sums (`f32` on CPUs without AVX2).
    #[default]
    Fixed,
    /// `f32`.
    Float,
}

/// Which accuracies a run reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// Validation images choose epoch, layer and read-out; the test images are evaluated once, at the end, with frozen statistics.
    #[default]
    Ours,
    /// As the paper's authors: besides, every layer is evaluated on the test images after every epoch in training mode
    /// (statistics of the test batch, dropout on, last partial batch dropped), and the largest accuracy of all is reported.
    Paper,
}
