//! `spikeloom explore show`: what the points of a folder answer.

use crate::{
    args::ReportArgs,
    files,
    report::{
        number::si,
        sections,
        text::{Table, align_right, wrapped},
    },
    search::{SPACE, answered, records},
};
use anyhow::{Context, Result, bail};
use clap::Args as ClapArgs;
use explore::{
    FIGURES, PointRecord, Space,
    answer::{self, Answers, answers, by_network},
};
use std::{
    collections::BTreeMap,
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

/// Rows of the front that are printed.
const MOST_ROWS: usize = 24;

/// Prints the answers.
pub(crate) fn run(args: &ShowArgs) -> Result<ExitCode> {
    let (records, space) = records(&args.folder)?;
    if let Some(path) = &args.csv {
        files::write(path, explore::csv(&records).as_bytes())?;
    }
    if let Some(chosen) = &args.around {
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

fn table(header: &[&str], rows: Vec<Vec<String>>, left: usize) -> String {
    let mut table = Table::new(header);
    for row in rows {
        table.row(row);
    }
    align_right(table, left)
}

fn with_unit(figure: &str, value: f64) -> String {
    let unit = FIGURES.iter().find(|f| f.name == figure).map_or("", |f| f.unit);
    match unit {
        "1" if figure == "accuracy" => format!("{:.2} %", 100.0 * value),
        "1" => format!("{value:.6}").trim_end_matches('0').trim_end_matches('.').to_owned(),
        "m²" => format!("{:.2} mm²", 1e6 * value),
        unit => si(value, unit),
    }
}

fn text(space: &Space, records: &[PointRecord], answers: &Answers) -> String {
    let mut text =
        format!("{}, {}: {} points costed, {} failed\n", space.name, answers.network, answers.costed, answers.failed);
    for (limit, n) in &answers.limits {
        text += &format!("  {n} exceed {limit}\n");
    }
    if answers.costed == 0 {
        return text;
    }
    for note in &answers.notes {
        text += &format!("note: {note}\n");
    }
    let fullest: Vec<String> = answers.binding.iter().map(|(resource, n)| format!("{resource} at {n}")).collect();
    text += &format!("fullest resource of a core: {}\n", fullest.join(", "));
    for range in &answers.ranges {
        text += &format!(
            "{}: {} (best) to {} (worst)\n",
            range.figure,
            with_unit(&range.figure, range.best),
            with_unit(&range.figure, range.worst)
        );
    }
    if let Some(volume) = answers.hypervolume {
        text += &format!("hypervolume of the front: {volume:.4} of the box from best to worst\n");
    }
    text += &format!("\nfront, {} points", answers.front.len());
    text += &if answers.front.len() > MOST_ROWS { format!(", the first {MOST_ROWS}:\n") } else { ":\n".to_owned() };
    let varying = varying(space, records);
    let shown: Vec<&str> = space.objectives.iter().map(explore::Objective::figure).chain(["cores"]).collect();
    let header: Vec<&str> = varying.iter().map(String::as_str).chain(shown.iter().copied()).collect();
    let row = |&i: &usize| -> Vec<String> {
        let settings: BTreeMap<String, String> = records[i].settings().into_iter().collect();
        let values = varying.iter().map(|name| settings.get(name).cloned().unwrap_or_default());
        let figure = |&name: &&str| records[i].figure(name).map_or("-".to_owned(), |value| with_unit(name, value));
        values.chain(shown.iter().map(figure)).collect()
    };
    text += &table(&header, answers.front.iter().take(MOST_ROWS).map(row).collect(), varying.len());
    for (figure, effects) in &answers.effects {
        text += &format!("\nwhat decides {figure} (share of its variance; mean by value)\n");
        for effect in effects.single.iter().filter(|effect| effect.share >= 0.005) {
            let means: Vec<String> =
                effect.means.iter().map(|(value, mean, _)| format!("{value}: {}", with_unit(figure, *mean))).collect();
            text += &format!("  {:5.1} %  {}  {}\n", 100.0 * effect.share, effect.parameter, means.join(", "));
        }
        for pair in effects.pairs.iter().take(3).filter(|pair| pair.share >= 0.01) {
            text += &format!("  {:5.1} %  {} with {}\n", 100.0 * pair.share, pair.parameters[0], pair.parameters[1]);
        }
    }
    if let Some(baseline) = &answers.baseline {
        text += &format!("\nbaseline: {} points are better in everything", baseline.dominated_by);
        for (figure, value, factor) in &baseline.figures {
            text += &format!("; {figure} {}, the best is {factor:.2} times better", with_unit(figure, *value));
        }
        text += "\n";
    }
    text
}

/// Names of what differs between the points, without what follows from others.
fn varying(space: &Space, records: &[PointRecord]) -> Vec<String> {
    let Some(first) = records.first() else { return Vec::new() };
    let differs = |name: &str, value: &str| {
        records.iter().any(|record| record.settings().iter().any(|(other, v)| other == name && v != value))
    };
    let own = first.settings().into_iter().filter(|(name, _)| !space.is_linked(name));
    own.filter(|(name, value)| differs(name, value)).map(|(name, _)| name).collect()
}
