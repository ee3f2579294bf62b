//! Runs samples in timesteps: the function of every core, then its time.

use crate::{
    error::{NoTime, RunError},
    execution::{Execute, Finish, Sample},
    load::Loaded,
    packets::packets,
    probe::Probe,
    state::State,
    step::{clip, input, step},
    timing::{Costs, FlitLevel, Timer, TimingMode},
};
use isa::Timestep;

/// A chip with timesteps.
#[derive(Clone, Debug)]
pub(crate) struct Stepped {
    /// What actions take, or what the chip's description lacks.
    pub(crate) costs: Result<Costs, NoTime>,
    /// Smallest and largest potential, where potentials saturate.
    pub(crate) range: Option<(i32, i32)>,
}

impl Stepped {
    /// What actions take, in modes that yield a time.
    pub(crate) fn costs_in(&self, mode: TimingMode) -> Option<&Costs> {
        self.costs.as_ref().ok().filter(|costs| match mode {
            TimingMode::Counts => false,
            TimingMode::Analytic => true,
            TimingMode::Cycle => costs.no_cycle_mode().is_none(),
        })
    }
}

impl Execute for Stepped {
    fn untimed(&self, mode: TimingMode) -> Option<NoTime> {
        match (mode, &self.costs) {
            (TimingMode::Counts, _) => Some(NoTime::NotAsked),
            (_, Err(absent)) => Some(absent.clone()),
            (_, Ok(costs)) => costs.no_cycle_mode().filter(|_| mode == TimingMode::Cycle),
        }
    }

    fn flit_level(&self) -> Option<&FlitLevel> {
        self.costs.as_ref().ok()?.flit_level()
    }

    fn run<P: Probe>(&self, sample: &Sample<'_>, state: &mut State, probe: &mut P) -> Result<Finish, RunError> {
        let (loaded, settings) = (sample.loaded(), sample.settings);
        let mut timer = self.costs_in(sample.mode).map(|costs| Timer::new(loaded, costs, sample.mode));
        if let Some(timer) = timer.as_mut().filter(|_| P::PACKETS) {
            timer.keep_arrivals();
        }
        for t in 0..settings.timesteps {
            state.work.clear();
            state.sent.clear();
            state.routed.clear();
            state.input_sent.clear();
            state.order.clear();
            state.input_order.clear();
            state.tags.clear();
            state.input_tags.clear();
            if let Some(events) = sample.stimulus.steps.get(t as usize) {
                input::<P>(loaded, settings, state, t, events);
            }
            step::<P>(loaded, settings, state, t);
            sample.machine.observe(state, Timestep(t), probe);
            if let Some(timer) = &mut timer {
                let span = timer.step(settings, state, t)?;
                if P::TIMELINE {
                    probe.timestep(Timestep(t), &span, timer.cores());
                }
            }
            if P::PACKETS && sample.arch().noc.is_some() {
                packets(loaded, state, timer.as_ref(), t, probe);
            }
        }
        state.settle(loaded);
        let time = timer.map(|timer| timer.finish(sample.machine.n_read_values()));
        if let Some(range) = self.range {
            clip_sums(loaded, state, range);
        }
        Ok(Finish { time, saturated: state.saturated })
    }
}

/// Clips what has no update: accumulators.
fn clip_sums(loaded: &Loaded, state: &mut State, range: (i32, i32)) {
    for (unit, own) in loaded.units.iter().zip(&mut state.units) {
        for tile in unit.tiles.iter().filter(|tile| tile.neurons.is_none() && tile.list.is_none()) {
            state.saturated += clip(&mut own.v[tile.v_base..][..tile.n()], range);
        }
    }
}
