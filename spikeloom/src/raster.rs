//! Spikes of a run by layer, timestep and neuron.

use crate::{
    error::Result,
    executable::{Executable, Pass},
    progress::{Progress, Task},
    samples::Samples,
};
use isa::{LayerId, Timestep};
use simulator::{Probe, TimingMode};

/// A spike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spike {
    /// When.
    pub timestep: u32,
    /// Who: channel-major index in its layer.
    pub neuron: u32,
}

/// The spikes of one sample, by layer; of the input layer, its events. Ascending in time, then in neuron.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Raster {
    /// One list per layer of the program.
    pub layers: Vec<Vec<Spike>>,
}

impl Probe for Raster {
    const SPIKES: bool = true;

    fn spikes(&mut self, t: Timestep, layer: LayerId, neurons: &[u32]) {
        let spikes = neurons.iter().map(|&neuron| Spike { timestep: t.0, neuron });
        self.layers[usize::from(layer.0)].extend(spikes);
    }
}

impl Executable {
    /// Every spike of every sample. All are held in memory: 8 bytes each.
    ///
    /// # Errors
    /// As [`Executable::run`].
    pub fn rasters(&self, samples: &dyn Samples, threads: usize, progress: &mut dyn Progress) -> Result<Vec<Raster>> {
        let pass = Pass { task: Task::Run, mode: TimingMode::Counts, threads };
        let empty = || Raster { layers: vec![Vec::new(); self.program.layers.len()] };
        Ok(self.each(samples, pass, progress, empty, |_, _, raster| Ok(raster))?.kept)
    }
}

#[cfg(test)]
mod tests {
    use crate::{Chip, DeployOptions, Model, Quiet, RunOptions};

    #[test]
    fn there_are_as_many_as_a_run_counts() {
        let images = datasets::bundled::mnist_test_500().subset(0..3);
        let chip = Chip::open("loihi1").expect("ships");
        let model = Model::open("mnist-small").expect("ships");
        let deployed = model.deploy(&chip, &DeployOptions::default(), &mut Quiet).expect("fits");
        let run = deployed.run(&images, &RunOptions::default(), &mut Quiet).expect("runs");
        let rasters = deployed.executable.rasters(&images, 1, &mut Quiet).expect("runs");
        let input = usize::from(deployed.executable.program.input.layer.0);
        for (sample, raster) in run.samples.iter().zip(&rasters) {
            let behind = raster.layers.iter().enumerate().filter(|(l, _)| *l != input);
            assert_eq!(behind.map(|(_, s)| s.len() as u64).sum::<u64>(), sample.spikes);
            for layer in &raster.layers {
                assert!(layer.is_sorted_by_key(|s| (s.timestep, s.neuron)));
            }
        }
    }
}
