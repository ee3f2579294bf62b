//! Time of a run: what each timestep and each core took, in ticks of the chip, and how timesteps are separated.

use crate::{
    core::{CoreCosts, sweep_ticks},
    error::RunError,
    load::{Loaded, Traffic, Unit},
    noc::{
        analytic::{LinkLoads, NocCosts},
        mesh::{Injection, MAX_CHANNELS, Mesh, Shape, link_ticks},
        tree::Trees,
    },
    state::{State, Work},
    step::Settings,
};
use isa::{
    Arch, CoreId, Cycle, RouterId, Timestep,
    arch::{Multicast, Sync},
};

/// How time is derived. Spikes and counts do not depend on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimingMode {
    /// No time.
    #[default]
    Counts,
    /// Core pipelines in closed form; network as link loads and queueing.
    Analytic,
    /// Core pipelines in closed form; network flit by flit. Yields no time for multicast packets of several flits, for a
    /// torus with one virtual channel, and for routers with more than 64 input channels.
    Cycle,
}

/// Time of a sample.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Time {
    /// Ticks of the reset of all potentials before the first timestep, with its barrier.
    pub reset: u64,
    /// Timesteps.
    pub steps: Vec<StepTime>,
    /// Ticks after the last timestep until all potentials read by the host have left.
    pub readout: u64,
    /// Ticks of the whole sample.
    pub total: u64,
    /// Length of a tick \[ps\].
    pub tick_ps: u64,
}

impl Time {
    /// Duration of the sample \[s\].
    pub fn seconds(&self) -> f64 {
        self.total as f64 * self.tick_ps as f64 * 1e-12
    }
}

/// Time of one timestep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StepTime {
    /// When it began.
    pub start: Cycle,
    /// Ticks until the slowest core had sent its last packet.
    pub compute: u64,
    /// Further ticks until the last packet had arrived.
    pub network: u64,
    /// Further ticks of the separation from the next timestep: barrier, or idle rest of a fixed timestep.
    pub sync: u64,
    /// Busiest link \[flits\].
    pub max_link: u64,
    /// Most events waiting at one core.
    pub max_queue: u32,
}

impl StepTime {
    /// Ticks of the timestep.
    pub fn ticks(&self) -> u64 {
        self.compute + self.network + self.sync
    }
}

/// What one core did in a timestep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CoreTime {
    /// The core.
    pub core: CoreId,
    /// When it began to take events.
    pub start: Cycle,
    /// Ticks of events and their synaptic work.
    pub arrivals: u64,
    /// Ticks of the neuron sweep.
    pub sweep: u64,
    /// Ticks of the emission of packets.
    pub emission: u64,
    /// Events taken from the queue.
    pub events: u32,
    /// Spikes fired.
    pub spikes: u32,
}

impl CoreTime {
    /// When it had sent its last packet.
    pub fn end(&self) -> Cycle {
        Cycle(self.start.0 + self.busy())
    }

    /// Ticks of work.
    pub fn busy(&self) -> u64 {
        self.arrivals + self.sweep + self.emission
    }
}

/// All times of a chip; exists only if every figure that is needed does.
#[derive(Clone, Debug)]
pub(crate) struct Costs {
    pub(crate) core: CoreCosts,
    pub(crate) noc: Option<NocCosts>,
    /// The network for flit-level simulation, if it can be simulated so.
    mesh: Option<Shape>,
    sync: Sync,
    /// Ticks between two events at the host port, in either direction.
    host: u64,
    pub(crate) tick_ps: u64,
}

impl Costs {
    /// `None` if a figure is absent.
    pub(crate) fn new(arch: &Arch) -> Option<Self> {
        if arch.sync == Sync::None {
            return None;
        }
        let noc = match &arch.noc {
            None => None,
            Some(noc) => Some(NocCosts::new(arch, noc)?),
        };
        let mesh = arch.noc.as_ref().zip(noc.as_ref()).and_then(|(noc, costs)| mesh_shape(arch, noc, costs));
        Some(Self {
            mesh,
            core: CoreCosts::new(arch)?,
            noc,
            sync: arch.sync.clone(),
            host: arch.input_interval.as_ref()?.value,
            tick_ps: arch.tick_ps.value,
        })
    }

    /// Whether the network can be simulated flit by flit, or there is none.
    pub(crate) fn has_cycle_mode(&self) -> bool {
        self.noc.is_none() || self.mesh.is_some()
    }

    /// Ticks of a barrier over `routers` routers: linear between the points of the table, constant outside.
    fn barrier(&self, routers: u64) -> u64 {
        let Sync::Barrier(points) = &self.sync else { return 0 };
        let after = points.partition_point(|(n, _)| u64::from(*n) < routers);
        match (after.checked_sub(1).map(|i| &points[i]), points.get(after)) {
            (Some((n0, t0)), Some((n1, t1))) => {
                let (n0, n1) = (i128::from(*n0), i128::from(*n1));
                let (t0, t1) = (i128::from(t0.value), i128::from(t1.value));
                (t0 + (t1 - t0) * (i128::from(routers) - n0) / (n1 - n0)) as u64
            }
            (Some((_, t)), None) | (None, Some((_, t))) => t.value,
            (None, None) => 0,
        }
    }
}

fn mesh_shape(arch: &Arch, noc: &isa::arch::Noc, costs: &NocCosts) -> Option<Shape> {
    let virtual_channels = noc.virtual_channels.max(1) as usize;
    let local = arch.mesh.cores_per_router as usize + 1;
    let forks = noc.flits_per_spike > 1 && noc.multicast != Multicast::Unicast;
    let cyclic = arch.mesh.torus && virtual_channels < 2;
    if forks || cyclic || 4 * virtual_channels + local > MAX_CHANNELS {
        return None;
    }
    Some(Shape {
        virtual_channels,
        buffer: noc.buffer_flits.max(1) as usize,
        local,
        router: costs.router,
        interval: costs.interval.max(1),
        links: link_ticks(&costs.topology, |link| costs.link(link)),
        every_tick: false,
    })
}

/// Replays the work of each timestep in time.
#[derive(Debug)]
pub(crate) struct Timer<'a> {
    loaded: &'a Loaded,
    costs: &'a Costs,
    loads: LinkLoads,
    /// The network, in cycle mode.
    mesh: Option<Mesh<'a, Trees>>,
    barrier: u64,
    /// When each unit is free (token synchronization), or the chip.
    free: Vec<u64>,
    cores: Vec<CoreTime>,
    time: Time,
    now: u64,
    /// When the timestep replayed last began, and when each of its packets had arrived, if that is kept.
    begun: u64,
    arrivals: Option<Vec<u64>>,
}

impl<'a> Timer<'a> {
    pub(crate) fn new(loaded: &'a Loaded, costs: &'a Costs, n_routers: usize, mode: TimingMode) -> Self {
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
        let shape = costs.mesh.as_ref().filter(|_| mode == TimingMode::Cycle);
        let mesh =
            costs.noc.as_ref().zip(shape).map(|(noc, shape)| Mesh::new(&noc.topology, &loaded.trees, shape.clone()));
        Self {
            loaded,
            costs,
            loads: LinkLoads::new(n_routers),
            mesh,
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
        let n_inputs: u64 = state.input_sent.iter().map(|sent| u64::from(sent.n)).sum();
        self.begin_cores(settings, &state.work, t);
        self.packets(state);
        // Input events enter one by one; the last one still has to be processed where it goes.
        let stream = n_inputs * costs.host;
        if n_inputs > 0 {
            for sent in &state.input_sent {
                for &route in &loaded.port.classes.routes[sent.class as usize] {
                    let path = &loaded.port.paths[route as usize];
                    let latency = self.latency(path.packets.iter());
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
            done = done.max(self.closed_form(noc, state, compute.max(1)));
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
            max_link: self.loads.max(),
            max_queue: state.work.iter().map(|work| work.events).max().unwrap_or(0),
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
        self.now = step.start.0 + step.ticks();
        self.time.steps.push(step);
        self.loads.clear();
        Ok(step)
    }

    /// Ticks until the last packet has arrived, in closed form.
    fn closed_form(&self, noc: &NocCosts, state: &State, window: u64) -> u64 {
        let mut done = self.loads.max() * noc.interval;
        for sent in &state.sent {
            let unit = &self.loaded.units[sent.unit as usize];
            let tile = &unit.tiles[sent.tile as usize];
            let ready = self.cores[sent.unit as usize].busy();
            let routes = tile.classes.routes.get(sent.class as usize).map_or(&[][..], Vec::as_slice);
            for packet in routes.iter().flat_map(|&route| &unit.paths[route as usize].packets) {
                done = done.max(ready + noc.latency(packet) + self.loads.queueing(noc, packet, window));
            }
            if tile.to_host {
                done = done.max(ready + noc.latency(&unit.to_host));
            }
        }
        done
    }

    /// Ticks until the last packet has arrived, flit by flit.
    fn flits(&mut self, state: &State) -> u64 {
        let loaded = self.loaded;
        let Some((mesh, noc)) = self.mesh.as_mut().zip(self.costs.noc.as_ref()) else { return 0 };
        let (start, flits) = (self.now, noc.flits as u32);
        let mut injections = Vec::new();
        let mut copies = 0;
        let mut inject = |at, router: RouterId, local, packet: &Traffic, receivers: usize| {
            let id = injections.len() as u32;
            injections.push(Injection { at: start + at, router: router.0, local, key: packet.key, packet: id, flits });
            copies += receivers;
        };
        let host = loaded.port.host_local;
        for (i, &class) in state.input_order.iter().enumerate() {
            let at = (i as u64 + 1) * self.costs.host;
            for &route in &loaded.port.classes.routes[class as usize] {
                for packet in &loaded.port.paths[route as usize].packets {
                    inject(at, RouterId(0), host, packet, packet.units.len());
                }
            }
        }
        // A core emits in the order of its sweep, one packet per emission time.
        for spikes in state.order.chunk_by(|a, b| a.0 == b.0) {
            let unit = &loaded.units[spikes[0].0 as usize];
            let core = &self.cores[spikes[0].0 as usize];
            let mut at = core.arrivals + core.sweep;
            let local = unit.local;
            for &(_, tile, class) in spikes {
                let tile = &unit.tiles[tile as usize];
                let routes = tile.classes.routes.get(class as usize).map_or(&[][..], Vec::as_slice);
                for packet in routes.iter().flat_map(|&route| &unit.paths[route as usize].packets) {
                    at += self.costs.core.emit;
                    inject(at, unit.router, local, packet, packet.units.len());
                }
                if tile.to_host {
                    at += self.costs.core.emit;
                    inject(at, unit.router, local, &unit.to_host, 1);
                }
            }
        }
        injections.sort_by_key(|injection| injection.at);
        let (mut last, mut delivered) = (start, 0);
        let mut arrivals = self.arrivals.as_mut();
        if let Some(arrivals) = &mut arrivals {
            arrivals.clear();
            arrivals.resize(injections.len(), start);
        }
        mesh.run(start, u64::MAX, injections, |delivery| {
            last = last.max(delivery.at);
            delivered += 1;
            if let Some(arrivals) = &mut arrivals {
                let arrival = &mut arrivals[delivery.packet as usize];
                *arrival = delivery.at.max(*arrival);
            }
        });
        assert_eq!(delivered, copies, "every copy that is sent arrives");
        assert!(mesh.is_at_rest(), "nothing is left in the network at a barrier");
        last - start
    }

    /// Sets the times of all cores from their work, each beginning now.
    fn begin_cores(&mut self, settings: Settings<'_>, work: &[Work], t: u32) {
        let mut work = work.iter().peekable();
        self.cores.clear();
        for (u, unit) in self.loaded.units.iter().enumerate() {
            let own = work.next_if(|work| work.unit as usize == u).copied().unwrap_or_default();
            let visited = if settings.touched_only { u64::from(own.visited) } else { in_window(unit, t) };
            self.cores.push(CoreTime {
                core: unit.core,
                start: Cycle(self.now),
                arrivals: u64::from(own.events) * self.costs.core.per_event + own.synaptic_ticks,
                sweep: sweep_ticks(&self.costs.core, visited, own.spikes.into()),
                emission: 0,
                events: own.events,
                spikes: own.spikes,
            });
        }
    }

    /// Adds the packets of the timestep to links and to the emission time of their cores.
    fn packets(&mut self, state: &State) {
        let loaded = self.loaded;
        let flits = self.costs.noc.as_ref().map_or(0, |noc| noc.flits);
        for sent in state.sent.iter().chain(&state.input_sent) {
            let n = u64::from(sent.n);
            let (classes, paths, core) = if sent.unit == u32::MAX {
                (&loaded.port.classes, &loaded.port.paths, None)
            } else {
                let unit = &loaded.units[sent.unit as usize];
                let tile = &unit.tiles[sent.tile as usize];
                if tile.to_host {
                    self.loads.add(&unit.to_host, n * flits);
                    self.cores[sent.unit as usize].emission += n * self.costs.core.emit;
                }
                (&tile.classes, &unit.paths, Some(sent.unit as usize))
            };
            for &route in classes.routes.get(sent.class as usize).map_or(&[][..], Vec::as_slice) {
                let packets = &paths[route as usize].packets;
                for packet in packets {
                    self.loads.add(packet, n * flits);
                }
                if let Some(core) = core {
                    self.cores[core].emission += n * self.costs.core.emit * packets.len() as u64;
                }
            }
        }
    }

    fn latency<'b>(&self, packets: impl Iterator<Item = &'b Traffic>) -> u64 {
        let Some(noc) = &self.costs.noc else { return 0 };
        packets.map(|packet| noc.latency(packet)).max().unwrap_or(0)
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

/// Neurons of a unit that are swept in timestep `t`.
fn in_window(unit: &Unit, t: u32) -> u64 {
    let tiles = unit.tick.iter().map(|&tile| &unit.tiles[tile]);
    tiles.filter(|tile| tile.window.0 <= t && t < tile.window.1).map(|tile| tile.n() as u64).sum()
}
