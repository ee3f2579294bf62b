//! The graph verifier: lists every violation of what the other crates may rely on.
//!
//! Rules:
//! 1. names are unique and not empty; shapes have no zero side and at most 2³² neurons, which have 32-bit indices; timesteps
//!    1 to 2²⁴; the encoding's numbers are finite, its limit positive;
//! 2. exactly one input population, without incoming projections; its scale is finite and positive;
//! 3. every other population has an incoming projection;
//! 4. projections: geometry fits both shapes, groups divide both channel counts, weights have the expected number and are
//!    finite; one-to-one joins equal shapes; pool sizes are positive; there is one synapse list per source neuron, its
//!    targets ascend and exist;
//! 5. delay 0 only from inputs and linear populations, and no cycle of delay 0; nothing leaves a population that emits nothing;
//! 6. a list of operations is meaningful ([`crate::dynamics::check`]), its parameters fit its population, decays are 0 to 4096;
//!    random numbers, widths and fraction bits only in quantized graphs; per-channel values have length 1 or C and are finite, as is the floor; thresholds > 0; decay ≤ 4096; windows end
//!    inside the sample, and not before they start;
//! 7. normalizations have C entries each, finite, variance ≥ 0, variance + eps > 0; none on an input;
//! 8. the read-out reads an existing population of a fitting kind, with group sizes that sum to its channels.

use crate::{
    connect::Connectivity,
    dynamics::{Action, Dynamics, Kind, Unit, check},
    encode::InputEncoding,
    graph::{Graph, Population},
    ids::{PopulationId, ProjectionId},
    interp::update_order,
    neuron::{Emits, InputCoding, Leak, NeuronModel, PerChannel, Window},
    readout::Readout,
    stage::{Norm, Stage},
};
use std::{collections::HashSet, fmt};

/// One broken rule, with the entity it concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Population or projection, by its name in text files.
    pub entity: String,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.entity, self.message)
    }
}

/// The most timesteps of a sample.
pub const MOST_TIMESTEPS: u32 = 1 << 24;

/// Every violation in a graph; empty means that it may be interpreted and compiled.
pub fn verify<S: Stage>(graph: &Graph<S>) -> Vec<Violation> {
    let mut found = Found(Vec::new());
    let mut names = HashSet::new();
    found.check((1..=MOST_TIMESTEPS).contains(&graph.timesteps), "graph", || {
        format!("timesteps is {}; give 1 to {MOST_TIMESTEPS}", graph.timesteps)
    });
    match graph.encoding {
        InputEncoding::Pixels => {}
        InputEncoding::Affine { gain, offset } => {
            let usable = [gain, offset].iter().all(|v| v.is_finite() && v.abs() < 1e6);
            found.check(usable, "graph", || {
                format!("the encoding has gain {gain} and offset {offset}; it takes numbers below 10^6")
            });
        }
        InputEncoding::ByChannel { channels, gain, offset } => {
            let usable = gain.iter().chain(&offset).all(|v| v.is_finite() && v.abs() < 1e6);
            let input = graph.input().map(|id| graph.population(id).shape.channels);
            let fits = (1..=4).contains(&channels) && input.is_none_or(|c| c == u32::from(channels));
            found.check(usable && fits, "graph", || {
                format!("the encoding has {channels} gains {gain:?} and offsets {offset:?}; it takes one of each channel, at most 4")
            });
        }
        InputEncoding::Standardized { gain, eps, limit } => {
            let usable = gain.is_finite() && eps.is_finite() && eps >= 0.0 && limit > 0;
            found.check(usable, "graph", || {
            format!(
                "the encoding has gain {gain}, eps {eps} and limit {limit}; it takes finite numbers, eps ≥ 0, limit > 0"
            )
        });
        }
    }
    for (id, population) in graph.populations() {
        let entity = format!("{id} `{}`", population.name);
        found.check(!population.name.is_empty(), &entity, || "the name is empty".into());
        found.check(names.insert(&population.name), &entity, || "the name is used twice".into());
        check_population(graph, id, population, &entity, &mut found);
    }
    let inputs = graph.populations().filter(|(_, p)| matches!(p.neuron, NeuronModel::Input { .. })).count();
    found.check(inputs == 1, "graph", || format!("there must be exactly one input population, found {inputs}"));
    for (id, _) in graph.projections() {
        check_projection(graph, id, &mut found);
    }
    if let Err(id) = update_order(graph) {
        found.check(false, &id.to_string(), || "lies on a cycle of projections without delay".into());
    }
    check_readout(graph, &mut found);
    found.0
}

struct Found(Vec<Violation>);

impl Found {
    fn check(&mut self, holds: bool, entity: &str, message: impl FnOnce() -> String) {
        if !holds {
            self.0.push(Violation { entity: entity.to_owned(), message: message() });
        }
    }

    fn per_channel<S: Stage>(&mut self, values: &PerChannel<S::Value>, channels: u32, what: &str, entity: &str) {
        let n = values.0.len();
        self.check(n == 1 || n == channels as usize, entity, || {
            format!("{what} has {n} values; it takes 1 or one per channel ({channels})")
        });
        self.check(values.0.iter().all(|&v| S::real(v).is_finite()), entity, || format!("{what} is not finite"));
    }
}

fn check_population<S: Stage>(graph: &Graph<S>, id: PopulationId, p: &Population<S>, entity: &str, found: &mut Found) {
    let channels = p.shape.channels;
    found.check(p.shape.neurons() > 0, entity, || format!("shape {} has a zero side", p.shape));
    found.check(p.shape.neurons() as u64 <= 1 << 32, entity, || {
        format!("shape {} has more neurons than 32-bit indices tell apart", p.shape)
    });
    let n_incoming = graph.incoming(id).len();
    match &p.neuron {
        NeuronModel::Input { scale, coding } => {
            found.check(n_incoming == 0, entity, || "an input takes no projections".into());
            found.check(scale.is_finite() && *scale > 0.0, entity, || format!("scale {scale} is not positive"));
            if let InputCoding::DirectEveryStep { steps } | InputCoding::Events { steps, .. } = coding {
                found.check(*steps <= graph.timesteps, entity, || {
                    format!("presents {steps} steps in a sample of {}", graph.timesteps)
                });
                found.check(graph.pace > 0 && steps % graph.pace == 0, entity, || {
                    format!("presents {steps} timesteps, which are no whole steps of {} timesteps", graph.pace)
                });
            }
            if let InputCoding::Events { least, most, .. } = coding {
                found.check(least <= most, entity, || format!("events have values from {least} to {most}"));
            }
        }
        NeuronModel::Spiking(neuron) => {
            found.check(n_incoming > 0, entity, || "receives no projection".into());
            found.per_channel::<S>(&neuron.threshold, channels, "threshold", entity);
            found.per_channel::<S>(&neuron.v_init, channels, "v_init", entity);
            found.per_channel::<S>(&neuron.bias, channels, "bias", entity);
            found.check(neuron.threshold.0.iter().all(|&t| t > S::Value::default()), entity, || {
                "thresholds must be positive".into()
            });
            if let Leak::Decay(decay) = neuron.leak {
                found.check(decay <= 4096, entity, || format!("decay {decay} is above 4096"));
            }
            found.check(neuron.floor.is_none_or(|floor| S::real(floor).is_finite()), entity, || {
                "the floor is not finite".into()
            });
            check_window(neuron.window, graph.timesteps, entity, found);
        }
        NeuronModel::Accumulator { v_init } => {
            found.check(n_incoming > 0, entity, || "receives no projection".into());
            found.per_channel::<S>(v_init, channels, "v_init", entity);
            found.check(graph.outgoing(id).is_empty(), entity, || "an accumulator emits nothing".into());
        }
        NeuronModel::Dynamic(list) => {
            found.check(n_incoming > 0, entity, || "receives no projection".into());
            check_window(list.window, graph.timesteps, entity, found);
            check_list(p, list, entity, found);
            let silent = list.emits() == Emits::Nothing && !graph.outgoing(id).is_empty();
            found.check(!silent, entity, || format!("its model {} emits nothing", list.model));
        }
        NeuronModel::Linear => found.check(n_incoming > 0, entity, || "receives no projection".into()),
    }
    if let Some(norm) = p.norm.normalization() {
        for (what, values) in [("mean", &norm.mean), ("var", &norm.var), ("scale", &norm.scale), ("shift", &norm.shift)]
        {
            found.check(values.len() == channels as usize, entity, || {
                format!("normalization {what} has {} values for {channels} channels", values.len())
            });
            found.check(values.iter().all(|v| v.is_finite()), entity, || format!("normalization {what} is not finite"));
        }
        found.check(norm.var.iter().all(|&v| v >= 0.0) && norm.eps >= 0.0, entity, || "variance is negative".into());
        found.check(norm.var.iter().all(|&v| v + norm.eps != 0.0), entity, || {
            "variance and eps are both zero, which divides by zero".into()
        });
        found.check(!matches!(p.neuron, NeuronModel::Input { .. }), entity, || "an input has no normalization".into());
    }
}

fn check_window(window: Window, timesteps: u32, entity: &str, found: &mut Found) {
    let Window { start, end } = window;
    found.check(start <= end, entity, || format!("the window ends at {end}, before it starts at {start}"));
    found.check(end <= timesteps, entity, || {
        format!("the window ends at {end}, after the sample's {timesteps} timesteps")
    });
}

fn check_list<S: Stage>(p: &Population<S>, list: &Dynamics<S>, entity: &str, found: &mut Found) {
    let fits = list.words.len() <= 32 && list.params.len() <= 255 && list.shift <= 30;
    found.check(fits, entity, || "more than 32 words, 255 parameters or 30 fraction bits".into());
    for message in check(&list.ops, list.layout()) {
        found.check(false, entity, || message);
    }
    let potential = usize::from(list.potential.0) < list.words.len();
    found
        .check(potential, entity, || format!("its potential is {}, one of {} words", list.potential, list.words.len()));
    let words = list.words.iter().map(|word| (&word.name, word.unit, &word.init));
    let params = list.params.iter().map(|param| (&param.name, param.unit, &param.values));
    for (name, unit, values) in words.chain(params) {
        let reals = || values.0.iter().map(|&v| S::real(v));
        found.check(values.fits(p.shape), entity, || {
            format!(
                "`{name}` has {} values; it takes 1, one per channel or one per neuron of {}",
                values.0.len(),
                p.shape
            )
        });
        found.check(reals().all(f64::is_finite), entity, || format!("`{name}` is not finite"));
        let sound = match unit {
            Unit::Potential => true,
            Unit::Fraction => reals().all(|v| (0.0..=4096.0).contains(&v)),
            Unit::Count => reals().all(|v| v >= 0.0 && v.fract() == 0.0),
        };
        found.check(sound, entity, || format!("`{name}` is no {unit:?}: 0 to 4096, or whole and not negative"));
    }
    for op in &list.ops {
        if let Action::Decay(_, param, _) = op.action {
            let fraction = list.params.get(usize::from(param.0)).is_none_or(|p| p.unit == Unit::Fraction);
            found.check(fraction, entity, || format!("`{op}`: its parameter is no fraction"));
        }
        if let Action::Toward(_, param) = op.action {
            let values = list.params.get(usize::from(param.0)).map(|p| &p.values.0);
            let positive = values.is_none_or(|values| values.iter().all(|&v| v >= S::Value::default()));
            found.check(positive, entity, || format!("`{op}`: a step toward zero is not negative"));
        }
        let whole = matches!(op.action.kind(), Kind::Noise | Kind::Saturate | Kind::Wrap);
        found.check(!whole || S::WHOLE, entity, || format!("`{op}`: only in a quantized graph"));
    }
    found.check(list.shift == 0 || S::WHOLE, entity, || "fraction bits only in a quantized graph".into());
}

fn check_projection<S: Stage>(graph: &Graph<S>, id: ProjectionId, found: &mut Found) {
    let projection = graph.projection(id);
    let (pre_id, post_id) = graph.ends(id);
    let (pre, post) = (graph.population(pre_id), graph.population(post_id));
    let entity = format!("{id} `{}` → `{}`", pre.name, post.name);
    if let Some(pool) = projection.pool {
        let fits = (1..=pre.shape.height).contains(&pool.size.0) && (1..=pre.shape.width).contains(&pool.size.1);
        found.check(fits, &entity, || format!("pool {:?} does not fit in {}", pool.size, pre.shape));
        if !fits {
            return;
        }
    }
    let source = projection.source_shape(pre.shape);
    let fits = match &projection.connectivity {
        Connectivity::Conv2d(conv) => {
            let positive =
                [conv.kernel, conv.stride, conv.dilation].iter().all(|&(a, b)| a > 0 && b > 0) && conv.groups > 0;
            let divides = positive
                && source.channels.is_multiple_of(conv.groups)
                && post.shape.channels.is_multiple_of(conv.groups);
            found.check(positive, &entity, || "kernel, stride, dilation and groups must be positive".into());
            found.check(divides || !positive, &entity, || {
                format!("{} groups do not divide {} and {} channels", conv.groups, source.channels, post.shape.channels)
            });
            let output = if positive { conv.output(source) } else { None };
            let agrees = output == Some((post.shape.height, post.shape.width));
            found.check(agrees || !positive, &entity, || match output {
                Some((h, w)) => format!("gives maps of {h}×{w}, but `{}` has {}", post.name, post.shape),
                None => format!(
                    "the kernel does not fit in {source}, or padding {:?} makes it wider than 32 bits",
                    conv.padding
                ),
            });
            divides && agrees
        }
        Connectivity::Dense => true,
        Connectivity::OneToOne => {
            found.check(source == post.shape, &entity, || format!("joins {source} to {}", post.shape));
            source == post.shape
        }
        Connectivity::Sparse(lists) => {
            let n = lists.len();
            found.check(n == source.neurons(), &entity, || {
                format!("has {n} synapse lists for {} source neurons", source.neurons())
            });
            let unsorted = lists.iter().position(|list| !list.is_sorted());
            found.check(unsorted.is_none(), &entity, || {
                format!("the synapse list of source neuron {} does not ascend", unsorted.unwrap_or(0))
            });
            let beyond = lists.targets().iter().find(|&&t| t as usize >= post.shape.neurons());
            found.check(beyond.is_none(), &entity, || {
                format!("a synapse list names neuron {} of {}", beyond.unwrap_or(&0), post.shape.neurons())
            });
            true
        }
    };
    if fits {
        let expected = projection.expected_weights(pre.shape, post.shape);
        let n = projection.weights.len();
        found.check(n == expected, &entity, || format!("has {n} weights, its geometry takes {expected}"));
    }
    found.check(projection.weights.iter().all(|&w| S::real_weight(w).is_finite()), &entity, || {
        "a weight is not finite".into()
    });
    let immediate = matches!(pre.neuron, NeuronModel::Input { .. } | NeuronModel::Linear);
    found.check(projection.delay > 0 || immediate, &entity, || {
        "delay 0 is possible only from inputs and linear populations".into()
    });
}

fn check_readout<S: Stage>(graph: &Graph<S>, found: &mut Found) {
    let id = graph.readout.population();
    if id.0 as usize >= graph.n_populations() {
        found.check(false, "readout", || format!("reads {id}, which does not exist"));
        return;
    }
    let population = graph.population(id);
    let channels = population.shape.channels;
    let spiking = population.neuron.spikes();
    match &graph.readout {
        Readout::Goodness { sizes, .. } => {
            found.check(spiking, "readout", || {
                format!("goodness needs spiking neurons, `{}` has none", population.name)
            });
            let sum: u64 = sizes.iter().map(|&s| u64::from(s)).sum();
            found.check(sum == u64::from(channels) && sizes.iter().all(|&s| s > 0), "readout", || {
                format!("class groups {sizes:?} do not partition {channels} channels")
            });
        }
        Readout::ChannelEnergy { grid, weights, .. } => {
            found.check(spiking, "readout", || {
                format!("channel energy needs spiking neurons, `{}` has none", population.name)
            });
            let row = [*grid, *grid, channels].into_iter().fold(1, |n: usize, f| n.saturating_mul(f as usize));
            found.check(row > 0 && !weights.is_empty() && weights.len().is_multiple_of(row.max(1)), "readout", || {
                format!("{} weights are not classes × {grid}² regions × {channels} channels", weights.len())
            });
            found.check(weights.iter().all(|&w| S::real_weight(w).is_finite()), "readout", || {
                "a weight is not finite".into()
            });
        }
        Readout::Potential { .. } => {
            let has = population.neuron.dynamics().is_some();
            found.check(has, "readout", || format!("`{}` has no potentials", population.name));
        }
        Readout::SpikeCount { .. } => {
            found.check(spiking, "readout", || format!("`{}` does not spike", population.name));
        }
    }
}
