//! The timeline, decoded by a reader that shares nothing with the writer, is the run's `Time`: tick for tick.

mod support;

use isa::{InputEvent, Stimulus, Timestep, arch::Sync, arch::preset::preset};
use spikeloom_simulator::{CoreTime, Machine, Probe, Run, StepTime, TimingMode, trace::Timeline};
use std::{collections::BTreeMap, io};

/// What the machine says of every timestep.
#[derive(Default)]
struct Recorder(Vec<(StepTime, Vec<CoreTime>)>);

impl Probe for Recorder {
    const TIMELINE: bool = true;

    fn timestep(&mut self, t: Timestep, span: &StepTime, cores: &[CoreTime]) {
        assert_eq!(t.0 as usize, self.0.len());
        self.0.push((*span, cores.to_vec()));
    }
}

/// Fields of a message: number and either the number or the bytes held.
#[derive(Clone, Copy)]
enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let n = bytes.iter().position(|byte| byte & 0x80 == 0).expect("a varint ends") + 1;
    let (own, rest) = bytes.split_at(n);
    *bytes = rest;
    own.iter().rev().fold(0, |value, byte| value << 7 | u64::from(byte & 0x7f))
}

fn fields(mut bytes: &[u8]) -> Vec<(u64, Field<'_>)> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        fields.push(match key & 7 {
            0 => (key >> 3, Field::Number(varint(&mut bytes))),
            2 => {
                let n = varint(&mut bytes) as usize;
                let (own, rest) = bytes.split_at(n);
                bytes = rest;
                (key >> 3, Field::Bytes(own))
            }
            other => panic!("wire type {other}"),
        });
    }
    fields
}

fn all(message: &[u8], number: u64) -> impl Iterator<Item = &[u8]> {
    fields(message).into_iter().filter(move |(n, _)| *n == number).map(move |(_, field)| match field {
        Field::Bytes(bytes) => bytes,
        Field::Number(_) => panic!("field {number} is no message"),
    })
}

fn number(message: &[u8], number: u64) -> Option<u64> {
    fields(message).into_iter().find(|(n, _)| *n == number).map(|(_, field)| match field {
        Field::Number(value) => value,
        Field::Bytes(_) => panic!("field {number} is no number"),
    })
}

fn text(message: &[u8], number: u64) -> Option<String> {
    all(message, number).next().map(|bytes| String::from_utf8(bytes.to_vec()).expect("UTF-8"))
}

#[derive(Debug, PartialEq)]
struct Slice {
    name: String,
    depth: usize,
    /// [ns]
    begin: u64,
    /// [ns]
    end: u64,
    annotations: BTreeMap<String, u64>,
}

#[derive(Default, Debug)]
struct Track {
    name: String,
    parent: Option<u64>,
    slices: Vec<Slice>,
    /// (ns, value)
    counts: Vec<(u64, u64)>,
}

/// Tracks by uuid. Asserts that every event's track is declared before, that slices nest and that no track goes back in
/// time.
fn decode(trace: &[u8]) -> BTreeMap<u64, Track> {
    let mut tracks: BTreeMap<u64, Track> = BTreeMap::new();
    let (mut open, mut last): (BTreeMap<u64, Vec<usize>>, BTreeMap<u64, u64>) = Default::default();
    for packet in all(trace, 1) {
        assert_eq!(number(packet, 10), Some(1), "one sequence");
        for track in all(packet, 60) {
            let uuid = number(track, 1).expect("a uuid");
            let name = text(track, 2).unwrap_or_default();
            let before = tracks.insert(uuid, Track { name, parent: number(track, 5), ..Track::default() });
            assert!(before.is_none(), "uuid {uuid} is declared twice");
        }
        for event in all(packet, 11) {
            let (at, uuid) = (number(packet, 8).expect("a timestamp"), number(event, 11).expect("a track"));
            let track = tracks.get_mut(&uuid).expect("declared before");
            assert!(last.insert(uuid, at).is_none_or(|last| last <= at), "{} goes back to {at}", track.name);
            let open = open.entry(uuid).or_default();
            match number(event, 9) {
                Some(1) => {
                    let annotation = |bytes| (text(bytes, 10).expect("a name"), number(bytes, 3).expect("a value"));
                    open.push(track.slices.len());
                    track.slices.push(Slice {
                        name: text(event, 23).expect("a name"),
                        depth: open.len(),
                        begin: at,
                        end: at,
                        annotations: all(event, 4).map(annotation).collect(),
                    });
                }
                Some(2) => track.slices[open.pop().expect("a slice is open")].end = at,
                Some(4) => track.counts.push((at, number(event, 30).expect("a value"))),
                other => panic!("event type {other:?}"),
            }
        }
    }
    assert!(open.values().all(Vec::is_empty), "every slice ends");
    tracks
}

/// Input in the first two timesteps.
fn stimulus() -> Stimulus {
    let spike = |neuron| InputEvent { neuron, value: 1 };
    Stimulus { steps: vec![vec![spike(0), spike(5)], vec![spike(3), spike(10), spike(15)]], lasts: None }
}

fn traced(machine: &Machine, mode: TimingMode) -> (Run, Recorder, BTreeMap<u64, Track>) {
    let mut probes = (Recorder::default(), Timeline::new(machine, Vec::new()));
    let run = machine.run(&stimulus(), mode, &mut probes).expect("a valid sample");
    let bytes = probes.1.finish(&run).expect("memory does not fail");
    (run, probes.0, decode(&bytes))
}

#[test]
fn slices_and_counters_are_the_time_of_the_run() {
    // The third chip is the first with timesteps of a fixed length.
    for (name, mode, fixed) in [
        ("loihi1", TimingMode::Analytic, false),
        ("loihi1", TimingMode::Cycle, false),
        ("loihi1", TimingMode::Analytic, true),
        ("loihi2", TimingMode::Analytic, false),
        ("seneca_like", TimingMode::Analytic, false),
    ] {
        let mut arch = preset(name).expect("a preset");
        if fixed {
            arch.sync = Sync::Fixed(isa::arch::Constant { value: 20_000, ..arch.tick_ps.clone() });
        }
        let machine = Machine::new(&support::paper(name), &arch).expect("loads");
        assert!(machine.has_time_in(mode), "{name}");
        let (run, seen, tracks) = traced(&machine, mode);
        let time = run.time.expect("a timed mode");
        let ns = |tick: u64| tick * time.tick_ps / 1000;
        let named = |name: &str| tracks.values().find(|track| track.name == name).expect(name);
        let mut with_work = 0;

        for (i, core) in machine.cores().enumerate() {
            let track = named(&core.to_string());
            let worked: Vec<(usize, CoreTime)> =
                seen.0.iter().map(|(_, cores)| cores[i]).enumerate().filter(|(_, core)| core.busy() > 0).collect();
            with_work += worked.len();
            let slices = |depth| track.slices.iter().filter(move |slice| slice.depth == depth);
            assert_eq!(slices(1).count(), worked.len(), "{name} {core}: one slice per timestep with work");
            for (slice, (t, at)) in slices(1).zip(&worked) {
                assert_eq!(slice.name, format!("t={t}"));
                assert_eq!((slice.begin, slice.end), (ns(at.start.0), ns(at.end().0)), "{name} {core}");
                let own = [("ticks", at.busy()), ("events", at.events.into()), ("spikes", at.spikes.into())];
                assert_eq!(slice.annotations, own.map(|(name, n)| (name.to_owned(), n)).into());
            }
            type Part = fn(&CoreTime) -> u64;
            let parts: [(&str, Part); 3] =
                [("arrivals", |at| at.arrivals), ("sweep", |at| at.sweep), ("emission", |at| at.emission)];
            for (phase, part) in parts {
                let shown: Vec<u64> = slices(2).filter(|s| s.name == phase).map(|s| s.annotations["ticks"]).collect();
                let meant: Vec<u64> = worked.iter().map(|(_, at)| part(at)).filter(|&ticks| ticks > 0).collect();
                assert_eq!(shown, meant, "{name} {core} {phase}");
            }
            let uuid = tracks.iter().find(|(_, t)| std::ptr::eq(*t, track)).map(|(uuid, _)| *uuid);
            let queue = tracks.values().find(|t| t.name == "queue" && t.parent == uuid).expect("a queue");
            let events: u64 = queue.counts.iter().map(|(_, n)| n).sum();
            assert_eq!(events, worked.iter().map(|(_, at)| u64::from(at.events)).sum::<u64>());
            assert!(queue.counts.chunks(2).all(|pair| pair[1].1 == 0), "a queue is empty when all is taken");
        }
        assert!(with_work >= 5, "{name}: {with_work} timesteps with work");

        let ticks = |phase: &str| -> Vec<u64> {
            named("chip").slices.iter().filter(|s| s.name == phase).map(|s| s.annotations["ticks"]).collect()
        };
        let steps = |part: fn(&StepTime) -> u64| -> Vec<u64> {
            let overlapping = arch.sync == Sync::Token;
            time.steps.iter().map(part).filter(|&ticks| ticks > 0 && !overlapping).collect()
        };
        assert_eq!(ticks("reset"), [time.reset]);
        assert_eq!(ticks("compute"), steps(|step| step.compute));
        assert_eq!(ticks("network"), steps(|step| step.network));
        assert_eq!(ticks("sync"), steps(|step| step.sync));
        assert_eq!(ticks("readout"), [time.readout]);
        let shown: u64 = named("chip").slices.iter().map(|slice| slice.annotations["ticks"]).sum();
        if arch.sync != Sync::Token {
            assert_eq!(shown, time.total, "{name}: nothing is missing and nothing shown twice");
        }
        assert_eq!(named("chip").slices.last().map(|slice| slice.end), Some(ns(time.total)));

        let per_step = |track: &str, part: fn(&StepTime) -> u64| {
            let mut meant: Vec<_> = time.steps.iter().map(|step| (ns(step.start.0), part(step))).collect();
            meant.push((ns(time.total - time.readout), 0));
            assert_eq!(named(track).counts, meant, "{name} {track}");
        };
        per_step("busiest link", |step| step.max_link);
        per_step("longest queue", |step| step.max_queue.into());
    }
}

#[test]
fn a_failed_write_is_reported_at_the_end_and_nothing_follows_it() {
    struct Full(usize);
    impl io::Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            assert!(self.0 > 0, "a write after a failure");
            self.0 -= 1;
            if self.0 == 0 { Err(io::Error::other("no space")) } else { Ok(bytes.len()) }
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let arch = preset("loihi1").expect("a preset");
    let machine = Machine::new(&support::paper("loihi1"), &arch).expect("loads");
    let mut timeline = Timeline::new(&machine, Full(20));
    let run = machine.run(&stimulus(), TimingMode::Analytic, &mut timeline).expect("a valid sample");
    let error = timeline.finish(&run).err().expect("a write failed");
    assert_eq!(error.to_string(), "no space");
}
