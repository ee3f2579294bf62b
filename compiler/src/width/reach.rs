//! The potentials that a real-valued network can have: the walk of the width proof over reals, for neurons given by parameters. A
//! list of operations may reach any potential.

use ir::{
    Compare, Connectivity, Emits, Graph, Leak, NeuronModel, PopulationId, Projection, Reset, Shape, Spiking, Stage,
    Trained,
};

/// Lowest and highest potential of a channel of a real-valued network.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Reach {
    /// Lowest potential.
    pub low: f64,
    /// Highest potential.
    pub high: f64,
}

impl Reach {
    /// Any potential.
    const ALL: Self = Self { low: f64::NEG_INFINITY, high: f64::INFINITY };

    fn hull(&mut self, other: Self) {
        self.low = self.low.min(other.low);
        self.high = self.high.max(other.high);
    }
}

/// Ranges by population and channel of a fused network in real numbers; empty for populations without potentials.
///
/// # Panics
/// If the graph is not verified, holds a linear population, or sends real values of a list into weights.
pub fn reach(graph: &Graph<Trained>, input: (i32, i32)) -> Vec<Vec<Reach>> {
    graph.populations().map(|(id, _)| of_population(graph, id, input)).collect()
}

fn of_population(graph: &Graph<Trained>, id: PopulationId, input: (i32, i32)) -> Vec<Reach> {
    let population = graph.population(id);
    let channels = population.shape.channels as usize;
    let (v_init, neuron) = match &population.neuron {
        NeuronModel::Input { .. } => return Vec::new(),
        NeuronModel::Dynamic(_) => return vec![Reach::ALL; channels],
        NeuronModel::Linear => panic!("{}: linear populations must be fused first", population.name),
        NeuronModel::Accumulator { v_init } => (v_init, None),
        NeuronModel::Spiking(neuron) => (&neuron.v_init, Some(neuron)),
    };
    let incoming: Vec<Arrivals> = graph.incoming(id).into_iter().map(|p| Arrivals::new(graph, p, input)).collect();
    let channel = |c: usize| {
        let mut now = Reach { low: v_init.at(c), high: v_init.at(c) };
        let mut all = now;
        for t in 0..graph.timesteps {
            for arrivals in incoming.iter().filter(|arrivals| arrivals.active(t)) {
                now.low += arrivals.sums[c].low;
                now.high += arrivals.sums[c].high;
            }
            all.hull(now);
            if let Some(neuron) = neuron.filter(|neuron| neuron.window.contains(t)) {
                update(neuron, c, &mut now, &mut all);
                all.hull(now);
            }
        }
        all
    };
    (0..channels).map(channel).collect()
}

/// The update of an interval; `all` takes the potentials before the reset.
fn update(neuron: &Spiking<Trained>, c: usize, now: &mut Reach, all: &mut Reach) {
    let bias = neuron.bias.at(c);
    *now = Reach { low: now.low + bias, high: now.high + bias };
    all.hull(*now);
    if let Some(floor) = neuron.floor {
        *now = Reach { low: now.low.max(floor), high: now.high.max(floor) };
        all.hull(*now);
    }
    let threshold = neuron.threshold.at(c);
    let fires = match neuron.compare {
        Compare::Greater => now.high > threshold,
        Compare::GreaterEqual => now.high >= threshold,
    };
    if fires {
        let after = |v: f64| if neuron.reset == Reset::Zero { 0.0 } else { v - threshold };
        let before = *now;
        *now = Reach { low: after(before.low.max(threshold)), high: after(before.high) };
        if before.low < threshold {
            now.hull(Reach { low: before.low, high: threshold });
        }
    }
    if let Leak::Decay(decay) = neuron.leak {
        let left = |v: f64| v - v * f64::from(decay) / 4096.0;
        *now = Reach { low: left(now.low), high: left(now.high) };
    }
}

/// The most that a neuron emits in a timestep, if that is spikes or a count of them.
pub(crate) fn most_emitted<S: Stage>(neuron: &NeuronModel<S>) -> Option<i32> {
    match neuron {
        _ if neuron.emits() == Emits::Spikes => Some(1),
        NeuronModel::Dynamic(list) => list.most_counted().map(|most| most as i32),
        _ => None,
    }
}

/// What one projection can add in a timestep.
struct Arrivals {
    /// Per post-synaptic channel: the least and the most that is added.
    sums: Vec<Reach>,
    /// Timesteps `start ≤ t < end` in which something can arrive.
    start: u32,
    end: u32,
}

impl Arrivals {
    fn new(graph: &Graph<Trained>, id: ir::ProjectionId, input: (i32, i32)) -> Self {
        let projection = graph.projection(id);
        let (pre, post) = graph.ends(id);
        let (pre, post) = (graph.population(pre), graph.population(post));
        let (values, start, end) = match &pre.neuron {
            NeuronModel::Input { coding, .. } => (input, 0, coding.steps()),
            neuron => match neuron.window() {
                Some(window) => ((0, most_emitted(neuron).unwrap_or(0)), window.start, window.end),
                None => panic!("{}: only inputs and spikes go into weights here", pre.name),
            },
        };
        let area = projection.pool.map_or(1.0, |pool| f64::from(pool.size.0) * f64::from(pool.size.1));
        let ends = (f64::from(values.0.min(0)) * area, f64::from(values.1.max(0)) * area);
        let sums = sums(projection, post.shape, ends);
        Self { sums, start: start.saturating_add(projection.delay), end: end.saturating_add(projection.delay) }
    }

    fn active(&self, t: u32) -> bool {
        self.start <= t && t < self.end
    }
}

/// Per post-synaptic channel: the hull, over its neurons, of what all their synapses together add if every source emits between
/// the two `ends`, the first ≤ 0 and the second ≥ 0.
fn sums(projection: &Projection<Trained>, post: Shape, ends: (f64, f64)) -> Vec<Reach> {
    let add = |sum: Reach, &w: &f32| {
        let (down, up) = if w < 0.0 { (ends.1, ends.0) } else { ends };
        Reach { low: sum.low + f64::from(w) * down, high: sum.high + f64::from(w) * up }
    };
    let hull = |neurons: &[Reach]| {
        neurons.iter().fold(Reach::default(), |mut all, &neuron| {
            all.hull(neuron);
            all
        })
    };
    let channels = post.channels as usize;
    let weights = &projection.weights;
    if let Connectivity::Sparse(lists) = &projection.connectivity {
        let mut onto = vec![Reach::default(); post.neurons()];
        for (&target, w) in lists.targets().iter().zip(weights) {
            onto[target as usize] = add(onto[target as usize], w);
        }
        return onto.chunks(post.map()).map(hull).collect();
    }
    let rows = match projection.connectivity {
        Connectivity::Dense => post.neurons(),
        Connectivity::Conv2d(_) | Connectivity::OneToOne | Connectivity::Sparse(_) => channels,
    };
    // A single one-to-one weight serves every channel.
    let row = |r: usize| {
        if weights.len() < rows { &weights[..] } else { &weights[r * weights.len() / rows..][..weights.len() / rows] }
    };
    let onto: Vec<Reach> = (0..rows).map(|r| row(r).iter().fold(Reach::default(), add)).collect();
    onto.chunks(rows / channels).map(hull).collect()
}
