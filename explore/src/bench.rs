//! Evaluates points: sets the values, compiles what has not been compiled, records spikes that have not been recorded, costs.
//!
//! What points share is made once: the integers of a network by widths, a program by everything of a chip that compilation looks at,
//! a record of spikes by integers and samples. Programs and records are kept within bounds, so memory does not grow with the
//! number of points. Chips that fire per event, and flits one by one, are simulated sample by sample.

use crate::{
    chip,
    failure::{Failed, because, does_not_fit, other, replay_failed},
    outcome::{Ran, figures, resources, split},
    price_rule::PriceRule,
    record::{
        Binding, ChipRecord, Deployment, FORMAT, NetworkRecord, Outcome, PointRecord, Reason, Stage, VERSION, sha256,
    },
    shared::Shared,
    space::{Point, Scalar, Space, Timing},
};
use serde_json::Value;
use spikeloom::{
    Chip, Costed, Described, Error, Executable, Model, Quiet, RunOptions, Samples,
    compiler::{Options, QuantizeOptions, Unobserved, compile_quantized, front},
    ir::{self, Graph, Quantized},
    isa::{Arch, Program, arch::Sweep},
    simulator::{self, ReplayError, TimingMode},
};
use std::{collections::BTreeMap, sync::Arc};

/// A network with its samples.
pub struct Network {
    model: Model,
    samples: Box<dyn Samples>,
    record: NetworkRecord,
}

impl Network {
    /// A model with samples that fit it.
    ///
    /// # Errors
    /// If they do not, or there are none.
    pub fn new(model: Model, samples: Box<dyn Samples>) -> Result<Self, Error> {
        let input = model.input()?;
        samples.ensure_fit(&input)?;
        if samples.is_empty() {
            return Err(Error::Input(format!("{}: there are no samples; give at least one", model.name)));
        }
        let mut sent = Vec::new();
        for i in 0..samples.len() {
            for (t, step) in samples.stimulus(i, &input).steps.iter().enumerate() {
                let events =
                    step.iter().flat_map(|event| [event.neuron.to_le_bytes(), event.value.to_le_bytes()].concat());
                sent.extend([(i as u32).to_le_bytes(), (t as u32).to_le_bytes()].concat());
                sent.extend(events);
            }
            sent.extend(samples.label(i).unwrap_or(u32::MAX).to_le_bytes());
        }
        let record = NetworkRecord {
            model: model.name.clone(),
            sha256: sha256(ir::text::print(&model.graph).as_bytes()),
            data: samples.name().to_owned(),
            samples: samples.len(),
            samples_sha256: sha256(&sent),
        };
        Ok(Self { model, samples, record })
    }
}

/// A network in integers.
struct Integers {
    graph: Graph<Quantized>,
    sha256: String,
}

/// A program, and what is fullest on its chip.
struct Built {
    program: Program,
    binding: Option<Binding>,
    resources: BTreeMap<String, f64>,
}

/// Programs kept.
const MOST_PROGRAMS: usize = 32;

/// Records of spikes kept.
const MOST_RECORDS: usize = 4;

/// Networks in integers kept.
const MOST_INTEGERS: usize = 32;

/// A base chip, its description as JSON, and what prices points on it, if anything does.
struct Base {
    chip: Chip,
    description: Value,
    prices: Option<PriceRule>,
}

/// Everything that points of a space are evaluated with. Threads share it.
pub struct Bench {
    space: Space,
    chips: Vec<Base>,
    networks: Vec<Network>,
    integers: Shared<(usize, u32, u32), Result<Arc<Integers>, Failed>>,
    programs: Shared<String, Result<Arc<Built>, Failed>>,
    spikes: Shared<(String, usize, bool), Result<Arc<simulator::Record>, ReplayError>>,
}

impl Bench {
    /// A bench for the space with its base chips and networks, in the space's order; priced by `prices` or, without, by the chips' own.
    pub fn new(space: Space, chips: Vec<Chip>, networks: Vec<Network>, prices: Option<PriceRule>) -> Self {
        let described = |chip: Chip| {
            let description = serde_json::to_value(&chip.arch).expect("descriptions have a form in JSON");
            Base { prices: prices.clone().or_else(|| PriceRule::own(&chip)), chip, description }
        };
        Self {
            space,
            chips: chips.into_iter().map(described).collect(),
            networks,
            integers: Shared::new(MOST_INTEGERS),
            programs: Shared::new(MOST_PROGRAMS),
            spikes: Shared::new(MOST_RECORDS),
        }
    }

    /// The space.
    pub fn space(&self) -> &Space {
        &self.space
    }

    /// The point at indices into the values of each axis; `None` where a constraint does not hold.
    ///
    /// # Errors
    /// A link or constraint that has no value there.
    pub fn point(&self, genome: &[usize]) -> Result<Option<Point>, String> {
        let chips: Vec<Value> = self.chips.iter().map(|base| base.description.clone()).collect();
        self.space.point(genome, &chips)
    }

    /// The record of a point before it is evaluated: its outcome says that it was not.
    pub fn draft(&self, point: &Point, stage: Stage) -> PointRecord {
        let base = &self.chips[point.chip];
        let description = match self.arch(point) {
            Ok(arch) => serde_json::to_value(&arch).expect("descriptions have a form in JSON"),
            Err(_) => base.description.clone(),
        };
        PointRecord {
            format: FORMAT.into(),
            version: VERSION,
            spikeloom: env!("CARGO_PKG_VERSION").into(),
            values: point.values.clone(),
            stage,
            network: self.networks[point.network].record.clone(),
            chip: ChipRecord {
                base: base.chip.arch.name.clone(),
                sha256: sha256(description.to_string().as_bytes()),
                description,
            },
            prices: base.prices.as_ref().map(PriceRule::record),
            deployment: self.deployment(point, stage),
            timing: self.space.timing,
            outcome: Outcome::Failed { reason: Reason::Other, limits: Vec::new() },
        }
    }

    /// The point that a record of this space is of.
    pub(crate) fn find(&self, record: &PointRecord) -> Option<Point> {
        let chip = self.chips.iter().position(|base| base.chip.arch.name == record.chip.base)?;
        let network = self.networks.iter().position(|network| network.record == record.network)?;
        Some(Point { chip, network, values: record.values.clone() })
    }

    /// Points that share a program have the same group: evaluated one after the other, it is compiled once.
    pub fn group(&self, draft: &PointRecord) -> String {
        program_key(&draft.chip.description, &draft.deployment, &draft.network.sha256)
    }

    /// Evaluates a point.
    pub fn evaluate(&self, point: &Point, stage: Stage) -> PointRecord {
        let draft = self.draft(point, stage);
        let outcome = match self.cost(point, &draft) {
            Ok(outcome) => outcome,
            Err((reason, limits)) => Outcome::Failed { reason, limits },
        };
        PointRecord { outcome, ..draft }
    }

    fn arch(&self, point: &Point) -> Result<Arch, Failed> {
        let of_chip = point.values.iter().filter(|(path, _)| !path.starts_with("deploy."));
        chip::set(&self.chips[point.chip].chip.arch, of_chip.map(|(path, value)| (path.as_str(), value)))
            .map_err(|message| (Reason::Invalid, vec![because("chip", message)]))
    }

    fn deployment(&self, point: &Point, stage: Stage) -> Deployment {
        let number = |path: &str| point.values.get(path).and_then(Scalar::number);
        let effort = match stage {
            Stage::Search => number("deploy.effort").map(|effort| effort as u32),
            Stage::Front => self.space.front_effort,
        };
        Deployment {
            weight_bits: number("deploy.weight_bits").map_or(8, |bits| bits as u32),
            balance: number("deploy.balance").is_some_and(|balance| balance != 0.0),
            seed: number("deploy.seed").map_or(1, |seed| seed as u64),
            effort: effort.unwrap_or(self.space.effort),
        }
    }

    fn cost(&self, point: &Point, draft: &PointRecord) -> Result<Outcome, Failed> {
        let arch = self.arch(point)?;
        let network = &self.networks[point.network];
        let deployment = &draft.deployment;
        if !(1..=16).contains(&deployment.weight_bits) {
            let message = format!("deploy.weight_bits is {}; weights have 1 to 16 bits", deployment.weight_bits);
            return Err((Reason::Invalid, vec![because("deployment", message)]));
        }
        let widths = (point.network, deployment.weight_bits, arch.core.state_bits);
        let cell = self.integers.cell(&widths);
        let integers = cell.get_or_init(|| integers(network, &arch, deployment.weight_bits)).clone()?;
        let cell = self.programs.cell(&self.group(draft));
        let built = cell.get_or_init(|| build(&integers.graph, &arch, deployment)).clone()?;
        let chip = Chip::new(arch.clone()).map_err(other)?;
        let executable = Executable::new(built.program.clone(), chip).map_err(other)?;
        let mode = match self.space.timing {
            Timing::Counts => TimingMode::Counts,
            Timing::Analytic => TimingMode::Analytic,
            Timing::Cycle => TimingMode::Cycle,
        };
        let key = (integers.sha256.clone(), point.network, arch.core.sweep == Sweep::Touched);
        let ran = if executable.machine.is_event_driven() || mode == TimingMode::Cycle {
            simulate(&executable, network, mode)?
        } else {
            let cell = self.spikes.cell(&key);
            let spikes = cell.get_or_init(|| executable.spikes(&*network.samples).map(Arc::new)).clone();
            let costed = spikes.and_then(|spikes| Ok((executable.replay(&spikes, &*network.samples, mode)?, spikes)));
            match costed {
                Ok((Costed { record, seconds, bounds }, spikes)) => {
                    let spikes = spikes.outcomes().iter().map(|outcome| outcome.spikes).sum();
                    Ran { record, seconds, bounds, spikes, simulated: false }
                }
                // What a record cannot hold is run.
                Err(ReplayError::TooWide { .. } | ReplayError::Repeated) => simulate(&executable, network, mode)?,
                Err(error) => return Err(replay_failed(error)),
            }
        };
        let described = Described::new(&built.program, &arch);
        let prices = self.chips[point.chip].prices.as_ref();
        let table = prices.map(|prices| prices.table(&described)).transpose().map_err(other)?;
        let (mut figures, lower_bound) = figures(&ran, table.as_ref())?;
        if let Ok(parts) = described.parts() {
            figures.insert("area".into(), parts.area_mm2().value * 1e-6 * ran.record.chips as f64);
        }
        Ok(Outcome::Costed {
            figures,
            binding: built.binding.clone(),
            resources: built.resources.clone(),
            time: ran.bounds.as_ref().map(|bounds| split(bounds, &arch, ran.record.images)),
            lower_bound,
            simulated: ran.simulated,
        })
    }
}

fn integers(network: &Network, arch: &Arch, weight_bits: u32) -> Result<Arc<Integers>, Failed> {
    let options = QuantizeOptions { weight_bits, state_bits: arch.core.state_bits, ..QuantizeOptions::default() };
    let quantized = front(&network.model.graph, arch, &options, false, &mut Unobserved).map_err(does_not_fit)?;
    let sha256 = sha256(ir::text::print(&quantized.graph).as_bytes());
    Ok(Arc::new(Integers { graph: quantized.graph, sha256 }))
}

fn build(graph: &Graph<Quantized>, arch: &Arch, deployment: &Deployment) -> Result<Arc<Built>, Failed> {
    let options = Options {
        seed: deployment.seed,
        balance: deployment.balance,
        moves_per_cluster: deployment.effort,
        check: false,
        baselines: false,
        ..Options::default()
    };
    let compiled = compile_quantized(graph, arch, &options).map_err(does_not_fit)?;
    let binding = compiled.reports.utilization.max;
    let binding = binding.map(|(resource, share)| Binding { resource: resource.to_string(), share });
    let resources = resources(&compiled.program, arch);
    Ok(Arc::new(Built { program: compiled.program, binding, resources }))
}

fn simulate(executable: &Executable, network: &Network, mode: TimingMode) -> Result<Ran, Failed> {
    let options = RunOptions { mode, threads: 1, ..RunOptions::default() };
    let run = executable.run(&*network.samples, &options, &mut Quiet).map_err(other)?;
    let seconds = run.samples.iter().map(|sample| sample.seconds).collect();
    let (spikes, bounds) = (run.samples.iter().map(|sample| sample.spikes).sum(), run.bounds());
    Ok(Ran { record: run.record, seconds, bounds, spikes, simulated: true })
}

/// What of a description compilation does not look at: figures of time, and how they are measured.
const UNSEEN: &[&str] = &[
    "doc",
    "tick_ps",
    "input_interval",
    "prices",
    "core.timing",
    "core.lanes",
    "noc.router",
    "noc.flit_interval",
    "noc.virtual_channels",
    "noc.buffer_flits",
    "noc.allocation",
];

/// The address of a program: everything that compilation looks at.
fn program_key(description: &Value, deployment: &Deployment, network: &str) -> String {
    let mut seen = description.clone();
    for path in UNSEEN {
        let pointer = format!("/{}", path.replace('.', "/"));
        if let Some(field) = seen.pointer_mut(&pointer) {
            *field = Value::Null;
        }
    }
    if let Some(Value::Object(memories)) = seen.pointer_mut("/core/memories") {
        for memory in memories.values_mut() {
            memory["ports"] = Value::Null;
            memory["banks"] = Value::Null;
        }
    }
    if let Some(Value::Object(sync)) = seen.get_mut("sync") {
        sync.values_mut().for_each(|times| *times = Value::Null);
    }
    let deployment = serde_json::to_string(deployment).expect("deployments have a form in JSON");
    sha256(format!("{seen}{deployment}{network}").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use spikeloom::isa::arch::preset::preset;

    /// Programs of chips that differ in what compilation does not look at are the same.
    #[test]
    fn what_is_unseen_changes_no_program() {
        let model = Model::open("mnist-small").expect("it ships");
        let deployment = Deployment { weight_bits: 8, balance: true, seed: 3, effort: 20 };
        let base = preset("loihi1").expect("a preset");
        let options = QuantizeOptions { state_bits: base.core.state_bits, ..QuantizeOptions::default() };
        let graph = front(&model.graph, &base, &options, false, &mut Unobserved).expect("it quantizes").graph;
        let program = |arch: &Arch| {
            build(&graph, arch, &deployment).map_err(|(_, limits)| limits).expect("it fits").program.clone()
        };
        let key = |arch: &Arch| program_key(&serde_json::to_value(arch).expect("JSON"), &deployment, "x");
        let expected = program(&base);
        let figures = chip::known_paths(&base);
        let mut changed = 0;
        for (path, value) in &figures {
            let unseen = UNSEEN.iter().any(|p| path == p || path.starts_with(&format!("{p}.")))
                || path.starts_with("sync.")
                || path.ends_with(".banks");
            let Some(number) = value.as_i64().filter(|_| unseen && !path.ends_with(".0")) else { continue };
            let arch = chip::set(&base, [(path.as_str(), &Scalar::Int(2 * number + 1))]).expect("sound");
            assert_eq!(key(&arch), key(&base), "{path}");
            assert_eq!(program(&arch), expected, "{path}");
            changed += 1;
        }
        assert!(changed > 15, "{changed} figures changed");
        let arch = chip::set(&base, [("core.neurons", &Scalar::Int(512))]).expect("sound");
        assert_ne!(key(&arch), key(&base));
    }
}
