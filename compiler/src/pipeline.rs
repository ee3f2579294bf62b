//! The whole way from a graph to a program, and its settings.

use crate::{
    activity::Activity,
    diagnostics::{Diagnostics, Violations},
    mapping::Mapping,
    observe::{Observer, PassInfo, Unobserved},
    partition::Partition,
    pass::{
        cut::Cutting,
        net::Net,
        place::{MOST_WORK, Method},
        quantize::{Quantization, QuantizeOptions},
        renumber::Orders,
        route::Routing,
    },
    passes,
    placement::Placement,
    reports::Reports,
    rounding::Rounding,
};
use ir::{Graph, Quantized, Trained};
use isa::{Arch, Program};

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
    /// Whether other methods of placement are placed and costed too, so that the gain is known.
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
            baselines: false,
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
    quantization: &QuantizeOptions<'_>,
    options: &Options,
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
    let mut net = Net::new(graph);
    passes::run(&passes::fusing(), &mut net, check, observer)?;
    let mut rounding = Rounding::new(net.graph(), arch, quantization);
    passes::run(&passes::quantizing(), &mut rounding, check, observer)?;
    Ok(rounding.into_outcome())
}

/// Compiles a quantized network.
///
/// # Errors
/// [`CompileError::Diagnostics`] if the graph is invalid or does not fit, [`CompileError::Violations`] if a checker objects.
pub fn compile_quantized(graph: &Graph<Quantized>, arch: &Arch, options: &Options) -> Result<Compiled, CompileError> {
    compile_quantized_observed(graph, arch, options, &mut Unobserved)
}

/// As [`compile_quantized`], watched.
///
/// # Errors
/// As [`compile_quantized`], and [`CompileError::Stopped`] if the observer breaks.
pub fn compile_quantized_observed(
    graph: &Graph<Quantized>,
    arch: &Arch,
    options: &Options,
    observer: &mut dyn Observer,
) -> Result<Compiled, CompileError> {
    let mut mapping = Mapping::new(graph, arch, options)?;
    passes::run(&passes::mapping(), &mut mapping, options.check, observer)?;
    Ok(mapping.compiled())
}
