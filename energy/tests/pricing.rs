//! Prices add up: over runs, over layers, over actions, over components.

use std::collections::BTreeMap;

use isa::action::Site;
use isa::{Action, CoreId, LayerId, Ledger};
use proptest::prelude::*;
use spikeloom_energy::price::{Breakdown, Context, Part, Timing, Unpriced, price};
use spikeloom_energy::table::{Entry, PRESETS, Store, Table};
use spikeloom_energy::units::Energy;

fn ledger_of(counts: &[(u32, u16, usize, u64)]) -> Ledger {
    let mut ledger = Ledger::default();
    for &(core, layer, action, n) in counts {
        ledger.at(Site { core: Some(CoreId(core)), layer: LayerId(layer) })[Action::ALL[action]] += n;
    }
    ledger
}

fn any_ledger() -> impl Strategy<Value = Ledger> {
    let row = (0..3_u32, 0..4_u16, 0..Action::ALL.len(), 0..1_000_000_000_u64);
    prop::collection::vec(row, 0..60).prop_map(|rows| ledger_of(&rows))
}

fn any_table() -> impl Strategy<Value = Table> {
    prop::sample::select(PRESETS.to_vec()).prop_map(|(name, _)| Table::preset(name).expect("shipped"))
}

fn context() -> Context {
    let stores =
        [(Store::Weights, 43_200, 8), (Store::State, 30_720, 16), (Store::Params, 120, 16), (Store::Queue, 1000, 32)];
    let sizes = |layer| stores.map(|(store, words, bits)| ((LayerId(layer), store), (words, bits)));
    let timing = Timing { seconds: 1e-3, cores: 12, chips: 1, cores_per_chip: 128 };
    Context { memories: (0..4).flat_map(sizes).collect(), timing: Some(timing), static_power: None }
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-12 * a.abs().max(b.abs())
}

fn same(a: Energy, b: Energy) -> bool {
    close(a.value, b.value) && close(a.low, b.low) && close(a.high, b.high)
}

fn counted(breakdown: &Breakdown) -> Energy {
    breakdown.lines.iter().map(|line| line.energy).sum()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_price_of_a_sum_is_the_sum_of_the_prices(a in any_ledger(), b in any_ledger(), table in any_table()) {
        let mut both = a.clone();
        both.merge(&b);
        let price = |ledger: &Ledger| counted(&price(ledger, &table, &context()).expect("every action has an entry"));
        prop_assert!(same(price(&both), price(&a) + price(&b)));
    }

    #[test]
    fn parts_sum_to_totals(ledger in any_ledger(), table in any_table()) {
        let breakdown = price(&ledger, &table, &context()).expect("every action has an entry");
        let sync = breakdown.sync.energy().unwrap_or_default();
        let static_energy = breakdown.static_energy.energy().unwrap_or_default();
        prop_assert!(same(breakdown.total, breakdown.dynamic + sync + static_energy));
        let parts = [
            breakdown.by_layer().into_values().sum(),
            breakdown.by_action().into_values().sum(),
            breakdown.by_component().into_values().sum(),
            counted(&breakdown),
        ];
        for part in parts {
            prop_assert!(same(part, breakdown.dynamic + sync), "{part:?} against {:?}", breakdown.dynamic);
        }
        prop_assert!(breakdown.total.low <= breakdown.total.value && breakdown.total.value <= breakdown.total.high);
    }

    #[test]
    fn with_all_prices_1_the_energy_is_the_number_of_actions(ledger in any_ledger()) {
        let n: u64 = ledger.total().0.iter().sum();
        let breakdown = price(&ledger, &Table::uniform(1.0), &Context::default()).expect("uniform prices everything");
        prop_assert!(same(breakdown.total, Energy::exactly(n as f64)));
    }

    #[test]
    fn no_counted_action_passes_unpriced(ledger in any_ledger(), dropped in prop::sample::subsequence(Action::ALL.to_vec(), 0..8)) {
        let mut table = Table::uniform(1.0);
        table.actions.retain(|action, _| !dropped.contains(action));
        let total = ledger.total();
        let expected: BTreeMap<Action, u64> =
            dropped.iter().map(|&a| (a, total[a])).filter(|&(_, n)| n > 0).collect();
        match price(&ledger, &table, &Context::default()) {
            Ok(_) => prop_assert!(expected.is_empty()),
            Err(Unpriced { actions, .. }) => prop_assert_eq!(actions.into_iter().collect::<BTreeMap<_, _>>(), expected),
        }
    }
}

fn spikes() -> Ledger {
    let mut ledger = Ledger::default();
    let counts = ledger.at(Site { core: Some(CoreId(0)), layer: LayerId(1) });
    counts[Action::SynapticAdd] = 1_000;
    counts[Action::NeuronIdle] = 100;
    counts[Action::NeuronSpike] = 10;
    counts[Action::Barrier] = 4;
    ledger
}

#[test]
fn what_cannot_be_derived_is_said_and_never_zero() {
    let table = Table::preset("loihi1").expect("shipped");
    let untimed = price(&spikes(), &table, &Context::default()).expect("priced");
    assert_eq!(untimed.static_energy, Part::NotDerivable("the run has no time".into()));
    assert!(matches!(&untimed.sync, Part::NotDerivable(reason) if reason.contains("barrier")));
    assert_eq!((untimed.left_out[0].action, untimed.left_out[0].count), (Action::Barrier, 4));
    assert!(!untimed.is_complete());
    let want = 1_000.0 * 23.6 + 100.0 * 52.0 + 10.0 * 81.0;
    assert!(close(untimed.dynamic.value, want), "{:?}", untimed.dynamic);
    let timed = price(&spikes(), &table, &context()).expect("priced");
    let static_energy = timed.static_energy.energy().expect("104 mW for 1 ms");
    assert!(close(static_energy.value, 0.104 * 1e-3 * 1e12));
}

#[test]
fn truenorth_predicts_its_held_out_operating_point() {
    // Merolla 2014, 0.8 V, 128 synapses per neuron, 2^20 neurons: 20.07 Hz draws 71 mW.
    let mut ledger = Ledger::default();
    let events = (20.07 * 128.0 * 1_048_576.0) as u64;
    ledger.at(Site { core: None, layer: LayerId(0) })[Action::SynapticAdd] = events;
    let timing = Some(Timing { seconds: 1.0, cores: 4096, chips: 1, cores_per_chip: 4096 });
    let table = Table::preset("truenorth").expect("shipped");
    let one_second = price(&ledger, &table, &Context { timing, ..Context::default() }).expect("priced");
    let milliwatt = one_second.total.value / 1e9;
    assert!((milliwatt / 71.0 - 1.0).abs() < 0.01, "{milliwatt} mW");
}

#[test]
fn memory_sizes_are_asked_for_and_used() {
    let mut ledger = Ledger::default();
    ledger.at(Site { core: Some(CoreId(0)), layer: LayerId(2) })[Action::WeightRead] = 10;
    let table = Table::preset("lemaire_ideal").expect("shipped");
    let error = price(&ledger, &table, &Context::default()).expect_err("no size");
    assert_eq!(error.memories, [(LayerId(2), Store::Weights)]);
    let mut context = Context::default();
    context.memories.insert((LayerId(2), Store::Weights), (8 * 1024, 8));
    let breakdown = price(&ledger, &table, &context).expect("8 kB");
    assert!(close(breakdown.dynamic.value, 100.0), "ten reads of 10 pJ: {:?}", breakdown.dynamic);
    assert!(close(breakdown.dynamic.low, 12.5), "packed into 64-bit words: {:?}", breakdown.dynamic);
}

#[test]
fn a_missing_price_names_action_and_count() {
    let mut table = Table::preset("darwin3_like").expect("shipped");
    table.actions.retain(|_, entry| matches!(entry, Entry::Energy { .. }));
    let error = price(&spikes(), &table, &Context::default()).expect_err("three actions are not mentioned");
    assert_eq!(
        error.to_string(),
        "energy table `darwin3_like` cannot price this run: no entry for `neuron_idle` (100 counted), `neuron_spike` (10 \
         counted), `barrier` (4 counted); add a price, or `Included` with its reason"
    );
}

#[test]
fn every_shipped_chip_but_the_projection_names_a_shipped_table() {
    for (name, _) in isa::arch::preset::PRESETS {
        let arch = isa::arch::preset::preset(name).expect("shipped");
        assert!(arch.prices.is_some(), "{name}");
        assert!(arch.prices.is_none_or(|prices| Table::preset(&prices).is_some()), "{name}");
    }
}

#[test]
fn static_energy_is_charged_as_the_chip_says() {
    use isa::arch::{Basis, Powered, StaticPower};
    let table = Table::preset("loihi1").expect("shipped");
    let charged = |powered| {
        let static_power = Some(StaticPower { powered, source: "a data sheet".into(), basis: Basis::Measured });
        let priced =
            price(&Ledger::default(), &table, &Context { static_power, ..context() }).expect("nothing to price");
        (priced.static_energy.energy().expect("104 mW").value, priced.static_policy.expect("said"))
    };
    let (whole, text) = charged(Powered::WholeChip);
    assert!(close(whole, 0.104 * 1e9) && text == "all 128 cores powered, 12 in use (a data sheet)", "{text}");
    let (used, text) = charged(Powered::UsedCores);
    assert!(close(used, whole * 12.0 / 128.0) && text.starts_with("the 12 of 128 cores in use powered"), "{text}");
    let (gated, _) = charged(Powered::Gated { residual_percent: 10 });
    assert!(close(gated, whole * (12.0 + 11.6) / 128.0), "{gated}");
}
