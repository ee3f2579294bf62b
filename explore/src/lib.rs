//! Spaces of chips: a file says which chips, deployments and networks are of interest; every point is costed from one record of
//! spikes per network ([`spikeloom::simulator::Record`]) and stored under what made it; the points together answer questions.
//!
//! ```text
//! Space ── Sampler ──► Point ── Bench::evaluate ──► Record ── Store ──► Answers
//! (file)   (which)     (one)    (compile, cost)     (result)  (folder)  (fronts, effects, limits)
//! ```
//!
//! Same space, same bytes: a record holds no clock and no machine, so that points evaluated by many processes, on many
//! machines, interrupted and resumed, are those of one serial run.

#![allow(clippy::float_cmp, reason = "what is compared is what was stored, with nothing computed in between")]

pub mod answer;
mod bench;
mod chip;
mod crew;
mod drive;
mod expression;
mod failure;
mod figure;
mod outcome;
mod price_rule;
mod record;
mod sampler;
mod shared;
mod space;
mod store;
mod table;

pub use bench::{Bench, Network};
pub use chip::{get, known_paths, set};
pub use crew::{Crew, Keep, Made, Task, Threads};
pub use drive::{Drive, DriveError, Event, Shard, Summary};
pub use expression::Expression;
pub use figure::{FIGURES, Figure};
pub use price_rule::PriceRule;
pub use record::{
    Binding, ChipRecord, Deployment, Limit, NetworkRecord, Outcome, PointRecord, Prices, Reason, Stage, TimeSplit,
};
pub use space::{Axis, Objective, Parameter, Point, SamplerKind, Scalar, Space, SpaceError, Timing, Values, Workload};
pub use store::{Store, StoreError};
pub use table::csv;
