//! Input events of a timestep into the queues of the cores.

use super::Settings;
use crate::{
    load::Loaded,
    probe::Probe,
    state::{Sorted, State},
};
use isa::InputEvent;

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
    if P::EMISSIONS {
        state.sent_in(port.layer).extend(events.iter().map(|event| (event.neuron, event.value)));
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
                state.input_sent.push((class as u32, n));
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
