//! Loops through several layers, against an interpreter that shares no code: it steps the layers of a chain one after the other, a
//! forward projection sees the spikes of the same step and a backward one those of the step before, as frameworks do. All constants
//! are dyadic, so that both sides compute the same reals.

use ir::{Event, Stimulus};
use spikeloom_nir::{
    Coding, Node, Options, Read, Reset, Rules, Spikes,
    model::{Neuron, NirGraph, Synapse, Tensor},
};

const INPUTS: usize = 4;
const STEPS: u32 = 10;

/// A linear congruential generator (Knuth's constants).
struct Draw(u64);

impl Draw {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    fn eighths(&mut self, low: i32, high: i32) -> f64 {
        f64::from(low + self.below((high - low + 1) as u64) as i32) / 8.0
    }
}

struct Layer {
    n: usize,
    /// 1 − what is kept of the current and of the potential in a step.
    alpha: [f64; 2],
    has_current: bool,
    is_leaky: bool,
    threshold: f64,
}

/// From a layer, or the input, to a layer.
struct Edge {
    from: Option<usize>,
    to: usize,
    delay: usize,
    weights: Vec<f64>,
}

struct Network {
    layers: Vec<Layer>,
    edges: Vec<Edge>,
    reset: Reset,
    spikes: Spikes,
}

fn draw(seed: u64) -> Network {
    let mut d = Draw(seed);
    d.below(2);
    let layers: Vec<Layer> = (0..2 + d.below(3))
        .map(|_| Layer {
            n: 2 + d.below(4) as usize,
            alpha: [0.5, [0.5, 0.25][d.below(2) as usize]],
            has_current: d.below(4) == 0,
            is_leaky: d.below(2) == 0,
            threshold: [0.5, 1.0, 1.5][d.below(3) as usize],
        })
        .collect();
    let mut pairs: Vec<(Option<usize>, usize)> = vec![(None, 0)];
    pairs.extend((1..layers.len()).map(|to| (Some(to - 1), to)));
    for from in 0..layers.len() {
        for to in 0..layers.len() {
            if to != from + 1 && d.below(3) == 0 {
                pairs.push((Some(from), to));
            }
        }
    }
    let edges = pairs
        .into_iter()
        .map(|(from, to)| {
            let n = layers[to].n * from.map_or(INPUTS, |from| layers[from].n);
            let delay = if d.below(4) == 0 { 1 + d.below(2) as usize } else { 0 };
            Edge { from, to, delay, weights: (0..n).map(|_| d.eighths(-8, 10)).collect() }
        })
        .collect();
    let reset = [Reset::Zero, Reset::Subtract, Reset::SubtractAfterLeak, Reset::ZeroNextStep, Reset::None];
    let reset = reset[d.below(5) as usize];
    let spikes = if d.below(2) == 0 { Spikes::UpTo(3) } else { Spikes::One };
    Network { layers, edges, reset, spikes }
}

fn frames(seed: u64) -> Vec<Vec<f64>> {
    let mut d = Draw(seed ^ 0x5eed);
    (0..STEPS).map(|_| (0..INPUTS).map(|_| f64::from(u8::from(d.below(3) == 0))).collect()).collect()
}

/// Spikes by layer: step, neuron and how many.
fn expected(network: &Network, frames: &[Vec<f64>]) -> Vec<Vec<(u32, u32, u32)>> {
    let layers = &network.layers;
    let mut sent: Vec<Vec<Vec<f64>>> = Vec::new();
    let mut u: Vec<Vec<f64>> = layers.iter().map(|l| vec![0.0; l.n]).collect();
    let mut v = u.clone();
    let mut fired_before: Vec<Vec<u32>> = layers.iter().map(|l| vec![0; l.n]).collect();
    let mut found = vec![Vec::new(); layers.len()];
    for (t, frame) in frames.iter().enumerate() {
        sent.push(Vec::new());
        for (at, layer) in layers.iter().enumerate() {
            let mut x = vec![0.0; layer.n];
            for edge in network.edges.iter().filter(|edge| edge.to == at) {
                let source = match edge.from {
                    None => t.checked_sub(edge.delay).map(|then| if edge.delay == 0 { frame } else { &frames[then] }),
                    Some(from) => {
                        let late = edge.delay + usize::from(from >= at);
                        t.checked_sub(late).map(|then| &sent[then][from])
                    }
                };
                let Some(source) = source else { continue };
                for (i, x) in x.iter_mut().enumerate() {
                    *x += source.iter().enumerate().map(|(j, s)| edge.weights[i * source.len() + j] * s).sum::<f64>();
                }
            }
            let mut out = vec![0.0; layer.n];
            for i in 0..layer.n {
                if layer.has_current {
                    u[at][i] = (1.0 - layer.alpha[0]) * u[at][i] + x[i];
                    x[i] = u[at][i];
                }
                let keep = if layer.is_leaky { 1.0 - layer.alpha[1] } else { 1.0 };
                let late = if network.reset == Reset::SubtractAfterLeak { fired_before[at][i] } else { 0 };
                v[at][i] = keep * v[at][i] + x[i] - f64::from(late) * layer.threshold;
                if network.reset == Reset::ZeroNextStep && fired_before[at][i] > 0 {
                    v[at][i] = 0.0;
                }
                let most = if let Spikes::UpTo(n) = network.spikes { u32::from(n) } else { 1 };
                let mut n = 0;
                let mut rest = v[at][i];
                while n < most && rest > layer.threshold {
                    rest -= layer.threshold;
                    n += 1;
                }
                fired_before[at][i] = n;
                match network.reset {
                    Reset::Zero if n > 0 => v[at][i] = 0.0,
                    Reset::Subtract => v[at][i] = rest,
                    _ => {}
                }
                out[i] = f64::from(n);
                if n > 0 {
                    found[at].push((t as u32, i as u32, n));
                }
            }
            sent[t].push(out);
        }
    }
    found
}

/// The file's network: dt = 1, every projection a Linear node, with a Delay in front where it has one.
fn file(network: &Network) -> Read {
    let mut graph = NirGraph::default();
    let mut add = |name: String, node: Node| {
        graph.nodes.insert(name.clone(), node);
        name
    };
    let mut edges = Vec::new();
    add("input".into(), Node::Input(vec![INPUTS]));
    let last = network.layers.last().expect("there are layers").n;
    add("output".into(), Node::Output(vec![last]));
    for (i, layer) in network.layers.iter().enumerate() {
        let all = |value: f64| Tensor { shape: vec![layer.n], values: vec![value; layer.n] };
        // α·r and α_syn·w_in are 1.
        let synapse =
            layer.has_current.then(|| Synapse { tau: all(1.0 / layer.alpha[0]), w_in: all(1.0 / layer.alpha[0]) });
        let tau = (layer.is_leaky || layer.has_current)
            .then(|| if layer.is_leaky { 1.0 / layer.alpha[1] } else { f64::INFINITY });
        let neuron = Neuron {
            synapse,
            tau: tau.map(all),
            r: all(tau.unwrap_or(1.0)),
            v_leak: all(0.0),
            threshold: Some(all(layer.threshold)),
            v_reset: None,
        };
        add(format!("n{i}"), Node::Neuron(neuron));
    }
    edges.push((format!("n{}", network.layers.len() - 1), "output".into()));
    for (e, edge) in network.edges.iter().enumerate() {
        let from = edge.from.map_or("input".into(), |from| format!("n{from}"));
        let n = network.layers[edge.to].n;
        let inputs = edge.weights.len() / n;
        let weight = Tensor { shape: vec![n, inputs], values: edge.weights.clone() };
        let mut source = from;
        if edge.delay > 0 {
            let times = Tensor { shape: vec![inputs], values: vec![edge.delay as f64; inputs] };
            let delay = add(format!("d{e}"), Node::Delay(times));
            edges.push((std::mem::replace(&mut source, delay.clone()), delay));
        }
        let linear = add(format!("w{e}"), Node::Linear { weight, bias: Vec::new() });
        edges.push((source, linear.clone()));
        edges.push((linear, format!("n{}", edge.to)));
    }
    graph.edges = edges;
    Read { graph, version: String::new(), remarks: Vec::new() }
}

#[test]
fn spikes_come_round_a_loop_when_frameworks_have_them() {
    let mut paces = [0; 8];
    let mut several = 0;
    for seed in 0..400 {
        let network = draw(seed);
        let frames = frames(seed);
        let rules = Rules { reset: Some(network.reset), spikes: Some(network.spikes), ..Rules::default() };
        let options =
            Options { dt: Some(1.0), steps: Some(STEPS), coding: Some(Coding::Events), rules, ..Options::default() };
        let imported =
            spikeloom_nir::lower(file(&network), "loop", &options).unwrap_or_else(|e| panic!("network {seed}: {e}"));
        let (graph, remarks) = (imported.graph, imported.remarks);
        let pace = graph.pace;
        paces[pace as usize] += 1;
        let mut stimulus = Stimulus { steps: vec![Vec::new(); (pace * STEPS) as usize] };
        for (t, frame) in frames.iter().enumerate() {
            let fired = (0_u32..).zip(frame).filter(|(_, x)| **x != 0.0);
            stimulus.steps[t * pace as usize] = fired.map(|(neuron, _)| Event { neuron, value: 1 }).collect();
        }
        let trace = ir::interpret(&graph, &stimulus);
        for (at, expected) in expected(&network, &frames).into_iter().enumerate() {
            let id = graph.find(&format!("n{at}")).expect("every layer is there");
            let depth = graph.population(id).neuron.window().expect("it updates").start;
            let found: Vec<(u32, u32)> = trace.spikes[id.0 as usize]
                .iter()
                .zip(0_u32..)
                .flat_map(|(spikes, t)| spikes.iter().map(move |&neuron| (t, neuron)))
                .collect();
            several += expected.iter().filter(|(_, _, n)| *n > 1).count();
            let expected: Vec<(u32, u32)> = expected.into_iter().map(|(t, i, _)| (pace * t + depth, i)).collect();
            assert_eq!(found, expected, "network {seed}, layer {at}, pace {pace}, reset {}", network.reset);
        }
        assert_eq!(
            pace > 1,
            remarks.iter().any(|r| r.starts_with("loops through several")),
            "network {seed}: {remarks:?}"
        );
    }
    assert!(
        paces[1] > 20 && paces[2] > 20 && paces[3] > 20 && several > 20,
        "{paces:?}, {several} times several spikes"
    );
}
