//! `spikeloom reproduce fig4`: allocation strategies, or channels, against accuracy. Trains every network it shows.

use super::{Fig4Args, Fig4Vary};
use crate::{args::AblateArgs, cmd::ablate, study::Vary};
use anyhow::Result;
use std::process::ExitCode;

/// The two studies of the figure.
pub(super) fn run(args: &Fig4Args) -> Result<ExitCode> {
    let (vary, title) = match args.vary {
        Fig4Vary::Allocation => (Vary::Allocation, "FFGAF-SNN, figure 4a: allocation strategies against accuracy"),
        Fig4Vary::Channels => {
            (Vary::Channels, "FFGAF-SNN, figure 4b: channels of a one-layer network against accuracy")
        }
    };
    let study = AblateArgs {
        vary,
        dataset: args.dataset,
        epochs: args.epochs,
        limit: args.limit,
        channels: args.channels.clone(),
        settings: Vec::new(),
        seeds: args.seeds.clone(),
        resume: args.resume,
        threads: args.threads,
        data: args.data.clone(),
        out: args.out.out.clone(),
        json: args.out.json,
    };
    ablate::study(&study, title.to_owned(), &format!("fig4-{}", vary.name()))
}
