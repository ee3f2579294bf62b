//! A space as a file (RON): base chips, networks, parameters with their values, constraints, objectives, and how points are chosen.
//!
//! ```text
//! Space(
//!     version: 1,
//!     name: "cores-and-neurons",
//!     chips: ["loihi1"],
//!     networks: [(model: "mnist-small", samples: Some(100))],
//!     parameters: [
//!         (path: "core.neurons", values: Powers(from: 256, to: 1024)),
//!         (path: "mesh.width", values: Linked("max(8, 8192 / core.neurons)")),
//!         (path: "deploy.weight_bits", values: List([4, 8])),
//!     ],
//!     constraints: ["mesh.width * mesh.height <= 512"],
//!     objectives: [Minimize("energy"), Minimize("latency")],
//! )
//! ```

use crate::{
    chip,
    expression::Expression,
    figure::{FIGURES, find},
    record::PointRecord,
};
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    ops::Range,
};

/// A value of a parameter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Scalar {
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Another number.
    Float(f64),
    /// A word; `none` for an absent field, JSON for a compound one.
    Text(String),
}

impl Scalar {
    /// The value as a field of a description.
    pub(crate) fn to_json(&self) -> Value {
        match self {
            Self::Bool(value) => (*value).into(),
            Self::Int(value) => (*value).into(),
            Self::Float(value) => (*value).into(),
            Self::Text(text) if text == "none" => Value::Null,
            Self::Text(text) if text.starts_with(['[', '{']) => {
                serde_json::from_str(text).unwrap_or_else(|_| text.clone().into())
            }
            Self::Text(text) => text.clone().into(),
        }
    }

    /// The value of a field; what is compound as JSON.
    pub fn of_json(value: &Value) -> Option<Self> {
        Some(match value {
            Value::Null => Self::Text("none".into()),
            Value::Bool(value) => Self::Bool(*value),
            Value::Number(number) => {
                number.as_i64().map_or_else(|| number.as_f64().map(Self::Float), |n| Some(Self::Int(n)))?
            }
            Value::String(text) => Self::Text(text.clone()),
            compound => Self::Text(compound.to_string()),
        })
    }

    /// The value as a number.
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Self::Bool(value) => Some(f64::from(u8::from(*value))),
            Self::Int(value) => Some(*value as f64),
            Self::Float(value) => Some(*value),
            Self::Text(_) => None,
        }
    }

    fn of_number(value: f64) -> Self {
        if value.fract() == 0.0 && value.abs() < 9e15 { Self::Int(value as i64) } else { Self::Float(value) }
    }

    /// The value that a word on the command line means.
    pub fn parse(word: &str) -> Self {
        match word {
            "true" => Self::Bool(true),
            "false" => Self::Bool(false),
            _ => word
                .parse()
                .map(Self::Int)
                .or_else(|_| word.parse().map(Self::Float))
                .unwrap_or_else(|_| Self::Text(word.into())),
        }
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => value.fmt(f),
            Self::Int(value) => value.fmt(f),
            Self::Float(value) => value.fmt(f),
            Self::Text(text) => f.pad(text),
        }
    }
}

/// The values of a parameter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Values {
    /// These.
    List(Vec<Scalar>),
    /// `from`, `from + step`, … up to `to`.
    Range {
        /// First.
        from: f64,
        /// Last, if it is met.
        to: f64,
        /// From one to the next.
        step: f64,
    },
    /// `from`, `2·from`, `4·from`, … up to `to`.
    Powers {
        /// First.
        from: i64,
        /// Last, if it is met.
        to: i64,
    },
    /// What an expression over other parameters and the chip says.
    Linked(String),
}

/// A parameter: of the chip by its path, or of the deployment as `deploy.weight_bits`, `deploy.balance`, `deploy.seed` or
/// `deploy.effort`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// The path.
    pub path: String,
    /// Its values.
    pub values: Values,
}

/// What can be set of a deployment.
pub(crate) const DEPLOYMENT: &[&str] = &["deploy.weight_bits", "deploy.balance", "deploy.seed", "deploy.effort"];

/// A network with its samples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workload {
    /// The network: one that ships, or a file.
    pub model: String,
    /// Its samples: a data set's name, a folder or a file; the network's own where absent.
    #[serde(default)]
    pub data: Option<String>,
    /// How many of them, from the first on; all where absent.
    #[serde(default)]
    pub samples: Option<usize>,
    /// Words that `spikeloom run` would take about this network and its samples, as `--dt=1e-4` or `--steps=50`.
    #[serde(default)]
    pub options: Vec<String>,
}

impl Workload {
    /// What tells it from others: the model with its options.
    pub fn name(&self) -> String {
        std::iter::once(&self.model).chain(&self.options).map(String::as_str).collect::<Vec<_>>().join(" ")
    }
}

/// What is sought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Objective {
    /// As little as possible of a figure.
    Minimize(String),
    /// As much as possible.
    Maximize(String),
}

impl Objective {
    /// The figure.
    pub fn figure(&self) -> &str {
        match self {
            Self::Minimize(figure) | Self::Maximize(figure) => figure,
        }
    }

    /// The figure turned so that less is better.
    pub fn cost(&self, value: f64) -> f64 {
        match self {
            Self::Minimize(_) => value,
            Self::Maximize(_) => -value,
        }
    }
}

/// How points are chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SamplerKind {
    /// Every point.
    #[default]
    Grid,
    /// Points at random, none twice.
    Random {
        /// How many.
        points: usize,
        /// Of the random numbers.
        #[serde(default)]
        seed: u64,
    },
    /// A Latin hypercube: every parameter's values equally often.
    LatinHypercube {
        /// How many.
        points: usize,
        /// Of the random numbers.
        #[serde(default)]
        seed: u64,
    },
    /// A Latin hypercube, then the neighbours of the front, round after round.
    Refined {
        /// Of the hypercube.
        points: usize,
        /// At most.
        rounds: usize,
        /// Of the random numbers.
        #[serde(default)]
        seed: u64,
    },
    /// NSGA-II.
    Nsga2 {
        /// Points of a generation.
        population: usize,
        /// How many generations.
        generations: usize,
        /// Of the random numbers.
        #[serde(default)]
        seed: u64,
    },
}

/// How time is derived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Timing {
    /// No time.
    Counts,
    /// In closed form.
    #[default]
    Analytic,
    /// Flit by flit: every sample of every point is simulated.
    Cycle,
}

/// A space.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Space {
    /// Version of this format: 1.
    pub version: u32,
    /// Its name.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub doc: String,
    /// Base chips: presets or description files.
    pub chips: Vec<String>,
    /// Networks.
    pub networks: Vec<Workload>,
    /// Parameters.
    #[serde(default)]
    pub parameters: Vec<Parameter>,
    /// Expressions that hold at every point.
    #[serde(default)]
    pub constraints: Vec<String>,
    /// What is sought.
    pub objectives: Vec<Objective>,
    /// How points are chosen.
    #[serde(default)]
    pub sampler: SamplerKind,
    /// How time is derived.
    #[serde(default)]
    pub timing: Timing,
    /// Prices; the chip's own where absent.
    #[serde(default)]
    pub prices: Option<String>,
    /// Moves of the placement per cluster, where no parameter says them.
    #[serde(default = "effort")]
    pub effort: u32,
    /// The same for the points of the front, which are placed again; as the others where absent.
    #[serde(default)]
    pub front_effort: Option<u32>,
    /// The values of a point that others are compared with, by path.
    #[serde(default)]
    pub baseline: BTreeMap<String, Scalar>,
}

fn effort() -> u32 {
    50
}

/// A dimension of the space: base chips, networks, then the parameters that are not linked.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// `chip`, `network`, or a path.
    pub name: String,
    /// Its values.
    pub values: Vec<Scalar>,
}

/// A point: what is set.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Index of the base chip.
    pub chip: usize,
    /// Index of the network.
    pub network: usize,
    /// Values by path, linked ones included.
    pub values: BTreeMap<String, Scalar>,
}

/// Most points of a grid.
const MOST_POINTS: u64 = 10_000_000;

/// Most values of a parameter.
const MOST_VALUES: usize = 100_000;

/// Why a text is no space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpaceError {
    file: String,
    text: String,
    span: Range<usize>,
    message: String,
}

impl fmt::Display for SpaceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let annotation = AnnotationKind::Primary.span(self.span.clone());
        let snippet = Snippet::source(&self.text).path(&self.file).annotation(annotation);
        let group = Level::ERROR.primary_title(format!("space: {}", self.message)).element(snippet);
        f.write_str(&Renderer::plain().render(&[group]))
    }
}

impl std::error::Error for SpaceError {}

impl Space {
    /// Reads a space; `file` is the name that errors show.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn parse(text: &str, file: &str) -> Result<Self, SpaceError> {
        let fail = |span, message| SpaceError { file: file.into(), text: text.into(), span, message };
        let form = |path: &str, error: &ron::error::SpannedError| {
            let start = offset(text, error.span.start);
            let place = if path.is_empty() || path == "." { String::new() } else { format!("`{path}`: ") };
            fail(start..offset(text, error.span.end).max(start), format!("{place}{}", error.code))
        };
        let mut reader = ron::Deserializer::from_str(text).map_err(|error| form("", &error))?;
        let space: Self = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            let path = error.path().to_string();
            form(&path, &reader.span_error(error.into_inner()))
        })?;
        reader.end().map_err(|error| form("", &reader.span_error(error)))?;
        match space.fault() {
            None => Ok(space),
            Some((word, message)) => {
                // The place of the wrong word, as it stands in the text.
                let start = text.find(&format!("\"{word}\"")).map_or(0, |at| at + 1);
                let end = if start > 0 { start + word.len() } else { 0 };
                let start = if start > 0 { start } else { text.find(&word).unwrap_or(0) };
                Err(fail(start..end.max((start + word.len()).min(text.len())), message))
            }
        }
    }

    /// The first thing wrong: the word concerned, and what is wrong with it.
    fn fault(&self) -> Option<(String, String)> {
        if self.version != 1 {
            return Some((
                "version".into(),
                format!("version {} is unknown; this program reads version 1", self.version),
            ));
        }
        for (what, empty) in [
            ("chips", self.chips.is_empty()),
            ("networks", self.networks.is_empty()),
            ("objectives", self.objectives.is_empty()),
        ] {
            if empty {
                return Some((what.into(), format!("`{what}` is empty; give at least one")));
            }
        }
        for objective in &self.objectives {
            let figure = objective.figure();
            if find(figure).is_none() {
                let known: Vec<&str> = FIGURES.iter().map(|figure| figure.name).collect();
                return Some((figure.into(), format!("figure `{figure}` is unknown; known are {}", known.join(", "))));
            }
        }
        let mut seen: Vec<&str> = Vec::new();
        for parameter in &self.parameters {
            let path = parameter.path.as_str();
            if seen.contains(&path) {
                return Some((path.into(), format!("parameter `{path}` is given twice")));
            }
            seen.push(path);
            if path.starts_with("deploy.") && !DEPLOYMENT.contains(&path) {
                return Some((path.into(), format!("`{path}` is unknown; known are {}", DEPLOYMENT.join(", "))));
            }
            match &parameter.values {
                Values::Linked(text) => match Expression::parse(text) {
                    Err(error) => return Some((text.clone(), error)),
                    Ok(expression) => {
                        // A linked value may use what stands before it.
                        let later =
                            self.parameters.iter().map(|p| p.path.as_str()).filter(|p| !seen.contains(p) || *p == path);
                        let named = expression.paths();
                        if let Some(other) = later.into_iter().find(|other| named.contains(other)) {
                            let message =
                                format!("`{path}` is linked to `{other}`, which stands behind it; put it first");
                            return Some((text.clone(), message));
                        }
                    }
                },
                values => match list(values) {
                    Err(message) => return Some((path.into(), format!("`{path}`: {message}"))),
                    Ok(values) if values.is_empty() => return Some((path.into(), format!("`{path}` has no values"))),
                    Ok(_) => {}
                },
            }
        }
        for text in &self.constraints {
            if let Err(error) = Expression::parse(text) {
                return Some((text.clone(), error));
            }
        }
        for path in self.baseline.keys() {
            if !seen.contains(&path.as_str()) {
                return Some((path.clone(), format!("the baseline sets `{path}`, which is no parameter")));
            }
        }
        let learns = matches!(self.sampler, SamplerKind::Nsga2 { .. } | SamplerKind::Refined { .. });
        if learns && self.networks.len() > 1 {
            let message = "a sampler that follows a front takes one network: costs of several cannot be compared";
            return Some(("sampler".into(), message.into()));
        }
        if self.n_grid().is_none_or(|n| n > MOST_POINTS) && self.sampler == SamplerKind::Grid {
            let message = format!("the grid has more than {MOST_POINTS} points; choose a sampler, or fewer values");
            return Some(("parameters".into(), message));
        }
        None
    }

    /// The dimensions.
    pub fn axes(&self) -> Vec<Axis> {
        let text = |name: &String| Scalar::Text(name.clone());
        let mut axes = vec![
            Axis { name: "chip".into(), values: self.chips.iter().map(text).collect() },
            Axis { name: "network".into(), values: self.networks.iter().map(|w| Scalar::Text(w.name())).collect() },
        ];
        for parameter in self.parameters.iter().filter(|p| !matches!(p.values, Values::Linked(_))) {
            let values = list(&parameter.values).expect("checked when it was read");
            axes.push(Axis { name: parameter.path.clone(), values });
        }
        axes
    }

    /// Whether a stored point is one of this space, as far as its parameters say.
    pub fn holds(&self, record: &PointRecord) -> bool {
        let paths: BTreeSet<&str> = self.parameters.iter().map(|p| p.path.as_str()).collect();
        let network = self.networks.iter().any(|workload| workload.name() == record.network.model);
        network && self.timing == record.timing && record.values.keys().map(String::as_str).eq(paths)
    }

    /// Whether a parameter follows from others.
    pub fn is_linked(&self, path: &str) -> bool {
        self.parameters.iter().any(|p| p.path == path && matches!(p.values, Values::Linked(_)))
    }

    /// Points of the full grid, constraints aside; `None` if beyond counting.
    pub fn n_grid(&self) -> Option<u64> {
        self.axes().iter().try_fold(1u64, |n, axis| n.checked_mul(axis.values.len() as u64))
    }

    /// The point at indices into the values of each axis; `None` if a constraint does not hold there. `chips` are the base chips.
    ///
    /// # Errors
    /// A link or constraint that has no value there.
    pub fn point(&self, genome: &[usize], chips: &[Value]) -> Result<Option<Point>, String> {
        let axes = self.axes();
        let mut values: BTreeMap<String, Scalar> = BTreeMap::new();
        for (axis, &i) in axes.iter().zip(genome).skip(2) {
            values.insert(axis.name.clone(), axis.values[i].clone());
        }
        let chip = &chips[genome[0]];
        let value = |values: &BTreeMap<String, Scalar>, text: &str| -> Result<f64, String> {
            let of = |path: &str| match values.get(path) {
                Some(scalar) => scalar.number(),
                None => chip::get(chip, path).and_then(|value| value.as_f64()),
            };
            Expression::parse(text)?.value(&of).map_err(|error| format!("`{text}`: {error}"))
        };
        for parameter in &self.parameters {
            if let Values::Linked(text) = &parameter.values {
                values.insert(parameter.path.clone(), Scalar::of_number(value(&values, text)?));
            }
        }
        for text in &self.constraints {
            if value(&values, text)? == 0.0 {
                return Ok(None);
            }
        }
        Ok(Some(Point { chip: genome[0], network: genome[1], values }))
    }
}

/// The values of a parameter that is not linked.
fn list(values: &Values) -> Result<Vec<Scalar>, String> {
    match values {
        Values::List(values) => Ok(values.clone()),
        Values::Range { from, to, step } => {
            if !(from.is_finite() && to.is_finite() && step.is_finite() && *step > 0.0) {
                return Err("a range takes finite numbers and a step above 0".into());
            }
            let n = ((to - from) / step + 1e-9).floor();
            if n >= MOST_VALUES as f64 {
                return Err(format!("the range has more than {MOST_VALUES} values"));
            }
            Ok((0..=n.max(-1.0) as i64)
                .filter(|_| n >= 0.0)
                .map(|i| Scalar::of_number(from + i as f64 * step))
                .collect())
        }
        Values::Powers { from, to } => {
            if *from <= 0 {
                return Err("powers of two begin above 0".into());
            }
            let all = std::iter::successors(Some(*from), |v| v.checked_mul(2));
            Ok(all.take_while(|v| v <= to).map(Scalar::Int).collect())
        }
        Values::Linked(_) => Err("is linked".into()),
    }
}

/// Byte offset of a line and column.
fn offset(text: &str, position: ron::error::Position) -> usize {
    let start: usize = text.split_inclusive('\n').take(position.line.saturating_sub(1)).map(str::len).sum();
    let rest = &text[start..];
    start + rest.char_indices().nth(position.col.saturating_sub(1)).map_or(rest.len(), |(i, _)| i)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"Space(
    version: 1,
    name: "small",
    chips: ["loihi1", "loihi2"],
    networks: [(model: "mnist-small", samples: Some(20))],
    parameters: [
        (path: "core.neurons", values: Powers(from: 256, to: 1024)),
        (path: "core.lanes", values: Range(from: 1, to: 3, step: 1)),
        (path: "mesh.width", values: Linked("4096 / core.neurons")),
        (path: "noc.multicast", values: List(["Unicast", "Rectangle"])),
    ],
    constraints: ["mesh.width * core.lanes <= 16", "core.memories.weights.bits > 0"],
    objectives: [Minimize("energy"), Minimize("latency")],
)"#;

    fn chips(space: &Space) -> Vec<Value> {
        let chip = |name: &String| spikeloom::isa::arch::preset::preset(name).expect("a preset");
        space.chips.iter().map(|name| serde_json::to_value(chip(name)).expect("JSON")).collect()
    }

    #[test]
    fn points_of_a_space() {
        let space = Space::parse(TEXT, "x.ron").unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(space.n_grid(), Some(2 * 3 * 3 * 2));
        let chips = chips(&space);
        let point = space.point(&[1, 0, 2, 1, 1], &chips).expect("it has values").expect("it holds");
        assert_eq!((point.chip, point.values["mesh.width"].clone()), (1, Scalar::Int(4)));
        assert_eq!(point.values["noc.multicast"], Scalar::Text("Rectangle".into()));
        assert_eq!(space.point(&[0, 0, 0, 1, 0], &chips), Ok(None), "16 × 2 > 16");
    }

    #[test]
    fn errors_show_the_place() {
        for (from, to, part) in [
            ("\"energy\"", "\"energi\"", "figure `energi` is unknown; known are energy"),
            ("from: 256", "form: 256", "form"),
            ("4096 / core", "4096 / / core", "where a number, a path"),
            ("4096 / core.neurons", "noc.multicast", "stands behind it"),
            ("\"core.lanes\", v", "\"core.neurons\", v", "given twice"),
            ("\"core.lanes\", v", "\"deploy.lanes\", v", "known are deploy.weight_bits"),
            ("step: 1", "step: 0", "a step above 0"),
            ("version: 1", "version: 7", "version 7 is unknown"),
        ] {
            assert!(TEXT.contains(from), "{from}");
            let error = Space::parse(&TEXT.replacen(from, to, 1), "x.ron").expect_err(to).to_string();
            assert!(error.contains(part) && error.contains("x.ron:"), "{error}");
        }
    }
}
