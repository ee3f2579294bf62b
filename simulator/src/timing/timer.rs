//! Replays the work of each timestep in time: cores in closed form, the network in closed form or flit by flit, then the
//! separation from the next timestep.

use super::{
    CoreTime, Costs, QueueTime, StepTime, Time, TimingMode,
    bounds::Binding,
    flows::{Flow, Flows},
};
use crate::{
    core::{queue::InputQueue, sweep_ticks},
    error::RunError,
    load::{Loaded, Tile, Unit},
    noc::{
        demand::{Burst, Demand, Pace},
        mesh::Mesh,
        tree::Trees,
    },
    state::{State, Work},
    step::Settings,
};
use isa::{CoreId, Cycle, Timestep, arch::Sync};

/// Replays the work of each timestep in time.
#[derive(Debug)]
pub(crate) struct Timer<'a> {
    pub(super) loaded: &'a Loaded,
    pub(super) costs: &'a Costs,
    pub(super) flows: Flows,
    demand: Demand,
    /// The network, in cycle mode.
    pub(super) mesh: Option<Mesh<'a, Trees>>,
    /// Input queues by unit, in cycle mode, where they are limited.
    pub(super) queues: Vec<InputQueue>,
    barrier: u64,
    /// When each unit is free (token synchronization), or the chip.
    free: Vec<u64>,
    pub(super) cores: Vec<CoreTime>,
    time: Time,
    pub(super) now: u64,
    /// When the timestep replayed last began, and when each of its packets had arrived, if that is kept.
    begun: u64,
    pub(super) arrivals: Option<Vec<u64>>,
}

impl<'a> Timer<'a> {
    pub(crate) fn new(loaded: &'a Loaded, costs: &'a Costs, mode: TimingMode) -> Self {
        let mut routers: Vec<u32> = loaded.units.iter().map(|unit| unit.router.0).collect();
        routers.dedup();
        let barrier = costs.barrier(routers.len() as u64);
        let reset = loaded.units.iter().map(|unit| costs.core.reset_ticks(unit.n_state as u64)).max().unwrap_or(0);
        let mut time = Time { tick_ps: costs.tick_ps, ..Time::default() };
        time.reset = reset + barrier;
        if let Sync::Fixed(step) = &costs.sync {
            time.reset = reset.div_ceil(step.value.max(1)) * step.value;
        }
        let now = time.reset;
        let level = costs.flit_level().filter(|_| mode == TimingMode::Cycle);
        let mesh =
            costs.noc.as_ref().zip(level).map(|(noc, level)| Mesh::new(&noc.topology, &loaded.trees, level.shape(noc)));
        let queues = costs.queues.iter().filter(|_| mode == TimingMode::Cycle).flat_map(|capacities| {
            let capacity = |unit: &Unit| capacities[unit.core.0 as usize];
            loaded.units.iter().map(move |unit| InputQueue::new(capacity(unit), costs.core.per_event))
        });
        Self {
            loaded,
            costs,
            flows: Flows::new(loaded.traffic.len()),
            demand: Demand::new(&costs.ways),
            mesh,
            queues: queues.collect(),
            barrier,
            free: vec![now; loaded.units.len()],
            cores: Vec::new(),
            time,
            now,
            begun: now,
            arrivals: None,
        }
    }

    /// Keeps the arrivals of the packets of each timestep.
    pub(crate) fn keep_arrivals(&mut self) {
        self.arrivals = self.mesh.is_some().then(Vec::new);
    }

    /// When the packet that was injected as number `id` in the last timestep had arrived everywhere, where flits are simulated.
    pub(crate) fn arrival(&self, id: usize) -> Option<u64> {
        self.arrivals.as_ref().map(|arrivals| arrivals[id])
    }

    /// When the last timestep began.
    pub(crate) fn begun(&self) -> u64 {
        self.begun
    }

    /// Ticks from the start of the last timestep until a unit began to emit.
    pub(crate) fn swept(&self, unit: usize) -> u64 {
        self.cores[unit].arrivals + self.cores[unit].sweep
    }

    /// Ticks between two packets of the host, and between two packets of a core.
    pub(crate) fn intervals(&self) -> (u64, u64) {
        (self.costs.host, self.costs.core.emit)
    }

    /// Times of the cores in the last timestep.
    pub(crate) fn cores(&self) -> &[CoreTime] {
        &self.cores
    }

    /// Replays timestep `t` from the work recorded in `state`.
    pub(crate) fn step(&mut self, settings: Settings<'_>, state: &State, t: u32) -> Result<StepTime, RunError> {
        let (loaded, costs) = (self.loaded, self.costs);
        self.begun = self.now;
        let n_inputs: u64 = state.input_sent.iter().map(|&(_, n)| u64::from(n)).sum();
        self.begin_cores(settings, &state.work, t);
        self.packets(state, n_inputs * costs.host);
        // Input events enter one by one; the last one still has to be processed where it goes.
        let stream = n_inputs * costs.host;
        if n_inputs > 0 {
            for &(class, _) in &state.input_sent {
                for &route in &loaded.port.classes.routes[class as usize] {
                    let path = &loaded.port.paths[route as usize];
                    let latency = self.latency(&path.packets);
                    for &(unit, _) in &path.targets {
                        let core = &mut self.cores[unit as usize];
                        core.arrivals = core.arrivals.max(stream + latency + costs.core.per_event);
                    }
                }
            }
        }
        let compute = self.cores.iter().map(CoreTime::busy).max().unwrap_or(0);
        let mut done = compute;
        if self.mesh.is_some() {
            done = done.max(self.flits(state));
        } else if let Some(noc) = &costs.noc {
            done = done.max(self.closed_form(n_inputs * costs.host)).max(self.room(noc));
        }
        let n_outputs: u64 = state
            .work
            .iter()
            .filter(|work| loaded.units[work.unit as usize].tiles.iter().any(|tile| tile.to_host))
            .map(|work| u64::from(work.spikes))
            .sum();
        done = done.max(n_outputs * costs.host);
        let mut step = StepTime {
            start: Cycle(self.now),
            compute,
            network: done - compute,
            sync: self.barrier,
            max_link: self.demand.busiest_link(&costs.ways),
            max_queue: state.work.iter().map(|work| work.events).max().unwrap_or(0),
            queue: self.cores.iter().filter_map(|core| core.queue).reduce(QueueTime::and),
            binding: None,
        };
        match &costs.sync {
            Sync::Fixed(length) => {
                if done > length.value {
                    let slowest = self.cores.iter().max_by_key(|core| core.busy()).map_or(CoreId(0), |core| core.core);
                    return Err(RunError::Overrun {
                        timestep: Timestep(t),
                        core: slowest,
                        needed: done,
                        available: length.value,
                    });
                }
                step.sync = length.value - done;
            }
            Sync::Token => self.tokens(&mut step, done),
            Sync::Barrier(_) | Sync::None => {}
        }
        if costs.sync != Sync::Token {
            step.binding = Some(Binding::of(&self.cores, costs.core.per_event, &step));
        }
        self.now = match step.start.0.checked_add(step.ticks()) {
            Some(now) if now < 1 << 62 => now,
            _ => return Err(RunError::Endless { timestep: Timestep(t) }),
        };
        self.time.steps.push(step);
        self.demand.clear();
        Ok(step)
    }

    /// Ticks until the last packet has arrived, in closed form; the host sends for `stream` ticks.
    fn closed_form(&mut self, stream: u64) -> u64 {
        let (cores, costs) = (&self.cores, self.costs);
        let bursts = self.flows.all().iter().map(|flow| burst(flow, cores, costs, stream));
        self.demand.end(&costs.ways, bursts, Pace::Expected)
    }

    /// Sets the times of all cores from their work, each beginning now.
    fn begin_cores(&mut self, settings: Settings<'_>, work: &[Work], t: u32) {
        let mut work = work.iter().peekable();
        self.cores.clear();
        for (u, unit) in self.loaded.units.iter().enumerate() {
            let own = work.next_if(|work| work.unit as usize == u).copied().unwrap_or_default();
            let visited =
                if settings.touched_only { u64::from(own.visited) } else { visited(unit, t, settings.shorter) };
            self.cores.push(CoreTime {
                core: unit.core,
                start: Cycle(self.now),
                arrivals: (u64::from(own.events) * self.costs.core.per_event).saturating_add(own.synaptic_ticks),
                synaptic: own.synaptic_ticks,
                sweep: sweep_ticks(&self.costs.core, visited, own.spikes.into()),
                emission: 0,
                events: own.events,
                spikes: own.spikes,
                queue: None,
            });
        }
    }

    /// Adds the packets of the timestep to links and to the emission time of their cores.
    fn packets(&mut self, state: &State, stream: u64) {
        let loaded = self.loaded;
        self.flows.clear();
        let emit = self.costs.core.emit;
        for sent in &state.sent {
            let (unit, n) = (&loaded.units[sent.unit as usize], u64::from(sent.n));
            let tile = &unit.tiles[sent.tile as usize];
            let host = tile.to_host.then_some(&unit.to_host);
            let packets = tile.classes.packets.get(sent.class as usize).map_or(&[][..], Vec::as_slice);
            for &packet in host.into_iter().chain(packets) {
                self.flows.add(Some(sent.unit), packet, n);
                self.cores[sent.unit as usize].emission += n * emit;
            }
        }
        for routed in &state.routed {
            let (unit, n) = (&loaded.units[routed.unit as usize], u64::from(routed.n));
            let packets =
                routed.path.map_or(std::slice::from_ref(&unit.to_host), |path| &unit.paths[path as usize].packets);
            for &packet in packets {
                self.flows.add(Some(routed.unit), packet, n);
                self.cores[routed.unit as usize].emission += n * emit;
            }
        }
        for &(class, n) in &state.input_sent {
            let packets = loaded.port.classes.packets.get(class as usize).map_or(&[][..], Vec::as_slice);
            for &packet in packets {
                self.flows.add(None, packet, n.into());
            }
        }
        self.flows.gather();
        if self.costs.noc.is_some() {
            for flow in self.flows.all() {
                self.demand.add(&self.costs.ways, &burst(flow, &self.cores, self.costs, stream));
            }
        }
    }

    fn latency(&self, packets: &[u32]) -> u64 {
        let Some(noc) = &self.costs.noc else { return 0 };
        packets.iter().map(|&packet| noc.latency(&self.loaded.traffic[packet as usize])).max().unwrap_or(0)
    }

    /// Token synchronization: a core begins when its own timestep and the tokens of all its predecessors are there.
    fn tokens(&mut self, step: &mut StepTime, done: u64) {
        let loaded = self.loaded;
        let mut begin = self.free.clone();
        let spread = done.saturating_sub(self.cores.iter().map(CoreTime::busy).max().unwrap_or(0));
        // `free` holds, per unit, when the previous timestep's tokens and its own work allow the next timestep.
        let ends: Vec<u64> = self
            .cores
            .iter_mut()
            .zip(&mut begin)
            .map(|(core, begin)| {
                core.start = Cycle(*begin);
                *begin + core.busy()
            })
            .collect();
        let mut free = ends.clone();
        for (u, unit) in loaded.units.iter().enumerate() {
            for &to in &unit.token_to {
                let hop = self.costs.noc.as_ref().map_or(0, |noc| noc.between(unit, &loaded.units[to as usize]));
                free[to as usize] = free[to as usize].max(ends[u] + hop + spread);
            }
        }
        let start = self.cores.iter().map(|core| core.start.0).min().unwrap_or(self.now);
        let end = ends.iter().copied().max().unwrap_or(self.now);
        *step = StepTime { start: Cycle(start), compute: end - start, network: 0, sync: 0, ..*step };
        self.free = free;
    }

    /// The whole sample's time, with `n_values` potentials read by the host at the end.
    pub(crate) fn finish(mut self, n_values: u64) -> Time {
        self.time.readout = n_values * self.costs.host;
        self.time.total = self.now.max(self.free.iter().copied().max().unwrap_or(0)) + self.time.readout;
        self.time
    }
}

/// A flow as the network sees it.
fn burst(flow: &Flow, cores: &[CoreTime], costs: &Costs, stream: u64) -> Burst {
    let &Flow { unit, packet, n } = flow;
    match unit.map(|unit| (unit, &cores[unit as usize])) {
        None => Burst { sender: 0, start: 0, emission: stream, emit: costs.host, packet, n },
        Some((unit, core)) => {
            let (start, emission) = (core.arrivals.saturating_add(core.sweep), core.emission);
            Burst { sender: unit + 1, start, emission, emit: costs.core.emit, packet, n }
        }
    }
}

/// Neurons of a unit that are swept in timestep `t` of a sample that is `shorter` than the program's.
fn visited(unit: &Unit, t: u32, shorter: u32) -> u64 {
    let tiles = unit.tick.iter().map(|&tile| &unit.tiles[tile]);
    let swept = |tile: &&Tile| tile.visited.0 <= t && t < tile.visited.1.saturating_sub(shorter);
    tiles.filter(swept).map(|tile| tile.n() as u64).sum()
}
