//! The whole way from a graph to a program: the passes in order, each timed, dumped and checked by one function.

use crate::{
    activity::Activity,
    check,
    cost::MappingCost,
    demand::{Capacity, Resource},
    diagnostics::{Diagnostic, Diagnostics, Violations},
    nets::nets,
    partition::Partition,
    pass::{
        balance::{balance, critical_work},
        cut::{Cutting, cut},
        emit,
        fit::{Fitted, fit},
        fuse::fuse,
        per_event::timeless,
        place::{MOST_WORK, Method, Schedule, place},
        quantize::{LayerReport, Quantization, QuantizeOptions, quantize_watched},
        renumber::{Orders, renumber},
        route::{Routing, route},
        store::store,
        support::supported,
        tile::Tiler,
    },
    placement::Placement,
    report,
    targets::Targets,
};
use ir::{Graph, Quantized, Trained};
use isa::{Arch, Program};
use std::{borrow::Cow, fmt, ops::ControlFlow};

/// What a pass is called and does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PassInfo {
    /// Name, as in `--stop-after NAME`.
    pub name: &'static str,
    /// One sentence.
    pub doc: &'static str,
}

/// Rewrites into projections and neurons.
pub const FUSE: PassInfo =
    PassInfo { name: "fuse", doc: "Fold normalization, bias and linear layers into projections and neurons." };
/// Real to integer.
pub const QUANTIZE: PassInfo =
    PassInfo { name: "quantize", doc: "Integer weights and thresholds, one scale per channel, widths proven." };
/// Populations to tiles and clusters.
pub const TILE: PassInfo = PassInfo {
    name: "tile",
    doc: "Cut populations into tiles that fit a core, sparse ones along shared sources; let small tiles share one.",
};
/// Clusters to cores.
pub const PLACE: PassInfo =
    PassInfo { name: "place", doc: "Choose the core of every cluster, by map geometry and annealing." };
/// Destinations to route tables.
pub const ROUTE: PassInfo =
    PassInfo { name: "route", doc: "Route tables: single packets, rectangles or trees, as the chip has them." };
/// Tables to a program.
pub const EMIT: PassInfo =
    PassInfo { name: "emit", doc: "Descriptors, weight blocks, axon tables and handlers of every core." };

/// All passes in their order.
pub const PASSES: &[PassInfo] = &[FUSE, QUANTIZE, TILE, PLACE, ROUTE, EMIT];

/// Watches a compilation: measures time, prints dumps, stops early.
pub trait Observer {
    /// A pass begins.
    fn begin(&mut self, _pass: PassInfo) {}
    /// A long part of the pass has done so many of its steps.
    fn stepped(&mut self, _done: u64, _of: u64) {}
    /// A pass ended; `dump` writes its outcome as text. Breaking stops the compilation.
    fn end(&mut self, _pass: PassInfo, _dump: &dyn Fn() -> String) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// Is told how many steps of a long part of a pass are done, of how many.
pub(crate) type Advance<'a> = &'a mut dyn FnMut(u64, u64);

/// Watches nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unobserved;

impl Observer for Unobserved {}

/// Settings of the back half.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Seed of the placement's search.
    pub seed: u64,
    /// How sparsely connected populations are cut.
    pub cutting: Cutting,
    /// How clusters are placed.
    pub placement: Method,
    /// Moves tried per cluster by the annealing.
    pub moves_per_cluster: u32,
    /// Whether other methods of placement are costed too, so that the gain is known.
    pub baselines: bool,
    /// Work of the annealing at most, in looks at a pair or a net; moves are fewer where each takes many.
    pub most_work: u64,
    /// Whether the checkers run.
    pub check: bool,
    /// Whether idle cores of the chips in use shorten the timesteps, at the price of more deliveries.
    pub balance: bool,
    /// How often neurons fire, measured on training images; assumed where absent.
    pub activity: Option<Activity>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 1,
            cutting: Cutting::default(),
            placement: Method::default(),
            moves_per_cluster: 1000,
            baselines: true,
            most_work: MOST_WORK,
            check: cfg!(debug_assertions),
            balance: false,
            activity: None,
        }
    }
}

/// Why there is no program.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// The network does not fit, or cannot be expressed: everything that is wrong.
    #[error("{0}")]
    Diagnostics(Diagnostics),
    /// A defect of the compiler, found by a checker.
    #[error("internal error, please report:\n{0}")]
    Violations(Violations),
    /// The observer stopped the compilation after this pass.
    #[error("stopped after pass `{}`", .0.name)]
    Stopped(PassInfo),
}

impl From<Diagnostics> for CompileError {
    fn from(diagnostics: Diagnostics) -> Self {
        Self::Diagnostics(diagnostics)
    }
}

/// Figures about a compilation.
#[derive(Clone, Debug)]
pub struct Reports {
    /// What quantization did to each population; empty if the network came quantized.
    pub layers: Vec<LayerReport>,
    /// Cost of the placement asked for and of the baselines.
    pub placements: Vec<(Method, MappingCost)>,
    /// How full the cores in use are.
    pub utilization: Utilization,
    /// Synaptic operations per timestep: the heaviest core's, and the mean over cores in use.
    pub work: (f64, f64),
    /// Synaptic operations per sample of the heaviest core of each timestep: those that no other core can take over.
    pub critical_work: f64,
}

/// Use of the resource that binds each core.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Utilization {
    /// Mean over cores of used / max of the core's fullest resource.
    pub mean: f64,
    /// The same of the fullest core, with the resource.
    pub max: Option<(Resource, f64)>,
}

/// A program and the steps that led to it.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The network that the program executes.
    pub quantized: Graph<Quantized>,
    /// The order of each population's neurons in which tiles are boxes; `None` = the network's.
    pub orders: Orders,
    /// Its tiles and clusters.
    pub partition: Partition,
    /// Clusters on cores.
    pub placement: Placement,
    /// Route tables.
    pub routing: Routing,
    /// The program.
    pub program: Program,
    /// Figures.
    pub reports: Reports,
}

/// Compiles a trained network: fuses, quantizes to the chip's potential width, then as [`compile_quantized`].
///
/// # Errors
/// [`CompileError::Diagnostics`] if the network is invalid or does not fit, [`CompileError::Violations`] if a checker
/// objects, [`CompileError::Stopped`] if the observer breaks.
pub fn compile(
    graph: &Graph<Trained>,
    arch: &Arch,
    (quantization, options): (&QuantizeOptions<'_>, &Options),
    observer: &mut dyn Observer,
) -> Result<Compiled, CompileError> {
    let quantized = front(graph, arch, quantization, options.check, observer)?;
    let mut compiled = compile_quantized_observed(&quantized.graph, arch, options, observer)?;
    compiled.reports.layers = quantized.layers;
    Ok(compiled)
}

/// The front half: fuses a trained network and quantizes it to the chip's potential width.
///
/// # Errors
/// As [`compile`].
pub fn front(
    graph: &Graph<Trained>,
    arch: &Arch,
    quantization: &QuantizeOptions<'_>,
    check: bool,
    observer: &mut dyn Observer,
) -> Result<Quantization, CompileError> {
    // What decays is rounded as the chip rounds it; a chip without decays refuses the network afterwards, by name.
    let decay = arch.core.dynamics.decay.first().copied().unwrap_or(quantization.decay);
    // Lists, and with them fractions of a unit, need timesteps that visit every neuron.
    let core = &arch.core;
    let lists = core.fire == isa::arch::Fire::PerStep && core.sweep != isa::arch::Sweep::Touched;
    let settings = QuantizeOptions {
        state_bits: core.state_bits,
        saturates: quantization.saturates || core.fire == isa::arch::Fire::PerEvent,
        decay,
        fractions: if lists { &core.dynamics.fraction_bits } else { &[] },
        has_saturate: lists && core.dynamics.operations.contains(&isa::neuron::Kind::Saturate),
        ..*quantization
    };
    let fused = run(
        (FUSE, observer),
        |_| Ok(fuse(graph)?),
        |fused| check.then(|| check::fuse::check(graph, fused)),
        ir::text::print,
    )?;
    run(
        (QUANTIZE, observer),
        |advance| Ok(quantize_watched(&fused, &settings, advance)?),
        |q| if check { check::quantize::check(&fused, q, &settings).err() } else { None },
        |q| ir::text::print(&q.graph),
    )
}

/// Compiles a quantized network.
///
/// # Errors
/// [`CompileError::Diagnostics`] if the graph is invalid or does not fit, [`CompileError::Violations`] if a checker objects.
pub fn compile_quantized(graph: &Graph<Quantized>, arch: &Arch, options: &Options) -> Result<Compiled, CompileError> {
    compile_quantized_observed(graph, arch, options, &mut Unobserved)
}

/// As [`compile_quantized`], watched.
pub fn compile_quantized_observed(
    graph: &Graph<Quantized>,
    arch: &Arch,
    options: &Options,
    observer: &mut dyn Observer,
) -> Result<Compiled, CompileError> {
    verified(graph)?;
    let activity = options.activity.clone().unwrap_or_else(|| Activity::assumed(graph));
    let bits = store(graph, arch);
    let objections = Diagnostics::all([emit::expressible(graph, arch), supported(graph, arch), timeless(graph, arch)]);
    let bits = match (bits, objections) {
        (Ok(bits), Ok(())) => bits,
        (bits, objections) => return Err(everything(graph, arch, bits, objections, &activity).into()),
    };
    let on = options.check;

    let network = graph;
    let (fitted, graph) = run(
        (TILE, observer),
        |_| {
            let mut fitted = fit(network, arch, &bits, (&activity, options.cutting))?;
            if options.balance {
                let tiler = Tiler::new(network, arch, &bits, &activity);
                fitted = balance(&tiler, &cut(network, arch, &bits, &activity, options.cutting), fitted);
            }
            let graph = renumbered(network, &fitted.orders);
            Ok((fitted, graph))
        },
        |(f, graph)| {
            on.then(|| {
                let mut found = check::partition::check(graph, arch, &bits, &f.partition);
                if let Cow::Owned(graph) = graph {
                    found.0.extend(check::order::check(network, graph, &f.orders).0);
                }
                found
            })
        },
        |(f, graph)| report::partition(graph, arch, f),
    )?;
    let (graph, activity) = (&*graph, activity.renumbered(&fitted.orders));
    let nets = nets(&Targets::new(graph, &fitted.partition), &activity);
    let demands = fitted.cluster_demands();
    let schedule =
        Schedule { seed: options.seed, moves_per_cluster: options.moves_per_cluster, most_work: options.most_work };
    let placed = run(
        (PLACE, observer),
        |advance| {
            Ok(place(
                graph,
                arch,
                (&fitted.partition, &demands),
                &nets,
                (options.placement, schedule, options.baselines),
                advance,
            )?)
        },
        |p| on.then(|| check::placement::check(arch, &fitted.partition, &p.placement)),
        |p| report::placement(arch, &fitted.partition, p),
    )?;
    let routing = run(
        (ROUTE, observer),
        |_| Ok(route(graph, arch, &fitted.partition, &placed.placement)),
        |r| on.then(|| check::routing::check(graph, arch, (&fitted.partition, &placed.placement), r)),
        |r| report::routing(&fitted.partition, &placed.placement, r),
    )?;
    let program = run(
        (EMIT, observer),
        |_| {
            let mut program = emit::emit(graph, arch, &bits, (&fitted.partition, &placed.placement, &routing));
            for (layer, order) in program.layers.iter_mut().zip(&fitted.orders) {
                layer.numbers = order.clone().unwrap_or_default();
            }
            emit::tables_fit(&program, arch)?;
            Ok(program)
        },
        |program| on.then(|| check::program::check(graph, arch, program)),
        report::program,
    )?;
    let reports = reports(graph, arch, &fitted, placed.costs);
    Ok(Compiled {
        quantized: network.clone(),
        orders: fitted.orders,
        partition: fitted.partition,
        placement: placed.placement,
        routing,
        program,
        reports,
    })
}

/// The network in the order of its tiles.
fn renumbered<'a>(network: &'a Graph<Quantized>, orders: &Orders) -> Cow<'a, Graph<Quantized>> {
    if orders.iter().all(Option::is_none) { Cow::Borrowed(network) } else { Cow::Owned(renumber(network, orders)) }
}

/// Runs one pass: tells the observer, checks the outcome, offers its dump.
fn run<T>(
    (pass, observer): (PassInfo, &mut dyn Observer),
    work: impl FnOnce(Advance<'_>) -> Result<T, CompileError>,
    check: impl FnOnce(&T) -> Option<Violations>,
    dump: impl Fn(&T) -> String,
) -> Result<T, CompileError> {
    observer.begin(pass);
    let outcome = work(&mut |done, of| observer.stepped(done, of))?;
    let flow = observer.end(pass, &|| dump(&outcome));
    if let Some(violations) = check(&outcome)
        && !violations.0.is_empty()
    {
        return Err(CompileError::Violations(violations));
    }
    match flow {
        ControlFlow::Continue(()) => Ok(outcome),
        ControlFlow::Break(()) => Err(CompileError::Stopped(pass)),
    }
}

fn reports(graph: &Graph<Quantized>, arch: &Arch, fitted: &Fitted, placements: Vec<(Method, MappingCost)>) -> Reports {
    let capacity = Capacity::of(arch);
    let binding: Vec<(Resource, f64)> =
        fitted.cluster_demands().iter().filter_map(|demand| capacity.binding(demand)).collect();
    let mean = |values: &[f64]| {
        if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 }
    };
    let fills: Vec<f64> = binding.iter().map(|b| b.1).collect();
    let work = fitted.cluster_work();
    Reports {
        layers: Vec::new(),
        placements,
        utilization: Utilization { mean: mean(&fills), max: binding.into_iter().max_by(|a, b| a.1.total_cmp(&b.1)) },
        work: (work.iter().copied().fold(0.0, f64::max), mean(&work)),
        critical_work: critical_work(graph, fitted),
    }
}

/// All reasons at once: to what is known already, whatever does not fit either, at the widest weights that the core stores.
fn everything(
    graph: &Graph<Quantized>,
    arch: &Arch,
    bits: Result<Vec<u32>, Diagnostics>,
    objections: Result<(), Diagnostics>,
    activity: &Activity,
) -> Diagnostics {
    let widest = arch.core.weight_bits.iter().copied().max().unwrap_or(1);
    let mut found = objections.err().unwrap_or_default();
    let bits = bits.unwrap_or_else(|wide| {
        found.0.extend(wide.0);
        vec![widest; graph.n_projections()]
    });
    if let Err(misfits) = fit(graph, arch, &bits, (activity, Cutting::default())) {
        found.0.extend(misfits.0);
    }
    found
}

fn verified(graph: &Graph<Quantized>) -> Result<(), Diagnostics> {
    let found = ir::verify(graph);
    if found.is_empty() {
        return Ok(());
    }
    let diagnostic = |v: ir::Violation| Diagnostic {
        entity: v.entity,
        message: v.message,
        limit: None,
        remedy: "correct the network".into(),
    };
    Err(Diagnostics(found.into_iter().map(diagnostic).collect()))
}

impl fmt::Display for PassInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:10}{}", self.name, self.doc)
    }
}
