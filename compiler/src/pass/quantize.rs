//! Rounds a fused network to integers, one scale per output channel.
//!
//! ```text
//! Σ w·s → v; v ≥ θ → v − θ          before: reals
//! Σ W·s → V; V ≥ Θ → V − Θ          after: integers, W = round(w/s_c), V = v/s_c
//! ```
//!
//! Spikes are 0 or 1, so the scale s_c of a channel only rescales its potentials; all projections onto a channel share it.
//! With `Q = 2^(bits−1) − 1`, `w_max` the largest weight magnitude onto channel c and `clip ≤ 1`:
//!
//! - free scale: `Θ_c = even(⌊θ_c·Q/(clip·w_max)⌋)`, `s_c = θ_c/Θ_c`. The threshold is exact, and an initial potential of
//!   θ/2 is too. With `θ_c = 1` and `clip = 1` this is the deployment rule of forward-forward networks.
//! - power-of-two thresholds: `Θ_c = 2^⌊log₂(θ_c·Q/(clip·w_max))⌋`;
//! - one scale for a whole population, where its channels' potentials are compared with each other (potential read-out) or
//!   with one number (a floor other than 0): `s = min(max_c s_c, min_c θ_c/2)`, thresholds rounded;
//! - weights of a single bit are signs, `W = 1` if `w ≥ 0`, else `−1`, and `Q = 1`; in place of w_max stands the mean magnitude
//!   of the weights onto the channel, the scale that is nearest to them in square error (Rastegari et al. 2016, §3.1);
//! - weights, initial potentials, biases and the floor are rounded half away from zero; weights beyond `±Q` are clipped and
//!   counted; scales are limited so that every parameter stays within 31 bits; decays are copied, rounded to 4096ths;
//! - a list of operations ([`list`]): its potentials are scaled alike, times 2^k with k fraction bits; decays take the rule of the
//!   chip. So does a leaky neuron, if the rule is not that of the loss or there are fraction bits.
//!
//! Nothing saturates at run time: [`crate::width`] proves the potentials. Where the proof needs more bits than the chip's
//! state has, the channel's `w_max` is taken larger by the excess, so that all its integers shrink until the proof holds:
//! fewer effective weight bits, reported as `n_narrowed`. A network that would lose its thresholds on the way is refused. Method: per-channel
//! symmetric post-training quantization (Krishnamoorthi 2018, §3) applied to integrate-and-fire neurons, which need no
//! requantization.

use crate::{
    diagnostics::{Diagnostic, Diagnostics},
    width::{self, Bound},
};
use ir::{
    DecayRule, Emits, Graph, Leak, NeuronModel, PerChannel, Population, PopulationId, Projection, Quantized, Readout,
    Shape, Spiking, Stimulus, Trained,
};

mod calibrate;
mod list;
mod record;

pub use calibrate::{Comparison, compare};
pub use record::{LayerReport, Observed, Quantization};

/// Largest magnitude of a threshold, bias or initial potential: 31 bits with the sign.
const PARAMETER_LIMIT: f64 = 1_073_741_823.0;
/// Largest magnitude of a channel-energy weight of the host's read-out.
const READOUT_LIMIT: f64 = 1_048_576.0;

/// How to quantize.
#[derive(Clone, Copy, Debug)]
pub struct QuantizeOptions<'a> {
    /// Width of a weight [bits], 1..=16: signed numbers, or signs if it is 1.
    pub weight_bits: u32,
    /// Width of a potential on the chip [bits, signed].
    pub state_bits: u32,
    /// Whether thresholds are powers of two.
    pub power_of_two_threshold: bool,
    /// Training inputs on which clipping is chosen and spikes are compared; may be empty.
    pub calibration: &'a [Stimulus],
    /// Channels with a smaller integer threshold are reported as coarse.
    pub min_threshold: u32,
    /// Range of an input value per timestep, if it is narrower or wider than [`Graph::input_range`].
    pub input_range: Option<(i32, i32)>,
    /// How the chip rounds decays.
    pub decay: DecayRule,
    /// Fraction bits of neurons whose words decay: their potentials count `s/2^k` where weights count s.
    pub fraction_bits: u8,
}

impl Default for QuantizeOptions<'_> {
    fn default() -> Self {
        Self {
            weight_bits: 8,
            state_bits: 32,
            power_of_two_threshold: false,
            calibration: &[],
            min_threshold: 64,
            input_range: None,
            decay: DecayRule::Loss,
            fraction_bits: 0,
        }
    }
}

/// Quantizes a fused network.
///
/// With calibration inputs the clip of each population is chosen, in the order of ids, among eight candidates from 1 to 0.25 as the
/// one that changes the fewest spike counts of that population (the largest on a tie); the interpreter then runs eight
/// times per population and input.
///
/// # Errors
/// If a width is out of range, a normalization or linear population remains, or a potential may exceed `state_bits`.
pub fn quantize(graph: &Graph<Trained>, options: &QuantizeOptions<'_>) -> Result<Quantization, Diagnostics> {
    check_options(graph, options)?;
    let mut steps = Steps::of(graph, calibrate::choose_clips(graph, options));
    let input = options.input_range.or_else(|| graph.input_range()).unwrap_or((0, 1));
    let (mut quantized, mut layers) = round(graph, options, &steps);
    let mut bounds = width::bounds(&quantized, input);
    // Rounding can undo a part of the narrowing; a second and third look settle it.
    for _ in 0..3 {
        if !steps.narrow(&bounds, options.state_bits) {
            break;
        }
        (quantized, layers) = round(graph, options, &steps);
        bounds = width::bounds(&quantized, input);
    }
    width::fits(&quantized, &bounds, options.state_bits)?;
    for layer in &mut layers {
        let channels = &bounds[layer.population.0 as usize];
        layer.n_narrowed = steps.narrowing[layer.population.0 as usize].iter().filter(|&&n| n > 1.0).count();
        layer.bound = Bound {
            low: channels.iter().map(|b| b.low).min().unwrap_or(0),
            high: channels.iter().map(|b| b.high).max().unwrap_or(0),
        };
        layer.width = layer.bound.bits();
    }
    calibrate::observe(graph, &quantized, options.calibration, &mut layers);
    Ok(Quantization { graph: quantized, layers })
}

/// How coarse the integers of each population are, beyond what the weight width demands.
#[derive(Clone, Debug)]
struct Steps {
    /// Largest weight kept, as a share of the largest there is, by population.
    clips: Vec<f64>,
    /// Factor ≥ 1 on the scale, by population and channel.
    narrowing: Vec<Vec<f64>>,
}

impl Steps {
    fn of(graph: &Graph<Trained>, clips: Vec<f64>) -> Self {
        let narrowing = graph.populations().map(|(_, p)| vec![1.0; p.shape.channels as usize]).collect();
        Self { clips, narrowing }
    }

    /// Coarsens the channels whose bound exceeds the state; says whether there were any.
    fn narrow(&mut self, bounds: &[Vec<Bound>], state_bits: u32) -> bool {
        let limit = 2f64.powi(state_bits as i32 - 1) - 1.0;
        let mut any = false;
        for (narrowing, bounds) in self.narrowing.iter_mut().zip(bounds) {
            for (factor, bound) in narrowing.iter_mut().zip(bounds).filter(|(_, bound)| bound.bits() > state_bits) {
                let magnitude = bound.high.max(-bound.low) as f64;
                // One part in 64 leaves room for weights that round up.
                *factor *= magnitude / limit * (1.0 + 1.0 / 64.0);
                any = true;
            }
        }
        any
    }
}

fn check_options(graph: &Graph<Trained>, options: &QuantizeOptions<'_>) -> Result<(), Diagnostics> {
    let mut refused = Vec::new();
    let mut refuse = |entity: String, message: &str, remedy: &str| {
        refused.push(Diagnostic { entity, message: message.into(), limit: None, remedy: remedy.into() });
    };
    if !(1..=16).contains(&options.weight_bits) {
        refuse("weight width".into(), &format!("{} bits", options.weight_bits), "choose 1 to 16 bits");
    }
    for (id, p) in graph.populations() {
        let entity = || format!("population `{}`", p.name);
        if p.norm.is_some() || matches!(p.neuron, NeuronModel::Linear) {
            refuse(entity(), "still holds a normalization or no neurons", "fuse the network before quantizing it");
        }
        let values = p.neuron.emits() == Emits::Values && matches!(p.neuron, NeuronModel::Dynamic(_));
        if values && !graph.outgoing(id).is_empty() {
            refuse(
                entity(),
                "emits real values, whose scale the weights behind it do not know",
                "give it a threshold, or import a network that is quantized already",
            );
        }
        if options.power_of_two_threshold
            && one_scale(graph, id)
            && matches!(&p.neuron, NeuronModel::Spiking(n) if n.threshold.0.iter().any(|t| t.total_cmp(&n.threshold.0[0]).is_ne()))
        {
            refuse(
                entity(),
                "its channels share one scale but have different thresholds, which cannot all be powers of two",
                "allow thresholds of any size, remove the floor, or read out spikes",
            );
        }
    }
    if refused.is_empty() { Ok(()) } else { Err(Diagnostics(refused)) }
}

/// Whether all channels of a population need the same scale.
fn one_scale(graph: &Graph<Trained>, id: PopulationId) -> bool {
    let compared = matches!(graph.readout, Readout::Potential { population } if population == id);
    match &graph.population(id).neuron {
        NeuronModel::Spiking(neuron) => compared || neuron.floor.is_some_and(|floor| floor != 0.0),
        NeuronModel::Dynamic(list) => compared || !list.fires(),
        NeuronModel::Accumulator { .. } | NeuronModel::Input { .. } | NeuronModel::Linear => true,
    }
}

/// Largest magnitude of a weight, Q.
fn largest_weight(bits: u32) -> f64 {
    if bits == 1 { 1.0 } else { f64::from((1i32 << (bits - 1)) - 1) }
}

/// The rounded network at given steps, with reports that lack widths and observations.
fn round(graph: &Graph<Trained>, options: &QuantizeOptions<'_>, steps: &Steps) -> (Graph<Quantized>, Vec<LayerReport>) {
    let q_max = largest_weight(options.weight_bits);
    let mut result = Graph::new(graph.name.clone(), graph.timesteps, graph.encoding);
    let mut layers = Vec::new();
    let mut scales: Vec<Vec<f64>> = Vec::new();
    for (id, p) in graph.populations() {
        let clip = steps.clips[id.0 as usize];
        let s = match &p.neuron {
            NeuronModel::Input { .. } | NeuronModel::Linear => Vec::new(),
            _ => channel_scales(graph, id, options, steps, q_max),
        };
        let neuron = quantized_neuron(&list::form(&p.neuron, options), p.shape, &s, options);
        if !s.is_empty() {
            // In units of weights.
            let threshold: Vec<i64> = match &neuron {
                NeuronModel::Spiking(neuron) => neuron.threshold.0.clone(),
                NeuronModel::Dynamic(list) => list::threshold(list)
                    .map_or(Vec::new(), |values| values.0.iter().map(|&theta| theta >> list.shift).collect()),
                NeuronModel::Accumulator { .. } | NeuronModel::Input { .. } | NeuronModel::Linear => Vec::new(),
            };
            layers.push(LayerReport {
                population: id,
                name: p.name.clone(),
                scales: s.clone(),
                clip,
                n_clipped: 0,
                n_narrowed: 0,
                threshold: threshold.iter().copied().min().zip(threshold.iter().copied().max()),
                n_coarse: threshold.iter().filter(|&&t| t < i64::from(options.min_threshold)).count(),
                bound: Bound::default(),
                width: 0,
                observed: None,
            });
        }
        result.add_population(Population { name: p.name.clone(), shape: p.shape, neuron, norm: () });
        scales.push(s);
    }
    for (id, projection) in graph.projections() {
        let (pre, post) = graph.ends(id);
        let s = &scales[post.0 as usize];
        let (weights, n_clipped) = quantized_weights(projection, graph.population(post).shape, s, options.weight_bits);
        if let Some(layer) = layers.iter_mut().find(|layer| layer.population == post) {
            layer.n_clipped += n_clipped;
        }
        let Projection { connectivity, pool, delay, .. } = projection.clone();
        result.connect(pre, post, Projection { connectivity, pool, weights, delay });
    }
    result.readout = quantized_readout(&graph.readout);
    (result, layers)
}

/// Real value of one integer unit, per channel.
fn channel_scales(
    graph: &Graph<Trained>,
    id: PopulationId,
    options: &QuantizeOptions<'_>,
    steps: &Steps,
    q_max: f64,
) -> Vec<f64> {
    let clip = steps.clips[id.0 as usize];
    let population = graph.population(id);
    let channels = population.shape.channels as usize;
    let mut largest = magnitudes(graph, id, options.weight_bits == 1);
    for (largest, factor) in largest.iter_mut().zip(&steps.narrowing[id.0 as usize]) {
        *largest *= factor;
    }
    if one_scale(graph, id) {
        let all = largest.iter().copied().fold(0.0, f64::max);
        largest.fill(all);
    }
    match &population.neuron {
        NeuronModel::Spiking(neuron) => {
            let mut scales: Vec<f64> = (0..channels)
                .map(|c| {
                    let theta = neuron.threshold.at(c);
                    let parameters = [neuron.v_init.at(c), neuron.bias.at(c), neuron.floor.unwrap_or(0.0)];
                    let widest = parameters.iter().fold(theta, |m, p| m.max(p.abs()));
                    let fine = if neuron.leak.is_active() { options.fraction_bits } else { 0 };
                    let limit = (widest, PARAMETER_LIMIT / f64::from(fine).exp2());
                    let units = threshold_units(theta, clip * largest[c] / q_max, limit, q_max, options);
                    theta / units
                })
                .collect();
            if one_scale(graph, id) {
                // No threshold may fall below 2 units, or it would lose its meaning; weights are clipped instead.
                let finest_threshold = neuron.threshold.0.iter().copied().fold(f64::INFINITY, f64::min);
                let coarsest = scales.iter().copied().fold(0.0, f64::max);
                scales.fill(coarsest.min(finest_threshold / 2.0));
            }
            scales
        }
        NeuronModel::Accumulator { v_init } => {
            let widest = v_init.0.iter().fold(0.0f64, |m, v| m.max(v.abs()));
            let unit = (clip * largest[0] / q_max).max(widest / PARAMETER_LIMIT);
            vec![if unit > 0.0 { unit } else { 1.0 }; channels]
        }
        NeuronModel::Dynamic(list) => {
            let limit = PARAMETER_LIMIT / f64::from(list::shift(list, options)).exp2();
            let scale = |c: usize| match list::extremes(list, c, population.shape) {
                (Some(theta), widest) => {
                    theta / threshold_units(theta, clip * largest[c] / q_max, (widest, limit), q_max, options)
                }
                (None, widest) => (clip * largest[c] / q_max).max(widest / limit),
            };
            let mut scales: Vec<f64> = (0..channels).map(scale).map(|s| if s > 0.0 { s } else { 1.0 }).collect();
            if one_scale(graph, id) {
                let coarsest = scales.iter().copied().fold(0.0, f64::max);
                scales.fill(coarsest);
            }
            scales
        }
        NeuronModel::Input { .. } | NeuronModel::Linear => Vec::new(),
    }
}

/// Per channel, the magnitude that becomes Q: of the largest weight onto it, or the mean if weights are signs.
fn magnitudes(graph: &Graph<Trained>, id: PopulationId, signs: bool) -> Vec<f64> {
    let channels = graph.population(id).shape.channels as usize;
    let [mut largest, mut sum, mut n] = [(); 3].map(|()| vec![0.0f64; channels]);
    for projection in graph.incoming(id) {
        let projection = graph.projection(projection);
        for (i, &w) in projection.weights.iter().enumerate() {
            for c in projection.channels_of(i, graph.population(id).shape) {
                largest[c] = largest[c].max(f64::from(w).abs());
                sum[c] += f64::from(w).abs();
                n[c] += 1.0;
            }
        }
    }
    if signs { sum.iter().zip(n).map(|(sum, n)| sum / n.max(1.0)).collect() } else { largest }
}

/// The integer threshold of a channel: even, or a power of two, at least 1 and within the parameter limit.
///
/// `step`: the smallest scale at which the weights fit; 0 if there is no weight. `widest`: the largest parameter, which must stay
/// within `limit` units.
fn threshold_units(
    theta: f64,
    step: f64,
    (widest, limit): (f64, f64),
    q_max: f64,
    options: &QuantizeOptions<'_>,
) -> f64 {
    let fit = if step > 0.0 { theta / step } else { (2.0 * q_max).max(f64::from(options.min_threshold)) };
    let fit = fit.min(theta * (limit / widest));
    if options.power_of_two_threshold {
        return fit.max(1.0).log2().floor().exp2();
    }
    let whole = fit.floor();
    if whole >= 2.0 { whole - whole % 2.0 } else { 2.0 }
}

/// The nearest integer, half away from zero.
fn nearest(value: f64) -> i64 {
    value.round() as i64
}

fn quantized_weights(projection: &Projection<Trained>, post: Shape, scales: &[f64], bits: u32) -> (Vec<i32>, usize) {
    let q_max = largest_weight(bits);
    let uniform = scales.iter().all(|s| s.total_cmp(&scales[0]).is_eq());
    // A weight that all channels share is repeated where their scales differ.
    let repeat = |i: usize| if uniform { 1 } else { projection.channels_of(i, post).len() };
    let each = (0..projection.weights.len()).flat_map(|i| (0..repeat(i)).map(move |c| (i, c)));
    let mut n_clipped = 0;
    let rounded = each.map(|(i, c)| {
        let w = projection.weights[i];
        if bits == 1 {
            return if w < 0.0 { -1 } else { 1 };
        }
        let s = scales[projection.channels_of(i, post).start + c];
        let q = (f64::from(w) / s).round();
        n_clipped += usize::from(q.abs() > q_max);
        q.clamp(-q_max, q_max) as i32
    });
    let rounded = rounded.collect();
    (rounded, n_clipped)
}

fn quantized_neuron(
    neuron: &NeuronModel<Trained>,
    shape: Shape,
    scales: &[f64],
    options: &QuantizeOptions<'_>,
) -> NeuronModel<Quantized> {
    let per_channel =
        |values: &PerChannel<f64>| PerChannel((0..scales.len()).map(|c| nearest(values.at(c) / scales[c])).collect());
    match neuron {
        NeuronModel::Input { coding, scale } => NeuronModel::Input { coding: *coding, scale: *scale },
        NeuronModel::Linear => NeuronModel::Linear,
        NeuronModel::Accumulator { v_init } => NeuronModel::Accumulator { v_init: per_channel(v_init) },
        NeuronModel::Dynamic(list) => NeuronModel::Dynamic(Box::new(list::quantized(list, scales, shape, options))),
        NeuronModel::Spiking(n) => NeuronModel::Spiking(Spiking {
            threshold: PerChannel(per_channel(&n.threshold).0.into_iter().map(|t| t.max(1)).collect()),
            v_init: per_channel(&n.v_init),
            bias: per_channel(&n.bias),
            leak: match n.leak {
                Leak::None => Leak::None,
                Leak::Decay(decay) => Leak::Decay(decay),
            },
            reset: n.reset,
            compare: n.compare,
            window: n.window,
            floor: n.floor.map(|floor| nearest(floor / scales[0])),
        }),
    }
}

fn quantized_readout(readout: &Readout<Trained>) -> Readout<Quantized> {
    match readout {
        Readout::Goodness { population, sizes } => Readout::Goodness { population: *population, sizes: sizes.clone() },
        Readout::ChannelEnergy { population, grid, weights } => {
            let largest = weights.iter().fold(0.0f64, |m, &w| m.max(f64::from(w).abs()));
            let scale = if largest > 0.0 { READOUT_LIMIT / largest } else { 1.0 };
            let weights = weights.iter().map(|&w| nearest(f64::from(w) * scale) as i32).collect();
            Readout::ChannelEnergy { population: *population, grid: *grid, weights }
        }
        Readout::Potential { population } => Readout::Potential { population: *population },
        Readout::SpikeCount { population } => Readout::SpikeCount { population: *population },
    }
}
