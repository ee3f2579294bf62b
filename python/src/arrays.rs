//! Samples from NumPy arrays.

use crate::errors::{input, raise};
use numpy::{PyArrayDyn, PyArrayMethods, PyReadonlyArrayDyn, PyUntypedArrayMethods};
use pyo3::prelude::*;
use spikeloom::{Error, Input, Samples, Unlabelled, datasets::Dataset, ir};

/// Samples for one network, held in the library's form.
#[pyclass(module = "spikeloom", frozen)]
pub(crate) struct Batch {
    kind: Kind,
    /// Whether every sample has a label.
    labelled: bool,
}

enum Kind {
    Images(Dataset),
    Unlabelled(Unlabelled),
    Events(Dense),
}

/// Events over timesteps.
struct Dense {
    name: String,
    stimuli: Vec<ir::Stimulus>,
    /// Timesteps of each.
    steps: u32,
    labels: Option<Vec<u32>>,
}

impl Batch {
    /// The batch in the array `x`, whose first axis counts samples; `name` is what records call it.
    pub(crate) fn of(
        py: Python<'_>,
        x: &Bound<'_, PyAny>,
        labels: Option<Vec<u32>>,
        name: &str,
        of: &Input,
    ) -> PyResult<Self> {
        let shape: Vec<usize> = match x.cast::<PyArrayDyn<u8>>() {
            Ok(array) => array.shape().to_vec(),
            Err(_) => match x.cast::<PyArrayDyn<i32>>() {
                Ok(array) => array.shape().to_vec(),
                Err(_) => return Err(input(py, "x: is no NumPy array of uint8 or int32")),
            },
        };
        let n = shape.first().copied().unwrap_or(0);
        if n == 0 {
            return Err(input(py, "x: holds no samples; its first axis counts them"));
        }
        if let Some(labels) = &labels
            && labels.len() != n
        {
            return Err(input(py, format!("labels: {} labels for {n} samples; give one for each", labels.len())));
        }
        let labelled = labels.is_some();
        let per_sample: usize = shape[1..].iter().product();
        let events = of.coding.is_events();
        let timed = events && shape.len() > 2 && shape[2..].iter().product::<usize>() == of.neurons;
        if timed {
            let stimuli = match x.cast::<PyArrayDyn<u8>>() {
                Ok(array) => stimuli(py, array.readonly(), shape[1], of, i32::from)?,
                Err(_) => stimuli(py, x.cast::<PyArrayDyn<i32>>()?.readonly(), shape[1], of, |v| v)?,
            };
            return Ok(Self {
                kind: Kind::Events(Dense { name: name.to_owned(), stimuli, steps: shape[1] as u32, labels }),
                labelled,
            });
        }
        if per_sample != of.neurons {
            let wanted = if events {
                format!("(samples, timesteps, …) or (samples, …) with {} values in the last axes", of.neurons)
            } else {
                format!("(samples, …) with {} values a sample", of.neurons)
            };
            return Err(input(
                py,
                format!("x: has shape {shape:?}, the network's input layer `{}` takes {wanted}", of.layer),
            ));
        }
        let Ok(pixels) = x.cast::<PyArrayDyn<u8>>() else {
            return Err(input(
                py,
                "x: images are pixels of 0 to 255; give them as uint8, as in (x * 255).round().astype('uint8')",
            ));
        };
        // Of 255 shades, the darkest fires in no timestep of a short sample: 0 and 1 are meant as spikes, and lack an axis.
        if events && pixels.readonly().as_array().iter().max() == Some(&1) {
            let message = format!(
                "x: has shape {shape:?} and holds 0 and 1 only: spikes need an axis of timesteps, (samples, timesteps, …); pixels run to 255"
            );
            return Err(input(py, message));
        }
        let pixels = pixels.readonly().as_slice().map_err(|_| input(py, "x: is not contiguous"))?.to_vec();
        let labels = labels.unwrap_or_else(|| vec![0; n]);
        let dataset = images_of(py, "labels", name, [1, 1, per_sample], pixels, labels)?;
        dataset.ensure_fit(of).map_err(|e| raise(py, e))?;
        let kind = if labelled { Kind::Images(dataset) } else { Kind::Unlabelled(Unlabelled(dataset)) };
        Ok(Self { kind, labelled })
    }

    /// The samples.
    pub(crate) fn samples(&self) -> &dyn Samples {
        match &self.kind {
            Kind::Images(images) => images,
            Kind::Unlabelled(images) => images,
            Kind::Events(events) => events,
        }
    }

    /// Whether every sample has a label.
    pub(crate) fn labelled(&self) -> bool {
        self.labelled
    }
}

/// Images as the library holds them; `argument` is what errors call the labels.
pub(crate) fn images_of(
    py: Python<'_>,
    argument: &str,
    name: &str,
    shape: [usize; 3],
    pixels: Vec<u8>,
    labels: Vec<u32>,
) -> PyResult<Dataset> {
    let small =
        |l: u32| u8::try_from(l).map_err(|_| input(py, format!("{argument}: {l} is beyond the 256 classes of images")));
    let labels = labels.into_iter().map(small).collect::<PyResult<Vec<u8>>>()?;
    let classes = labels.iter().map(|&l| usize::from(l) + 1).max().unwrap_or(1);
    Ok(Dataset { name: name.to_owned(), classes, shape, pixels, labels })
}

/// Values by sample and timestep, zeros left out.
fn stimuli<T: numpy::Element + Copy>(
    py: Python<'_>,
    array: PyReadonlyArrayDyn<'_, T>,
    steps: usize,
    of: &Input,
    value: impl Fn(T) -> i32,
) -> PyResult<Vec<ir::Stimulus>> {
    let values = array.as_slice().map_err(|_| input(py, "x: is not contiguous"))?;
    if steps > of.coding.steps() as usize {
        return Err(input(
            py,
            format!("x: has {steps} timesteps, the network runs for {}; load it with steps={steps}", of.coding.steps()),
        ));
    }
    let step = |step: &[T]| {
        let events = step.iter().enumerate().map(|(neuron, &v)| ir::Event { neuron: neuron as u32, value: value(v) });
        events.filter(|e| e.value != 0).collect::<Vec<_>>()
    };
    let stimuli: Vec<ir::Stimulus> = values
        .chunks(steps * of.neurons)
        .map(|sample| ir::Stimulus { steps: sample.chunks(of.neurons).map(step).collect() })
        .collect();
    let many = stimuli.iter().flat_map(|s| s.steps.iter().flatten()).find(|e| e.value != 1);
    match many {
        None => Ok(stimuli),
        Some(e) => Err(input(
            py,
            format!(
                "x: neuron {} has {} events in one timestep; at most one is sent: clip the counts (x > 0), or use shorter timesteps",
                e.neuron, e.value
            ),
        )),
    }
}

impl Samples for Dense {
    fn name(&self) -> &str {
        &self.name
    }

    fn noun(&self) -> [&'static str; 2] {
        ["sample", "samples"]
    }

    fn len(&self) -> usize {
        self.stimuli.len()
    }

    fn label(&self, i: usize) -> Option<u32> {
        Some(self.labels.as_ref()?[i])
    }

    fn stimulus(&self, i: usize, _: &Input) -> ir::Stimulus {
        self.stimuli[i].clone()
    }

    fn lasts(&self, _: usize, input: &Input) -> Option<u32> {
        (input.elastic && self.steps < input.coding.steps()).then_some(self.steps)
    }

    fn ensure_fit(&self, _: &Input) -> Result<(), Error> {
        Ok(())
    }
}
