//! What is used where a file says nothing: an option, else the file's metadata, else a profile, else a default; each with its
//! origin.

use super::{
    guess::Guess,
    inline::Flat,
    model::{Neuron, Node, Problem},
    normalize::{Normalize, Normalized},
    options::{Assumption, Coding, Integrator, Options, Origin, Reset, Rules, Spikes, Start},
    profile::Profile,
    said::Said,
};
use ir::{Compare, InputCoding};
use std::collections::BTreeMap;

/// Steps in which a sample is presented if nobody says.
const STEPS: u32 = 32;
/// Most steps of a sample.
const MAX_STEPS: u32 = 1 << 24;

/// What the neurons of a node do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rule {
    pub(super) reset: Reset,
    pub(super) compare: Compare,
    pub(super) floor: Option<f64>,
    pub(super) start: Start,
    pub(super) spikes: Spikes,
}

/// Everything that a lowering needs to know beyond the graph.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) dt: Option<f64>,
    pub(super) rule: Rule,
    pub(super) integrator: Integrator,
    /// Whether a spike's weight is added whole to a current whose `w_in` is 1.
    pub(super) adds_whole: bool,
    pub(super) steps: u32,
    pub(super) coding: Coding,
    /// How intensities are normalized, and for the input that the network has.
    pub(super) normalize: Option<Normalize>,
    pub(super) normalized: Option<Normalized>,
    /// Whether samples may be shorter than `steps`.
    pub(super) lengths_differ: bool,
    /// Largest magnitude of what an input neuron receives in a timestep, where recordings say.
    pub(super) reach: Option<f64>,
    pub(super) said: Option<Said>,
    pub(super) output: Option<String>,
    pub(super) nodes: BTreeMap<String, Rules>,
    pub(super) list: Vec<Assumption>,
}

/// A value as different sources give it.
struct Sources<T> {
    given: Option<T>,
    said: Option<T>,
    data: Option<T>,
    profile: Option<T>,
}

impl Settings {
    pub(super) fn new(options: &Options, said: Option<Said>, guess: Option<&Guess>) -> Self {
        let profile = options.profile;
        let rules = profile.map(|p| p.rules).unwrap_or_default();
        let mut list = List { profile: profile.map_or("", |p| p.name), lines: Vec::new() };
        let dt = Sources {
            given: options.dt,
            said: said.as_ref().map(|s| s.dt),
            data: None,
            profile: profile.map(|p| guess.map_or(p.dt, |guess| guess.dt)),
        };
        let dt = list.settle("timestep", dt, None, "", |dt| format!("{dt:e}"));
        let reset = Sources {
            given: options.rules.reset,
            said: said.as_ref().map(|s| match s.reset {
                ir::Reset::Subtract => Reset::Subtract,
                ir::Reset::Zero => Reset::Zero,
            }),
            data: None,
            profile: rules.reset,
        };
        let remark = "NIR's definition; many networks are trained with --reset subtract, ask their author";
        let reset = list.settle("reset", reset, Some(Reset::Zero), remark, |reset| reset.to_string());
        let compare = Sources {
            given: options.rules.compare,
            said: said.as_ref().map(|s| s.compare),
            data: None,
            profile: rules.compare,
        };
        let remark = "NIR's definition; --compare ge for the other";
        let compare = list.settle("comparison", compare, Some(Compare::Greater), remark, |compare| match compare {
            Compare::Greater => "fires if v > θ".into(),
            Compare::GreaterEqual => "fires if v ≥ θ".into(),
        });
        let spikes = Sources {
            given: options.rules.spikes,
            said: said.as_ref().map(|_| Spikes::One),
            data: None,
            profile: rules.spikes,
        };
        let remark = "NIR's definition; sinabs and Rockpool fire more often by default, --spikes several";
        let spikes = list.settle("spikes", spikes, Some(Spikes::One), remark, |spikes| spikes.to_string());
        let integrator = Sources {
            given: options.integrator,
            said: said.as_ref().map(|s| s.integrator),
            data: None,
            profile: profile.map(|p| p.integrator),
        };
        let remark = "as most frameworks; --integrator exponential for the other";
        let integrator = list.settle("integrator", integrator, Some(Integrator::Euler), remark, |rule| match rule {
            Integrator::Euler => "forward Euler".into(),
            Integrator::Exponential => "exponential Euler".into(),
        });
        let coding = Sources {
            given: options.coding,
            said: said.as_ref().map(|s| match s.coding {
                InputCoding::DirectOnce => Coding::Once,
                InputCoding::DirectEveryStep { .. } => Coding::Every,
                InputCoding::Events { .. } => Coding::Events,
            }),
            data: options.recorded.map(|_| Coding::Events),
            profile: None,
        };
        let remark = "--coding once or events for spikes";
        let coding = list.settle("input", coding, Some(Coding::Every), remark, |coding| match coding {
            Coding::Every => "values pixel/255 in every timestep".into(),
            Coding::Once => "values pixel/255 in timestep 0".into(),
            Coding::Events => "spikes".into(),
        });
        let steps = Sources {
            given: options.steps,
            said: said.as_ref().map(|s| match s.coding.within(s.timesteps) {
                InputCoding::DirectEveryStep { steps } | InputCoding::Events { steps, .. } => steps,
                InputCoding::DirectOnce => s.timesteps,
            }),
            data: options.recorded.map(|r| r.steps),
            profile: None,
        };
        let steps = list.settle("steps", steps, Some(STEPS), "set with --steps", |n| n.to_string());
        if let Some(normalize) = &options.normalize {
            list.push("values", normalize.describe(), Origin::Given, "");
        }
        let floor = list.floor(options.rules.floor, said.is_some());
        let start = if said.is_some() {
            list.push("start", "potentials and windows of each population".into(), Origin::Metadata, "");
            Some(Start::At(0.0))
        } else {
            let start = Sources { given: options.rules.start, said: None, data: None, profile: rules.start };
            let remark = "SpikingJelly starts at v_reset, Norse at v_leak: --start reset, --start leak";
            list.settle("start", start, Some(Start::At(0.0)), remark, |start| start.to_string())
        };
        for (node, rules) in &options.nodes {
            list.push(&format!("`{node}`"), described(rules), Origin::Given, "");
        }
        let known = "every rule has a default";
        Self {
            dt,
            rule: Rule {
                reset: reset.expect(known),
                compare: compare.expect(known),
                floor,
                start: start.expect(known),
                spikes: spikes.expect(known),
            },
            integrator: integrator.expect(known),
            adds_whole: profile.is_some_and(|p| p.adds_whole),
            steps: steps.expect(known),
            coding: coding.expect(known),
            normalize: options.normalize.clone(),
            normalized: None,
            lengths_differ: options.recorded.is_some_and(|r| r.lengths_differ),
            reach: options.recorded.map(|r| r.reach),
            said,
            output: options.output.clone(),
            nodes: options.nodes.clone(),
            list: list.lines,
        }
    }

    /// Notes how spikes enter the currents of a file, where that is not what it says.
    pub(super) fn note_currents(&mut self, flat: &Flat, profile: Option<&Profile>) {
        let plain = |(_, node): &(String, Node)| match node {
            Node::Neuron(Neuron { synapse: Some(synapse), .. }) => synapse.is_plain(),
            _ => false,
        };
        if let Some(profile) = profile.filter(|p| p.adds_whole && flat.nodes.iter().any(plain)) {
            let value = "spikes are added whole, i ← (1 − α_syn)·i + I, where w_in is 1".into();
            let (what, origin) = ("current".into(), Origin::Profile(profile.name));
            self.list.push(Assumption { what, value, origin, remark: "" });
        }
    }

    /// What the neurons of a node do; what is said of a graph goes for the nodes inside.
    pub(super) fn rule(&self, node: &str) -> Rule {
        let around = node.match_indices('.').map(|(end, _)| &node[..end]);
        let said = around.chain([node]).filter_map(|name| self.nodes.get(name));
        let own = said.fold(Rules::default(), |outer, inner| inner.over(outer));
        Rule {
            reset: own.reset.unwrap_or(self.rule.reset),
            compare: own.compare.unwrap_or(self.rule.compare),
            floor: own.floor.or(self.rule.floor),
            start: own.start.unwrap_or(self.rule.start),
            spikes: own.spikes.unwrap_or(self.rule.spikes),
        }
    }

    /// Options that no network can have, or that contradict the file's metadata.
    pub(super) fn check(&self, options: &Options) -> Result<(), Problem> {
        let problem = |message: String| Err(Problem::new("graph", message));
        if let Some(said) = &self.said {
            if options.steps.is_some() || options.coding.is_some() {
                return problem(
                    "steps and coding of this file are fixed by its metadata; leave --steps and --coding out".into(),
                );
            }
            if let Some(dt) = options.dt.filter(|&dt| !super::model::same_constant(dt, said.dt)) {
                return problem(format!(
                    "--dt {dt:e} contradicts the file, whose metadata say a timestep of {:e}, in which its time constants are \
                     written; leave --dt out",
                    said.dt
                ));
            }
        }
        if self.normalize.is_some() && (self.said.is_some() || self.coding == Coding::Events) {
            let why =
                if self.said.is_some() { "the file says itself how images enter" } else { "spikes have no intensity" };
            return problem(format!("--mean and --std normalize intensities, but {why}; leave them out"));
        }
        if let Some(dt) = self.dt.filter(|dt| !(dt.is_finite() && *dt > 0.0)) {
            return problem(format!("a timestep of {dt:e} is not possible; give a positive --dt"));
        }
        if self.steps == 0 {
            return problem("0 steps are not possible; give --steps 1 or more".into());
        }
        if self.steps > MAX_STEPS {
            return problem(format!("{} steps are too many; at most {MAX_STEPS} are possible", self.steps));
        }
        let rules = self.nodes.values().chain([&options.rules]);
        for rules in rules {
            let floor = rules.floor.filter(|floor| !floor.is_finite());
            let start = rules.start.and_then(|start| match start {
                Start::At(v) if !v.is_finite() => Some(v),
                _ => None,
            });
            if let Some(bad) = floor.or(start) {
                return problem(format!("a potential of {bad} is not possible; give a finite number"));
            }
        }
        Ok(())
    }
}

/// The rules that a node's options give, in words.
fn described(rules: &Rules) -> String {
    let compare = rules.compare.map(|compare| match compare {
        Compare::Greater => "fires if v > θ".to_owned(),
        Compare::GreaterEqual => "fires if v ≥ θ".to_owned(),
    });
    let parts = [
        rules.reset.map(|reset| format!("reset {reset}")),
        compare,
        rules.floor.map(|floor| format!("v ≥ {floor}")),
        rules.start.map(|start| format!("starts at {start}")),
        rules.spikes.map(|spikes| format!("spikes {spikes}")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

struct List {
    profile: &'static str,
    lines: Vec<Assumption>,
}

impl List {
    fn push(&mut self, what: &str, value: String, origin: Origin, remark: &'static str) {
        self.lines.push(Assumption { what: what.into(), value, origin, remark });
    }

    /// The first value there is, noted in the list.
    fn settle<T: Copy>(
        &mut self,
        what: &str,
        sources: Sources<T>,
        default: Option<T>,
        remark: &'static str,
        show: impl Fn(T) -> String,
    ) -> Option<T> {
        let (value, origin) = match sources {
            Sources { given: Some(value), .. } => (value, Origin::Given),
            Sources { said: Some(value), .. } => (value, Origin::Metadata),
            Sources { data: Some(value), .. } => (value, Origin::Data),
            Sources { profile: Some(value), .. } => (value, Origin::Profile(self.profile)),
            _ => match default {
                Some(value) => (value, Origin::Assumed),
                None => {
                    self.push(what, "not known".into(), Origin::Assumed, "give --dt or --profile");
                    return None;
                }
            },
        };
        self.push(what, show(value), origin, remark);
        Some(value)
    }

    /// The floor of all neurons; those of a file's metadata are by population.
    fn floor(&mut self, given: Option<f64>, is_said: bool) -> Option<f64> {
        match given {
            Some(floor) => self.push("floor", format!("v ≥ {floor}"), Origin::Given, ""),
            None if is_said => self.push("floor", "of each population".into(), Origin::Metadata, ""),
            None => self.push("floor", "none".into(), Origin::Assumed, "sinabs' min_v_mem is --floor"),
        }
        given
    }
}
