//! The command line of spikeloom: arguments, files, progress and reports. The only crate that prints.
//!
//! Standard output carries results (a table, or JSON with `--json`); progress and remarks go to standard error. Exit codes:
//! 0 done, 130 interrupted before the end, 2 bad input or usage, 3 a chip that cannot hold the network (with --json, the limits are
//! on standard output). Outputs are written to a temporary name and then renamed.

#[macro_use]
mod out;

mod args;
mod cmd;
mod data;
mod destination;
mod diff;
mod files;
mod interrupt;
mod invocation;
mod memory;
mod nir;
mod outputs;
mod prices;
mod progress;
mod recording;
mod report;
pub mod search;
mod source;
mod spelling;
mod target;
mod trace;

pub use args::Args;
pub use source::{chip, table, table_for};

use clap::Parser;
use compiler::Diagnostics;
use std::{ffi::OsString, io::Write, process::ExitCode};

/// Parses the arguments of the process and runs the command.
pub fn main() -> ExitCode {
    // A reader that goes away, as `head` does, ends the process quietly, as it ends other tools.
    sigpipe::reset();
    interrupt::watch();
    spikeloom::report::text::fit(out::columns());
    run(std::env::args_os())
}

/// Runs the command in `arguments`, the program's name first, and returns its exit code.
pub fn run<T: Into<OsString> + Clone>(arguments: impl IntoIterator<Item = T>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
    invocation::remember(&arguments);
    let args = match Args::try_parse_from(arguments) {
        Ok(args) => args,
        Err(error) => {
            // Help goes to standard output, which may be full.
            if let Err(unwritten) = error.print().and_then(|()| std::io::stdout().flush()) {
                out::unwritable(&unwritten);
            }
            return ExitCode::from(error.exit_code() as u8);
        }
    };
    memory::limit(args.max_memory);
    match cmd::run(&args) {
        Ok(code) => code,
        Err(error) => {
            let misfit = misfit(&error);
            if let (Some(diagnostics), Some((report, model, target))) = (misfit, args.deployment())
                && let Err(error) = report.write(&report::sections::misfit(model.name(), &target.called(), diagnostics))
            {
                eprintln!("error: {error:#}");
            }
            if let Some(diagnostics) = misfit.filter(|_| args.wants_json()) {
                println!("{:#}", limits(diagnostics));
            }
            let text = paragraph(&error);
            // Located errors of chip descriptions bring their own heading.
            eprintln!("error: {}", text.strip_prefix("error: ").unwrap_or(&text));
            match error.downcast_ref() {
                Some(spikeloom::Error::NothingRun) => interrupt::code(),
                _ => ExitCode::from(if misfit.is_some() { 3 } else { 2 }),
            }
        }
    }
}

/// Why a chip cannot hold a network, if that is what went wrong.
fn misfit(error: &anyhow::Error) -> Option<&Diagnostics> {
    error.chain().find_map(|cause| match cause.downcast_ref() {
        Some(spikeloom::Error::DoesNotFit { diagnostics, .. }) => Some(diagnostics),
        _ => None,
    })
}

/// Every limit that is exceeded, and by how much, where it is one.
fn limits(diagnostics: &Diagnostics) -> serde_json::Value {
    let reason = |d: &compiler::Diagnostic| {
        let limit = d.limit.as_ref();
        serde_json::json!({
            "entity": d.entity,
            "message": d.message,
            "resource": limit.map(|limit| &limit.resource),
            "used": limit.map(|limit| limit.used),
            "max": limit.map(|limit| limit.max),
            "remedy": d.remedy,
        })
    };
    serde_json::json!({ "error": "does_not_fit", "limits": diagnostics.0.iter().map(reason).collect::<Vec<_>>() })
}

/// The error and its causes in one paragraph. A cause that its effect has quoted already is not repeated.
pub fn paragraph(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}
