//! What changes while a sample runs: potentials, queues and tallies. A [`State`] is reused from sample to sample.

mod queue;

use crate::{
    coupled::EventQueue,
    kernel::{Bases, list::Update, sparse::ListReads},
    load::Loaded,
};
use isa::LayerId;

use queue::Ring;
pub(crate) use queue::{Arrivals, Burst};

/// A set of units, by bit.
#[derive(Clone, Debug, Default)]
pub(crate) struct UnitSet(Vec<u64>);

impl UnitSet {
    pub(crate) fn new(n: usize) -> Self {
        Self(vec![0; n.div_ceil(64)])
    }

    #[inline]
    pub(crate) fn insert(&mut self, unit: usize) {
        self.0[unit / 64] |= 1 << (unit % 64);
    }

    pub(crate) fn contains(&self, unit: usize) -> bool {
        self.0[unit / 64] >> (unit % 64) & 1 == 1
    }

    pub(crate) fn remove(&mut self, unit: usize) {
        self.0[unit / 64] &= !(1 << (unit % 64));
    }

    pub(crate) fn fill(&mut self, n: usize) {
        (0..n).for_each(|unit| self.insert(unit));
    }

    pub(crate) fn clear(&mut self) {
        self.0.fill(0);
    }

    /// Members of either set, ascending, into `members`.
    pub(crate) fn union(&self, other: &Self, members: &mut Vec<u32>) {
        members.clear();
        for (w, (a, b)) in self.0.iter().zip(&other.0).enumerate() {
            let mut bits = a | b;
            while bits != 0 {
                members.push((w * 64) as u32 + bits.trailing_zeros());
                bits &= bits - 1;
            }
        }
    }
}

/// State and tallies of one tile.
#[derive(Clone, Debug, Default)]
pub(crate) struct TileState {
    pub(crate) spikes: u64,
    /// Neurons visited, where only touched neurons are; updates, where neurons fire per event.
    pub(crate) visits: u64,
    /// An update would change nothing.
    pub(crate) quiet: bool,
    /// Neurons to visit, where only touched neurons are.
    pub(crate) touched: Vec<bool>,
    /// Spikes by emission class.
    pub(crate) class_uses: Vec<u64>,
    /// The same in the current timestep.
    pub(crate) step_uses: Vec<u32>,
    /// Spikes by neuron that went without a queue.
    pub(crate) fan_uses: Vec<u32>,
}

/// State and tallies of one unit.
#[derive(Clone, Debug, Default)]
pub(crate) struct UnitState {
    pub(crate) v: Vec<i32>,
    pub(crate) tiles: Vec<TileState>,
    /// Events processed, by axon.
    pub(crate) axon_events: Vec<u64>,
    /// Rows added, by axon and call.
    pub(crate) rows: Vec<Vec<u64>>,
    /// Synapse lists read, by axon and call.
    pub(crate) lists: Vec<Vec<ListReads>>,
    /// Spikes without a queue in the current timestep, by path; only where time is derived.
    pub(crate) path_uses: Vec<u32>,
}

/// The work of one unit in one timestep.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Work {
    pub(crate) unit: u32,
    /// Events taken from the queue.
    pub(crate) events: u32,
    /// Ticks of synaptic work.
    pub(crate) synaptic_ticks: u64,
    /// Neurons visited in the sweep.
    pub(crate) visited: u32,
    pub(crate) spikes: u32,
}

/// Use of an emission class in a timestep.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent {
    pub(crate) unit: u32,
    pub(crate) tile: u16,
    pub(crate) class: u32,
    pub(crate) n: u32,
}

/// Use of a path of a unit in a timestep by spikes that need no queue.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Routed {
    pub(crate) unit: u32,
    /// `None` for the way to the host.
    pub(crate) path: Option<u32>,
    pub(crate) n: u32,
}

/// Input events of a timestep by position.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sorted {
    /// Where the events of each position end.
    pub(crate) ends: Vec<u32>,
    /// Channel and value.
    pub(crate) events: Vec<(u16, i32)>,
}

/// State of a sample on a [`crate::Machine`]; made by [`crate::Machine::state`], reusable.
#[derive(Clone, Debug)]
pub struct State {
    pub(crate) units: Vec<UnitState>,
    pub(crate) ring: Ring,
    /// Units with a tile that is not quiet.
    pub(crate) awake: UnitSet,
    pub(crate) members: Vec<u32>,
    pub(crate) bases: Bases,
    pub(crate) fired: Vec<u8>,
    /// The update of a list of operations.
    pub(crate) update: Update,
    /// Channels that fired at a position.
    pub(crate) channels: Vec<u16>,
    /// Neurons of a tile whose spikes need no queue, by offset in its state.
    pub(crate) direct: Vec<u32>,
    pub(crate) input_uses: Vec<u64>,
    pub(crate) input_events: u64,
    pub(crate) sorted: Sorted,
    pub(crate) graded: bool,
    /// Potentials clipped.
    pub(crate) saturated: u64,
    /// Spikes of each neuron of the layer read.
    pub(crate) read_counts: Vec<u32>,
    /// Neurons that fired in this timestep, by layer; for probes.
    pub(crate) fired_in: Vec<Vec<u32>>,
    /// The same with the values that they sent; for probes.
    pub(crate) sent_in: Vec<Vec<(u32, i32)>>,
    /// Neurons visited in this timestep, by layer, where only touched ones are; for probes.
    pub(crate) visited_in: Vec<Vec<u32>>,
    /// Work and packets of the timestep, for timing.
    pub(crate) work: Vec<Work>,
    pub(crate) sent: Vec<Sent>,
    pub(crate) routed: Vec<Routed>,
    /// Use of the classes of the input port in the timestep, as (class, events).
    pub(crate) input_sent: Vec<(u32, u32)>,
    /// Every spike of the timestep in order, for cycle timing: (unit, tile, class).
    pub(crate) order: Vec<(u32, u16, u32)>,
    pub(crate) input_order: Vec<u32>,
    /// Events under way, on chips that fire per event.
    pub(crate) events: EventQueue,
    /// The neuron of each spike in `order`, and neuron and value of each event in `input_order`; for probes.
    pub(crate) tags: Vec<u32>,
    pub(crate) input_tags: Vec<(u32, i32)>,
}

impl State {
    pub(crate) fn new(loaded: &Loaded, n_layers: usize, read_neurons: usize) -> Self {
        let n = loaded.units.len();
        let units = loaded
            .units
            .iter()
            .map(|unit| UnitState {
                v: vec![0; unit.n_words],
                tiles: unit
                    .tiles
                    .iter()
                    .map(|tile| TileState {
                        class_uses: vec![0; tile.classes.routes.len().max(1)],
                        step_uses: vec![0; tile.classes.routes.len().max(1)],
                        fan_uses: vec![0; if tile.fan_out.is_some() { tile.n() } else { 0 }],
                        ..TileState::default()
                    })
                    .collect(),
                axon_events: vec![0; unit.axons.len()],
                rows: unit.axons.iter().map(|axon| vec![0; axon.calls.len()]).collect(),
                lists: unit.axons.iter().map(|axon| vec![ListReads::default(); axon.calls.len()]).collect(),
                path_uses: vec![0; unit.paths.len()],
            })
            .collect();
        Self {
            units,
            ring: Ring::new(loaded),
            awake: UnitSet::new(n),
            members: Vec::new(),
            bases: Bases::default(),
            fired: Vec::new(),
            update: Update::default(),
            channels: Vec::new(),
            direct: Vec::new(),
            input_uses: vec![0; loaded.port.classes.routes.len()],
            input_events: 0,
            sorted: Sorted::default(),
            graded: false,
            saturated: 0,
            read_counts: vec![0; read_neurons],
            fired_in: vec![Vec::new(); n_layers],
            sent_in: vec![Vec::new(); n_layers],
            visited_in: vec![Vec::new(); n_layers],
            work: Vec::new(),
            sent: Vec::new(),
            routed: Vec::new(),
            input_sent: Vec::new(),
            order: Vec::new(),
            input_order: Vec::new(),
            events: EventQueue::default(),
            tags: Vec::new(),
            input_tags: Vec::new(),
        }
    }

    /// The start of a sample.
    pub(crate) fn reset(&mut self, loaded: &Loaded, touched_only: bool) {
        for (unit, state) in loaded.units.iter().zip(&mut self.units) {
            state.axon_events.fill(0);
            state.rows.iter_mut().for_each(|rows| rows.fill(0));
            state.lists.iter_mut().for_each(|lists| lists.fill(ListReads::default()));
            for (tile, tally) in unit.tiles.iter().zip(&mut state.tiles) {
                tally.spikes = 0;
                tally.visits = 0;
                tally.quiet = false;
                tally.class_uses.fill(0);
                tally.fan_uses.fill(0);
                if let Some(list) = &tile.list {
                    list.reset(&mut state.v);
                    continue;
                }
                let v = &mut state.v[tile.v_base..][..tile.n()];
                for row in v.chunks_exact_mut(tile.extent.0) {
                    row.copy_from_slice(&tile.v_init);
                }
                if touched_only && let Some(neurons) = &tile.neurons {
                    tally.touched.clear();
                    tally.touched.extend(v.iter().enumerate().map(|(i, &v)| neurons.is_due(i % tile.extent.0, v)));
                }
            }
        }
        self.ring.reset();
        self.awake.fill(loaded.units.len());
        self.input_uses.fill(0);
        self.input_events = 0;
        self.saturated = 0;
        self.read_counts.fill(0);
    }

    /// Counts what the spikes that went without a queue did on the cores that they reached.
    pub(crate) fn settle(&mut self, loaded: &Loaded) {
        if !loaded.has_fan_outs() {
            return;
        }
        let mut reads = vec![(0, ListReads::default()); loaded.extent().1];
        for (u, unit) in loaded.units.iter().enumerate() {
            let mut path_uses = vec![0; unit.paths.len()];
            for (tile, tally) in unit.tiles.iter().zip(&mut self.units[u].tiles) {
                let Some(fan) = &tile.fan_out else { continue };
                for (neuron, &n) in tally.fan_uses.iter().enumerate().filter(|&(_, &n)| n > 0) {
                    let n = u64::from(n);
                    tally.class_uses[tile.class_of(neuron) as usize] += n;
                    fan.paths(neuron).iter().for_each(|&path| path_uses[path as usize] += n);
                    for (call, synapses, one) in fan.volumes(neuron) {
                        let (all, sum) = &mut reads[call as usize];
                        *all += n * u64::from(synapses);
                        *sum += ListReads { lists: n, words: n * one.words, slots: n * one.slots };
                    }
                }
            }
            for (path, n) in unit.paths.iter().zip(path_uses) {
                path.targets.iter().for_each(|&(to, axon)| self.units[to as usize].axon_events[axon as usize] += n);
            }
        }
        let own = self.units.iter_mut().flat_map(|unit| unit.rows.iter_mut().zip(&mut unit.lists));
        let calls = own.flat_map(|(rows, lists)| rows.iter_mut().zip(lists));
        for ((rows, lists), (synapses, sum)) in calls.zip(reads) {
            *rows += synapses;
            *lists += sum;
        }
    }

    pub(crate) fn fired_in(&mut self, layer: LayerId) -> &mut Vec<u32> {
        &mut self.fired_in[layer.0 as usize]
    }

    pub(crate) fn sent_in(&mut self, layer: LayerId) -> &mut Vec<(u32, i32)> {
        &mut self.sent_in[layer.0 as usize]
    }
}
