//! Eight ways to divide Loihi's neurons among cores, against SANA-FE (Boyle et al. 2025), a simulator fitted to the chip.
//!
//! `sanafe_variants.csv` holds what SANA-FE 2.2.9 says (`scripts/sanafe_loihi_variants.py` makes it again). Here the same network
//! (`dvs_challenge.npz` of the package) fills cores in the order of its neurons on `sanafe_loihi.ron`, which has SANA-FE's times, and is
//! priced with SANA-FE's prices (`loihi1_silicon_fit`). Spikes and synaptic operations must be equal. Left as they are: small
//! layers share cores here; every neuron is updated in every timestep, where there one at rest without input costs its access
//! alone; and the potentials are reset before a sample.

use super::{Row, Standing::Simulated};
use anyhow::{Context as _, Result, bail, ensure};
use compiler::{Cutting, Options, compile_quantized};
use datasets::recording::array::{Array, Content, npz};
use energy::{
    price::{Context, price},
    table::Table,
};
use ir::{
    Compare, Connectivity, Conv2d, Graph, InputCoding, InputEncoding, Leak, NeuronModel, PerChannel, Population,
    Projection, Quantized, Readout, Reset, Shape, Spiking, SynapseLists, Window,
};
use isa::{Arch, Stimulus};
use serde::Deserialize;
use simulator::{Machine, NoProbe, TimingMode};
use spikeloom::Chip;
use std::path::Path;

const VARIANTS: &str = include_str!("sanafe_variants.csv");
const CHIP: &str = include_str!("sanafe_loihi.ron");
const STEPS: u32 = 128;

/// What SANA-FE says of a variant.
#[derive(Clone, Debug, Deserialize)]
struct Variant {
    cores: u32,
    neurons_per_core: u64,
    cores_used: usize,
    spikes: u64,
    synaptic_events: u64,
    packets: u64,
    energy_j: f64,
    time_s: f64,
}

/// Rows of all variants; `file` is the package's `dvs_challenge.npz`.
pub(super) fn rows(file: &Path) -> Result<Vec<Row>> {
    let graph = network(file)?;
    let mut rows = Vec::new();
    for variant in csv::Reader::from_reader(VARIANTS.as_bytes()).deserialize() {
        rows.extend(compared(&graph, &variant?)?);
    }
    Ok(rows)
}

/// SANA-FE's Loihi with other cores: rows of tiles stay four, a tile four cores.
fn chip(variant: &Variant) -> Result<Arch> {
    let mut arch = Chip::parse("sanafe_loihi.ron", CHIP)?.arch;
    arch.mesh.width = variant.cores.div_ceil(arch.mesh.height * arch.mesh.cores_per_router);
    let neurons = arch.core.neurons.as_mut().context("a limit of neurons")?;
    (neurons.value, neurons.low, neurons.high) = (variant.neurons_per_core, 0, u64::MAX);
    Ok(arch)
}

fn compared(graph: &Graph<Quantized>, theirs: &Variant) -> Result<[Row; 2]> {
    let arch = chip(theirs)?;
    let options = Options {
        cutting: Cutting::Sequential,
        check: false,
        baselines: false,
        moves_per_cluster: 20,
        ..Options::default()
    };
    let program = compile_quantized(graph, &arch, &options)?.program;
    let run = Machine::new(&program, &arch)?.run(&Stimulus::default(), TimingMode::Analytic, &mut NoProbe)?;
    let counts = run.ledger.total();
    let spikes: u64 = run.layer_spikes.iter().sum();
    ensure!(
        (spikes, counts.synaptic_operations()) == (theirs.spikes, theirs.synaptic_events),
        "{} cores: {spikes} spikes, {} synaptic operations; SANA-FE: {}, {}",
        theirs.cores,
        counts.synaptic_operations(),
        theirs.spikes,
        theirs.synaptic_events
    );
    let used = program.cores.len();
    let packets = counts[isa::Action::PacketInject];
    let table = Table::preset("loihi1_silicon_fit").context("a table")?;
    let energy = price(&run.ledger, &table, &Context::default())?.dynamic.value * 1e-12;
    let time = run.time.context("all times are stated")?.seconds();
    let row = |what: &str, unit, [measured, ours]: [f64; 2]| Row {
        chip: format!("{} × {}", theirs.cores, theirs.neurons_per_core),
        what: format!("{what} on {used} cores with {packets} packets; there {}, {}", theirs.cores_used, theirs.packets),
        unit,
        measured,
        ours,
        standing: Simulated,
        source: "SANA-FE 2.2.9 (Boyle 2025), its Loihi with other cores".into(),
    };
    Ok([
        row("dynamic energy", "µJ", [theirs.energy_j * 1e6, energy * 1e6]),
        row("time", "ms", [theirs.time_s * 1e3, time * 1e3]),
    ])
}

/// An array of the archive.
fn array<'a>(arrays: &'a [(String, Content)], name: &str, shape: &[usize]) -> Result<&'a Array> {
    let dense = |(own, content): &'a (String, Content)| match content {
        Content::Dense(array) if own == name => Some(array),
        _ => None,
    };
    let array = arrays.iter().find_map(dense).with_context(|| format!("has no array `{name}`"))?;
    ensure!(array.shape == shape, "array `{name}` is {:?}; {shape:?} was expected", array.shape);
    Ok(array)
}

/// The network: input neurons driven by biases, four convolutions, a matrix. Layers are vectors, so that they are cut in the order of
/// their neurons (channel, row, column); the host sends nothing, and reads what nothing sends to.
fn network(file: &Path) -> Result<Graph<Quantized>> {
    let place = || format!("{}: is not dvs_challenge.npz of the package sanafe", file.display());
    let arrays = npz(&crate::files::read(file)?, file).with_context(place)?;
    let whole = |name: &str, shape: &[usize]| -> Result<Vec<i64>> {
        let array = array(&arrays, name, shape).with_context(place)?;
        let values: Vec<f64> = array.values.reals().collect();
        ensure!(values.iter().all(|v| v.fract() == 0.0), "{}: array `{name}` is not whole", file.display());
        Ok(values.into_iter().map(|v| v as i64).collect())
    };
    let thresholds = whole("thresholds", &[6])?;
    let mut graph = Graph::new("gestures", STEPS + 1, InputEncoding::Pixels);
    let add = |graph: &mut Graph<Quantized>, name: String, n: usize, neuron| {
        graph.add_population(Population { name, shape: Shape::vector(n as u32), neuron, norm: () })
    };
    let spiking = |threshold, bias| {
        NeuronModel::Spiking(Spiking::<Quantized> {
            threshold: PerChannel::uniform(threshold),
            v_init: PerChannel::uniform(0),
            bias,
            leak: Leak::None,
            reset: Reset::Zero,
            compare: Compare::Greater,
            window: Window::new(0, STEPS),
            floor: None,
        })
    };
    let coding = InputCoding::spikes(STEPS);
    let host = add(&mut graph, "host".into(), 1, NeuronModel::Input { coding, scale: 1.0 });
    let (mut map, drive) = (Shape::new(1, 32, 32), PerChannel(whole("inputs", &[1024])?));
    let mut before = add(&mut graph, "input".into(), 1024, spiking(thresholds[0], drive));
    graph.connect(host, before, silent(1, 0));
    let quiet = || PerChannel::uniform(0);
    for (i, channels) in [16_u32, 32, 64, 11].into_iter().enumerate() {
        let name = format!("conv{}", i + 1);
        let weights = whole(&name, &[3, 3, map.channels as usize, channels as usize])?;
        let stride = if i == 0 { 2 } else { 1 };
        let conv = Conv2d { kernel: (3, 3), stride: (stride, stride), padding: (0, 0), dilation: (1, 1), groups: 1 };
        let (height, width) = conv.output(map).context("the kernel fits")?;
        let to = Shape::new(channels, height, width);
        let layer = add(&mut graph, name, to.neurons(), spiking(thresholds[i + 1], quiet()));
        graph.connect(before, layer, unrolled(map, to, stride, &weights));
        (map, before) = (to, layer);
    }
    let matrix = whole("dense1", &[891, 11])?;
    let last = add(&mut graph, "dense1".into(), 11, spiking(thresholds[5], quiet()));
    let weights = (0..11).flat_map(|o| (0..891).map(move |i| (i, o))).map(|(i, o)| matrix[i * 11 + o] as i32).collect();
    graph.connect(before, last, Projection { connectivity: Connectivity::Dense, pool: None, weights, delay: 1 });
    let read = add(&mut graph, "read".into(), 1, NeuronModel::Accumulator { v_init: quiet() });
    graph.connect(last, read, silent(11, 1));
    graph.readout = Readout::Potential { population: read };
    let wrong = ir::verify(&graph);
    if let Some(first) = wrong.first() {
        bail!("{}: {first}", file.display());
    }
    Ok(graph)
}

/// A connection without synapses, where a graph demands one.
fn silent(sources: usize, delay: u32) -> Projection<Quantized> {
    let connectivity = Connectivity::Sparse(SynapseLists::new(vec![[]; sources]));
    Projection { connectivity, pool: None, weights: Vec::new(), delay }
}

/// A 3×3 convolution as lists of synapses; weights by row, column, input and output channel.
fn unrolled(from: Shape, to: Shape, stride: u32, kernels: &[i64]) -> Projection<Quantized> {
    let (inputs, outputs) = (from.channels as usize, to.channels as usize);
    let mut lists = vec![Vec::new(); from.neurons()];
    let mut weights = vec![Vec::new(); from.neurons()];
    for target in 0..to.neurons() {
        let (o, y, x) = to.position(target);
        for (c, ky, kx) in (0..inputs).flat_map(|c| (0..9).map(move |k: u32| (c, k / 3, k % 3))) {
            let source = from.index(c as u32, y * stride + ky, x * stride + kx);
            lists[source].push(target as u32);
            let kernel = (ky * 3 + kx) as usize * inputs + c;
            weights[source].push(kernels[kernel * outputs + o as usize] as i32);
        }
    }
    let connectivity = Connectivity::Sparse(SynapseLists::new(lists));
    Projection { connectivity, pool: None, weights: weights.concat(), delay: 1 }
}
