//! `spikeloom check`: what a NIR file holds, what it does not say, what would be refused.

use crate::{
    args::CheckArgs,
    nir,
    report::text::{Table, align_right},
};
use ::nir::{Line, Lint, Origin, lint};
use anyhow::Result;
use serde_json::json;
use std::process::ExitCode;

/// Checks and lists. The exit code is 2 if the network cannot be mapped.
pub(crate) fn run(args: &CheckArgs) -> Result<ExitCode> {
    let checked = lint(nir::read(&args.file)?, &nir::stem(&args.file), &args.nir.options());
    if args.json {
        println!("{}", serde_json::to_string_pretty(&as_json(&checked))?);
    } else {
        print!("{}", as_text(&args.file.display().to_string(), &checked));
    }
    Ok(if checked.problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(2) })
}

fn extents(line: &Line) -> String {
    let sides = |shape: &Vec<usize>| shape.iter().map(ToString::to_string).collect::<Vec<_>>().join("×");
    line.shape.as_ref().map_or_else(|| "?".into(), sides)
}

fn as_text(file: &str, checked: &Lint) -> String {
    let version = if checked.version.is_empty() { "no version" } else { &checked.version };
    let mut out = format!("{file}: {} nodes, {} edges, nir {version}\n\n", checked.nodes.len(), checked.n_edges);
    let mut table = Table::new(&["node", "type", "output", "constants"]);
    for line in &checked.nodes {
        table.row(vec![line.node.clone(), line.kind.clone(), extents(line), line.detail.clone()]);
    }
    out += &align_right(table, 4);
    if !checked.assumptions.is_empty() {
        out += &format!("\nwhat this file does not say\n{}", nir::list(&checked.assumptions));
    }
    if !checked.remarks.is_empty() {
        out += "\nremarks\n";
        checked.remarks.iter().for_each(|remark| out += &format!("  {remark}\n"));
    }
    match &checked.imported {
        Some(imported) => {
            let graph = &imported.graph;
            out += &format!(
                "\ncan be mapped: {} populations, {} projections, {} weights, {} timesteps\n",
                graph.n_populations(),
                graph.n_projections(),
                graph.n_weights(),
                graph.timesteps
            );
        }
        None => {
            out += "\nrefused\n";
            checked.problems.iter().for_each(|problem| out += &format!("  {problem}\n"));
        }
    }
    out
}

/// Where a value comes from, as one word.
fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Given => "given",
        Origin::Metadata => "metadata",
        Origin::Profile(name) => name,
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
