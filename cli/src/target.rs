//! A model onto a chip as the arguments say; training images and files of rates are read here.

use crate::{
    args::{ImageArgs, Potentials, RateSource, TargetArgs},
    data, files,
    report::mapping::{self, MappingReport},
};
use anyhow::{Result, bail};
use serde::Serialize;
use spikeloom::{ActivitySource, Chip, DeployOptions, Deployed, Model, Observer, Rates, Samples};

/// Deploys; `images` says where training images are, `compare_placements` whether other methods of placement are costed too.
pub(crate) fn deploy(
    model: &Model,
    chip: &Chip,
    target: &TargetArgs,
    images: &ImageArgs,
    compare_placements: bool,
    observer: &mut dyn Observer,
) -> Result<Deployed> {
    if target.save_activity.is_some() && target.activity.is_none() {
        bail!("--save-activity: nothing is measured; add --activity train:N");
    }
    let train = |n| data::training(images, model, n);
    let calibration: Option<Box<dyn Samples>> = target.calibrate.map(|n| train(n as usize)).transpose()?;
    let measured: Option<Box<dyn Samples>> = match &target.activity {
        Some(RateSource::Train(n)) => Some(train(*n)?),
        _ => None,
    };
    let activity = match (&target.activity, &measured) {
        (Some(RateSource::File(path)), _) => {
            let name = path.display().to_string();
            Some(ActivitySource::Known { rates: Rates::parse(&name, &files::read_text(path)?)?, name })
        }
        (_, Some(samples)) => Some(ActivitySource::Measure(samples.as_ref())),
        _ => None,
    };
    let options = DeployOptions {
        weight_bits: target.weight_bits,
        seed: target.seed,
        check: target.check,
        compare_placements,
        effort: target.effort,
        most_work: target.placement_budget.unwrap_or(DeployOptions::default().most_work),
        balance: target.balance,
        saturate: target.potentials.map(|rule| rule == Potentials::Saturate),
        calibration: calibration.as_deref(),
        activity,
    };
    if let Some(looks) = target.placement_budget {
        eprintln!("placement: at most {looks} looks at a flow, in place of a clock: the same result on every machine");
    }
    let deployed = model.deploy(chip, &options, observer)?;
    if let (Some(path), Some(weighting)) = (&target.save_activity, &deployed.weighting) {
        files::write(path, weighting.rates.to_json().as_bytes())?;
    }
    Ok(deployed)
}

/// The cost of two mappings under measured activity.
#[derive(Serialize)]
pub(crate) struct Weighting {
    /// Where the activity comes from.
    pub(crate) origin: String,
    /// The mapping made for assumed activity, and the one made for the measured one.
    pub(crate) mappings: [MappingReport; 2],
}

impl Weighting {
    /// Of a deployment, if activity was given.
    pub(crate) fn of(deployed: &Deployed) -> Option<Self> {
        let weighting = deployed.weighting.as_ref()?;
        let mappings = [
            MappingReport::new("assumed activity", &weighting.assumed),
            MappingReport::new("this activity", &weighting.measured),
        ];
        Some(Self { origin: weighting.rates.origin.clone(), mappings })
    }
}

impl std::fmt::Display for Weighting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&mapping::table("mapped for", &self.mappings, &format!("the activity of {}", self.origin)))
    }
}
