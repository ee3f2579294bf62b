//! When everything happened, as a Perfetto trace: `Trace` of `TracePacket`s with `TrackDescriptor`s and `TrackEvent`s, fields
//! numbered as in Perfetto's `protos/perfetto/trace/`. Opens in ui.perfetto.dev.
//!
//! ```text
//! process ARCH ─┬─ track chip          slices reset, compute, network, sync, …, readout
//!               ├─ counter longest queue [events], counter busiest link [flits]: per timestep, from its start
//!               └─ track coreN         slice t=T, in it slices arrivals, sweep, emission
//!                  └─ counter queue    [events]: all of a timestep at its start, none once they are taken
//! ```
//!
//! Timestamps are ⌊tick · `tick_ps` / 1000⌋ ns after the start of the sample. Every slice carries its exact length as the
//! annotation `ticks`; slice `t=T` also carries `events` and `spikes`, and of a limited queue `queue peak` and
//! `queue stalled`. A phase without ticks has no slice, a core without work
//! no slice `t=T`. On chips synchronized by tokens timesteps of different cores overlap: track `chip` then only shows reset
//! and readout.

use super::{Output, proto::Message};
use crate::{CoreTime, Machine, Probe, Run, StepTime};
use isa::{CoreId, Cycle, Timestep, arch::Sync};
use std::io::{self, Write};

/// All packets belong to one sequence.
const SEQUENCE: u64 = 1;
const PROCESS: u64 = 1;
const CHIP: u64 = 2;
const QUEUE: u64 = 3;
const LINK: u64 = 4;

fn core_track(core: CoreId) -> u64 {
    16 + 2 * u64::from(core.0)
}

fn queue_track(core: CoreId) -> u64 {
    core_track(core) + 1
}

/// Writes a Perfetto trace.
#[derive(Debug)]
pub struct Timeline<W> {
    out: Output<W>,
    tick_ps: u64,
    overlapping: bool,
    began: bool,
}

impl<W: Write> Timeline<W> {
    /// A trace of a run on this machine, in a timed mode.
    pub fn new(machine: &Machine, to: W) -> Self {
        let arch = machine.arch();
        let mut timeline = Self {
            out: Output::new(to),
            tick_ps: arch.tick_ps.value,
            overlapping: arch.sync == Sync::Token,
            began: false,
        };
        // TrackDescriptor: uuid 1, name 2, process 3 (pid 1, process_name 6), parent_uuid 5, counter 8 (unit_name 6),
        // child_ordering 11 (EXPLICIT = 3), sibling_order_rank 12.
        let process = Message::default().uint(1, 1).text(6, &arch.name);
        timeline.describe(&Message::default().uint(1, PROCESS).message(3, &process).uint(11, 3));
        let track = |uuid, parent, name: &str, rank| {
            Message::default().uint(1, uuid).text(2, name).uint(5, parent).uint(12, rank)
        };
        let unit = |name| Message::default().text(6, name);
        timeline.describe(&track(CHIP, PROCESS, "chip", 0));
        timeline.describe(&track(QUEUE, PROCESS, "longest queue", 1).message(8, &unit("events")));
        timeline.describe(&track(LINK, PROCESS, "busiest link", 2).message(8, &unit("flits")));
        for (i, core) in machine.cores().enumerate() {
            timeline.describe(&track(core_track(core), PROCESS, &core.to_string(), 3 + i as u64));
            timeline.describe(&track(queue_track(core), core_track(core), "queue", 0).message(8, &unit("events")));
        }
        timeline
    }

    /// Ends the trace with the read-out of this run and returns its writer.
    pub fn finish(mut self, run: &Run) -> io::Result<W> {
        if let Some(time) = &run.time {
            let end = Cycle(time.total - time.readout);
            self.count(LINK, end, 0);
            self.count(QUEUE, end, 0);
            self.phases(CHIP, end, [("readout", time.readout)]);
        }
        self.out.finish()
    }

    /// Writes a packet. Trace: packet 1.
    fn packet(&mut self, packet: &Message) {
        let bytes = Message::default().message(1, packet);
        self.out.write(|to| to.write_all(bytes.bytes()));
    }

    /// Declares a track. TracePacket: trusted_packet_sequence_id 10, track_descriptor 60.
    fn describe(&mut self, descriptor: &Message) {
        self.packet(&Message::default().uint(10, SEQUENCE).message(60, descriptor));
    }

    /// Writes an event. TracePacket: timestamp 8, track_event 11.
    fn event(&mut self, at: Cycle, event: &Message) {
        let ns = (u128::from(at.0) * u128::from(self.tick_ps) / 1000) as u64;
        self.packet(&Message::default().uint(8, ns).uint(10, SEQUENCE).message(11, event));
    }

    /// Begins a slice. TrackEvent: debug_annotations 4 (uint_value 3, name 10), type 9 (SLICE_BEGIN = 1), track_uuid 11,
    /// name 23.
    fn begin(&mut self, track: u64, at: Cycle, name: &str, annotations: &[(&str, u64)]) {
        let mut event = Message::default().uint(9, 1).uint(11, track).text(23, name);
        for &(name, value) in annotations {
            event = event.message(4, &Message::default().text(10, name).uint(3, value));
        }
        self.event(at, &event);
    }

    /// Ends the innermost slice. TrackEvent: type 9 (SLICE_END = 2).
    fn end(&mut self, track: u64, at: Cycle) {
        self.event(at, &Message::default().uint(9, 2).uint(11, track));
    }

    /// Sets a counter. TrackEvent: type 9 (COUNTER = 4), counter_value 30.
    fn count(&mut self, track: u64, at: Cycle, value: u64) {
        self.event(at, &Message::default().uint(9, 4).uint(11, track).uint(30, value));
    }

    /// Slices one after the other, without those that take no time.
    fn phases<const N: usize>(&mut self, track: u64, mut at: Cycle, phases: [(&str, u64); N]) {
        for (name, ticks) in phases.into_iter().filter(|&(_, ticks)| ticks > 0) {
            self.begin(track, at, name, &[("ticks", ticks)]);
            at = Cycle(at.0 + ticks);
            self.end(track, at);
        }
    }
}

impl<W: Write> Probe for Timeline<W> {
    const TIMELINE: bool = true;

    fn timestep(&mut self, t: Timestep, span: &StepTime, cores: &[CoreTime]) {
        if !self.began {
            self.began = true;
            self.phases(CHIP, Cycle(0), [("reset", span.start.0)]);
        }
        self.count(LINK, span.start, span.max_link);
        self.count(QUEUE, span.start, u64::from(span.max_queue));
        if !self.overlapping {
            let phases = [("compute", span.compute), ("network", span.network), ("sync", span.sync)];
            self.phases(CHIP, span.start, phases);
        }
        let name = t.to_string();
        for core in cores.iter().filter(|core| core.busy() > 0) {
            let track = core_track(core.core);
            let mut annotations =
                vec![("ticks", core.busy()), ("events", u64::from(core.events)), ("spikes", u64::from(core.spikes))];
            if let Some(queue) = core.queue {
                annotations.extend([("queue peak", queue.peak), ("queue stalled", queue.stalled)]);
            }
            self.begin(track, core.start, &name, &annotations);
            let phases = [("arrivals", core.arrivals), ("sweep", core.sweep), ("emission", core.emission)];
            self.phases(track, core.start, phases);
            self.end(track, core.end());
            if core.events > 0 {
                self.count(queue_track(core.core), core.start, u64::from(core.events));
                self.count(queue_track(core.core), Cycle(core.start.0 + core.arrivals), 0);
            }
        }
    }
}
