//! Finds a partition that fits the chip, or says everything that keeps the network from fitting.
//!
//! Tiling of what is not cut ([`super::cut`]), and clustering, in one step: grids with a little slack for fewer deliveries, without slack if the chip has too few
//! cores for that. When nothing fits, every broken limit is listed with the smallest change that helps: more groups, fewer
//! weight bits, fewer channels, more chips, another preset.

use crate::{
    activity::Activity,
    demand::{Capacity, Demand, Resource},
    diagnostics::{Diagnostic, Diagnostics, Limit},
    partition::{Grid, Partition},
    pass::{
        cluster::cluster,
        cut::{Cuts, Cutting, Unfit, cut},
        legalize::legalize,
        tile::{Misfit, SLACK_PERCENT, Tiler},
    },
};
use ir::{Connectivity, Graph, Quantized};
use isa::{Arch, arch::preset};

/// A partition that fits, with the demand of every tile.
#[derive(Clone, Debug)]
pub(crate) struct Fitted {
    /// Tiles and clusters.
    pub partition: Partition,
    /// Demand of each tile.
    pub demands: Vec<Demand>,
    /// Synaptic operations per timestep of each tile at the given activity.
    pub work: Vec<f64>,
}

impl Fitted {
    /// Demand of each cluster.
    pub(crate) fn cluster_demands(&self) -> Vec<Demand> {
        let sum = |tiles: &Vec<crate::TileId>| {
            tiles.iter().fold(Demand::default(), |sum, t| sum.with(&self.demands[t.0 as usize]))
        };
        self.partition.clusters.iter().map(sum).collect()
    }

    /// Synaptic operations per timestep of each cluster.
    pub(crate) fn cluster_work(&self) -> Vec<f64> {
        self.partition.clusters.iter().map(|tiles| tiles.iter().map(|t| self.work[t.0 as usize]).sum()).collect()
    }
}

/// A network to be laid onto a chip.
#[derive(Clone, Copy)]
pub(crate) struct Task<'a> {
    /// The network.
    pub(crate) graph: &'a Graph<Quantized>,
    /// The chip.
    pub(crate) arch: &'a Arch,
    /// How often its neurons fire.
    pub(crate) activity: &'a Activity,
    /// How general populations are cut.
    pub(crate) cutting: Cutting,
}

impl Task<'_> {
    /// What general populations are cut into, with weights stored in `bits[projection]`.
    pub(crate) fn cut(&self, bits: &[u32]) -> Cuts {
        cut(self.graph, self.arch, bits, self.activity, self.cutting)
    }
}

/// A partition of the network for the chip; `bits[projection]` is the stored width of its weights, `cuts` are of [`Task::cut`].
///
/// # Errors
/// Every limit that is broken.
pub(crate) fn fit(task: &Task<'_>, bits: &[u32], cuts: &Cuts) -> Result<Fitted, Diagnostics> {
    let Task { graph, arch, activity, .. } = *task;
    let tiler = Tiler::new(graph, arch, bits, activity);
    let max = arch.n_cores() as usize;
    let uncapped = vec![f64::INFINITY; graph.n_populations()];
    let (fitted, misfits) = attempt(&tiler, SLACK_PERCENT, &uncapped, cuts);
    if misfits.is_empty() && fitted.partition.clusters.len() <= max {
        return Ok(fitted);
    }
    let (fitted, misfits) = attempt(&tiler, 0, &uncapped, cuts);
    let needed = fitted.partition.clusters.len();
    if misfits.is_empty() && needed <= max {
        return Ok(fitted);
    }
    let mut found: Vec<Diagnostic> = misfits.iter().flat_map(|m| explain(&tiler, m)).collect();
    if needed > max {
        found.push(too_few_cores(&tiler, task, needed, !misfits.is_empty()));
    }
    let others = other_presets(task);
    if let (Some(last), false) = (found.last_mut(), others.is_empty()) {
        last.remedy.push_str(&format!("; as it is, the network fits {}", others.join(", ")));
    }
    Err(Diagnostics(found))
}

/// The partition of all populations that fit, and those that do not; `caps` as for [`Tiler::grids`], `cuts` of [`cut`].
pub(crate) fn attempt(tiler: &Tiler, slack_percent: u32, caps: &[f64], cuts: &Cuts) -> (Fitted, Vec<Misfit>) {
    let cut = |p: usize| cuts[p].as_ref().and_then(|cut| cut.as_ref().ok());
    let fixed: Vec<Option<Grid>> = (0..cuts.len()).map(|p| cut(p).map(|cut| cut.grid.clone())).collect();
    let (grids, mut misfits) = tiler.grids(slack_percent, &fixed, caps);
    for misfit in &mut misfits {
        if let Some(Err(Unfit(demand))) = &cuts[misfit.population.0 as usize] {
            misfit.smallest = *demand;
        }
    }
    let partition = Partition::from_grids(grids);
    let first = partition.first_tiles();
    let (mut demands, mut work) = (Vec::new(), Vec::new());
    for (i, tile) in (0u32..).zip(&partition.tiles) {
        let p = tile.population.0 as usize;
        if let Some(cut) = cut(p) {
            let part = (i - first[p].0) as usize;
            demands.push(cut.demands[part]);
            work.push(cut.work[part]);
        } else {
            demands.push(tiler.tile_demand(tile, &partition.grids));
            work.push(tiler.tile_work(tile));
        }
    }
    let partition = cluster(&partition, &demands, tiler.arch);
    (Fitted { partition, demands, work }, misfits)
}

/// Number of cores that the network takes, if it fits any number of them.
fn n_clusters(task: &Task<'_>, bits: &[u32]) -> Option<usize> {
    let uncapped = vec![f64::INFINITY; task.graph.n_populations()];
    let tiler = Tiler::new(task.graph, task.arch, bits, task.activity);
    let (fitted, misfits) = attempt(&tiler, 0, &uncapped, &task.cut(bits));
    misfits.is_empty().then_some(fitted.partition.clusters.len())
}

fn explain(tiler: &Tiler, misfit: &Misfit) -> Vec<Diagnostic> {
    let population = tiler.graph.population(misfit.population);
    let capacity = Capacity::of(tiler.arch);
    capacity
        .exceeded(&misfit.smallest)
        .map(|resource| {
            let (used, max) = (misfit.smallest[resource], capacity.limit(resource).unwrap_or(0));
            Diagnostic {
                entity: format!("{} `{}`", misfit.population, population.name),
                message: match resource {
                    Resource::FanIn | Resource::Channels => format!("{} allows fewer {resource}", tiler.arch.name),
                    _ => format!("even a tile of one neuron does not fit a core of {}", tiler.arch.name),
                },
                limit: Some(Limit { resource: resource.to_string(), used, max }),
                remedy: remedy(tiler, misfit, resource, used, max),
            }
        })
        .collect()
}

fn remedy(tiler: &Tiler, misfit: &Misfit, resource: Resource, used: u64, max: u64) -> String {
    let graph = tiler.graph;
    let incoming = graph.incoming(misfit.population);
    let shape = graph.population(misfit.population).shape;
    match resource {
        Resource::FanIn | Resource::AxonsIn => {
            let factor = used.div_ceil(max.max(1)) as u32;
            let grouped = incoming.iter().find_map(|&p| {
                let projection = graph.projection(p);
                let source = projection.source_shape(graph.population(graph.ends(p).0).shape);
                let Connectivity::Conv2d(conv) = projection.connectivity else { return None };
                (conv.groups * factor..=source.channels).find(|&g| {
                    source.channels.is_multiple_of(g)
                        && shape.channels.is_multiple_of(g)
                        && used * u64::from(conv.groups) / u64::from(g) <= max
                })
            });
            match grouped {
                Some(groups) => format!("use a grouped convolution with {groups} groups"),
                None => format!("connect at most {max} source neurons to each neuron"),
            }
        }
        Resource::Weights => {
            let widths = tiler.arch.core.weight_bits.iter().rev().copied();
            let narrower = widths.filter(|&b| b < tiler.bits.iter().copied().max().unwrap_or(1)).find(|&b| {
                let bits: Vec<u32> = tiler.bits.iter().map(|&stored| stored.min(b)).collect();
                tiler.with_bits(&bits).fits(misfit.population)
            });
            match narrower {
                Some(bits) => format!("quantize to {bits} bits"),
                None => "use fewer input channels or a smaller kernel".into(),
            }
        }
        Resource::Channels => format!("use at most {max} channels"),
        Resource::Destinations | Resource::DestinationLayers => {
            format!("let the population send to at most {max} places")
        }
        Resource::Neurons | Resource::AxonsOut | Resource::State | Resource::Params => "use a larger core".into(),
    }
}

fn too_few_cores(tiler: &Tiler, task: &Task<'_>, needed: usize, partial: bool) -> Diagnostic {
    let arch = tiler.arch;
    let max = arch.n_cores();
    let chips = arch.mesh.chips.0 * arch.mesh.chips.1;
    let per_chip = (max / chips.max(1)).max(1) as usize;
    let mut remedies = vec![format!("give {} at least {} chips", arch.name, needed.div_ceil(per_chip))];
    let widest = tiler.bits.iter().copied().max().unwrap_or(1);
    let narrower = arch.core.weight_bits.iter().rev().copied().filter(|&b| b < widest).find_map(|b| {
        let bits: Vec<u32> = tiler.bits.iter().map(|&stored| stored.min(b)).collect();
        let n = n_clusters(task, &bits)?;
        (n <= max as usize).then_some((b, n))
    });
    if let Some((bits, n)) = narrower {
        remedies.push(format!("or quantize to {bits} bits, which takes {n} cores"));
    }
    Diagnostic {
        entity: "network".into(),
        message: if partial {
            format!("the populations that fit already need more cores than {} has", arch.name)
        } else {
            format!("needs more cores than {} has", arch.name)
        },
        limit: Some(Limit { resource: "cores".into(), used: needed as u64, max: u64::from(max) }),
        remedy: remedies.join(", "),
    }
}

/// The other presets that hold the network, with the number of cores.
fn other_presets(task: &Task<'_>) -> Vec<String> {
    preset::PRESETS
        .iter()
        .filter(|(name, _)| *name != task.arch.name)
        .filter_map(|(name, _)| {
            let other = preset::preset(name)?;
            let bits = legalize(task.graph, &other).ok()?;
            let n = n_clusters(&Task { arch: &other, ..*task }, &bits)?;
            (n <= other.n_cores() as usize).then(|| format!("{name} ({n} cores)"))
        })
        .collect()
}
