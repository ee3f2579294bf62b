//! `spikeloom export`: a network as a NIR file.

use crate::{
    args::ExportArgs,
    destination::{self, Destination},
    outputs::Outputs,
    source,
};
use anyhow::{Result, anyhow};
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
    println!("wrote {} ({} nodes, {} bytes)", output.path().display(), graph.nodes.len(), bytes.len());
    println!(
        "windows, initial potentials, reset, input encoding and read-out have no place in NIR; they stand in metadata/{} for \
         spikeloom, other tools do not know them",
        nir::METADATA
    );
    Ok(ExitCode::SUCCESS)
}
