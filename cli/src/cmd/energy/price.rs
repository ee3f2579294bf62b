//! `spikeloom energy price`: a stored run under another table.

use super::{pj, with_range};
use crate::args::energy::PriceArgs;
use crate::{
    files,
    report::{
        WithReport,
        run::{EnergyReport, plural},
        sections,
        text::{Table, align_right, wrapped},
    },
    source,
};
use anyhow::{Context, Result};
use energy::{
    price::{Breakdown, Component},
    units::Energy,
};
use isa::LayerId;
use serde::Serialize;
use spikeloom::{Chip, Record};
use std::{collections::BTreeMap, fmt::Write as _, process::ExitCode};

/// Prices.
pub(super) fn run(args: &PriceArgs) -> Result<ExitCode> {
    let (file, content) = (args.run.display().to_string(), files::read_text(&args.run)?);
    let run = Record::parse(&file, &content)?;
    let table = table(&file, &run, args.table.as_deref())?;
    let priced = run.price(&table).with_context(|| format!("{file}: cannot be priced with this table"))?;
    let report = Priced::new(&run, &priced.breakdown);
    let whole = sections::stored(&file, &content, &run, &priced);
    for note in run.chip.iter().flat_map(|chip| chip.notes(&table)) {
        eprintln!("note: {note}");
    }
    if args.json {
        println!("{}", serde_json::to_string_pretty(&WithReport { found: &report, report: &whole })?);
    } else {
        print!("{}", wrapped(&report.text()));
    }
    args.report.write(&whole)?;
    Ok(ExitCode::SUCCESS)
}

/// The prices of a stored run: those named, or its chip's own.
fn table(file: &str, run: &Record, name: Option<&str>) -> Result<energy::table::Table> {
    Ok(match (name, &run.chip) {
        (Some(name), Some(chip)) if !name.ends_with(".ron") => chip.table(name)?,
        (Some(name), _) => source::table(name)?,
        (None, Some(chip)) => source::table_for(chip, &Chip::new(chip.arch.clone())?, None)?,
        (None, None) => {
            let chip = source::chip(&run.arch).with_context(|| format!("{file}: choose prices with --table"))?;
            chip.prices()?.clone()
        }
    })
}

/// A stored run with its energy.
pub(crate) fn stored(file: &str, content: &str, name: Option<&str>) -> Result<(Record, spikeloom::Priced)> {
    let run = Record::parse(file, content)?;
    let prices = table(file, &run, name)?;
    let priced = run.price(&prices).with_context(|| format!("{file}: cannot be priced with this table"))?;
    Ok((run, priced))
}

/// The energy of a stored run, per image.
#[derive(Serialize)]
struct Priced<'a> {
    network: &'a str,
    arch: &'a str,
    dataset: &'a str,
    images: u64,
    accuracy_percent: Option<f64>,
    sample: &'a str,
    spikeloom: &'a str,
    energy: EnergyReport,
    layers: Vec<PricedLayer<'a>>,
}

#[derive(Serialize)]
struct PricedLayer<'a> {
    name: &'a str,
    energy_pj: Energy,
    components_pj: BTreeMap<Component, Energy>,
}

impl<'a> Priced<'a> {
    fn new(run: &'a Record, priced: &Breakdown) -> Self {
        let per_image = 1.0 / run.images as f64;
        let layers = run.layers.iter().enumerate().map(|(l, layer)| {
            let mut components_pj: BTreeMap<Component, Energy> = BTreeMap::new();
            for line in priced.lines.iter().filter(|line| line.layer == LayerId(l as u16)) {
                *components_pj.entry(line.component).or_default() += line.energy * per_image;
            }
            let energy_pj = components_pj.values().copied().sum();
            PricedLayer { name: &layer.name, energy_pj, components_pj }
        });
        Self {
            network: &run.network,
            arch: &run.arch,
            dataset: &run.dataset,
            images: run.images,
            accuracy_percent: run.correct.map(|correct| 100.0 * correct as f64 * per_image),
            sample: &run.sample,
            spikeloom: &run.spikeloom,
            energy: EnergyReport::new(priced, run.images as f64),
            layers: layers.collect(),
        }
    }

    fn text(&self) -> String {
        let mut out = format!(
            "{} on {}: {} of {}, stored by spikeloom {}\n\naccuracy     {}\n",
            self.network,
            self.arch,
            plural(self.images, self.sample),
            self.dataset,
            self.spikeloom,
            self.accuracy_percent.map_or("unknown".into(), |percent| format!("{percent:.2} %"))
        );
        self.energy.write(self.sample, &mut out);
        let used = |c: &Component| self.layers.iter().any(|l| l.components_pj.get(c).is_some_and(|e| e.value > 0.0));
        let mut components: Vec<Component> =
            self.layers.iter().flat_map(|l| l.components_pj.keys().copied()).filter(used).collect();
        components.sort_unstable();
        components.dedup();
        let names: Vec<String> = components.iter().map(ToString::to_string).collect();
        let mut header = vec!["layer"];
        header.extend(names.iter().map(String::as_str));
        header.push("energy");
        let mut table = Table::new(&header);
        for layer in &self.layers {
            let mut row = vec![layer.name.to_owned()];
            row.extend(components.iter().map(|c| pj(layer.components_pj.get(c).map_or(0.0, |e| e.value))));
            row.push(with_range(layer.energy_pj));
            table.row(row);
        }
        let sum = |of: &dyn Fn(&PricedLayer<'_>) -> Energy| self.layers.iter().map(of).sum::<Energy>();
        let mut row = vec!["all".to_owned()];
        row.extend(components.iter().map(|c| pj(sum(&|l| l.components_pj.get(c).copied().unwrap_or_default()).value)));
        row.push(with_range(sum(&|l| l.energy_pj)));
        table.row(row);
        let _ = write!(out, "\n{}means per {}, without static power\n", align_right(table, 1), self.sample);
        out
    }
}
