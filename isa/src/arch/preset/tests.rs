//! Presets read, bear their names, and have the capacities that decide what fits.

use super::*;
use crate::{
    arch::{Constant, Memory, validate::validate},
    ids::CoreId,
};

fn chip(name: &str) -> Arch {
    preset(name).expect("a preset")
}

#[test]
fn every_preset_parses_and_bears_its_name() {
    for (name, _) in PRESETS {
        assert_eq!(chip(name).name, *name);
    }
    assert_eq!(preset("nonesuch"), None);
}

#[test]
fn truenorth_refuses_the_reference_network() {
    // 3 → 40 → 120 → 120 → 240 channels of 3 × 3: 360 and 1,080 sources per neuron.
    let fan_in = chip("truenorth").core.fan_in.expect("limited").value;
    assert!((9 * 3..9 * 40).contains(&fan_in) && fan_in < 9 * 120);
}

#[test]
fn speck_pads_kernels_to_powers_of_two_and_refuses_the_reference_network() {
    let arch = chip("speck2");
    let weights = &arch.core.memories.weights;
    let words = |memory: &Memory, inputs, outputs| memory.weight_bits(inputs, 9, outputs, 8) / 8;
    assert_eq!(words(weights, 120, 120), 245_760);
    let rooms: Vec<u64> = (0..9).map(|i| weights.capacity(&arch, CoreId(i)).expect("limited") / 8).collect();
    assert_eq!(rooms, [16, 16, 16, 32, 32, 64, 64, 16, 16].map(|k| k * 1024));
    // Even on all nine cores, cut to whatever number of output channels fits each, the last layer alone is too large.
    let channels: u64 =
        rooms.iter().map(|&room| (1..=240).rev().find(|&c| words(weights, 120, c) <= room).unwrap_or(0)).sum();
    assert!(channels < 240, "{channels}");
}

#[test]
fn scaled_speck_holds_the_reference_network() {
    let arch = chip("speck_scaled");
    let memories = &arch.core.memories;
    let cores = |inputs: u64, outputs: u64, side: u64| {
        let fits = |k: u64| {
            let c = outputs.div_ceil(k);
            let weights = memories.weights.weight_bits(inputs, 9, c, 8);
            let state = memories.state.state_bits(c, side, side, 16);
            Some(weights) <= memories.weights.capacity(&arch, CoreId(0))
                && Some(state) <= memories.state.capacity(&arch, CoreId(0))
        };
        (1..=outputs).find(|&k| fits(k)).expect("one channel fits")
    };
    let needed = [cores(3, 40, 32), cores(40, 120, 16), cores(120, 120, 16), cores(120, 240, 8)];
    assert_eq!(needed, [1, 2, 4, 8]);
    assert!(needed.iter().sum::<u64>() < u64::from(arch.n_cores()));
}

#[test]
fn chips_that_fire_per_event_state_all_that_the_order_of_events_follows_from() {
    for name in ["speck2", "speck_scaled"] {
        let arch = chip(name);
        assert!(arch.ordering_times().iter().all(|(_, time)| time.is_some()), "{name}");
        for (i, (path, _)) in arch.ordering_times().iter().enumerate() {
            let mut open = arch.clone();
            let timing = &mut open.core.timing;
            let times =
                [&mut timing.event, &mut timing.axon, &mut timing.synapse, &mut timing.emit, &mut open.input_interval];
            *times.into_iter().nth(i).expect("as many") = None;
            let problems = validate(&open);
            assert_eq!(problems.iter().map(|p| p.path.as_str()).collect::<Vec<_>>(), [*path]);
        }
        let mut instant = arch.clone();
        let event = instant.core.timing.event.as_mut().expect("stated");
        (event.value, event.low) = (0, 0);
        instant.core.state_bits = 32;
        instant.core.memories.state.word_bits = 32;
        let paths: Vec<String> = validate(&instant).into_iter().map(|p| p.path).collect();
        assert_eq!(paths, ["core.timing.event", "core.state_bits"]);
    }
}

#[test]
fn a_queue_holds_at_least_one_event() {
    let mut arch = chip("loihi1");
    assert_eq!(arch.queue_events(CoreId(0)), None, "no limit is published");
    let queue = |bits| Some(Constant { value: bits, low: bits, high: bits, ..arch.tick_ps.clone() });
    let queues = [queue(31), queue(32), queue(100)].map(|bits| {
        let mut arch = arch.clone();
        arch.core.memories.queue.bits = bits;
        (arch.queue_events(CoreId(0)), validate(&arch).into_iter().map(|problem| problem.path).collect::<Vec<_>>())
    });
    let refused = vec!["core.memories.queue.bits".to_string()];
    assert_eq!(queues, [(Some(0), refused), (Some(1), vec![]), (Some(3), vec![])]);
    // A packet of two flits takes two words.
    arch.noc.as_mut().expect("loihi1 has a network").flits_per_spike = 2;
    arch.core.memories.queue.bits = queue(100);
    assert_eq!(arch.queue_events(CoreId(0)), Some(1));
}

#[test]
fn a_mesh_without_cores_is_refused_for_what_it_is() {
    for name in PRESETS.iter().map(|(name, _)| *name) {
        for side in 0..5 {
            let mut arch = chip(name);
            let mesh = &mut arch.mesh;
            let sides =
                [&mut mesh.width, &mut mesh.height, &mut mesh.cores_per_router, &mut mesh.chips.0, &mut mesh.chips.1];
            *sides.into_iter().nth(side).expect("as many") = 0;
            let paths: Vec<String> = validate(&arch).into_iter().map(|problem| problem.path).collect();
            assert!(paths.contains(&"mesh".to_string()), "{name}: {paths:?}");
        }
    }
}
