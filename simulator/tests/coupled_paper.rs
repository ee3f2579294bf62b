//! Chips that fire per event: spikes, potentials, order, counts and ticks worked out on paper.
//!
//! All programs run on `speck2` with times of 2 + 1 ticks per event (queue and axon table), 10 per synaptic operation, 2 per
//! packet, 10 between input events; there is no network, so a spike arrives as it leaves.

use isa::{
    Action, Arch, AxonEntry, CoreId, CoreImage, Cycle, DenseDescriptor, Descriptor, DescriptorId, Destination,
    Emission, InputEvent, InputPort, Instruction, Layer, LayerId, NeuronDescriptor, NeuronKind, Program, Readout,
    Route, RouteId, Stimulus, Tag, WeightBlock, WeightBlockId,
    action::Site,
    arch::preset::preset,
    op::ChannelParams,
    program::{Coding, Encoding},
};
use spikeloom_simulator::{LoadError, Machine, Probe, Run, TimingMode};

/// A layer of neurons without map, on a core of its own: its name, its neurons' parameters, and its dense sources.
struct Dense<'a> {
    name: &'a str,
    threshold: i32,
    v_init: i32,
    /// Layer that sends, and `weights[source][neuron]`. Layer 0 is the input.
    from: &'a [(usize, &'a [i16])],
}

fn emission(neurons: u16, routes: usize) -> Emission {
    Emission {
        channel_class: vec![0; neurons.into()],
        row_class: vec![0],
        column_class: vec![0],
        routes: vec![(0..routes as u32).map(RouteId).collect()],
    }
}

/// A program whose layer `i + 1` is on core `i`; the last is read.
fn program(inputs: u16, sizes: &[u16], layers: &[Dense<'_>]) -> Program {
    use Instruction::{AxonLookup, CallAxon, End, EventGet};
    let size = |layer: usize| if layer == 0 { inputs } else { sizes[layer - 1] };
    // A tag is 8 · sender + receiver.
    let tag = |from: usize, to: usize| Tag((8 * from + to) as u16);
    let routes = |from: usize| -> Vec<Route> {
        let receivers = (1..=layers.len()).filter(|&to| layers[to - 1].from.iter().any(|(sender, _)| *sender == from));
        receivers
            .map(|to| Route {
                tag: tag(from, to),
                delay: u16::from(from > 0),
                destination: Destination::Core(CoreId(to as u32 - 1)),
            })
            .collect()
    };
    let mut weights = Vec::new();
    let cores = layers.iter().enumerate().map(|(i, layer)| {
        let (id, n) = (LayerId(i as u16 + 1), size(i + 1));
        let mut descriptors = Vec::new();
        for (from, data) in layer.from {
            let block = WeightBlockId(weights.len() as u32);
            weights.push(WeightBlock { bits: 8, data: data.to_vec() });
            descriptors.push(Descriptor::Dense(DenseDescriptor {
                layer: id,
                source: (size(*from), 1, 1),
                pool: (1, 1),
                n: n.into(),
                weights: block,
                v_base: 0,
            }));
        }
        let axons = layer
            .from
            .iter()
            .enumerate()
            .map(|(d, (from, _))| AxonEntry { tag: tag(*from, i + 1), descriptors: vec![DescriptorId(d as u16)] });
        let routes = routes(i + 1);
        descriptors.push(Descriptor::Neurons(NeuronDescriptor {
            layer: id,
            origin: (0, 0, 0),
            extent: (n, 1, 1),
            v_base: 0,
            kind: NeuronKind::Spiking { strict: false, hard_reset: false, decay: 0, floor: None, window: (0, 1) },
            params: vec![ChannelParams { threshold: layer.threshold, v_init: layer.v_init, bias: 0 }; n.into()],
            emission: if routes.is_empty() { Emission::default() } else { emission(n, routes.len()) },
            to_host: i + 1 == layers.len(),
        }));
        CoreImage {
            core: CoreId(i as u32),
            on_spike: vec![EventGet, AxonLookup, CallAxon, End],
            on_tick: vec![End],
            axons: axons.collect(),
            descriptors,
            routes,
            n_state: n.into(),
        }
    });
    let cores = cores.collect();
    let layer = |name: &str, n: u16| Layer { name: name.into(), shape: (n, 1, 1), numbers: Vec::new() };
    let hidden = layers.iter().zip(sizes).map(|(dense, &n)| layer(dense.name, n));
    Program {
        name: "paper".into(),
        arch: "speck2".into(),
        timesteps: 9,
        layers: std::iter::once(layer("input", inputs)).chain(hidden).collect(),
        input: InputPort {
            layer: LayerId(0),
            encoding: Encoding::Pixels,
            coding: Coding::spikes(9),
            pace: 1,
            emission: emission(inputs, routes(0).len()),
            routes: routes(0),
        },
        readout: Readout::SpikeCount { layer: LayerId(layers.len() as u16) },
        weights,
        cores,
    }
}

#[derive(Default)]
struct Firings(Vec<(u64, u16, u32)>);

impl Probe for Firings {
    const FIRINGS: bool = true;
    fn firing(&mut self, at: Cycle, layer: LayerId, neuron: u32) {
        self.0.push((at.0, layer.0, neuron));
    }
}

/// The preset with round numbers: an event takes 2 ticks.
fn chip(name: &str) -> isa::Arch {
    let mut arch = preset(name).expect("a preset");
    arch.core.timing.event.as_mut().expect("stated").value = 2;
    arch
}

/// Runs input events one after another, each in a timestep of its own.
fn run_on(arch: &Arch, program: &Program, neurons: &[u32]) -> (Run, Vec<(u64, u16, u32)>) {
    assert_eq!(isa::verify::verify(program, arch), []);
    let machine = Machine::new(program, arch).expect("loads");
    let steps = neurons.iter().map(|&neuron| vec![InputEvent { neuron, value: 1 }]).collect();
    let mut firings = Firings::default();
    let run =
        machine.run(&Stimulus { steps, lasts: None }, TimingMode::Analytic, &mut firings).expect("a valid sample");
    (run, firings.0)
}

fn run(program: &Program, neurons: &[u32]) -> (Run, Vec<(u64, u16, u32)>) {
    run_on(&chip("speck2"), program, neurons)
}

/// One neuron with a weight from each input.
fn one(threshold: i32, v_init: i32, weights: &[i16]) -> Program {
    program(weights.len() as u16, &[1], &[Dense { name: "one", threshold, v_init, from: &[(0, weights)] }])
}

#[test]
fn one_spike_per_update_leaves_the_potential_above_the_threshold() {
    // 5 ≥ 2: fire, 3 stays. 3 + 5: fire, 6. 6 + 5: fire, 9. In timesteps 15 would be 7 spikes and 1.
    let neuron = one(2, 0, &[5, -1, 0, -9]);
    let (three, firings) = run(&neuron, &[0, 0, 0]);
    assert_eq!((three.counts, three.potentials), (vec![3], vec![9]));
    // Events enter at 10, 20, 30; an update takes 2 + 1 + 10.
    assert_eq!(firings, [(23, 1, 0), (38, 1, 0), (53, 1, 0)]);
    // The first spike leaves at 25, when the event of 20 is taken up: done at 38; its spike leaves at 40, and so on.
    assert_eq!(three.time.expect("analytic").steps[0].compute, 55);
}

#[test]
fn packets_that_wait_for_each_other_delay_a_core_and_change_no_spike() {
    let mut arch = chip("speck_scaled");
    let noc = arch.noc.as_mut().expect("has a network");
    (noc.flit_interval.value, noc.flit_interval.high) = (50, 50);
    let router = noc.router.value;
    let neuron = Program { arch: "speck_scaled".into(), ..one(2, 0, &[5]) };
    let machine = Machine::new(&neuron, &arch).expect("loads");
    let steps = vec![vec![InputEvent { neuron: 0, value: 1 }]; 3];
    let run = |mode| {
        machine
            .run(&Stimulus { steps: steps.clone(), lasts: None }, mode, &mut spikeloom_simulator::NoProbe)
            .expect("valid")
    };
    let (free, waiting) = (run(TimingMode::Analytic), run(TimingMode::Cycle));
    let step = |run: &Run| run.time.as_ref().expect("timed").steps[0];
    // As above, every event a router later; the last spike passes one more on its way to the host.
    assert_eq!((step(&free).compute, step(&free).network), (55 + router, router));
    // Events enter the network at 10, and when its port is free again, at 60 and 110. The last is done at 123, its spike
    // leaves at 125; by then the others are away.
    assert_eq!((step(&waiting).compute, step(&waiting).network), (125 + router, router));
    assert_eq!(Run { time: free.time.clone(), ..waiting }, free);
}

#[test]
fn what_stays_above_the_threshold_fires_at_the_next_update_whatever_its_weight() {
    let neuron = one(2, 0, &[5, -1, 0, -9]);
    // 5 → fire → 3; −1: 2 ≥ 2, fire → 0; 0: no.
    assert_eq!(run(&neuron, &[0, 1, 2]).0.counts, [2]);
    // 5 → 3; weight 0 is an update too: fire → 1.
    let (run_, _) = run(&neuron, &[0, 2]);
    assert_eq!((run_.counts, run_.potentials), (vec![2], vec![1]));
    // A potential that begins above its threshold fires at its first update, not before.
    let (run_, _) = run(&one(2, 7, &[0]), &[]);
    assert_eq!((run_.counts, run_.potentials), (vec![0], vec![7]));
    assert_eq!(run(&one(2, 7, &[0]), &[0]).0.counts, [1]);
}

#[test]
fn order_decides_spikes() {
    let neuron = one(2, 0, &[3, -3]);
    let (first, _) = run(&neuron, &[0, 1]);
    assert_eq!((first.counts, first.potentials), (vec![1], vec![-2]));
    let (second, _) = run(&neuron, &[1, 0]);
    assert_eq!((second.counts, second.potentials), (vec![0], vec![0]));
}

#[test]
fn sums_saturate_at_the_width_of_a_potential() {
    let mut arch = chip("speck2");
    arch.core.state_bits = 4;
    // −8..7: −6, then −12 → −8, then −8 + 7 = −1, 6, 13 → 7, which is not above 7 but reaches it: fire, 0.
    let (run_, _) = run_on(&arch, &one(7, 0, &[-6, 7]), &[0, 0, 1, 1, 1]);
    assert_eq!((run_.counts, run_.potentials, run_.saturated), (vec![1], vec![0], 2));
}

/// Input → `a` (1 neuron) and `b` (3 neurons), all of which it fires; both → `c` with threshold 3.
fn diamond(a: i16, b: i16, n_b: u16) -> Program {
    let (ones, onto_c) = (vec![1; n_b.into()], vec![b; n_b.into()]);
    program(
        1,
        &[1, n_b, 1],
        &[
            Dense { name: "a", threshold: 1, v_init: 0, from: &[(0, &[1])] },
            Dense { name: "b", threshold: 1, v_init: 0, from: &[(0, &ones)] },
            Dense { name: "c", threshold: 3, v_init: 0, from: &[(1, &[a]), (2, &onto_c)] },
        ],
    )
}

#[test]
fn events_arrive_when_their_cores_are_done() {
    // The input event arrives at both cores at 10. a: done at 10 + 3 + 10 = 23, its spike leaves at 25. b: 3 operations, done
    // at 43, spikes leave at 45, 47, 49. c: event of 25 done at 38: 3 ≥ 3, fire. Event of 45 done at 58, of 47 from 58 to
    // 71, of 49 from 71 to 84.
    let (run_, firings) = run(&diamond(3, -1, 3), &[0]);
    assert_eq!(firings, [(23, 1, 0), (43, 2, 0), (43, 2, 1), (43, 2, 2), (38, 3, 0)]);
    assert_eq!((run_.counts, run_.potentials), (vec![1], vec![-3]));
    assert_eq!(run_.layer_spikes, [1, 1, 3, 1]);
    let time = run_.time.expect("analytic");
    // At 49 the event of 47 still waits. The reset writes the three potentials of b.
    assert_eq!((time.steps[0].compute, time.steps[0].max_queue, time.reset), (84, 2, 3 * 10));
    assert_eq!((time.readout, time.total), (0, 30 + 84));
    // With the signs exchanged the inhibition is there first.
    assert_eq!(run(&diamond(-3, 1, 3), &[0]).0.counts, [0]);
}

#[test]
fn the_lower_core_comes_first_in_a_tie() {
    // a and b of one neuron each: both spikes arrive at c at 25.
    let (first, firings) = run(&diamond(3, -3, 1), &[0]);
    assert_eq!(firings, [(23, 1, 0), (23, 2, 0), (38, 3, 0)]);
    assert_eq!((first.counts, first.potentials), (vec![1], vec![-3]));
    let (second, _) = run(&diamond(-3, 3, 1), &[0]);
    assert_eq!((second.counts, second.potentials), (vec![0], vec![0]));
}

#[test]
fn counts_equal_the_paper() {
    use Action::*;
    let (run_, _) = run(&diamond(3, -1, 3), &[0]);
    let at = |core: Option<u32>, layer| Site { core: core.map(CoreId), layer: LayerId(layer) };
    // Every event takes an axon entry and four instructions; every operation a word of weights, parameters, and of state
    // twice. There are no sweeps and no ticks.
    let expected = [
        (at(None, 0), vec![(RouteRead, 2), (HostInput, 1)]),
        (at(None, 3), vec![(HostOutput, 1)]),
        (
            at(Some(0), 1),
            vec![
                (SynapticAdd, 1),
                (WeightRead, 1),
                (StateRead, 1),
                (StateWrite, 1),
                (StateReset, 1),
                (ParamRead, 1),
                (AxonRead, 1),
                (RouteRead, 1),
                (Instruction, 4),
                (QueuePush, 1),
                (QueuePop, 1),
                (AddressAdd, 1),
                (NeuronSpike, 1),
                (SpikeReset, 1),
                (SpikeEmit, 1),
            ],
        ),
        (
            at(Some(1), 2),
            vec![
                (SynapticAdd, 3),
                (WeightRead, 3),
                (StateRead, 3),
                (StateWrite, 3),
                (StateReset, 3),
                (ParamRead, 3),
                (AxonRead, 1),
                (RouteRead, 3),
                (Instruction, 4),
                (QueuePush, 1),
                (QueuePop, 1),
                (AddressAdd, 3),
                (NeuronSpike, 3),
                (SpikeReset, 3),
                (SpikeEmit, 3),
            ],
        ),
        (
            at(Some(2), 3),
            vec![
                (SynapticAdd, 4),
                (WeightRead, 4),
                (StateRead, 4),
                (StateWrite, 4),
                (StateReset, 1),
                (ParamRead, 4),
                (AxonRead, 4),
                (Instruction, 16),
                (QueuePush, 4),
                (QueuePop, 4),
                (AddressAdd, 4),
                (NeuronIdle, 3),
                (NeuronSpike, 1),
                (SpikeReset, 1),
                (SpikeEmit, 1),
            ],
        ),
    ];
    let seen: Vec<_> = run_.ledger.rows().map(|(site, counts)| (site, counts.iter().collect::<Vec<_>>())).collect();
    assert_eq!(seen, expected);
}

#[test]
fn a_program_whose_samples_might_not_end_is_not_loaded() {
    let looped = program(
        1,
        &[1, 1],
        &[
            Dense { name: "a", threshold: 1, v_init: 0, from: &[(0, &[1]), (2, &[1])] },
            Dense { name: "b", threshold: 1, v_init: 0, from: &[(1, &[1])] },
        ],
    );
    let arch = chip("speck2");
    let Err(LoadError::Invalid { cause, .. }) = Machine::new(&looped, &arch) else { panic!("it loops") };
    assert!(cause.contains("never end"), "{cause}");
}

#[test]
fn a_chip_that_leaves_the_order_open_is_named_with_the_figure_that_is_absent() {
    let mut arch = chip("speck2");
    arch.core.timing.emit = None;
    let error = Machine::new(&one(1, 0, &[1]), &arch).expect_err("emit is absent").to_string();
    assert!(error.contains("speck2") && error.contains("core.timing.emit"), "{error}");
}
