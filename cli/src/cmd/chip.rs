//! `spikeloom chip`: the chips that ship, descriptions of one's own, and how they differ.

use crate::{files, source};
use anyhow::{Context, Result, bail};
use clap::Subcommand;
use isa::{Arch, arch::preset::PRESETS};
use serde_json::{Value, json};
use spikeloom::Chip;
use std::{collections::BTreeMap, path::PathBuf, process::ExitCode};

/// What is done with chips.
#[derive(Debug, Subcommand)]
pub(crate) enum ChipCommand {
    /// List the chips that ship
    List {
        /// Print the list as JSON
        #[arg(long)]
        json: bool,
    },
    /// Write a description to begin with: a chip that ships, under a name of your own, comments and sources included
    New {
        /// Name of the new chip
        name: String,
        /// The chip to begin with
        #[arg(long, value_name = "NAME", default_value = "loihi1")]
        from: String,
        /// Where it goes; default: its name with .ron
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Show every field of a chip by its path, as --set takes it
    Show {
        /// A chip's name or a description file (.ron)
        chip: String,
        /// Change a field first
        #[arg(long, value_name = "PATH=VALUE")]
        set: Vec<String>,
        /// Print the fields as JSON
        #[arg(long)]
        json: bool,
    },
    /// Check a description: every field, every figure's range and source
    Check {
        /// A description file (.ron), or a chip's name
        chip: String,
    },
    /// Show the fields in which two chips differ
    Diff {
        /// One chip
        first: String,
        /// The other
        second: String,
        /// Print the differences as JSON
        #[arg(long)]
        json: bool,
    },
}

/// Runs the command.
pub(crate) fn run(command: &ChipCommand) -> Result<ExitCode> {
    match command {
        ChipCommand::List { json } => list(*json),
        ChipCommand::New { name, from, output } => new(name, from, output.clone())?,
        ChipCommand::Show { chip, set, json } => show(&source::set(source::chip(chip)?, set)?.arch, *json),
        ChipCommand::Check { chip } => {
            let Chip { arch, .. } = source::chip(chip)?;
            println!("{chip}: describes {}, {} cores; every field is sound", arch.name, arch.n_cores());
        }
        ChipCommand::Diff { first, second, json } => {
            diff(&source::chip(first)?.arch, &source::chip(second)?.arch, *json);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list(as_json: bool) {
    let chips = PRESETS.iter().filter_map(|(name, _)| isa::arch::preset::preset(name));
    if as_json {
        let all: Vec<Value> =
            chips.map(|arch| json!({ "name": arch.name, "cores": arch.n_cores(), "doc": arch.doc })).collect();
        println!("{:#}", Value::from(all));
        return;
    }
    for arch in chips {
        let sentence = arch.doc.split_once(": ").map_or(arch.doc.as_str(), |(first, _)| first);
        println!("{:14} {:>7} cores  {sentence}", arch.name, arch.n_cores());
    }
}

fn new(name: &str, from: &str, output: Option<PathBuf>) -> Result<()> {
    let Some((_, text)) = PRESETS.iter().find(|(preset, _)| *preset == from) else {
        let known: Vec<&str> = PRESETS.iter().map(|(name, _)| *name).collect();
        bail!("chip `{from}`: no chip of this name ships ({} do)", known.join(", "));
    };
    if name.is_empty() || name.contains(['"', '\\', '/']) {
        bail!("chip name `{name}`: use letters, digits, - and _");
    }
    let path = output.unwrap_or_else(|| PathBuf::from(format!("{name}.ron")));
    if path.exists() {
        bail!("{}: is there already; choose another name or -o", path.display());
    }
    let own = text.replacen(&format!("name: \"{from}\""), &format!("name: \"{name}\""), 1);
    isa::arch::preset::parse(&own, &path.display().to_string()).context("the description that ships")?;
    files::write(&path, own.as_bytes())?;
    println!("{}: wrote {name}, a copy of {from}; docs/chip.md explains every field", path.display());
    Ok(())
}

fn show(arch: &Arch, as_json: bool) {
    let paths = explore::known_paths(arch);
    if as_json {
        let fields: BTreeMap<String, Value> = paths.into_iter().collect();
        println!("{}", serde_json::to_string_pretty(&fields).expect("fields have a form in JSON"));
        return;
    }
    let width = paths.iter().map(|(path, _)| path.len()).max().unwrap_or(0);
    for (path, value) in paths {
        println!("{path:width$}  {}", word(&value));
    }
}

fn word(value: &Value) -> String {
    match value {
        Value::Null => "none".into(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn diff(first: &Arch, second: &Arch, as_json: bool) {
    let (a, b): (BTreeMap<_, _>, BTreeMap<_, _>) =
        (explore::known_paths(first).into_iter().collect(), explore::known_paths(second).into_iter().collect());
    let mut all: Vec<&String> = a.keys().chain(b.keys()).collect();
    all.sort_unstable();
    all.dedup();
    let differing: Vec<(&String, Option<&Value>, Option<&Value>)> =
        all.into_iter().map(|path| (path, a.get(path), b.get(path))).filter(|(_, x, y)| x != y).collect();
    if as_json {
        let rows: Vec<Value> =
            differing.iter().map(|(path, a, b)| json!({ "path": path, "first": a, "second": b })).collect();
        println!("{:#}", Value::from(rows));
        return;
    }
    let width = differing.iter().map(|(path, ..)| path.len()).max().unwrap_or(0);
    let show = |value: Option<&Value>| value.map_or("-".to_owned(), word);
    for (path, a, b) in differing {
        println!("{path:width$}  {}  →  {}", show(a), show(b));
    }
}
