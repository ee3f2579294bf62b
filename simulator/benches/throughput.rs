//! Rates of the simulator on one thread, printed as a table: `cargo bench -p spikeloom-simulator`.
//!
//! The network is the convolutional one of the reference work, 3→40→120→120→240 on 32×32 with strides 1, 2, 1, 2; its
//! layers 2–4 are driven by random spikes of layer 1 at 10 %, with thresholds that make them fire at about 10 %.

use compiler::{Options, compile_quantized, stimulus};
use ir::{
    Compare, Connectivity, Conv2d, Event, Graph, InputCoding, InputEncoding, Leak, NeuronModel, PerChannel, Population,
    PopulationId, Projection, Quantized, Readout, Reset, Shape, Spiking, Stimulus, Window,
};
use isa::{Program, arch::preset::preset};
use simulator::{Machine, NoProbe, TimingMode};
use std::time::{Duration, Instant};

const TIMESTEPS: u32 = 4;

/// A multiplicative congruential generator (Lehmer 1951): uniform in `0..n`.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        ((self.0 >> 33) % u64::from(n)) as u32
    }
}

/// Layers 2–4 behind an input of 40×32×32 spikes.
fn network() -> Graph<Quantized> {
    let mut graph = Graph::new("layers 2-4", TIMESTEPS, InputEncoding::Pixels);
    let add = |graph: &mut Graph<Quantized>, name: &str, shape, neuron| {
        graph.add_population(Population { name: name.into(), shape, neuron, norm: () })
    };
    let input = NeuronModel::Input { coding: InputCoding::Events, scale: 1.0 };
    let mut pre = add(&mut graph, "layer1", Shape::new(40, 32, 32), input);
    let mut random = Random(1);
    for (i, (channels, side, stride, threshold)) in
        [(120, 16, 2, 250), (120, 16, 1, 470), (240, 8, 2, 470)].into_iter().enumerate()
    {
        let neuron = NeuronModel::Spiking(Spiking {
            threshold: PerChannel::uniform(threshold),
            v_init: PerChannel::uniform(0),
            bias: PerChannel::uniform(0),
            leak: Leak::None,
            reset: Reset::Subtract,
            compare: Compare::GreaterEqual,
            window: Window::new(0, TIMESTEPS),
            floor: None,
        });
        let post = add(&mut graph, &format!("layer{}", i + 2), Shape::new(channels, side, side), neuron);
        let conv = Conv2d { kernel: (3, 3), stride: (stride, stride), padding: (1, 1), dilation: (1, 1), groups: 1 };
        let delay = u32::from(i > 0);
        let mut projection =
            Projection { connectivity: Connectivity::Conv2d(conv), pool: None, weights: Vec::new(), delay };
        let n = projection.expected_weights(graph.population(pre).shape, graph.population(post).shape);
        projection.weights = (0..n).map(|_| random.below(101) as i32 - 50).collect();
        graph.connect(pre, post, projection);
        pre = post;
    }
    graph.readout = Readout::SpikeCount { population: PopulationId(3) };
    graph
}

fn sample() -> Stimulus {
    let mut random = Random(2);
    let step = |_| {
        let neurons = (0..40 * 32 * 32).filter(|_| random.below(10) == 0);
        neurons.map(|neuron| Event { neuron, value: 1 }).collect()
    };
    Stimulus { steps: (0..TIMESTEPS).map(step).collect() }
}

/// Runs `f` for at least a second; returns the mean duration of the faster half of the calls.
fn time(mut f: impl FnMut()) -> Duration {
    let (start, mut each) = (Instant::now(), Vec::new());
    while start.elapsed() < Duration::from_millis(1500) || each.len() < 3 {
        let start = Instant::now();
        f();
        each.push(start.elapsed());
    }
    each.sort_unstable();
    let half = each.len().div_ceil(2);
    each[..half].iter().sum::<Duration>() / half as u32
}

fn main() {
    let graph = network();
    let arch = preset("loihi1").expect("a preset");
    let program: Program = compile_quantized(&graph, &arch, &Options::default()).expect("fits").program;
    let start = Instant::now();
    let machine = Machine::new(&program, &arch).expect("loads");
    println!("{} cores, loaded in {:.1} ms", program.cores.len(), start.elapsed().as_secs_f64() * 1e3);
    let sample = stimulus(&sample());
    let mut state = machine.state();
    for mode in [TimingMode::Counts, TimingMode::Analytic] {
        let run = machine.run_in(&mut state, &sample, mode, &mut NoProbe).expect("valid");
        let operations = run.ledger.total().synaptic_operations();
        let rates: Vec<String> = machine
            .layers()
            .iter()
            .zip(&run.layer_spikes)
            .map(|(layer, &n)| format!("{:.1} %", 100.0 * n as f64 / layer.neurons() as f64 / f64::from(TIMESTEPS)))
            .collect();
        let took = time(|| {
            let run = machine.run_in(&mut state, &sample, mode, &mut NoProbe).expect("valid");
            assert!(run.class < 240 * 64);
        });
        println!(
            "{mode:?}: {:.2} GSOP/s ({:.1} M synaptic operations in {:.2} ms; spikes per neuron and step {})",
            operations as f64 / took.as_secs_f64() / 1e9,
            operations as f64 / 1e6,
            took.as_secs_f64() * 1e3,
            rates.join(", "),
        );
    }
}
