//! The report of a checked file: what it holds, what it does not say, whether it can be mapped.

use super::made;
use ir::{Graph, Stage};
use spikeloom::report::{Input, Report, Section, Table, Value};

/// A node or block: name, type, shape, constants.
pub(crate) type Part = [String; 4];

/// A checked file.
pub(crate) struct Checked<'a> {
    pub(crate) file: &'a str,
    /// What its parts are called, one and many.
    pub(crate) nouns: [&'a str; 2],
    /// What else its first line says.
    pub(crate) about: String,
    pub(crate) parts: Vec<Part>,
    /// What it does not say, and what is taken for it.
    pub(crate) assumptions: Vec<String>,
    pub(crate) remarks: &'a [String],
    /// Why it is refused; none if it can be mapped.
    pub(crate) problems: Vec<String>,
    pub(crate) size: Option<Size>,
}

/// What a file becomes.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    populations: usize,
    projections: usize,
    weights: usize,
    timesteps: u32,
}

impl Size {
    /// Of a graph.
    pub(crate) fn of<S: Stage>(graph: &Graph<S>) -> Self {
        let (populations, projections) = (graph.n_populations(), graph.n_projections());
        Self { populations, projections, weights: graph.n_weights(), timesteps: graph.timesteps }
    }
}

impl std::fmt::Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { populations, projections, weights, timesteps } = self;
        write!(f, "{populations} populations, {projections} projections, {weights} weights, {timesteps} timesteps")
    }
}

/// The whole report.
pub(crate) fn checked(found: &Checked<'_>, inputs: Vec<Input>) -> Report {
    let mut summary = Section::new("summary", "Summary");
    summary = match found.size {
        Some(size) => summary
            .verdict(true, "can be mapped")
            .quantity("populations", "populations", size.populations, "")
            .quantity("projections", "projections", size.projections, "")
            .quantity("weights", "weights", size.weights, "")
            .quantity("timesteps", "timesteps", size.timesteps, ""),
        None => found.problems.iter().fold(summary, |section, problem| section.verdict(false, problem.as_str())),
    };
    let [one, many] = found.nouns;
    let parts = Table::new("parts", many)
        .column("name", one, "")
        .column("type", "type", "")
        .column("shape", "shape", "")
        .column("constants", "constants", "")
        .rows(found.parts.iter().map(|part| part.iter().map(|text| Value::from(text.as_str())).collect()));
    Report::new(format!("{}: {} {many}{}", found.file, found.parts.len(), found.about), made(None, inputs))
        .with(summary)
        .with(Section::new("parts", "What the file holds").table(parts))
        .with(Section::new("assumptions", "What the file does not say").notes(found.assumptions.iter().cloned()))
        .with(Section::new("remarks", "Remarks").notes(found.remarks.iter().cloned()))
}
