//! The whole way from a graph to a program.

use crate::{
    activity::Activity,
    demand::Demand,
    diagnostics::{Diagnostic, Diagnostics, Limit, Violations},
    partition::Partition,
    pass::{
        cluster::cluster,
        emit,
        route::{Routing, route},
        store::store,
        tile::{SLACK_PERCENT, Tiler},
    },
    place::Placement,
};
use ir::{Graph, Quantized};
use isa::{Arch, Program};

/// Settings of a compilation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Seed of the placement's search.
    pub seed: u64,
    /// How often neurons fire, measured on training images; assumed where absent.
    pub activity: Option<Activity>,
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
    /// Its tiles and clusters.
    pub partition: Partition,
    /// What each tile asks of its core.
    pub demands: Vec<Demand>,
    /// Clusters on cores.
    pub placement: Placement,
    /// Route tables.
    pub routing: Routing,
    /// The program.
    pub program: Program,
}

/// Compiles a quantized network.
///
/// # Errors
/// [`CompileError::Diagnostics`] if the graph is invalid or does not fit.
pub fn compile_quantized(graph: &Graph<Quantized>, arch: &Arch, options: &Options) -> Result<Compiled, CompileError> {
    verified(graph)?;
    emit::expressible(graph, arch)?;
    let bits = store(graph, arch)?;
    let activity = options.activity.clone().unwrap_or_else(|| Activity::assumed(graph));
    let tiler = Tiler::new(graph, arch, &bits, &activity);
    let grids = tiler.grids(SLACK_PERCENT).map_err(|misfits| {
        Diagnostics(
            misfits
                .iter()
                .map(|m| Diagnostic {
                    entity: m.population.to_string(),
                    message: "does not fit".into(),
                    limit: None,
                    remedy: "use a larger core".into(),
                })
                .collect(),
        )
    })?;
    let partition = Partition::from_grids(grids);
    let demands: Vec<Demand> = partition.tiles.iter().map(|t| tiler.tile_demand(t, &partition.grids)).collect();
    let partition = cluster(&partition, &demands, arch);
    let (n, max) = (partition.clusters.len(), arch.n_cores());
    if n > max as usize {
        return Err(Diagnostics(vec![Diagnostic {
            entity: "network".into(),
            message: "needs more cores than the chip has".into(),
            limit: Some(Limit { resource: "cores".into(), used: n as u64, max: u64::from(max) }),
            remedy: "use more chips".into(),
        }])
        .into());
    }
    let placement = Placement::row_major(n);
    let routing = route(graph, arch, &partition, &placement);
    let program = emit::emit(graph, arch, &bits, (&partition, &placement, &routing));
    Ok(Compiled { quantized: graph.clone(), partition, demands, placement, routing, program })
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
