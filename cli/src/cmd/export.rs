//! `spikeloom export`: a network as a NIR file.

use crate::{
    args::ExportArgs,
    destination::{self, Destination},
    outputs::Outputs,
    report::sections,
    source,
};
use anyhow::{Result, anyhow};
use spikeloom::report::{Report, Section};
use std::{path::PathBuf, process::ExitCode};

/// Fuses the network, so that its weights are those that act, and writes it.
pub(crate) fn run(args: &ExportArgs) -> Result<ExitCode> {
    let model = source::model_of(&args.model)?;
    let name = || PathBuf::from(format!("{}.nir", destination::of_network(&model.name)));
    let output = Destination::of(args.output.as_deref(), name);
    Outputs::default().reading(args.model.name()).and("--output", Some(output.path())).check()?;
    let fused = compiler::pass::fuse::fuse(&model.graph).map_err(|reasons| anyhow!("{}: {reasons}", model.name))?;
    let graph = nir::export(&fused).map_err(|problems| anyhow!("{}: {problems}", model.name))?;
    let bytes = nir::write(&graph).map_err(|problem| anyhow!("{}: {problem}", model.name))?;
    output.write(&bytes)?;
    let note = format!(
        "windows, initial potentials, reset, input encoding and read-out have no place in NIR; they stand in metadata/{} for \
         spikeloom, other tools do not know them",
        nir::METADATA
    );
    let path = output.path().display().to_string();
    println!("wrote {path} ({} nodes, {} bytes)\n{note}", graph.nodes.len(), bytes.len());
    let summary = Section::new("summary", "Summary")
        .quantity("nodes", "nodes", graph.nodes.len(), "")
        .quantity("populations", "populations", fused.n_populations(), "")
        .quantity("weights", "weights", fused.n_weights(), "")
        .quantity("timesteps", "timesteps", fused.timesteps as usize, "")
        .quantity("bytes", "size of the file", bytes.len() as f64, "B")
        .note(note);
    let text = ir::text::print(&model.graph);
    let inputs = vec![
        sections::digest("network", &model.name, [text.as_bytes()]),
        sections::digest("NIR file", &path, [bytes.as_slice()]),
    ];
    let title = format!("{} as a NIR file", model.name);
    args.report.write(&Report::new(title, sections::made(None, inputs)).with(summary))?;
    Ok(ExitCode::SUCCESS)
}
