//! From tallies to counts: every action has one closed form over events, rows, sweeps and packets (docs/counters.md).

use crate::{
    kernel::Synaptic,
    load::{Classes, Crossings, Loaded, Path, Tile, Unit},
    state::{State, TileState, UnitState},
};
use isa::{
    Action::{
        self, AddressAdd, AddressMac, AxonRead, Barrier, BiasAdd, HostInput, HostOutput, Instruction, LeakMac,
        LinkChip, LinkEastWest, LinkNorthSouth, NeuronIdle, NeuronSpike, PacketEject, PacketInject, ParamRead,
        QueuePop, QueuePush, RouteRead, RouterFlit, SpikeEmit, SpikeReset, StateRead, StateReset, StateWrite,
        SynapticAdd, SynapticMac, WeightRead,
    },
    Arch, CoreId, Counts, LayerId, Ledger,
    action::Site,
    arch::Sweep,
};

/// What the tallies of a ledger cover.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    /// Timesteps of a sample.
    pub(crate) timesteps: u32,
    /// Timesteps that the program has more: all windows end that much earlier.
    pub(crate) shorter: u32,
    /// Samples.
    pub(crate) samples: u64,
}

/// The counts of samples, the tallies of all of which are in `state`.
pub(crate) fn ledger(loaded: &Loaded, arch: &Arch, state: &State, span: Span) -> Ledger {
    let Span { timesteps, samples, .. } = span;
    let mut ledger = Ledger::default();
    let mut pushes: Vec<Vec<u64>> = loaded.units.iter().map(|unit| vec![0; unit.axons.len()]).collect();
    for (unit, tally) in loaded.units.iter().zip(&state.units) {
        let mut layers = vec![Counts::default(); unit.layers.len()];
        events(unit, tally, arch, state.graded, &mut layers);
        for (tile, tally) in unit.tiles.iter().zip(&tally.tiles) {
            let counts = &mut layers[tile.local_layer as usize];
            sweep(unit, tile, tally, arch, span, counts);
            emission(unit, tile, tally, counts, &mut pushes);
            if tile.to_host {
                let outputs = if tile.fires() { tally.spikes } else { samples * tile.n() as u64 };
                ledger.at(Site { core: None, layer: tile.layer })[HostOutput] += outputs;
                cross(counts, unit.host_crossings, outputs);
            }
        }
        let home = &mut layers[0];
        let steps = if arch.core.is_event_driven() { 0 } else { samples * u64::from(timesteps) };
        home[Instruction] += steps * unit.on_tick;
        home[Barrier] += steps * unit.barriers;
        cross(home, unit.token_crossings, steps);
        for (&layer, counts) in unit.layers.iter().zip(&layers) {
            add(&mut ledger, Some(unit.core), layer, counts);
        }
    }
    let mut port = Counts::default();
    port[HostInput] = state.input_events;
    sent(&loaded.port.paths, &loaded.port.classes, &state.input_uses, &mut port, &mut pushes);
    add(&mut ledger, None, loaded.port.layer, &port);
    let pushed: u64 = pushes.iter().flatten().sum();
    let popped: u64 = state.units.iter().flat_map(|unit| &unit.axon_events).sum();
    assert_eq!(pushed, popped + state.ring.unprocessed, "every delivery is processed, or belongs to a later timestep");
    for (unit, pushes) in loaded.units.iter().zip(&pushes) {
        for (axon, &n) in unit.axons.iter().zip(pushes).filter(|&(_, &n)| n > 0) {
            let layer = unit.layers[axon.layer as usize];
            ledger.at(Site { core: Some(unit.core), layer })[QueuePush] += n;
        }
    }
    ledger
}

fn add(ledger: &mut Ledger, core: Option<CoreId>, layer: LayerId, counts: &Counts) {
    if counts.iter().next().is_some() {
        *ledger.at(Site { core, layer }) += counts;
    }
}

/// Events taken from the queue and their synaptic operations.
fn events(unit: &Unit, tally: &UnitState, arch: &Arch, graded: bool, layers: &mut [Counts]) {
    let memories = &arch.core.memories;
    let tallies = tally.rows.iter().zip(&tally.lists);
    for ((axon, &n), (rows, lists)) in unit.axons.iter().zip(&tally.axon_events).zip(tallies) {
        let counts = &mut layers[axon.layer as usize];
        counts[QueuePop] += n;
        counts[AxonRead] += n;
        counts[Instruction] += n * unit.on_spike;
        for (&call, (&rows, reads)) in axon.calls.iter().zip(rows.iter().zip(lists)) {
            let (op, layer, bits) = &unit.synaptic[call as usize];
            let counts = &mut layers[*layer as usize];
            let span = op.span() as u64;
            if matches!(op, Synaptic::Conv(_)) {
                counts[AddressMac] += 2 * n;
            }
            let operation: Action = if (graded && axon.from_input) || axon.graded { SynapticMac } else { SynapticAdd };
            counts[operation] += rows * span;
            counts[AddressAdd] += rows * span;
            counts[WeightRead] += if matches!(op, Synaptic::Sparse(_)) {
                reads.words
            } else {
                rows * memories.weights.words(1, span, *bits)
            };
            counts[AxonRead] += reads.lists;
            let words = rows * memories.state.words(1, span, arch.core.state_bits);
            counts[StateRead] += words;
            counts[StateWrite] += words;
        }
    }
}

/// Neuron updates and the reset before each sample.
fn sweep(
    unit: &Unit,
    tile: &Tile,
    tally: &TileState,
    arch: &Arch,
    Span { timesteps, shorter, samples }: Span,
    counts: &mut Counts,
) {
    let (state, params, bits) = (&arch.core.memories.state, &arch.core.memories.params, arch.core.state_bits);
    let (channels, positions) = (tile.extent.0 as u64, (tile.extent.1 * tile.extent.2) as u64);
    let end = |(_, end): (u32, u32)| end.saturating_sub(shorter).min(timesteps);
    let kept = tile.list.as_ref().map_or(1, |list| list.costs().words);
    counts[StateReset] += samples * kept * state.words(positions, channels, bits);
    if let Some(list) = &tile.list {
        if tile.to_host && !tile.fires() {
            counts[StateRead] += samples * state.words(positions, channels, bits);
        }
        let sweeps = samples * u64::from(end(tile.window).saturating_sub(tile.window.0));
        let (costs, visits) = (list.costs(), sweeps * channels * positions);
        let words = sweeps * costs.words * state.words(positions, channels, bits);
        counts[StateRead] += words;
        counts[StateWrite] += words;
        counts[ParamRead] +=
            if params.word_bits == 0 { visits } else { sweeps * params.words(1, costs.params * channels, bits) };
        counts[BiasAdd] += visits * costs.additions;
        counts[LeakMac] += visits * costs.products;
        counts[NeuronSpike] += tally.spikes;
        counts[NeuronIdle] += visits - tally.spikes;
        counts[SpikeReset] += if list.fires { tally.spikes } else { 0 };
        return;
    }
    let Some(neurons) = &tile.neurons else {
        if tile.to_host {
            counts[StateRead] += samples * state.words(positions, channels, bits);
        }
        return;
    };
    if arch.core.is_event_driven() {
        counts[ParamRead] += tally.visits * params.words(1, 1, bits);
        counts[NeuronSpike] += tally.spikes;
        counts[NeuronIdle] += tally.visits - tally.spikes;
        counts[SpikeReset] += tally.spikes;
        return;
    }
    let occurrences = unit.tick.iter().filter(|&&i| std::ptr::eq(&raw const unit.tiles[i], tile)).count() as u64;
    let times = |when: (u32, u32)| samples * occurrences * u64::from(end(when).saturating_sub(when.0));
    let (updates, sweeps) = (times(tile.window), times(tile.visited));
    let (visits, words, records) = match arch.core.sweep {
        Sweep::All | Sweep::Always => {
            let records =
                if params.word_bits == 0 { positions * channels } else { params.words(1, 2 * channels, bits) };
            (sweeps * channels * positions, sweeps * state.words(positions, channels, bits), sweeps * records)
        }
        Sweep::Touched => (
            tally.visits,
            tally.visits * state.words(1, 1, bits),
            tally.visits * if params.word_bits == 0 { 1 } else { params.words(1, 2, bits) },
        ),
    };
    counts[StateRead] += words;
    counts[StateWrite] += words;
    counts[ParamRead] += records;
    counts[BiasAdd] += updates * neurons.n_biased() as u64 * positions;
    let leaking = if arch.core.sweep == Sweep::Touched { visits } else { updates * channels * positions };
    counts[LeakMac] += if neurons.has_leak() { leaking } else { 0 };
    counts[NeuronSpike] += tally.spikes;
    counts[NeuronIdle] += visits - tally.spikes;
    counts[SpikeReset] += tally.spikes;
}

/// Spikes that leave a tile.
fn emission(unit: &Unit, tile: &Tile, tally: &TileState, counts: &mut Counts, pushes: &mut [Vec<u64>]) {
    if tile.to_host {
        counts[SpikeEmit] += tally.spikes;
    }
    if !tile.to_host {
        let leaving = tile.classes.routes.iter().zip(&tally.class_uses).filter(|(routes, _)| !routes.is_empty());
        counts[SpikeEmit] += leaving.map(|(_, &uses)| uses).sum::<u64>();
    }
    sent(&unit.paths, &tile.classes, &tally.class_uses, counts, pushes);
}

/// What is sent over the routes of classes that were used so often.
fn sent(paths: &[Path], classes: &Classes, class_uses: &[u64], counts: &mut Counts, pushes: &mut [Vec<u64>]) {
    let mut path_uses = vec![0; paths.len()];
    for (routes, &uses) in classes.routes.iter().zip(class_uses).filter(|&(_, &uses)| uses > 0) {
        for &route in routes {
            path_uses[route as usize] += uses;
        }
    }
    for (path, uses) in paths.iter().zip(path_uses).filter(|&(_, uses)| uses > 0) {
        counts[RouteRead] += uses;
        cross(counts, path.crossings, uses);
        for &(unit, axon) in &path.targets {
            pushes[unit as usize][axon as usize] += uses;
        }
    }
}

fn cross(counts: &mut Counts, crossings: Crossings, uses: u64) {
    counts[PacketInject] += uses * crossings.packets;
    counts[PacketEject] += uses * crossings.ejected;
    counts[RouterFlit] += uses * crossings.routers;
    counts[LinkEastWest] += uses * crossings.east_west;
    counts[LinkNorthSouth] += uses * crossings.north_south;
    counts[LinkChip] += uses * crossings.chip;
}
