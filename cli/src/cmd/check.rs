//! `spikeloom check`: what a NIR or netx file holds, what it does not say, what would be refused.

use crate::{
    args::CheckArgs,
    nir,
    report::text::{Table, align_right},
};
use ::nir::{Line, Lint, Origin, lint};
use anyhow::{Result, anyhow};
use serde_json::json;
use std::process::ExitCode;

/// Checks and lists. The exit code is 2 if the network cannot be mapped.
pub(crate) fn run(args: &CheckArgs) -> Result<ExitCode> {
    if args.file.extension().is_some_and(|e| e == "net") {
        return netx(args);
    }
    let checked = lint(nir::read(&args.file)?, &nir::stem(&args.file), &args.nir.options());
    if args.json {
        println!("{}", serde_json::to_string_pretty(&as_json(&checked))?);
    } else {
        print!("{}", as_text(&args.file.display().to_string(), &checked));
    }
    Ok(if checked.problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(2) })
}

/// The blocks of a netx file, and whether they make a network.
fn netx(args: &CheckArgs) -> Result<ExitCode> {
    let file = args.file.display();
    let network = ::netx::read(crate::files::read(&args.file)?).map_err(|problem| anyhow!("{file}: {problem}"))?;
    let lowered = ::netx::lower(&network, &nir::stem(&args.file), &args.nir.netx());
    let problems: Vec<String> = lowered.as_ref().err().into_iter().flatten().map(ToString::to_string).collect();
    let assumptions = lowered.as_ref().map(|imported| imported.assumptions.clone()).unwrap_or_default();
    let sides = |shape: &[usize]| shape.iter().map(ToString::to_string).collect::<Vec<_>>().join("×");
    if args.json {
        let blocks = network.blocks.iter().map(|block| {
            json!({
                "block": block.index, "type": block.kind.to_string(), "shape": block.shape, "constants": block.detail(),
            })
        });
        let all = json!({
            "blocks": blocks.collect::<Vec<_>>(), "assumptions": assumptions, "problems": problems,
        });
        println!("{}", serde_json::to_string_pretty(&all)?);
    } else {
        println!("{file}: {} blocks\n", network.blocks.len());
        let mut table = Table::new(&["block", "type", "shape", "constants"]);
        for block in &network.blocks {
            table.row(vec![block.index.to_string(), block.kind.to_string(), sides(&block.shape), block.detail()]);
        }
        print!("{}", align_right(table, 4));
        if !assumptions.is_empty() {
            println!("\nwhat this file does not say");
            for line in &assumptions {
                println!("  {line}");
            }
        }
        match &lowered {
            Ok(imported) => {
                let graph = &imported.graph;
                let (populations, projections) = (graph.n_populations(), graph.n_projections());
                let (weights, steps) = (graph.n_weights(), graph.timesteps);
                println!(
                    "\ncan be mapped: {populations} populations, {projections} projections, {weights} weights, {steps} timesteps"
                );
            }
            Err(_) => {
                println!("\nrefused");
                for problem in &problems {
                    println!("  {problem}");
                }
            }
        }
    }
    Ok(if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(2) })
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
