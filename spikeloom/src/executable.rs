//! A program loaded onto its chip, and the one loop that runs samples through it.

use crate::{
    chip::Chip,
    error::{Error, Result},
    progress::{Progress, Task},
    samples::{Input, Samples, right_class},
};
use isa::{Ledger, Program, budget::Budget};
use simulator::{BatchOptions, Machine, Probe, TimingMode};
use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

/// A program loaded onto its chip. [`Self::run`] runs samples.
#[derive(Debug)]
pub struct Executable {
    /// What the network is called in reports and stored runs: as the user called it, or by the program's own name.
    pub name: String,
    /// The program.
    pub program: Program,
    /// The chip.
    pub chip: Chip,
    /// The simulator with the program loaded.
    pub machine: Machine,
}

/// How samples are gone through.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pass {
    /// What is being done.
    pub(crate) task: Task,
    /// How time is modelled.
    pub(crate) mode: TimingMode,
    /// Worker threads; 0 = as many as the process uses.
    pub(crate) threads: usize,
}

/// What was kept of the samples that ran, ascending, and their counts together.
pub(crate) struct Passed<T> {
    pub(crate) kept: Vec<T>,
    pub(crate) ledger: Ledger,
}

impl Executable {
    /// Loads a program.
    ///
    /// # Errors
    /// If the chip cannot run it.
    pub fn new(program: Program, chip: Chip) -> Result<Self> {
        let machine = Machine::new(&program, &chip.arch)?;
        Ok(Self { name: program.name.clone(), program, chip, machine })
    }

    /// Loads the bytes of a program file, verified against the chip; `name` is shown in errors.
    ///
    /// # Errors
    /// If the bytes are no program, or one of another chip, or break the chip's rules.
    pub fn read(name: &str, bytes: &[u8], chip: Chip) -> Result<Self> {
        let program = decode(name, bytes)?;
        verify(name, &program, &chip)?;
        // A file does not say whether its potentials were proven to stay within their width.
        Ok(Self::new(program, chip)?.saturating().called(name))
    }

    /// Under another name.
    pub(crate) fn called(self, name: &str) -> Self {
        Self { name: name.to_owned(), ..self }
    }

    /// Potentials that leave their width are clipped and counted.
    pub(crate) fn saturating(mut self) -> Self {
        self.machine = self.machine.saturating();
        self
    }

    /// Whether samples can be run in this mode on so many threads (0 = as many as the process uses); takes the memory for that from
    /// the budget, before any of it is allocated.
    ///
    /// # Errors
    /// If flits are to be simulated and cannot be, or if there is too little memory: the reason.
    pub fn ready(&self, mode: TimingMode, threads: usize, budget: &mut Budget) -> Result<()> {
        if let Some(reason) = self.machine.untimed(mode).filter(|_| mode == TimingMode::Cycle) {
            return Err(Error::input(format!("--mode cycle with chip {}: {reason}", self.chip.arch.name)));
        }
        let threads = if threads == 0 { rayon::current_num_threads() } else { threads };
        self.claim(mode, threads, budget)
    }

    fn claim(&self, mode: TimingMode, threads: usize, budget: &mut Budget) -> Result<()> {
        let claimed = self.machine.claim(mode, threads, budget);
        claimed.map_err(|refused| Error::input(format!("--max-memory: {refused}")))
    }

    /// What the program takes in.
    pub fn input(&self) -> Input {
        Input::of_program(&self.program)
    }

    /// What the host sends for a sample.
    pub fn stimulus(&self, samples: &dyn Samples, i: usize) -> isa::Stimulus {
        stimulus(samples, i, &self.input())
    }

    /// The loop over samples: runs each with a probe of its own and keeps what `keep` makes of it. The progress may end it
    /// early; an error of `keep` does, and is returned.
    pub(crate) fn each<P: Probe, T: Send>(
        &self,
        samples: &dyn Samples,
        pass: Pass,
        progress: &mut dyn Progress,
        probe: impl Fn() -> P + Sync,
        keep: impl Fn(usize, &simulator::Run, P) -> Result<T> + Sync,
    ) -> Result<Passed<T>> {
        let input = self.input();
        samples.ensure_fit(&input)?;
        let threads = if pass.threads == 0 { rayon::current_num_threads() } else { pass.threads };
        self.claim(pass.mode, threads, &mut Budget::process())?;
        let stop = AtomicBool::new(false);
        progress.start(pass.task, samples.len());
        let watched = Mutex::new(&mut *progress);
        let batch = self.machine.run_batch_probed(
            samples.len(),
            BatchOptions { mode: pass.mode, threads, stop: Some(&stop) },
            |i| stimulus(samples, i, &input),
            |_| probe(),
            |i, run, probe| {
                let kept = keep(i, run, probe);
                let right = right_class(samples, i, input.classes).map(|label| run.class == label);
                let flow = watched.lock().unwrap_or_else(PoisonError::into_inner).advance(right);
                if kept.is_err() || flow.is_break() {
                    stop.store(true, Ordering::Relaxed);
                }
                kept
            },
        );
        progress.finish();
        let batch = batch?;
        let kept = batch.results.into_iter().map(|(_, kept)| kept).collect::<Result<Vec<T>>>()?;
        Ok(Passed { kept, ledger: batch.ledger })
    }
}

/// What the host sends for a sample of this input.
pub(crate) fn stimulus(samples: &dyn Samples, i: usize, input: &Input) -> isa::Stimulus {
    isa::Stimulus { lasts: input.lasts(samples, i), ..compiler::stimulus(&input.stimulus(samples, i)) }
}

/// The program in the bytes of a file.
pub fn decode(name: &str, bytes: &[u8]) -> Result<Program> {
    isa::decode(bytes).map_err(|error| {
        Error::input(format!(
            "{name}: is not a program that this version reads; compile it again with `spikeloom compile`: {error}"
        ))
    })
}

fn verify(name: &str, program: &Program, chip: &Chip) -> Result<()> {
    let arch = &chip.arch;
    if program.arch != arch.name {
        return Err(Error::input(format!(
            "{name}: was compiled for {}, not for {}; compile the network again for this chip",
            program.arch, arch.name
        )));
    }
    let violations = isa::verify(program, arch);
    if violations.is_empty() {
        return Ok(());
    }
    let list: String = violations.iter().map(|v| format!("\n  - {v}")).collect();
    Err(Error::input(format!("{name}: breaks rules of {}; compile the network again for this chip:{list}", arch.name)))
}
