//! A training that is watched: where it stands, on a terminal as a bar, in a log as lines; Ctrl-C stops it with a checkpoint.

use super::text;
use crate::{interrupt, progress};
use indicatif::ProgressBar;
use training::ffgaf::{Event, Job, Outcome, RunError, run as train};

/// Trains.
pub(in crate::cmd) fn run(job: &Job<'_>) -> Result<Outcome, RunError> {
    let (stop, config) = (interrupt::flag(), job.config);
    let mut bar = ProgressBar::hidden();
    let outcome = train(job, &stop, &mut |event| match event {
        Event::Started { epochs_done, images } => {
            let place = match epochs_done {
                n if n < config.epochs => format!("epoch {} of {}", n + 1, config.epochs),
                n => format!("all {n} epochs done"),
            };
            eprintln!(
                "{}: {images} training and {} validation images; {place}; seed {}; {}",
                config.dataset,
                config.validation,
                config.seed,
                job.out.display()
            );
            bar = progress::bar((config.epochs * images) as u64, "images");
            bar.set_position((epochs_done * images) as u64);
            bar.reset_eta();
        }
        Event::Batch(now) => {
            bar.set_position(((now.epoch - 1) * now.of + now.images) as u64);
            bar.set_message(text::standing(now));
        }
        // A terminal has the bar; a log file has this line.
        Event::Saved(now) if bar.is_hidden() => {
            eprintln!("{}  {} of {} images, checkpoint written", text::standing(now), now.images, now.of);
        }
        Event::Saved(_) => {}
        Event::Epoch(report, seconds) => bar.suspend(|| eprintln!("{}", text::line(report, seconds))),
    })?;
    bar.finish_and_clear();
    Ok(outcome)
}
