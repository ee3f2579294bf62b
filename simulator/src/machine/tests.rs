//! What needs a look inside: spikes that go without queues do and cost the same as those that go through them.

use super::Machine;
use crate::{
    NoProbe, TimingMode,
    kernel::{fan_out::FanOut, sums::Sums},
};
use compiler::{Options, compile_quantized, stimulus};
use ir::arbitrary::{Features, quantized_case};
use isa::{
    Arch,
    arch::{Constant, preset::preset},
};
use proptest::test_runner::{Config, TestRunner};
use std::cell::Cell;

/// A chip with so few neurons on a core that small networks fill several.
fn small_cores(chip: &str) -> Arch {
    let mut arch = preset(chip).expect("a preset");
    arch.core.neurons = Some(Constant { value: 6, ..arch.tick_ps.clone() });
    arch
}

#[test]
fn fan_outs_change_neither_spikes_nor_counts_nor_time() {
    // One packet for each core, rectangles, trees.
    for (chip, cases) in [("loihi1", 900), ("darwin3_like", 300), ("seneca_like", 300)] {
        let arch = small_cores(chip);
        let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
        let (found, listed) = (Cell::new(0), Cell::new(0));
        let outcome = runner.run(&quantized_case(Features::ALL), |(graph, sample)| {
            let Ok(compiled) = compile_quantized(&graph, &arch, &Options::default()) else { return Ok(()) };
            let direct = Machine::new(&compiled.program, &arch).expect("compiled programs load");
            if !direct.loaded.has_fan_outs() {
                return Ok(());
            }
            let mut queued = direct.clone();
            queued.loaded.units.iter_mut().flat_map(|unit| &mut unit.tiles).for_each(|tile| tile.fan_out = None);
            let mut wide = direct.clone();
            wide.loaded.sums = Sums::Wide(vec![0; wide.loaded.extent().0]);
            let (mut state, sample) = (direct.state(), stimulus(&sample));
            for mode in [TimingMode::Counts, TimingMode::Analytic, TimingMode::Cycle] {
                let seen = direct.run_in(&mut state, &sample, mode, &mut NoProbe).expect("a valid sample");
                let tiles = || {
                    direct
                        .loaded
                        .units
                        .iter()
                        .zip(&state.units)
                        .flat_map(|(unit, own)| unit.tiles.iter().zip(&own.tiles))
                };
                found.set(found.get() + tiles().flat_map(|(_, own)| &own.fan_uses).sum::<u32>());
                let whole = tiles().filter(|(tile, _)| {
                    tile.layer != direct.readout.layer() && tile.fan_out.as_ref().is_some_and(FanOut::is_whole)
                });
                listed.set(listed.get() + whole.flat_map(|(_, own)| &own.fan_uses).sum::<u32>());
                let queued = queued.run(&sample, mode, &mut NoProbe).expect("a valid sample");
                assert_eq!(seen, queued, "{chip} {mode:?}");
                let wide = wide.run(&sample, mode, &mut NoProbe).expect("a valid sample");
                assert_eq!(seen, wide, "{chip} {mode:?}, wide sums");
            }
            Ok(())
        });
        outcome.unwrap_or_else(|error| panic!("{chip}: {error}"));
        let (found, listed) = (found.get(), listed.get());
        assert!(found > 500 && listed > 100, "{chip}: {found} spikes without a queue, {listed} of them in lists");
    }
}
