//! A trained network taken apart, so that rewrites can remove populations and projections; what the folds work on.

use ir::{Connectivity, Graph, Population, PopulationId, Projection, Shape, Trained};

/// A projection with its ends, as indices into [`Net::populations`].
#[derive(Clone, Debug)]
pub(crate) struct Edge {
    pub(crate) pre: usize,
    pub(crate) post: usize,
    pub(crate) projection: Projection<Trained>,
}

/// A graph taken apart, with the graph that it was.
#[derive(Debug)]
pub(crate) struct Net<'a> {
    /// The network as it came.
    pub(crate) origin: &'a Graph<Trained>,
    /// Its populations; `None` where one was removed.
    pub(crate) populations: Vec<Option<Population<Trained>>>,
    /// Its projections.
    pub(crate) edges: Vec<Edge>,
    /// The population that is read out, as an index into [`Self::populations`].
    pub(crate) readout: usize,
}

impl<'a> Net<'a> {
    /// The graph, taken apart.
    pub(crate) fn new(graph: &'a Graph<Trained>) -> Self {
        let edges = graph.projections().map(|(id, projection)| {
            let (pre, post) = graph.ends(id);
            Edge { pre: pre.0 as usize, post: post.0 as usize, projection: projection.clone() }
        });
        Self {
            origin: graph,
            populations: graph.populations().map(|(_, p)| Some(p.clone())).collect(),
            edges: edges.collect(),
            readout: graph.readout.population().0 as usize,
        }
    }

    /// A population that is still there.
    pub(crate) fn population(&self, index: usize) -> &Population<Trained> {
        self.populations[index].as_ref().expect("edges join populations that are still there")
    }

    /// A population that is still there, to change.
    pub(crate) fn population_mut(&mut self, index: usize) -> &mut Population<Trained> {
        self.populations[index].as_mut().expect("edges join populations that are still there")
    }

    /// Shapes before and behind an edge.
    pub(crate) fn shapes(&self, edge: &Edge) -> (Shape, Shape) {
        (self.population(edge.pre).shape, self.population(edge.post).shape)
    }

    /// An edge, named for the user.
    pub(crate) fn describe(&self, edge: &Edge) -> String {
        format!("projection `{}` → `{}`", self.population(edge.pre).name, self.population(edge.post).name)
    }

    /// What is left, put together again.
    pub(crate) fn graph(&self) -> Graph<Trained> {
        let origin = self.origin;
        let mut graph = Graph::new(origin.name.clone(), origin.timesteps, origin.encoding);
        graph.pace = origin.pace;
        let ids: Vec<Option<PopulationId>> =
            self.populations.iter().map(|p| p.clone().map(|p| graph.add_population(p))).collect();
        let id = |i: usize| ids[i].expect("edges join populations that are still there");
        for edge in &self.edges {
            graph.connect(id(edge.pre), id(edge.post), edge.projection.clone());
        }
        graph.readout = origin.readout.clone().of(id(self.readout));
        graph
    }
}

/// Multiplies every weight by the factor of its post-synaptic channel.
pub(crate) fn scale_post(projection: &mut Projection<Trained>, post: Shape, factor: impl Fn(usize) -> f64) {
    if projection.connectivity == Connectivity::OneToOne && projection.weights.len() == 1 {
        projection.weights = vec![projection.weights[0]; post.channels as usize];
    }
    let channels: Vec<usize> = (0..projection.weights.len()).map(|i| projection.channels_of(i, post).start).collect();
    for (weight, channel) in projection.weights.iter_mut().zip(channels) {
        *weight = (f64::from(*weight) * factor(channel)) as f32;
    }
}

/// Multiplies every weight by the factor of its source channel.
pub(crate) fn scale_source(
    projection: &mut Projection<Trained>,
    source: Shape,
    post: Shape,
    factor: impl Fn(usize) -> f64,
) {
    if projection.connectivity == Connectivity::OneToOne && projection.weights.len() == 1 {
        projection.weights = vec![projection.weights[0]; post.channels as usize];
    }
    if let Connectivity::Sparse(lists) = &projection.connectivity {
        for row in 0..lists.len() {
            let gain = factor(source.channel(row));
            projection.weights[lists.synapses(row)].iter_mut().for_each(|w| *w = (f64::from(*w) * gain) as f32);
        }
        return;
    }
    let connectivity = &projection.connectivity;
    for (i, weight) in projection.weights.iter_mut().enumerate() {
        let channel = match connectivity {
            Connectivity::Conv2d(conv) => {
                let (inputs, area) =
                    ((source.channels / conv.groups) as usize, (conv.kernel.0 * conv.kernel.1) as usize);
                let group = i / (area * inputs) / (post.channels / conv.groups) as usize;
                group * inputs + i / area % inputs
            }
            Connectivity::Dense => source.channel(i % source.neurons()),
            Connectivity::OneToOne | Connectivity::Sparse(_) => i,
        };
        *weight = (f64::from(*weight) * factor(channel)) as f32;
    }
}
