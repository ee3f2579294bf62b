//! A search in a folder, as `spikeloom explore` and the Python package do it: the space's files, and the folder's.
//!
//! | file of the folder | content |
//! |---|---|
//! | `space.ron` | the space, as it was last searched |
//! | `points/` | one file per point |
//! | `points.csv` | all points of the space as a table |

use crate::{args::ImageArgs, data, files, nir::NirArgs, source};
use anyhow::{Context, Result, anyhow};
use clap::Parser;
use explore::{
    Bench, FIGURES, Network, PointRecord, PriceRule, Space, Store,
    answer::{Answers, answers, by_network, distinct},
};
use serde_json::{Map, Value, json};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// Name of the space in the folder of its points.
pub(crate) const SPACE: &str = "space.ron";

/// Name of the table of all points.
const TABLE: &str = "points.csv";

/// A space with what its points are evaluated with.
pub struct Search {
    /// The space as it was written.
    pub text: String,
    /// What evaluates its points.
    pub bench: Bench,
}

impl Search {
    /// The space in a file, with the networks, samples and chips that it names.
    ///
    /// # Errors
    /// If the file is no space, or names what is not there.
    pub fn open(path: &Path) -> Result<Self> {
        Self::of_text(path, files::read_text(path)?)
    }

    /// The space in the text of the file `path`; files that it names are looked for beside it, then from here.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn of_text(path: &Path, text: String) -> Result<Self> {
        let space = Space::parse(&text, &path.display().to_string())?;
        Ok(Self { bench: bench(space, path)?, text })
    }

    /// The folder of the points, unless another is chosen: the space's name.
    pub fn folder(&self) -> PathBuf {
        PathBuf::from(&self.bench.space().name)
    }

    /// The store in a folder, which then says which space it belongs to.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub fn store(&self, folder: &Path) -> Result<Store> {
        let store = Store::open(folder)?;
        files::write(&folder.join(SPACE), self.text.as_bytes())?;
        Ok(store)
    }
}

/// The networks, samples and chips that a space names.
fn bench(space: Space, path: &Path) -> Result<Bench> {
    let beside = |name: &str| -> String {
        let near = path.with_file_name(name);
        let is_file = name.contains('.') && near.exists();
        if is_file { near.to_string_lossy().into_owned() } else { name.to_owned() }
    };
    let mut networks = Vec::new();
    for workload in &space.networks {
        let place = || format!("{}: network `{}`", path.display(), workload.name());
        let options = Options::of(&workload.options).with_context(place)?;
        let data = workload.data.as_deref().map(beside).or(options.images.data);
        let images = ImageArgs { data, limit: workload.samples.or(options.images.limit), ..options.images };
        let (model, samples) = data::inputs(&beside(&workload.model), &options.nir, &images).with_context(place)?;
        let model = spikeloom::Model { name: workload.name(), ..model };
        networks.push(Network::new(model, samples)?);
    }
    let chips = space.chips.iter().map(|chip| source::chip(&beside(chip)));
    let chips = chips.collect::<Result<Vec<_>>>().with_context(|| path.display().to_string())?;
    let rule = |name: &str| match PriceRule::following(name) {
        Some(rule) => Ok(rule),
        None => source::table(&beside(name)).map(|table| PriceRule::Table(Box::new(table))),
    };
    let prices = space.prices.as_deref().map(rule).transpose().with_context(|| path.display().to_string())?;
    Ok(Bench::new(space, chips, networks, prices))
}

/// The words about a network and its samples.
#[derive(Debug, Parser)]
#[command(no_binary_name = true, disable_help_flag = true)]
struct Options {
    #[command(flatten)]
    nir: NirArgs,
    #[command(flatten)]
    images: ImageArgs,
}

impl Options {
    fn of(words: &[String]) -> Result<Self> {
        Self::try_parse_from(words).map_err(|error| {
            // Its first paragraph says what is wrong; usage is that of `run`.
            let text = error.to_string();
            let first = text.split("\n\n").next().unwrap_or_default();
            anyhow!("`options`: {}", first.trim_start_matches("error: "))
        })
    }
}

/// The points of a folder that belong to its space, each once; and the space.
///
/// # Errors
/// If the folder holds no search, or damaged points.
pub fn records(folder: &Path) -> Result<(Vec<PointRecord>, Space)> {
    let path = folder.join(SPACE);
    let space = Space::parse(&files::read_text(&path)?, &path.display().to_string())?;
    let all = Store::open(folder)?.all()?;
    Ok((distinct(all.into_iter().filter(|record| space.holds(record)).collect()), space))
}

/// Writes the table of all points of a folder; returns its path.
///
/// # Errors
/// As [`records`], or if it cannot be written.
pub fn write_table(folder: &Path) -> Result<PathBuf> {
    let path = folder.join(TABLE);
    files::write(&path, explore::csv(&records(folder)?.0).as_bytes())?;
    Ok(path)
}

/// What the points of a folder answer, network by network, as `spikeloom explore show --json` prints it.
///
/// # Errors
/// As [`records`].
pub fn answered(folder: &Path) -> Result<Value> {
    let (records, space) = records(folder)?;
    let of_network = |records: &Vec<PointRecord>| as_value(records, &answers(&space, records));
    let all = by_network(records).values().map(of_network).collect::<Result<Vec<_>>>()?;
    Ok(json!({ "space": space.name, "networks": all }))
}

/// Gives what names a record its address, which stays when points are added.
fn addressed(value: &mut Value, records: &[PointRecord]) {
    match value {
        Value::Object(fields) => {
            let record = fields.remove("record").and_then(|index| records.get(index.as_u64()? as usize));
            fields.values_mut().for_each(|value| addressed(value, records));
            fields.extend(record.map(|record| ("address".to_owned(), record.key().into())));
        }
        Value::Array(values) => values.iter_mut().for_each(|value| addressed(value, records)),
        _ => {}
    }
}

/// Answers with the points of the front instead of their places.
fn as_value(records: &[PointRecord], answers: &Answers) -> Result<Value> {
    let point = |&i: &usize| {
        let record = &records[i];
        let figures: Map<String, Value> =
            FIGURES.iter().filter_map(|f| Some((f.name.to_owned(), record.figure(f.name)?.into()))).collect();
        let settings: BTreeMap<String, String> = record.settings().into_iter().collect();
        json!({ "address": record.key(), "stage": record.stage, "settings": settings, "figures": figures })
    };
    let front: Vec<Value> = answers.front.iter().map(point).collect();
    let mut whole = serde_json::to_value(answers)?;
    addressed(&mut whole, records);
    whole["front"] = front.into();
    Ok(whole)
}
