//! One timestep of function: arrivals, then the neuron updates of the tick handler, then emission into the queues of later
//! timesteps. Cores are independent within a timestep, because events between cores take at least one.

use crate::{
    core::CoreCosts,
    kernel::{Bases, Synaptic, sparse::ListReads},
    load::{Loaded, Unit},
    probe::Probe,
    state::{Arrivals, Sent, Sorted, State, UnitState, Work},
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
    state.input_events += events.len() as u64;
    if P::SPIKES {
        state.fired_in(port.layer).extend(events.iter().map(|event| event.neuron));
    }
    if classes.routes.is_empty() {
        return;
    }
    let before = settings.timed.then(|| state.input_uses.clone());
    if settings.ordered {
        state.input_order.extend(events.iter().map(|event| {
            let (c, y, x) = layer.position(event.neuron as usize);
            classes.of(c.into(), y.into(), x.into())
        }));
    }
    if P::PACKETS {
        state.input_tags.extend(events.iter().map(|event| (event.neuron, event.value)));
    }
    let width = layer.shape.2 as usize;
    by_place(events, layer.shape.1 as usize * width, &mut state.sorted, |place, channels| {
        let (y, x) = (place / width, place % width);
        let key = |&(c, value): &(u16, i32)| (classes.of(c.into(), y, x), value);
        for same in channels.chunk_by(|a, b| key(a) == key(b)) {
            let (class, value) = key(&same[0]);
            state.input_uses[class as usize] += same.len() as u64;
            state.channels.clear();
            state.channels.extend(same.iter().map(|&(c, _)| c));
            let deliveries = &classes.deliveries[class as usize];
            state.ring.send((t, settings.timesteps), deliveries, &state.channels, (y as u16, x as u16), value);
        }
    });
    if let Some(before) = before {
        for (class, (&after, before)) in state.input_uses.iter().zip(before).enumerate() {
            if after > before {
                let n = (after - before) as u32;
                state.input_sent.push(Sent { unit: u32::MAX, tile: 0, class: class as u32, n });
            }
        }
    }
}

/// Calls `f(place, (channel, value)…)` for each of the `n` places of a plane with events, channels ascending.
fn by_place(events: &[InputEvent], n: usize, sorted: &mut Sorted, mut f: impl FnMut(usize, &[(u16, i32)])) {
    let Sorted { ends, events: list } = sorted;
    ends.clear();
    ends.resize(n + 1, 0);
    for event in events {
        ends[event.neuron as usize % n + 1] += 1;
    }
    for place in 0..n {
        ends[place + 1] += ends[place];
    }
    list.clear();
    list.resize(events.len(), (0, 0));
    for event in events {
        let end = &mut ends[event.neuron as usize % n];
        list[*end as usize] = ((event.neuron as usize / n) as u16, event.value);
        *end += 1;
    }
    let mut start = 0;
    for (place, &end) in ends[..n].iter().enumerate() {
        let here = &mut list[start..end as usize];
        start = end as usize;
        if !here.is_empty() {
            if !here.is_sorted() {
                here.sort_unstable();
            }
            f(place, here);
        }
    }
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
        sums(unit, settings, &mut state.units[u], &mut arrived, &mut work);
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
                work.synaptic_ticks += settings.costs.list_ticks(reads.issues, sparse.entry_bits);
            } else {
                let rows = op.scatter(&mut state.v, run, list, bases);
                *total += rows;
                if settings.timed {
                    work.synaptic_ticks += rows * settings.costs.row_ticks(op.span() as u64, *bits);
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
    if arrived.sums.is_empty() || !arrived.pending.contains(work.unit as usize) {
        return;
    }
    for (v, sum) in state.v.iter_mut().zip(&mut arrived.sums[unit.first_word..]) {
        *v = v.wrapping_add(std::mem::take(sum));
    }
    if settings.timed {
        work.events += std::mem::take(&mut arrived.events[work.unit as usize]);
        for (axon, &first) in unit.axons.iter().zip(&unit.first_call) {
            for (&call, issues) in axon.calls.iter().zip(&mut arrived.issues[first as usize..]) {
                let issues = std::mem::take(issues);
                if let Synaptic::Sparse(sparse) = &unit.synaptic[call as usize].0 {
                    work.synaptic_ticks += settings.costs.list_ticks(issues, sparse.entry_bits);
                }
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

/// The tick handler: updates the tiles of a unit and emits their spikes.
fn tick<P: Probe>(unit: &Unit, settings: Settings<'_>, state: &mut State, t: u32, work: &mut Work) {
    let u = work.unit as usize;
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
        let direct = tile.fan_out.as_ref().filter(|fan| t + fan.delay < settings.timesteps);
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
            state.channels.clear();
            append_set(&state.fired, tile.origin.0, &mut state.channels);
            if state.channels.is_empty() {
                continue;
            }
            own.tiles[index].spikes += state.channels.len() as u64;
            let (y, x) = (position / width, position % width);
            let place = (tile.origin.1 + y as u16, tile.origin.2 + x as u16);
            let neuron = |c: u16| layer.index((c, place.0, place.1));
            if is_read {
                state.channels.iter().for_each(|&c| state.read_counts[neuron(c)] += 1);
            }
            if P::SPIKES {
                state.fired_in[tile.layer.0 as usize].extend(state.channels.iter().map(|&c| neuron(c) as u32));
            }
            let class = |c: u16| tile.classes.of((c - tile.origin.0) as usize, y, x);
            for run in state.channels.chunk_by(|&a, &b| class(a) == class(b)) {
                let class = class(run[0]);
                own.tiles[index].step_uses[class as usize] += run.len() as u32;
                if settings.ordered {
                    state.order.extend(std::iter::repeat_n((u as u32, index as u16, class), run.len()));
                }
                if P::PACKETS {
                    state.tags.extend(run.iter().map(|&c| neuron(c) as u32));
                }
                let Some(deliveries) = tile.classes.deliveries.get(class as usize) else { continue };
                if direct.is_some_and(|fan| fan.is_direct(class)) {
                    let first = position * channels;
                    state.direct.extend(run.iter().map(|&c| (first + usize::from(c - tile.origin.0)) as u32));
                } else {
                    state.ring.send((t, settings.timesteps), deliveries, run, place, 1);
                }
            }
        }
        if let Some(fan) = direct {
            let uses = &mut state.units[u].tiles[index].fan_uses;
            state.direct.iter().for_each(|&neuron| uses[neuron as usize] += 1);
            state.ring.spread(t + fan.delay, fan, &state.direct, settings.timed);
            state.direct.clear();
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

/// Appends `first` + the index of every byte that is 1 rather than 0, without a branch for each.
#[inline]
fn append_set(bytes: &[u8], first: u16, list: &mut Vec<u16>) {
    for (i, chunk) in bytes.chunks(64).enumerate() {
        if chunk.iter().fold(0, |any, &byte| any | byte) == 0 {
            continue;
        }
        let mut found = [0; 64];
        let mut n = 0;
        for (c, &byte) in (first + 64 * i as u16..).zip(chunk) {
            found[n & 63] = c;
            n += usize::from(byte);
        }
        list.extend_from_slice(&found[..n]);
    }
}
