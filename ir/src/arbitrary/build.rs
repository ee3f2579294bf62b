//! Builds one verified graph from a tape of choices.

use super::{Features, models, tape::Tape};
use crate::{
    connect::{Connectivity, Conv2d, Pool, Projection},
    encode::InputEncoding,
    graph::{Graph, Population},
    ids::{PopulationId, Shape},
    lists::SynapseLists,
    neuron::{Compare, InputCoding, Leak, NeuronModel, Normalization, PerChannel, Reset, Spiking, Window},
    readout::Readout,
    stage::{Quantized, Stage, Trained},
};

/// Numbers of a stage made from small integers.
pub(super) trait Numbers: Stage {
    /// Weights from integers in `−limit..=limit`.
    fn weights(values: Vec<i32>) -> Vec<Self::Weight>;
    /// A potential, threshold or bias from an integer.
    fn value(value: i32) -> Self::Value;
    /// Largest weight in integers.
    fn limit(features: Features) -> u32;
    /// Decays whose products stay exact over a short sample.
    fn small_decay(tape: &mut Tape) -> u16;
    /// Real value of an input unit.
    fn input_scale(tape: &mut Tape) -> f32;
    /// Perhaps a normalization.
    fn norm(tape: &mut Tape, channels: u32, features: Features) -> Self::Norm;
}

impl Numbers for Trained {
    fn weights(values: Vec<i32>) -> Vec<f32> {
        values.into_iter().map(|v| v as f32 / 8.0).collect()
    }
    fn value(value: i32) -> f64 {
        f64::from(value) / 8.0
    }
    fn limit(_: Features) -> u32 {
        15
    }
    fn small_decay(tape: &mut Tape) -> u16 {
        tape.one_of(&[0, 1024, 2048, 512, 4096])
    }
    fn input_scale(tape: &mut Tape) -> f32 {
        tape.one_of(&[1.0, 0.25, 0.0625, 2.0])
    }
    fn norm(tape: &mut Tape, channels: u32, features: Features) -> Option<Normalization> {
        if !features.normalization || tape.below(3) == 0 {
            return None;
        }
        let n = channels as usize;
        let small = |tape: &mut Tape| tape.signed(n, 12).into_iter().map(|v| v as f32 / 4.0).collect::<Vec<_>>();
        Some(Normalization {
            mean: small(tape),
            var: (0..n).map(|_| tape.one_of(&[0.75, 3.75, 15.75, 0.0])).collect(),
            scale: small(tape),
            shift: small(tape),
            eps: 0.25,
        })
    }
}

impl Numbers for Quantized {
    fn weights(values: Vec<i32>) -> Vec<i32> {
        values
    }
    fn value(value: i32) -> i64 {
        i64::from(value)
    }
    fn limit(features: Features) -> u32 {
        features.max_weight
    }
    fn small_decay(tape: &mut Tape) -> u16 {
        tape.between(0, 4096) as u16
    }
    fn input_scale(_: &mut Tape) -> f32 {
        1.0
    }
    fn norm(_: &mut Tape, _: u32, _: Features) {}
}

/// A network of one to four layers.
pub(super) fn graph<S: Numbers>(mut tape: Tape, features: Features) -> Graph<S> {
    let tape = &mut tape;
    let n_layers = tape.between(1, 4);
    let two_phase = tape.sometimes(features.windows, 3);
    let step = tape.between(1, 4);
    let timesteps = if two_phase { step * (n_layers + 1) } else { tape.between(1, 6) };
    let encoding = tape.one_of(&[InputEncoding::Pixels, InputEncoding::STANDARD]);
    let mut graph = Graph::new("random", timesteps, encoding);
    let coding = match tape.below(if features.events { 3 } else { 2 }) {
        0 => InputCoding::DirectOnce,
        1 => InputCoding::DirectEveryStep { steps: timesteps - tape.below(timesteps + 1) },
        _ => {
            let steps = if tape.sometimes(true, 3) { timesteps - tape.below(timesteps) } else { timesteps };
            let (least, most) = tape.one_of(&[(0, 1), (0, 1), (0, 1), (0, 4), (-3, 2)]);
            InputCoding::Events { steps, least, most }
        }
    };
    let scale = S::input_scale(tape);
    let shape = Shape::new(tape.between(1, 3), tape.between(1, 6), tape.between(1, 6));
    let mut previous = graph.add_population(Population {
        name: "input".into(),
        shape,
        neuron: NeuronModel::Input { coding, scale },
        norm: S::Norm::default(),
    });
    for layer in 1..=n_layers {
        if tape.sometimes(features.linear, 4) {
            let shape = extend(tape, &mut graph, features, previous, None);
            previous = finish(&mut graph, format!("linear{layer}"), shape, NeuronModel::Linear, S::Norm::default());
        }
        let last = layer == n_layers;
        let source = if tape.sometimes(features.branches, 4) {
            PopulationId(tape.below(graph.n_populations() as u32))
        } else {
            previous
        };
        let shape = extend(tape, &mut graph, features, source, None);
        if last && tape.sometimes(features.readouts, 3) {
            let v_init = per_channel::<S>(tape, shape, 40, 0);
            previous =
                finish(&mut graph, "output".into(), shape, NeuronModel::Accumulator { v_init }, S::Norm::default());
        } else {
            let window = if two_phase {
                Window::new(step * (layer - 1), step * layer)
            } else if tape.sometimes(features.windows, 3) {
                let start = tape.below(timesteps);
                let empty = u32::from(!tape.sometimes(true, 8));
                Window::new(start, tape.between(start + empty, timesteps))
            } else {
                Window::new(0, timesteps)
            };
            let neuron = if tape.sometimes(features.lists, 2) {
                NeuronModel::Dynamic(Box::new(models::model(tape, shape, window)))
            } else {
                NeuronModel::Spiking(spiking(tape, shape, window, features))
            };
            let norm = S::norm(tape, shape.channels, features);
            previous = finish(&mut graph, format!("layer{layer}"), shape, neuron, norm);
        }
        if tape.sometimes(features.branches && layer > 1, 3) {
            let source = PopulationId(tape.below(previous.0));
            extend(tape, &mut graph, features, source, Some(previous));
        }
        let spikes = graph.population(previous).neuron.spikes();
        if tape.sometimes(features.recurrence && spikes, 3) {
            extend(tape, &mut graph, features, previous, Some(previous));
        }
        if tape.sometimes(features.recurrence && spikes && layer > 1, 5) {
            let earlier: Vec<PopulationId> =
                graph.populations().filter(|(id, p)| *id < previous && p.neuron.spikes()).map(|(id, _)| id).collect();
            if !earlier.is_empty() {
                let target = tape.one_of(&earlier);
                extend(tape, &mut graph, features, previous, Some(target));
            }
        }
    }
    graph.readout = readout(tape, &graph, previous, features);
    graph
}

/// Adds a projection from `source` to `target`, or to a population that [`finish`] will add next; returns the shape.
fn extend<S: Numbers>(
    tape: &mut Tape,
    graph: &mut Graph<S>,
    features: Features,
    source: PopulationId,
    target: Option<PopulationId>,
) -> Shape {
    let pre = graph.population(source);
    let pool = tape
        .sometimes(features.pool, 4)
        .then(|| Pool { size: (tape.between(1, pre.shape.height.min(3)), tape.between(1, pre.shape.width.min(3))) });
    let from = pool.map_or(pre.shape, |pool| pool.output(pre.shape));
    let wanted = target.map(|id| graph.population(id).shape);
    let delay = match pre.neuron {
        NeuronModel::Input { .. } => tape.below(features.max_input_delay + 1),
        NeuronModel::Linear => 0,
        _ => tape.between(1, features.max_delay.max(1)),
    };
    // A self-connection of a linear population, or any projection back in the same step, would have no delay.
    let delay = if target.is_some_and(|id| id <= source) { delay.max(1) } else { delay };
    let (connectivity, shape) = connectivity(tape, from, wanted, features);
    let mut projection = Projection::<S> { connectivity, pool, weights: Vec::new(), delay };
    if projection.connectivity == Connectivity::OneToOne && tape.below(2) == 0 {
        projection.weights = S::weights(vec![0]);
    }
    let n = projection.expected_weights(pre.shape, shape);
    projection.weights = S::weights(tape.signed(n, S::limit(features)));
    let post = target.unwrap_or_else(|| {
        graph.add_population(Population {
            name: String::new(),
            shape,
            neuron: NeuronModel::Linear,
            norm: S::Norm::default(),
        })
    });
    graph.connect(source, post, projection);
    shape
}

/// Completes the population that [`extend`] added last.
fn finish<S: Numbers>(
    graph: &mut Graph<S>,
    name: String,
    shape: Shape,
    neuron: NeuronModel<S>,
    norm: S::Norm,
) -> PopulationId {
    let id = PopulationId(graph.n_populations() as u32 - 1);
    *graph.population_mut(id) = Population { name, shape, neuron, norm };
    id
}

fn connectivity(tape: &mut Tape, from: Shape, wanted: Option<Shape>, features: Features) -> (Connectivity, Shape) {
    let choice = tape.below(if features.sparse { 8 } else { 6 });
    if choice == 5 && wanted.is_none_or(|shape| shape == from) {
        return (Connectivity::OneToOne, from);
    }
    if choice < 4 {
        let side = |tape: &mut Tape, n: u32| {
            let (kernel, stride, padding) = (tape.between(1, 5), tape.between(1, 3), tape.below(3));
            let dilation = 1 + u32::from(tape.sometimes(kernel > 1, 4));
            // The kernel has to fit in the padded map.
            let kernel = kernel.min((n + 2 * padding - 1) / dilation + 1);
            (kernel, stride, padding, dilation)
        };
        let (v, h) = (side(tape, from.height), side(tape, from.width));
        let divisors: Vec<u32> = (1..=from.channels).filter(|&g| from.channels.is_multiple_of(g)).collect();
        let groups = tape.one_of(&divisors);
        let channels = groups * tape.between(1, (6 / groups).max(1));
        let mut conv =
            Conv2d { kernel: (v.0, h.0), stride: (v.1, h.1), padding: (v.2, h.2), dilation: (v.3, h.3), groups };
        let output = conv.output(from).expect("the kernel was cut to fit");
        let shape = Shape::new(channels, output.0, output.1);
        match wanted {
            None => return (Connectivity::Conv2d(conv), shape),
            Some(wanted) => {
                // A map of the same size takes an odd kernel with half of it as padding.
                let kernel = (v.0 / 2 * 2 + 1, h.0 / 2 * 2 + 1);
                conv = Conv2d {
                    kernel,
                    stride: (1, 1),
                    padding: (kernel.0 / 2 * v.3, kernel.1 / 2 * h.3),
                    groups: if wanted.channels.is_multiple_of(groups) { groups } else { 1 },
                    ..conv
                };
                if conv.output(from) == Some((wanted.height, wanted.width)) {
                    return (Connectivity::Conv2d(conv), wanted);
                }
            }
        }
    }
    if choice >= 6 {
        // Vectors, which a partition may cut anywhere, and sometimes maps.
        let shape = wanted.unwrap_or_else(|| {
            if tape.sometimes(true, 4) {
                Shape::new(tape.between(1, 3), tape.between(1, 3), tape.between(1, 3))
            } else {
                Shape::vector(tape.between(1, 24))
            }
        });
        return (Connectivity::Sparse(synapse_lists(tape, from, shape)), shape);
    }
    (Connectivity::Dense, wanted.unwrap_or_else(|| Shape::vector(tape.between(1, 8))))
}

/// Up to five synapses per source neuron, pairs sometimes twice.
fn synapse_lists(tape: &mut Tape, from: Shape, to: Shape) -> SynapseLists {
    let most = tape.below(6) as usize;
    let mut draws = tape.signed(from.neurons() * (most + 1), 1 << 20).into_iter().map(i32::unsigned_abs);
    let mut draw = |n: usize| draws.next().unwrap_or(0) as usize % n;
    SynapseLists::new((0..from.neurons()).map(|_| {
        let mut list: Vec<u32> = (0..draw(most + 1)).map(|_| draw(to.neurons()) as u32).collect();
        list.sort_unstable();
        list
    }))
}

fn per_channel<S: Numbers>(tape: &mut Tape, shape: Shape, spread: u32, around: i32) -> PerChannel<S::Value> {
    let n = if tape.below(2) == 0 { 1 } else { shape.channels as usize };
    PerChannel(tape.signed(n, spread).into_iter().map(|v| S::value(v + around)).collect())
}

fn spiking<S: Numbers>(tape: &mut Tape, shape: Shape, window: Window, features: Features) -> Spiking<S> {
    let own = features.neurons;
    let zero = || PerChannel::uniform(S::Value::default());
    let (spread, around) = tape.one_of(&[(12, 14), (80, 100), (400, 900)]);
    let threshold = per_channel::<S>(tape, shape, spread, around);
    let v_init = if tape.below(2) == 0 { zero() } else { per_channel::<S>(tape, shape, 60, 20) };
    let bias = if tape.sometimes(own, 3) { per_channel::<S>(tape, shape, 12, 0) } else { zero() };
    Spiking {
        threshold,
        v_init,
        bias,
        leak: if tape.sometimes(own, 3) { Leak::Decay(S::small_decay(tape)) } else { Leak::None },
        reset: if tape.sometimes(own, 3) { Reset::Zero } else { Reset::Subtract },
        compare: if tape.sometimes(own, 3) { Compare::Greater } else { Compare::GreaterEqual },
        window,
        floor: tape.sometimes(own, 4).then(|| S::value(-(tape.below(50) as i32))),
    }
}

fn readout<S: Numbers>(tape: &mut Tape, graph: &Graph<S>, population: PopulationId, features: Features) -> Readout<S> {
    let read = graph.population(population);
    let channels = read.shape.channels;
    if !read.neuron.spikes() {
        return Readout::Potential { population };
    }
    match tape.below(if features.readouts { 4 } else { 1 }) {
        0 => Readout::SpikeCount { population },
        1 => {
            let first = tape.between(1, channels);
            let sizes = if first == channels { vec![channels] } else { vec![first, channels - first] };
            Readout::Goodness { population, sizes }
        }
        2 => {
            let grid = tape.between(1, 2);
            let n = tape.between(1, 4) * grid * grid * channels;
            Readout::ChannelEnergy { population, grid, weights: S::weights(tape.signed(n as usize, 15)) }
        }
        _ => Readout::Potential { population },
    }
}
