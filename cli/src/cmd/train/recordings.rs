//! Recordings of events that a network is trained and measured on.

use anyhow::{Context, Result, ensure};
use base::budget::Budget;
use datasets::{
    Dataset, Split,
    recording::{Binning, Opened, Recordings, Wanted, open},
};
use std::path::Path;
use training::ffgaf::Config;

/// The recordings of a split in a file or folder, their timesteps one after another in the channels.
pub(super) fn part(config: &Config, path: &Path, split: Split) -> Result<Dataset> {
    let place = path.display();
    let sensor = config.sensor.with_context(|| {
        format!("{place}: input = \"events\" needs the channels, rows and columns of the recordings, as in --set 'sensor=[2,34,34]'")
    })?;
    let binning = Binning { bin: (config.bin > 0.0).then_some(config.bin), ..Binning::default() };
    let found = match open(path, &Wanted { input: sensor, values: false, split, binning })? {
        Opened::Recordings(found) => found,
        Opened::Images(_) => anyhow::bail!(
            "{place}: holds images; leave input = \"events\" out, or name recordings of {} × {} × {}",
            sensor[0],
            sensor[1],
            sensor[2]
        ),
    };
    found.remarks.iter().for_each(|remark| eprintln!("{place}: {remark}"));
    frames(config, sensor, &found).with_context(|| place.to_string())
}

/// As spikes: what a neuron gets several times in a timestep it gets once.
fn frames(config: &Config, [c, h, w]: [usize; 3], found: &Recordings) -> Result<Dataset> {
    let (steps, n) = (usize::from(config.levels), found.samples.len());
    let len = steps * c * h * w;
    let mut budget = Budget::process();
    budget.claim("recordings, `levels` and `sensor`", &[n as u64, steps as u64, c as u64, (h * w) as u64])?;
    let (mut pixels, mut labels) = (vec![0; n * len], Vec::with_capacity(n));
    let (mut late, mut several, mut shorter, mut longest) = (0_usize, 0_usize, 0_usize, 0);
    for (recording, frames) in found.samples.iter().zip(pixels.chunks_exact_mut(len)) {
        let number = recording.number;
        let label =
            recording.label.with_context(|| format!("recording {number} has no class, which training needs"))?;
        labels.push(
            u8::try_from(label)
                .ok()
                .with_context(|| format!("recording {number} is of class {label}; at most 255 are known"))?,
        );
        shorter += usize::from((recording.steps as usize) < steps);
        longest = longest.max(recording.steps);
        for event in recording.events() {
            ensure!(
                event.value > 0,
                "recording {number}: neuron {} receives {} in timestep {}; networks are trained on spikes",
                event.neuron,
                event.value,
                event.timestep
            );
            if event.timestep as usize >= steps {
                late += 1;
                continue;
            }
            several += usize::from(event.value > 1);
            frames[event.timestep as usize * c * h * w + event.neuron as usize] = 1;
        }
    }
    if late > 0 {
        eprintln!(
            "{}: {late} events come after timestep {steps} and are left out; levels = {longest} takes all",
            found.name
        );
    }
    if several > 0 {
        eprintln!(
            "{}: {several} times several events fell together on a neuron in one timestep; they are one spike",
            found.name
        );
    }
    if shorter > 0 {
        eprintln!(
            "{}: {shorter} of {n} recordings are shorter than {steps} timesteps; silence follows them",
            found.name
        );
    }
    let classes = labels.iter().map(|&label| usize::from(label) + 1).max().unwrap_or(1);
    Ok(Dataset { name: found.name.clone(), classes, shape: [steps * c, h, w], pixels, labels })
}
