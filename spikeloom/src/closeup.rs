//! One sample in detail: its spikes, what every core and timestep took, what every link carried. What timesteps cost: [`crate::StepCost`].

use crate::{
    error::{Error, Result},
    executable::Executable,
    raster::Raster,
    samples::Samples,
};
use compiler::Activity;
use isa::{CoreId, Timestep};
use simulator::{CoreTime, Probe, StepTime, TimingMode};
use std::collections::BTreeMap;

/// One sample in detail.
#[derive(Clone, Debug)]
pub struct Closeup {
    /// Index of the sample.
    pub sample: usize,
    /// Every spike.
    pub raster: Raster,
    /// Timesteps, where the run has time.
    pub steps: Vec<StepTime>,
    /// What every core did, where the run has time.
    pub cores: BTreeMap<CoreId, CoreLoad>,
    /// Ticks of the sample; 0 where the run has no time.
    pub ticks: u64,
    /// Links that carried packets, the busiest first.
    pub links: Vec<LinkLoad>,
}

/// What a core did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CoreLoad {
    /// Ticks of work.
    pub busy: u64,
    /// Ticks of it that went into synaptic work, the sweep over neurons and the emission of packets.
    pub synaptic: u64,
    /// See [`Self::synaptic`].
    pub sweep: u64,
    /// See [`Self::synaptic`].
    pub emission: u64,
    /// Synaptic operations.
    pub operations: u64,
    /// Events taken.
    pub events: u64,
    /// Spikes fired.
    pub spikes: u64,
    /// Most events in its input queue at once, where queues are limited and flits simulated.
    pub peak_queue: Option<u64>,
}

/// A directed link between two routers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinkLoad {
    /// Column and row of the router that it leaves.
    pub from: (u32, u32),
    /// Column and row of the router that it enters.
    pub to: (u32, u32),
    /// Packets over the sample.
    pub packets: f64,
}

/// Gathers times.
#[derive(Default)]
struct Times {
    steps: Vec<StepTime>,
    cores: BTreeMap<CoreId, CoreLoad>,
}

impl Probe for Times {
    const TIMELINE: bool = true;

    fn timestep(&mut self, _: Timestep, span: &StepTime, cores: &[CoreTime]) {
        self.steps.push(*span);
        for core in cores {
            let load = self.cores.entry(core.core).or_default();
            load.busy += core.busy();
            load.synaptic += core.synaptic.min(core.arrivals);
            load.sweep += core.sweep;
            load.emission += core.emission;
            load.events += u64::from(core.events);
            load.spikes += u64::from(core.spikes);
            load.peak_queue = load.peak_queue.max(core.queue.map(|queue| queue.peak));
        }
    }
}

impl Executable {
    /// Runs one sample and looks closely.
    ///
    /// # Errors
    /// If the samples are not what the program takes, or this one cannot be run.
    pub fn closeup(&self, samples: &dyn Samples, sample: usize, mode: TimingMode) -> Result<Closeup> {
        samples.ensure_fit(&self.input())?;
        let failed = |error: simulator::RunError| Error::input(format!("{}, sample {sample}: {error}", samples.name()));
        let (stimulus, machine, program) = (self.stimulus(samples, sample), &self.machine, &self.program);
        let raster = Raster { layers: vec![Vec::new(); program.layers.len()] };
        let mut probe = (raster, Times::default());
        let run = machine.run(&stimulus, mode, &mut probe).map_err(failed)?;
        let (raster, mut times) = probe;
        for (core, load) in &mut times.cores {
            load.operations = run.ledger.core(*core).synaptic_operations();
        }
        Ok(Closeup {
            sample,
            links: self.links(&raster),
            raster,
            steps: times.steps,
            cores: times.cores,
            ticks: run.time.map_or(0, |time| time.total),
        })
    }

    /// Packets of every link, from who fired how often and the program's routes.
    fn links(&self, raster: &Raster) -> Vec<LinkLoad> {
        let counts = self.program.layers.iter().zip(&raster.layers).map(|(layer, spikes)| {
            let mut counts = vec![0; layer.neurons()];
            for spike in spikes {
                counts[spike.neuron as usize] += 1;
            }
            counts
        });
        // One step for the whole sample, so that loads are packets of it.
        let activity = Activity { counts: counts.collect(), steps: 1 };
        if self.chip.arch.noc.is_none() {
            return Vec::new();
        }
        let mut links: Vec<LinkLoad> = compiler::traffic::link_loads(&self.program, &self.chip.arch, &activity)
            .into_iter()
            .map(|load| LinkLoad { from: load.from, to: load.to, packets: load.events })
            .collect();
        links.sort_by(|a, b| b.packets.total_cmp(&a.packets));
        links
    }
}

#[cfg(test)]
mod tests {
    use crate::{Chip, DeployOptions, Model, Quiet};
    use simulator::TimingMode;

    #[test]
    fn the_parts_are_those_of_the_run() {
        let images = datasets::bundled::mnist_test_500().subset(0..3);
        let chip = Chip::open("loihi1").expect("ships");
        let model = Model::open("mnist-small").expect("ships");
        let deployed = model.deploy(&chip, &DeployOptions::default(), &mut Quiet).expect("fits");
        let options = crate::RunOptions { mode: TimingMode::Analytic, ..Default::default() };
        let run = deployed.run(&images, &options, &mut Quiet).expect("runs");
        let close = deployed.executable.closeup(&images, 2, TimingMode::Analytic).expect("runs");
        let program = &deployed.executable.program;
        assert_eq!(close.cores.values().map(|core| core.spikes).sum::<u64>(), run.samples[2].spikes);
        assert_eq!(close.steps.len(), program.timesteps as usize);
        let ledgers = crate::RunOptions { keep_ledgers: true, ..options };
        let run = deployed.run(&images, &ledgers, &mut Quiet).expect("runs");
        let whole = run.samples[2].ledger.as_ref().expect("kept").total();
        let seconds = close.ticks as f64 * chip.arch.tick_ps.value as f64 * 1e-12;
        assert_eq!(Some(seconds), run.samples[2].seconds);
        // Every packet between cores crosses the links that are counted; those to the host's port are counted besides.
        let counted =
            whole[isa::Action::LinkEastWest] + whole[isa::Action::LinkNorthSouth] + whole[isa::Action::LinkChip];
        let carried = close.links.iter().map(|link| link.packets).sum::<f64>();
        assert!(carried <= counted as f64 && carried > 0.5 * counted as f64, "{carried} of {counted}");
    }
}
