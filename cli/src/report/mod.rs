//! Results in words and numbers: a table for people, JSON for machines.

pub(crate) mod agreement;
pub(crate) mod bounds;
pub(crate) mod folder;
pub(crate) mod losses;
pub(crate) mod mapping;
pub(crate) mod per_event;
pub(crate) mod per_image;
pub(crate) mod quantization;
pub(crate) mod queues;
pub(crate) mod run;

pub(crate) use spikeloom::report::{number, text};
