//! spikeloom as a library: a model is deployed onto a chip, samples run, and what was counted is priced.
//!
//! ```
//! use spikeloom::{Chip, DeployOptions, Model, Quiet, RunOptions, datasets::bundled::mnist_test_500};
//!
//! let model = Model::open("mnist-small")?;
//! let images = mnist_test_500().subset(0..20);
//! for chip in ["loihi1", "lemaire_ideal"] {
//!     let chip = Chip::open(chip)?;
//!     let deployed = model.deploy(&chip, &DeployOptions::default(), &mut Quiet)?;
//!     let run = deployed.run(&images, &RunOptions::default(), &mut Quiet)?;
//!     let right = run.correct().unwrap_or(0);
//!     println!("{}: {right} of 20 right, {}", chip.arch.name, run.price(chip.prices()?)?);
//! }
//! # Ok::<(), spikeloom::Error>(())
//! ```
//!
//! | step | item |
//! |---|---|
//! | a network: one that ships, a trained one, NIR, a graph | [`Model`] |
//! | a chip: description and prices | [`Chip`], [`table`] |
//! | compiled, with clips and activity from training samples | [`Model::deploy`], [`DeployOptions`], [`Deployed`] |
//! | a program that was compiled before | [`Executable`] |
//! | what is run: images, recorded events, anything of yours | [`Samples`], [`Recordings`] |
//! | decisions, counts and times | [`Run`] |
//! | energy by spike and operation, power, NeuroBench's metrics | [`Metrics`] |
//! | what each timestep of a sample did, took and cost | [`Executable::step_costs`], [`StepCost`] |
//! | what samples did, recorded once, and what that costs on other chips | [`Executable::rasters`], [`Executable::replay`] |
//! | what is stored of a run, and priced again without simulating | [`Record`], [`Priced`] |
//! | agreement with the reference interpreter and the float network | [`Deployed::verify`] |
//! | what quantization changed | [`Deployed::quantization_change`] |
//! | chips that fire per event against the same network in timesteps | [`Deployed::run_in_timesteps`], [`Mismatch`] |
//! | how often neurons fire | [`Rates`] |
//! | every spike of every sample; one sample in detail | [`Executable::rasters`], [`Executable::closeup`] |
//! | the network that analytical energy models evaluate | [`Model::measure_analytic`], [`analytic`] |
//! | what deciding costs the host | [`HostReadout`] |
//! | reports as data; numbers with units, plain tables | [`report`] |
//!
//! The library prints nothing and opens no file: contents come in as bytes or text with a name for errors, and go out the same
//! way. Long work tells a [`Progress`] and may be stopped by it; compilation is watched by an [`Observer`]; [`Quiet`] is both.
//! The engines behind it are re-exported under their short names.

pub mod analytic;
mod chip;
mod closeup;
mod deploy;
mod error;
mod event_driven;
mod executable;
mod host;
mod latency;
mod measured;
mod metrics;
mod mirror;
mod model;
mod parallel;
mod prices;
mod progress;
mod quantization;
mod raster;
mod rates;
mod record;
mod replay;
mod run;
mod samples;
mod spread;
mod steps;
mod verify;

pub use chip::{Chip, table};
pub use closeup::{Closeup, CoreLoad, LinkLoad};
pub use datasets::recording::Recordings;
pub use deploy::{ActivitySource, DeployOptions, Deployed, Weighting};
pub use error::{Error, Result};
pub use event_driven::{LayerMismatch, Mismatch};
pub use executable::{Executable, decode};
pub use host::HostReadout;
pub use latency::LatencyRange;
pub use measured::MeasuredNetwork;
pub use metrics::{Metrics, NeuroBench, SynapticOperations};
pub use mirror::{Mirrored, decide_together};
pub use model::{Format, ImportOptions, Model};
pub use prices::Described;
pub use progress::{Observer, Progress, Quiet, Task};
pub use quantization::QuantizationChange;
pub use raster::{Raster, Spike};
pub use rates::{LayerRates, Rates};
pub use record::{Asked, LayerRecord, Priced, Record};
pub use replay::Costed;
pub use run::{Run, RunOptions, Sample};
pub use samples::{Input, Samples, Unlabelled};
pub use spread::Spread;
pub use steps::StepCost;
pub use verify::{FloatAgreement, RightDecisions, SpikeChange, Verification};

pub use compiler;
pub use datasets;
pub use energy;
pub use ir;
pub use isa;
#[cfg(feature = "nir")]
pub use nir;
pub use simulator;
pub use spikeloom_report as report;
pub use training;
