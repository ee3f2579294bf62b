//! Packets as comma-separated values with a header line: one line per packet, in the order of injection within a core.
//!
//! `timestep,src,dst,layer,channel,row,column,value,delay,injected,arrived`: sender and receivers are cores or `host`, receivers
//! separated by blanks; layer, channel, row and column name the neuron whose event the packet carries; the event acts `delay`
//! timesteps later. Times are in ticks of the chip, empty where the timing mode has none.

use super::{Output, table::cell};
use crate::{Machine, Packet, Probe};
use isa::{Layer, Timestep};
use std::io::{self, Write};

/// Writes every packet.
#[derive(Debug)]
pub struct Packets<W> {
    layers: Vec<Layer>,
    out: Output<W>,
}

impl<W: Write> Packets<W> {
    /// A trace of a run on this machine.
    pub fn new(machine: &Machine, to: W) -> Self {
        let mut out = Output::new(to);
        out.write(|to| writeln!(to, "timestep,src,dst,layer,channel,row,column,value,delay,injected,arrived"));
        Self { layers: machine.layers().to_vec(), out }
    }

    /// Ends the trace and returns its writer.
    pub fn finish(self) -> io::Result<W> {
        self.out.finish()
    }
}

impl<W: Write> Probe for Packets<W> {
    const PACKETS: bool = true;

    fn packet(&mut self, t: Timestep, packet: &Packet<'_>) {
        let layer = &self.layers[packet.layer.0 as usize];
        let (c, y, x) = layer.position(packet.neuron as usize);
        let host = || "host".to_owned();
        let src = packet.src.map_or_else(host, |core| core.to_string());
        let dst: Vec<String> = packet.dst.iter().map(ToString::to_string).collect();
        let dst = if dst.is_empty() { host() } else { dst.join(" ") };
        let time = |cycle: Option<isa::Cycle>| cycle.map_or_else(String::new, |cycle| cycle.0.to_string());
        let (injected, arrived) = (time(packet.injected), time(packet.arrived));
        let (name, value, delay) = (cell(&layer.name), packet.value, packet.delay);
        self.out
            .write(|to| writeln!(to, "{},{src},{dst},{name},{c},{y},{x},{value},{delay},{injected},{arrived}", t.0));
    }
}
