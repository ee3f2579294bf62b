//! The text form of a graph: RON that prints and parses, populations by name.
//!
//! `parse(print(g)) == g` for every graph. The `stage` line decides which [`parse`] accepts it.

use crate::{
    connect::{Connectivity, Pool, Projection},
    encode::InputEncoding,
    graph::{Graph, Population},
    ids::{PopulationId, Shape},
    neuron::NeuronModel,
    readout::Readout,
    stage::Stage,
};
use ron::ser::PrettyConfig;
use serde::{Deserialize, Serialize};

/// Why a text is not a graph.
#[derive(Debug, thiserror::Error)]
pub enum TextError {
    /// Not RON, or a field is missing, unknown or of the wrong type.
    #[error("line {line}, column {column}: {message}")]
    Syntax {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What the parser says.
        message: String,
    },
    /// The file holds a graph of another stage.
    #[error("this is a `{found}` graph where a `{expected}` graph is needed")]
    Stage {
        /// Stage named in the text.
        found: String,
        /// Stage asked for.
        expected: &'static str,
    },
    /// A projection names a population that does not exist.
    #[error("projection {index} names population `{name}`, which does not exist")]
    UnknownPopulation {
        /// Index of the projection.
        index: usize,
        /// The name.
        name: String,
    },
}

#[derive(Deserialize)]
struct StageLine {
    stage: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "Graph", bound = "")]
struct GraphText<S: Stage> {
    stage: String,
    name: String,
    timesteps: u32,
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pace: u32,
    encoding: InputEncoding,
    populations: Vec<PopulationText<S>>,
    projections: Vec<ProjectionText<S>>,
    readout: Readout<S>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "Population", bound = "")]
struct PopulationText<S: Stage> {
    name: String,
    shape: Shape,
    neuron: NeuronModel<S>,
    #[serde(default)]
    norm: S::Norm,
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "Projection", bound = "")]
struct ProjectionText<S: Stage> {
    pre: String,
    post: String,
    connectivity: Connectivity,
    #[serde(default)]
    pool: Option<Pool>,
    delay: u32,
    weights: Vec<S::Weight>,
}

fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_one(n: &u32) -> bool {
    *n == 1
}

/// The text form of a graph.
///
/// # Panics
/// Never: every value of a graph has a RON form.
pub fn print<S: Stage>(graph: &Graph<S>) -> String {
    let text = GraphText {
        stage: S::NAME.to_owned(),
        name: graph.name.clone(),
        timesteps: graph.timesteps,
        pace: graph.pace,
        encoding: graph.encoding,
        populations: graph
            .populations()
            .map(|(_, p)| PopulationText {
                name: p.name.clone(),
                shape: p.shape,
                neuron: p.neuron.clone(),
                norm: p.norm.clone(),
            })
            .collect(),
        projections: graph
            .projections()
            .map(|(id, p)| {
                let (pre, post) = graph.ends(id);
                ProjectionText {
                    pre: graph.population(pre).name.clone(),
                    post: graph.population(post).name.clone(),
                    connectivity: p.connectivity.clone(),
                    pool: p.pool,
                    delay: p.delay,
                    weights: p.weights.clone(),
                }
            })
            .collect(),
        readout: graph.readout.clone(),
    };
    let pretty = PrettyConfig::new().compact_arrays(true).depth_limit(4);
    ron::ser::to_string_pretty(&text, pretty).expect("every value of a graph has a RON form") + "\n"
}

/// The graph of a text form.
pub fn parse<S: Stage>(text: &str) -> Result<Graph<S>, TextError> {
    let syntax = |error: ron::error::SpannedError| TextError::Syntax {
        line: error.span.start.line,
        column: error.span.start.col,
        message: error.code.to_string(),
    };
    let stage: StageLine = ron::from_str(text).map_err(syntax)?;
    if stage.stage != S::NAME {
        return Err(TextError::Stage { found: stage.stage, expected: S::NAME });
    }
    let text: GraphText<S> = ron::from_str(text).map_err(syntax)?;
    let mut graph = Graph::new(text.name, text.timesteps, text.encoding);
    graph.pace = text.pace;
    graph.readout = text.readout;
    for mut p in text.populations {
        if let NeuronModel::Input { coding, .. } = &mut p.neuron {
            *coding = coding.within(text.timesteps);
        }
        graph.add_population(Population { name: p.name, shape: p.shape, neuron: p.neuron, norm: p.norm });
    }
    for (index, p) in text.projections.into_iter().enumerate() {
        let find = |name: &str| -> Result<PopulationId, TextError> {
            graph.find(name).ok_or_else(|| TextError::UnknownPopulation { index, name: name.to_owned() })
        };
        let (pre, post) = (find(&p.pre)?, find(&p.post)?);
        let projection = Projection { connectivity: p.connectivity, pool: p.pool, weights: p.weights, delay: p.delay };
        graph.connect(pre, post, projection);
    }
    Ok(graph)
}
