//! `spikeloom energy model`: an analytical model, per layer and per term.

use super::{pj, subject};
use crate::args::energy::ModelArgs;
use crate::{
    files,
    report::{
        number::count,
        sections,
        text::{Table, align_right, wrapped},
    },
};
use anyhow::{Context, Result};
use energy::analytic::{Evaluation, Groups, Options, Reading, evaluate};
use std::{fmt::Write as _, process::ExitCode};

/// Evaluates.
pub(super) fn run(args: &ModelArgs) -> Result<ExitCode> {
    let subject = subject::subject(&args.subject, &args.images, &args.nir)?;
    let options = options(args, subject.direct)?;
    let evaluation = evaluate(&subject.network, &options).with_context(|| subject.origin.clone())?;
    args.report.write(&sections::analytic(&subject.origin, &options, &evaluation, subject.inputs))?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&evaluation)?);
    } else {
        print!("{}", wrapped(&text(&subject.origin, subject.network.timesteps, &options, &evaluation)));
    }
    Ok(ExitCode::SUCCESS)
}

/// Defaults, then the file, then the named options.
fn options(args: &ModelArgs, direct: Option<energy::analytic::DirectEncoding>) -> Result<Options> {
    let mut options = match &args.options {
        Some(path) => serde_json::from_str(&files::read_text(path)?).with_context(|| {
            format!("{}: are not options; the form is {{\"variant\": \"paper\", \"bits\": 32}}", path.display())
        })?,
        None => {
            let reading = if direct.is_some() { Reading::Exact } else { Reading::Paper };
            Options { direct: direct.unwrap_or_default(), ..Options::new(reading) }
        }
    };
    options.reading = args.reading.unwrap_or(options.reading);
    options.ram = args.ram.or(options.ram);
    options.bits = args.bits.unwrap_or(options.bits);
    options.fifo = args.fifo.unwrap_or(options.fifo);
    Ok(options)
}

fn text(origin: &str, timesteps: u32, options: &Options, evaluation: &Evaluation) -> String {
    let mut out = format!(
        "{origin}\nreading `{}`, memory line `{}`, {} bits, FIFOs of {} messages, T = {timesteps}\n\n",
        options.reading.name(),
        options.ram().name(),
        options.bits,
        options.fifo
    );
    let mut terms = Table::new(&["layer", "term", "formula", "source", "count", "each", "energy"]);
    for layer in &evaluation.terms {
        for term in layer.terms.iter().filter(|term| term.count > 0.0) {
            terms.row(vec![
                layer.layer.clone(),
                term.name.into(),
                term.formula.clone(),
                term.source.into(),
                count(term.count),
                format!("{:.3} pJ", term.unit_pj),
                pj(term.pj),
            ]);
        }
    }
    out.push_str(&align_right(terms, 4));
    let mut groups =
        Table::new(&["layer", "potentials", "weights", "biases", "inputs, outputs", "arithmetic", "addresses", "all"]);
    let row = |name: &str, g: &Groups| {
        let mut row = vec![name.to_owned()];
        row.extend([g.mem_pot, g.mem_weights, g.mem_bias, g.mem_io, g.ops, g.addr, g.total].map(pj));
        row
    };
    for (groups_of, layer) in evaluation.layers.iter().zip(&evaluation.terms) {
        groups.row(row(&layer.layer, groups_of));
    }
    groups.row(row("all", &evaluation.total));
    let total = &evaluation.total;
    let _ = write!(
        out,
        "\n{}\nper inference: {} = memory {} + computation {}\n",
        align_right(groups, 1),
        pj(total.total),
        pj(total.mem_total),
        pj(total.opsaddr)
    );
    out
}
