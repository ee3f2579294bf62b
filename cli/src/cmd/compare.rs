//! `spikeloom compare`: stored runs and reports side by side.

use super::energy::stored;
use crate::{
    args::report::ReportArgs,
    files,
    report::{
        sections::{self, Named},
        text::wrapped,
    },
};
use anyhow::{Context, Result, bail, ensure};
use clap::Args as ClapArgs;
use isa::{Arch, arch::difference::differences};
use spikeloom::report::{Report, Table, Value, plain};
use std::{path::PathBuf, process::ExitCode};

/// What is compared.
#[derive(Debug, ClapArgs)]
pub(crate) struct CompareArgs {
    /// Stored runs (`run --output`) or reports (`--report FILE.json`); ratios are to the first
    #[arg(value_name = "RUN.json", num_args = 2.., required = true)]
    runs: Vec<PathBuf>,
    /// Energy table for stored runs: a name or a file (.ron); default: each chip's own
    #[arg(long, value_name = "NAME|FILE")]
    table: Option<String>,
    #[command(flatten)]
    report: ReportArgs,
    /// Print the comparison as JSON
    #[arg(long)]
    json: bool,
}

/// A file's report, and the chip, where the file says it.
struct Read {
    named: Named,
    chip: Option<Arch>,
}

/// Compares.
pub(crate) fn run(args: &CompareArgs) -> Result<ExitCode> {
    let (mut all, mut inputs, mut chips) = (Vec::new(), Vec::new(), Vec::new());
    for path in &args.runs {
        let (name, text) = (path.display().to_string(), files::read_text(path)?);
        inputs.push(sections::digest("compared", &name, [text.as_bytes()]));
        let Read { named, chip } = read(&name, &text, args.table.as_deref())?;
        all.push(named);
        chips.push(chip);
    }
    let report = sections::compared(&all, inputs, changes(&all, &chips));
    ensure!(
        report.sections.len() > 1,
        "{} and {}: have no figure in common; compare reports of the same command",
        all[0].name,
        all[1].name
    );
    if args.json {
        println!("{}", report.to_json());
    } else {
        print!("{}", wrapped(&plain::text(&report)));
    }
    args.report.write(&report)?;
    Ok(ExitCode::SUCCESS)
}

fn read(name: &str, text: &str, table: Option<&str>) -> Result<Read> {
    let value: serde_json::Value =
        serde_json::from_str(text).with_context(|| format!("{name}: is not JSON; give stored runs or reports"))?;
    if value["format"] == Report::FORMAT {
        if value["version"] != Report::VERSION {
            bail!(
                "{name}: is a report of version {}, this program reads version {}",
                value["version"],
                Report::VERSION
            );
        }
        let report =
            serde_json::from_value(value).with_context(|| format!("{name}: the report is damaged; make it again"))?;
        return Ok(Read { named: Named { name: name.into(), report }, chip: None });
    }
    let (run, priced) = stored(name, text, table)?;
    let report = sections::stored(name, text, &run, &priced);
    Ok(Read { named: Named { name: name.into(), report }, chip: run.chip.map(|chip| chip.arch) })
}

/// Fields in which the chips differ from the first.
fn changes(all: &[Named], chips: &[Option<Arch>]) -> Table {
    let mut rows: Vec<Vec<Value>> = Vec::new();
    if let Some(first) = chips.first().and_then(Option::as_ref) {
        for (named, chip) in all.iter().zip(chips).skip(1) {
            for found in chip.iter().flat_map(|chip| differences(chip, first)) {
                rows.push(vec![named.name.as_str().into(), found.to_string().into()]);
            }
        }
    }
    Table::new("changed", "fields of the chip that differ from the first")
        .column("name", "name", "")
        .column("field", "field", "")
        .rows(rows)
}
