//! Why a point could not be costed: errors of the compiler, of a run and of prices as reasons with limits.

use crate::record::{Limit, Reason};
use spikeloom::{
    Error,
    compiler::{CompileError, Diagnostics},
    simulator::{BatchError, ReplayError, RunError},
};

/// A reason with every limit that was exceeded.
pub(crate) type Failed = (Reason, Vec<Limit>);

pub(crate) fn because(entity: &str, message: String) -> Limit {
    Limit { entity: entity.into(), message, resource: None, used: None, max: None, remedy: String::new() }
}

pub(crate) fn other(error: Error) -> Failed {
    match error {
        Error::Batch(BatchError::Sample { sample, error }) => batch_failed(sample, &error),
        Error::Unpriced(error) => (Reason::Unpriced, vec![because("prices", error.to_string())]),
        error => (Reason::Other, vec![because("point", error.to_string())]),
    }
}

pub(crate) fn replay_failed(error: ReplayError) -> Failed {
    match error {
        ReplayError::Sample(BatchError::Sample { sample, error }) => batch_failed(sample, &error),
        error => (Reason::Other, vec![because("point", error.to_string())]),
    }
}

fn batch_failed(sample: usize, error: &RunError) -> Failed {
    let RunError::Overrun { core, needed, available, timestep } = *error else {
        return (Reason::Other, vec![because("sample", format!("sample {sample}: {error}"))]);
    };
    let limit = Limit {
        entity: core.to_string(),
        message: format!("sample {sample}, {timestep}: the work of the timestep takes longer than it lasts"),
        resource: Some("timestep [ticks]".into()),
        used: Some(needed),
        max: Some(available),
        remedy: "spread the work over more cores, or choose a longer timestep".into(),
    };
    (Reason::Overrun, vec![limit])
}

pub(crate) fn does_not_fit(error: CompileError) -> Failed {
    match error {
        CompileError::Diagnostics(Diagnostics(all)) => {
            let limit = |d: spikeloom::compiler::Diagnostic| Limit {
                entity: d.entity,
                message: d.message,
                resource: d.limit.as_ref().map(|limit| limit.resource.clone()),
                used: d.limit.as_ref().map(|limit| limit.used),
                max: d.limit.as_ref().map(|limit| limit.max),
                remedy: d.remedy,
            };
            (Reason::DoesNotFit, all.into_iter().map(limit).collect())
        }
        error => (Reason::Other, vec![because("compiler", error.to_string())]),
    }
}
