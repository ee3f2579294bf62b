//! Traces: probes that write what they see as files of common formats, timestep by timestep, to any [`Write`].
//!
//! | probe | format | one entry |
//! |---|---|---|
//! | [`Spikes`] | CSV | one spike |
//! | [`Firings`] | CSV | one spike of a chip that fires per event, with its tick |
//! | [`Potentials`] | CSV | one potential at the end of one timestep |
//! | [`Packets`] | CSV | one packet |
//! | [`Timeline`] | Perfetto trace (protobuf) | one phase of one core, a queue, a link |
//! | [`Vcd`] | value change dump (IEEE 1364-2001, section 18) | busy, events and spikes of one core |
//!
//! Each is made for a machine, given to [`Machine::run`](crate::Machine::run) and ended with its `finish`, which reports the
//! first failed write. Nothing is held back but what is still open. Same run, same bytes.

mod packets;
mod proto;
mod table;
mod timeline;
mod vcd;

pub use packets::Packets;
pub use table::{Firings, Potentials, Spikes};
pub use timeline::Timeline;
pub use vcd::Vcd;

use std::io::{self, Write};

/// A writer that remembers its first failure, because a probe cannot report one, and writes nothing after it.
#[derive(Debug)]
struct Output<W> {
    to: W,
    failed: Option<io::Error>,
}

impl<W: Write> Output<W> {
    fn new(to: W) -> Self {
        Self { to, failed: None }
    }

    fn write(&mut self, write: impl FnOnce(&mut W) -> io::Result<()>) {
        if self.failed.is_none() {
            self.failed = write(&mut self.to).err();
        }
    }

    fn finish(mut self) -> io::Result<W> {
        self.write(Write::flush);
        self.failed.map_or(Ok(self.to), Err)
    }
}
