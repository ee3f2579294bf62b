//! The checkers: one per lowering, sharing no code with the pass it checks.

mod field;
pub mod fuse;
mod host;
pub mod order;
pub mod partition;
pub mod placement;
pub mod program;
pub mod routing;

use crate::diagnostics::{Violation, Violations};

/// Collects broken rules.
#[derive(Default)]
pub(crate) struct Found(pub(crate) Vec<Violation>);

impl Found {
    /// Notes a violation unless the rule holds.
    pub(crate) fn rule(
        &mut self,
        holds: bool,
        rule: &'static str,
        entity: impl ToString,
        message: impl FnOnce() -> String,
    ) {
        if !holds {
            self.0.push(Violation { rule, entity: entity.to_string(), message: message() });
        }
    }

    pub(crate) fn into_violations(self) -> Violations {
        Violations(self.0)
    }
}
pub mod quantize;
