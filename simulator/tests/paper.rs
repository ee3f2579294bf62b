//! Counts and time of a 1×4×4 network equal numbers worked out on paper.
//!
//! Input spikes at (0,0) and (1,1) in t=0. The corner reaches 2·2 = 4 positions of the 4×4 map, (1,1) reaches 3·3 = 9:
//! 13 kernel taps of 2 channels. Channel 0 (+1) reaches 2 at the four positions of the upper left corner, which fire and
//! reset to 0; the five others hold 1; channel 1 only falls. So 4 spikes in t=0, processed by the output core in t=1, where
//! both potentials become 4; nothing else ever fires.

mod support;

use isa::{Action, CoreId, InputEvent, LayerId, Stimulus, action::Site, arch::preset::preset};
use spikeloom_simulator::{Machine, NoProbe, Run, TimingMode};

/// Spikes of (0, 0) and (1, 1) in timestep 0.
fn two_spikes() -> Stimulus {
    let spike = |neuron| InputEvent { neuron, value: 1 };
    Stimulus { steps: vec![vec![spike(0), spike(5)]], lasts: None }
}

fn run(mode: TimingMode) -> Run {
    let arch = preset("loihi1").expect("a preset");
    let machine = Machine::new(&support::paper("loihi1"), &arch).expect("loads");
    machine.run(&two_spikes(), mode, &mut NoProbe).expect("a valid sample")
}

#[test]
fn counts_equal_the_paper() {
    use Action::*;
    let run = run(TimingMode::Counts);
    assert_eq!((run.class, run.potentials, run.layer_spikes), (0, vec![4, 4], vec![2, 4, 0]));

    let at = |core: Option<u32>, layer| Site { core: core.map(CoreId), layer: LayerId(layer) };
    // loihi1: weights of 8 bits in words of 64, potentials of 24 bits in words of 24, parameters of 2·24 bits in words of 64.
    let expected = [
        // The port: both events enter at router 0, where core 0 is: one router, no link.
        (at(None, 0), vec![(RouteRead, 2), (PacketInject, 2), (PacketEject, 2), (RouterFlit, 2), (HostInput, 2)]),
        // The host gets the two potentials.
        (at(None, 2), vec![(HostOutput, 2)]),
        (
            at(Some(0), 1),
            vec![
                (SynapticAdd, 13 * 2),
                (WeightRead, 13),             // 2·8 bits fit one word
                (StateRead, 13 * 2 + 3 * 32), // taps, three sweeps
                (StateWrite, 13 * 2 + 3 * 32),
                (StateReset, 32),
                (ParamRead, 3 * 2), // 2 channels · 48 bits = 96 bits = 2 words per sweep
                (AxonRead, 2),
                (RouteRead, 4),
                (Instruction, 2 * 4 + 3 * 3),
                (QueuePush, 2),
                (QueuePop, 2),
                (AddressMac, 2 * 2),
                (AddressAdd, 13 * 2),
                (NeuronIdle, 3 * 32 - 4),
                (NeuronSpike, 4),
                (SpikeReset, 4),
                (SpikeEmit, 4),
                (PacketInject, 4),
                (PacketEject, 4),
                (RouterFlit, 4 * 2),
                (LinkEastWest, 4),
                (Barrier, 3),
            ],
        ),
        (
            at(Some(4), 2),
            vec![
                (SynapticAdd, 4 * 2),
                (WeightRead, 4),
                (StateRead, 4 * 2 + 2), // rows, read-out
                (StateWrite, 4 * 2),
                (StateReset, 2),
                (AxonRead, 4),
                (Instruction, 4 * 4 + 3 * 2),
                (QueuePush, 4),
                (QueuePop, 4),
                (AddressAdd, 4 * 2),
                // Two potentials travel from router 1 to the port at router 0.
                (PacketInject, 2),
                (RouterFlit, 2 * 2),
                (LinkEastWest, 2),
                (Barrier, 3),
            ],
        ),
    ];
    let seen: Vec<_> = run.ledger.rows().map(|(site, counts)| (site, counts.iter().collect::<Vec<_>>())).collect();
    assert_eq!(seen, expected);
}

#[test]
fn flits_that_meet_nobody_take_the_closed_form() {
    let (cycle, analytic) = (run(TimingMode::Cycle).time, run(TimingMode::Analytic).time);
    // Packets leave 51 ticks apart over a link that takes one every 3: nobody waits, so the flits take the closed form.
    assert_eq!(cycle, analytic);
}

#[test]
fn analytic_time_equals_the_paper() {
    let time = run(TimingMode::Analytic).time.expect("loihi1 has all times");
    // Ticks of 100 ps: axon 160, synapse 35, idle 53, spike 84, emit 51, router 21, east-west link 20, input 41.
    // Barrier over 2 routers: 1130 + (4650 − 1130)·1/31 = 1243.
    let barrier = 1243;
    assert_eq!(time.reset, 32 * 35 + barrier);
    let compute: Vec<u64> = time.steps.iter().map(|step| step.compute).collect();
    let first = (2 * 160 + 26 * 35) + (28 * 53 + 4 * 84) + 4 * 51;
    // t=1: the output core takes 4·160 + 8·35 = 920, less than the sweep of core 0.
    assert_eq!(compute, [first, 32 * 53, 32 * 53]);
    // The last packet crosses a router, a link and a router; four flits in 3254 ticks do not queue.
    let network: Vec<u64> = time.steps.iter().map(|step| step.network).collect();
    assert_eq!(network, [21 + 20 + 21, 0, 0]);
    assert!(time.steps.iter().all(|step| step.sync == barrier));
    assert_eq!(time.readout, 2 * 41);
    assert_eq!(time.total, 12_882);
}
