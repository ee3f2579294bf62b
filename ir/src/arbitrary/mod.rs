//! Random small networks and stimuli for property tests (feature `arbitrary`).
//!
//! Every generated graph satisfies [`crate::verify()`]. The strategies cover every connectivity, neuron option, input
//! coding and read-out, on maps of at most 6×6 neurons with at most 6 channels, so that the reference interpreter takes
//! well below a millisecond per sample.
//!
//! Trained graphs have all their numbers on a dyadic grid (multiples of a small power of two, few significant bits): their
//! sums and products are exact in `f32` and `f64`, and a rewrite that is exact in real numbers is exact bit for bit.

mod build;
mod models;
mod tape;

use crate::{
    graph::Graph,
    neuron::NeuronModel,
    stage::{Quantized, Stage, Trained},
    stimulus::{Event, Stimulus},
};
use proptest::{collection::vec, prelude::*};
use tape::Tape;

/// What the generated graphs may contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches, named where they are set")]
pub struct Features {
    /// Populations with several sources or several targets: branches and residual connections.
    pub branches: bool,
    /// Projections from a population to itself or to an earlier one.
    pub recurrence: bool,
    /// Pooling in projections.
    pub pool: bool,
    /// Largest delay of projections from spiking populations (at least 1).
    pub max_delay: u32,
    /// Largest delay of projections from the input.
    pub max_input_delay: u32,
    /// Leak, hard reset, strict comparison, floor and bias; without them, IF with soft reset and `v ≥ θ`.
    pub neurons: bool,
    /// Windows other than the whole sample.
    pub windows: bool,
    /// Event-coded inputs beside direct ones.
    pub events: bool,
    /// Accumulators and read-outs other than the spike count.
    pub readouts: bool,
    /// Sparse projections.
    pub sparse: bool,
    /// Neurons given as lists of operations.
    pub lists: bool,
    /// Linear populations. Trained graphs only.
    pub linear: bool,
    /// Normalizations in front of spiking neurons. Trained graphs only; such graphs cannot be interpreted before fusing.
    pub normalization: bool,
    /// Largest magnitude of an integer weight. Quantized graphs only.
    pub max_weight: u32,
}

impl Features {
    /// Everything but lists of operations.
    pub const ALL: Self = Self {
        branches: true,
        recurrence: true,
        pool: true,
        max_delay: 3,
        max_input_delay: 1,
        neurons: true,
        windows: true,
        events: true,
        readouts: true,
        sparse: true,
        lists: false,
        linear: true,
        normalization: false,
        max_weight: 127,
    };

    /// Everything that the interpreter accepts.
    pub const LISTS: Self = Self { lists: true, ..Self::ALL };

    /// A feed-forward chain of IF neurons with delay 1.
    pub const CHAIN: Self = Self {
        branches: false,
        recurrence: false,
        max_delay: 1,
        max_input_delay: 0,
        neurons: false,
        events: false,
        sparse: false,
        linear: false,
        ..Self::ALL
    };
}

/// Verified real-valued graphs.
pub fn trained(features: Features) -> impl Strategy<Value = Graph<Trained>> {
    vec(any::<u16>(), 40..200).prop_map(move |choices| build::graph(Tape::new(choices), features))
}

/// Verified integer graphs; never with linear populations.
pub fn quantized(features: Features) -> impl Strategy<Value = Graph<Quantized>> {
    let features = Features { linear: false, normalization: false, ..features };
    vec(any::<u16>(), 40..200).prop_map(move |choices| build::graph(Tape::new(choices), features))
}

/// A stimulus that fits the input of a graph: values within [`Graph::input_range`], about half of them zero.
///
/// # Panics
/// If the graph has no input population.
pub fn stimulus<S: Stage>(graph: &Graph<S>) -> impl Strategy<Value = Stimulus> + use<S> {
    let input = graph.input().expect("a verified graph has an input");
    let population = graph.population(input);
    let NeuronModel::Input { coding, .. } = population.neuron else {
        unreachable!("`Graph::input` finds input populations only")
    };
    let neurons = population.shape.neurons();
    let (low, high) = graph.input_range().expect("a verified graph has an input");
    let value = prop_oneof![Just(0), low..=high, prop_oneof![Just(low), Just(high)]];
    let steps = if coding.is_events() { coding.steps() as usize } else { 1 };
    vec(value, neurons * steps).prop_map(move |values| {
        if coding.is_events() { events(&values, neurons) } else { Stimulus::direct(&values, coding) }
    })
}

/// A trained graph with a stimulus.
pub fn trained_case(features: Features) -> impl Strategy<Value = (Graph<Trained>, Stimulus)> {
    trained(features).prop_flat_map(with_stimulus)
}

/// A quantized graph with a stimulus.
pub fn quantized_case(features: Features) -> impl Strategy<Value = (Graph<Quantized>, Stimulus)> {
    quantized(features).prop_flat_map(with_stimulus)
}

fn with_stimulus<S: Stage>(graph: Graph<S>) -> impl Strategy<Value = (Graph<S>, Stimulus)> {
    let stimulus = stimulus(&graph);
    (Just(graph), stimulus)
}

fn events(values: &[i32], neurons: usize) -> Stimulus {
    let step = |values: &[i32]| -> Vec<Event> {
        let events = values.iter().enumerate().filter(|&(_, &value)| value != 0);
        events.map(|(neuron, &value)| Event { neuron: neuron as u32, value }).collect()
    };
    Stimulus { steps: values.chunks(neurons).map(step).collect() }
}
