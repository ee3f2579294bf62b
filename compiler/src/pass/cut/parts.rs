//! Parts under construction: who is where, what every part hears, and what it asks of a core.

use super::{Cut, Unfit, alone};
use crate::{
    activity::Activity,
    demand::{Capacity, Demand, NeuronMemory, Resource},
    incidence::{Incidence, pooled, source_of},
    partition::Grid,
};
use ir::{Connectivity, Graph, PopulationId, Quantized};
use isa::Arch;

/// No part yet.
pub(super) const NONE: u32 = u32::MAX;

/// A dense projection onto the population: every part hears all of it.
struct Dense {
    /// Pre-synaptic neurons.
    neurons: u64,
    channels: u64,
    map: u64,
    bits: u32,
    rate: f64,
}

/// A population to cut.
pub(super) struct Problem<'a> {
    graph: &'a Graph<Quantized>,
    arch: &'a Arch,
    id: PopulationId,
    pub(super) capacity: Capacity,
    pub(super) incidence: Incidence,
    /// Events of a source, at least 1, so that silent ones count where all else is equal.
    pub(super) weights: Vec<u64>,
    /// The same per timestep.
    rates: Vec<f64>,
    /// Neurons behind a source.
    pools: Vec<u64>,
    /// Stored width of a source's weights.
    bits: Vec<u32>,
    dense: Vec<Dense>,
    /// Events of all sources of a neuron.
    pub(super) totals: Vec<u64>,
}

impl<'a> Problem<'a> {
    pub(super) fn new(
        graph: &'a Graph<Quantized>,
        arch: &'a Arch,
        bits: &[u32],
        activity: &Activity,
        id: PopulationId,
    ) -> Self {
        let n = graph.population(id).shape.neurons();
        let (mut sparse, mut dense) = (Vec::new(), Vec::new());
        for p in graph.incoming(id) {
            let projection = graph.projection(p);
            let pre = graph.ends(p).0;
            let shape = graph.population(pre).shape;
            match &projection.connectivity {
                Connectivity::Sparse(lists) => sparse.push((p, lists)),
                _ => {
                    let source = projection.source_shape(shape);
                    dense.push(Dense {
                        neurons: source.neurons() as u64 * pooled(projection),
                        channels: u64::from(source.channels),
                        map: source.map() as u64,
                        bits: bits[p.0 as usize],
                        rate: activity.rate(pre),
                    });
                }
            }
        }
        let incidence = Incidence::new(graph, &sparse, n);
        let mut events = vec![0; incidence.n_sources()];
        let mut first = 0;
        for &(p, lists) in &sparse {
            let pre = graph.ends(p).0;
            let shape = graph.population(pre).shape;
            for (neuron, &count) in activity.counts[pre.0 as usize].iter().enumerate() {
                if let Some(source) = source_of(graph.projection(p), shape, neuron) {
                    events[first + source] += count;
                }
            }
            first += lists.len();
        }
        let of_projection = |p: ir::ProjectionId| bits[p.0 as usize];
        let weights: Vec<u64> = events.iter().map(|&e| e.max(1)).collect();
        let totals = (0..n as u32).map(|v| incidence.of(v).iter().map(|&(s, _)| weights[s as usize]).sum()).collect();
        Self {
            rates: events.iter().map(|&e| e as f64 / activity.steps.max(1) as f64).collect(),
            pools: incidence.origin.iter().map(|&(p, _)| pooled(graph.projection(p))).collect(),
            bits: incidence.origin.iter().map(|&(p, _)| of_projection(p)).collect(),
            capacity: Capacity::of(arch),
            weights,
            totals,
            incidence,
            dense,
            graph,
            arch,
            id,
        }
    }

    /// Number of neurons.
    pub(super) fn n(&self) -> usize {
        self.totals.len()
    }

    /// Synapses onto a neuron.
    fn fan_in(&self, neuron: u32) -> u64 {
        let lists = self.incidence.of(neuron).iter().map(|&(s, m)| u64::from(m) * self.pools[s as usize]);
        lists.sum::<u64>() + self.dense.iter().map(|d| d.neurons).sum::<u64>()
    }
}

/// What of a part's demand depends on its neurons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Load {
    pub(super) neurons: u64,
    axons_in: u64,
    list_bits: u64,
    fan_in: u64,
}

/// Parts of a population.
pub(super) struct Parts<'a> {
    pub(super) problem: &'a Problem<'a>,
    /// The part of each neuron.
    pub(super) of: Vec<u32>,
    /// By source: its parts with the lengths of its lists there.
    pub(super) heard: Vec<Vec<(u32, u32)>>,
    pub(super) loads: Vec<Load>,
    /// Most neurons of a part.
    most: u64,
    /// Width of an index.
    index_bits: u32,
}

impl<'a> Parts<'a> {
    pub(super) fn new(problem: &'a Problem<'a>, most: u64) -> Self {
        Self {
            problem,
            of: vec![NONE; problem.n()],
            heard: vec![Vec::new(); problem.incidence.n_sources()],
            loads: Vec::new(),
            most,
            index_bits: u64::BITS - (most - 1).leading_zeros(),
        }
    }

    /// Opens an empty part.
    pub(super) fn open(&mut self) -> u32 {
        self.loads.push(Load::default());
        self.loads.len() as u32 - 1
    }

    /// Neurons of the largest part.
    pub(super) fn largest(&self) -> u64 {
        self.loads.iter().map(|load| load.neurons).max().unwrap_or(0)
    }

    /// Length of a source's list in a part.
    pub(super) fn length(&self, source: u32, part: u32) -> u32 {
        self.heard[source as usize].iter().find(|&&(p, _)| p == part).map_or(0, |&(_, n)| n)
    }

    fn list_bits(&self, source: u32, n: u32, index_bits: u32) -> u64 {
        let width = self.problem.bits[source as usize] + index_bits;
        if n == 0 { 0 } else { self.problem.arch.core.memories.weights.list_bits(n.into(), width) }
    }

    /// The load of a part with one neuron more.
    pub(super) fn with(&self, part: u32, neuron: u32) -> Load {
        let mut load = self.loads[part as usize];
        load.neurons += 1;
        load.fan_in = load.fan_in.max(self.problem.fan_in(neuron));
        for &(s, m) in self.problem.incidence.of(neuron) {
            let n = self.length(s, part);
            load.axons_in += if n == 0 { self.problem.pools[s as usize] } else { 0 };
            load.list_bits += self.list_bits(s, n + m, self.index_bits) - self.list_bits(s, n, self.index_bits);
        }
        load
    }

    /// The load of a part with one neuron less; fan-in stays, being a property of single neurons that all fit.
    fn without(&self, part: u32, neuron: u32) -> Load {
        let mut load = self.loads[part as usize];
        load.neurons -= 1;
        for &(s, m) in self.problem.incidence.of(neuron) {
            let n = self.length(s, part);
            load.axons_in -= if n == m { self.problem.pools[s as usize] } else { 0 };
            load.list_bits -= self.list_bits(s, n, self.index_bits) - self.list_bits(s, n - m, self.index_bits);
        }
        load
    }

    /// Puts a neuron that has no part into one.
    pub(super) fn join(&mut self, part: u32, neuron: u32) {
        self.loads[part as usize] = self.with(part, neuron);
        self.of[neuron as usize] = part;
        for &(s, m) in self.problem.incidence.of(neuron) {
            let heard = &mut self.heard[s as usize];
            match heard.iter_mut().find(|(p, _)| *p == part) {
                Some((_, n)) => *n += m,
                None => heard.push((part, m)),
            }
        }
    }

    /// Takes a neuron out of its part.
    pub(super) fn leave(&mut self, neuron: u32) {
        let part = std::mem::replace(&mut self.of[neuron as usize], NONE);
        self.loads[part as usize] = self.without(part, neuron);
        for &(s, m) in self.problem.incidence.of(neuron) {
            let heard = &mut self.heard[s as usize];
            let at = heard.iter().position(|&(p, _)| p == part).expect("a part hears the sources of its neurons");
            heard[at].1 -= m;
            if heard[at].1 == 0 {
                heard.swap_remove(at);
            }
        }
    }

    fn demand(&self, load: Load) -> Demand {
        let (core, n) = (&self.problem.arch.core, load.neurons);
        let memories = &core.memories;
        let mut demand = Demand::default();
        demand[Resource::Neurons] = n;
        demand[Resource::Channels] = self.problem.n() as u64;
        let memory = NeuronMemory::of(self.problem.graph.population(self.problem.id));
        demand[Resource::State] = memories.state.state_bits(n, 1, 1, core.state_bits) * memory.words;
        demand[Resource::Params] = memories.params.row_bits(n, memory.params, core.state_bits);
        demand[Resource::AxonsIn] = load.axons_in;
        demand[Resource::FanIn] = load.fan_in;
        demand[Resource::Weights] = load.list_bits;
        for dense in &self.problem.dense {
            demand[Resource::AxonsIn] += dense.neurons;
            demand[Resource::Weights] += match core.sharing {
                isa::arch::Sharing::Native => memories.weights.weight_bits(dense.channels, dense.map, n, dense.bits),
                isa::arch::Sharing::Unrolled => memories.weights.row_bits(1, dense.neurons * n, dense.bits),
            };
        }
        demand
    }

    /// Whether a core holds the load.
    pub(super) fn fits(&self, load: Load) -> bool {
        load.neurons <= self.most && self.problem.capacity.holds(&self.demand(load))
    }

    /// Refuses a neuron that does not even fit an empty part.
    pub(super) fn refuse(&self, part: u32, neuron: u32) -> Result<(), Unfit> {
        alone(&self.problem.capacity, self.demand(self.with(part, neuron)))
    }

    /// Fills part after part in the given order.
    pub(super) fn fill(&mut self, order: Vec<u32>) -> Result<(), Unfit> {
        let mut part = self.open();
        for neuron in order {
            if !self.fits(self.with(part, neuron)) {
                if self.loads[part as usize].neurons > 0 {
                    part = self.open();
                }
                self.refuse(part, neuron)?;
            }
            self.join(part, neuron);
        }
        Ok(())
    }

    /// Notes how many parts every row of the incoming projections reaches.
    pub(super) fn reached(&self, reached: &mut [Option<Vec<u32>>]) {
        for (&(p, row), heard) in self.problem.incidence.origin.iter().zip(&self.heard) {
            let rows = reached[p.0 as usize].get_or_insert_with(Vec::new);
            rows.resize(rows.len().max(row as usize + 1), 0);
            rows[row as usize] = heard.len() as u32;
        }
    }

    /// Destinations of the neurons of every part: without multicast one per part reached, else one per projection. Where the
    /// parts of a target are not known yet, one is taken.
    pub(super) fn axons_out(&self, unicast: bool, reached: &[Option<Vec<u32>>]) -> Vec<u64> {
        let mut out = vec![0; self.loads.len()];
        for p in self.problem.graph.outgoing(self.problem.id) {
            let projection = self.problem.graph.projection(p);
            for (neuron, &part) in self.of.iter().enumerate() {
                out[part as usize] += match (&projection.connectivity, &reached[p.0 as usize]) {
                    (Connectivity::Sparse(_), Some(rows)) if unicast => u64::from(rows[neuron]),
                    (Connectivity::Sparse(lists), _) => u64::from(!lists.of(neuron).is_empty()),
                    _ => 1,
                };
            }
        }
        out
    }

    /// The order of neurons, borders, and demands with indices as short as the parts allow. Empty parts are dropped.
    pub(super) fn finish(&self, unicast: bool, reached: &[Option<Vec<u32>>]) -> Cut {
        let mut demands: Vec<Demand> = self.loads.iter().map(|&load| self.demand(load)).collect();
        for (source, heard) in (0..).zip(&self.heard) {
            for &(part, n) in heard {
                let shortest = u64::BITS - (self.loads[part as usize].neurons - 1).leading_zeros();
                let spared = self.list_bits(source, n, self.index_bits) - self.list_bits(source, n, shortest);
                demands[part as usize][Resource::Weights] -= spared;
            }
        }
        let mut members: Vec<Vec<u32>> = vec![Vec::new(); self.loads.len()];
        for (neuron, &part) in self.of.iter().enumerate() {
            members[part as usize].push(neuron as u32);
        }
        let n_out = self.problem.graph.outgoing(self.problem.id).len() as u64;
        for (demand, out) in demands.iter_mut().zip(self.axons_out(unicast, reached)) {
            demand[Resource::AxonsOut] = out;
            demand[Resource::DestinationLayers] = n_out;
        }
        let (members, demands): (Vec<Vec<u32>>, Vec<Demand>) =
            members.into_iter().zip(demands).filter(|(neurons, _)| !neurons.is_empty()).unzip();
        let mut channels = vec![0];
        channels.extend(members.iter().scan(0, |end, neurons| {
            *end += neurons.len() as u32;
            Some(*end)
        }));
        Cut {
            work: members.iter().map(|neurons| neurons.iter().map(|&v| self.work(v)).sum()).collect(),
            order: members.concat(),
            grid: Grid { channels, rows: vec![0, 1], cols: vec![0, 1] },
            demands,
        }
    }

    /// Synaptic operations of a neuron per timestep.
    fn work(&self, neuron: u32) -> f64 {
        let lists = self.problem.incidence.of(neuron).iter();
        lists.map(|&(s, m)| f64::from(m) * self.problem.rates[s as usize]).sum::<f64>()
            + self.problem.dense.iter().map(|d| d.neurons as f64 * d.rate).sum::<f64>()
    }
}
