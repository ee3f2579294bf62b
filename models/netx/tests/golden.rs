//! lava-dl's networks against the traces that lava-dl recorded: spike for spike through the interpreter, and through the program on
//! a chip that computes as Loihi 2 does.

mod npy;

use compiler::{Options, compile_quantized, stimulus};
use ir::{Graph, InputCoding, Quantized, Stimulus, Trace};
use isa::{LayerId, Timestep, arch::preset::preset};
use npy::{Npy, read_npz};
use simulator::{Machine, Probe, TimingMode};
use std::path::PathBuf;

fn data(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("data").join(file)
}

fn network(file: &str, options: spikeloom_netx::Options) -> Graph<Quantized> {
    let bytes = std::fs::read(data(file)).expect("test data");
    let netx = spikeloom_netx::read(bytes).unwrap_or_else(|problem| panic!("{problem}"));
    spikeloom_netx::lower(&netx, "netx", &options).unwrap_or_else(|problems| panic!("{problems:?}")).graph
}

/// Biases (column, row, channel) as the values of input neurons, presented in every step.
fn driven(graph: &Graph<Quantized>, bias: &Npy, steps: u32) -> Stimulus {
    let shape = graph.population(graph.input().expect("an input")).shape;
    let value = |i: usize| {
        let (c, y, x) = shape.position(i);
        bias.at(&[x as usize, y as usize, c as usize]) as i32
    };
    let values: Vec<i32> = (0..shape.neurons()).map(value).collect();
    Stimulus::direct(&values, InputCoding::DirectEveryStep { steps })
}

#[derive(Default)]
struct Spikes(Vec<Vec<Vec<u32>>>);

impl Probe for Spikes {
    const SPIKES: bool = true;

    fn spikes(&mut self, t: Timestep, layer: LayerId, neurons: &[u32]) {
        let (t, layer) = (t.0 as usize, layer.0 as usize);
        self.0.resize(self.0.len().max(layer + 1), Vec::new());
        self.0[layer].resize(t + 1, Vec::new());
        self.0[layer][t] = neurons.to_vec();
    }
}

/// The program on a chip spikes as the graph means.
fn on_chip(graph: &Graph<Quantized>, sample: &Stimulus, trace: &Trace<Quantized>) {
    let arch = preset("loihi2").expect("a preset");
    let options = Options { moves_per_cluster: 10, check: false, ..Options::default() };
    let program = compile_quantized(graph, &arch, &options).unwrap_or_else(|error| panic!("{error}")).program;
    assert_eq!(isa::verify(&program, &arch), []);
    assert_eq!(isa::decode(&isa::encode(&program)).as_ref(), Ok(&program));
    let machine = Machine::new(&program, &arch).expect("compiled programs load");
    let mut seen = Spikes::default();
    let run = machine.run(&stimulus(sample), TimingMode::Counts, &mut seen).expect("a valid sample");
    for (id, population) in graph.populations().skip(1) {
        let layer = id.0 as usize;
        assert!(seen.0[layer] == trace.spikes[layer], "spikes of `{}`", population.name);
    }
    let read = graph.readout.population().0 as usize;
    assert_eq!(run.potentials.iter().map(|&v| i64::from(v)).collect::<Vec<_>>(), trace.potentials[read]);
}

/// Spikes of a population that differ from recorded ones, and how many were recorded; `recorded(t, c, y, x)`.
fn wrong(
    graph: &Graph<Quantized>,
    trace: &Trace<Quantized>,
    layer: usize,
    steps: std::ops::Range<usize>,
    recorded: impl Fn(usize, (usize, usize, usize)) -> bool,
) -> (usize, usize) {
    let shape = graph.population(ir::PopulationId(layer as u32)).shape;
    let (mut n_wrong, mut n) = (0, 0);
    for t in steps {
        let mut fired = vec![false; shape.neurons()];
        trace.spikes[layer][t].iter().for_each(|&i| fired[i as usize] = true);
        for (i, &fired) in fired.iter().enumerate() {
            let (c, y, x) = shape.position(i);
            let golden = recorded(t, (c as usize, y as usize, x as usize));
            n += usize::from(golden);
            n_wrong += usize::from(golden != fired);
        }
    }
    (n_wrong, n)
}

#[test]
fn pilotnet_spikes_as_on_loihi_2_in_24_steps_with_resets() {
    let options =
        spikeloom_netx::Options { steps: Some(24), reset_interval: Some(17), ..spikeloom_netx::Options::default() };
    let graph = network("pilotnet/network.net", options);
    assert_eq!((graph.n_populations(), graph.timesteps), (11, 24));
    let sample = driven(&graph, &Npy::read(&data("pilotnet/input_bias.npy")), 24);
    let trace = ir::interpret(&graph, &sample);
    let golden = read_npz(&data("pilotnet/golden.npz"));
    let layers = ["input_spikes", "conv_0_spikes", "conv_1_spikes", "conv_2_spikes", "conv_3_spikes", "conv_4_spikes"]
        .into_iter()
        .chain(["fc_0_spikes", "fc_1_spikes", "fc_2_spikes"]);
    for (layer, name) in (1..).zip(layers) {
        let golden = &golden[name];
        let (n_wrong, n) = wrong(&graph, &trace, layer, 0..24, |t, (c, y, x)| {
            let index = if golden.shape.len() == 2 { vec![t, c] } else { vec![t, c, y, x] };
            golden.at(&index) != 0.0
        });
        assert!(n > 0, "{name} is active");
        assert_eq!(n_wrong, 0, "{name}: wrong spikes, {n} recorded");
    }
    on_chip(&graph, &sample, &trace);
}

#[test]
fn tinynet_spikes_as_recorded() {
    let options = spikeloom_netx::Options { steps: Some(17), ..spikeloom_netx::Options::default() };
    let graph = network("tinynet/tiny.net", options);
    assert_eq!((graph.n_populations(), graph.timesteps), (4, 19));
    let sample = driven(&graph, &Npy::read(&data("tinynet/input_bias.npy")), 17);
    let trace = ir::interpret(&graph, &sample);
    for (layer, file) in [(1, "tinynet/input.npy"), (2, "tinynet/layer1.npy"), (3, "tinynet/output.npy")] {
        let recorded = Npy::read(&data(file));
        // lava-dl's training records layers side by side and one step late: its step t of layer l is step t + l − 1 here.
        // Layer 0 is population 1; the first recorded step is empty.
        let first = layer - 1;
        let (n_wrong, n) = wrong(&graph, &trace, layer, first..first + 15, |t, (c, y, x)| {
            recorded.at(&[0, c, y, x, t + 2 - layer]) != 0.0
        });
        assert!(n > 50, "{file} is active");
        assert_eq!(n_wrong, 0, "{file}: wrong spikes, {n} recorded");
    }
    on_chip(&graph, &sample, &trace);
}

#[test]
fn oxford_without_an_input_block_spikes_as_recorded() {
    let options = spikeloom_netx::Options { steps: Some(2000), ..spikeloom_netx::Options::default() };
    let graph = network("oxford/network.net", options);
    let golden = read_npz(&data("oxford/golden.npz"));
    let sample = spikes(&golden["input"]);
    let trace = ir::interpret(&graph, &sample);
    let (n_wrong, n) = wrong(&graph, &trace, 1, 0..1999, |t, (c, ..)| golden["dense_0"].at(&[t + 1, c]) != 0.0);
    assert_eq!((n_wrong, n), (0, 1826));
    on_chip(&graph, &sample, &trace);
}

#[test]
fn sigma_delta_pilotnet_sums_up_as_recorded() {
    let options = spikeloom_netx::Options { steps: Some(9), ..spikeloom_netx::Options::default() };
    let mut graph = network("pilotnet_sdnn/network.net", options);
    let input = graph.input().expect("an input");
    if let ir::NeuronModel::Input { coding, .. } = &mut graph.population_mut(input).neuron {
        *coding = InputCoding::Events { steps: 9, least: -64, most: 64 };
    }
    let golden = read_npz(&data("pilotnet_sdnn/golden.npz"));
    let values: Vec<i32> = golden["input"].values.iter().map(|&v| v as i32).collect();
    let sample = Stimulus::direct(&values, InputCoding::DirectEveryStep { steps: 9 });
    let mut sums = Vec::new();
    let last = graph.readout.population();
    let trace = ir::interp::interpret_with(&graph, &sample, |_, population, potentials| {
        sums.extend((population == last).then(|| potentials[0]));
    });
    assert_eq!(sums.len(), 17, "9 steps of the frame, and one for each layer behind the first");
    let recorded: Vec<i64> = golden["output"].values.iter().map(|&v| v as i64).collect();
    assert_eq!(sums[..9], recorded);
    assert_eq!(recorded[8], -31_026);
    on_chip(&graph, &sample, &trace);
}

/// Spikes (timestep, neuron) as events.
fn spikes(recorded: &Npy) -> Stimulus {
    let steps = recorded.values.chunks(recorded.shape[1]).map(|row| {
        let fired = row.iter().enumerate().filter(|(_, v)| **v != 0.0);
        fired.map(|(i, _)| ir::Event { neuron: i as u32, value: 1 }).collect()
    });
    Stimulus { steps: steps.collect() }
}

/// lava-dl's integrator: a block without neurons, behind the 200 inputs that its weights say.
#[test]
fn a_block_without_neurons_sums_up() {
    let block = spikeloom_netx::Block {
        index: 0,
        kind: spikeloom_netx::Kind::Dense,
        shape: vec![2],
        neuron: None,
        weight: Some((vec![2, 3], vec![1.0, -2.0, 3.0, 4.0, 5.0, -6.0])),
        weight_rec: None,
        bias: vec![7.0, -1.0],
        delay: Vec::new(),
        stride: (1, 1),
        padding: (0, 0),
        dilation: (1, 1),
        groups: 1,
    };
    let netx = spikeloom_netx::Netx { blocks: vec![block], sample_steps: Some(3) };
    let imported = spikeloom_netx::lower(&netx, "sum", &spikeloom_netx::Options::default()).expect("can be mapped");
    assert!(imported.assumptions.iter().any(|line| line.contains("receives 3×1×1")), "{:?}", imported.assumptions);
    let fire = |neuron| ir::Event { neuron, value: 1 };
    let sample = Stimulus { steps: vec![vec![fire(0), fire(2)], vec![fire(1)], vec![fire(0)]] };
    let trace = ir::interpret(&imported.graph, &sample);
    // Inputs 0, 1 and 2 fire twice, once and once; the bias counts once; 64 units each: 2 − 2 + 3 + 7 and 8 + 5 − 6 − 1.
    assert_eq!(trace.potentials[1], [64 * 10, 64 * 6]);
    on_chip(&imported.graph, &sample, &trace);
}
