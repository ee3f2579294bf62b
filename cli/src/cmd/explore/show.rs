//! `spikeloom explore show`: what the points of a folder answer.

use super::text::{bound_by, table, text, varying, with_unit};
use crate::{
    args::ReportArgs,
    files,
    report::{sections, text::wrapped},
    search::{SPACE, answered, records},
};
use anyhow::{Context, Result, bail, ensure};
use clap::Args as ClapArgs;
use explore::{
    PointRecord, Space,
    answer::{self, answers, by_network},
};
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Which folder.
#[derive(Debug, ClapArgs)]
pub(crate) struct ShowArgs {
    /// Folder of points
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Write all points as a table (.csv)
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Show what changing one parameter of a point does: the point's address, or the name of an objective for its best point
    #[arg(long, value_name = "ADDRESS|OBJECTIVE")]
    around: Option<String>,
    #[command(flatten)]
    report: ReportArgs,
    /// Print the answers as JSON
    #[arg(long)]
    json: bool,
}

/// Prints the answers.
pub(crate) fn run(args: &ShowArgs) -> Result<ExitCode> {
    let (records, space) = records(&args.folder)?;
    if let Some(path) = &args.csv {
        files::write(path, explore::csv(&records).as_bytes())?;
    }
    if let Some(chosen) = &args.around {
        ensure!(!args.report.wanted(), "--report: is of all points; leave out --around, or take its --json");
        return around(&space, &records, chosen, args.json);
    }
    print(&space, &args.folder, args.json, &args.report)?;
    Ok(ExitCode::SUCCESS)
}

/// Prints what changing one parameter of a point does.
fn around(space: &Space, records: &[PointRecord], chosen: &str, as_json: bool) -> Result<ExitCode> {
    let index = chosen_point(space, records, chosen)?;
    let steps = answer::around::around(space, records, index);
    if as_json {
        let addressed = steps.iter().map(|step| {
            let mut value = serde_json::to_value(step)?;
            value["record"] = records[step.record].key().into();
            Ok(value)
        });
        let steps = addressed.collect::<Result<Vec<_>>>()?;
        let whole = serde_json::json!({ "address": records[index].key(), "steps": steps });
        println!("{}", serde_json::to_string_pretty(&whole)?);
        return Ok(ExitCode::SUCCESS);
    }
    let own: Vec<String> =
        records[index].settings().into_iter().map(|(name, value)| format!("{name} {value}")).collect();
    println!("around {}: {}", records[index].key(), own.join(", "));
    let figures: Vec<&str> = space.objectives.iter().map(explore::Objective::figure).collect();
    for figure in &figures {
        let value = records[index].figure(figure).map_or("-".to_owned(), |value| with_unit(figure, value));
        println!("  {figure} {value}");
    }
    for line in bound_by(&answer::stand::standing(index, &records[index], None)) {
        println!("  {line}");
    }
    if steps.is_empty() {
        println!("no stored point differs from it in one parameter alone");
        return Ok(ExitCode::SUCCESS);
    }
    let header: Vec<&str> = ["parameter", "from", "to"].into_iter().chain(figures.iter().copied()).collect();
    let cell = |change: &Option<answer::around::Change>| change.map_or("-".to_owned(), |c| format!("× {:.4}", c.ratio));
    let rows = steps.iter().map(|step| {
        let fixed = [step.parameter.clone(), step.from.clone(), step.to.clone()];
        let failed = records[step.record].figure(figures[0]).is_none();
        let cells = step.figures.iter().map(cell);
        fixed
            .into_iter()
            .chain(if failed { vec!["does not fit".to_owned(); figures.len()] } else { cells.collect() })
            .collect()
    });
    print!("{}", table(&header, rows.collect(), 3));
    Ok(ExitCode::SUCCESS)
}

/// The point of an address or its beginning, or the best of an objective.
fn chosen_point(space: &Space, records: &[PointRecord], chosen: &str) -> Result<usize> {
    if let Some(objective) = space.objectives.iter().find(|objective| objective.figure() == chosen) {
        let cost = |i: usize| records[i].figure(chosen).map(|value| objective.cost(value));
        let costed = (0..records.len()).filter_map(|i| Some((i, cost(i)?)));
        let best = costed.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(i, _)| i);
        return best.with_context(|| format!("no point has a figure `{chosen}`"));
    }
    let mut found = (0..records.len()).filter(|&i| records[i].key().starts_with(chosen));
    match (found.next(), found.next()) {
        (Some(i), None) => Ok(i),
        (Some(_), Some(_)) => bail!("--around {chosen}: several points have addresses that begin so"),
        (None, _) => bail!(
            "--around {chosen}: is neither an objective of the space ({}) nor the address of a point (the names in points/, or the \
             first column of points.csv)",
            space.objectives.iter().map(explore::Objective::figure).collect::<Vec<_>>().join(", ")
        ),
    }
}

/// Prints what the points of a folder answer.
pub(super) fn print(space: &Space, folder: &Path, as_json: bool, report: &ReportArgs) -> Result<()> {
    let networks = by_network(records(folder)?.0);
    if report.wanted() {
        let varying = networks.values().next().map(|records| varying(space, records)).unwrap_or_default();
        let found: Vec<_> = networks.values().map(|records| (records, answers(space, records))).collect();
        let text = files::read_text(&folder.join(SPACE))?;
        let inputs = vec![sections::digest("space", &space.name, [text.as_bytes()])];
        report.write(&sections::explored(space, &varying, &found, inputs))?;
    }
    if as_json {
        println!("{}", serde_json::to_string_pretty(&answered(folder)?)?);
        return Ok(());
    }
    for (i, records) in networks.values().enumerate() {
        print!("{}{}", if i > 0 { "\n" } else { "" }, wrapped(&text(space, records, &answers(space, records))));
    }
    Ok(())
}
