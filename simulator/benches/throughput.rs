//! Rates of the simulator on one thread, printed as a table: `cargo bench -p spikeloom-simulator`.
//!
//! The network is the convolutional one of the reference work, 3→40→120→120→240 on 32×32 with strides 1, 2, 1, 2; its
//! layers 2–4 are driven by random spikes of layer 1 at 10 %, with thresholds that make them fire at about 10 %.

use compiler::{Options, compile_quantized, stimulus};
use ir::{
    Compare, Connectivity, Conv2d, Event, Graph, InputCoding, InputEncoding, Leak, NeuronModel, PerChannel, Population,
    PopulationId, Projection, Quantized, Readout, Reset, Shape, Spiking, Stimulus, Window,
};
use isa::{
    Action::{LinkChip, LinkEastWest, LinkNorthSouth},
    Program,
    arch::preset::preset,
};
use spikeloom_simulator::{BatchOptions, Machine, NoProbe, TimingMode};
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
    let input = NeuronModel::Input { coding: InputCoding::spikes(TIMESTEPS), scale: 1.0 };
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

/// Nanoseconds that this thread has spent on a processor, where the system tells (Linux).
fn cpu_time() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok()
}

/// Seconds per call of `f` over at least a second: processor time where known, so that other load does not count.
fn time(mut f: impl FnMut()) -> f64 {
    let (start, cpu, mut n) = (Instant::now(), cpu_time(), 0_u32);
    while start.elapsed() < Duration::from_millis(1500) || n < 3 {
        f();
        n += 1;
    }
    let spent = match cpu.zip(cpu_time()) {
        Some((before, after)) => (after - before) as f64 * 1e-9,
        None => start.elapsed().as_secs_f64(),
    };
    spent / f64::from(n)
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
    let mut analytic = 0.0;
    for mode in [TimingMode::Counts, TimingMode::Analytic, TimingMode::Cycle] {
        let run = machine.run_in(&mut state, &sample, mode, &mut NoProbe).expect("valid");
        let total = run.ledger.total();
        let operations = total.synaptic_operations() as f64;
        let rates: Vec<String> = machine
            .layers()
            .iter()
            .zip(&run.layer_spikes)
            .map(|(layer, &n)| format!("{:.1} %", 100.0 * n as f64 / layer.neurons() as f64 / f64::from(TIMESTEPS)))
            .collect();
        let seconds = time(|| {
            let again = machine.run_in(&mut state, &sample, mode, &mut NoProbe).expect("valid");
            assert_eq!(again.class, run.class);
        });
        println!(
            "{mode:?}: {:.2} GSOP/s ({:.1} M synaptic operations in {:.2} ms; spikes per neuron and step {})",
            operations / seconds / 1e9,
            operations / 1e6,
            seconds * 1e3,
            rates.join(", "),
        );
        match mode {
            TimingMode::Counts => {}
            TimingMode::Analytic => analytic = seconds,
            TimingMode::Cycle => {
                let hops = (total[LinkEastWest] + total[LinkNorthSouth] + total[LinkChip]) as f64;
                let rate = hops / (seconds - analytic) / 1e6;
                println!("Network: {rate:.1} M flit-hops/s ({:.3} M flit-hops beyond the analytic time)", hops / 1e6);
            }
        }
        if let Some(time) = run.time {
            println!("  {:.1} us on the chip", time.seconds() * 1e6);
        }
    }
    let wall = |threads| {
        let options = BatchOptions { threads, ..BatchOptions::default() };
        let start = Instant::now();
        let batch = machine.run_batch(200, options, |_| sample.clone(), |_, run| run.class).expect("valid");
        assert_eq!(batch.results.len(), 200);
        start.elapsed().as_secs_f64()
    };
    // In turn, the shortest of each: what else runs on the machine only adds.
    let best = (0..5).map(|_| (wall(1), wall(2))).reduce(|a, b| (a.0.min(b.0), a.1.min(b.1))).expect("five");
    println!("Two threads: {:.2} times one (wall time, meaningful on an idle machine only)", best.0 / best.1);
}
