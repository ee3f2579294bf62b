//! One timestep of function: arrivals, then the neuron updates of the tick handler, then emission into the queues of later
//! timesteps. Cores are independent within a timestep, because events between cores take at least one.

mod emit;
mod input;

use crate::{
    core::CoreCosts,
    kernel::{Bases, Synaptic, list::List, sparse::ListReads},
    load::{Loaded, Tile, Unit},
    probe::Probe,
    state::{Arrivals, State, UnitState, Work},
};
use emit::Emitter;
use isa::{Layer, LayerId};

pub(crate) use input::input;

/// What a run needs besides the loaded program.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings<'a> {
    pub(crate) layers: &'a [Layer],
    pub(crate) timesteps: u32,
    /// Timesteps by which the sample is shorter than the program's: all windows end that much earlier.
    pub(crate) shorter: u32,
    /// Only touched neurons are visited in a sweep.
    pub(crate) touched_only: bool,
    pub(crate) read_layer: LayerId,
    pub(crate) costs: &'a CoreCosts,
    /// Smallest and largest potential, where potentials saturate.
    pub(crate) range: Option<(i32, i32)>,
    /// Whether work and packets are recorded, and whether in order.
    pub(crate) timed: bool,
    pub(crate) ordered: bool,
}

/// Runs timestep `t` on every core with work to do.
pub(crate) fn step<P: Probe>(loaded: &Loaded, settings: Settings<'_>, state: &mut State, t: u32) {
    let mut arrived = state.ring.take(t);
    let mut members = std::mem::take(&mut state.members);
    arrived.pending.union(&state.awake, &mut members);
    for &u in &members {
        let u = u as usize;
        let unit = &loaded.units[u];
        let mut work = Work { unit: u as u32, ..Work::default() };
        arrivals(unit, settings, &mut state.units[u], &mut state.bases, &arrived, &mut work);
        arrived.queues[u].clear();
        if loaded.has_fan_outs() && arrived.pending.contains(u) {
            sums(unit, settings, &mut state.units[u], &mut arrived, &mut work);
        }
        tick::<P>(unit, settings, state, t, &mut work);
        if settings.timed {
            state.work.push(work);
        }
    }
    state.members = members;
    state.ring.put_back(t, arrived);
}

/// Adds the events of a unit's queue to the potentials.
fn arrivals(
    unit: &Unit,
    settings: Settings<'_>,
    state: &mut UnitState,
    bases: &mut Bases,
    arrived: &Arrivals,
    work: &mut Work,
) {
    let (queue, list) = (&arrived.queues[work.unit as usize], arrived.channels.as_slice());
    for run in queue.chunk_by(|a, b| a.axon == b.axon) {
        let a = run[0].axon as usize;
        let n: u64 = run.iter().map(|burst| u64::from(burst.n)).sum();
        state.axon_events[a] += n;
        work.events += n as u32;
        let totals = state.rows[a].iter_mut().zip(&mut state.lists[a]);
        for (&call, (total, lists)) in unit.axons[a].calls.iter().zip(totals) {
            let (op, _, bits) = &unit.synaptic[call as usize];
            if let Synaptic::Sparse(sparse) = op {
                let mut reads = ListReads::default();
                *total += sparse.scatter(&mut state.v, run, list, &mut reads);
                *lists += reads;
                work.synaptic_ticks = work.synaptic_ticks.saturating_add(settings.costs.list_ticks(reads.slots));
            } else {
                let rows = op.scatter(&mut state.v, run, list, bases);
                *total += rows;
                if settings.timed {
                    let ticks = settings.costs.row_ticks(op.span() as u64, *bits);
                    work.synaptic_ticks = work.synaptic_ticks.saturating_add(rows.saturating_mul(ticks));
                }
            }
            if settings.touched_only {
                for &burst in run {
                    op.touched(burst, list, |start, end| mark(unit, state.tiles.as_mut_slice(), start, end));
                }
            }
        }
    }
    if arrived.pending.contains(work.unit as usize) {
        state.tiles.iter_mut().for_each(|tile| tile.quiet = false);
    }
}

/// Takes over what fan-outs have added to the potentials of a unit.
fn sums(unit: &Unit, settings: Settings<'_>, state: &mut UnitState, arrived: &mut Arrivals, work: &mut Work) {
    arrived.sums.take(unit.first_word, &mut state.v[..unit.n_state]);
    if settings.timed {
        work.events += std::mem::take(&mut arrived.events[work.unit as usize]);
        for (axon, &first) in unit.axons.iter().zip(&unit.first_call) {
            for slots in &mut arrived.list_slots[first as usize..][..axon.calls.len()] {
                let ticks = settings.costs.list_ticks(std::mem::take(slots));
                work.synaptic_ticks = work.synaptic_ticks.saturating_add(ticks);
            }
        }
    }
}

/// Marks the neurons of the state words `start..end` as touched.
fn mark(unit: &Unit, tiles: &mut [crate::state::TileState], start: usize, end: usize) {
    for (tile, state) in unit.tiles.iter().zip(tiles) {
        let (first, last) = (start.max(tile.v_base), end.min(tile.v_base + tile.n()));
        if first < last && !state.touched.is_empty() {
            state.touched[first - tile.v_base..last - tile.v_base].fill(true);
        }
    }
}

/// The update of a tile given as a list of operations.
fn listed<P: Probe>(
    (list, tile): (&List, &Tile),
    (settings, u, index): (Settings<'_>, usize, usize),
    state: &mut State,
    t: u32,
    work: &mut Work,
) {
    let mut update = std::mem::take(&mut state.update);
    list.update(&mut state.units[u].v, t, &mut update);
    state.saturated += std::mem::take(&mut update.saturated);
    let emitter = Emitter::new::<P>(settings, t, (u, index), tile);
    let channels = tile.extent.0;
    for (position, fired) in update.fired.chunks_exact(channels).enumerate() {
        state.fired.clear();
        state.fired.extend_from_slice(fired);
        let values = list.emits_values().then(|| &update.values[position * channels..][..channels]);
        emitter.position::<P>(state, position, values);
    }
    emitter.finish(state, work);
    state.update = update;
}

/// The tick handler: updates the tiles of a unit and emits their spikes.
fn tick<P: Probe>(unit: &Unit, settings: Settings<'_>, state: &mut State, t: u32, work: &mut Work) {
    let u = work.unit as usize;
    let mut quiet = true;
    for &index in &unit.tick {
        let tile = &unit.tiles[index];
        if let Some(list) = &tile.list {
            let end = tile.window.1.saturating_sub(settings.shorter);
            quiet &= t >= end;
            list.integrate(&mut state.units[u].v);
            if (tile.window.0..end).contains(&t) {
                listed::<P>((list, tile), (settings, u, index), state, t, work);
            }
            continue;
        }
        let Some(neurons) = &tile.neurons else { continue };
        if t >= tile.window.1.saturating_sub(settings.shorter) {
            continue;
        }
        if t < tile.window.0 {
            quiet = false;
            continue;
        }
        if state.units[u].tiles[index].quiet {
            continue;
        }
        let channels = tile.extent.0;
        state.fired.resize(channels, 0);
        let emitter = Emitter::new::<P>(settings, t, (u, index), tile);
        let mut due = false;
        if settings.touched_only {
            let tally = &mut state.units[u].tiles[index];
            let visited = tally.touched.iter().filter(|&&touched| touched).count();
            tally.visits += visited as u64;
            work.visited += visited as u32;
            if P::VISITS {
                let layer = &settings.layers[tile.layer.0 as usize];
                let marked = tally.touched.iter().enumerate().filter(|&(_, &touched)| touched);
                state.visited_in[tile.layer.0 as usize].extend(marked.map(|(i, _)| layer.index(tile.place(i)) as u32));
            }
        }
        for position in 0..tile.n() / channels {
            let (own, first) = (&mut state.units[u], position * channels);
            let v = &mut own.v[tile.v_base + first..][..channels];
            if let Some(range) = settings.range {
                state.saturated += clip(v, range);
            }
            due |= neurons.update(v, &mut state.fired);
            if settings.touched_only {
                let marks = &mut own.tiles[index].touched[first..][..channels];
                for (c, (mark, &v)) in marks.iter_mut().zip(&*v).enumerate() {
                    *mark = neurons.is_due(c, v);
                }
            }
            emitter.position::<P>(state, position, None);
        }
        emitter.finish(state, work);
        let tally = &mut state.units[u].tiles[index];
        tally.quiet = neurons.is_inert() && !due;
        quiet &= tally.quiet;
    }
    if settings.timed {
        emit::routed(unit, work.unit, state, t);
    }
    if quiet {
        state.awake.remove(u);
    } else {
        state.awake.insert(u);
    }
}

/// Clips potentials to a range; returns how many were outside.
pub(crate) fn clip(v: &mut [i32], (low, high): (i32, i32)) -> u64 {
    let mut n = 0;
    for v in v {
        let clipped = (*v).clamp(low, high);
        n += u64::from(clipped != *v);
        *v = clipped;
    }
    n
}
