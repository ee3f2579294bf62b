//! Rounds a fused network to integers, one scale per output channel.
//!
//! ```text
//! Σ w·s → v; v ≥ θ → v − θ          before: reals
//! Σ W·s → V; V ≥ Θ → V − Θ          after: integers, W = round(w/s_c), V = v/s_c
//! ```
//!
//! Spikes are 0 or 1, so the scale s_c of a channel only rescales its potentials; all projections onto a channel share it. How it
//! is chosen: [`scale`]. Numbers that are integers in a unit of their own stay as they are. Otherwise:
//!
//! - one scale for a whole population, where its channels' potentials are compared with each other (potential read-out) or
//!   with one number (a floor other than 0): `s = min(max_c s_c, min_c θ_c/2)`, thresholds rounded;
//! - weights of a single bit are signs, `W = 1` if `w ≥ 0`, else `−1`, and `Q = 1`; in place of w_max stands the mean magnitude
//!   of the weights onto the channel, the scale that is nearest to them in square error (Rastegari et al. 2016, §3.1);
//! - weights, initial potentials, biases and the floor are rounded half away from zero; weights beyond `±Q` are clipped and
//!   counted; scales are limited so that every parameter stays within 31 bits; decays are copied, rounded to 4096ths;
//! - a list of operations ([`list`]): its potentials are scaled by the free scale, times 2^k with k fraction bits; decays take the rule
//!   of the chip. Which neurons become lists, and with how many fraction bits: [`form`];
//! - a weight above θ minus the lowest potential fires a neuron with hard reset whatever else arrives, so that it may be cut down
//!   to that without effect, and does not make the others coarser;
//! - a threshold that no real potential reaches becomes one that no integer potential reaches.
//!
//! [`crate::width`] bounds the potentials. Where the bound needs more bits than the chip's state has, the channel's integers
//! shrink until it holds: fewer effective weight bits, reported as `n_narrowed`. A network that would lose its thresholds on the way is
//! refused. Where potentials saturate nothing shrinks but the
//! integers of lists, which saturate by operations of their own. Method: per-channel symmetric post-training quantization (Krishnamoorthi
//! 2018, §3) applied to integrate-and-fire neurons, which need no requantization.

use crate::{
    diagnostics::{Diagnostic, Diagnostics},
    observe::Advance,
    width::{self, Bound, Reach},
};
use ir::{DecayRule, Emits, Graph, NeuronModel, PopulationId, Quantized, Readout, Stage, Stimulus, Trained};

mod calibrate;
mod form;
mod list;
mod losses;
mod numbers;
mod record;
mod round;
mod scale;
mod unit;

use form::Form;
use numbers::{Numbers, numbers};
use scale::{Rules, Scale};

pub use calibrate::{Comparison, compare};
pub use record::{LayerReport, Losses, Observed, Quantization};

/// Largest magnitude of a threshold, bias or initial potential: 31 bits with the sign.
const PARAMETER_LIMIT: f64 = 1_073_741_823.0;

/// How to quantize.
#[derive(Clone, Copy, Debug)]
pub struct QuantizeOptions<'a> {
    /// Width of a weight [bits], 1..=16: signed numbers, or signs if it is 1.
    pub weight_bits: u32,
    /// Width of a potential on the chip [bits, signed].
    pub state_bits: u32,
    /// Whether a potential beyond that width is clipped, and so need not be proven to stay within.
    pub saturates: bool,
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
    /// Fraction bits that the chip offers beside none: potentials count `s/2^k` where weights count s.
    pub fractions: &'a [u8],
    /// Whether the chip's neurons have the operation `saturate`.
    pub has_saturate: bool,
}

impl Default for QuantizeOptions<'_> {
    fn default() -> Self {
        Self {
            weight_bits: 8,
            state_bits: 32,
            saturates: false,
            power_of_two_threshold: false,
            calibration: &[],
            min_threshold: 64,
            input_range: None,
            decay: DecayRule::Loss,
            fractions: &[],
            has_saturate: false,
        }
    }
}

impl QuantizeOptions<'_> {
    /// Width that potentials of a model must be proven to stay within: sums that saturate are made in 32 bits before they do. Lists
    /// saturate by operations of their own only.
    pub fn proven_bits<S: Stage>(&self, neuron: &NeuronModel<S>) -> u32 {
        if self.saturates && !matches!(neuron, NeuronModel::Dynamic(_)) {
            self.state_bits.max(31)
        } else {
            self.state_bits
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
/// If a width is out of range, a normalization or linear population remains, or a potential may exceed `state_bits` and does
/// not saturate.
pub fn quantize(graph: &Graph<Trained>, options: &QuantizeOptions<'_>) -> Result<Quantization, Diagnostics> {
    quantize_watched(graph, options, &mut |_, _| {})
}

/// As [`quantize`]; tells how far calibration is.
pub(crate) fn quantize_watched(
    graph: &Graph<Trained>,
    options: &QuantizeOptions<'_>,
    advance: Advance<'_>,
) -> Result<Quantization, Diagnostics> {
    check_options(graph, options)?;
    let pass = Pass::new(graph, options).with_fractions();
    let mut steps = Steps::of(graph, calibrate::choose_clips(&pass, advance));
    let mut scales = pass.scales(&steps);
    let (mut quantized, mut bounds) = pass.bounded(&scales);
    // Rounding can undo a part of the narrowing; a few more looks settle it.
    for _ in 0..6 {
        if !steps.narrow(graph, &pass, &scales, &bounds) {
            break;
        }
        scales = pass.scales(&steps);
        (quantized, bounds) = pass.bounded(&scales);
    }
    width::fits(&quantized, &bounds, |neuron| options.proven_bits(neuron))?;
    let mut layers = pass.layers(&quantized, &steps, &scales, &bounds);
    calibrate::observe(graph, &quantized, options.calibration, &mut layers);
    Ok(Quantization { graph: quantized, layers })
}

/// What is known before anything is rounded.
struct Pass<'a> {
    graph: &'a Graph<Trained>,
    options: &'a QuantizeOptions<'a>,
    /// Range of an input value.
    input: (i32, i32),
    /// Ranges of the real potentials, by population and channel.
    reach: Vec<Vec<Reach>>,
    /// Numbers by population and channel; none for inputs.
    numbers: Vec<Vec<Numbers>>,
    /// How neurons are written, by population.
    forms: Vec<Form>,
}

/// Scales by population and channel; none for inputs.
struct Scales(Vec<Vec<Scale>>);

impl Scales {
    fn units(&self, id: PopulationId) -> Vec<f64> {
        self.0[id.0 as usize].iter().map(|scale| scale.unit).collect()
    }
}

impl<'a> Pass<'a> {
    fn new(graph: &'a Graph<Trained>, options: &'a QuantizeOptions<'a>) -> Self {
        let input = options.input_range.or_else(|| graph.input_range()).unwrap_or((0, 1));
        let reach = width::reach(graph, input);
        let of = |id: PopulationId, neuron: &NeuronModel<Trained>| match neuron {
            NeuronModel::Input { .. } | NeuronModel::Linear => Vec::new(),
            _ => numbers(graph, id, &reach[id.0 as usize], options.weight_bits),
        };
        let numbers = graph.populations().map(|(id, p)| of(id, &p.neuron)).collect();
        Self { graph, options, input, reach, numbers, forms: form::whole(graph, options) }
    }

    /// Fraction bits where whole units lose too much, as long as nothing is clipped.
    fn with_fractions(mut self) -> Self {
        if self.options.fractions.is_empty() {
            return self;
        }
        let whole = self.forms.clone();
        let steps = Steps::of(self.graph, vec![1.0; self.graph.n_populations()]);
        let scales = self.scales(&steps);
        let (made, bounds) = self.bounded(&scales);
        self.forms = form::fine(&self, &scales, &made, &bounds);
        // Finer units may take a bit more than they divide: then fewer.
        while self.forms != whole {
            let (_, bounds) = self.bounded(&self.scales(&steps));
            let exceeds = |&at: &usize| {
                self.forms[at].shift > 0 && bounds[at].iter().any(|bound| bound.bits() > self.options.state_bits)
            };
            let exceeding: Vec<usize> = (0..self.forms.len()).filter(exceeds).collect();
            if exceeding.is_empty() {
                break;
            }
            for at in exceeding {
                self.forms[at] = form::coarser(self.forms[at], whole[at], self.options);
            }
        }
        self
    }

    /// Width that potentials of a population must be proven to stay within: lists saturate by operations of their own only.
    fn proven_bits(&self, id: PopulationId) -> u32 {
        let form = self.forms[id.0 as usize];
        if form.list { self.options.state_bits } else { self.options.proven_bits(&self.graph.population(id).neuron) }
    }

    fn scales(&self, steps: &Steps) -> Scales {
        let of = |id: PopulationId, neuron: &NeuronModel<Trained>| -> Vec<Scale> {
            let at = id.0 as usize;
            let q_max = largest_weight(self.options.weight_bits);
            let limit = |c: usize| steps.limits[at][c].min(q_max);
            let rules = |limit| Rules::of(neuron, self.options, self.forms[at], limit, steps.clips[at]);
            let all = &self.numbers[at];
            if !all.is_empty() && one_scale(self.graph, id) {
                let least = (0..all.len()).map(limit).fold(q_max, f64::min);
                return vec![scale::of_population(all, rules(least)); all.len()];
            }
            all.iter().enumerate().map(|(c, numbers)| scale::of_channel(numbers, rules(limit(c)))).collect()
        };
        Scales(self.graph.populations().map(|(id, p)| of(id, &p.neuron)).collect())
    }

    /// The integer network and what its potentials can be.
    fn bounded(&self, scales: &Scales) -> (Graph<Quantized>, Vec<Vec<Bound>>) {
        let mut quantized = self.rounded(scales);
        let bounds = width::bounds(&quantized, self.input);
        round::settle(self, &mut quantized, &bounds);
        let settled = width::bounds(&quantized, self.input);
        (quantized, settled)
    }

    fn rounded(&self, scales: &Scales) -> Graph<Quantized> {
        round::round(self, scales)
    }

    fn layers(
        &self,
        quantized: &Graph<Quantized>,
        steps: &Steps,
        scales: &Scales,
        bounds: &[Vec<Bound>],
    ) -> Vec<LayerReport> {
        let q_max = largest_weight(self.options.weight_bits);
        let report = |(id, p): (PopulationId, &ir::Population<Trained>)| {
            let at = id.0 as usize;
            let (own, bounds) = (&scales.0[at], &bounds[at]);
            if own.is_empty() {
                return None;
            }
            let threshold: Vec<i64> = match &quantized.population(id).neuron {
                NeuronModel::Spiking(neuron) => neuron.threshold.0.clone(),
                NeuronModel::Dynamic(list) => list::threshold(list).map_or(Vec::new(), |values| values.0.clone()),
                NeuronModel::Accumulator { .. } | NeuronModel::Input { .. } | NeuronModel::Linear => Vec::new(),
            };
            let exact = own.iter().all(|scale| scale.exact);
            let is_exact = |i: usize| if threshold.len() == own.len() { own[i].exact } else { exact };
            let min = i64::from(self.options.min_threshold) << self.forms[at].shift;
            let bound = Bound {
                low: bounds.iter().map(|b| b.low).min().unwrap_or(0),
                high: bounds.iter().map(|b| b.high).max().unwrap_or(0),
            };
            let narrowed = || steps.limits[at].iter().filter(|&&limit| limit < q_max);
            Some(LayerReport {
                population: id,
                name: p.name.clone(),
                scales: scales.units(id),
                n_exact: own.iter().filter(|scale| scale.exact).count(),
                clip: steps.clips[at],
                fraction_bits: self.forms[at].shift,
                losses: losses::losses(self, quantized, id, own, bounds),
                n_narrowed: narrowed().count(),
                coarsest: narrowed().map(|limit| q_max / limit).fold(1.0, f64::max),
                threshold: threshold.iter().copied().min().zip(threshold.iter().copied().max()),
                n_coarse: threshold.iter().enumerate().filter(|&(i, &t)| t < min && !is_exact(i)).count(),
                bound,
                width: bound.bits(),
                saturates: bound.bits() > self.options.state_bits,
                observed: None,
            })
        };
        self.graph.populations().filter_map(report).collect()
    }
}

/// How coarse the integers of each population are, beyond what the weight width demands.
#[derive(Clone, Debug)]
struct Steps {
    /// Largest weight kept, as a share of the largest there is, by population.
    clips: Vec<f64>,
    /// Units that the largest weight may have, by population and channel.
    limits: Vec<Vec<f64>>,
}

impl Steps {
    fn of(graph: &Graph<Trained>, clips: Vec<f64>) -> Self {
        let limits = graph.populations().map(|(_, p)| vec![f64::INFINITY; p.shape.channels as usize]).collect();
        Self { clips, limits }
    }

    /// Coarsens the channels whose bound exceeds the state; says whether there were any.
    fn narrow(&mut self, graph: &Graph<Trained>, pass: &Pass<'_>, scales: &Scales, bounds: &[Vec<Bound>]) -> bool {
        let bits = pass.options.weight_bits;
        let mut any = false;
        for (id, _) in graph.populations() {
            let state_bits = pass.proven_bits(id);
            let most = 2f64.powi(state_bits as i32 - 1) - 1.0;
            let at = id.0 as usize;
            for (c, bound) in bounds[at].iter().enumerate().filter(|(_, bound)| bound.bits() > state_bits) {
                let limit = &mut self.limits[at][c];
                let scale = scales.0[at][c];
                let mut now = limit.min(largest_weight(bits));
                if scale.exact {
                    now = now.min(pass.numbers[at][c].top(bits == 1) / scale.unit);
                }
                let magnitude = bound.high.max(bound.low.saturating_neg()) as f64;
                // One part in 64 leaves room for weights that round up.
                *limit = now / (magnitude / most * (1.0 + 1.0 / 64.0));
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
        let values =
            matches!(&p.neuron, NeuronModel::Dynamic(n) if n.emits() == Emits::Values && n.most_counted().is_none());
        if values && !graph.outgoing(id).is_empty() {
            refuse(
                entity(),
                "emits real values, whose scale the weights behind it do not know",
                "give it a threshold, or import a network in integers",
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
