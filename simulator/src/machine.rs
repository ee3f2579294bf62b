//! The machine: a program loaded onto a chip, ready to run samples.

use crate::{
    core::CoreCosts,
    coupled::Coupled,
    error::{LoadError, NoTime, RunError},
    execution::{Execute, Execution, Sample},
    ledger::{Span, ledger},
    load::{Loaded, load},
    noc::{analytic::LinkLoads, topology::Topology},
    probe::Probe,
    state::State,
    step::Settings,
    stepped::Stepped,
    timing::{Costs, Time, TimingMode},
};
use isa::{
    Arch, CoreId, LayerId, Ledger, Program, Readout, Stimulus, Timestep,
    budget::{Budget, TooLarge},
    program::Coding,
};

/// A program loaded onto a chip. Immutable: threads share it, each with its own [`State`].
#[derive(Clone, Debug)]
pub struct Machine {
    pub(crate) arch: Arch,
    pub(crate) layers: Vec<isa::Layer>,
    pub(crate) readout: Readout,
    pub(crate) timesteps: u32,
    coding: Coding,
    elastic: bool,
    pub(crate) loaded: Loaded,
    pub(crate) topology: Topology,
    execution: Execution,
}

/// The outcome of a sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The class decision.
    pub class: u32,
    /// Spikes of each neuron of the layer read, channel-major.
    pub counts: Vec<u32>,
    /// Final potentials of the layer read, channel-major.
    pub potentials: Vec<i32>,
    /// Spikes of each layer; for the input layer, its events.
    pub layer_spikes: Vec<u64>,
    /// Updates clipped at the ends of a potential's range: where neurons fire per event, or in timesteps if the machine is
    /// [`Machine::saturating`].
    pub saturated: u64,
    /// Every action, by core and layer.
    pub ledger: Ledger,
    /// Time, in timed modes on chips whose description allows it.
    pub time: Option<Time>,
}

impl Machine {
    /// Loads a program.
    pub fn new(program: &Program, arch: &Arch) -> Result<Self, LoadError> {
        if program.arch != arch.name {
            return Err(LoadError::OtherChip {
                program: program.name.clone(),
                compiled_for: program.arch.clone(),
                arch: arch.name.clone(),
            });
        }
        let topology = Topology::new(arch);
        let loaded = load(program, arch, &topology)?;
        let execution = if arch.core.is_event_driven() {
            Execution::EventDriven(Coupled::new(&loaded, arch, &topology)?)
        } else {
            Execution::TimeStepped(Stepped { costs: Costs::new(arch, &loaded), range: None })
        };
        Ok(Self {
            coding: program.input.coding,
            elastic: program.is_elastic(),
            loaded,
            execution,
            layers: program.layers.clone(),
            readout: program.readout.clone(),
            timesteps: program.timesteps,
            topology,
            arch: arch.clone(),
        })
    }

    /// Potentials that leave their width on the chip are clipped and counted: where a neuron updates, after the arrivals of the
    /// timestep, and in accumulators after the last one. Needed by programs whose potentials are not proven to stay within; others
    /// run the same, a little slower.
    #[must_use]
    pub fn saturating(mut self) -> Self {
        let bits = self.arch.core.state_bits;
        let most = || (1i32 << (bits - 1)) - 1;
        if let Execution::TimeStepped(stepped) = &mut self.execution {
            stepped.range = (1..32).contains(&bits).then(|| (-most() - 1, most()));
        }
        self
    }

    /// Width of the potentials that saturate in timesteps [bits]; `None` if they do not.
    pub fn saturates_at(&self) -> Option<u32> {
        self.range().map(|_| self.arch.core.state_bits)
    }

    /// Smallest and largest potential, where potentials saturate in timesteps.
    fn range(&self) -> Option<(i32, i32)> {
        self.execution.stepped()?.range
    }

    /// A fresh state for [`Self::run_in`].
    pub fn state(&self) -> State {
        State::new(&self.loaded, self.layers.len(), self.layers[self.readout.layer().0 as usize].neurons())
    }

    /// Whether the chip's description allows time to be derived.
    pub fn has_time(&self) -> bool {
        self.execution.stepped().is_none_or(|stepped| stepped.costs.is_ok())
    }

    /// Whether neurons fire per event, without timesteps.
    pub fn is_event_driven(&self) -> bool {
        self.execution.is_event_driven()
    }

    /// Whether a run in this mode yields a time.
    pub fn has_time_in(&self, mode: TimingMode) -> bool {
        self.untimed(mode).is_none()
    }

    /// Why a run in this mode yields no time, if it does not.
    pub fn untimed(&self, mode: TimingMode) -> Option<NoTime> {
        self.execution.untimed(mode)
    }

    /// Takes the memory that samples running on `threads` threads at once need from a budget, before any of it is allocated.
    ///
    /// # Errors
    /// If there is less, with the field of the chip's description that asks for it.
    pub fn claim(&self, mode: TimingMode, threads: usize, budget: &mut Budget) -> Result<(), TooLarge> {
        let (n_routers, threads) = (self.topology.n_routers(), threads.max(1) as u64);
        let state: usize = self.loaded.units.iter().map(|unit| unit.n_state).sum();
        budget.claim("the program's state", &[threads, 16, state as u64])?;
        if self.execution.is_event_driven() {
            let field = "chip description, field `mesh`: loads of links";
            budget.claim(field, &[threads, LinkLoads::BYTES, n_routers as u64])?;
        }
        match self.execution.flit_level().filter(|_| mode == TimingMode::Cycle) {
            Some(level) => level.memory(n_routers).claim(threads, budget),
            None => Ok(()),
        }
    }

    /// The cores that the program uses, ascending.
    pub fn cores(&self) -> impl Iterator<Item = CoreId> + '_ {
        self.loaded.units.iter().map(|unit| unit.core)
    }

    /// The chip.
    pub fn arch(&self) -> &Arch {
        &self.arch
    }

    /// The layers, by id.
    pub fn layers(&self) -> &[isa::Layer] {
        &self.layers
    }

    /// Whether the input or a layer can send anything but spikes: several at once, or values.
    pub fn sends_values(&self) -> bool {
        let mut lists = self.loaded.units.iter().flat_map(|unit| &unit.tiles).filter_map(|tile| tile.list.as_ref());
        !matches!(self.coding, Coding::Events { least: 0, most: 1, .. })
            || lists.any(crate::kernel::list::List::emits_values)
    }

    /// Runs one sample in a fresh state.
    pub fn run(&self, stimulus: &Stimulus, mode: TimingMode, probe: &mut impl Probe) -> Result<Run, RunError> {
        self.run_in(&mut self.state(), stimulus, mode, probe)
    }

    /// Runs one sample in a state made by [`Self::state`]; what the state held before does not matter.
    pub fn run_in<P: Probe>(
        &self,
        state: &mut State,
        stimulus: &Stimulus,
        mode: TimingMode,
        probe: &mut P,
    ) -> Result<Run, RunError> {
        self.run_steps(state, stimulus, mode, u32::MAX, probe)
    }

    /// Timesteps of a sample: those of the program, less what the sample's input is shorter.
    pub fn timesteps_of(&self, stimulus: &Stimulus) -> Result<u32, RunError> {
        Ok(self.timesteps - self.check(stimulus)?)
    }

    /// Counts of the first `timesteps` timesteps of a sample, as if it ended there: what a timestep did is the difference to one less.
    /// What the reset and the final reading of potentials do is in the counts of 0 timesteps.
    pub fn first_counts(&self, state: &mut State, stimulus: &Stimulus, timesteps: u32) -> Result<Ledger, RunError> {
        Ok(self.run_steps(state, stimulus, TimingMode::Counts, timesteps, &mut crate::NoProbe)?.ledger)
    }

    fn run_steps<P: Probe>(
        &self,
        state: &mut State,
        stimulus: &Stimulus,
        mode: TimingMode,
        limit: u32,
        probe: &mut P,
    ) -> Result<Run, RunError> {
        let shorter = self.check(stimulus)?;
        let span = Span { timesteps: limit.min(self.timesteps - shorter), shorter, samples: 1 };
        let untimed = CoreCosts::default();
        let costs = self.costs_in(mode);
        let settings = Settings {
            layers: &self.layers,
            timesteps: span.timesteps,
            shorter,
            touched_only: self.arch.core.updates_touched(),
            read_layer: self.readout.layer(),
            costs: costs.map_or(&untimed, |costs| &costs.core),
            timed: costs.is_some(),
            range: self.range(),
            ordered: P::PACKETS || (costs.is_some() && mode == TimingMode::Cycle),
        };
        state.reset(&self.loaded, settings.touched_only);
        // Directly coded values are graded even where one of them happens to be 1.
        state.graded = !matches!(self.coding, Coding::Events { .. })
            || stimulus.steps.iter().flatten().any(|event| event.value != 1);
        let sample = Sample { machine: self, settings, mode, stimulus };
        let finish = self.execution.run(&sample, state, probe)?;
        Ok(Run { saturated: finish.saturated, ..self.outcome(state, finish.time, span) })
    }

    /// Shows a probe the spikes and potentials of a timestep.
    pub(crate) fn observe<P: Probe>(&self, state: &mut State, t: Timestep, probe: &mut P) {
        if P::SPIKES {
            for (layer, fired) in state.fired_in.iter_mut().enumerate() {
                fired.sort_unstable();
                probe.spikes(t, LayerId(layer as u16), fired);
                fired.clear();
            }
        }
        if P::EMISSIONS {
            for (layer, sent) in state.sent_in.iter_mut().enumerate() {
                sent.sort_unstable();
                probe.emissions(t, LayerId(layer as u16), sent);
                sent.clear();
            }
        }
        if P::VISITS {
            for (layer, visited) in state.visited_in.iter_mut().enumerate() {
                visited.sort_unstable();
                probe.visits(t, LayerId(layer as u16), visited);
                visited.clear();
            }
        }
        if P::POTENTIALS {
            for layer in 0..self.layers.len() {
                let layer = LayerId(layer as u16);
                if let Some(potentials) = self.potentials(state, layer) {
                    probe.potentials(t, layer, &potentials);
                }
            }
        }
    }

    /// What actions take, in modes that yield a time on chips with timesteps.
    pub(crate) fn costs_in(&self, mode: TimingMode) -> Option<&Costs> {
        self.execution.stepped()?.costs_in(mode)
    }

    /// Refuses input that the program does not take; returns by how many timesteps the sample is shorter than the program's.
    fn check(&self, stimulus: &Stimulus) -> Result<u32, RunError> {
        let neurons = self.layers[self.loaded.port.layer.0 as usize].neurons();
        for (t, events) in stimulus.steps.iter().enumerate() {
            let timestep = Timestep(t as u32);
            if let Some(event) = events.iter().find(|event| event.neuron as usize >= neurons) {
                return Err(RunError::NoSuchInput { timestep, neuron: event.neuron, neurons });
            }
            let Coding::Events { least, most, .. } = self.coding else { continue };
            let steps = stimulus.lasts.unwrap_or(u32::MAX).min(self.coding.steps());
            if t >= steps as usize && !events.is_empty() {
                return Err(RunError::AfterInput { timestep, steps });
            }
            if let Some(event) = events.iter().find(|event| !(least..=most).contains(&event.value)) {
                return Err(RunError::OutOfRange { timestep, neuron: event.neuron, value: event.value, least, most });
            }
        }
        // Where neurons fire per event, a sample lasts as long as its events.
        let lasts = stimulus.lasts.filter(|_| !self.execution.is_event_driven()).unwrap_or(self.coding.steps());
        match self.coding.steps().checked_sub(lasts) {
            Some(shorter) if shorter == 0 || self.elastic => Ok(shorter),
            _ => Err(RunError::Length { lasts, steps: self.coding.steps() }),
        }
    }

    /// Potentials that the host reads at the end of a sample.
    pub(crate) fn n_read_values(&self) -> u64 {
        let tiles = self.loaded.units.iter().flat_map(|unit| &unit.tiles);
        tiles.filter(|tile| tile.to_host && !tile.fires()).map(|tile| tile.n() as u64).sum()
    }

    /// Potentials of a layer, channel-major; `None` if no core holds it.
    fn potentials(&self, state: &State, layer: LayerId) -> Option<Vec<i32>> {
        let shape = &self.layers[layer.0 as usize];
        let mut potentials = None;
        for (unit, own) in self.loaded.units.iter().zip(&state.units) {
            for tile in unit.tiles.iter().filter(|tile| tile.layer == layer) {
                let all = potentials.get_or_insert_with(|| vec![0; shape.neurons()]);
                let (channels, _, width) = tile.extent;
                for (i, &v) in own.v[tile.potential()..][..tile.n()].iter().enumerate() {
                    let (c, y, x) = (i % channels, i / channels / width, i / channels % width);
                    let (c0, y0, x0) = tile.origin;
                    all[shape.index((c0 + c as u16, y0 + y as u16, x0 + x as u16))] = v;
                }
            }
        }
        potentials
    }

    fn outcome(&self, state: &State, time: Option<Time>, span: Span) -> Run {
        let mut layer_spikes = vec![0; self.layers.len()];
        layer_spikes[self.loaded.port.layer.0 as usize] = state.input_events;
        for (unit, own) in self.loaded.units.iter().zip(&state.units) {
            for (tile, tally) in unit.tiles.iter().zip(&own.tiles) {
                layer_spikes[tile.layer.0 as usize] += tally.spikes;
            }
        }
        let read = self.readout.layer();
        let shape = self.layers[read.0 as usize].shape;
        let potentials = self.potentials(state, read).unwrap_or_default();
        let counts = state.read_counts.clone();
        Run {
            class: self.readout.classify(&counts, &potentials, shape),
            counts,
            potentials,
            layer_spikes,
            saturated: 0,
            ledger: ledger(&self.loaded, &self.arch, state, span),
            time,
        }
    }
}

#[cfg(test)]
mod tests;
