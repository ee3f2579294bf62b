//! Executes compiled programs event by event: bit-exact function, counts of every action, and time.
//!
//! ```text
//! Program + Arch ── Machine::new ──► Machine ── run(stimulus, mode, probe) ──► Run { class, counts, ledger, time }
//! ```
//!
//! A [`Machine`] is loaded once and shared by threads; what changes during a sample is a [`State`]. A timestep has two
//! phases: the function of every core (`step`), which alone decides spikes and counts, then the replay of its work in time
//! (`timing`). Event-driven chips have no timesteps: there the order of events, and with it time, decides spikes
//! (`coupled`). Both are ways to run a sample (`execution`). All of it is integer arithmetic; there are no joules here. What is counted when is stated in
//! `docs/counters.md`.

mod batch;
mod core;
mod coupled;
mod error;
mod execution;
mod kernel;
mod ledger;
mod load;
mod machine;
mod noc;
mod packets;
mod probe;
mod replay;
mod state;
mod step;
mod stepped;
mod timing;
pub mod trace;

pub use batch::{Batch, BatchOptions};
pub use error::{BatchError, LoadError, NoTime, ReplayError, RunError};
pub use machine::{Machine, Run};
pub use packets::Packet;
pub use probe::{NoProbe, Probe};
pub use replay::{Outcome, Record, Replay};
pub use state::State;
pub use timing::{
    CoreTime, QueueTime, StepTime, Time, TimingMode,
    bounds::{Binding, Bounds, Part, Parts},
};
