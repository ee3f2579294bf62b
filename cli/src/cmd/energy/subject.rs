//! The network that an analytical model looks at: described in a file, or measured by simulating images.

use crate::{
    args::{ImageArgs, energy::SubjectArgs},
    data, files,
    nir::NirArgs,
    progress::Bars,
    report::sections,
};
use anyhow::{Result, bail, ensure};
use energy::analytic::{DirectEncoding, Mode, Network};
use spikeloom::report::Input;

/// A network with its activity, and where they come from.
pub(crate) struct Subject {
    /// What the models evaluate.
    pub(crate) network: Network,
    /// What it rests on, in words.
    pub(crate) origin: String,
    /// How a real-valued input is presented, if measured.
    pub(crate) direct: Option<DirectEncoding>,
    /// Fraction of the hidden neurons that fire at least once, if measured.
    pub(crate) density: Option<f64>,
    /// Digests of what was read.
    pub(crate) inputs: Vec<Input>,
}

/// The network asked for.
pub(super) fn subject(args: &SubjectArgs, images: &ImageArgs, nir: &NirArgs) -> Result<Subject> {
    if let Some(name) = &args.model {
        let (model, samples) = data::inputs(name, nir, images)?;
        // Every count of the run must equal its formula.
        let measured = model.measure_analytic(samples.as_ref(), &mut Bars::new())?;
        let graph = ir::text::print(&model.graph);
        return Ok(Subject {
            inputs: vec![sections::digest("network", name, [graph.as_bytes()])],
            network: measured.network,
            origin: measured.origin,
            direct: Some(measured.direct),
            density: measured.density,
        });
    }
    if let Some(option) = nir.first_given() {
        bail!("{option}: is for NIR files, given with --model");
    }
    let path = args.network.as_deref().expect("the argument group asks for a file or a model");
    if images.data.is_some() || images.limit.is_some() {
        bail!("--data and --limit choose images for --model; {} needs none", path.display());
    }
    let (origin, text) = (path.display().to_string(), files::read_text(path)?);
    let inputs = vec![sections::digest("network", &origin, [text.as_bytes()])];
    // The network itself, or the `network` of a case.
    let network = spikeloom::analytic::parse(&origin, &text)?;
    Ok(Subject { network, origin, direct: None, density: None, inputs })
}

impl Subject {
    /// Fraction of the hidden activations of a formal twin that is not zero, and how it was found.
    pub(super) fn density_or(&self, given: Option<f64>) -> Result<(f64, String)> {
        if let Some(density) = given {
            ensure!((0.0..=1.0).contains(&density), "--density {density}: a fraction lies between 0 and 1");
            return Ok((density, "given".into()));
        }
        if let Some(density) = self.density {
            return Ok((density, "measured: hidden neurons that fire at least once, mean of the layers".into()));
        }
        let hidden = &self.network.layers[..self.network.layers.len() - 1];
        let rates: Vec<f64> =
            hidden.iter().filter_map(|layer| Some((layer.theta_out? / layer.shape.n_out()).min(1.0))).collect();
        if rates.is_empty() || self.network.mode == Mode::Ann {
            return Ok((1.0, "no hidden spikes are stated: nothing is skipped".into()));
        }
        let mean = rates.iter().sum::<f64>() / rates.len() as f64;
        Ok((
            mean,
            "estimated: spikes per hidden neuron, at most 1 each, mean of the layers; set it with --density".into(),
        ))
    }
}
