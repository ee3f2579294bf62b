//! Running a sample event by event.

use super::{
    Coupled, Operation,
    fabric::{Departure, Departures},
    queue::{Event, EventQueue},
    replay::{Ends, Log},
};
use crate::{
    error::{NoTime, RunError},
    execution::{Execute, Finish, Sample},
    kernel::{Synaptic, sparse::ListReads},
    load::Loaded,
    probe::Probe,
    state::{Burst, State},
    step::{Settings, clip},
    timing::{FlitLevel, TimingMode},
};
use isa::{Cycle, Stimulus, Timestep};

impl Execute for Coupled {
    fn untimed(&self, mode: TimingMode) -> Option<NoTime> {
        match mode {
            TimingMode::Counts => Some(NoTime::NotAsked),
            TimingMode::Analytic => None,
            TimingMode::Cycle => self.noc.as_ref().and_then(|(_, flits)| flits.as_ref().err().cloned()),
        }
    }

    fn flit_level(&self) -> Option<&FlitLevel> {
        self.noc.as_ref()?.1.as_ref().ok()
    }

    fn run<P: Probe>(&self, sample: &Sample<'_>, state: &mut State, probe: &mut P) -> Result<Finish, RunError> {
        let (loaded, settings, mode) = (sample.loaded(), sample.settings, sample.mode);
        let mut queue = std::mem::take(&mut state.events);
        queue.reset(loaded.units.len());
        let replayed = self.noc.as_ref().and_then(|(noc, flits)| Some((noc, flits.as_ref().ok()?)));
        let replayed = replayed.filter(|_| mode == TimingMode::Cycle);
        queue.log = replayed.map(|_| Log::default());
        self.input::<P>(loaded, settings, state, sample.stimulus, &mut queue);
        let mut saturated = 0;
        while let Some(event) = queue.pop() {
            let done = self.integrate(loaded, state, &event, &mut queue);
            saturated += self.settle(loaded, state, &event, &mut queue);
            self.emit(loaded, settings, (state, &mut queue), (&event, done), probe);
        }
        let ends = match replayed.zip(queue.log.take()) {
            Some((network, log)) => log.replay(loaded, network, self.costs.emit),
            None => Ends { cores: queue.last_free(), outputs: queue.last_output },
        };
        let time = self.time(loaded, state, &queue, (ends, sample.machine.n_read_values()));
        state.events = queue;
        sample.machine.observe(state, Timestep(0), probe);
        Ok(Finish { time: self.untimed(mode).is_none().then_some(time), saturated })
    }
}

impl Coupled {
    /// The host sends the events of all timesteps one after another.
    fn input<P: Probe>(
        &self,
        loaded: &Loaded,
        settings: Settings<'_>,
        state: &mut State,
        stimulus: &Stimulus,
        queue: &mut EventQueue,
    ) {
        let port = &loaded.port;
        let layer = &settings.layers[port.layer.0 as usize];
        let mut at = 0;
        for input in stimulus.steps.iter().take(settings.timesteps as usize).flatten() {
            at += self.host;
            state.input_events += 1;
            if P::SPIKES {
                state.fired_in(port.layer).push(input.neuron);
            }
            if P::EMISSIONS {
                state.sent_in(port.layer).push((input.neuron, input.value));
            }
            let neuron = layer.position(input.neuron as usize);
            let class = port.classes.of(neuron.0.into(), neuron.1.into(), neuron.2.into()) as usize;
            let Some(routes) = port.classes.routes.get(class) else { continue };
            state.input_uses[class] += 1;
            let event = Event { at, unit: 0, source: 0, sequence: 0, axon: 0, neuron, value: input.value, logged: 0 };
            for &route in routes {
                send(&self.fabric.port[route as usize], event, 0, queue);
            }
        }
    }

    /// Adds the weights of an event to all potentials that it reaches; returns when that is done.
    fn integrate(&self, loaded: &Loaded, state: &mut State, event: &Event, queue: &mut EventQueue) -> u64 {
        let unit = &loaded.units[event.unit as usize];
        let own = &mut state.units[event.unit as usize];
        let operations = &self.operations[event.unit as usize];
        let (axon, (c, y, x)) = (event.axon as usize, event.neuron);
        own.axon_events[axon] += 1;
        let burst = Burst { axon: event.axon, y, x, n: 1, start: 0, value: event.value };
        let begin = queue.begin(event);
        let mut done = begin + self.costs.per_event;
        queue.reached.clear();
        let totals = own.rows[axon].iter_mut().zip(&mut own.lists[axon]);
        for (&call, (total, lists)) in unit.axons[axon].calls.iter().zip(totals) {
            let (op, _, _) = &unit.synaptic[call as usize];
            let Operation { row_ticks, tile } = operations[call as usize];
            if let Synaptic::Sparse(sparse) = op {
                let mut reads = ListReads::default();
                *total += sparse.scatter(&mut own.v, &[burst], &[c], &mut reads);
                *lists += reads;
                done += self.costs.list_ticks(reads.slots);
            } else {
                let rows = op.scatter(&mut own.v, &[burst], &[c], &mut state.bases);
                *total += rows;
                done += rows * row_ticks;
            }
            op.touched(burst, &[c], |start, end| queue.reached.push((start as u32, end as u32, tile)));
        }
        queue.reached.sort_unstable();
        if let Some(log) = &mut queue.log {
            log.take(event.logged, done - begin);
        }
        done
    }

    /// Saturates and compares the potentials reached, in ascending order; returns how many left the range.
    fn settle(&self, loaded: &Loaded, state: &mut State, event: &Event, queue: &mut EventQueue) -> u64 {
        let unit = &loaded.units[event.unit as usize];
        let own = &mut state.units[event.unit as usize];
        let EventQueue { reached, fired, .. } = queue;
        fired.clear();
        let mut saturated = 0;
        for &(start, end, index) in &*reached {
            let tile = &unit.tiles[index as usize];
            let channels = tile.extent.0;
            let mut word = start as usize;
            while word < end as usize {
                // The channels of one position.
                let first = (word - tile.v_base) % channels;
                let n = (channels - first).min(end as usize - word);
                let v = &mut own.v[word..word + n];
                saturated += clip(v, self.range);
                if let Some(neurons) = &tile.neurons {
                    neurons.fire(first, v, |i| fired.push(((word + i) as u32, index)));
                    own.tiles[index as usize].visits += n as u64;
                }
                word += n;
            }
        }
        saturated
    }

    /// Sends the spikes of an event whose updates are done at `done`.
    fn emit<P: Probe>(
        &self,
        loaded: &Loaded,
        settings: Settings<'_>,
        (state, queue): (&mut State, &mut EventQueue),
        (event, done): (&Event, u64),
        probe: &mut P,
    ) {
        let unit = &loaded.units[event.unit as usize];
        let fired = std::mem::take(&mut queue.fired);
        let mut leaves = done;
        for &(word, index) in &fired {
            let tile = &unit.tiles[index as usize];
            let (channels, _, width) = tile.extent;
            let i = word as usize - tile.v_base;
            let (c, y, x) = (i % channels, i / channels / width, i / channels % width);
            let neuron = (tile.origin.0 + c as u16, tile.origin.1 + y as u16, tile.origin.2 + x as u16);
            let id = settings.layers[tile.layer.0 as usize].index(neuron);
            let class = tile.classes.of(c, y, x) as usize;
            let tally = &mut state.units[event.unit as usize].tiles[index as usize];
            tally.spikes += 1;
            tally.class_uses[class] += 1;
            if tile.layer == settings.read_layer {
                state.read_counts[id] += 1;
            }
            if P::SPIKES {
                state.fired_in(tile.layer).push(id as u32);
            }
            if P::EMISSIONS {
                state.sent_in(tile.layer).push((id as u32, 1));
            }
            if P::FIRINGS {
                probe.firing(Cycle(done), tile.layer, id as u32);
            }
            let source = event.unit + 1;
            let spike = Event { at: leaves, unit: 0, source, sequence: 0, axon: 0, neuron, value: 1, logged: 0 };
            for &route in tile.classes.routes.get(class).map_or(&[][..], Vec::as_slice) {
                let departures = &self.fabric.units[event.unit as usize][route as usize];
                leaves = send(departures, Event { at: leaves, ..spike }, self.costs.emit, queue);
            }
            if tile.to_host {
                leaves += self.costs.emit;
                if let Some(log) = &mut queue.log {
                    log.send(source, unit.to_host, leaves);
                }
                queue.n_outputs += 1;
                queue.last_output = queue.last_output.max(leaves + self.fabric.to_host[event.unit as usize]);
            }
        }
        if let Some(log) = &mut queue.log {
            log.sent();
        }
        queue.fired = fired;
        queue.busy_until(event.unit, leaves);
    }
}

/// Sends the packets of a route, `emit` ticks apart; returns when the last left.
fn send(departures: &Departures, event: Event, emit: u64, queue: &mut EventQueue) -> u64 {
    let mut leaves = event.at;
    for Departure { traffic, copies } in departures {
        leaves += emit;
        if let Some((log, traffic)) = queue.log.as_mut().zip(*traffic) {
            log.send(event.source, traffic, leaves);
        }
        for copy in copies {
            let logged = queue.log.as_mut().map_or(0, |log| log.copy(copy.unit));
            queue.send(Event { at: leaves + copy.latency, unit: copy.unit, axon: copy.axon, logged, ..event });
        }
    }
    leaves
}
