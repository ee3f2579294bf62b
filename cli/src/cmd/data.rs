//! `spikeloom data`: obtain data sets, and make recordings of events from them.

use crate::{
    args::{DataCommand, SaccadeArgs},
    files, interrupt, progress,
};
use anyhow::{Context, Result};
use datasets::{Dataset, DatasetName, Progress, Split, own, saccades};
use rayon::prelude::*;
use std::{
    path::Path,
    process::ExitCode,
    sync::atomic::{AtomicBool, Ordering},
};

/// Runs a data command.
pub(crate) fn run(command: &DataCommand) -> Result<ExitCode> {
    match command {
        DataCommand::Fetch { dataset, dir } => fetch(*dataset, dir.as_deref()),
        DataCommand::Saccades(args) => record(args),
    }
}

fn fetch(dataset: DatasetName, dir: Option<&Path>) -> Result<ExitCode> {
    let dir = dir.map_or_else(datasets::default_dir, Path::to_owned);
    let bar = progress::bytes();
    let report = datasets::fetch(dataset, &dir, &mut |progress| match progress {
        Progress::Downloading { file, arrived, of } => {
            bar.set_message(file);
            if let Some(of) = of {
                bar.set_length(of);
            }
            bar.set_position(arrived);
        }
        Progress::Trying { source } => eprintln!("trying {source}"),
        Progress::Failed { source, reason } => eprintln!("  {source}: {reason}"),
        Progress::Verified { split, images } => eprintln!("  {split}: {images} images, SHA-256 as published"),
        _ => {}
    })?;
    bar.finish_and_clear();
    println!("{} is complete in {} (from {})", report.name, report.folder.display(), report.source);
    Ok(ExitCode::SUCCESS)
}

/// Recordings of an event camera over a data set's images.
fn record(args: &SaccadeArgs) -> Result<ExitCode> {
    base::output::check(&args.output).with_context(|| args.output.display().to_string())?;
    let steps = args.steps as usize;
    let stop = interrupt::flag();
    let mut parts = Vec::new();
    for (split, n) in [(Split::Train, args.train), (Split::Test, args.test)] {
        let images = datasets::load(args.dataset, split, &args.data.dir())?;
        let images = images.subset(0..(n as usize).min(images.len()));
        let Some(part) = recorded(&images, steps, args.seed, &stop)? else { return Ok(interrupt::code()) };
        let spikes: usize = part.pixels.iter().map(|&n| usize::from(n)).sum();
        let mean = spikes as f64 / images.len() as f64;
        println!("{split}: {} recordings of {steps} timesteps, {mean:.0} events each on average", images.len());
        parts.push(part);
    }
    files::write(&args.output, &own::npz(&parts[0], &parts[1], Some(steps))?)?;
    let [c, h, w] = saccades::sensor(args.dataset.shape());
    println!(
        "{}: made by a model of a sensor (seed {}), channels, rows and columns {c}, {h}, {w}",
        args.output.display(),
        args.seed
    );
    Ok(ExitCode::SUCCESS)
}

/// The recordings of `images`; `None` if that was stopped.
fn recorded(images: &Dataset, steps: usize, seed: u64, stop: &AtomicBool) -> Result<Option<Dataset>> {
    let [c, h, w] = saccades::sensor(images.shape);
    let len = steps * c * h * w;
    let mut budget = base::budget::Budget::process();
    // The recordings, and the archive that is packed from them.
    budget.claim("recordings of so many images and --steps", &[2, images.len() as u64, len as u64])?;
    let mut pixels = vec![0; images.len() * len];
    let bar = progress::bar(images.len() as u64, "images");
    pixels.par_chunks_mut(len).enumerate().for_each(|(i, recording)| {
        if !stop.load(Ordering::Relaxed) {
            recording.copy_from_slice(&saccades::record(images.image(i), images.shape, steps, seed, i as u64));
            bar.inc(1);
        }
    });
    bar.finish_and_clear();
    let labels = images.labels.clone();
    let data = Dataset { name: images.name.clone(), classes: images.classes, shape: [steps * c, h, w], pixels, labels };
    Ok((!stop.load(Ordering::Relaxed)).then_some(data))
}
