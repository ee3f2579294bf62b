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
//! steps, before and after reset. Sources are taken as independent, so the bound is safe and, for a two-phase network whose
//! sources can all fire in every step of their window, reached.

use crate::diagnostics::{Diagnostic, Diagnostics, Limit};
use ir::{
    Compare, Connectivity, Graph, InputCoding, Leak, NeuronModel, PopulationId, Projection, Quantized, Reset, Shape,
    Spiking,
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

    fn hull(&mut self, low: i64, high: i64) {
        self.low = self.low.min(low);
        self.high = self.high.max(high);
    }
}

/// Bounds by population and channel; empty for populations without potentials.
///
/// `input`: smallest and largest value of an input neuron in one timestep ([`Graph::input_range`] unless more is known).
///
/// # Panics
/// If the graph is not verified, or holds a linear population (fuse first).
pub fn bounds(graph: &Graph<Quantized>, input: (i32, i32)) -> Vec<Vec<Bound>> {
    graph.populations().map(|(id, _)| population_bounds(graph, id, input)).collect()
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

fn population_bounds(graph: &Graph<Quantized>, id: PopulationId, input: (i32, i32)) -> Vec<Bound> {
    let population = graph.population(id);
    let shape = population.shape;
    let (v_init, neuron) = match &population.neuron {
        NeuronModel::Input { .. } => return Vec::new(),
        NeuronModel::Linear => panic!("{}: linear populations must be fused first", population.name),
        NeuronModel::Accumulator { v_init } => (v_init, None),
        NeuronModel::Spiking(neuron) => (&neuron.v_init, Some(neuron)),
    };
    let incoming: Vec<Arrivals> = graph.incoming(id).into_iter().map(|p| Arrivals::new(graph, p, input)).collect();
    (0..shape.channels as usize)
        .map(|c| {
            let mut now = Bound { low: v_init.at(c), high: v_init.at(c) };
            let mut all = now;
            for t in 0..graph.timesteps {
                for arrivals in incoming.iter().filter(|arrivals| arrivals.active(t)) {
                    now.low -= arrivals.sums[c].0;
                    now.high += arrivals.sums[c].1;
                }
                all.hull(now.low, now.high);
                if let Some(neuron) = neuron.filter(|neuron| neuron.window.contains(t)) {
                    update(neuron, c, &mut now, &mut all);
                    all.hull(now.low, now.high);
                }
            }
            all
        })
        .collect()
}

/// The update of an interval; `all` takes the potentials before the reset.
fn update(neuron: &Spiking<Quantized>, c: usize, now: &mut Bound, all: &mut Bound) {
    now.low += neuron.bias.at(c);
    now.high += neuron.bias.at(c);
    all.hull(now.low, now.high);
    if let Some(floor) = neuron.floor {
        now.low = now.low.max(floor);
        now.high = now.high.max(floor);
        all.hull(now.low, now.high);
    }
    let threshold = neuron.threshold.at(c);
    // The smallest potential that fires.
    let fires = threshold + i64::from(neuron.compare == Compare::Greater);
    if now.high >= fires {
        let after = |v: i64| if neuron.reset == Reset::Zero { 0 } else { v - threshold };
        let (low, high) = (now.low, now.high);
        *now = Bound { low: after(low.max(fires)), high: after(high) };
        if low < fires {
            now.hull(low, fires - 1);
        }
    }
    if let Leak::Decay(decay) = neuron.leak {
        // v − trunc(v·δ/4096) never decreases with v, so the ends stay the ends.
        let decayed = |v: i64| v - v * i64::from(decay) / 4096;
        *now = Bound { low: decayed(now.low), high: decayed(now.high) };
    }
}

/// What one projection can add in a timestep.
struct Arrivals {
    /// Per post-synaptic channel: largest magnitude taken away, largest added.
    sums: Vec<(i64, i64)>,
    /// Timesteps `start ≤ t < end` in which something can arrive.
    start: u32,
    end: u32,
}

impl Arrivals {
    fn new(graph: &Graph<Quantized>, id: ir::ProjectionId, input: (i32, i32)) -> Self {
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
        let (down, up) = (i64::from(values.0.min(0)).abs(), i64::from(values.1.max(0)));
        let sums = weight_sums(projection, post.shape)
            .into_iter()
            .map(|(negative, positive)| (negative * up + positive * down, positive * up + negative * down))
            .collect();
        Self { sums, start: start.saturating_add(projection.delay), end: end.saturating_add(projection.delay) }
    }

    fn active(&self, t: u32) -> bool {
        self.start <= t && t < self.end
    }
}

/// Per post-synaptic channel: the largest sums of negative and of positive weights (magnitudes) onto one neuron.
fn weight_sums(projection: &Projection<Quantized>, post: Shape) -> Vec<(i64, i64)> {
    let area = projection.pool.map_or(1, |pool| i64::from(pool.size.0) * i64::from(pool.size.1));
    let channels = post.channels as usize;
    let weights = &projection.weights;
    if let Connectivity::Sparse(lists) = &projection.connectivity {
        let mut onto = vec![(0, 0); post.neurons()];
        for (&target, &w) in lists.targets().iter().zip(weights) {
            let (into, w) = (&mut onto[target as usize], i64::from(w) * area);
            *into = (into.0 + (-w).max(0), into.1 + w.max(0));
        }
        let most = |neurons: &[(i64, i64)]| neurons.iter().fold((0, 0), |m, n| (m.0.max(n.0), m.1.max(n.1)));
        return onto.chunks(post.map()).map(most).collect();
    }
    let rows = match projection.connectivity {
        Connectivity::Dense => post.neurons(),
        Connectivity::Conv2d(_) | Connectivity::OneToOne | Connectivity::Sparse(_) => channels,
    };
    let sum = |row: &[i32]| {
        row.iter().fold((0, 0), |(negative, positive), &w| {
            let w = i64::from(w) * area;
            (negative + (-w).max(0), positive + w.max(0))
        })
    };
    // A single one-to-one weight serves every channel.
    let row = |r: usize| {
        if weights.len() < rows { &weights[..] } else { &weights[r * weights.len() / rows..][..weights.len() / rows] }
    };
    let mut sums = vec![(0, 0); channels];
    for r in 0..rows {
        let (negative, positive) = sum(row(r));
        let into = &mut sums[r / (rows / channels)];
        *into = (into.0.max(negative), into.1.max(positive));
    }
    sums
}
