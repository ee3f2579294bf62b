//! `spikeloom data`: obtain data sets, and make recordings of events from them.

use crate::{
    args::{DataCommand, SaccadeArgs},
    files, interrupt, progress,
};
use anyhow::{Context, Result};
use datasets::{DatasetName, Progress, Split, own, saccades};
use std::{ops::ControlFlow, path::Path, process::ExitCode, sync::atomic::Ordering};

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
    let [c, h, w] = saccades::sensor(args.dataset.shape());
    let mut budget = base::budget::Budget::process();
    // The recordings, and the archive that is packed from them.
    let parts = [(Split::Train, args.train), (Split::Test, args.test)]
        .map(|(split, n)| (split, args.dataset.count(split).min(n as usize)));
    let images: usize = parts.iter().map(|(_, n)| n).sum();
    budget.claim("--train, --test and --steps", &[2, images as u64, u64::from(args.steps), (c * h * w) as u64])?;
    let stop = interrupt::flag();
    let mut recorded = Vec::new();
    for (split, n) in parts {
        let images = datasets::load(args.dataset, split, &args.data.dir())?;
        let images = images.subset(0..n);
        let bar = progress::bar(images.len() as u64, "images");
        let made = saccades::recordings(&images, steps, args.seed, &|| {
            bar.inc(1);
            if stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        bar.finish_and_clear();
        let Some(part) = made else { return Ok(interrupt::code()) };
        let spikes: usize = part.pixels.iter().map(|&n| usize::from(n)).sum();
        let mean = spikes as f64 / images.len() as f64;
        println!("{split}: {} recordings of {steps} timesteps, {mean:.0} events each on average", images.len());
        recorded.push(part);
    }
    files::write(&args.output, &own::npz(&recorded[0], &recorded[1], steps)?)?;
    let output = args.output.display();
    println!("{output}: made by a model of a sensor (seed {}), channels, rows and columns {c}, {h}, {w}", args.seed);
    Ok(ExitCode::SUCCESS)
}
