//! Chosen cores as a value change dump (IEEE 1364-2001, section 18), for waveform viewers.
//!
//! ```text
//! ARCH ─┬─ timestep[31:0]   the timestep whose first core has begun
//!       └─ coreN ─┬─ busy          1 from its first event or neuron to its last packet
//!                 ├─ events[31:0]  events that it takes in the timestep, from its start
//!                 └─ spikes[31:0]  spikes that it fires in the timestep, from its start
//! ```
//!
//! The unit of time is the picosecond: tick · `tick_ps`. `events` and `spikes` hold until the core begins its next timestep;
//! a core without work in a timestep begins it together with the others and stays idle.

use super::Output;
use crate::{CoreTime, Machine, Probe, StepTime};
use isa::{CoreId, Timestep};
use std::{
    collections::BTreeMap,
    io::{self, Write},
};

/// Writes a value change dump.
#[derive(Debug)]
pub struct Vcd<W> {
    out: Output<W>,
    tick_ps: u64,
    /// Chosen cores, ascending; core i has signals 1 + 3·i (busy), 2 + 3·i (events) and 3 + 3·i (spikes).
    cores: Vec<CoreId>,
    /// Latest value of every signal; signal 0 is the timestep.
    values: Vec<u32>,
    /// Changes not yet written by tick: on chips synchronized by tokens a core may begin a timestep before another ends
    /// the last one.
    pending: BTreeMap<u64, Vec<(usize, u32)>>,
}

impl<W: Write> Vcd<W> {
    /// A trace of these cores, or of all if none is named, in a run on this machine in a timed mode. Cores that the program
    /// does not use stay idle.
    pub fn new(machine: &Machine, cores: &[CoreId], to: W) -> Self {
        let mut cores = if cores.is_empty() { machine.cores().collect() } else { cores.to_vec() };
        cores.sort_unstable();
        cores.dedup();
        let mut out = Output::new(to);
        out.write(|to| header(to, &machine.arch().name, &cores));
        Self {
            out,
            tick_ps: machine.arch().tick_ps.value,
            values: vec![0; 1 + 3 * cores.len()],
            cores,
            pending: BTreeMap::new(),
        }
    }

    /// Ends the trace and returns its writer.
    pub fn finish(mut self) -> io::Result<W> {
        self.write_before(u64::MAX);
        self.out.finish()
    }

    /// Notes a value at a tick; the ticks of one signal ascend.
    fn set(&mut self, tick: u64, signal: usize, value: u32) {
        if self.values[signal] != value {
            self.values[signal] = value;
            self.pending.entry(tick).or_default().push((signal, value));
        }
    }

    /// Writes all changes before a tick; nothing changes before it any more.
    fn write_before(&mut self, tick: u64) {
        while let Some(entry) = self.pending.first_entry().filter(|entry| *entry.key() < tick) {
            let (tick, changes) = entry.remove_entry();
            let ps = u128::from(tick) * u128::from(self.tick_ps);
            self.out.write(|to| {
                writeln!(to, "#{ps}")?;
                changes.iter().try_for_each(|&(signal, value)| change(to, signal, value))
            });
        }
    }
}

impl<W: Write> Probe for Vcd<W> {
    const TIMELINE: bool = true;

    fn timestep(&mut self, t: Timestep, span: &StepTime, cores: &[CoreTime]) {
        self.write_before(span.start.0);
        self.set(span.start.0, 0, t.0);
        for core in cores {
            let Ok(i) = self.cores.binary_search(&core.core) else { continue };
            let busy = 1 + 3 * i;
            if core.busy() > 0 {
                self.set(core.start.0, busy, 1);
            }
            self.set(core.start.0, busy + 1, core.events);
            self.set(core.start.0, busy + 2, core.spikes);
            self.set(core.end().0, busy, 0);
        }
    }
}

fn header(to: &mut impl Write, arch: &str, cores: &[CoreId]) -> io::Result<()> {
    writeln!(to, "$version spikeloom $end\n$timescale 1 ps $end\n$scope module {} $end", identifier(arch))?;
    writeln!(to, "$var wire 32 {} timestep [31:0] $end", code(0))?;
    for (i, core) in cores.iter().enumerate() {
        writeln!(to, "$scope module {core} $end\n$var wire 1 {} busy $end", code(1 + 3 * i))?;
        for (signal, name) in [(2 + 3 * i, "events"), (3 + 3 * i, "spikes")] {
            writeln!(to, "$var wire 32 {} {name} [31:0] $end", code(signal))?;
        }
        writeln!(to, "$upscope $end")?;
    }
    writeln!(to, "$upscope $end\n$enddefinitions $end\n#0\n$dumpvars")?;
    (0..=3 * cores.len()).try_for_each(|signal| change(to, signal, 0))?;
    writeln!(to, "$end")
}

/// One change: a scalar or a vector of bits.
fn change(to: &mut impl Write, signal: usize, value: u32) -> io::Result<()> {
    if signal % 3 == 1 { writeln!(to, "{value}{}", code(signal)) } else { writeln!(to, "b{value:b} {}", code(signal)) }
}

/// The short name of a signal: digits in base 94, the printable characters from `!` to `~`.
fn code(mut signal: usize) -> String {
    let mut code = String::new();
    loop {
        code.push(char::from(b'!' + (signal % 94) as u8));
        signal /= 94;
        if signal == 0 {
            return code;
        }
    }
}

/// A name without characters that end it.
fn identifier(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::code;
    use std::collections::HashSet;

    #[test]
    fn codes_are_printable_and_differ() {
        let codes: HashSet<String> = (0..30_000).map(code).collect();
        assert_eq!(codes.len(), 30_000);
        assert!(codes.iter().all(|code| code.bytes().all(|b| b.is_ascii_graphic())));
    }
}
