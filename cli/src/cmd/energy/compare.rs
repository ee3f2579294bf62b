//! `spikeloom energy compare`: a spiking network against formal ones, under several readings at once.

use super::{pj, subject};
use crate::args::energy::CompareArgs;
use crate::report::{
    sections,
    text::{Table, align_right, wrapped},
};
use anyhow::{Context, Result};
use energy::{
    analytic::Options,
    compare::{BreakEven, Comparison, Contest, Dense, compare},
};
use serde::Serialize;
use std::{fmt::Write as _, process::ExitCode};

#[derive(Serialize)]
struct Report<'a> {
    network: &'a str,
    timesteps: u32,
    density: f64,
    density_source: &'a str,
    dense: &'a [Dense],
    #[serde(flatten)]
    comparison: &'a Comparison,
}

/// Compares.
pub(super) fn run(args: &CompareArgs) -> Result<ExitCode> {
    let subject = subject::subject(&args.subject, &args.images, &args.nir)?;
    let (density, density_source) = subject.density_or(args.density)?;
    let network = &subject.network;
    let mut readings = Options::usual(network, args.bits);
    for options in &mut readings {
        options.direct = subject.direct.unwrap_or(options.direct);
    }
    let dense = Dense::usual(network.timesteps, args.bits, density);
    let comparison = compare(network, &readings, &dense).with_context(|| subject.origin.clone())?;
    let report = Report {
        network: &subject.origin,
        timesteps: network.timesteps,
        density,
        density_source: &density_source,
        dense: &dense,
        comparison: &comparison,
    };
    let whole = sections::contest(&subject.origin, (density, &density_source), &comparison, subject.inputs.clone());
    args.report.write(&whole)?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print!("{}", wrapped(&text(&report)));
    }
    Ok(ExitCode::SUCCESS)
}

fn text(report: &Report<'_>) -> String {
    let comparison = report.comparison;
    let mut out = format!(
        "{}, T = {}\nnon-zero hidden activations of the formal networks: {:.3} ({})\n",
        report.network, report.timesteps, report.density, report.density_source
    );
    let mut header = vec!["formal network".to_owned()];
    header.extend(comparison.scenarios.iter().map(|s| sections::reading(&s.options)));
    let matrix = |last: &str,
                  first_row: Option<Vec<String>>,
                  cell: &dyn Fn(&Contest) -> String,
                  end: &dyn Fn(usize) -> String| {
        let mut header: Vec<&str> = header.iter().map(String::as_str).collect();
        header.push(last);
        let mut table = Table::new(&header);
        if let Some(row) = first_row {
            table.row(row);
        }
        for (i, verdict) in comparison.verdicts.iter().enumerate() {
            let mut row = vec![verdict.dense.clone()];
            row.extend(comparison.scenarios.iter().map(|s| cell(&s.contests[i])));
            row.push(end(i));
            table.row(row);
        }
        align_right(table, 1)
    };
    let mut spiking = vec!["(the spiking one)".to_owned()];
    spiking.extend(comparison.scenarios.iter().map(|s| pj(s.snn_pj)));
    spiking.push(String::new());
    let _ = write!(
        out,
        "\nenergy per inference\n{}",
        matrix("", Some(spiking), &|contest| pj(contest.dense_pj), &|_| String::new())
    );
    let verdict = |i: usize| {
        let verdict = &comparison.verdicts[i];
        let word = match (verdict.flips, verdict.advantage[0] > 1.0) {
            (true, _) => "depends on the reading",
            (false, true) => "spiking cheaper",
            (false, false) => "formal cheaper",
        };
        word.to_owned()
    };
    let _ = write!(
        out,
        "\nformal over spiking energy: above 1 the spiking network is cheaper\n{}",
        matrix("verdict", None, &|contest| format!("{:.3}", contest.advantage), &verdict)
    );
    let rate = |contest: &Contest| match contest.break_even {
        BreakEven::At { rate, .. } => format!("{rate:.4}"),
        BreakEven::SnnAlways => "any".into(),
        BreakEven::DenseAlways => "none".into(),
    };
    let _ = write!(
        out,
        "\nbreak-even: spikes per neuron and timestep, the same everywhere, below which the spiking network is cheaper\n{}",
        matrix("", None, &rate, &|_| String::new())
    );
    let flips = comparison.verdicts.iter().filter(|verdict| verdict.flips).count();
    let _ = writeln!(
        out,
        "\nthe winner depends on the reading against {flips} of {} formal networks\nskip: zeros cost their read only; reuse: every word moves once; qnnN: activations of N bits, as much information as T \
         one-bit steps",
        comparison.verdicts.len()
    );
    out
}
