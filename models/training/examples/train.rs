//! Trains a network in a run folder, continuing from its checkpoint if there is one.
//!
//! `train CONFIG.toml OUT [KEY=VALUE …]`: keys are TOML assignments that override or extend the file. Data sets are read from
//! `$SPIKELOOM_DATA` or the cache folder.

use datasets::{Dataset, DatasetName, Split};
use spikeloom_training::ffgaf::{Config, Event, run};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

fn load(name: &str, split: Split) -> Result<Dataset, Box<dyn std::error::Error>> {
    let name: DatasetName = name.parse()?;
    Ok(datasets::load(name, split, &datasets::default_dir())?)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(file), Some(out)) = (args.next(), args.next()) else {
        return Err("usage: train CONFIG.toml OUT [KEY=VALUE ...]".into());
    };
    let mut text = std::fs::read_to_string(&file).map_err(|e| format!("{file}: {e}"))?;
    for setting in args {
        text.push('\n');
        text.push_str(&setting);
    }
    let config = Config::from_toml(&text)?;
    let (train, test) = (load(&config.dataset, Split::Train)?, load(&config.dataset, Split::Test)?);
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed))?;
    let outcome = run(&config, (&train, &test), Path::new(&out), true, &stop, &mut |event| match event {
        Event::Started { epochs_done, images } => {
            println!("{images} training images, {epochs_done} of {} epochs done", config.epochs);
        }
        Event::Batch(_) => {}
        Event::Epoch(r, seconds) => {
            let percent = |v: &[usize]| {
                v.iter()
                    .map(|&n| format!("{:.2}", 100.0 * n as f64 / r.validation.images as f64))
                    .collect::<Vec<_>>()
                    .join(" ")
            };
            println!(
                "epoch {:3}  {seconds:6.1} s  {:6.0} images/s  loss {:.4}  train {:.2}  validation {}  goodness {}",
                r.epoch,
                train.len() as f64 / seconds,
                r.loss.last().copied().unwrap_or_default(),
                r.train_accuracy.last().copied().unwrap_or_default(),
                percent(&r.validation.readout),
                percent(&r.validation.goodness),
            );
        }
    })?;
    match outcome.result.map(|r| r.test) {
        Some(test) => println!("test {:.2} %, goodness {:?} of {}", test.accuracy(), test.goodness, test.images),
        None => println!("interrupted; run the same command to continue"),
    }
    Ok(())
}
