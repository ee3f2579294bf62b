//! `spikeloom energy chip`: every memory, core and router of a described chip with energy, area and static power.

use crate::args::energy::ChipArgs;
use crate::{prices, report::text::wrapped, source};
use anyhow::Result;
use energy::component::{Chip, Need};
use std::process::ExitCode;

/// Shows the parts.
pub(super) fn run(args: &ChipArgs) -> Result<ExitCode> {
    let arch = source::chip(&args.chip)?.arch;
    let chip = Chip::new(&arch, &Need::default())?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&chip.table(&arch))?);
    } else {
        print!("{}", wrapped(&prices::parts(&chip)));
    }
    Ok(ExitCode::SUCCESS)
}
