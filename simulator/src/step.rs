//! One timestep of function: arrivals, then the neuron updates of the tick handler, then emission into the queues of later
//! timesteps. Cores are independent within a timestep, because events between cores take at least one.

use crate::{
    core::CoreCosts,
    kernel::Event,
    load::{Loaded, Unit},
    probe::Probe,
    state::{Sent, State, UnitState, Work},
};
use isa::{InputEvent, Layer, LayerId};

/// What a run needs besides the loaded program.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings<'a> {
    pub(crate) layers: &'a [Layer],
    pub(crate) timesteps: u32,
    /// Only touched neurons are visited in a sweep.
    pub(crate) touched_only: bool,
    pub(crate) read_layer: LayerId,
    pub(crate) costs: &'a CoreCosts,
    /// Whether work and packets are recorded, and whether in order.
    pub(crate) timed: bool,
    pub(crate) ordered: bool,
}

/// Sends the input events of timestep `t` to the cores.
pub(crate) fn input<P: Probe>(
    loaded: &Loaded,
    settings: Settings<'_>,
    state: &mut State,
    t: u32,
    events: &[InputEvent],
) {
    let port = &loaded.port;
    let layer = &settings.layers[port.layer.0 as usize];
    let classes = &port.classes;
    let depth = state.queues.len();
    state.input_events += events.len() as u64;
    if P::SPIKES {
        state.fired_in(port.layer).extend(events.iter().map(|event| event.neuron));
    }
    if classes.routes.is_empty() {
        return;
    }
    let before = settings.timed.then(|| state.input_uses.clone());
    for event in events {
        let (c, y, x) = layer.position(event.neuron as usize);
        let class = classes.channel[c as usize] + classes.row[y as usize] + classes.column[x as usize];
        state.input_uses[class as usize] += 1;
        if settings.ordered {
            state.input_order.push(class);
        }
        for &(delay, unit, axon) in &classes.deliveries[class as usize] {
            if t + delay < settings.timesteps {
                let slot = (t + delay) as usize % depth;
                state.queues[slot][unit as usize].push(Event { axon, c, y, x, value: event.value });
                state.pending[slot].insert(unit as usize);
            } else {
                state.unprocessed += 1;
            }
        }
    }
    if let Some(before) = before {
        for (class, (&after, before)) in state.input_uses.iter().zip(before).enumerate() {
            if after > before {
                let n = (after - before) as u32;
                state.input_sent.push(Sent { unit: u32::MAX, tile: 0, class: class as u32, n });
            }
        }
    }
}

/// Runs timestep `t` on every core with work to do.
pub(crate) fn step<P: Probe>(loaded: &Loaded, settings: Settings<'_>, state: &mut State, t: u32) {
    let slot = t as usize % state.queues.len();
    let mut members = std::mem::take(&mut state.members);
    state.pending[slot].union(&state.awake, &mut members);
    state.pending[slot].clear();
    for &u in &members {
        let u = u as usize;
        let unit = &loaded.units[u];
        let mut queue = std::mem::take(&mut state.queues[slot][u]);
        let mut work = Work { unit: u as u32, events: queue.len() as u32, ..Work::default() };
        arrivals(unit, settings, &mut state.units[u], &mut state.bases, &queue, &mut work);
        queue.clear();
        state.queues[slot][u] = queue;
        tick::<P>(unit, settings, state, t, &mut work);
        if settings.timed {
            state.work.push(work);
        }
    }
    state.members = members;
}

/// Adds the events of a queue to the potentials.
fn arrivals(
    unit: &Unit,
    settings: Settings<'_>,
    state: &mut UnitState,
    bases: &mut Vec<u32>,
    queue: &[Event],
    work: &mut Work,
) {
    for run in queue.chunk_by(|a, b| a.axon == b.axon) {
        let a = run[0].axon as usize;
        state.axon_events[a] += run.len() as u64;
        for (&call, total) in unit.axons[a].calls.iter().zip(&mut state.rows[a]) {
            let (op, _, bits) = &unit.synaptic[call as usize];
            let rows = op.scatter(&mut state.v, run, bases);
            *total += rows;
            work.synaptic_ticks += rows * settings.costs.row_ticks(op.span() as u64, *bits);
            if settings.touched_only {
                for &event in run {
                    op.touched(event, |start, end| mark(unit, state.tiles.as_mut_slice(), start, end));
                }
            }
        }
    }
    if !queue.is_empty() {
        state.tiles.iter_mut().for_each(|tile| tile.quiet = false);
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

/// The tick handler: updates the tiles of a unit and emits their spikes.
fn tick<P: Probe>(unit: &Unit, settings: Settings<'_>, state: &mut State, t: u32, work: &mut Work) {
    let u = work.unit as usize;
    let depth = state.queues.len();
    let mut quiet = true;
    for &index in &unit.tick {
        let tile = &unit.tiles[index];
        let Some(neurons) = &tile.neurons else { continue };
        if t >= tile.window.1 {
            continue;
        }
        if t < tile.window.0 {
            quiet = false;
            continue;
        }
        if state.units[u].tiles[index].quiet {
            continue;
        }
        let (channels, _, width) = tile.extent;
        state.fired.resize(channels, 0);
        let is_read = tile.layer == settings.read_layer;
        let layer = &settings.layers[tile.layer.0 as usize];
        let n_before = state.units[u].tiles[index].spikes;
        let mut due = false;
        if settings.touched_only {
            let tally = &mut state.units[u].tiles[index];
            let visited = tally.touched.iter().filter(|&&touched| touched).count();
            tally.visits += visited as u64;
            work.visited += visited as u32;
        }
        for position in 0..tile.n() / channels {
            let own = &mut state.units[u];
            let v = &mut own.v[tile.v_base + position * channels..][..channels];
            due |= neurons.update(v, &mut state.fired);
            if settings.touched_only {
                let marks = &mut own.tiles[index].touched[position * channels..][..channels];
                for (c, (mark, &v)) in marks.iter_mut().zip(&*v).enumerate() {
                    *mark = neurons.is_due(c, v);
                }
            }
            let (y, x) = (position / width, position % width);
            let tally = &mut own.tiles[index];
            for_each_set(&state.fired, |c| {
                tally.spikes += 1;
                let source = (tile.origin.0 + c as u16, tile.origin.1 + y as u16, tile.origin.2 + x as u16);
                if is_read {
                    state.read_counts[layer.index(source)] += 1;
                }
                if P::SPIKES {
                    state.fired_in[tile.layer.0 as usize].push(layer.index(source) as u32);
                }
                let classes = &tile.classes;
                let class =
                    if classes.routes.is_empty() { 0 } else { classes.channel[c] + classes.row[y] + classes.column[x] };
                tally.step_uses[class as usize] += 1;
                if settings.ordered {
                    state.order.push((u as u32, index as u16, class));
                }
                for &(delay, to, axon) in classes.deliveries.get(class as usize).map_or(&[][..], Vec::as_slice) {
                    if t + delay < settings.timesteps {
                        let slot = (t + delay) as usize % depth;
                        let (c, y, x) = source;
                        state.queues[slot][to as usize].push(Event { axon, c, y, x, value: 1 });
                        state.pending[slot].insert(to as usize);
                    } else {
                        state.unprocessed += 1;
                    }
                }
            });
        }
        let tally = &mut state.units[u].tiles[index];
        work.spikes += (tally.spikes - n_before) as u32;
        tally.quiet = neurons.is_inert() && !due;
        quiet &= tally.quiet;
        for (class, (uses, step)) in tally.class_uses.iter_mut().zip(&mut tally.step_uses).enumerate() {
            if *step > 0 {
                *uses += u64::from(*step);
                if settings.timed {
                    state.sent.push(Sent { unit: u as u32, tile: index as u16, class: class as u32, n: *step });
                }
                *step = 0;
            }
        }
    }
    if quiet {
        state.awake.remove(u);
    } else {
        state.awake.insert(u);
    }
}

/// Calls `f` with the index of every non-zero byte.
#[inline]
fn for_each_set(bytes: &[u8], mut f: impl FnMut(usize)) {
    let mut chunks = bytes.chunks_exact(8);
    let mut base = 0;
    for chunk in &mut chunks {
        let mut word = u64::from_le_bytes(chunk.try_into().expect("chunks of 8 bytes"));
        while word != 0 {
            let byte = word.trailing_zeros() as usize / 8;
            f(base + byte);
            word &= !(0xff << (8 * byte));
        }
        base += 8;
    }
    for (i, &byte) in chunks.remainder().iter().enumerate() {
        if byte != 0 {
            f(base + i);
        }
    }
}
