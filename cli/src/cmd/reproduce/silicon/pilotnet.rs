//! Loihi 2 on PilotNet: lava-dl's trained network and one frame of its video, against the step time, energy and partition that
//! Intel measured (lava-dl, PilotNet benchmark notebook, one chip; BSD-3-Clause, `models/netx/data/pilotnet`).
//!
//! The network is read as any netx file. Its input neurons are driven by the frame as biases, as on the chip, so that they take
//! cores and updates there and no event comes from the host. Samples of 16 timesteps follow each other and layer l starts again in the
//! timesteps t ≡ l (mod 16); what is counted and timed are the timesteps 16 to 31, in which every layer works. The measured
//! sample is another frame of the same video.

use super::{
    Row,
    Standing::{self, Calibrated, Predicted},
};
use anyhow::{Context as _, Result, anyhow, bail};
use datasets::recording::array::{Content, npy};
use energy::{
    price::{Breakdown, Context, price},
    table::{StaticPower, Table},
};
use ir::{Connectivity, Graph, NeuronModel, PopulationId, Projection, ProjectionId, Quantized, Shape, SynapseLists};
use isa::{Action, Ledger, Stimulus};
use simulator::{NoProbe, TimingMode};
use spikeloom::{Chip, DeployOptions, Model, Quiet};
use std::path::Path;

const CHIP: &str = "loihi2";
const SOURCE: &str = "lava-dl, PilotNet benchmark notebook";
/// Timesteps of a sample.
const STEPS: u32 = 16;
/// Fraction bits of biases on Loihi.
const FRACTION_BITS: u32 = 6;
const NETWORK: &[u8] = include_bytes!("../../../../../models/netx/data/pilotnet/network.net");
const BIASES: &[u8] = include_bytes!("../../../../../models/netx/data/pilotnet/input_bias.npy");

/// Rows of PilotNet.
pub(super) fn rows() -> Result<Vec<Row>> {
    let chip = Chip::open(CHIP)?;
    let model = Model::of_integers("PilotNet", driven(network()?)?)?;
    let deployed = model.deploy(&chip, &DeployOptions::default(), &mut Quiet)?.executable;
    let (machine, stimulus) = (&deployed.machine, Stimulus::default());
    let run = machine.run(&stimulus, TimingMode::Analytic, &mut NoProbe)?;
    let time = run.time.context("loihi2 has all times")?;
    let ticks: u64 = time.steps.iter().skip(STEPS as usize).map(simulator::StepTime::ticks).sum();
    let sample = (ticks * time.tick_ps) as f64 * 1e-12;
    let table = chip.prices()?;
    let mut state = machine.state();
    let mut first = |steps| machine.first_counts(&mut state, &stimulus, steps);
    let priced = |ledger: &Ledger| -> Result<Breakdown> { Ok(price(ledger, table, &Context::default())?) };
    let joules = |of: &Breakdown| of.dynamic.value * 1e-12;
    let dynamic = joules(&priced(&first(2 * STEPS)?)?) - joules(&priced(&first(STEPS)?)?);
    let total = dynamic + watts(table)? * sample;
    // Spikes act in the timestep after theirs: those of 16 timesteps have acted after 17.
    let conv = deployed.program.layers.iter().position(|layer| layer.name == "conv1").context("a first convolution")?;
    let operations = first(STEPS + 1)?.layer(isa::LayerId(conv as u16))[Action::SynapticAdd] as f64;
    let cores = deployed.program.cores.len() as f64;
    let row = |what: &str, unit, (measured, ours): (f64, f64), standing: Standing, source: &'static str| Row {
        chip: CHIP.into(),
        what: format!("PilotNet, {what}"),
        unit,
        measured,
        ours,
        standing,
        source: source.into(),
    };
    let step = sample / f64::from(STEPS);
    let of_time = "lava-dl, PilotNet benchmark notebook; sets the time of a synaptic operation";
    let of_energy = "lava-dl, PilotNet benchmark notebook; sets the factor on Loihi 1's prices";
    let counted = "counted from lava-dl's golden spikes";
    Ok(vec![
        row("time of a step", "µs", (152.8, step * 1e6), Calibrated, of_time),
        row("dynamic energy of a sample", "mJ", (1.094, dynamic * 1e3), Calibrated, of_energy),
        row("total energy of a sample", "mJ", (1.661, total * 1e3), Predicted, SOURCE),
        row("cores", "", (74.0, cores), Predicted, SOURCE),
        row("synaptic operations of the first convolution", "", (29_214_024.0, operations), Predicted, counted),
    ])
}

/// The network as its file says, two samples one after the other.
fn network() -> Result<Graph<Quantized>> {
    let file = netx::read(NETWORK.to_vec()).map_err(|problem| anyhow!("{problem}"))?;
    let options = netx::Options { steps: Some(2 * STEPS), reset_interval: Some(STEPS), ..netx::Options::default() };
    let imported = netx::lower(&file, "PilotNet", &options).map_err(|problems| anyhow!("{problems:?}"))?;
    Ok(imported.graph)
}

/// The same with the frame as biases of the input neurons; the host's input, which a graph needs, is one that nothing hears.
fn driven(mut graph: Graph<Quantized>) -> Result<Graph<Quantized>> {
    let Content::Dense(frame) = npy(BIASES, Path::new("input_bias.npy"), "")? else { bail!("the frame is an array") };
    let [columns, rows, channels] = frame.shape[..] else { bail!("the frame has columns, rows and channels") };
    let values: Vec<i64> = frame.values.reals().map(|value| value as i64).collect();
    let at = |(c, y, x): (usize, usize, usize)| values[(x * rows + y) * channels + c] << FRACTION_BITS;
    let (host, input) = (graph.input().context("an input")?, PopulationId(1));
    let NeuronModel::Dynamic(list) = &mut graph.population_mut(input).neuron else { bail!("a list of operations") };
    let bias = list.params.iter_mut().find(|param| param.name == "bias").context("a bias")?;
    let planes = (0..channels).flat_map(|c| (0..rows).map(move |y| (c, y)));
    bias.values.0 = planes.flat_map(|(c, y)| (0..columns).map(move |x| (c, y, x))).map(at).collect();
    graph.population_mut(host).shape = Shape::vector(1);
    let connectivity = Connectivity::Sparse(SynapseLists::new([[]]));
    *graph.projection_mut(ProjectionId(0)) = Projection { connectivity, pool: None, weights: Vec::new(), delay: 0 };
    Ok(graph)
}

fn watts(table: &Table) -> Result<f64> {
    match &table.static_power {
        StaticPower::Power { value, .. } => Ok(*value),
        _ => bail!("loihi2 has a static power"),
    }
}
