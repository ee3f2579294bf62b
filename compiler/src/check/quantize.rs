//! Checks a quantized network against the network it was made from, by what must hold rather than by how it was made.
//!
//! Rules:
//! - `topology`: same populations, projections, timing, neuron options and read-out;
//! - `range`: weights fit their width, symmetric about 0; thresholds are positive, and powers of two if that was asked;
//! - `scale`: per channel there is a positive number u of integer units per real unit with `|q − u·x| ≤ 1/2` for every weight,
//!   threshold, initial potential and bias x and its integer q; the reported scale is 1/u; channels whose potentials are
//!   compared share u. With a hard reset `|q − u·θ| < 1`, and θ decides as its integer does. A threshold that no real potential
//!   reaches may be any that no integer potential reaches;
//! - `clip`: only weights at the end of the range may be smaller than `u·x`, as many as reported, and weights that fire a neuron with
//!   hard reset whatever else arrives, in reals and in integers;
//! - `width`: for every neuron, walking its synapses one by one, the potential stays in the reported range, which fits the
//!   chip's potentials.
//!
//! The existence of u is decided by intersecting intervals: q and x ≠ 0 allow `(|q| − 1/2)/|x| ≤ u ≤ (|q| + 1/2)/|x|`.

use crate::{
    diagnostics::{Violation, Violations},
    pass::quantize::{LayerReport, Quantization, QuantizeOptions},
};
use ir::{
    Compare, Connectivity, DecayRule, Dynamics, Graph, InputCoding, NeuronModel, PopulationId, Quantized, Readout,
    Reset, Shape, Spiking, Trained, Unit,
    dynamics::{Action, Op},
};

mod walk;

use walk::{REAL, WHOLE, extremes, walk_list};

/// Relative slack for the rounding of `f64` and `f32` numbers.
const SLACK: f64 = 1e-6;

/// Every broken rule, or nothing.
pub fn check(
    trained: &Graph<Trained>,
    quantization: &Quantization,
    options: &QuantizeOptions<'_>,
) -> Result<(), Violations> {
    let quantized = &quantization.graph;
    let mut found = Violations::default();
    check_topology(trained, quantized, &mut found);
    if !found.0.is_empty() {
        return Err(found);
    }
    let q_max = largest_weight(options);
    let possible = |w: i32| i64::from(w).abs() <= q_max && (options.weight_bits > 1 || w != 0);
    for (id, projection) in quantized.projections() {
        if let Some(w) = projection.weights.iter().find(|&&w| !possible(w)) {
            report(&mut found, "range", id.to_string(), format!("weight {w} exceeds {} bits", options.weight_bits));
        }
    }
    let input = options.input_range.or_else(|| quantized.input_range()).unwrap_or((0, 1));
    for (id, p) in quantized.populations().filter(|(_, p)| potentials(&p.neuron)) {
        let Some(layer) = quantization.layers.iter().find(|layer| layer.population == id) else {
            report(&mut found, "topology", p.name.clone(), "has no report".into());
            continue;
        };
        let walks = Walks {
            real: by_channel(trained, id, |i| extremes(trained, id, i, input, REAL)),
            whole: by_channel(quantized, id, |i| match &p.neuron {
                NeuronModel::Dynamic(list) => walk_list(quantized, list, id, i, input),
                _ => extremes(quantized, id, i, input, WHOLE),
            }),
        };
        check_population(Both { trained, quantized }, layer, &walks, options, &mut found);
        check_width(layer, &walks, options, &mut found);
    }
    if let (Readout::ChannelEnergy { weights: a, .. }, Readout::ChannelEnergy { weights: b, .. }) =
        (&trained.readout, &quantized.readout)
    {
        let mut units = Units::default();
        a.iter().zip(b).for_each(|(&x, &q)| units.rounded(f64::from(x), i64::from(q)));
        if units.empty() {
            report(&mut found, "scale", "readout".into(), "no scale explains its weights".into());
        }
    }
    if found.0.is_empty() { Ok(()) } else { Err(found) }
}

fn report(found: &mut Violations, rule: &'static str, entity: String, message: String) {
    found.0.push(Violation { rule, entity, message });
}

fn potentials(neuron: &NeuronModel<Quantized>) -> bool {
    neuron.dynamics().is_some()
}

fn check_topology(trained: &Graph<Trained>, quantized: &Graph<Quantized>, found: &mut Violations) {
    let mut same = |holds: bool, entity: &dyn ToString, what: &str| {
        if !holds {
            report(found, "topology", entity.to_string(), format!("{what} differs from the trained network"));
        }
    };
    let whole = trained.timesteps == quantized.timesteps && trained.encoding == quantized.encoding;
    same(whole, &"graph", "timesteps or encoding");
    let counts = |p: usize, e: usize| (p, e);
    let (a, b) = (
        counts(trained.n_populations(), trained.n_projections()),
        counts(quantized.n_populations(), quantized.n_projections()),
    );
    same(a == b, &"graph", "the number of populations or projections");
    for ((id, x), (_, y)) in trained.populations().zip(quantized.populations()) {
        same(x.name == y.name && x.shape == y.shape, &id, "name or shape");
        let neuron = match (&x.neuron, &y.neuron) {
            (NeuronModel::Input { coding: a, scale: s }, NeuronModel::Input { coding: b, scale: r }) => {
                a == b && s.to_bits() == r.to_bits()
            }
            (NeuronModel::Accumulator { .. }, NeuronModel::Accumulator { .. }) => true,
            (NeuronModel::Spiking(_) | NeuronModel::Dynamic(_), NeuronModel::Dynamic(b)) => {
                x.neuron.dynamics().is_some_and(|a| same_list(&a, b))
            }
            (NeuronModel::Spiking(a), NeuronModel::Spiking(b)) => {
                (a.leak, a.reset, a.compare, a.window, a.floor.is_some())
                    == (b.leak, b.reset, b.compare, b.window, b.floor.is_some())
            }
            _ => false,
        };
        same(neuron, &id, "the neuron model");
    }
    if a != b {
        return;
    }
    for ((id, x), (_, y)) in trained.projections().zip(quantized.projections()) {
        same(trained.ends(id) == quantized.ends(id), &id, "its ends");
        same((&x.connectivity, x.pool, x.delay) == (&y.connectivity, y.pool, y.delay), &id, "geometry or delay");
        let (n, m) = (x.weights.len(), y.weights.len());
        let channels = trained.population(trained.ends(id).1).shape.channels as usize;
        same(n == m || (n == 1 && m == channels), &id, "the number of weights");
    }
    let readout = match (&trained.readout, &quantized.readout) {
        (Readout::Goodness { population: p, sizes: s }, Readout::Goodness { population: q, sizes: r }) => {
            p == q && s == r
        }
        (
            Readout::ChannelEnergy { population: p, grid: g, weights: v },
            Readout::ChannelEnergy { population: q, grid: h, weights: w },
        ) => p == q && g == h && v.len() == w.len(),
        (Readout::Potential { population: p }, Readout::Potential { population: q })
        | (Readout::SpikeCount { population: p }, Readout::SpikeCount { population: q }) => p == q,
        _ => false,
    };
    same(readout, &"readout", "the read-out");
}

/// The same model, words and parameters, and the same operations whatever rule rounds decays; integers may saturate first.
fn same_list(a: &Dynamics<Trained>, b: &Dynamics<Quantized>) -> bool {
    let saturates = |op: &&Op| matches!(op.action, Action::Saturate(w, _) if w == b.potential);
    let added = b.ops.first().is_some_and(|op| saturates(&op)) && a.ops.len() + 1 == b.ops.len();
    let unruled = |op: &Op| match op.action {
        Action::Decay(w, p, _) => Op { action: Action::Decay(w, p, DecayRule::Loss), ..*op },
        _ => *op,
    };
    (&a.model, a.window, a.potential, a.layout()) == (&b.model, b.window, b.potential, b.layout())
        && a.ops.iter().map(unruled).eq(b.ops[usize::from(added)..].iter().map(unruled))
        && a.words.iter().map(|w| (&w.name, w.unit)).eq(b.words.iter().map(|w| (&w.name, w.unit)))
        && a.params.iter().map(|p| (&p.name, p.unit)).eq(b.params.iter().map(|p| (&p.name, p.unit)))
}

/// What potentials can be, by channel, in real numbers and in integers.
struct Walks {
    real: Vec<(f64, f64)>,
    whole: Vec<(f64, f64)>,
}

fn by_channel<S: ir::Stage>(graph: &Graph<S>, id: PopulationId, walk: impl Fn(usize) -> (f64, f64)) -> Vec<(f64, f64)> {
    let shape = graph.population(id).shape;
    let mut channels = vec![(f64::INFINITY, f64::NEG_INFINITY); shape.channels as usize];
    for i in 0..shape.neurons() {
        let (low, high) = walk(i);
        let channel = &mut channels[shape.channel(i)];
        *channel = (channel.0.min(low), channel.1.max(high));
    }
    channels
}

/// Largest magnitude of a weight.
fn largest_weight(options: &QuantizeOptions<'_>) -> i64 {
    i64::from(((1i32 << (options.weight_bits - 1)) - 1).max(1))
}

/// Whether a channel's threshold is beyond all its potentials, in real numbers and in integers.
fn never_fires(x: &Spiking<Trained>, threshold: i64, c: usize, walks: &Walks) -> bool {
    let beyond = |high: f64, threshold: f64| match x.compare {
        Compare::Greater => high <= threshold + SLACK * threshold.abs(),
        Compare::GreaterEqual => high < threshold,
    };
    beyond(walks.real[c].1, x.threshold.at(c)) && beyond(walks.whole[c].1, threshold as f64)
}

/// The threshold of a list that was written for an integrate-and-fire neuron.
fn threshold_of(list: &Dynamics<Quantized>, c: usize) -> Option<i64> {
    list.params.iter().find(|param| param.name == "threshold").map(|param| param.values.at(c))
}

/// The interval of integer units per real unit that explains what has been seen.
#[derive(Clone, Copy, Debug)]
struct Units {
    low: f64,
    high: f64,
}

impl Default for Units {
    fn default() -> Self {
        Self { low: 0.0, high: f64::INFINITY }
    }
}

impl Units {
    /// `q` is `u·x` rounded.
    fn rounded(&mut self, x: f64, q: i64) {
        self.at_least(x, q);
        if x != 0.0 {
            self.high = self.high.min((q.abs() as f64 + 0.5) / x.abs());
        }
    }

    /// `q` is `u·x` rounded or cut off.
    fn at_least(&mut self, x: f64, q: i64) {
        if q != 0 && (x == 0.0 || (x > 0.0) != (q > 0)) {
            self.high = -1.0;
        } else if x != 0.0 {
            self.low = self.low.max((q.abs() as f64 - 0.5) / x.abs());
        }
    }

    /// `q` is `u·x` rounded up or down.
    fn cut(&mut self, x: f64, q: i64) {
        self.low = self.low.max((q as f64 - 1.0) / x);
        self.high = self.high.min((q as f64 + 1.0) / x);
    }

    fn and(&mut self, other: Self) {
        self.low = self.low.max(other.low);
        self.high = self.high.min(other.high);
    }

    fn empty(self) -> bool {
        self.low > self.high * (1.0 + SLACK) || self.high <= 0.0
    }

    fn contains(self, u: f64) -> bool {
        self.low <= u * (1.0 + SLACK) && u <= self.high * (1.0 + SLACK)
    }
}

/// The threshold of a list that was written for an integrate-and-fire neuron.
struct Deciding<'a> {
    neuron: &'a Spiking<Trained>,
    /// Whether nothing reaches it.
    quiet: bool,
    scale: f64,
}

/// Every value of a channel in a list: potentials are `u·2^shift` of what they were, fractions and counts the nearest. With a hard reset
/// the threshold of integrate-and-fire is the one that decides alike.
fn check_list(
    real: &Dynamics<Trained>,
    whole: &Dynamics<Quantized>,
    deciding: Option<&Deciding<'_>>,
    channel: usize,
    shape: Shape,
    unit: &mut Units,
    wrong: &mut dyn FnMut(String),
) {
    let fine = f64::from(whole.shift).exp2();
    let words = real.words.iter().zip(&whole.words).map(|(x, q)| (&x.name, x.unit, &x.init, &q.init));
    let params = real.params.iter().zip(&whole.params).map(|(x, q)| (&x.name, x.unit, &x.values, &q.values));
    for (name, kind, x, q) in words.chain(params) {
        for i in channel * shape.map()..(channel + 1) * shape.map() {
            let (x, q) = (x.of(i, shape), q.of(i, shape));
            match (kind, deciding) {
                (Unit::Potential, Some(d)) if name == "threshold" && d.quiet => {}
                (Unit::Potential, Some(d)) if name == "threshold" && d.neuron.reset == Reset::Zero => {
                    unit.cut(x * fine, q);
                    if !decides_alike(d.neuron, q, x * fine / d.scale) {
                        wrong(format!("threshold {q} of neuron {i} is not {x}"));
                    }
                }
                (Unit::Potential, _) => unit.rounded(x * fine, q),
                (Unit::Fraction | Unit::Count, _) if (x - q as f64).abs() > 0.5 => {
                    wrong(format!("`{name}` of neuron {i} is {x}, rounded {q}"));
                }
                (Unit::Fraction | Unit::Count, _) => {}
            }
        }
    }
}

/// The network in real numbers and in integers.
#[derive(Clone, Copy)]
struct Both<'a> {
    trained: &'a Graph<Trained>,
    quantized: &'a Graph<Quantized>,
}

fn check_population(
    both: Both<'_>,
    layer: &LayerReport,
    walks: &Walks,
    options: &QuantizeOptions<'_>,
    found: &mut Violations,
) {
    let Both { trained, quantized } = both;
    let q_max = largest_weight(options);
    let id = layer.population;
    let (x, q) = (trained.population(id), quantized.population(id));
    let channels = x.shape.channels as usize;
    let x_map = x.shape.map();
    let sure = |c: usize, x: f64, w: i64| fires_whatever_arrives(both, id, walks, c, x, w);
    let mut units = vec![Units::default(); channels];
    let mut saturated: Vec<(usize, f64)> = Vec::new();
    // Cut down where it has no effect: bounds that are less narrow than these walks may count it as clipped.
    let mut n_either = 0;
    for (c, unit) in units.iter_mut().enumerate() {
        match (&x.neuron, &q.neuron) {
            (NeuronModel::Spiking(x), NeuronModel::Spiking(q)) => {
                let threshold = q.threshold.at(c);
                let quiet = never_fires(x, threshold, c, walks);
                let power_of_two = options.power_of_two_threshold && !quiet;
                if threshold < 1 || (power_of_two && threshold & (threshold - 1) != 0) {
                    report(found, "range", layer.name.clone(), format!("threshold {threshold} of channel {c}"));
                }
                match x.reset {
                    _ if quiet => {}
                    Reset::Subtract => unit.rounded(x.threshold.at(c), threshold),
                    Reset::Zero => {
                        unit.cut(x.threshold.at(c), threshold);
                        let scale = layer.scales.get(c).copied().unwrap_or(f64::NAN);
                        if !decides_alike(x, threshold, x.threshold.at(c) / scale) {
                            let message = format!("threshold {threshold} of channel {c} is not {}", x.threshold.at(c));
                            report(found, "scale", layer.name.clone(), message);
                        }
                    }
                }
                unit.rounded(x.v_init.at(c), q.v_init.at(c));
                unit.rounded(x.bias.at(c), q.bias.at(c));
                if let (Some(x), Some(q)) = (x.floor, q.floor) {
                    unit.rounded(x, q);
                }
            }
            (NeuronModel::Accumulator { v_init: x }, NeuronModel::Accumulator { v_init: q }) => {
                unit.rounded(x.at(c), q.at(c));
            }
            (real, NeuronModel::Dynamic(list)) => {
                let spiking = match real {
                    NeuronModel::Spiking(n) => threshold_of(list, c).map(|threshold| (n, threshold)),
                    _ => None,
                };
                let deciding = spiking.map(|(neuron, threshold)| Deciding {
                    neuron,
                    quiet: never_fires(neuron, threshold, c, walks),
                    scale: layer.scales.get(c).copied().unwrap_or(f64::NAN),
                });
                let real = real.dynamics().expect("the topology was checked");
                check_list(&real, list, deciding.as_ref(), c, x.shape, unit, &mut |message| {
                    report(found, "scale", layer.name.clone(), message);
                });
            }
            (real, whole) => {
                report(found, "topology", layer.name.clone(), format!("{real:?} became {whole:?}"));
            }
        }
    }
    for projection in quantized.incoming(id) {
        let (real, whole) = (&trained.projection(projection).weights, &quantized.projection(projection).weights);
        let lists = match &quantized.projection(projection).connectivity {
            Connectivity::Sparse(lists) => Some(lists),
            _ => None,
        };
        for (i, &w) in whole.iter().enumerate() {
            let x = f64::from(if real.len() == 1 { real[0] } else { real[i] });
            let of = match lists {
                Some(lists) => {
                    let c = lists.targets()[i] as usize / x_map;
                    c..c + 1
                }
                None if whole.len() == 1 => 0..channels,
                None => i * channels / whole.len()..i * channels / whole.len() + 1,
            };
            let w = i64::from(w);
            // A sign leaves every scale possible.
            if options.weight_bits == 1 {
                if (w > 0) != (x >= 0.0) {
                    report(
                        found,
                        "sign",
                        layer.name.clone(),
                        format!("weight {i} of {projection} is {x}, its sign {w}"),
                    );
                }
                continue;
            }
            for c in of {
                if sure(c, x, w) {
                    let cut = layer.scales.get(c).is_some_and(|scale| (x / scale).round() > w as f64);
                    n_either += usize::from(cut);
                } else if w.abs() == q_max && layer.losses.n_clipped > 0 {
                    saturated.push((c, x));
                    units[c].at_least(x, w);
                } else {
                    units[c].rounded(x, w);
                }
            }
        }
    }
    let compared = matches!(quantized.readout, Readout::Potential { population } if population == id)
        || matches!(q.neuron, NeuronModel::Accumulator { .. });
    if compared {
        let mut all = Units::default();
        for &u in &units {
            all.and(u);
        }
        units.fill(all);
        if layer.scales.iter().any(|s| s.to_bits() != layer.scales[0].to_bits()) {
            report(found, "scale", layer.name.clone(), "compared channels have different scales".into());
        }
    }
    for (c, u) in units.iter().enumerate() {
        let reported = layer.scales.get(c).copied().unwrap_or(f64::NAN);
        if u.empty() {
            report(found, "scale", layer.name.clone(), format!("no scale explains the integers of channel {c}"));
        } else if !(reported > 0.0 && u.contains(1.0 / reported)) {
            report(
                found,
                "scale",
                layer.name.clone(),
                format!("reported scale {reported} of channel {c} does not fit"),
            );
        }
    }
    let beyond = |slack: f64| {
        let over = |&&(c, x): &&(usize, f64)| x.abs() / layer.scales[c] > (q_max as f64 + 0.5) * (1.0 + slack);
        saturated.iter().filter(over).count()
    };
    if layer.scales.len() == channels && !(beyond(SLACK)..=beyond(-SLACK) + n_either).contains(&layer.losses.n_clipped)
    {
        let message = format!("reports {} clipped weights, found {}", layer.losses.n_clipped, beyond(0.0));
        report(found, "clip", layer.name.clone(), message);
    }
}

/// Whether an integer threshold decides on integer potentials as the real one of so many units does.
fn decides_alike(neuron: &Spiking<Trained>, threshold: i64, units: f64) -> bool {
    let slack = (units * SLACK).min(0.1);
    let threshold = threshold as f64;
    match neuron.compare {
        Compare::Greater => (threshold <= units + slack && threshold + 1.0 > units - slack) || threshold <= 1.0,
        Compare::GreaterEqual => threshold >= units - slack && threshold - 1.0 < units + slack,
    }
}

/// Whether one spike over a synapse fires the neuron whatever else arrives, by its real and by its integer weight.
fn fires_whatever_arrives(both: Both<'_>, id: PopulationId, walks: &Walks, c: usize, x: f64, w: i64) -> bool {
    let Both { trained, quantized } = both;
    let NeuronModel::Spiking(real) = &trained.population(id).neuron else { return false };
    let (threshold, shift) = match &quantized.population(id).neuron {
        NeuronModel::Spiking(whole) => (whole.threshold.at(c), 0),
        NeuronModel::Dynamic(list) => match threshold_of(list, c) {
            Some(threshold) => (threshold, list.shift),
            None => return false,
        },
        NeuronModel::Accumulator { .. } | NeuronModel::Input { .. } | NeuronModel::Linear => return false,
    };
    let spikes = |p| match &trained.population(trained.ends(p).0).neuron {
        NeuronModel::Input { coding, .. } => matches!(coding, InputCoding::Events { least: 0, most: 1, .. }),
        NeuronModel::Dynamic(list) => list.most_counted().is_none(),
        _ => true,
    };
    let read = matches!(trained.readout, Readout::Potential { population } if population == id);
    real.reset == Reset::Zero
        && !read
        && trained.incoming(id).into_iter().all(spikes)
        && x + walks.real[c].0.min(0.0) > real.threshold.at(c) * (1.0 - SLACK)
        && (w << shift) as f64 + walks.whole[c].0.min(0.0)
            > (threshold - i64::from(real.compare == Compare::GreaterEqual)) as f64
}

/// The reported range holds what every neuron can reach, and the chip's potentials hold the range, unless they saturate.
fn check_width(layer: &LayerReport, walks: &Walks, options: &QuantizeOptions<'_>, found: &mut Violations) {
    let state_bits = options.state_bits;
    let limit = 1i64 << (state_bits.min(62) - 1);
    let wide = layer.bound.low < -limit || layer.bound.high >= limit || layer.width > state_bits;
    if wide != layer.saturates || (wide && !options.saturates) {
        let message = format!("range {:?} exceeds {state_bits} bits", layer.bound);
        report(found, "width", layer.name.clone(), message);
    }
    let claimed = 1i128 << (layer.width.clamp(1, 64) - 1);
    if i128::from(layer.bound.low) < -claimed || i128::from(layer.bound.high) >= claimed {
        report(found, "width", layer.name.clone(), format!("{} bits do not hold {:?}", layer.width, layer.bound));
    }
    for (c, &(low, high)) in walks.whole.iter().enumerate() {
        if low < layer.bound.low as f64 || high > layer.bound.high as f64 {
            let message = format!("channel {c} may reach {low}..={high}, reported {:?}", layer.bound);
            report(found, "width", layer.name.clone(), message);
            return;
        }
    }
}
