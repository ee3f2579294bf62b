//! `spikeloom reproduce fig4`: allocation strategies, or channels, against accuracy. Trains every network it shows.

use super::{Fig4Args, Vary, strategy};
use crate::{
    cmd, interrupt, progress,
    report::{
        folder::{Folder, Provenance},
        svg::{Anchor, COLOURS, Svg},
        text::{Table, align_right},
    },
};
use anyhow::{Result, bail, ensure};
use indicatif::ProgressBar;
use models::{
    data::{self, DatasetName, Split},
    ffgaf::{Allocation, Config, Event, Outcome, run as train},
};
use serde::Serialize;
use std::{fmt::Write as _, process::ExitCode, time::Instant};

#[derive(Serialize)]
struct Trained {
    allocation: &'static str,
    channels: Vec<usize>,
    parameters: usize,
    /// Validation accuracy of the last layer's read-out after each epoch \[%\].
    validation_percent: Vec<f64>,
    /// Test accuracy of the last layer's read-out after the last epoch \[%\].
    test_percent: f64,
    /// Test accuracy by plain goodness \[%\].
    test_goodness_percent: f64,
}

#[derive(Serialize)]
struct Figure {
    title: &'static str,
    vary: &'static str,
    dataset: &'static str,
    epochs: u32,
    training_images: usize,
    validation_images: usize,
    test_images: usize,
    networks: Vec<Trained>,
}

/// Trains.
pub(super) fn run(args: &Fig4Args) -> Result<ExitCode> {
    let begun = Instant::now();
    let dataset = args.dataset.unwrap_or(match args.vary {
        Vary::Allocation => DatasetName::Cifar10,
        Vary::Channels => DatasetName::FashionMnist,
    });
    let dir = args.data.dir();
    let mut images = data::load(dataset, Split::Train, &dir)?;
    let test = data::load(dataset, Split::Test, &dir)?;
    if let Some(limit) = args.limit.filter(|limit| *limit < images.len()) {
        images = images.subset(0..limit);
    }
    ensure!(images.len() >= 100, "--limit {}: too few images to train on; give 100 or more", images.len());
    cmd::set_threads(args.threads)?;
    let folder = Folder::create(&args.out.out)?;
    let stop = interrupt::flag();
    let mut networks = Vec::new();
    let configs = configs(args, dataset, images.len());
    for (name, config) in &configs {
        let out = args.out.out.join("fig4").join(name);
        if !args.resume && out.join("checkpoint.safetensors").exists() {
            bail!(
                "{}: holds an earlier training; continue with --resume, or choose another folder with --out",
                out.display()
            );
        }
        let mut bar = ProgressBar::hidden();
        let outcome = train(config, (&images, &test), &out, args.resume, &stop, &mut |event| match event {
            Event::Started { epochs_done, images } => {
                bar = progress::bar((config.epochs * images) as u64, "images");
                bar.set_position((epochs_done * images) as u64);
                bar.reset_eta();
                bar.set_message(name.clone());
            }
            Event::Batch(now) => bar.set_position(((now.epoch - 1) * now.of + now.images) as u64),
            Event::Epoch(..) => {}
        })?;
        bar.finish_and_clear();
        let Some(trained) = Trained::of(config, &outcome) else {
            eprintln!("stopped; continue with --resume --out {}", args.out.out.display());
            return Ok(ExitCode::from(1));
        };
        eprintln!("{name}: {:.2} % of the test images", trained.test_percent);
        networks.push(trained);
    }
    let figure = Figure {
        title: match args.vary {
            Vary::Allocation => "FFGAF-SNN, figure 4: allocation strategies against accuracy",
            Vary::Channels => "FFGAF-SNN, figure 4: channels of a one-layer network against accuracy",
        },
        vary: match args.vary {
            Vary::Allocation => "allocation",
            Vary::Channels => "channels",
        },
        dataset: dataset.as_str(),
        epochs: args.epochs,
        training_images: images.len() - configs[0].1.validation,
        validation_images: configs[0].1.validation,
        test_images: test.len(),
        networks,
    };
    let made_by = Provenance::new(Some(args.seed), begun);
    let picture = figure.picture(&made_by);
    folder.write(&format!("fig4-{}", figure.vary), &made_by, &figure, &figure.csv(), (picture.as_bytes(), "svg"))?;
    if args.out.json {
        println!("{}", serde_json::to_string_pretty(&figure)?);
    } else {
        print!("{}\n{made_by}\n", figure.text());
    }
    Ok(ExitCode::SUCCESS)
}

/// The networks to train, with the names of their folders.
fn configs(args: &Fig4Args, dataset: DatasetName, images: usize) -> Vec<(String, Config)> {
    let base = Config {
        dataset: dataset.as_str().into(),
        epochs: args.epochs as usize,
        seed: args.seed,
        validation_seed: args.seed,
        validation: (images / 10).min(5000),
        ..Config::default()
    };
    let given = |default: &[usize]| if args.channels.is_empty() { default.to_vec() } else { args.channels.clone() };
    match args.vary {
        Vary::Allocation => {
            let channels = given(&[40, 120, 120, 240]);
            let strides = (0..channels.len()).map(|l| if l == 1 || l == 2 { 2 } else { 1 }).collect::<Vec<_>>();
            [Allocation::Uniform, Allocation::Aware, Allocation::Worst]
                .into_iter()
                .map(|allocation| {
                    let config =
                        Config { channels: channels.clone(), strides: strides.clone(), allocation, ..base.clone() };
                    (strategy(allocation).to_owned(), config)
                })
                .collect()
        }
        Vary::Channels => given(&[20, 40, 80, 160])
            .into_iter()
            .map(|n| (format!("channels-{n}"), Config { channels: vec![n], strides: vec![1], ..base.clone() }))
            .collect(),
    }
}

impl Trained {
    fn of(config: &Config, outcome: &Outcome) -> Option<Self> {
        let test = &outcome.result.as_ref()?.test;
        let percent = |right: usize, of: usize| 100.0 * right as f64 / of.max(1) as f64;
        let last = config.channels.len() - 1;
        Some(Self {
            allocation: strategy(config.allocation),
            channels: config.channels.clone(),
            parameters: outcome.network.parameters(),
            validation_percent: outcome
                .history
                .iter()
                .map(|r| percent(r.validation.readout[last], r.validation.images))
                .collect(),
            test_percent: test.accuracy(),
            test_goodness_percent: percent(*test.goodness.last()?, test.images),
        })
    }

    fn label(&self) -> String {
        let channels: Vec<String> = self.channels.iter().map(ToString::to_string).collect();
        format!("{}, {}", self.allocation, channels.join("-"))
    }
}

impl Figure {
    fn text(&self) -> String {
        let mut table = Table::new(&["network", "parameters", "validation", "test", "test by goodness"]);
        for n in &self.networks {
            table.row(vec![
                n.label(),
                n.parameters.to_string(),
                n.validation_percent.last().map_or_else(|| "–".into(), |v| format!("{v:.2} %")),
                format!("{:.2} %", n.test_percent),
                format!("{:.2} %", n.test_goodness_percent),
            ]);
        }
        format!(
            "{}\n{}: {} training, {} validation, {} test images, {} epochs, one seed: differences of a point may be chance\n\n{}",
            self.title,
            self.dataset,
            self.training_images,
            self.validation_images,
            self.test_images,
            self.epochs,
            align_right(table, 1)
        )
    }

    fn csv(&self) -> String {
        let mut out = String::from(
            "allocation,channels,parameters,epoch,validation_percent,test_percent,test_goodness_percent\n",
        );
        for n in &self.networks {
            let channels: Vec<String> = n.channels.iter().map(ToString::to_string).collect();
            for (epoch, v) in n.validation_percent.iter().enumerate() {
                let last = epoch + 1 == n.validation_percent.len();
                let at_end = |v: f64| if last { v.to_string() } else { String::new() };
                let _ = writeln!(
                    out,
                    "{},{},{},{},{v},{},{}",
                    n.allocation,
                    channels.join("-"),
                    n.parameters,
                    epoch + 1,
                    at_end(n.test_percent),
                    at_end(n.test_goodness_percent)
                );
            }
        }
        out
    }

    /// Validation accuracy per epoch, test accuracy at the end.
    fn picture(&self, made_by: &Provenance) -> String {
        let (left, top, width, height) = (50.0, 40.0, 420.0, 260.0);
        let mut svg = Svg::new(left + width + 260.0, top + height + 70.0);
        svg.text((left, 20.0), Anchor::Start, "black", &format!("{} ({})", self.title, self.dataset));
        let all = || self.networks.iter().flat_map(|n| n.validation_percent.iter().chain([&n.test_percent]).copied());
        let low = all().fold(100.0, f64::min).floor() - 1.0;
        let high = all().fold(0.0, f64::max).ceil() + 1.0;
        let y = |v: f64| top + height * (high - v) / (high - low);
        let x = |epoch: usize| left + width * (epoch as f64 + 1.0) / f64::from(self.epochs + 1);
        for k in 0..=4 {
            let v = low + (high - low) * f64::from(k) / 4.0;
            svg.line((left, y(v)), (left + width, y(v)), "#ddd");
            svg.text((left - 6.0, y(v) + 4.0), Anchor::End, "black", &format!("{v:.1}"));
        }
        for (i, n) in self.networks.iter().enumerate() {
            let colour = COLOURS[i % COLOURS.len()];
            let points: Vec<(f64, f64)> = n.validation_percent.iter().enumerate().map(|(e, v)| (x(e), y(*v))).collect();
            svg.polyline(&points, colour);
            for &(px, py) in &points {
                svg.rect((px - 2.5, py - 2.5), (5.0, 5.0), colour);
            }
            let label = format!("{}: test {:.2} %", n.label(), n.test_percent);
            svg.text((left + width + 8.0, top + 16.0 * (i as f64 + 1.0)), Anchor::Start, colour, &label);
        }
        let axis = format!("validation accuracy [%] against epochs 1 to {}", self.epochs);
        svg.text((left, top + height + 24.0), Anchor::Start, "black", &axis);
        svg.text((left, top + height + 44.0), Anchor::Start, "#666", &made_by.to_string());
        svg.finish()
    }
}
