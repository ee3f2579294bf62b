//! Cuts every population into tiles that fit a core: closed-form search over (channels, rows, columns).
//!
//! ```text
//! pop2 120×16×16   →   tile0 c0..120 y0..2 x0..4, tile1 c0..120 y0..2 x4..8, … (4 × 8 tiles of 960 neurons)
//! ```
//!
//! A population is cut into `k_c × k_y × k_x` boxes by balanced borders along each axis, so everything a tile costs is a
//! product over the axes (see `reach`) and no synapse is visited. With `r(k)` the mean number of slices of an axis that a
//! pre-synaptic position reaches, a spike is delivered to `k_c' · r_y · r_x` tiles, `k_c'` being the channel slices within
//! its group; a tile holds `h·w·c` neurons, `C_in·K²·c` weights and listens to `(s(h−1)+K)·(s(w−1)+K)·C_in` axons.
//!
//! Among the grids that respect every limit of the core, those with at most `slack` times the fewest tiles compete; the
//! fewest deliveries win (weighted by the activity of the pre-synaptic population), then the lightest heaviest tile in
//! synaptic operations per timestep, then fewer tiles. Populations are cut post before pre, so that the axons a tile
//! sends are known. A cap on the work of a tile, beyond which no grid competes, serves [`super::balance`].

use crate::{
    activity::Activity,
    demand::{Capacity, Demand, NeuronMemory, Resource, is_unicast},
    incidence::{ListBounds, pooled, synapses_into},
    partition::{Grid, Tile},
    reach::{Axis, Reach},
};
use axis::{AxisCost, In, Out, axis_of, balanced, even_cuts, longest};
use ir::{Connectivity, Graph, NeuronModel, PopulationId, ProjectionId, Quantized};
use isa::{Arch, arch::Sharing};

mod axis;

/// Most extra tiles, in percent, accepted for fewer deliveries.
pub const SLACK_PERCENT: u32 = 20;

/// What the search needs to know about the network.
pub struct Tiler<'a> {
    pub(crate) graph: &'a Graph<Quantized>,
    pub(crate) arch: &'a Arch,
    capacity: Capacity,
    /// Stored width of each projection's weights.
    pub(crate) bits: &'a [u32],
    rates: Vec<f64>,
    reach: Vec<Reach>,
    /// Of sparse projections.
    lists: Vec<Option<ListBounds>>,
}

/// A population that no grid makes fit, with what its smallest possible tile asks for.
pub(crate) struct Misfit {
    pub(crate) population: PopulationId,
    pub(crate) smallest: Demand,
}

impl<'a> Tiler<'a> {
    /// Prepares the search; `bits[projection]` is the width at which weights are stored.
    pub fn new(graph: &'a Graph<Quantized>, arch: &'a Arch, bits: &'a [u32], activity: &Activity) -> Self {
        let reach = graph
            .projections()
            .map(|(id, p)| {
                let (pre, post) = graph.ends(id);
                Reach::new(p, graph.population(pre).shape, graph.population(post).shape)
            })
            .collect();
        let lists = graph
            .projections()
            .map(|(id, p)| {
                let Connectivity::Sparse(lists) = &p.connectivity else { return None };
                Some(ListBounds::new(lists, graph.population(graph.ends(id).1).shape.neurons(), pooled(p)))
            })
            .collect();
        let rates = graph.populations().map(|(id, _)| activity.rate(id)).collect();
        Self { graph, arch, capacity: Capacity::of(arch), bits, rates, reach, lists }
    }

    /// The same search with other widths of weights.
    pub(crate) fn with_bits<'b>(&'b self, bits: &'b [u32]) -> Tiler<'b> {
        Tiler { bits, reach: self.reach.clone(), rates: self.rates.clone(), lists: self.lists.clone(), ..*self }
    }

    /// Whether some grid fits a population, whatever the grids of the others.
    pub(crate) fn fits(&self, id: PopulationId) -> bool {
        self.search(id, &vec![None; self.graph.n_populations()], 0, f64::INFINITY).is_ok()
    }

    /// The grid of every population that fits (none for the input), and the populations that fit no grid.
    /// `cut`: grids that are decided already. No tile of the others does more synaptic operations per timestep than
    /// `caps[population]`.
    pub(crate) fn grids(
        &self,
        slack_percent: u32,
        cut: &[Option<Grid>],
        caps: &[f64],
    ) -> (Vec<Option<Grid>>, Vec<Misfit>) {
        let n = self.graph.n_populations();
        let mut grids = cut.to_vec();
        let mut misfits = Vec::new();
        // Two rounds settle recurrent projections, whose post-synaptic grid is not known in the first.
        for round in 0..2 {
            for p in (0..n).rev() {
                let id = PopulationId(p as u32);
                if matches!(self.graph.population(id).neuron, NeuronModel::Input { .. }) || cut[p].is_some() {
                    continue;
                }
                match self.search(id, &grids, slack_percent, caps[p]) {
                    Ok(grid) => grids[p] = Some(grid),
                    Err(misfit) if round == 1 => misfits.push(misfit),
                    Err(_) => grids[p] = None,
                }
            }
        }
        misfits.reverse();
        (grids, misfits)
    }

    fn search(&self, id: PopulationId, grids: &[Option<Grid>], slack_percent: u32, cap: f64) -> Result<Grid, Misfit> {
        let shape = self.graph.population(id).shape;
        let axes = [self.channel_cuts(id), even_cuts(shape.height), even_cuts(shape.width)];
        let costs: Vec<Vec<AxisCost>> = (0..3)
            .map(|axis| axes[axis].iter().map(|cuts| self.axis_cost(id, axis, cuts.clone(), grids)).collect())
            .collect();
        let mut fitting: Vec<(u64, f64, f64, [usize; 3])> = Vec::new();
        for (i, c) in costs[0].iter().enumerate() {
            for (j, y) in costs[1].iter().enumerate() {
                for (k, x) in costs[2].iter().enumerate() {
                    if self.capacity.holds(&self.demand(id, [c, y, x])) {
                        let tiles = (c.slices() * y.slices() * x.slices()) as u64;
                        let (deliveries, work) = self.traffic(id, [c, y, x]);
                        if work <= cap {
                            fitting.push((tiles, deliveries, work, [i, j, k]));
                        }
                    }
                }
            }
        }
        let Some(fewest) = fitting.iter().map(|f| f.0).min() else {
            let last = |axis: usize| costs[axis].last().expect("an axis has at least the uncut candidate");
            return Err(Misfit { population: id, smallest: self.demand(id, [last(0), last(1), last(2)]) });
        };
        let most = fewest + fewest * u64::from(slack_percent) / 100;
        let (.., at) = fitting
            .into_iter()
            .filter(|f| f.0 <= most)
            .min_by(|a, b| {
                a.1.total_cmp(&b.1)
                    .then(a.2.total_cmp(&b.2))
                    .then(a.0.cmp(&b.0))
                    .then(rows_first(a.3).cmp(&rows_first(b.3)))
            })
            .expect("the grid with the fewest tiles is among them");
        let [channels, rows, cols] = [0, 1, 2].map(|axis| axes[axis][at[axis]].clone());
        Ok(Grid { channels, rows, cols })
    }

    /// Channel borders that no projection's groups straddle: a tile is a union of whole groups, or part of one.
    fn channel_cuts(&self, id: PopulationId) -> Vec<Vec<u32>> {
        let n = self.graph.population(id).shape.channels;
        let mut units = vec![1];
        for projection in self.graph.incoming(id) {
            if let Axis::Groups { groups, .. } = self.reach[projection.0 as usize].channels {
                units.push(n / groups);
            }
        }
        let per_group: Vec<u32> = units[1..].to_vec();
        units.sort_unstable();
        units.dedup();
        let aligned = |cuts: &[u32]| {
            cuts.windows(2).all(|w| {
                per_group
                    .iter()
                    .all(|&g| w[0] / g == (w[1] - 1) / g || (w[0].is_multiple_of(g) && w[1].is_multiple_of(g)))
            })
        };
        let mut all: Vec<Vec<u32>> = Vec::new();
        for unit in units {
            for k in 1..=n / unit {
                let cuts: Vec<u32> = balanced(n / unit, k).into_iter().map(|cut| cut * unit).collect();
                if aligned(&cuts) {
                    all.push(cuts);
                }
            }
        }
        all.sort_by(|a, b| (a.len(), longest(a), a).cmp(&(b.len(), longest(b), b)));
        // A grid with more slices that are not smaller is never better.
        let mut smallest = u32::MAX;
        all.retain(|cuts| {
            let better = longest(cuts) < smallest;
            smallest = smallest.min(longest(cuts));
            better
        });
        all
    }

    fn axis_cost(&self, id: PopulationId, axis: usize, cuts: Vec<u32>, grids: &[Option<Grid>]) -> AxisCost {
        let of = |p: ProjectionId| axis_of(&self.reach[p.0 as usize], axis);
        let incoming = self.graph.incoming(id).into_iter().map(|p| In::new(of(p), &cuts)).collect();
        let outgoing = self
            .graph
            .outgoing(id)
            .into_iter()
            .map(|p| {
                let (_, post) = self.graph.ends(p);
                let post_cuts = grids[post.0 as usize].as_ref().map(|g| match axis {
                    0 => g.channels.clone(),
                    1 => g.rows.clone(),
                    _ => g.cols.clone(),
                });
                Out::new(of(p), &cuts, post_cuts.as_deref(), is_unicast(self.arch))
            })
            .collect();
        AxisCost { longest: u64::from(longest(&cuts)), n_slices: cuts.len() - 1, incoming, outgoing }
    }

    /// What the largest tile of a grid asks for.
    fn demand(&self, id: PopulationId, [c, y, x]: [&AxisCost; 3]) -> Demand {
        let core = &self.arch.core;
        let neurons = c.longest * y.longest * x.longest;
        let mut demand = Demand::default();
        demand[Resource::Neurons] = neurons;
        let memories = &core.memories;
        let memory = NeuronMemory::of(self.graph.population(id));
        let plane = memories.state.state_bits(c.longest, y.longest, x.longest, core.state_bits);
        demand[Resource::State] = plane * memory.words;
        let rows = if memory.by_neuron { neurons } else { c.longest };
        demand[Resource::Params] = memories.params.row_bits(rows, memory.params, core.state_bits);
        demand[Resource::Channels] = u64::from(self.graph.population(id).shape.channels);
        for (i, p) in self.graph.incoming(id).into_iter().enumerate() {
            let [ic, iy, ix] = [&c.incoming[i], &y.incoming[i], &x.incoming[i]];
            let projection = self.graph.projection(p);
            let pool = projection.pool.map_or(1, |pool| u64::from(pool.size.0) * u64::from(pool.size.1));
            if let Some(of) = self.lists[p.0 as usize] {
                let entry = self.bits[p.0 as usize] + (u64::BITS - (neurons - 1).leading_zeros());
                demand[Resource::AxonsIn] += of.lists * pool;
                demand[Resource::FanIn] += of.fan_in;
                demand[Resource::Weights] +=
                    of.lists * memories.weights.list_bits(of.longest.min(neurons * of.parallel), entry);
                continue;
            }
            demand[Resource::AxonsIn] += ic.sources * iy.sources * ix.sources;
            demand[Resource::FanIn] += ic.fan_in * iy.fan_in * ix.fan_in;
            let bits = self.bits[p.0 as usize];
            demand[Resource::Weights] += match (core.sharing, &projection.connectivity) {
                (Sharing::Native, &Connectivity::Conv2d(conv)) => {
                    let taps = u64::from(conv.kernel.0) * u64::from(conv.kernel.1);
                    memories.weights.weight_bits(ic.sources, taps, c.longest.min(ic.span), bits)
                }
                (Sharing::Native, Connectivity::OneToOne) => memories.weights.weight_bits(ic.sources, 1, 1, bits),
                (Sharing::Native, Connectivity::Dense) => {
                    memories.weights.weight_bits(ic.sources, iy.sources * ix.sources / pool, neurons, bits)
                }
                (_, Connectivity::Sparse(_)) => unreachable!("bounded above"),
                (Sharing::Unrolled, _) => memories.weights.row_bits(1, ic.synapses * iy.synapses * ix.synapses, bits),
            };
        }
        for i in 0..c.outgoing.len() {
            let [oc, oy, ox] = [c.outgoing[i], y.outgoing[i], x.outgoing[i]];
            demand[Resource::AxonsOut] += oc.sum * oy.sum * ox.sum;
            demand[Resource::Destinations] += oc.most * oy.most * ox.most;
            demand[Resource::DestinationLayers] += 1;
        }
        demand
    }

    /// Deliveries per timestep into the population, and synaptic operations per timestep of its heaviest tile.
    fn traffic(&self, id: PopulationId, [c, y, x]: [&AxisCost; 3]) -> (f64, f64) {
        let (mut deliveries, mut work) = (0.0, 0.0);
        for (i, p) in self.graph.incoming(id).into_iter().enumerate() {
            // A silent source still decides between grids that are otherwise equal.
            let rate = self.rates[self.graph.ends(p).0.0 as usize].max(1e-9);
            let [ic, iy, ix] = [&c.incoming[i], &y.incoming[i], &x.incoming[i]];
            deliveries += rate * (ic.deliveries * iy.deliveries * ix.deliveries) as f64;
            work += rate * (ic.synapses * iy.synapses * ix.synapses) as f64;
        }
        (deliveries, work)
    }

    /// What one given tile asks for; `grids` are those of all populations.
    pub(crate) fn tile_demand(&self, tile: &Tile, grids: &[Option<Grid>]) -> Demand {
        let id = tile.population;
        // Borders at the tile alone: the only slice is the tile's.
        let cost =
            |axis: usize, range: &std::ops::Range<u32>| self.axis_cost(id, axis, vec![range.start, range.end], grids);
        let (c, y, x) = (cost(0, &tile.channels), cost(1, &tile.rows), cost(2, &tile.cols));
        self.demand(id, [&c, &y, &x])
    }

    /// Synaptic operations per timestep of a tile at the assumed activity.
    pub(crate) fn tile_work(&self, tile: &Tile) -> f64 {
        let mut work = 0.0;
        for p in self.graph.incoming(tile.population) {
            if let Connectivity::Sparse(lists) = &self.graph.projection(p).connectivity {
                let synapses = synapses_into(lists, self.graph.population(tile.population).shape, tile);
                let pool = pooled(self.graph.projection(p));
                work += self.rates[self.graph.ends(p).0.0 as usize] * (synapses * pool) as f64;
                continue;
            }
            let reach = &self.reach[p.0 as usize];
            let synapses: u64 = [&tile.channels, &tile.rows, &tile.cols]
                .into_iter()
                .enumerate()
                .map(|(axis, range)| In::new(axis_of(reach, axis), &[range.start, range.end]).synapses)
                .product();
            work += self.rates[self.graph.ends(p).0.0 as usize] * synapses as f64;
        }
        work
    }
}

/// Of grids that are otherwise equal, the one with most row slices is best: its tiles have their neighbours above and
/// below, and a packet that forks in dimension order shares its way along the column.
fn rows_first([c, y, x]: [usize; 3]) -> (usize, std::cmp::Reverse<usize>, usize) {
    (c, std::cmp::Reverse(y), x)
}
