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
    let graph = network(&packaged(file)?).with_context(|| file.display().to_string())?;
    variants(&graph, VARIANTS)
}

/// Rows of the variants of a network, of which SANA-FE says `theirs`.
fn variants(graph: &Graph<Quantized>, theirs: &str) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for variant in csv::Reader::from_reader(theirs.as_bytes()).deserialize() {
        rows.extend(compared(graph, &variant?)?);
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

/// Weights, thresholds and drive of the network on a map of `side` by `side`.
struct Weights {
    side: u32,
    thresholds: Vec<i64>,
    inputs: Vec<i64>,
    /// By row, column, input and output channel.
    kernels: [Vec<i64>; 4],
    /// By source and target.
    dense: Vec<i64>,
}

/// Channels of the convolutions.
const CHANNELS: [u32; 4] = [16, 32, 64, 11];

/// The network of the package.
fn packaged(file: &Path) -> Result<Weights> {
    let place = || format!("{}: is not dvs_challenge.npz of the package sanafe", file.display());
    let arrays = npz(&crate::files::read(file)?, file).with_context(place)?;
    let whole = |name: &str, shape: &[usize]| -> Result<Vec<i64>> {
        let array = array(&arrays, name, shape).with_context(place)?;
        let values: Vec<f64> = array.values.reals().collect();
        ensure!(values.iter().all(|v| v.fract() == 0.0), "{}: array `{name}` is not whole", file.display());
        Ok(values.into_iter().map(|v| v as i64).collect())
    };
    let kernel = |i: usize, from, to| whole(&format!("conv{i}"), &[3, 3, from, to]);
    Ok(Weights {
        side: 32,
        thresholds: whole("thresholds", &[6])?,
        inputs: whole("inputs", &[1024])?,
        kernels: [kernel(1, 1, 16)?, kernel(2, 16, 32)?, kernel(3, 32, 64)?, kernel(4, 64, 11)?],
        dense: whole("dense1", &[891, 11])?,
    })
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
fn network(weights: &Weights) -> Result<Graph<Quantized>> {
    let Weights { side, thresholds, inputs, kernels, dense } = weights;
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
    let (mut map, drive) = (Shape::new(1, *side, *side), PerChannel(inputs.clone()));
    let mut before = add(&mut graph, "input".into(), map.neurons(), spiking(thresholds[0], drive));
    graph.connect(host, before, silent(1, 0));
    let quiet = || PerChannel::uniform(0);
    for (i, (channels, kernel)) in CHANNELS.into_iter().zip(kernels).enumerate() {
        let stride = if i == 0 { 2 } else { 1 };
        let conv = Conv2d { kernel: (3, 3), stride: (stride, stride), padding: (0, 0), dilation: (1, 1), groups: 1 };
        let (height, width) = conv.output(map).context("the kernel fits")?;
        let to = Shape::new(channels, height, width);
        let layer = add(&mut graph, format!("conv{}", i + 1), to.neurons(), spiking(thresholds[i + 1], quiet()));
        graph.connect(before, layer, unrolled(map, to, stride, kernel));
        (map, before) = (to, layer);
    }
    let last = add(&mut graph, "dense1".into(), 11, spiking(thresholds[5], quiet()));
    let sources = map.neurons();
    let matrix =
        (0..11).flat_map(|o| (0..sources).map(move |i| (i, o))).map(|(i, o)| dense[i * 11 + o] as i32).collect();
    graph.connect(
        before,
        last,
        Projection { connectivity: Connectivity::Dense, pool: None, weights: matrix, delay: 1 },
    );
    let read = add(&mut graph, "read".into(), 1, NeuronModel::Accumulator { v_init: quiet() });
    graph.connect(last, read, silent(11, 1));
    graph.readout = Readout::Potential { population: read };
    let wrong = ir::verify(&graph);
    if let Some(first) = wrong.first() {
        bail!("{first}");
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The network that `scripts/sanafe_loihi_variants.py --made` makes: a congruential generator, array by array.
    fn made() -> Weights {
        let mut state = 1_u64;
        let mut draw = |n: usize, below: u64, least: i64| -> Vec<i64> {
            let mut next = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                ((state >> 33) % below) as i64 + least
            };
            (0..n).map(|_| next()).collect()
        };
        let inputs = draw(256, 120, 0);
        let kernels = [(1, 16), (16, 32), (32, 64), (64, 11)].map(|(from, to)| draw(9 * from * to, 17, -6));
        let thresholds = vec![128, 60, 250, 400, 500, 20];
        Weights { side: 16, thresholds, inputs, kernels, dense: draw(121, 17, -6) }
    }

    #[test]
    fn spikes_and_synaptic_operations_are_those_of_sanafe_on_eight_ways_to_divide_loihi() {
        let graph = network(&made()).expect("a network");
        // Counts that differ are an error. Energy and time are not compared: small layers share cores here.
        let rows = variants(&graph, include_str!("sanafe_made.csv")).expect("equal counts");
        assert_eq!(rows.len(), 2 * 8);
    }
}
