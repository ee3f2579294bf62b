//! `--trace`: one image, traced. Each trace is a run of its own with a single probe, so that none pays for another.

use crate::{args::Mode, files, recording::Recorder};
use anyhow::{Context, Result, bail, ensure};
use clap::{Args as ClapArgs, ValueEnum};
use isa::CoreId;
use simulator::{
    Machine, TimingMode,
    trace::{Firings, Packets, Potentials, Spikes, Timeline, Vcd},
};
use spikeloom::{Executable, Samples};
use std::path::{Path, PathBuf};

/// Which traces of which image, and where they go.
#[derive(Debug, ClapArgs)]
pub(crate) struct TraceArgs {
    /// Trace one sample: spikes.csv and potentials.csv (both also in recording.h5, NIRData), packets.csv,
    /// timeline.pftrace (opens in ui.perfetto.dev), cores.vcd
    #[arg(long, value_enum, value_delimiter = ',', value_name = "KIND,...")]
    trace: Vec<Kind>,
    /// Folder of the traces; made if it does not exist. Default: the current folder
    #[arg(long, value_name = "DIR")]
    trace_dir: Option<PathBuf>,
    /// The sample that is traced, listed by --per-step and looked at by --report, counted from 0. Default: the first
    #[arg(long, value_name = "N")]
    trace_image: Option<usize>,
    /// Cores in cores.vcd, as in `0,5,17`; default: all that the program uses
    #[arg(long, value_name = "CORE,...", value_delimiter = ',')]
    trace_cores: Vec<u32>,
}

/// A trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Every spike
    Spikes,
    /// Every potential after every timestep; at the end, where neurons fire per event
    Potentials,
    /// Every packet on the chip's network
    Packets,
    /// Phases of every core, queues and the busiest link
    Timeline,
    /// Busy, events and spikes of chosen cores
    Vcd,
}

/// Spikes and potentials as NIRData.
const RECORDING: &str = "recording.h5";

impl Kind {
    fn file(self) -> &'static str {
        match self {
            Self::Spikes => "spikes.csv",
            Self::Potentials => "potentials.csv",
            Self::Packets => "packets.csv",
            Self::Timeline => "timeline.pftrace",
            Self::Vcd => "cores.vcd",
        }
    }
}

impl TraceArgs {
    fn folder(&self) -> &Path {
        self.trace_dir.as_deref().unwrap_or(Path::new("."))
    }

    /// The sample that is traced, and looked at by pages and `--per-step`.
    pub(crate) fn image(&self, samples: &dyn Samples) -> Result<usize> {
        let image = self.trace_image.unwrap_or(0);
        ensure!(
            image < samples.len(),
            "--trace-image {image}: {} has {} in this run, counted from 0; choose a smaller number",
            samples.name(),
            samples.counted()
        );
        Ok(image)
    }

    /// Refuses options of traces without a trace, and a folder that cannot be one. `looks`: whether a sample is looked at anyway.
    pub(crate) fn check(&self, looks: bool) -> Result<()> {
        let given = [
            ("--trace-dir", self.trace_dir.is_some()),
            ("--trace-image", self.trace_image.is_some() && !looks),
            ("--trace-cores", !self.trace_cores.is_empty()),
        ];
        if let Some((option, _)) = given.into_iter().find(|(_, given)| *given && self.trace.is_empty()) {
            bail!("{option}: nothing is traced; say what with --trace, as in --trace spikes");
        }
        let folder = self.folder();
        ensure!(folder.is_dir() || !folder.exists(), "--trace-dir {}: is a file; name a folder", folder.display());
        Ok(())
    }

    /// The files of the traces, if their folder exists.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let folder = self.folder();
        let mut files: Vec<PathBuf> = self.trace.iter().map(|kind| folder.join(kind.file())).collect();
        files.sort();
        files.dedup();
        files.retain(|_| folder.is_dir());
        files
    }
}

/// Writes the traces asked for. Nothing is written if one of them is impossible.
pub(crate) fn write(args: &TraceArgs, executable: &Executable, samples: &dyn Samples, mode: Mode) -> Result<()> {
    if args.trace.is_empty() {
        return Ok(());
    }
    samples.ensure_fit(&executable.input())?;
    let machine = &executable.machine;
    let image = args.image(samples)?;
    let mode = TimingMode::from(mode);
    if args.trace.iter().any(|kind| matches!(kind, Kind::Timeline | Kind::Vcd)) {
        ensure_time(machine, mode)?;
    }
    ensure!(
        !(machine.is_event_driven() && args.trace.contains(&Kind::Packets)),
        "--trace packets shows timesteps, and chip {} fires per event; trace spikes, which then have ticks",
        machine.arch().name
    );
    let cores: Vec<CoreId> = args.trace_cores.iter().copied().map(CoreId).collect();
    if let Some(core) = cores.iter().find(|core| machine.cores().all(|used| used != **core)) {
        let used: Vec<String> = machine.cores().map(|core| core.0.to_string()).collect();
        bail!("--trace-cores {}: the program does not use this core; it uses {}", core.0, used.join(", "));
    }
    let folder = args.folder();
    std::fs::create_dir_all(folder).with_context(|| {
        format!("--trace-dir {}: cannot be made; check the path and its permissions", folder.display())
    })?;

    let stimulus = executable.stimulus(samples, image);
    let has = |kind| args.trace.contains(&kind);
    for (i, kind) in args.trace.iter().enumerate().filter(|(i, kind)| !args.trace[..*i].contains(kind)) {
        let path = folder.join(kind.file());
        files::write_with(&path, |to| {
            match kind {
                Kind::Spikes if machine.is_event_driven() => {
                    let mut probe = Firings::new(machine, to);
                    machine.run(&stimulus, mode, &mut probe)?;
                    probe.finish()?;
                }
                Kind::Spikes => {
                    let mut probe = Spikes::new(machine, to);
                    machine.run(&stimulus, mode, &mut probe)?;
                    probe.finish()?;
                }
                Kind::Potentials => {
                    let mut probe = Potentials::new(machine, to);
                    machine.run(&stimulus, mode, &mut probe)?;
                    probe.finish()?;
                }
                Kind::Packets => {
                    let mut probe = Packets::new(machine, to);
                    machine.run(&stimulus, mode, &mut probe)?;
                    probe.finish()?;
                }
                Kind::Timeline => {
                    let mut probe = Timeline::new(machine, to);
                    let run = machine.run(&stimulus, mode, &mut probe)?;
                    probe.finish(&run)?;
                }
                Kind::Vcd => {
                    let mut probe = Vcd::new(machine, &cores, to);
                    machine.run(&stimulus, mode, &mut probe)?;
                    probe.finish()?;
                }
            }
            Ok(())
        })?;
        if i == 0 {
            eprintln!("tracing {} {image} of {}", samples.noun()[0], samples.name());
        }
        eprintln!("wrote {}", path.display());
    }
    // NIRData is a grid of timesteps, which a chip that fires per event does not have.
    if machine.is_event_driven() {
        return Ok(());
    }
    let recorded = match (has(Kind::Spikes), has(Kind::Potentials)) {
        (true, true) => record::<true, true>(machine, &stimulus)?,
        (true, false) => record::<true, false>(machine, &stimulus)?,
        (false, true) => record::<false, true>(machine, &stimulus)?,
        (false, false) => return Ok(()),
    };
    let path = folder.join(RECORDING);
    files::write(&path, &recorded)?;
    eprintln!("wrote {}", path.display());
    Ok(())
}

/// Spikes, potentials or both as NIRData. They do not depend on time.
fn record<const S: bool, const V: bool>(machine: &Machine, stimulus: &isa::Stimulus) -> Result<Vec<u8>> {
    let mut recorder = Recorder::<S, V>::new(machine);
    machine.run(stimulus, TimingMode::Counts, &mut recorder)?;
    recorder.finish()
}

fn ensure_time(machine: &Machine, mode: TimingMode) -> Result<()> {
    let arch = &machine.arch().name;
    ensure!(
        !machine.is_event_driven(),
        "--trace timeline and vcd show timesteps, and chip {arch} fires per event; trace spikes, which then have ticks, and \
         potentials"
    );
    ensure!(
        mode != TimingMode::Counts,
        "--trace timeline and vcd need time, and --mode counts has none; use --mode analytic"
    );
    ensure!(
        machine.has_time(),
        "--trace timeline and vcd need time, but the description of chip {arch} lacks figures for it; trace spikes and \
         potentials, or choose another chip"
    );
    ensure!(
        machine.has_time_in(mode),
        "--trace timeline and vcd need time, but the network of chip {arch} cannot be simulated flit by flit; \
         use --mode analytic"
    );
    Ok(())
}
