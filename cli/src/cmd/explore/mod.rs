//! `spikeloom explore`: the points of a space, evaluated and stored; and what they answer.

mod new;
mod show;
mod text;

use crate::{
    args::ReportArgs,
    interrupt, progress,
    search::{Search, write_table},
};
use anyhow::{Context, Result, bail};
use clap::{Args as ClapArgs, Subcommand};
use explore::{Bench, Drive, Event, Point, Shard, Store, Threads};
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    str::FromStr,
    time::Instant,
};

/// Which space, and where its points go.
#[derive(Debug, ClapArgs)]
#[command(args_conflicts_with_subcommands = true, arg_required_else_help = true)]
pub(crate) struct ExploreArgs {
    #[command(subcommand)]
    command: Option<ExploreCommand>,
    /// A space (.ron): base chips, networks, parameters, constraints, objectives
    #[arg(value_name = "SPACE")]
    space: Option<PathBuf>,
    /// Folder of the points; those that it holds already are not evaluated again. Default: the space's name
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Count the points, estimate the time, evaluate a few and store nothing
    #[arg(long)]
    dry_run: bool,
    /// Evaluate every N-th point only, from the I-th on (0 ≤ I < N), for arrays of jobs on one folder
    #[arg(long, value_name = "I/N")]
    shard: Option<ShardArg>,
    /// Number of worker threads; default: all processors
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=256))]
    threads: Option<u32>,
    #[command(flatten)]
    report: ReportArgs,
    /// Print the answers as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum ExploreCommand {
    /// Fronts, effects of parameters, limits and the place of the baseline, from the points of a folder
    Show(show::ShowArgs),
    /// Write a space to begin with: networks on all presets, or on chips of your choice
    New(new::NewArgs),
}

#[derive(Clone, Copy, Debug)]
struct ShardArg(Shard);

impl FromStr for ShardArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/').and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
        match parts {
            Some((index, of)) if index < of => Ok(Self(Shard { index, of })),
            _ => Err("write I/N with 0 ≤ I < N, as in 0/4".into()),
        }
    }
}

/// Evaluates a space, or shows a folder.
pub(crate) fn run(args: &ExploreArgs) -> Result<ExitCode> {
    match &args.command {
        Some(ExploreCommand::Show(args)) => return show::run(args),
        Some(ExploreCommand::New(args)) => return new::run(args),
        None => {}
    }
    let Some(path) = &args.space else { bail!("name a space (.ron), `show` and a folder, or `new` and a name") };
    let search = Search::open(path)?;
    let bench = &search.bench;
    let threads =
        args.threads.map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), |n| n as usize);
    let (folder, shard) = (args.out.clone().unwrap_or_else(|| search.folder()), args.shard.map(|shard| shard.0));
    if args.dry_run {
        return dry_run(bench, &folder, threads, shard);
    }
    let store = search.store(&folder)?;
    let stop = interrupt::flag();
    let drive = Drive { bench, store: &store, crew: &Threads(threads), shard, stop: &stop };
    let bar = progress::bar(0, "points");
    let summary = drive.run(&|event| match event {
        Event::Round { pending, .. } => bar.inc_length(pending as u64),
        Event::Done { .. } => bar.inc(1),
    })?;
    bar.finish_and_clear();
    let what = if summary.stopped { "stopped: " } else { "" };
    eprintln!(
        "{what}{} points: {} stored before, {} evaluated now, in {}",
        summary.points,
        summary.found,
        summary.evaluated,
        folder.display()
    );
    write_table(&folder)?;
    if summary.stopped {
        return Ok(crate::interrupt::code());
    }
    if args.shard.is_none() {
        show::print(bench.space(), &folder, args.json, &args.report)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Counts and estimates; what it evaluates goes into a folder that is removed.
fn dry_run(bench: &Bench, folder: &Path, threads: usize, shard: Option<Shard>) -> Result<ExitCode> {
    let stop = std::sync::atomic::AtomicBool::new(false);
    let scratch = tempfile::tempdir().context("a temporary folder")?;
    let store = if folder.exists() { Store::open(folder)? } else { Store::open(scratch.path())? };
    let drive = Drive { bench, store: &store, crew: &Threads(threads), shard, stop: &stop };
    let (pending, found) = drive.plan()?;
    let space = bench.space();
    let grid = space.n_grid().map_or("more than can be counted".to_owned(), |n| n.to_string());
    println!("{}: {grid} points without constraints", space.name);
    let round = if space.sampler == explore::SamplerKind::Grid { "" } else { " of the first round" };
    println!("{} points{round}: {found} stored, {} to evaluate", pending.len() + found, pending.len());
    let Some(each) = time_of(bench, &pending) else { return Ok(ExitCode::SUCCESS) };
    let total = each * pending.len() as f64 / threads as f64;
    println!(
        "about {each:.2} s a point, {:.1} min on {threads} threads, judged by a few points; chips that hold more cores take longer",
        total / 60.0
    );
    Ok(ExitCode::SUCCESS)
}

/// Seconds of a point, from a few spread over all. The first is left out: it records the spikes.
fn time_of(bench: &Bench, pending: &[Point]) -> Option<f64> {
    const TRIED: usize = 5;
    let step = pending.len().div_ceil(TRIED).max(1);
    let mut times = Vec::new();
    for point in pending.first().into_iter().chain(pending.iter().step_by(step)) {
        let begun = Instant::now();
        bench.evaluate(point, explore::Stage::Search);
        times.push(begun.elapsed().as_secs_f64());
    }
    let rest = times.get(1..).filter(|rest| !rest.is_empty())?;
    Some(rest.iter().sum::<f64>() / rest.len() as f64)
}
