//! A plain executor of programs, by the words of the descriptors' documentation, to compare with the graph interpreter.

#![allow(dead_code, reason = "every test uses a part")]

mod listed;
pub(crate) mod network;

use isa::{
    CoreImage, Descriptor, Destination, Emission, NeuronDescriptor, NeuronKind, Program, Route, SparseDescriptor,
    Stimulus, Tag,
    op::{ConvDescriptor, DenseDescriptor},
};
use std::collections::BTreeMap;

/// The preset, with neurons that compute everything: what is tested is the rest of the chip.
pub(crate) fn preset(name: &str) -> Option<isa::Arch> {
    let mut arch = isa::arch::preset::preset(name)?;
    arch.core.dynamics = isa::arch::Dynamics::everything();
    Some(arch)
}

/// Spikes and final potentials by layer, channel-major.
pub(crate) struct Outcome {
    /// `spikes[layer][t]`, ascending.
    pub spikes: Vec<Vec<Vec<u32>>>,
    /// `potentials[layer]`; empty where a layer has none.
    pub potentials: Vec<Vec<i64>>,
    /// Deliveries of events to cores.
    pub deliveries: u64,
}

#[derive(Clone, Copy)]
struct Event {
    tag: Tag,
    at: (u16, u16, u16),
    value: i64,
}

impl Event {
    /// With the fraction bits of the tile whose state begins there.
    fn onto(self, core: &CoreImage, v_base: u32) -> Self {
        let tile = neurons(core).find(|d| d.v_base == v_base).expect("operations reach tiles");
        let shift = if let NeuronKind::Listed(list) = &tile.kind { list.shift } else { 0 };
        Self { value: self.value << shift, ..self }
    }
}

/// What leaves a neuron.
struct Sent<'a> {
    at: (u16, u16, u16),
    emission: &'a Emission,
    fired: bool,
    value: i64,
}

/// Runs one sample.
pub(crate) fn execute(program: &Program, stimulus: &Stimulus) -> Outcome {
    let steps = program.timesteps as usize;
    let mut state: Vec<Vec<i64>> = program.cores.iter().map(initial).collect();
    let mut queues: BTreeMap<(usize, usize), Vec<Event>> = BTreeMap::new();
    let mut spikes = vec![vec![Vec::new(); steps]; program.layers.len()];
    let index: BTreeMap<_, _> = program.cores.iter().enumerate().map(|(i, c)| (c.core, i)).collect();
    let mut deliveries = 0;
    let mut send = |queues: &mut BTreeMap<(usize, usize), Vec<Event>>, route: &Route, t, at, value| {
        for core in route.destination.cores() {
            deliveries += 1;
            let event = Event { tag: route.tag, at, value };
            queues.entry((t + route.delay as usize, index[core])).or_default().push(event);
        }
        if let Destination::Rectangle { cores, .. } = &route.destination {
            assert!(cores.len() > 1, "a single core needs no rectangle");
        }
    };
    #[allow(clippy::needless_range_loop, reason = "t is a time, and indexes several lists")]
    for t in 0..steps {
        let input = program.layer(program.input.layer);
        for event in stimulus.steps.get(t).into_iter().flatten() {
            let (c, y, x) = input.position(event.neuron as usize);
            for &r in program.input.emission.routes(c as usize, y as usize, x as usize) {
                let route = &program.input.routes[r.0 as usize];
                send(&mut queues, route, t, (c, y, x), i64::from(event.value));
            }
        }
        for (i, core) in program.cores.iter().enumerate() {
            for event in queues.remove(&(t, i)).unwrap_or_default() {
                let axon = core.axons.iter().find(|a| a.tag == event.tag).expect("receivers know the tag");
                for d in &axon.descriptors {
                    match &core.descriptors[d.0 as usize] {
                        Descriptor::Conv(d) => convolve(program, d, event.onto(core, d.v_base), &mut state[i]),
                        Descriptor::Dense(d) => dense(program, d, event.onto(core, d.v_base), &mut state[i]),
                        Descriptor::Sparse(d) => sparse(program, d, event.onto(core, d.v_base), &mut state[i]),
                        Descriptor::Neurons(_) => panic!("an axon runs synaptic operations"),
                    }
                }
            }
            for descriptor in &core.descriptors {
                let Descriptor::Neurons(d) = descriptor else { continue };
                let sent = match &d.kind {
                    NeuronKind::Listed(list) => {
                        listed::update((d, list, program.layer(d.layer)), t as u32, &mut state[i])
                    }
                    NeuronKind::Spiking { .. } | NeuronKind::Accumulator => update(d, t as u32, &mut state[i]),
                };
                for Sent { at, emission, fired, value } in sent {
                    let global = (d.origin.0 + at.0, d.origin.1 + at.1, d.origin.2 + at.2);
                    if fired {
                        spikes[d.layer.0 as usize][t].push(program.layer(d.layer).index(global) as u32);
                    }
                    for &r in emission.routes(at.0 as usize, at.1 as usize, at.2 as usize) {
                        let route = &core.routes[r.0 as usize];
                        assert!(route.delay > 0, "spikes arrive later");
                        send(&mut queues, route, t, global, value);
                    }
                }
            }
        }
    }
    for step in spikes.iter_mut().flatten() {
        step.sort_unstable();
    }
    Outcome { spikes, potentials: potentials(program, &state), deliveries }
}

fn neurons(core: &CoreImage) -> impl Iterator<Item = &NeuronDescriptor> {
    core.descriptors.iter().filter_map(|d| match d {
        Descriptor::Neurons(d) => Some(d),
        _ => None,
    })
}

/// (c, y, x) within the tile and state word of each neuron.
fn places(d: &NeuronDescriptor) -> impl Iterator<Item = ((u16, u16, u16), usize)> {
    let (channels, rows, cols) = d.extent;
    let base = d.v_base as usize;
    (0..rows)
        .flat_map(move |y| (0..cols).flat_map(move |x| (0..channels).map(move |c| (c, y, x))))
        .enumerate()
        .map(move |(i, at)| (at, base + i))
}

fn initial(core: &CoreImage) -> Vec<i64> {
    let mut state = vec![0; core.n_state as usize];
    for d in neurons(core) {
        for ((c, ..), word) in places(d) {
            if let NeuronKind::Listed(list) = &d.kind {
                let i = word - d.v_base as usize;
                for (w, column) in list.words.iter().enumerate() {
                    state[word + w * d.n()] = i64::from(column.at(i, usize::from(d.extent.0)));
                }
            } else {
                state[word] = i64::from(d.params[c as usize].v_init);
            }
        }
    }
    state
}

fn potentials(program: &Program, state: &[Vec<i64>]) -> Vec<Vec<i64>> {
    let mut all: Vec<Vec<i64>> = program.layers.iter().map(|_| Vec::new()).collect();
    for (core, state) in program.cores.iter().zip(state) {
        for d in neurons(core) {
            let layer = program.layer(d.layer);
            let of = &mut all[d.layer.0 as usize];
            of.resize(layer.neurons(), 0);
            for ((c, y, x), word) in places(d) {
                let plane = if let NeuronKind::Listed(list) = &d.kind { usize::from(list.potential.0) } else { 0 };
                of[layer.index((d.origin.0 + c, d.origin.1 + y, d.origin.2 + x))] = state[word + plane * d.n()];
            }
        }
    }
    all
}

fn convolve(program: &Program, d: &ConvDescriptor, event: Event, state: &mut [i64]) {
    let (c, y, x) = event.at;
    let weights = &program.block(d.weights).data;
    let (y, x) = (i64::from(y / d.pool.0), i64::from(x / d.pool.1));
    if y >= i64::from(d.source.0) || x >= i64::from(d.source.1) {
        return;
    }
    assert!((d.first_channel..d.first_channel + d.n_channels).contains(&c), "events come from channels with weights");
    let group = c / d.in_per_group;
    let j0 = (i64::from(group) * i64::from(d.out_per_group) - i64::from(d.origin.0)).max(0);
    for ky in 0..d.kernel.0 {
        for kx in 0..d.kernel.1 {
            let ny = y + i64::from(d.padding.0) - i64::from(ky * d.dilation.0);
            let nx = x + i64::from(d.padding.1) - i64::from(kx * d.dilation.1);
            if ny < 0 || nx < 0 || ny % i64::from(d.stride.0) != 0 || nx % i64::from(d.stride.1) != 0 {
                continue;
            }
            let ty = ny / i64::from(d.stride.0) - i64::from(d.origin.1);
            let tx = nx / i64::from(d.stride.1) - i64::from(d.origin.2);
            if ty < 0 || tx < 0 || ty >= i64::from(d.extent.1) || tx >= i64::from(d.extent.2) {
                continue;
            }
            let tap = (usize::from(c - d.first_channel) * usize::from(d.kernel.0) + usize::from(ky))
                * usize::from(d.kernel.1)
                + usize::from(d.kernel.1 - 1 - kx);
            let word = i64::from(d.v_base) + (ty * i64::from(d.extent.2) + tx) * i64::from(d.extent.0) + j0;
            for j in 0..usize::from(d.span) {
                state[word as usize + j] += event.value * i64::from(weights[tap * usize::from(d.span) + j]);
            }
        }
    }
}

fn dense(program: &Program, d: &DenseDescriptor, event: Event, state: &mut [i64]) {
    let (c, y, x) = (event.at.0, event.at.1 / d.pool.0, event.at.2 / d.pool.1);
    if y >= d.source.1 || x >= d.source.2 {
        return;
    }
    let row = (usize::from(c) * usize::from(d.source.1) + usize::from(y)) * usize::from(d.source.2) + usize::from(x);
    let n = d.n as usize;
    let weights = &program.block(d.weights).data[row * n..][..n];
    for (v, &w) in state[d.v_base as usize..].iter_mut().zip(weights) {
        *v += event.value * i64::from(w);
    }
}

fn sparse(program: &Program, d: &SparseDescriptor, event: Event, state: &mut [i64]) {
    let (c, y, x) = (event.at.0, event.at.1 / d.pool.0, event.at.2 / d.pool.1);
    let row = (usize::from(c) * usize::from(d.source.1) + usize::from(y)) * usize::from(d.source.2) + usize::from(x);
    let mut first = 0;
    for list in &d.lists {
        if list.source as usize == row && y < d.source.1 && x < d.source.2 {
            for (k, &target) in list.targets.iter().enumerate() {
                let weight = program.block(d.weights).data[first + k];
                state[(d.v_base + target) as usize] += event.value * i64::from(weight);
            }
        }
        first += list.targets.len();
    }
}

fn update<'a>(d: &'a NeuronDescriptor, t: u32, state: &mut [i64]) -> Vec<Sent<'a>> {
    let NeuronKind::Spiking { strict, hard_reset, decay, floor, window } = d.kind.clone() else { return Vec::new() };
    let mut fired = Vec::new();
    if t < window.0 || t >= window.1 {
        return fired;
    }
    for (at, word) in places(d) {
        let params = &d.params[at.0 as usize];
        let threshold = i64::from(params.threshold);
        let v = &mut state[word];
        *v += i64::from(params.bias);
        if let Some(floor) = floor {
            *v = (*v).max(i64::from(floor));
        }
        if *v > threshold || (*v == threshold && !strict) {
            fired.push(Sent { at, emission: &d.emission, fired: true, value: 1 });
            *v = if hard_reset { 0 } else { *v - threshold };
        }
        *v -= *v * i64::from(decay) / 4096;
    }
    fired
}
