//! Figures of merit of a run: energy for each spike, synaptic operation and neuron update, energy times delay, power; and the metrics
//! of NeuroBench (Yik et al. 2025, Nature Communications 16:1545) under its names, as far as a compiled program and its counts give them.

use crate::{executable::Executable, record::Priced, run::Run};
use isa::{Action, Layer};
use serde::Serialize;

/// Figures of merit, means over the samples of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Metrics {
    /// Dynamic energy divided by spikes \[pJ\]; absent where there are none.
    pub energy_per_spike_pj: Option<f64>,
    /// Dynamic energy divided by synaptic operations \[pJ\].
    pub energy_per_synaptic_operation_pj: Option<f64>,
    /// Dynamic energy divided by neuron updates \[pJ\].
    pub energy_per_neuron_update_pj: Option<f64>,
    /// All derivable energy of a sample times its duration \[J·s\]; absent where the run has no time.
    pub energy_delay_product_js: Option<f64>,
    /// All derivable energy of a sample by its duration \[W\].
    pub power_w: Option<f64>,
    /// Highest mean power in a timestep of one sample \[W\], where its timesteps were priced ([`Executable::steps`]).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak_power_w: Option<f64>,
    /// NeuroBench's metrics.
    pub neurobench: NeuroBench,
}

/// NeuroBench's names. Dense operations are not among them: a program does not hold absent connections.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NeuroBench {
    /// Stored weights and potentials on the chip \[bytes\].
    pub footprint: f64,
    /// Share of stored weights that are 0.
    pub connection_sparsity: f64,
    /// Share of (neuron, timestep) pairs behind the input without a spike.
    pub activation_sparsity: f64,
    /// Synaptic operations on the chip.
    pub synaptic_operations: SynapticOperations,
    /// Neuron updates.
    pub membrane_updates: f64,
    /// Samples a second, where the run has time \[1/s\].
    pub execution_rate: Option<f64>,
}

/// Operations that a spike or an input value causes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct SynapticOperations {
    /// Additions of a weight.
    #[serde(rename = "Effective_ACs")]
    pub acs: f64,
    /// Products of a weight and a value.
    #[serde(rename = "Effective_MACs")]
    pub macs: f64,
}

impl Metrics {
    /// Of a run of a program, with its price.
    pub fn of(executable: &Executable, run: &Run, priced: &Priced) -> Self {
        let (program, n) = (&executable.program, run.samples.len().max(1) as f64);
        let counts = run.record.ledger.total();
        let mean = |action| counts[action] as f64 / n;
        let updates = mean(Action::NeuronSpike) + mean(Action::NeuronIdle);
        let sum = |of: fn(&crate::Sample) -> u64| run.samples.iter().map(of).sum::<u64>() as f64 / n;
        let (spikes, operations) = (sum(|s| s.spikes), sum(|s| s.synaptic_operations));
        let dynamic = priced.breakdown.dynamic.value / n;
        let each = |n: f64| (n > 0.0).then(|| dynamic / n);
        let joules = priced.per_image().value * 1e-12;
        let seconds = run.record.seconds.map(|seconds| seconds / n);
        let blocks = || program.weights.iter();
        let weights: usize = blocks().map(|block| block.data.len()).sum();
        let zeros: usize = blocks().map(|block| block.data.iter().filter(|&&w| w == 0).count()).sum();
        let bits: f64 = blocks().map(|block| block.data.len() as f64 * f64::from(block.bits)).sum();
        let words: f64 = program.cores.iter().map(|image| f64::from(image.n_state)).sum();
        let neurons: usize = program.layers.iter().map(Layer::neurons).sum();
        let neurons = neurons - program.layer(program.input.layer).neurons();
        let pairs = (neurons as f64 * f64::from(program.timesteps)).max(1.0);
        Self {
            energy_per_spike_pj: each(spikes),
            energy_per_synaptic_operation_pj: each(operations),
            energy_per_neuron_update_pj: each(updates),
            energy_delay_product_js: seconds.map(|seconds| joules * seconds),
            power_w: seconds.filter(|&seconds| seconds > 0.0).map(|seconds| joules / seconds),
            peak_power_w: None,
            neurobench: NeuroBench {
                footprint: (bits + words * f64::from(executable.chip.arch.core.state_bits)) / 8.0,
                connection_sparsity: zeros as f64 / weights.max(1) as f64,
                activation_sparsity: 1.0 - spikes / pairs,
                synaptic_operations: SynapticOperations {
                    acs: mean(Action::SynapticAdd),
                    macs: mean(Action::SynapticMac),
                },
                membrane_updates: updates,
                execution_rate: seconds.filter(|&seconds| seconds > 0.0).map(|seconds| 1.0 / seconds),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Chip, DeployOptions, Model, Quiet, RunOptions, datasets::bundled::mnist_test_500};
    use simulator::TimingMode;

    /// By hand from the sources of a run: the program's weights, the samples' spikes and the ledger's lines.
    #[test]
    fn merits_follow_from_the_record() {
        let chip = Chip::open("loihi1").expect("a preset");
        let model = Model::open("mnist-small").expect("it ships");
        let deployed = model.deploy(&chip, &DeployOptions::default(), &mut Quiet).expect("it fits");
        let images = mnist_test_500().subset(0..3);
        let options = RunOptions { mode: TimingMode::Analytic, ..RunOptions::default() };
        let run = deployed.run(&images, &options, &mut Quiet).expect("it runs");
        let priced = run.price(chip.prices().expect("prices")).expect("priced");
        let merits = Metrics::of(&deployed.executable, &run, &priced);
        let close = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-12, "{a}, {b}");
        let (energy, seconds) = (priced.breakdown.total.value * 1e-12 / 3.0, run.record.seconds.expect("timed") / 3.0);
        close(merits.power_w.expect("timed") * seconds, energy);
        close(merits.energy_delay_product_js.expect("timed"), energy * seconds);
        close(merits.neurobench.execution_rate.expect("timed") * seconds, 1.0);
        let spikes: u64 = run.samples.iter().map(|s| s.spikes).sum();
        close(merits.energy_per_spike_pj.expect("spikes") * spikes as f64, priced.breakdown.dynamic.value);
        let operations = merits.neurobench.synaptic_operations;
        let all: u64 = run.samples.iter().map(|s| s.synaptic_operations).sum();
        close((operations.acs + operations.macs) * 3.0, all as f64);
        assert!((0.0..1.0).contains(&merits.neurobench.activation_sparsity));
    }
}
