//! Non-spiking forward-forward references, trained with the same data handling, optimizer and kernels.
//!
//! | item | source |
//! |---|---|
//! | [`FfMlp`] | G. Hinton, The forward-forward algorithm: some preliminary investigations, 2022, section 3.3 |
//! | [`CwComp`] | A. Papachristodoulou et al., Convolutional channel-wise competitive learning for the forward-forward algorithm, AAAI 2024 |

mod check;
mod cwcomp;
mod cwcomp_block;
mod ff_mlp;
mod linear;
mod run;
mod softmax;

pub use cwcomp::{CwComp, CwCompConfig};
pub use ff_mlp::{FfMlp, FfMlpConfig, Negatives};
pub use run::{Baseline, Finished, Outcome, run};

#[cfg(test)]
mod tests;
