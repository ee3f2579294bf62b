//! `spikeloom explore new`: a space to begin with, for the question which chip is best for a network.

use crate::{destination::Destination, search::Search};
use anyhow::{Result, ensure};
use clap::Args as ClapArgs;
use isa::arch::preset::PRESETS;
use std::{fmt::Write, path::PathBuf, process::ExitCode};

/// What the space is about.
#[derive(Debug, ClapArgs)]
pub(crate) struct NewArgs {
    /// The space's name; it goes to NAME.ron
    #[arg(value_name = "NAME")]
    name: String,
    /// A network as `run` takes it; may be given several times
    #[arg(long, value_name = "MODEL", default_value = "mnist-small")]
    network: Vec<String>,
    /// A data set's name or samples of your own, as of `run`; default: the networks' own
    #[arg(long, value_name = "NAME|DIR|FILE")]
    data: Option<String>,
    /// Samples of each network
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    samples: u32,
    /// An option that `run` takes about networks and samples, as in `--option=--dt=1e-4`; may be given several times
    #[arg(long = "option", value_name = "WORD", allow_hyphen_values = true)]
    options: Vec<String>,
    /// A base chip: a preset or a description file; may be given several times. Default: all presets
    #[arg(long, value_name = "NAME|FILE")]
    arch: Vec<String>,
    /// Where the space goes; default: NAME.ron
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Parameters that are written beside, for the reader to choose from.
const SUGGESTIONS: &str = r#"        // (path: "deploy.weight_bits", values: List([4, 8])),
        // (path: "deploy.balance", values: List([false, true])),
        // (path: "core.neurons", values: Powers(from: 256, to: 2048)),
        // (path: "core.memories.state.bits", values: Linked("24 * core.neurons")),
        // (path: "core.lanes", values: Powers(from: 1, to: 8)),
        // (path: "core.memories.state.banks", values: Linked("core.lanes")),
        // (path: "noc.multicast", values: List(["Unicast", "Rectangle"])),
"#;

/// Writes the space.
pub(super) fn run(args: &NewArgs) -> Result<ExitCode> {
    ensure!(!args.name.is_empty() && !args.name.contains(['/', '\\']), "{}: is no name of a space", args.name);
    let text = text(args);
    let output = Destination::of(args.output.as_deref(), || PathBuf::from(format!("{}.ron", args.name)));
    // What it names must be there before it is.
    Search::of_text(output.path(), text.clone())?;
    output.write(text.as_bytes())?;
    let path = output.path().display();
    println!("wrote {path}; next: spikeloom explore {path}");
    Ok(ExitCode::SUCCESS)
}

fn text(args: &NewArgs) -> String {
    let list = |words: &[String]| words.iter().map(|word| format!("{word:?}")).collect::<Vec<_>>().join(", ");
    let chips: Vec<String> = if args.arch.is_empty() {
        PRESETS.iter().map(|(name, _)| (*name).to_owned()).collect()
    } else {
        args.arch.clone()
    };
    let mut text = format!(
        "// Written by `spikeloom explore new`, to be changed: docs/exploration.md says what may stand here.\n\
         //\n//     spikeloom explore {0}.ron\nSpace(\n    version: 1,\n    name: {0:?},\n    chips: [{1}],\n    networks: [\n",
        args.name,
        list(&chips)
    );
    for network in &args.network {
        let data = args.data.as_ref().map_or(String::new(), |data| format!(", data: Some({data:?})"));
        let options =
            if args.options.is_empty() { String::new() } else { format!(", options: [{}]", list(&args.options)) };
        let _ = writeln!(text, "        (model: {network:?}{data}, samples: Some({}){options}),", args.samples);
    }
    let _ = write!(
        text,
        "    ],\n    // What varies on every chip, by the paths of `spikeloom chip show NAME`; take the slashes away.\n    \
         parameters: [\n{SUGGESTIONS}    ],\n    objectives: [Minimize(\"energy\"), Minimize(\"latency\"), Maximize(\"accuracy\")],\n)\n"
    );
    text
}
