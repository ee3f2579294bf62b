//! Where a report goes besides the terminal.

use crate::files;
use anyhow::{Result, bail};
use clap::Args as ClapArgs;
use spikeloom::report::{Report, csv, html, plain};
use std::path::{Path, PathBuf};

/// Where a report goes besides the terminal.
#[derive(Clone, Debug, Default, ClapArgs)]
pub(crate) struct ReportArgs {
    /// Write the report to a file as well: a web page (.html), data (.json, .csv) or text (.txt); may be given several times
    #[arg(long = "report", value_name = "FILE", value_parser = report_file)]
    files: Vec<PathBuf>,
}

/// A file whose ending says the form.
fn report_file(name: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(name);
    match ending(&path) {
        "html" | "json" | "csv" | "txt" => Ok(path),
        _ => Err("the ending says the form; use .html, .json, .csv or .txt".into()),
    }
}

fn ending(path: &Path) -> &str {
    path.extension().and_then(|ending| ending.to_str()).unwrap_or("")
}

impl ReportArgs {
    /// Whether a report was asked for.
    pub(crate) fn wanted(&self) -> bool {
        !self.files.is_empty()
    }

    /// The files that are written.
    pub(crate) fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// Writes the report wherever it was asked for.
    pub(crate) fn write(&self, report: &Report) -> Result<()> {
        for path in &self.files {
            let text = match ending(path) {
                "html" => html::page(report),
                "json" => report.to_json(),
                "csv" => csv::csv(report),
                "txt" => plain::text(report),
                other => bail!("--report {}: there is no form `{other}`", path.display()),
            };
            files::write(path, text.as_bytes())?;
            eprintln!("wrote {}", path.display());
        }
        Ok(())
    }
}
