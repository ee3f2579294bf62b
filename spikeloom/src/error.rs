//! Why something could not be done: one type for the whole library. Messages name the place, the cause and the remedy.

use compiler::{CompileError, Diagnostics, PassInfo};
use energy::price::Unpriced;
use simulator::{BatchError, LoadError};

/// A result of this library.
pub type Result<T> = std::result::Result<T, Error>;

/// Why something could not be done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// What was given cannot be used, as the message says.
    #[error("{0}")]
    Input(String),
    /// The network does not fit on the chip or cannot be expressed there: everything that is wrong.
    #[error("{network} does not fit on {chip}:{}", list(diagnostics))]
    DoesNotFit {
        /// The network.
        network: String,
        /// The chip.
        chip: String,
        /// Every reason.
        diagnostics: Diagnostics,
    },
    /// The observer stopped the compilation.
    #[error("stopped after pass `{}`", .0.name)]
    Stopped(PassInfo),
    /// The progress asked to stop before the first sample was done.
    #[error("stopped before the first image was done; nothing to report")]
    NothingRun,
    /// The program cannot be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A sample cannot be run.
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// The table lacks a price.
    #[error(transparent)]
    Unpriced(#[from] Unpriced),
    /// A defect of this program.
    #[error("internal error, please report: {0}")]
    Internal(String),
}

impl Error {
    /// An input that cannot be used.
    pub(crate) fn input(message: impl Into<String>) -> Self {
        Self::Input(message.into())
    }

    /// The same with the place it occurred at in front.
    #[must_use]
    pub fn at(self, place: impl std::fmt::Display) -> Self {
        match self {
            Self::Input(message) => Self::Input(format!("{place}: {message}")),
            other => other,
        }
    }

    /// An error of the compiler, with what was compiled for what.
    pub(crate) fn compile(network: &str, chip: &str, error: CompileError) -> Self {
        match error {
            CompileError::Diagnostics(diagnostics) => {
                Self::DoesNotFit { network: network.into(), chip: chip.into(), diagnostics }
            }
            CompileError::Stopped(pass) => Self::Stopped(pass),
            CompileError::Violations(violations) => Self::Internal(format!("{network} on {chip}:\n{violations}")),
        }
    }
}

fn list(diagnostics: &Diagnostics) -> String {
    diagnostics.0.iter().map(|d| format!("\n  - {d}")).collect()
}
