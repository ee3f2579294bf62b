//! NIR files on the command line: options for what a file does not say, and the list of what was assumed.

use crate::files;
use anyhow::{Result, anyhow};
use clap::{Args as ClapArgs, ValueEnum};
use nir::{Assumption, Coding, Integrator, Options, Read};
use std::path::Path;

/// What a NIR file does not say.
#[derive(Clone, Debug, Default, ClapArgs)]
#[command(next_help_heading = "NIR files")]
pub(crate) struct NirArgs {
    /// Length of a timestep in the file's unit of time
    #[arg(long, value_name = "TIME")]
    dt: Option<f64>,
    /// Reset after a spike
    #[arg(long, value_enum)]
    reset: Option<Reset>,
    /// A neuron fires if v > θ (gt) or v ≥ θ (ge)
    #[arg(long, value_enum)]
    compare: Option<Compare>,
    /// How a differential equation becomes a step
    #[arg(long, value_enum)]
    integrator: Option<Rule>,
    /// Timesteps in which input arrives
    #[arg(long, value_name = "N")]
    steps: Option<u32>,
    /// How samples enter: values in every step, values once, or spikes
    #[arg(long, value_enum)]
    coding: Option<Entry>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Reset {
    /// v ← v − θ
    Subtract,
    /// v ← `v_reset`
    Zero,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Compare {
    /// v > θ
    Gt,
    /// v ≥ θ
    Ge,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Rule {
    /// Forward Euler
    Euler,
    /// Exact for inputs that are constant within a step
    Exponential,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Entry {
    /// The sample's values in every timestep
    Every,
    /// The sample's values in timestep 0
    Once,
    /// Spikes; brighter pixels fire more often
    Events,
}

impl NirArgs {
    /// For files in timesteps, driven by recorded events for `steps` of them.
    pub(crate) fn timesteps(steps: u32) -> Self {
        Self { dt: Some(1.0), steps: Some(steps), coding: Some(Entry::Events), ..Self::default() }
    }

    pub(crate) fn options(&self) -> Options {
        Options {
            dt: self.dt,
            reset: self.reset.map(|reset| match reset {
                Reset::Subtract => ir::Reset::Subtract,
                Reset::Zero => ir::Reset::Zero,
            }),
            compare: self.compare.map(|compare| match compare {
                Compare::Gt => ir::Compare::Greater,
                Compare::Ge => ir::Compare::GreaterEqual,
            }),
            integrator: self.integrator.map(|rule| match rule {
                Rule::Euler => Integrator::Euler,
                Rule::Exponential => Integrator::Exponential,
            }),
            steps: self.steps,
            coding: self.coding.map(|entry| match entry {
                Entry::Every => Coding::Every,
                Entry::Once => Coding::Once,
                Entry::Events => Coding::Events,
            }),
        }
    }

    /// Recorded events set the coding and the number of steps, unless the user does.
    pub(crate) fn default_to_events(&mut self, timesteps: u32) {
        self.coding = self.coding.or(Some(Entry::Events));
        self.steps = self.steps.or(Some(timesteps));
    }

    /// The first option that was given.
    pub(crate) fn first_given(&self) -> Option<&'static str> {
        let given = [
            ("--dt", self.dt.is_some()),
            ("--reset", self.reset.is_some()),
            ("--compare", self.compare.is_some()),
            ("--integrator", self.integrator.is_some()),
            ("--steps", self.steps.is_some()),
            ("--coding", self.coding.is_some()),
        ];
        given.into_iter().find(|(_, given)| *given).map(|(name, _)| name)
    }
}

/// The graph in a file.
pub(crate) fn read(path: &Path) -> Result<Read> {
    nir::read(files::read(path)?).map_err(|problems| anyhow!("{}: {problems}", path.display()))
}

/// A name for the network of a file.
pub(crate) fn stem(path: &Path) -> String {
    path.file_stem().map_or_else(|| "nir".into(), |stem| stem.to_string_lossy().into_owned())
}

/// Assumptions, one per line.
pub(crate) fn list(assumptions: &[Assumption]) -> String {
    assumptions.iter().map(|assumption| format!("  {assumption}\n")).collect()
}
