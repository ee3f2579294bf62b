//! `spikeloom chip`: the chips that ship, descriptions of one's own, and how they differ.

use crate::{
    args::ReportArgs,
    files,
    report::{
        sections::{self, Difference, word},
        text::wrapped,
    },
    source,
    spelling::hint,
};
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
        #[command(flatten)]
        report: ReportArgs,
        /// Print the fields as JSON
        #[arg(long)]
        json: bool,
    },
    /// Check a description: every field, every figure's range and source
    Check {
        /// A description file (.ron), or a chip's name
        chip: String,
        #[command(flatten)]
        report: ReportArgs,
        /// Print the outcome as JSON
        #[arg(long)]
        json: bool,
    },
    /// Show the fields in which two chips differ
    Diff {
        /// One chip
        first: String,
        /// The other
        second: String,
        #[command(flatten)]
        report: ReportArgs,
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
        ChipCommand::Show { chip, set, report, json } => {
            let arch = source::set(source::chip(chip)?, set)?.arch;
            let fields = explore::known_paths(&arch);
            report.write(&sections::chip(chip, &arch, &fields))?;
            show(fields, *json);
        }
        ChipCommand::Check { chip, report, json } => {
            let Chip { arch, .. } = source::chip(chip)?;
            report.write(&sections::chip(chip, &arch, &explore::known_paths(&arch)))?;
            if *json {
                println!("{:#}", json!({ "file": chip, "name": arch.name, "cores": arch.n_cores(), "sound": true }));
            } else {
                println!("{chip}: describes {}, {} cores; every field is sound", arch.name, arch.n_cores());
            }
        }
        ChipCommand::Diff { first, second, report, json } => {
            let (a, b) = (source::chip(first)?.arch, source::chip(second)?.arch);
            let found = differing(&a, &b);
            report.write(&sections::chips([first, second], [&a, &b], &found))?;
            diff(&found, *json);
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
        let hint = hint(from, known.iter().copied());
        bail!("chip `{from}`: no chip of this name ships ({} do){hint}", known.join(", "));
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

fn show(paths: Vec<(String, Value)>, as_json: bool) {
    if as_json {
        let fields: BTreeMap<String, Value> = paths.into_iter().collect();
        println!("{}", serde_json::to_string_pretty(&fields).expect("fields have a form in JSON"));
        return;
    }
    let width = paths.iter().map(|(path, _)| path.len()).max().unwrap_or(0);
    for (path, value) in paths {
        println!("{}", wrapped(&format!("{path:width$}  {}", word(&value))));
    }
}

/// The fields in which two chips differ.
fn differing(first: &Arch, second: &Arch) -> Vec<Difference> {
    let [a, b]: [BTreeMap<_, _>; 2] = [first, second].map(|arch| explore::known_paths(arch).into_iter().collect());
    let mut all: Vec<&String> = a.keys().chain(b.keys()).collect();
    all.sort_unstable();
    all.dedup();
    let of = |path: &String| Difference { path: path.clone(), values: [a.get(path).cloned(), b.get(path).cloned()] };
    all.into_iter().map(of).filter(|found| found.values[0] != found.values[1]).collect()
}

fn diff(found: &[Difference], as_json: bool) {
    if as_json {
        let row = |d: &Difference| json!({ "path": d.path, "first": d.values[0], "second": d.values[1] });
        println!("{:#}", found.iter().map(row).collect::<Value>());
        return;
    }
    if found.is_empty() {
        println!("the chips are equal in every field");
    }
    let width = found.iter().map(|d| d.path.len()).max().unwrap_or(0);
    let show = |value: &Option<Value>| value.as_ref().map_or("-".to_owned(), word);
    for Difference { path, values: [a, b] } in found {
        println!("{}", wrapped(&format!("{path:width$}  {}  →  {}", show(a), show(b))));
    }
}
