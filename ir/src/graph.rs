//! The graph: populations as nodes, projections as edges, on petgraph.

use crate::{
    connect::Projection,
    dynamics::{Action, Dynamics, Parameter, StateWord},
    encode::InputEncoding,
    ids::{PopulationId, ProjectionId, Shape},
    neuron::{InputCoding, NeuronModel, PerChannel, Spiking},
    readout::Readout,
    stage::{Quantized, Stage, Trained},
};
use petgraph::{
    Direction,
    graph::{DiGraph, EdgeIndex, NodeIndex},
    visit::EdgeRef,
};

/// A set of neurons of one model, arranged in feature maps.
#[derive(Clone, Debug, PartialEq)]
pub struct Population<S: Stage> {
    /// Name, unique in the graph.
    pub name: String,
    /// Channels × height × width.
    pub shape: Shape,
    /// What the neurons do.
    pub neuron: NeuronModel<S>,
    /// Normalization of the summed input.
    pub norm: S::Norm,
}

/// A spiking network in stage `S`.
#[derive(Clone, Debug)]
pub struct Graph<S: Stage> {
    /// Name of the network.
    pub name: String,
    /// Number of timesteps in which one sample is processed.
    pub timesteps: u32,
    /// Timesteps from one step of a sample to the next: what a recording holds in step n is sent in timestep n·pace. 1 unless loops
    /// through several populations need more than one timestep in a step.
    pub pace: u32,
    /// From pixels to integer input values.
    pub encoding: InputEncoding,
    /// The class decision.
    pub readout: Readout<S>,
    net: DiGraph<Population<S>, Projection<S>>,
}

impl<S: Stage> Graph<S> {
    /// A graph without populations. The read-out is set when its population exists.
    pub fn new(name: impl Into<String>, timesteps: u32, encoding: InputEncoding) -> Self {
        Self {
            name: name.into(),
            timesteps,
            pace: 1,
            encoding,
            readout: Readout::SpikeCount { population: PopulationId(0) },
            net: DiGraph::new(),
        }
    }

    /// Adds a population.
    pub fn add_population(&mut self, population: Population<S>) -> PopulationId {
        PopulationId(self.net.add_node(population).index() as u32)
    }

    /// Connects two populations.
    ///
    /// # Panics
    /// If either does not belong to the graph.
    pub fn connect(&mut self, pre: PopulationId, post: PopulationId, projection: Projection<S>) -> ProjectionId {
        ProjectionId(self.net.add_edge(node(pre), node(post), projection).index() as u32)
    }

    /// The population of an id.
    pub fn population(&self, id: PopulationId) -> &Population<S> {
        &self.net[node(id)]
    }

    /// The population of an id, to change.
    pub fn population_mut(&mut self, id: PopulationId) -> &mut Population<S> {
        &mut self.net[node(id)]
    }

    /// The projection of an id.
    pub fn projection(&self, id: ProjectionId) -> &Projection<S> {
        &self.net[EdgeIndex::new(id.0 as usize)]
    }

    /// The projection of an id, to change.
    pub fn projection_mut(&mut self, id: ProjectionId) -> &mut Projection<S> {
        &mut self.net[EdgeIndex::new(id.0 as usize)]
    }

    /// Pre- and post-synaptic population of a projection.
    pub fn ends(&self, id: ProjectionId) -> (PopulationId, PopulationId) {
        let (pre, post) = self
            .net
            .edge_endpoints(EdgeIndex::new(id.0 as usize))
            .expect("projection ids are handed out by this graph only");
        (population_id(pre), population_id(post))
    }

    /// All populations in the order of their ids.
    pub fn populations(&self) -> impl Iterator<Item = (PopulationId, &Population<S>)> {
        self.net.node_indices().map(|n| (population_id(n), &self.net[n]))
    }

    /// All projections in the order of their ids.
    pub fn projections(&self) -> impl Iterator<Item = (ProjectionId, &Projection<S>)> {
        self.net.edge_indices().map(|e| (ProjectionId(e.index() as u32), &self.net[e]))
    }

    /// Projections onto a population, in the order of their ids.
    pub fn incoming(&self, post: PopulationId) -> Vec<ProjectionId> {
        self.edges(post, Direction::Incoming)
    }

    /// Projections from a population, in the order of their ids.
    pub fn outgoing(&self, pre: PopulationId) -> Vec<ProjectionId> {
        self.edges(pre, Direction::Outgoing)
    }

    fn edges(&self, id: PopulationId, direction: Direction) -> Vec<ProjectionId> {
        let mut ids: Vec<ProjectionId> =
            self.net.edges_directed(node(id), direction).map(|e| ProjectionId(e.id().index() as u32)).collect();
        ids.sort_unstable();
        ids
    }

    /// Number of populations.
    pub fn n_populations(&self) -> usize {
        self.net.node_count()
    }

    /// Number of projections.
    pub fn n_projections(&self) -> usize {
        self.net.edge_count()
    }

    /// The population called `name`.
    pub fn find(&self, name: &str) -> Option<PopulationId> {
        self.populations().find(|(_, p)| p.name == name).map(|(id, _)| id)
    }

    /// The input population: the first whose neuron model is `Input`.
    pub fn input(&self) -> Option<PopulationId> {
        self.populations().find(|(_, p)| matches!(p.neuron, NeuronModel::Input { .. })).map(|(id, _)| id)
    }

    /// Classes that the read-out decides between.
    pub fn classes(&self) -> usize {
        match &self.readout {
            Readout::Goodness { sizes, .. } => sizes.len(),
            Readout::ChannelEnergy { population, grid, weights } => {
                let per_class = self.population(*population).shape.channels as usize * (*grid as usize).pow(2);
                weights.len() / per_class.max(1)
            }
            Readout::Potential { population } | Readout::SpikeCount { population } => {
                self.population(*population).shape.neurons()
            }
        }
    }

    /// Smallest and largest integer that an input neuron may receive in a timestep: the range of the encoding for direct
    /// coding, for events the range that the coding states. `None` without an input.
    pub fn input_range(&self) -> Option<(i32, i32)> {
        let NeuronModel::Input { coding, .. } = self.population(self.input()?).neuron else { return None };
        Some(match (coding, self.encoding) {
            (InputCoding::Events { least, most, .. }, _) => (least, most),
            (_, encoding) => encoding.range(),
        })
    }

    /// The underlying petgraph, for algorithms (node index = population id, edge index = projection id).
    pub fn petgraph(&self) -> &DiGraph<Population<S>, Projection<S>> {
        &self.net
    }

    /// Number of weights of all projections.
    pub fn n_weights(&self) -> usize {
        self.projections().map(|(_, p)| p.weights.len()).sum()
    }
}

impl Graph<Quantized> {
    /// The same numbers as real ones. Widths of at most 24 bits for weights and 53 for potentials are kept exactly; a leak is not
    /// truncated there.
    pub fn in_reals(&self) -> Graph<Trained> {
        let values = |values: &PerChannel<i64>| values.map(|v| v as f64);
        let mut graph = Graph::new(self.name.clone(), self.timesteps, self.encoding);
        graph.pace = self.pace;
        for (_, p) in self.populations() {
            let neuron = match &p.neuron {
                NeuronModel::Input { coding, scale } => NeuronModel::Input { coding: *coding, scale: *scale },
                NeuronModel::Linear => NeuronModel::Linear,
                NeuronModel::Accumulator { v_init } => NeuronModel::Accumulator { v_init: values(v_init) },
                NeuronModel::Dynamic(list) => NeuronModel::Dynamic(Box::new(list_in_reals(list))),
                NeuronModel::Spiking(n) => NeuronModel::Spiking(Spiking {
                    threshold: values(&n.threshold),
                    v_init: values(&n.v_init),
                    bias: values(&n.bias),
                    leak: n.leak,
                    reset: n.reset,
                    compare: n.compare,
                    window: n.window,
                    floor: n.floor.map(|floor| floor as f64),
                }),
            };
            graph.add_population(Population { name: p.name.clone(), shape: p.shape, neuron, norm: None });
        }
        for (id, p) in self.projections() {
            let (pre, post) = self.ends(id);
            let shift = match &self.population(post).neuron {
                NeuronModel::Dynamic(list) => list.shift,
                _ => 0,
            };
            let weights = p.weights.iter().map(|&w| w as f32 * f32::from(shift).exp2()).collect();
            let Projection { connectivity, pool, delay, .. } = p.clone();
            graph.connect(pre, post, Projection { connectivity, pool, weights, delay });
        }
        graph.readout = match &self.readout {
            Readout::Goodness { population, sizes } => {
                Readout::Goodness { population: *population, sizes: sizes.clone() }
            }
            Readout::ChannelEnergy { population, grid, weights } => {
                let weights = weights.iter().map(|&w| w as f32).collect();
                Readout::ChannelEnergy { population: *population, grid: *grid, weights }
            }
            Readout::Potential { population } => Readout::Potential { population: *population },
            Readout::SpikeCount { population } => Readout::SpikeCount { population: *population },
        };
        graph
    }
}

/// Fraction bits become part of the weights; what only integers have, saturation and wrapping, is left out.
fn list_in_reals(list: &Dynamics<Quantized>) -> Dynamics<Trained> {
    let whole = |action: &Action| matches!(action, Action::Saturate(..) | Action::Wrap(..));
    let values = |values: &PerChannel<i64>| values.map(|v| v as f64);
    let word = |w: &StateWord<Quantized>| StateWord { name: w.name.clone(), unit: w.unit, init: values(&w.init) };
    let parameter =
        |p: &Parameter<Quantized>| Parameter { name: p.name.clone(), unit: p.unit, values: values(&p.values) };
    Dynamics {
        model: list.model.clone(),
        words: list.words.iter().map(word).collect(),
        scratch: list.scratch,
        potential: list.potential,
        params: list.params.iter().map(parameter).collect(),
        ops: list.ops.iter().filter(|op| !whole(&op.action)).copied().collect(),
        shift: 0,
        window: list.window,
    }
}

impl<S: Stage> PartialEq for Graph<S> {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
            && self.timesteps == other.timesteps
            && self.encoding == other.encoding
            && self.readout == other.readout
            && self.populations().eq(other.populations())
            && self
                .projections()
                .map(|(id, p)| (self.ends(id), p))
                .eq(other.projections().map(|(id, p)| (other.ends(id), p)))
    }
}

fn node(id: PopulationId) -> NodeIndex {
    NodeIndex::new(id.0 as usize)
}

fn population_id(n: NodeIndex) -> PopulationId {
    PopulationId(n.index() as u32)
}
