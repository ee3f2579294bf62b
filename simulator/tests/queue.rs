//! Limited input queues: what a full one costs, worked out on paper; that nothing else depends on them.
//!
//! The network of `paper.rs`. In t=0 core 0 sends four packets, 51 ticks apart, the first after 1230 + 1820 + 51 = 3101 ticks;
//! router 1 can eject them 21 + 41 ticks later, at 3163, 3214, 3265 and 3316. Core 4 has no work of its own and moves an event
//! out of its full queue in 160 ticks. The next packet is in front of the queue 3 ticks after the last one entered.

mod support;

use isa::{
    Arch, CoreId, InputEvent, Stimulus, Timestep,
    arch::{Basis, Constant, preset::preset},
};
use spikeloom_simulator::{CoreTime, Machine, Probe, QueueTime, Run, StepTime, TimingMode};

/// What happened to the queues: by timestep, of each core.
#[derive(Default)]
struct Queues(Vec<Vec<(CoreId, Option<QueueTime>)>>);

impl Probe for Queues {
    const TIMELINE: bool = true;

    fn timestep(&mut self, _: Timestep, _: &StepTime, cores: &[CoreTime]) {
        self.0.push(cores.iter().map(|core| (core.core, core.queue)).collect());
    }
}

/// Runs with queues of `events` events, of 32 bits each.
fn run(events: Option<u64>, mode: TimingMode) -> (Run, Queues) {
    run_on(events, mode, |_| ())
}

/// The same on a chip that is changed.
fn run_on(events: Option<u64>, mode: TimingMode, change: impl Fn(&mut Arch)) -> (Run, Queues) {
    let mut arch = preset("loihi1").expect("a preset");
    arch.core.memories.queue.bits = events.map(|n| Constant {
        value: 32 * n,
        low: 32 * n,
        high: 32 * n,
        source: "this test".into(),
        basis: Basis::Assumed,
    });
    change(&mut arch);
    let machine = Machine::new(&support::paper("loihi1"), &arch).expect("loads");
    let spike = |neuron| InputEvent { neuron, value: 1 };
    let mut queues = Queues::default();
    let run = machine
        .run(&Stimulus { steps: vec![vec![spike(0), spike(5)]], lasts: None }, mode, &mut queues)
        .expect("valid");
    (run, queues)
}

#[test]
fn a_full_queue_costs_what_the_paper_says() {
    // One event: 3163, then 3214 + 160 = 3374, 3377 + 160 = 3537, 3540 + 160 = 3700. Two: 3163, 3214, 3265 + 160 = 3425,
    // 3428 + 160 = 3588. The times are those at which the last packet has left the router; core 0 worked until 3254.
    for (events, last, stalled) in [(1, 3700, 3 * 160), (2, 3588, 2 * 160), (3, 3476, 160), (4, 3316, 0)] {
        let (run, queues) = run(Some(events), TimingMode::Cycle);
        let time = run.time.expect("loihi1 has all times");
        let all = |stalled| Some(QueueTime { peak: events, stalled });
        let steps: Vec<_> = time.steps.iter().map(|step| (step.network, step.queue)).collect();
        let nothing = Some(QueueTime::default());
        assert_eq!(steps, [(last - 3254, all(stalled)), (0, all(0)), (0, nothing)], "{events} events");
        assert_eq!(time.queue(), all(stalled));
        let of = |t: usize, core| queues.0[t].iter().find(|(c, _)| *c == CoreId(core)).and_then(|(_, queue)| *queue);
        assert_eq!(of(0, 4), Some(QueueTime { peak: events, stalled }));
        assert_eq!(
            of(1, 4),
            Some(QueueTime { peak: events, stalled: 0 }),
            "what stands in it when the timestep begins"
        );
        assert_eq!(of(0, 0), Some(QueueTime::default()), "input events need no room");
    }
}

/// In closed form the first packet is there after 3101 + 2·21 + 20 = 3163 ticks, and all have room once those that are too many
/// have come, one every 3 ticks, and been moved; the flits take no less.
#[test]
fn the_closed_form_bounds_what_a_full_queue_costs() {
    let network = |events, mode| {
        let time = run(Some(events), mode).0.time.expect("loihi1 has all times");
        time.steps.iter().map(|step| step.network).collect::<Vec<_>>()
    };
    let free = network(4, TimingMode::Analytic);
    for (events, end) in [(1, 3163 + 3 * 163), (2, 3163 + 2 * 163), (3, 3163 + 163)] {
        let (analytic, cycle) = (network(events, TimingMode::Analytic), network(events, TimingMode::Cycle));
        assert_eq!(analytic, [free[0].max(end - 3254), free[1], free[2]], "{events} events");
        assert!(analytic[0] <= cycle[0], "{events} events: {} ticks, {} flit by flit", analytic[0], cycle[0]);
    }
}

#[test]
fn in_closed_form_no_smaller_queue_and_no_longer_time_makes_a_sample_shorter() {
    type Figure = fn(&mut Arch) -> &mut Constant;
    let figures: [Figure; 5] = [
        |arch| arch.core.timing.axon.as_mut().expect("stated"),
        |arch| arch.core.timing.emit.as_mut().expect("stated"),
        |arch| arch.core.timing.neuron_idle.as_mut().expect("stated"),
        |arch| &mut arch.noc.as_mut().expect("it has one").flit_interval,
        |arch| &mut arch.noc.as_mut().expect("it has one").link_north_south,
    ];
    for figure in figures {
        let total = |events, more| {
            let longer = |arch: &mut Arch| {
                let constant = figure(arch);
                constant.value += more;
                constant.high = constant.high.max(constant.value);
            };
            run_on(Some(events), TimingMode::Analytic, longer).0.time.expect("loihi1 has all times").total
        };
        for more in 0..80 {
            assert!((1..4).all(|events| total(events, more) >= total(events + 1, more)), "queues, {more} more ticks");
            assert!((1..5).all(|events| total(events, more + 1) >= total(events, more)), "{more} more ticks");
        }
    }
}

#[test]
fn a_queue_that_never_fills_changes_nothing() {
    for mode in [TimingMode::Counts, TimingMode::Analytic, TimingMode::Cycle] {
        let mut limited = run(Some(4), mode).0;
        let seen = limited.time.as_mut().into_iter().flat_map(|time| &mut time.steps).map(|step| step.queue.take());
        assert_eq!(seen.flatten().count(), if mode == TimingMode::Cycle { 3 } else { 0 });
        assert_eq!(limited, run(None, mode).0);
    }
    let unlimited = run(None, TimingMode::Cycle).1;
    assert!(unlimited.0.iter().flatten().all(|(_, queue)| queue.is_none()));
}

#[test]
fn a_full_queue_changes_nothing_but_time() {
    let (mut full, _) = run(Some(1), TimingMode::Cycle);
    let (free, _) = run(None, TimingMode::Cycle);
    assert!(full.time.take().expect("timed").total > free.time.as_ref().expect("timed").total);
    assert_eq!(full, Run { time: None, ..free });
}
