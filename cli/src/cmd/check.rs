//! `spikeloom check`: what a NIR or netx file holds, what it does not say, what would be refused.

use crate::{
    args::CheckArgs,
    files, nir,
    report::{
        sections::{self, Checked, Size},
        text::{Table, align_right, wrapped},
    },
};
use ::nir::{Lint, Origin, lint};
use anyhow::{Result, anyhow};
use serde_json::json;
use std::process::ExitCode;

/// Checks and lists. The exit code is 2 if the network cannot be mapped.
pub(crate) fn run(args: &CheckArgs) -> Result<ExitCode> {
    let file = args.file.display().to_string();
    if spikeloom::Format::of(&file) == Some(spikeloom::Format::Netx) {
        return netx(args, &file);
    }
    let found = lint(nir::read(&args.file)?, &nir::stem(&args.file), &args.nir.options());
    let part = |line: &::nir::Line| {
        [line.node.clone(), line.kind.clone(), line.shape.as_deref().map_or("?".into(), sides), line.detail.clone()]
    };
    let version = if found.version.is_empty() { "no version" } else { &found.version };
    let checked = Checked {
        file: &file,
        nouns: ["node", "nodes"],
        about: format!(", {} edges, nir {version}", found.n_edges),
        parts: found.nodes.iter().map(part).collect(),
        assumptions: found.assumptions.iter().map(ToString::to_string).collect(),
        remarks: &found.remarks,
        problems: found.problems.iter().map(ToString::to_string).collect(),
        size: found.imported.as_ref().map(|imported| Size::of(&imported.graph)),
    };
    finish(args, &checked, &as_json(&found))
}

/// The blocks of a netx file, and whether they make a network.
fn netx(args: &CheckArgs, file: &str) -> Result<ExitCode> {
    let network = ::netx::read(files::read(&args.file)?).map_err(|problem| anyhow!("{file}: {problem}"))?;
    let lowered = ::netx::lower(&network, &nir::stem(&args.file), &args.nir.netx());
    let part =
        |block: &::netx::Block| [block.index.to_string(), block.kind.to_string(), sides(&block.shape), block.detail()];
    let checked = Checked {
        file,
        nouns: ["block", "blocks"],
        about: String::new(),
        parts: network.blocks.iter().map(part).collect(),
        assumptions: lowered.as_ref().map(|imported| imported.assumptions.clone()).unwrap_or_default(),
        remarks: &[],
        problems: lowered.as_ref().err().into_iter().flatten().map(ToString::to_string).collect(),
        size: lowered.as_ref().ok().map(|imported| Size::of(&imported.graph)),
    };
    let blocks = network.blocks.iter().map(|block| {
        json!({
            "block": block.index, "type": block.kind.to_string(), "shape": block.shape, "constants": block.detail(),
        })
    });
    let all = json!({
        "blocks": blocks.collect::<Vec<_>>(), "assumptions": checked.assumptions, "problems": checked.problems,
    });
    finish(args, &checked, &all)
}

/// Writes and prints what was found.
fn finish(args: &CheckArgs, checked: &Checked<'_>, as_json: &serde_json::Value) -> Result<ExitCode> {
    if args.report.wanted() {
        let bytes = files::read(&args.file)?;
        let input = sections::digest("network", checked.file, [bytes.as_slice()]);
        args.report.write(&sections::checked(checked, vec![input]))?;
    }
    if args.json {
        println!("{as_json:#}");
    } else {
        print!("{}", wrapped(&as_text(checked)));
    }
    Ok(if checked.problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(2) })
}

fn sides(shape: &[usize]) -> String {
    shape.iter().map(ToString::to_string).collect::<Vec<_>>().join("×")
}

fn as_text(checked: &Checked<'_>) -> String {
    let [one, many] = checked.nouns;
    let mut out = format!("{}: {} {many}{}\n\n", checked.file, checked.parts.len(), checked.about);
    let mut table = Table::new(&[one, "type", "shape", "constants"]);
    checked.parts.iter().for_each(|part| table.row(part.to_vec()));
    out += &align_right(table, 4);
    let mut list = |heading: &str, lines: &[String]| {
        if !lines.is_empty() {
            out += &format!("\n{heading}\n");
            out += &lines.iter().map(|line| format!("  {line}\n")).collect::<String>();
        }
    };
    list("what this file does not say", &checked.assumptions);
    list("remarks", checked.remarks);
    match checked.size {
        Some(size) => out += &format!("\ncan be mapped: {size}\n"),
        None => list("refused", &checked.problems),
    }
    out
}

/// Where a value comes from, as one word.
fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Given => "given",
        Origin::Metadata => "metadata",
        Origin::Profile(name) => name,
        Origin::Data => "recordings",
        Origin::Assumed => "assumed",
    }
}

fn as_json(checked: &Lint) -> serde_json::Value {
    json!({
        "version": checked.version,
        "nodes": checked.nodes.iter().map(|line| json!({
            "node": line.node, "type": line.kind, "shape": line.shape, "constants": line.detail,
        })).collect::<Vec<_>>(),
        "edges": checked.n_edges,
        "assumptions": checked.assumptions.iter().map(|a| json!({
            "what": a.what, "value": a.value, "origin": origin(a.origin),
        })).collect::<Vec<_>>(),
        "remarks": checked.remarks,
        "problems": checked.problems.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}
