//! CSV traces and value change dumps, read back, are what the machine did.

mod support;

use isa::{CoreId, InputEvent, LayerId, Stimulus, Timestep, arch::preset::preset};
use spikeloom_simulator::{
    CoreTime, Machine, NoProbe, Probe, StepTime, TimingMode,
    trace::{Packets, Potentials, Spikes, Vcd},
};
use std::collections::HashMap;

#[derive(Default)]
struct Recorder {
    spikes: Vec<String>,
    potentials: Vec<String>,
    cores: Vec<Vec<CoreTime>>,
}

/// Layers of the program worked out on paper.
const LAYERS: [(&str, u32, u32); 3] = [("input", 4, 4), ("hidden", 4, 4), ("output", 1, 1)];

fn line(t: Timestep, layer: LayerId, neuron: u32) -> String {
    let (name, h, w) = LAYERS[layer.0 as usize];
    format!("{},{name},{},{},{}", t.0, neuron / (h * w), neuron / w % h, neuron % w)
}

impl Probe for Recorder {
    const SPIKES: bool = true;
    const POTENTIALS: bool = true;
    const TIMELINE: bool = true;

    fn spikes(&mut self, t: Timestep, layer: LayerId, neurons: &[u32]) {
        self.spikes.extend(neurons.iter().map(|&neuron| line(t, layer, neuron)));
    }

    fn potentials(&mut self, t: Timestep, layer: LayerId, potentials: &[i32]) {
        self.potentials.extend((0..).zip(potentials).map(|(i, v)| format!("{},{v}", line(t, layer, i))));
    }

    fn timestep(&mut self, _: Timestep, _: &StepTime, cores: &[CoreTime]) {
        self.cores.push(cores.to_vec());
    }
}

fn machine(name: &str) -> Machine {
    Machine::new(&support::paper(name), &preset(name).expect("a preset")).expect("loads")
}

fn two_spikes() -> Stimulus {
    let spike = |neuron| InputEvent { neuron, value: 1 };
    Stimulus { steps: vec![vec![spike(0), spike(5)]], lasts: None }
}

#[test]
fn tables_hold_every_spike_and_every_potential() {
    let machine = machine("loihi1");
    let probes = (Spikes::new(&machine, Vec::new()), Potentials::new(&machine, Vec::new()));
    let mut probes = (probes, Recorder::default());
    let run = machine.run(&two_spikes(), TimingMode::Counts, &mut probes).expect("a valid sample");
    assert_eq!(run, machine.run(&two_spikes(), TimingMode::Counts, &mut NoProbe).expect("a valid sample"));
    let ((spikes, potentials), seen) = probes;

    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    let spikes = text(spikes.finish().expect("memory does not fail"));
    // Worked out in `paper.rs`: channel 0 fires at the four positions of the upper left corner.
    let paper = "timestep,layer,channel,row,column\n0,input,0,0,0\n0,input,0,1,1\n\
                 0,hidden,0,0,0\n0,hidden,0,0,1\n0,hidden,0,1,0\n0,hidden,0,1,1\n";
    assert_eq!(spikes, paper);
    assert_eq!(spikes.lines().skip(1).collect::<Vec<_>>(), seen.spikes);

    let potentials = text(potentials.finish().expect("memory does not fail"));
    assert_eq!(potentials.lines().next(), Some("timestep,layer,channel,row,column,potential"));
    assert_eq!(potentials.lines().skip(1).collect::<Vec<_>>(), seen.potentials);
    assert_eq!(potentials.lines().count(), 1 + 3 * (32 + 2));
    assert!(potentials.ends_with("2,output,0,0,0,4\n2,output,1,0,0,4\n"));
}

/// Changes (ps, value) of each signal, by its full name. Asserts that time ascends and that all signals are declared.
fn signals(dump: &str) -> HashMap<String, Vec<(u64, u64)>> {
    let (mut scopes, mut names, mut now) = (Vec::new(), HashMap::new(), 0);
    let mut signals: HashMap<String, Vec<(u64, u64)>> = HashMap::new();
    for line in dump.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["$scope", "module", name, "$end"] => scopes.push(name),
            ["$upscope", "$end"] => drop(scopes.pop().expect("a scope is open")),
            ["$var", "wire", _, code, name, ..] => {
                assert!(names.insert(code, format!("{}.{name}", scopes.join("."))).is_none(), "{code} is taken");
            }
            ["$timescale", "1", "ps", "$end"] | ["$enddefinitions" | "$version", ..] | ["$dumpvars" | "$end"] => {}
            [time] if time.starts_with('#') => {
                let time = time[1..].parse().expect("a time");
                assert!(time >= now, "{time} after {now}");
                now = time;
            }
            [scalar] => {
                let (value, code) = scalar.split_at(1);
                signals.entry(names[code].clone()).or_default().push((now, value.parse().expect("a bit")));
            }
            [bits, code] => {
                let value = u64::from_str_radix(&bits[1..], 2).expect("bits");
                signals.entry(names[code].clone()).or_default().push((now, value));
            }
            _ => panic!("{line}"),
        }
    }
    assert!(scopes.is_empty());
    signals
}

/// Value of a signal at a time, after all changes at that time.
fn at(changes: &[(u64, u64)], ps: u64) -> u64 {
    changes[changes.partition_point(|(time, _)| *time <= ps) - 1].1
}

#[test]
fn a_dump_shows_when_chosen_cores_are_busy_and_what_they_take_and_fire() {
    for name in ["loihi1", "seneca_like"] {
        let machine = machine(name);
        for chosen in [vec![], vec![CoreId(4)]] {
            let mut probes = (Vcd::new(&machine, &chosen, Vec::new()), Recorder::default());
            let run = machine.run(&two_spikes(), TimingMode::Analytic, &mut probes).expect("a valid sample");
            let (vcd, seen) = probes;
            let dump = String::from_utf8(vcd.finish().expect("memory does not fail")).expect("UTF-8");
            let signals = signals(&dump);
            let ps = run.time.expect("a timed mode").tick_ps;
            let of = |core: CoreId, signal: &str| &signals[&format!("{name}.{core}.{signal}")];
            let shown = if chosen.is_empty() { machine.cores().collect() } else { chosen };
            assert_eq!(signals.len(), 1 + 3 * shown.len());
            let mut worked = 0;
            for (i, core) in machine.cores().enumerate().filter(|(_, core)| shown.contains(core)) {
                let busy: u64 = of(core, "busy").windows(2).map(|pair| (pair[1].0 - pair[0].0) * pair[0].1).sum();
                assert_eq!(busy, ps * seen.cores.iter().map(|cores| cores[i].busy()).sum::<u64>(), "{name} {core}");
                for cores in seen.cores.iter().filter(|cores| cores[i].busy() > 0) {
                    let start = ps * cores[i].start.0;
                    assert_eq!(at(of(core, "events"), start), u64::from(cores[i].events));
                    assert_eq!(at(of(core, "spikes"), start), u64::from(cores[i].spikes));
                    worked += 1;
                }
            }
            assert!(worked > 0);
            assert_eq!(at(&signals[&format!("{name}.timestep")], u64::MAX), 2);
        }
    }
}

#[test]
fn packets_are_those_that_the_counters_count_and_arrive_after_they_were_sent() {
    for name in ["loihi1", "seneca_like"] {
        let machine = machine(name);
        for mode in [TimingMode::Counts, TimingMode::Analytic, TimingMode::Cycle] {
            let plain = machine.run(&two_spikes(), mode, &mut NoProbe).expect("a valid sample");
            let mut probe = Packets::new(&machine, Vec::new());
            let run = machine.run(&two_spikes(), mode, &mut probe).expect("a valid sample");
            assert_eq!(run, plain, "{name}: a probe changes nothing");
            let text = String::from_utf8(probe.finish().expect("memory does not fail")).expect("UTF-8");
            let rows: Vec<Vec<&str>> = text.lines().skip(1).map(|line| line.split(',').collect()).collect();
            let sent = run.ledger.total()[isa::Action::PacketInject];
            // The host also reads two potentials after the last timestep.
            assert_eq!(rows.len() as u64 + 2, sent, "{name} {mode:?}:\n{text}");
            // Worked out in `paper.rs`: two input events to core 0, four spikes of channel 0 from core 0 to core 4.
            let between = |src: &str, dst: &str| rows.iter().filter(|row| row[1] == src && row[2] == dst).count();
            assert_eq!((between("host", "core0"), between("core0", "core4")), (2, 4), "{name} {mode:?}:\n{text}");
            for row in &rows {
                let time = |i: usize| row[i].parse::<u64>().ok();
                assert_eq!(time(9).is_some(), run.time.is_some(), "{name} {mode:?}: {row:?}");
                if let (Some(injected), Some(arrived)) = (time(9), time(10)) {
                    assert!(arrived > injected, "{name}: {row:?}");
                }
                assert_eq!(
                    time(10).is_some(),
                    mode == TimingMode::Cycle && machine.has_time_in(mode),
                    "{name}: {row:?}"
                );
            }
        }
    }
}
