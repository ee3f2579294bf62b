//! Checks a quantized network against the network it was made from, by what must hold rather than by how it was made.
//!
//! Rules:
//! - `topology`: same populations, projections, timing, neuron options and read-out;
//! - `range`: weights fit their width, symmetric about 0; thresholds are positive, and powers of two if that was asked;
//! - `scale`: per channel there is a positive number u of integer units per real unit with `|q − u·x| ≤ 1/2` for every weight,
//!   threshold, initial potential and bias x and its integer q; the reported scale is 1/u; channels whose potentials are
//!   compared share u;
//! - `clip`: only weights at the end of the range may be smaller than `u·x`, as many as reported;
//! - `width`: for every neuron, walking its synapses one by one, the potential stays in the reported range, which fits the
//!   chip's potentials.
//!
//! The existence of u is decided by intersecting intervals: q and x ≠ 0 allow `(|q| − 1/2)/|x| ≤ u ≤ (|q| + 1/2)/|x|`.

use crate::{
    diagnostics::{Violation, Violations},
    pass::quantize::{LayerReport, Quantization, QuantizeOptions},
};
use ir::{
    Compare, Connectivity, DecayRule, Dynamics, Graph, InputCoding, Leak, NeuronModel, PopulationId, ProjectionId,
    Quantized, Readout, Reset, Shape, Spiking, Trained, Unit,
    dynamics::{Action, Op},
};

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
    let q_max = i64::from(((1i32 << (options.weight_bits - 1)) - 1).max(1));
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
        check_population(trained, quantized, layer, q_max, options, &mut found);
        check_width(quantized, layer, input, options.state_bits, &mut found);
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

/// The same model, words and parameters, and the same operations whatever rule rounds decays.
fn same_list(a: &Dynamics<Trained>, b: &Dynamics<Quantized>) -> bool {
    let unruled = |op: &Op| match op.action {
        Action::Decay(w, p, _) => Op { action: Action::Decay(w, p, DecayRule::Loss), ..*op },
        _ => *op,
    };
    (&a.model, a.window, a.potential, a.layout()) == (&b.model, b.window, b.potential, b.layout())
        && a.ops.iter().map(unruled).eq(b.ops.iter().map(unruled))
        && a.words.iter().map(|w| (&w.name, w.unit)).eq(b.words.iter().map(|w| (&w.name, w.unit)))
        && a.params.iter().map(|p| (&p.name, p.unit)).eq(b.params.iter().map(|p| (&p.name, p.unit)))
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

/// Every value of a channel in a list: potentials are `u·2^shift` of what they were, fractions and counts the nearest.
fn check_list(
    real: &Dynamics<Trained>,
    whole: &Dynamics<Quantized>,
    (channel, shape): (usize, Shape),
    unit: &mut Units,
    wrong: &mut dyn FnMut(String),
) {
    let words = real.words.iter().zip(&whole.words).map(|(x, q)| (&x.name, x.unit, &x.init, &q.init));
    let params = real.params.iter().zip(&whole.params).map(|(x, q)| (&x.name, x.unit, &x.values, &q.values));
    for (name, kind, x, q) in words.chain(params) {
        for i in channel * shape.map()..(channel + 1) * shape.map() {
            let (x, q) = (x.of(i, shape), q.of(i, shape));
            match kind {
                Unit::Potential => unit.rounded(x * f64::from(whole.shift).exp2(), q),
                Unit::Fraction | Unit::Count if (x - q as f64).abs() > 0.5 => {
                    wrong(format!("`{name}` of neuron {i} is {x}, rounded {q}"));
                }
                Unit::Fraction | Unit::Count => {}
            }
        }
    }
}

fn check_population(
    trained: &Graph<Trained>,
    quantized: &Graph<Quantized>,
    layer: &LayerReport,
    q_max: i64,
    options: &QuantizeOptions<'_>,
    found: &mut Violations,
) {
    let id = layer.population;
    let (x, q) = (trained.population(id), quantized.population(id));
    let channels = x.shape.channels as usize;
    let x_map = x.shape.map();
    let mut units = vec![Units::default(); channels];
    let mut saturated: Vec<(usize, f64)> = Vec::new();
    for (c, unit) in units.iter_mut().enumerate() {
        match (&x.neuron, &q.neuron) {
            (NeuronModel::Spiking(x), NeuronModel::Spiking(q)) => {
                let threshold = q.threshold.at(c);
                if threshold < 1 || (options.power_of_two_threshold && threshold & (threshold - 1) != 0) {
                    report(found, "range", layer.name.clone(), format!("threshold {threshold} of channel {c}"));
                }
                unit.rounded(x.threshold.at(c), threshold);
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
                let real = real.dynamics().expect("the topology was checked");
                check_list(&real, list, (c, x.shape), unit, &mut |message| {
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
            if w.abs() == q_max && layer.n_clipped > 0 {
                saturated.push((of.start, x));
                units[of].iter_mut().for_each(|u| u.at_least(x, w));
            } else {
                units[of].iter_mut().for_each(|u| u.rounded(x, w));
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
    if layer.scales.len() == channels && !(beyond(SLACK)..=beyond(-SLACK)).contains(&layer.n_clipped) {
        let message = format!("reports {} clipped weights, found {}", layer.n_clipped, beyond(0.0));
        report(found, "clip", layer.name.clone(), message);
    }
}

/// Walks every neuron through a sample in which all sources push it up, or all pull it down.
fn check_width(
    graph: &Graph<Quantized>,
    layer: &LayerReport,
    input: (i32, i32),
    state_bits: u32,
    found: &mut Violations,
) {
    let id = layer.population;
    let population = graph.population(id);
    let limit = 1i64 << (state_bits.min(62) - 1);
    if layer.bound.low < -limit || layer.bound.high >= limit || layer.width > state_bits {
        let message = format!("range {:?} exceeds {state_bits} bits", layer.bound);
        report(found, "width", layer.name.clone(), message);
    }
    let claimed = 1i128 << (layer.width.clamp(1, 64) - 1);
    if i128::from(layer.bound.low) < -claimed || i128::from(layer.bound.high) >= claimed {
        report(found, "width", layer.name.clone(), format!("{} bits do not hold {:?}", layer.width, layer.bound));
    }
    for i in 0..population.shape.neurons() {
        let pulls: Vec<(ProjectionId, [i64; 2])> =
            graph.incoming(id).into_iter().map(|p| (p, pull(graph, p, i, input))).collect();
        let (low, high) = match &population.neuron {
            NeuronModel::Dynamic(list) => walk_list(graph, list, (i, population.shape), &pulls),
            _ => extremes(graph, id, population.shape.channel(i), &pulls),
        };
        if low < layer.bound.low || high > layer.bound.high {
            let message = format!("neuron {i} may reach {low}..={high}, reported {:?}", layer.bound);
            report(found, "width", layer.name.clone(), message);
            return;
        }
    }
}

/// The most that one projection can take from and give to a neuron in one timestep.
fn pull(graph: &Graph<Quantized>, id: ProjectionId, neuron: usize, input: (i32, i32)) -> [i64; 2] {
    let (pre, post) = graph.ends(id);
    let (pre, post) = (graph.population(pre), graph.population(post));
    let (least, most) = match pre.neuron {
        NeuronModel::Input { .. } => (i64::from(input.0).min(0), i64::from(input.1).max(0)),
        _ => (0, 1),
    };
    let projection = graph.projection(id);
    let mut result = [0, 0];
    projection.synapses_onto(pre.shape, post.shape, post.shape.position(neuron), |_, w| {
        let w = i64::from(projection.weights[w]);
        result[0] += (w * least).min(w * most);
        result[1] += (w * least).max(w * most);
    });
    result
}

fn sends(graph: &Graph<Quantized>, id: ProjectionId, t: u32) -> bool {
    let Some(then) = t.checked_sub(graph.projection(id).delay) else { return false };
    match &graph.population(graph.ends(id).0).neuron {
        NeuronModel::Input { coding: InputCoding::DirectOnce, .. } => then == 0,
        NeuronModel::Input { coding: InputCoding::DirectEveryStep { steps }, .. } => then < *steps,
        NeuronModel::Input { coding: InputCoding::Events, .. } => true,
        neuron @ (NeuronModel::Spiking(_) | NeuronModel::Dynamic(_)) => {
            neuron.window().is_some_and(|window| window.contains(then))
        }
        NeuronModel::Accumulator { .. } | NeuronModel::Linear => false,
    }
}

/// Lowest and highest word of a neuron in four concrete samples: everything up, everything down, and the two in turn.
fn walk_list(
    graph: &Graph<Quantized>,
    list: &Dynamics<Quantized>,
    (neuron, shape): (usize, Shape),
    pulls: &[(ProjectionId, [i64; 2])],
) -> (i64, i64) {
    let mut found = (i64::MAX, i64::MIN);
    for pattern in 0..4u32 {
        let mut words: Vec<i64> = list.words.iter().map(|word| word.init.of(neuron, shape)).collect();
        for t in 0..graph.timesteps {
            let up = usize::from(match pattern {
                0 | 1 => pattern == 1,
                _ => (t + pattern).is_multiple_of(2),
            });
            for (_, pull) in pulls.iter().filter(|(p, _)| sends(graph, *p, t)) {
                words[0] += pull[up] << list.shift;
            }
            if list.window.contains(t) {
                ir::interp::step(list, &mut words, (neuron, shape), t);
            }
            for (&w, _) in words.iter().zip(&list.words).filter(|(_, word)| word.unit == Unit::Potential) {
                found = (found.0.min(w), found.1.max(w));
            }
        }
    }
    found
}

fn extremes(
    graph: &Graph<Quantized>,
    id: PopulationId,
    channel: usize,
    pulls: &[(ProjectionId, [i64; 2])],
) -> (i64, i64) {
    let (start, neuron) = match &graph.population(id).neuron {
        NeuronModel::Spiking(neuron) => (neuron.v_init.at(channel), Some(neuron)),
        NeuronModel::Accumulator { v_init } => (v_init.at(channel), None),
        // Lists are walked in `walk_list`.
        NeuronModel::Dynamic(_) | NeuronModel::Input { .. } | NeuronModel::Linear => return (0, 0),
    };
    let (mut low, mut high) = (start, start);
    let (mut lowest, mut highest) = (start, start);
    for t in 0..graph.timesteps {
        for (_, [down, up]) in pulls.iter().filter(|(p, _)| sends(graph, *p, t)) {
            low += down;
            high += up;
        }
        (lowest, highest) = (lowest.min(low), highest.max(high));
        if let Some(neuron) = neuron.filter(|neuron| neuron.window.contains(t)) {
            let bias = neuron.bias.at(channel);
            (lowest, highest) = (lowest.min(low + bias), highest.max(high + bias));
            (low, high) = range_after(neuron, channel, low + bias, high + bias);
            (lowest, highest) = (lowest.min(low), highest.max(high));
        }
    }
    (lowest, highest)
}

/// Smallest and largest potential after an update that finds one in `low..=high`.
fn range_after(neuron: &Spiking<Quantized>, channel: usize, low: i64, high: i64) -> (i64, i64) {
    let floor = neuron.floor.unwrap_or(i64::MIN);
    let theta = neuron.threshold.at(channel);
    let quiet = if neuron.compare == Compare::Greater { theta } else { theta - 1 };
    let (low, high) = (low.max(floor), high.max(floor));
    let mut ends = Vec::new();
    if low <= quiet {
        ends.extend([low, high.min(quiet)]);
    }
    if high > quiet {
        let reset = |v: i64| if neuron.reset == Reset::Subtract { v - theta } else { 0 };
        ends.extend([reset(low.max(quiet + 1)), reset(high)]);
    }
    let left = |v: i64| match neuron.leak {
        Leak::None => v,
        Leak::Decay(decay) => v - v * i64::from(decay) / 4096,
    };
    let bounds = ends.iter().map(|&v| left(v));
    (bounds.clone().min().unwrap_or(low), bounds.max().unwrap_or(high))
}
