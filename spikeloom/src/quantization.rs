//! What quantization changed against the real-valued network, on samples.

use crate::{
    deploy::Deployed,
    error::{Error, Result},
    model::Model,
    parallel::parallel,
    progress::{Progress, Task},
    samples::{Samples, right_class},
    verify::RightDecisions,
};
use compiler::pass::{
    fuse::fuse,
    quantize::{Observed, compare},
};
use ir::lasting;

/// The integer network beside the real-valued one, both by the reference interpreter.
#[derive(Clone, Debug)]
pub struct QuantizationChange {
    /// Samples compared.
    pub samples: usize,
    /// Right decisions, where the class of every sample is known.
    pub correct: Option<RightDecisions>,
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
        let input = model.input()?;
        samples.ensure_fit(&input)?;
        let compared = parallel(Task::Compare, samples.len(), progress, |i| {
            let stimulus = input.stimulus(samples, i);
            let own = input.lasts(samples, i);
            let own = own.and_then(|steps| Some((lasting(&fused, steps)?, lasting(&self.quantized, steps)?)));
            let (float, integers) = own.as_ref().map_or((&fused, &self.quantized), |(float, own)| (float, own));
            compare(float, integers, &stimulus)
        })?;
        let layers = self
            .reports
            .layers
            .iter()
            .map(|layer| compared.iter().map(|c| c.layers[layer.population.0 as usize]).reduce(Observed::merge));
        let right = |i: usize| right_class(samples, i, input.classes);
        let known = (0..samples.len()).all(|i| right(i).is_some());
        let count = |right: &dyn Fn(usize) -> bool| (0..compared.len()).filter(|&i| right(i)).count();
        Ok(QuantizationChange {
            samples: compared.len(),
            correct: known.then(|| RightDecisions {
                float: count(&|i| Some(compared[i].float_class) == right(i)),
                run: count(&|i| Some(compared[i].class) == right(i)),
            }),
            decisions_changed: count(&|i| compared[i].class != compared[i].float_class),
            layers: layers.collect(),
        })
    }
}
