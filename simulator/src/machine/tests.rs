//! What needs a look inside: spikes that go without queues do and cost the same as those that go through them.

use super::Machine;
use crate::{NoProbe, TimingMode};
use compiler::{Options, compile_quantized, stimulus};
use ir::arbitrary::{Features, quantized_case};
use isa::arch::{Constant, preset::preset};
use proptest::test_runner::{Config, TestRunner};
use std::cell::Cell;

#[test]
fn fan_outs_change_neither_spikes_nor_counts_nor_time() {
    let mut runner = TestRunner::new(Config { cases: 400, failure_persistence: None, ..Config::default() });
    let found = Cell::new(0);
    let mut arch = preset("loihi1").expect("a preset");
    arch.core.neurons = Some(Constant { value: 6, ..arch.tick_ps.clone() });
    let outcome = runner.run(&quantized_case(Features::ALL), |(graph, sample)| {
        let Ok(compiled) = compile_quantized(&graph, &arch, &Options::default()) else { return Ok(()) };
        let direct = Machine::new(&compiled.program, &arch).expect("compiled programs load");
        if !direct.loaded.has_fan_outs() {
            return Ok(());
        }
        let mut queued = direct.clone();
        queued.loaded.units.iter_mut().flat_map(|unit| &mut unit.tiles).for_each(|tile| tile.fan_out = None);
        let (mut state, sample) = (direct.state(), stimulus(&sample));
        for mode in [TimingMode::Counts, TimingMode::Analytic, TimingMode::Cycle] {
            let seen = direct.run_in(&mut state, &sample, mode, &mut NoProbe).expect("a valid sample");
            let tiles = state.units.iter().flat_map(|unit| &unit.tiles);
            found.set(found.get() + tiles.flat_map(|tile| &tile.fan_uses).sum::<u32>());
            assert_eq!(seen, queued.run(&sample, mode, &mut NoProbe).expect("a valid sample"), "{mode:?}");
        }
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    assert!(found.get() > 1000, "{} spikes went without a queue", found.get());
}
