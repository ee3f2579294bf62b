//! `spikeloom data`: obtain data sets.

use crate::{args::DataCommand, progress};
use anyhow::Result;
use datasets::Progress;
use std::process::ExitCode;

/// Runs a data command.
pub(crate) fn run(command: &DataCommand) -> Result<ExitCode> {
    let DataCommand::Fetch { dataset, dir } = command;
    let dir = dir.clone().unwrap_or_else(datasets::default_dir);
    let bar = progress::bytes();
    let report = datasets::fetch(*dataset, &dir, &mut |progress| match progress {
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
