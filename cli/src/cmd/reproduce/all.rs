//! `spikeloom reproduce all`: every table and figure of the paper in one folder, with an index.
//!
//! A part whose data are missing does not stop the others: the index says what it lacked, and the exit code is 1.

use crate::{
    args::reproduce::{AllArgs, ReproduceCommand},
    report::folder::Folder,
};
use anyhow::Result;
use clap::{Parser, Subcommand};
use std::{fmt::Write as _, path::Path, process::ExitCode};

/// A part: its words on the command line, its files and what they show.
struct Part {
    arguments: Vec<String>,
    file: &'static str,
    shows: &'static str,
}

/// The words of a part, read as the command line reads them.
#[derive(Parser)]
struct Words {
    #[command(subcommand)]
    command: Wrapped,
}

#[derive(Subcommand)]
enum Wrapped {
    #[command(subcommand)]
    Reproduce(ReproduceCommand),
}

fn parts(args: &AllArgs) -> Vec<Part> {
    let part = |words: &str, file, shows| Part {
        arguments: words.split_whitespace().map(str::to_owned).collect(),
        file,
        shows,
    };
    let mut parts = vec![
        part("table1", "table1.svg", "Table 1: accuracies, printed and measured"),
        part("table2", "table2.svg", "Table 2: energies on CIFAR-10, cell by cell"),
        part("fig1", "fig1-cifar10.svg", "Figure 1: similarity of the classes"),
        part("fig2", "fig2-cifar10.svg", "Figure 2: complexity of the classes"),
        part("fig3 cifar10-paper --data cifar10 --limit 500", "fig3.svg", "Figure 3: architecture"),
        part("fig5 cifar10-paper --data cifar10", "fig5.svg", "Figure 5: feature maps"),
    ];
    if args.epochs > 0 {
        let mut settings = format!("--epochs {}", args.epochs);
        if let Some(limit) = args.limit {
            let _ = write!(settings, " --limit {limit}");
        }
        if args.resume {
            settings.push_str(" --resume");
        }
        for (vary, file, shows) in [
            ("allocation", "fig4-allocation.svg", "Figure 4a: allocation strategies"),
            ("channels", "fig4-channels.svg", "Figure 4b: channels of one layer, uniform and aware"),
        ] {
            parts.push(part(&format!("fig4 --vary {vary} {settings}"), file, shows));
        }
    }
    parts
}

/// Makes them one after the other.
pub(super) fn run(args: &AllArgs) -> Result<ExitCode> {
    let mut index =
        String::from("# FFGAF-SNN, tables and figures made again\n\n| what | file | made by |\n|---|---|---|\n");
    let mut failed = false;
    for part in parts(args) {
        let mut words = vec!["spikeloom".to_owned(), "reproduce".to_owned()];
        words.extend(part.arguments.iter().cloned());
        words.extend(["--out".to_owned(), args.out.display().to_string()]);
        if args.force {
            words.push("--force".to_owned());
        }
        if let Some(dir) = args.data.explicit() {
            at(&mut words, dir);
        }
        let command = format!("spikeloom reproduce {}", part.arguments.join(" "));
        eprintln!("{command}");
        let Wrapped::Reproduce(parsed) = Words::parse_from(&words).command;
        let (file, note) = match super::run(&parsed) {
            Ok(code) if code == ExitCode::SUCCESS => (format!("[{0}]({0})", part.file), String::new()),
            Ok(_) => return Ok(ExitCode::from(1)),
            Err(error) => {
                failed = true;
                eprintln!("error: {error:#}");
                ("not made".to_owned(), format!(": {error:#}"))
            }
        };
        let _ =
            writeln!(index, "| {} | {file} | `{command}`{} |", part.shows, note.replace('|', "\\|").replace('\n', " "));
    }
    Folder::create(&args.out, args.force)?.put(&[("index.md".to_owned(), index.as_bytes())])?;
    Ok(if failed { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

/// Lets a part find its images below `dir`: some take the folder of data sets, some that of one.
fn at(words: &mut Vec<String>, dir: &Path) {
    if let Some(named) = words.iter().position(|w| w == "--data") {
        words[named + 1] = dir.join(&words[named + 1]).display().to_string();
    } else if words[2] != "table1" {
        words.extend(["--data".to_owned(), dir.display().to_string()]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_a_command() {
        let args = AllArgs {
            epochs: 1,
            limit: Some(200),
            resume: true,
            data: crate::args::DataArgs::default(),
            out: "out".into(),
            force: false,
        };
        let parts = parts(&args);
        assert_eq!(parts.len(), 8);
        for part in parts {
            let mut words: Vec<String> = ["spikeloom", "reproduce"].map(str::to_owned).into();
            words.extend(part.arguments);
            Words::try_parse_from(&words).unwrap_or_else(|e| panic!("{e}"));
            at(&mut words, Path::new("data"));
            Words::try_parse_from(&words).unwrap_or_else(|e| panic!("{e}"));
            assert!(!words.contains(&"cifar10".to_owned()), "{words:?}");
        }
    }
}
