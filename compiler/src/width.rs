//! The width proof: bounds on every membrane potential at every moment of a sample, so that no accumulator wraps.
//!
//! Interval arithmetic over timesteps, per channel. Let `[l, h]` contain the potential at the start of step `t`. The sources
//! that can be active in step `t` (an input while it presents, a population inside its window, each shifted by the
//! delay; one spike per neuron and step) add between `−N_t` and `P_t`,
//!
//! ```text
//! P_t = Σ w⁺·max(x) + Σ w⁻·max(−x)        N_t = Σ w⁻·max(x) + Σ w⁺·max(−x)
//! arrivals   [l, h] ← [l − N_t, h + P_t]
//! update     [l, h] ← [l + b, h + b], lower end raised to the floor; what reaches θ is reset; decay
//! ```
//!
//! with `w⁺, w⁻` the magnitudes of positive and negative weights onto one neuron, x the range of a source value, b bias.
//! Partial sums in any order of arrival stay inside `[l − N_t, h + P_t]`. The bound of a channel is the hull over all
//! steps, before and after reset. The same walk over a real-valued network says which thresholds it can reach. Sources are taken as independent, so the bound is safe and, for a two-phase network whose
//! sources can all fire in every step of their window, reached.

use crate::diagnostics::{Diagnostic, Diagnostics, Limit};
use ir::{
    Compare, Connectivity, Graph, InputCoding, Leak, NeuronModel, PopulationId, Projection, Quantized, Reset, Shape,
    Spiking, Stage, Trained,
};

/// Lowest and highest potential of a channel at any moment of a sample.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bound {
    /// Lowest potential [weight units of the channel].
    pub low: i64,
    /// Highest potential [weight units of the channel].
    pub high: i64,
}

impl Bound {
    /// Bits of a two's complement number that holds the whole range.
    pub fn bits(self) -> u32 {
        let magnitude = |v: i64| 65 - if v < 0 { (!v).leading_zeros() } else { v.leading_zeros() };
        magnitude(self.low).max(magnitude(self.high))
    }
}

/// Lowest and highest potential of a channel of a real-valued network.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Reach {
    /// Lowest potential.
    pub low: f64,
    /// Highest potential.
    pub high: f64,
}

/// Bounds by population and channel; empty for populations without potentials.
///
/// `input`: smallest and largest value of an input neuron in one timestep ([`Graph::input_range`] unless more is known).
///
/// # Panics
/// If the graph is not verified, or holds a linear population (fuse first).
pub fn bounds(graph: &Graph<Quantized>, input: (i32, i32)) -> Vec<Vec<Bound>> {
    let bound = |range: Range<i64>| Bound { low: range.low, high: range.high };
    graph.populations().map(|(id, _)| ranges(graph, id, input).into_iter().map(bound).collect()).collect()
}

/// The same of a fused network in real numbers.
///
/// # Panics
/// As [`bounds`].
pub fn reach(graph: &Graph<Trained>, input: (i32, i32)) -> Vec<Vec<Reach>> {
    let reach = |range: Range<f64>| Reach { low: range.low, high: range.high };
    graph.populations().map(|(id, _)| ranges(graph, id, input).into_iter().map(reach).collect()).collect()
}

/// Refuses a network whose potentials may need more than `state_bits` bits, population by population.
pub fn fits(graph: &Graph<Quantized>, bounds: &[Vec<Bound>], state_bits: u32) -> Result<(), Diagnostics> {
    let mut refused = Vec::new();
    for (id, p) in graph.populations() {
        let Some((channel, bits)) =
            bounds[id.0 as usize].iter().map(|b| b.bits()).enumerate().max_by_key(|&(c, bits)| (bits, usize::MAX - c))
        else {
            continue;
        };
        if bits > state_bits {
            refused.push(Diagnostic {
                entity: format!("population `{}`, channel {channel}", p.name),
                message: "its potential may leave the accumulator".into(),
                limit: Some(Limit {
                    resource: "state width [bits]".into(),
                    used: u64::from(bits),
                    max: u64::from(state_bits),
                }),
                remedy: format!(
                    "use a chip with {bits}-bit potentials, inputs of a smaller range, or a shorter window"
                ),
            });
        }
    }
    if refused.is_empty() { Ok(()) } else { Err(Diagnostics(refused)) }
}

/// An interval of potentials.
#[derive(Clone, Copy, Debug)]
struct Range<V> {
    low: V,
    high: V,
}

impl<V: Copy + PartialOrd> Range<V> {
    fn hull(&mut self, other: Self) {
        self.low = least(self.low, other.low);
        self.high = most(self.high, other.high);
    }
}

fn least<V: PartialOrd>(a: V, b: V) -> V {
    if b < a { b } else { a }
}

fn most<V: PartialOrd>(a: V, b: V) -> V {
    if b > a { b } else { a }
}

fn ranges<S: Stage>(graph: &Graph<S>, id: PopulationId, input: (i32, i32)) -> Vec<Range<S::Value>> {
    let population = graph.population(id);
    let shape = population.shape;
    let (v_init, neuron) = match &population.neuron {
        NeuronModel::Input { .. } => return Vec::new(),
        NeuronModel::Linear => panic!("{}: linear populations must be fused first", population.name),
        NeuronModel::Accumulator { v_init } => (v_init, None),
        NeuronModel::Spiking(neuron) => (&neuron.v_init, Some(neuron)),
    };
    let incoming: Vec<Arrivals<S>> = graph.incoming(id).into_iter().map(|p| Arrivals::new(graph, p, input)).collect();
    (0..shape.channels as usize)
        .map(|c| {
            let mut now = Range { low: v_init.at(c), high: v_init.at(c) };
            let mut all = now;
            for t in 0..graph.timesteps {
                for arrivals in incoming.iter().filter(|arrivals| arrivals.active(t)) {
                    now.low = S::add(now.low, arrivals.sums[c].low);
                    now.high = S::add(now.high, arrivals.sums[c].high);
                }
                all.hull(now);
                if let Some(neuron) = neuron.filter(|neuron| neuron.window.contains(t)) {
                    update(neuron, c, &mut now, &mut all);
                    all.hull(now);
                }
            }
            all
        })
        .collect()
}

/// The update of an interval; `all` takes the potentials before the reset.
fn update<S: Stage>(neuron: &Spiking<S>, c: usize, now: &mut Range<S::Value>, all: &mut Range<S::Value>) {
    let bias = neuron.bias.at(c);
    *now = Range { low: S::add(now.low, bias), high: S::add(now.high, bias) };
    all.hull(*now);
    if let Some(floor) = neuron.floor {
        *now = Range { low: most(now.low, floor), high: most(now.high, floor) };
        all.hull(*now);
    }
    let threshold = neuron.threshold.at(c);
    // The ends of what fires and of what does not: in integers the next number, in real numbers the threshold itself.
    let (fires, quiet) = match neuron.compare {
        Compare::Greater => (S::add(threshold, S::least_step()), threshold),
        Compare::GreaterEqual => (threshold, S::sub(threshold, S::least_step())),
    };
    if now.high >= fires {
        let after = |v| if neuron.reset == Reset::Zero { S::Value::default() } else { S::sub(v, threshold) };
        let before = *now;
        *now = Range { low: after(most(before.low, fires)), high: after(before.high) };
        if before.low < fires {
            now.hull(Range { low: before.low, high: quiet });
        }
    }
    if let Leak::Decay(decay) = neuron.leak {
        // v − trunc(v·δ/4096) never decreases with v, so the ends stay the ends.
        *now = Range { low: S::decay(now.low, decay), high: S::decay(now.high, decay) };
    }
}

/// What one projection can add in a timestep.
struct Arrivals<S: Stage> {
    /// Per post-synaptic channel: the least and the most that is added.
    sums: Vec<Range<S::Value>>,
    /// Timesteps `start ≤ t < end` in which something can arrive.
    start: u32,
    end: u32,
}

impl<S: Stage> Arrivals<S> {
    fn new(graph: &Graph<S>, id: ir::ProjectionId, input: (i32, i32)) -> Self {
        let projection = graph.projection(id);
        let (pre, post) = graph.ends(id);
        let (pre, post) = (graph.population(pre), graph.population(post));
        let (values, start, end) = match &pre.neuron {
            NeuronModel::Input { coding, .. } => (
                input,
                0,
                match coding {
                    InputCoding::DirectOnce => 1,
                    InputCoding::DirectEveryStep { steps } => *steps,
                    InputCoding::Events => graph.timesteps,
                },
            ),
            NeuronModel::Spiking(neuron) => ((0, 1), neuron.window.start, neuron.window.end),
            NeuronModel::Accumulator { .. } | NeuronModel::Linear => {
                panic!("{}: only inputs and spiking populations emit here", pre.name)
            }
        };
        let area = projection.pool.map_or(1, |pool| (pool.size.0 * pool.size.1) as i32);
        let ends = (S::input(values.0.min(0) * area, 1.0), S::input(values.1.max(0) * area, 1.0));
        let sums = sums(projection, post.shape, ends);
        Self { sums, start: start.saturating_add(projection.delay), end: end.saturating_add(projection.delay) }
    }

    fn active(&self, t: u32) -> bool {
        self.start <= t && t < self.end
    }
}

/// Per post-synaptic channel: the hull, over its neurons, of what all their synapses together add if every source emits between
/// the two `ends`, the first ≤ 0 and the second ≥ 0.
fn sums<S: Stage>(projection: &Projection<S>, post: Shape, ends: (S::Value, S::Value)) -> Vec<Range<S::Value>> {
    let zero = Range { low: S::Value::default(), high: S::Value::default() };
    let add = |mut sum: Range<S::Value>, &w: &S::Weight| {
        let (down, up) = if S::real_weight(w) < 0.0 { (ends.1, ends.0) } else { ends };
        sum.low = S::accumulate(sum.low, w, down);
        sum.high = S::accumulate(sum.high, w, up);
        sum
    };
    let hull = |neurons: &[Range<S::Value>]| {
        neurons.iter().fold(zero, |mut all, &neuron| {
            all.hull(neuron);
            all
        })
    };
    let channels = post.channels as usize;
    let weights = &projection.weights;
    if let Connectivity::Sparse(lists) = &projection.connectivity {
        let mut onto = vec![zero; post.neurons()];
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
    let onto: Vec<Range<S::Value>> = (0..rows).map(|r| row(r).iter().fold(zero, add)).collect();
    onto.chunks(rows / channels).map(hull).collect()
}
