//! Loihi 2 on PilotNet: lava-dl's trained network and golden input, its measured step time, energy and partition.
//!
//! The folder holds `pilotnet.nir` and `pilotnet.csv`, made by `scripts/pilotnet_nir.py` from lava-dl's files. The measured
//! sample is another frame of the same video; its 16 timesteps overlap with the next sample, ours is followed until the
//! pipeline has drained.

use super::{
    Row,
    Standing::{Calibrated, Predicted},
};
use crate::{nir::NirArgs, source};
use anyhow::{Context as _, Result};
use energy::{
    price::{Context, price},
    table::StaticPower,
};
use isa::{Action, LayerId};
use simulator::{NoProbe, TimingMode};
use spikeloom::{Chip, DeployOptions, Quiet, Recordings};
use std::path::Path;

const CHIP: &str = "loihi2";
const SOURCE: &str = "lava-dl, PilotNet benchmark notebook";
/// Timesteps of a sample.
const STEPS: u32 = 16;

/// Rows of the network in `folder`.
pub(super) fn rows(folder: &Path) -> Result<Vec<Row>> {
    let path = |name: &str| folder.join(name).display().to_string();
    let events = path("pilotnet.csv");
    let samples = Recordings::parse(&events, &crate::files::read(Path::new(&events))?)?;
    let model = source::named(&path("pilotnet.nir"), &NirArgs::timesteps(STEPS))?;
    let executable = model.deploy(&Chip::open(CHIP)?, &DeployOptions::default(), &mut Quiet)?.executable;
    let run = executable.machine.run(&executable.stimulus(&samples, 0), TimingMode::Analytic, &mut NoProbe)?;
    let time = run.time.context("loihi2 has all times")?;
    // Every layer works from timestep 9 on, and none of the pipeline has drained before 16.
    let full: Vec<u64> = time.steps.iter().skip(9).take(7).map(simulator::StepTime::ticks).collect();
    let step = full.iter().sum::<u64>() as f64 / full.len() as f64 * time.tick_ps as f64 * 1e-12;
    let table = executable.chip.prices()?;
    let priced = price(&run.ledger, table, &Context::default())?;
    let dynamic = priced.dynamic.value * 1e-9;
    let watts = match &table.static_power {
        StaticPower::Power { value, .. } => *value,
        _ => 0.0,
    };
    let total = dynamic + watts * step * f64::from(STEPS) * 1e3;
    let first = run.ledger.layer(LayerId(1))[Action::SynapticAdd] as f64;
    let row = |what: &str, unit, measured, ours, standing, source| Row {
        chip: CHIP,
        what: what.into(),
        unit,
        measured,
        ours,
        standing,
        source,
    };
    Ok(vec![
        row(
            "PilotNet, time of a step",
            "µs",
            152.8,
            step * 1e6,
            Calibrated,
            "lava-dl, PilotNet benchmark notebook; bounds the time of a synaptic operation",
        ),
        row(
            "PilotNet, dynamic energy of a sample",
            "mJ",
            1.094,
            dynamic,
            Calibrated,
            "lava-dl, PilotNet benchmark notebook; sets the factor on Loihi 1's prices",
        ),
        row("PilotNet, total energy of a sample", "mJ", 1.661, total, Predicted, SOURCE),
        row("PilotNet, cores behind the input", "", 61.0, executable.program.cores.len() as f64, Predicted, SOURCE),
        row(
            "PilotNet, synaptic operations of the first convolution",
            "",
            29_214_024.0,
            first,
            Predicted,
            "counted from lava-dl's golden spikes",
        ),
    ])
}
