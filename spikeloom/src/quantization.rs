//! What quantization changed against the real-valued network, on samples.

use crate::{
    deploy::Deployed,
    error::{Error, Result},
    model::Model,
    parallel::parallel,
    progress::{Progress, Task},
    samples::Samples,
};
use compiler::pass::{
    fuse::fuse,
    quantize::{Observed, compare},
};

/// The integer network beside the real-valued one, both by the reference interpreter.
#[derive(Clone, Debug)]
pub struct QuantizationChange {
    /// Samples compared.
    pub samples: usize,
    /// Right decisions of the real-valued network.
    pub float_correct: usize,
    /// Right decisions of the integer network.
    pub correct: usize,
    /// Samples on which they differ.
    pub decisions_changed: usize,
    /// What each layer of [`compiler::Reports::layers`] did; `None` if there was no sample.
    pub layers: Vec<Option<Observed>>,
}

impl Deployed {
    /// Runs samples through the real-valued and the integer network. `model` is what was deployed.
    ///
    /// # Errors
    /// If the samples are not what the model takes, or the progress asks to stop.
    pub fn quantization_change(
        &self,
        model: &Model,
        samples: &dyn Samples,
        progress: &mut dyn Progress,
    ) -> Result<QuantizationChange> {
        let fused = fuse(&model.graph).map_err(|reasons| Error::input(format!("{}: {reasons}", model.name)))?;
        let stimuli = model.stimuli(samples)?;
        let compared =
            parallel(Task::Compare, stimuli.len(), progress, |i| compare(&fused, &self.quantized, &stimuli[i]))?;
        let layers = self
            .reports
            .layers
            .iter()
            .map(|layer| compared.iter().map(|c| c.layers[layer.population.0 as usize]).reduce(Observed::merge));
        let count = |right: &dyn Fn(usize) -> bool| (0..compared.len()).filter(|&i| right(i)).count();
        Ok(QuantizationChange {
            samples: compared.len(),
            float_correct: count(&|i| compared[i].float_class == samples.label(i)),
            correct: count(&|i| compared[i].class == samples.label(i)),
            decisions_changed: count(&|i| compared[i].class != compared[i].float_class),
            layers: layers.collect(),
        })
    }
}
