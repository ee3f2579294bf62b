//! Refuses a network that breaks a rule of `docs/semantics.md`.

use crate::diagnostics::{Diagnostic, Diagnostics};
use ir::{Graph, Stage};

/// Passes a network that means something.
///
/// # Errors
/// Every broken rule.
pub(crate) fn sound<S: Stage>(graph: &Graph<S>) -> Result<(), Diagnostics> {
    let broken: Vec<Diagnostic> = ir::verify(graph)
        .into_iter()
        .map(|violation| Diagnostic {
            entity: violation.entity,
            message: violation.message,
            limit: None,
            remedy: "correct the network; `docs/semantics.md` lists the rules".into(),
        })
        .collect();
    if broken.is_empty() { Ok(()) } else { Err(Diagnostics(broken)) }
}
