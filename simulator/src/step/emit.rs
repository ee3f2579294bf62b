//! Emission: where the spikes of a tile go in a timestep, and what is counted of them.

use super::Settings;
use crate::{
    kernel::fan_out::FanOut,
    load::{Tile, Unit},
    probe::Probe,
    state::{Routed, Sent, State, Work},
};

/// A tile whose neurons are being updated.
#[derive(Clone, Copy)]
pub(super) struct Emitter<'a> {
    settings: Settings<'a>,
    t: u32,
    /// Index of the unit, and of the tile there.
    place: (usize, usize),
    tile: &'a Tile,
    /// What spikes add without a queue, unless it is due after the last timestep.
    fan: Option<&'a FanOut>,
    /// No queue is needed and nobody asks for single spikes: a list of those who fired will do.
    listed: bool,
}

impl<'a> Emitter<'a> {
    pub(super) fn new<P: Probe>(settings: Settings<'a>, t: u32, place: (usize, usize), tile: &'a Tile) -> Self {
        let fan = tile.fan_out.as_ref().filter(|fan| t + fan.delay < settings.timesteps);
        let watched = P::SPIKES || P::EMISSIONS || P::PACKETS || settings.ordered || tile.layer == settings.read_layer;
        Self { settings, t, place, tile, fan, listed: fan.is_some_and(FanOut::is_whole) && !watched }
    }

    /// Takes those channels of a position that `state.fired` marks; `values` are what they emit, if not spikes.
    #[inline]
    pub(super) fn position<P: Probe>(&self, state: &mut State, position: usize, values: Option<&[i32]>) {
        if self.listed {
            append_set(&state.fired, (position * self.tile.extent.0) as u32, &mut state.direct);
            return;
        }
        state.channels.clear();
        append_set(&state.fired, self.tile.origin.0, &mut state.channels);
        if !state.channels.is_empty() {
            self.channels::<P>(state, position, values);
        }
    }

    /// Sends the spikes of `state.channels` at a position.
    fn channels<P: Probe>(&self, state: &mut State, position: usize, values: Option<&[i32]>) {
        let (tile, (u, index)) = (self.tile, self.place);
        let (channels, _, width) = tile.extent;
        let (y, x) = (position / width, position % width);
        let place = (tile.origin.1 + y as u16, tile.origin.2 + x as u16);
        let layer = &self.settings.layers[tile.layer.0 as usize];
        let neuron = |c: u16| layer.index((c, place.0, place.1));
        let own = &mut state.units[u].tiles[index];
        if tile.fires() && tile.layer == self.settings.read_layer {
            state.channels.iter().for_each(|&c| state.read_counts[neuron(c)] += 1);
        }
        if P::SPIKES && tile.fires() {
            state.fired_in[tile.layer.0 as usize].extend(state.channels.iter().map(|&c| neuron(c) as u32));
        }
        let class = |c: u16| tile.classes.of((c - tile.origin.0) as usize, y, x);
        let value = |c: u16| values.map_or(1, |values| values[usize::from(c - tile.origin.0)]);
        if P::EMISSIONS && tile.fires() {
            state.sent_in[tile.layer.0 as usize].extend(state.channels.iter().map(|&c| (neuron(c) as u32, value(c))));
        }
        for run in state.channels.chunk_by(|&a, &b| class(a) == class(b) && value(a) == value(b)) {
            let (class, value) = (class(run[0]), value(run[0]));
            if self.settings.ordered {
                state.order.extend(std::iter::repeat_n((u as u32, index as u16, class), run.len()));
            }
            if P::PACKETS {
                state.tags.extend(run.iter().map(|&c| neuron(c) as u32));
            }
            if self.fan.is_some_and(|fan| fan.is_direct(class)) {
                let first = position * channels;
                state.direct.extend(run.iter().map(|&c| (first + usize::from(c - tile.origin.0)) as u32));
                continue;
            }
            own.step_uses[class as usize] += run.len() as u32;
            if let Some(deliveries) = tile.classes.deliveries.get(class as usize) {
                state.ring.send((self.t, self.settings.timesteps), deliveries, run, place, value);
            }
        }
    }

    /// After the last position: adds what goes without queues, and counts.
    pub(super) fn finish(&self, state: &mut State, work: &mut Work) {
        let (u, index) = self.place;
        let timed = self.settings.timed;
        let own = &mut state.units[u];
        let tally = &mut own.tiles[index];
        let mut spikes = state.direct.len() as u32;
        for (class, (uses, step)) in tally.class_uses.iter_mut().zip(&mut tally.step_uses).enumerate() {
            if *step > 0 {
                let n = std::mem::take(step);
                *uses += u64::from(n);
                spikes += n;
                if timed {
                    state.sent.push(Sent { unit: u as u32, tile: index as u16, class: class as u32, n });
                }
            }
        }
        tally.spikes += u64::from(spikes);
        work.spikes += spikes;
        let Some(fan) = self.fan.filter(|_| !state.direct.is_empty()) else { return };
        state.direct.iter().for_each(|&neuron| tally.fan_uses[neuron as usize] += 1);
        let due = self.t + fan.delay;
        state.ring.spread(due, fan, &state.direct);
        if timed {
            state.ring.tally(due, fan, &state.direct, &mut own.path_uses);
            if self.tile.to_host {
                state.routed.push(Routed { unit: u as u32, path: None, n: state.direct.len() as u32 });
            }
        }
        state.direct.clear();
    }
}

/// After the last tile of a unit in a timestep: what its spikes without queues are to the network and to the cores.
pub(super) fn routed(unit: &Unit, u: u32, state: &mut State, t: u32) {
    for (index, (path, uses)) in unit.paths.iter().zip(&mut state.units[u as usize].path_uses).enumerate() {
        if *uses > 0 {
            let n = std::mem::take(uses);
            state.ring.deliver(t + path.delay, path, n);
            state.routed.push(Routed { unit: u, path: Some(index as u32), n });
        }
    }
}

/// Appends `first` + the index of every byte that is 1 rather than 0, without a branch for each.
#[inline]
fn append_set<T: Copy + Default + From<u8> + std::ops::Add<Output = T>>(bytes: &[u8], first: T, list: &mut Vec<T>) {
    let mut first = first;
    for chunk in bytes.chunks(64) {
        if chunk.iter().fold(0, |any, &byte| any | byte) != 0 {
            let mut found = [T::default(); 64];
            let mut n = 0;
            for (c, &byte) in (0_u8..).zip(chunk) {
                found[n & 63] = first + T::from(c);
                n += usize::from(byte);
            }
            list.extend_from_slice(&found[..n]);
        }
        first = first + T::from(64);
    }
}
