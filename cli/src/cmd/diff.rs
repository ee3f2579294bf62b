//! `spikeloom diff`: two recordings of one sample, spike by spike.

use crate::{
    args::DiffArgs,
    diff::{self, Difference, Shifts},
    files,
    report::{
        sections,
        text::{Table, align_right},
    },
};
use anyhow::{Result, ensure};
use spikeloom::report::{Chart, Report, Section, Value};
use std::{collections::BTreeMap, path::Path, process::ExitCode};

/// Compares; 1 if they differ, as `diff` does.
pub(crate) fn run(args: &DiffArgs) -> Result<ExitCode> {
    let is_table = |path: &Path| path.extension().is_some_and(|e| e.eq_ignore_ascii_case("csv"));
    ensure!(
        is_table(&args.a) == is_table(&args.b),
        "{}: spikes.csv does not say how many rows and columns a layer has; compare recording.h5, which --trace spikes writes too",
        if is_table(&args.a) { args.a.display() } else { args.b.display() }
    );
    let (a, b) = (diff::read(&args.a)?, diff::read(&args.b)?);
    for (name, layer) in &a {
        if let (Some(mine), Some(theirs)) = (layer.neurons, b.get(name).and_then(|layer| layer.neurons)) {
            ensure!(
                mine == theirs,
                "layer `{name}` has {mine} neurons in {}, {theirs} in {}",
                args.a.display(),
                args.b.display()
            );
        }
    }
    let given: BTreeMap<String, u32> = args.shift.iter().cloned().collect();
    if let Some(name) = given.keys().find(|name| !a.contains_key(*name) || !b.contains_key(*name)) {
        let known: Vec<&str> = a.keys().filter(|name| b.contains_key(*name)).map(String::as_str).collect();
        anyhow::bail!("--shift {name}: no layer of both recordings; those are {}", known.join(", "));
    }
    let found = diff::compare(&a, &b, &Shifts { given, find: args.align });
    ensure!(
        !found.layers.is_empty(),
        "the recordings have no layer in common: {} has {}, {} has {}",
        args.a.display(),
        found.only_in_a.join(", "),
        args.b.display(),
        found.only_in_b.join(", ")
    );
    if args.report.wanted() {
        args.report.write(&report(args, &found, is_table(&args.a))?)?;
    }
    if args.json {
        println!("{}", serde_json::to_string_pretty(&found)?);
    } else {
        print!("{}", text(&found, is_table(&args.a)));
    }
    Ok(ExitCode::from(u8::from(found.first().is_some())))
}

/// What differs, as a report.
fn report(args: &DiffArgs, found: &Difference, places: bool) -> Result<Report> {
    let (a, b) = (args.a.display().to_string(), args.b.display().to_string());
    let (first, second) = (files::read(&args.a)?, files::read(&args.b)?);
    let inputs = vec![sections::digest("A", &a, [first.as_slice()]), sections::digest("B", &b, [second.as_slice()])];
    let head = first_difference(found, places);
    let table = spikeloom::report::Table::new("layers", "spikes by layer")
        .column("layer", "layer", "")
        .column("a", "spikes of A", "")
        .column("b", "spikes of B", "")
        .column("only_a", "only in A", "")
        .column("only_b", "only in B", "")
        .column("shift", "timesteps by which B was moved later", "")
        .rows(found.layers.iter().map(|layer| {
            let counts = [layer.a, layer.b, layer.only_a, layer.only_b].map(Value::from);
            let [a, b, only_a, only_b] = counts;
            vec![layer.layer.as_str().into(), a, b, only_a, only_b, (layer.shift as usize).into()]
        }))
        .drawn(Chart::Bars { label: "layer".into(), parts: vec!["only_a".into(), "only_b".into()] });
    let alone = [(&found.only_in_a, "A"), (&found.only_in_b, "B")].into_iter().filter(|(names, _)| !names.is_empty());
    let alone = alone.map(|(names, side)| format!("not compared, only in {side}: {}", names.join(", ")));
    let section = Section::new("difference", "Difference")
        .verdict(found.first().is_none(), head.trim_end().replace('\n', "; "))
        .table(table)
        .notes(alone);
    Ok(Report::new(format!("{a} and {b}, spike by spike"), sections::made(None, inputs)).with(section))
}

/// The first spike that differs, in words.
fn first_difference(found: &Difference, places: bool) -> String {
    let mut out = String::new();
    match found.first() {
        None => out.push_str("no spike differs\n"),
        Some((layer, first)) => {
            let what = match first.values {
                [_, 0] => "fires in A, not in B".to_owned(),
                [0, _] => "fires in B, not in A".to_owned(),
                [a, b] => format!("sends {a} in A, {b} in B"),
            };
            let n = first.neuron;
            let neuron = if places {
                format!("channel {}, row {}, column {}", n >> 20, n >> 10 & 0x3ff, n & 0x3ff)
            } else {
                format!("neuron {n}")
            };
            out.push_str(&format!(
                "first difference: layer `{}`, {neuron}, timestep {}: {what}\n",
                layer.layer, first.timestep
            ));
            if let Some([a, b]) = first.potentials {
                out.push_str(&format!("                  potential after the timestep: {a} in A, {b} in B\n"));
            }
        }
    }
    out
}

fn text(found: &Difference, places: bool) -> String {
    let mut out = first_difference(found, places) + "\n";
    let mut table = Table::new(&["layer", "spikes of A", "of B", "only in A", "only in B", "B shifted by"]);
    for layer in &found.layers {
        let counts = [layer.a, layer.b, layer.only_a, layer.only_b].map(|n| n.to_string());
        table.row([vec![layer.layer.clone()], counts.to_vec(), vec![layer.shift.to_string()]].concat());
    }
    out.push_str(&align_right(table, 1));
    for (names, side) in [(&found.only_in_a, "A"), (&found.only_in_b, "B")] {
        if !names.is_empty() {
            out.push_str(&format!("not compared, only in {side}: {}\n", names.join(", ")));
        }
    }
    out
}
