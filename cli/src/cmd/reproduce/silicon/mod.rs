//! `spikeloom reproduce silicon`: what has been measured on chips, beside what this program computes.
//!
//! A row is *calibrated* if a figure of the chip's description or price table was set by it, and *predicted* otherwise; *simulated* says
//! that the other figure is another simulator's. docs/fidelity.md prints the rows that need no data but what ships; a test compares.

mod areas;
mod chips;
mod mobilenet;
mod pilotnet;
mod sanafe;

use crate::args::reproduce::SiliconArgs;
use crate::report::{
    folder::Folder,
    sections,
    text::{Table, align_right},
};
use anyhow::Result;
use serde::Serialize;
use spikeloom::report;
use std::process::ExitCode;

/// How a computed figure relates to the measured one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Standing {
    /// A figure of ours was set by this measurement.
    Calibrated,
    /// Nothing of ours was set by this measurement.
    Predicted,
    /// Another simulator says so; nothing was measured.
    Simulated,
}

/// A measurement and what this program computes for it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Row {
    /// The preset, or what was built of one.
    pub(super) chip: String,
    /// What was measured.
    pub(super) what: String,
    /// The unit of both figures.
    pub(super) unit: &'static str,
    /// As published.
    pub(super) measured: f64,
    /// As computed.
    pub(super) ours: f64,
    pub(super) standing: Standing,
    /// Author, year, place; for calibrated rows what was set.
    pub(super) source: String,
}

impl Row {
    fn error_percent(&self) -> f64 {
        100.0 * (self.ours / self.measured - 1.0)
    }

    fn cells(&self) -> [String; 7] {
        let figure = |value: f64| {
            let text = crate::report::number::digits(value);
            format!("{text} {}", self.unit).trim_end().to_owned()
        };
        let standing = match self.standing {
            Standing::Calibrated => "calibrated",
            Standing::Predicted => "predicted",
            Standing::Simulated => "simulated",
        };
        [
            self.chip.clone(),
            self.what.clone(),
            figure(self.measured),
            figure(self.ours),
            format!("{:+.1} %", self.error_percent()),
            standing.into(),
            self.source.clone(),
        ]
    }

    /// A row of a Markdown table.
    fn markdown(&self) -> String {
        let [chip, what, measured, ours, error, standing, source] = self.cells();
        format!("| `{chip}` | {what} | {measured} | {ours} | {error} | {standing} | {source} |")
    }
}

const HEADER: [&str; 7] = ["chip", "what", "measured", "ours", "error", "standing", "source"];

/// Measurements that cannot be rebuilt here, and why.
pub(super) const NOT_REBUILT: [(&str, &str); 5] = [
    (
        "SNE, 80 µJ at 1.2 % and 261 µJ at 4.9 % activity (arXiv 2204.10687)",
        "two points make a line (48.9 µJ per point of activity, 21.3 µJ without events), and nothing is left to predict: a price of ours would be \
         set by both. One price per event alone, set by the upper point, says 63.9 µJ for the lower one, 20 % too little: a part that does not \
         follow activity is there, and what it is made of is not public. Nor is the number of events behind a point of activity, so that the \
         published 0.221 pJ per operation cannot be held against it",
    ),
    (
        "Loihi 1, gesture network of SANA-FE, measured time and energy",
        "the weights are in the sanafe package, the measured series is not public; `--sanafe` compares with SANA-FE, which its authors found within \
         11.7 % (energy) and 24.3 % (time) of the chip",
    ),
    (
        "Loihi 1, gesture network on 37 cores (arXiv 2006.09985)",
        "the abstract gives the cores; the layers' sizes that decide them are neither there nor in the authors' repository \
         (albertomarchisio/EfficientSNN: preprocessing and a driver of SNN Toolbox that reads a trained model), the trained weights are not public",
    ),
    ("Loihi 2, run-time model (arXiv 2601.10035)", "its constants are in the paper's tables, which were not at hand"),
    (
        "TrueNorth, eight data sets at 25 to 275 mW (Esser 2016)",
        "the ternary weights and the number of spikes are not public; without spikes there is no dynamic power",
    ),
];

/// Rows that need nothing but what ships, in the order of the page.
fn shipped() -> Result<Vec<Row>> {
    Ok([pilotnet::rows()?, vec![mobilenet::row()?], chips::rows()?, areas::rows()?].concat())
}

/// Computes and prints.
pub(super) fn run(args: &SiliconArgs) -> Result<ExitCode> {
    let mut rows = shipped()?;
    match &args.sanafe {
        Some(file) => rows.extend(sanafe::rows(file)?),
        None => eprintln!(
            "Loihi's variants against SANA-FE are left out; give --sanafe FILE (dvs_challenge.npz of the package sanafe)"
        ),
    }
    let json = serde_json::to_vec_pretty(&rows)?;
    let page = markdown(&rows);
    if args.out.report.wanted() {
        let title = "what was measured on chips, and what is computed";
        let table = HEADER.iter().enumerate().fold(report::Table::new("silicon", title), |table, (i, name)| {
            table.column(format!("silicon_{i}"), *name, "")
        });
        let cells = rows.iter().map(|row| row.cells().into_iter().map(report::Value::from).collect());
        let rebuilt = report::Section::new("silicon", "Silicon").table(table.rows(cells));
        let lacking = NOT_REBUILT.iter().map(|(what, why)| format!("not rebuilt: {what}: {why}"));
        args.out.report.write(&sections::exhibited(title, None, vec![rebuilt.notes(lacking)]))?;
    }
    let files = [("silicon.json".to_owned(), json.as_slice()), ("silicon.md".to_owned(), page.as_bytes())];
    Folder::create(&args.out.out, args.out.force)?.put(&files)?;
    if args.out.json {
        println!("{}", String::from_utf8(json)?);
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = Table::new(&HEADER);
    for row in &rows {
        table.row(row.cells().into());
    }
    println!("{}", align_right(table, 6));
    for (what, why) in NOT_REBUILT {
        println!("not rebuilt: {what}: {why}");
    }
    Ok(ExitCode::SUCCESS)
}

fn markdown(rows: &[Row]) -> String {
    let head = format!("| {} |\n|---|---|---|---|---|---|---|\n", HEADER.join(" | "));
    let lines: Vec<String> = rows.iter().map(Row::markdown).collect();
    format!("{head}{}\n", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_on_fidelity_prints_these_rows() {
        let page = include_str!("../../../../../docs/fidelity.md");
        let rows = shipped().expect("needs nothing but what ships");
        println!("{}", markdown(&rows));
        for row in &rows {
            assert!(page.lines().any(|line| line == row.markdown()), "docs/fidelity.md lacks\n{}", row.markdown());
        }
        for (what, why) in NOT_REBUILT {
            assert!(page.contains(what) && page.contains(why), "docs/fidelity.md lacks {what}: {why}");
        }
    }

    #[test]
    fn a_calibrated_row_meets_its_measurement() {
        for row in shipped().expect("needs nothing but what ships") {
            let error = row.error_percent().abs();
            assert!(row.standing == Standing::Predicted || error < 5.0, "{}: {error} %", row.what);
        }
    }
}
