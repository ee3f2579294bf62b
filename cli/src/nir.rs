//! NIR files on the command line: options for what a file does not say, and the list of what was assumed.

use crate::files;
use anyhow::{Result, anyhow};
use clap::{
    Args as ClapArgs,
    builder::{PossibleValue, PossibleValuesParser, TypedValueParser},
};
use ir::{Compare, Graph, InputCoding, NeuronModel, Stage};
use nir::{
    Coding, Integrator, Normalize, Options, PROFILES, Profile, Read, Recorded, Reset, Rules, Spikes, Start, Worded,
};
use spikeloom::Model;
use std::{collections::BTreeMap, path::Path};

/// What a NIR file does not say.
#[derive(Clone, Debug, Default, ClapArgs)]
#[command(next_help_heading = "NIR files")]
pub(crate) struct NirArgs {
    /// Framework that wrote the file: what it does by default and does not write
    #[arg(long, value_parser = framework, value_name = "snntorch|spikingjelly|norse|sinabs|rockpool|lava")]
    profile: Option<&'static Profile>,
    /// Length of a timestep in the file's unit of time
    #[arg(long, value_name = "TIME")]
    dt: Option<f64>,
    /// Reset after a spike
    #[arg(long, value_parser = words::<Reset>())]
    reset: Option<Reset>,
    /// A neuron fires if v > θ (gt) or v ≥ θ (ge)
    #[arg(long, value_parser = words::<Compare>())]
    compare: Option<Compare>,
    /// Least potential
    #[arg(long, value_name = "POTENTIAL", allow_negative_numbers = true)]
    floor: Option<f64>,
    /// Potential before the first timestep: a number, reset (`v_reset`) or leak (`v_leak`)
    #[arg(long, value_parser = str::parse::<Start>, value_name = "POTENTIAL|reset|leak", allow_hyphen_values = true)]
    start: Option<Start>,
    /// Spikes of a neuron in a timestep: one, several (⌊v/θ⌋, at most 15), or at most a number
    #[arg(long, value_parser = str::parse::<Spikes>, value_name = "one|several|N")]
    spikes: Option<Spikes>,
    /// A rule of one node's neurons, as `lif2.reset=none`; rules: reset, compare, floor, start, spikes
    #[arg(long, value_parser = node_rule, value_name = "NODE.RULE=VALUE")]
    node: Vec<NodeRule>,
    /// How a differential equation becomes a step
    #[arg(long, value_parser = words::<Integrator>())]
    integrator: Option<Integrator>,
    /// Timesteps in which input arrives
    #[arg(long, value_name = "N")]
    steps: Option<u32>,
    /// How samples enter: values in every step, values once, or spikes
    #[arg(long, value_parser = words::<Coding>())]
    coding: Option<Coding>,
    /// Subtracted from intensities of 0 to 1, for all channels or for each: the value of a pixel is (p/255 − MEAN)/STD
    #[arg(long, value_name = "MEAN,...", value_delimiter = ',', allow_negative_numbers = true)]
    mean: Vec<f64>,
    /// Divides intensities, for all channels or for each. Default: 1
    #[arg(long, value_name = "STD,...", value_delimiter = ',')]
    std: Vec<f64>,
    /// Interval of the reset of a netx network whose samples follow each other: layer l starts again in steps l, l + N, …
    #[arg(long, value_name = "N")]
    reset_interval: Option<u32>,
    /// The Output node that the class is read from, where there are several
    #[arg(long, value_name = "NODE")]
    read_out: Option<String>,
    /// What recordings say, where there are any.
    #[arg(skip)]
    recorded: Option<RecordedInput>,
}

/// What recordings say about the input of a NIR file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct RecordedInput {
    /// Timesteps of the longest.
    pub(crate) steps: u32,
    /// Whether some are shorter.
    pub(crate) lengths_differ: bool,
    /// Smallest value of an event.
    pub(crate) least: i32,
    /// Largest value of an event.
    pub(crate) most: i32,
    /// Real value of one unit.
    pub(crate) unit: f64,
}

impl RecordedInput {
    fn enter<S: Stage>(self, graph: &mut Graph<S>) {
        let Some(input) = graph.input() else { return };
        if let NeuronModel::Input { coding: InputCoding::Events { least, most, .. }, scale } =
            &mut graph.population_mut(input).neuron
        {
            (*least, *most, *scale) = (self.least, self.most, self.unit as f32);
        }
    }
}

/// A parser of words, which lists what they mean in the help.
fn words<T: Worded>() -> impl TypedValueParser<Value = T> {
    let possible = T::WORDS.iter().map(|word| PossibleValue::new(word.name).help(word.help));
    PossibleValuesParser::new(possible).map(|name| T::of_word(&name).expect("one of the possible values"))
}

/// A rule of one node.
#[derive(Clone, Debug)]
struct NodeRule {
    node: String,
    rules: Rules,
}

fn framework(name: &str) -> Result<&'static Profile, String> {
    let known = || PROFILES.iter().map(|profile| profile.name).collect::<Vec<_>>().join(", ");
    nir::profile(name).ok_or_else(|| format!("no framework of this name is known; known are {}", known()))
}

fn node_rule(text: &str) -> Result<NodeRule, String> {
    let form = || "has the form NODE.RULE=VALUE, as out.reset=none".to_owned();
    let (place, value) = text.rsplit_once('=').ok_or_else(form)?;
    let (node, rule) = place.rsplit_once('.').ok_or_else(form)?;
    let mut rules = Rules::default();
    match rule {
        "reset" => rules.reset = Some(Reset::of_word(value)?),
        "compare" => rules.compare = Some(Compare::of_word(value)?),
        "floor" => rules.floor = Some(value.parse().map_err(|_| format!("`{value}` is no number"))?),
        "start" => rules.start = Some(value.parse()?),
        "spikes" => rules.spikes = Some(value.parse()?),
        other => return Err(format!("`{other}` is no rule; rules are reset, compare, floor, start, spikes")),
    }
    Ok(NodeRule { node: node.into(), rules })
}

impl NirArgs {
    pub(crate) fn options(&self) -> Options {
        let mut nodes: BTreeMap<String, Rules> = BTreeMap::new();
        for NodeRule { node, rules } in &self.node {
            let known = nodes.entry(node.clone()).or_default();
            *known = rules.over(*known);
        }
        Options {
            dt: self.dt,
            rules: Rules {
                reset: self.reset,
                compare: self.compare,
                floor: self.floor,
                start: self.start,
                spikes: self.spikes,
            },
            nodes,
            integrator: self.integrator,
            steps: self.steps,
            coding: self.coding,
            profile: self.profile,
            output: self.read_out.clone(),
            normalize: self.normalize(),
            recorded: self.recorded.map(|r| Recorded {
                steps: r.steps,
                lengths_differ: r.lengths_differ,
                reach: f64::from(r.least.unsigned_abs().max(r.most.unsigned_abs())) * r.unit,
            }),
        }
    }

    fn normalize(&self) -> Option<Normalize> {
        let given = |values: &[f64], default| if values.is_empty() { vec![default] } else { values.to_vec() };
        let asked = !(self.mean.is_empty() && self.std.is_empty());
        asked.then(|| Normalize { mean: given(&self.mean, 0.0), std: given(&self.std, 1.0) })
    }

    /// What a netx file does not say.
    pub(crate) fn netx(&self) -> netx::Options {
        netx::Options {
            steps: self.steps,
            recorded_steps: self.recorded.map(|r| r.steps),
            reset_interval: self.reset_interval,
            events: match self.coding {
                None => self.recorded.map(|_| true),
                Some(entry) => Some(matches!(entry, Coding::Events)),
            },
        }
    }

    /// The first option given that netx files have no use for.
    pub(crate) fn first_not_netx(&self) -> Option<&'static str> {
        self.given().find(|option| !["--steps", "--coding", "--reset-interval"].contains(option))
    }

    /// Recordings set the coding, its values and the number of steps, where the user does not.
    pub(crate) fn record(&mut self, recorded: RecordedInput) {
        self.recorded = Some(recorded);
    }

    /// Whether samples were said to enter as values.
    pub(crate) fn takes_values(&self) -> bool {
        matches!(self.coding, Some(Coding::Every | Coding::Once))
    }

    /// Makes the input of a network take the values that recordings have.
    pub(crate) fn take_values(&self, model: &mut Model) {
        if let Some(recorded) = self.recorded {
            recorded.enter(&mut model.graph);
            if let Some(integers) = &mut model.integers {
                recorded.enter(integers);
            }
        }
    }

    /// The first option that was given.
    pub(crate) fn first_given(&self) -> Option<&'static str> {
        self.given().next()
    }

    /// The options that were given.
    pub(crate) fn given(&self) -> impl Iterator<Item = &'static str> {
        let given = [
            ("--dt", self.dt.is_some()),
            ("--profile", self.profile.is_some()),
            ("--reset", self.reset.is_some()),
            ("--compare", self.compare.is_some()),
            ("--floor", self.floor.is_some()),
            ("--start", self.start.is_some()),
            ("--spikes", self.spikes.is_some()),
            ("--node", !self.node.is_empty()),
            ("--integrator", self.integrator.is_some()),
            ("--steps", self.steps.is_some()),
            ("--coding", self.coding.is_some()),
            ("--mean", !self.mean.is_empty()),
            ("--std", !self.std.is_empty()),
            ("--reset-interval", self.reset_interval.is_some()),
            ("--read-out", self.read_out.is_some()),
        ];
        given.into_iter().filter(|(_, given)| *given).map(|(name, _)| name)
    }
}

/// The graph in a file.
pub(crate) fn read(path: &Path) -> Result<Read> {
    nir::read(files::read(path)?).map_err(|problems| anyhow!("{}: {problems}", path.display()))
}

/// A name for the network of a file.
pub(crate) fn stem(path: &Path) -> String {
    path.file_stem().map_or_else(|| "nir".into(), |stem| stem.to_string_lossy().into_owned())
}
