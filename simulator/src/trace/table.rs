//! Spikes and potentials as comma-separated values (RFC 4180, lines ended by a line feed) with a header line.
//!
//! A neuron is named by its layer's name in the graph and its channel, row and column in that layer. Lines ascend in
//! timestep, then layer, then channel, row, column; those of [`Firings`] stand in the order of events.

use super::Output;
use crate::{Machine, Probe};
use isa::{Cycle, Layer, LayerId, Timestep};
use std::{
    borrow::Cow,
    io::{self, Write},
};

/// Writes `timestep,layer,channel,row,column` for every spike, and `value`, how many at once or the value that was sent, where anything in the
/// network sends more than spikes; the input layer's lines are its events.
#[derive(Debug)]
pub struct Spikes<W> {
    table: Table<W>,
    values: bool,
}

impl<W: Write> Spikes<W> {
    /// A trace of a run on this machine.
    pub fn new(machine: &Machine, to: W) -> Self {
        let values = machine.sends_values();
        let header =
            if values { "timestep,layer,channel,row,column,value" } else { "timestep,layer,channel,row,column" };
        Self { table: Table::new(machine, to, header), values }
    }

    /// Ends the trace and returns its writer.
    pub fn finish(self) -> io::Result<W> {
        self.table.out.finish()
    }
}

impl<W: Write> Probe for Spikes<W> {
    const EMISSIONS: bool = true;

    fn emissions(&mut self, t: Timestep, layer: LayerId, sent: &[(u32, i32)]) {
        let values = self.values;
        let sent = sent.iter().map(|&(neuron, value)| (neuron as usize, values.then_some(value)));
        self.table.write(t.0.into(), layer, sent);
    }
}

/// Writes `tick,layer,channel,row,column` for every spike of a chip that fires per event, in the order of the events that
/// cause them; nothing on other chips.
#[derive(Debug)]
pub struct Firings<W>(Table<W>);

impl<W: Write> Firings<W> {
    /// A trace of a run on this machine.
    pub fn new(machine: &Machine, to: W) -> Self {
        Self(Table::new(machine, to, "tick,layer,channel,row,column"))
    }

    /// Ends the trace and returns its writer.
    pub fn finish(self) -> io::Result<W> {
        self.0.out.finish()
    }
}

impl<W: Write> Probe for Firings<W> {
    const FIRINGS: bool = true;

    fn firing(&mut self, at: Cycle, layer: LayerId, neuron: u32) {
        self.0.write(at.0, layer, std::iter::once((neuron as usize, None)));
    }
}

/// Writes `timestep,layer,channel,row,column,potential` for every neuron that holds a potential, after every timestep.
#[derive(Debug)]
pub struct Potentials<W>(Table<W>);

impl<W: Write> Potentials<W> {
    /// A trace of a run on this machine.
    pub fn new(machine: &Machine, to: W) -> Self {
        Self(Table::new(machine, to, "timestep,layer,channel,row,column,potential"))
    }

    /// Ends the trace and returns its writer.
    pub fn finish(self) -> io::Result<W> {
        self.0.out.finish()
    }
}

impl<W: Write> Probe for Potentials<W> {
    const POTENTIALS: bool = true;

    fn potentials(&mut self, t: Timestep, layer: LayerId, potentials: &[i32]) {
        self.0.write(t.0.into(), layer, potentials.iter().map(|&v| Some(v)).enumerate());
    }
}

/// A file of neurons with at most one value each.
#[derive(Debug)]
struct Table<W> {
    layers: Vec<Layer>,
    out: Output<W>,
}

impl<W: Write> Table<W> {
    fn new(machine: &Machine, to: W, header: &str) -> Self {
        let mut out = Output::new(to);
        out.write(|to| writeln!(to, "{header}"));
        Self { layers: machine.layers().to_vec(), out }
    }

    fn write(&mut self, time: u64, layer: LayerId, neurons: impl Iterator<Item = (usize, Option<i32>)>) {
        let layer = &self.layers[layer.0 as usize];
        let name = cell(&layer.name);
        self.out.write(|to| {
            for (neuron, value) in neurons {
                let (c, y, x) = layer.position(neuron);
                write!(to, "{time},{name},{c},{y},{x}")?;
                match value {
                    Some(value) => writeln!(to, ",{value}")?,
                    None => writeln!(to)?,
                }
            }
            Ok(())
        });
    }
}

/// A text as a cell.
pub(super) fn cell(text: &str) -> Cow<'_, str> {
    if text.contains(['"', ',', '\n', '\r']) {
        Cow::Owned(format!("\"{}\"", text.replace('"', "\"\"")))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn only_names_that_would_break_a_line_are_quoted() {
        assert_eq!(cell("conv1"), "conv1");
        assert_eq!(cell("a,\"b\""), "\"a,\"\"b\"\"\"");
    }
}
