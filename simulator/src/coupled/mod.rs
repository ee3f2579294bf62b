//! Chips that fire per event: function and time in one, because the order of events decides spikes.
//!
//! One queue holds every event under way. The earliest is taken; ties go to the lowest destination core, then to the lowest
//! source (the host port before the cores), then to what the source sent first. A core works on one event at a time, in the
//! order of arrival:
//!
//! ```text
//! begin = max(arrival, end of the core's event before)
//! done  = begin + event + axon + Σ_rows slots · synapse                  all weights added, all neurons compared
//! k-th packet of the event's spikes leaves at done + k·emit; the core is free when the last has left
//! arrival at a core = departure + latency of the XY path without contention
//! ```
//!
//! The neurons that an event reaches on a core are updated in ascending order of state words, `v ← sat(v + w·x)`, raised to
//! the floor; where `v ≥ θ` (`>` if strict) the neuron emits one spike and resets, once per update. What this means for a
//! network is docs/semantics.md §9; what is counted, docs/counters.md.

mod fabric;
mod process;
mod queue;
mod replay;

pub(crate) use queue::EventQueue;

use crate::{
    core::CoreCosts,
    error::{LoadError, NoTime, invalid},
    kernel::{Synaptic, neuron::Neurons},
    load::{Loaded, Unit},
    noc::{analytic::NocCosts, topology::Topology},
    state::State,
    timing::{FlitLevel, StepTime, Time},
};
use fabric::Fabric;
use isa::{Arch, Cycle};
use replay::Ends;

/// A loaded program, prepared for a chip that fires per event.
#[derive(Clone, Debug)]
pub(crate) struct Coupled {
    fabric: Fabric,
    costs: CoreCosts,
    /// Ticks between two events at the host port, in either direction.
    host: u64,
    tick_ps: u64,
    /// Smallest and largest potential.
    range: (i32, i32),
    /// Ticks of a row and the tile reached, by unit and synaptic operation.
    operations: Vec<Vec<Operation>>,
    /// The network, and its form for a replay flit by flit if it can be simulated so; none without a network.
    noc: Option<(NocCosts, Result<FlitLevel, NoTime>)>,
}

/// What the kernel of a synaptic operation does not say.
#[derive(Clone, Copy, Debug)]
struct Operation {
    row_ticks: u64,
    tile: u16,
}

impl Coupled {
    /// Prepares a program; refuses chips whose description leaves the order of events open, neurons that change without
    /// events, and loops.
    pub(crate) fn new(loaded: &Loaded, arch: &Arch, topology: &Topology) -> Result<Self, LoadError> {
        if let Some((figure, _)) = arch.ordering_times().into_iter().find(|(_, constant)| constant.is_none()) {
            return Err(LoadError::Unordered { arch: arch.name.clone(), figure });
        }
        let (Ok(costs), Some(host)) = (CoreCosts::new(arch), &arch.input_interval) else {
            return Err(LoadError::Unordered { arch: arch.name.clone(), figure: "core.timing" });
        };
        if !(2..32).contains(&arch.core.state_bits) || costs.per_event == 0 {
            return Err(invalid(
                &arch.name,
                "a chip that fires per event has potentials of 2 to 31 bits, and events take time",
            ));
        }
        for unit in &loaded.units {
            let inert = unit.tiles.iter().filter_map(|tile| tile.neurons.as_ref()).all(Neurons::is_inert);
            if !inert || unit.tiles.iter().any(|tile| tile.list.is_some()) {
                return Err(invalid(unit.core, "the chip fires per event, which excludes bias and leak"));
            }
        }
        if has_loop(loaded) {
            return Err(invalid("routes", "spikes of a layer come back to it, so that a sample may never end"));
        }
        let noc = arch.noc.as_ref().and_then(|noc| {
            let costs = NocCosts::new(arch, noc).ok()?;
            Some((costs, FlitLevel::new(arch, noc)))
        });
        Ok(Self {
            noc,
            fabric: Fabric::new(loaded, arch, topology)?,
            host: host.value,
            tick_ps: arch.tick_ps.value,
            range: (-(1 << (arch.core.state_bits - 1)), (1 << (arch.core.state_bits - 1)) - 1),
            operations: loaded.units.iter().map(|unit| operations(unit, &costs)).collect::<Result<_, _>>()?,
            costs,
        })
    }

    /// Time of a sample from the ends of its cores and outputs; `n_values` potentials are read by the host at the end.
    fn time(&self, loaded: &Loaded, state: &State, queue: &EventQueue, (ends, n_values): (Ends, u64)) -> Time {
        let reset = loaded.units.iter().map(|unit| self.costs.reset_ticks(unit.n_state as u64)).max().unwrap_or(0);
        let compute = ends.cores;
        let done = compute.max(ends.outputs).max(queue.n_outputs * self.host);
        let step = StepTime {
            start: Cycle(reset),
            compute,
            network: done - compute,
            sync: 0,
            max_link: self.fabric.busiest_link(loaded, state),
            max_queue: queue.longest,
            // Queues of this mode have no limit: events wait in them, not before them.
            queue: None,
            binding: None,
        };
        let readout = n_values * self.host;
        Time { reset, steps: vec![step], readout, total: reset + done + readout, tick_ps: self.tick_ps }
    }
}

fn operations(unit: &Unit, costs: &CoreCosts) -> Result<Vec<Operation>, LoadError> {
    let of = |op: &Synaptic, bits: u32| {
        let tile = unit.tiles.iter().position(|tile| op.words() == (tile.v_base..tile.v_base + tile.n()))?;
        Some(Operation { row_ticks: costs.row_ticks(op.span() as u64, bits), tile: tile as u16 })
    };
    let all = unit.synaptic.iter().map(|(op, _, bits)| of(op, *bits)).collect::<Option<Vec<_>>>();
    all.ok_or_else(|| invalid(unit.core, "a synaptic operation reaches other state words than those of a tile"))
}

/// Whether the spikes of some layer can reach it again.
fn has_loop(loaded: &Loaded) -> bool {
    let layers = loaded.units.iter().flat_map(|unit| &unit.layers).map(|layer| layer.0 as usize + 1).max().unwrap_or(0);
    let mut reaches = vec![vec![false; layers]; layers];
    for tile in loaded.units.iter().flat_map(|unit| &unit.tiles) {
        for &(_, unit, axon) in tile.classes.deliveries.iter().flatten() {
            let unit = &loaded.units[unit as usize];
            for &call in &unit.axons[axon as usize].calls {
                let to = unit.layers[unit.synaptic[call as usize].1 as usize];
                reaches[tile.layer.0 as usize][to.0 as usize] = true;
            }
        }
    }
    // Layers without predecessors are taken away until none is left, or only loops and what follows them.
    let mut left: Vec<usize> = (0..layers).collect();
    loop {
        let n = left.len();
        let kept: Vec<usize> = left.iter().copied().filter(|&to| left.iter().any(|&from| reaches[from][to])).collect();
        if kept.len() == n {
            return n > 0;
        }
        left = kept;
    }
}
