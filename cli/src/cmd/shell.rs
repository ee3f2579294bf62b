//! `spikeloom completions` and `spikeloom man`: what shells and `man` know of the commands, generated from the arguments.

use crate::{args::Args, files};
use anyhow::{Context, Result};
use clap::{Args as ClapArgs, CommandFactory};
use clap_complete::Shell;
use std::{path::PathBuf, process::ExitCode};

/// Which shell.
#[derive(Debug, ClapArgs)]
pub(crate) struct CompletionArgs {
    /// The shell
    shell: Shell,
}

/// Where pages go.
#[derive(Debug, ClapArgs)]
pub(crate) struct ManArgs {
    /// Folder of the pages, one per command; made if it does not exist
    #[arg(short, long, value_name = "DIR", default_value = "man")]
    out: PathBuf,
}

/// Prints the script that a shell sources.
pub(crate) fn completions(args: &CompletionArgs) -> Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "spikeloom", &mut script);
    print!("{}", String::from_utf8(script)?);
    Ok(ExitCode::SUCCESS)
}

/// Writes a page per command.
pub(crate) fn man(args: &ManArgs) -> Result<ExitCode> {
    let place = || format!("{}: the folder cannot be made; choose another with --out", args.out.display());
    std::fs::create_dir_all(&args.out).with_context(place)?;
    let mut root = Args::command();
    root.build();
    let n = pages(&root, "spikeloom", args)?;
    println!("wrote {n} pages; read them with `man -l {}`", args.out.join("spikeloom.1").display());
    Ok(ExitCode::SUCCESS)
}

fn pages(command: &clap::Command, name: &str, args: &ManArgs) -> Result<usize> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).title(name).render(&mut page)?;
    files::write(&args.out.join(format!("{name}.1")), &page)?;
    let under = command.get_subcommands().filter(|command| command.get_name() != "help");
    under
        .map(|command| pages(command, &format!("{name}-{}", command.get_name()), args))
        .sum::<Result<usize>>()
        .map(|n| n + 1)
}
