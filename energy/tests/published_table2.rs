//! FFGAF-SNN's Table 2: which cells follow from the networks described, and which do not.

use spikeloom_energy::analytic::Shape;
use spikeloom_energy::published::{Quantity, Row, Verdict, claims, table2};

fn find<'a>(rows: &'a [Row], name: &str) -> &'a Row {
    rows.iter().find(|row| row.name == name).expect("the row exists")
}

#[test]
fn eleven_of_fourteen_energy_cells_reproduce_to_the_printed_digit() {
    let rows = table2();
    let cells = rows.iter().flat_map(|row| [row.cell(Quantity::Memory), row.cell(Quantity::Compute)]);
    let verdicts: Vec<Verdict> = cells.map(|cell| cell.verdict).collect();
    let count = |verdict| verdicts.iter().filter(|v| **v == verdict).count();
    assert_eq!(verdicts.len(), 14);
    assert_eq!(count(Verdict::Reproduced), 6);
    assert_eq!(count(Verdict::ReproducedUnderWrongGeometry), 5);
    assert_eq!(count(Verdict::NotDerivable), 3);
    for row in &rows {
        for cell in [row.cell(Quantity::Memory), row.cell(Quantity::Compute)] {
            if cell.verdict != Verdict::NotDerivable {
                assert!(cell.residual_printed().expect("derived").abs() < 1e-9, "{} {:?}", row.name, cell.quantity);
            }
        }
    }
}

#[test]
fn the_cells_that_cannot_be_derived_are_the_memory_of_the_spiking_rows() {
    let rows = table2();
    let millions = |name| {
        find(&rows, name)
            .cell(Quantity::Memory)
            .remainder
            .as_ref()
            .expect("undetermined")
            .missing_accesses
            .map(|n| n / 1e6)
    };
    for (name, [low, high]) in [("Ghader", [0.17, 0.29]), ("Ororbia", [0.23, 0.35]), ("FFGAF-SNN", [5.10, 5.22])] {
        assert_eq!(find(&rows, name).cell(Quantity::Memory).verdict, Verdict::NotDerivable);
        let [l, h] = millions(name);
        assert!((l - low).abs() < 5e-3 && (h - high).abs() < 5e-3, "{name}: {l} to {h}");
    }
}

#[test]
fn totals_are_the_sum_of_the_printed_cells_in_every_row() {
    for row in table2() {
        assert_eq!(row.cell(Quantity::Total).verdict, Verdict::Reproduced, "{}", row.name);
    }
}

#[test]
fn parameters_follow_from_the_networks() {
    let rows = table2();
    let parameters = |name| find(&rows, name).cell(Quantity::Parameters);
    assert_eq!(parameters("FFGAF-SNN").verdict, Verdict::Reproduced);
    assert_eq!(parameters("CaFo").verdict, Verdict::ReproducedUnderWrongGeometry);
    assert_eq!(parameters("CwComp*").verdict, Verdict::NotDerivable);
    assert!((parameters("CwComp*").residual().expect("printed") + 3.0).abs() < 1e-9);
    for name in ["FF*", "SymBa", "Ghader", "Ororbia"] {
        assert_eq!(parameters(name).verdict, Verdict::Reproduced, "{name}");
    }
}

#[test]
fn the_networks_have_the_sizes_their_authors_state() {
    let rows = table2();
    let macs = |name| find(&rows, name).network.layers.iter().map(|l| l.shape.macs()).sum::<f64>();
    for (name, want) in [
        ("FF*", 18_874_368.0),
        ("Ghader", 10_144_000.0),
        ("CaFo", 48_070_656.0),
        ("CwComp*", 73_113_600.0),
        ("FFGAF-SNN", 61_931_520.0),
    ] {
        assert!((macs(name) - want).abs() < 0.5, "{name}: {}", macs(name));
    }
    let weights: f64 = find(&rows, "FFGAF-SNN").network.layers.iter().map(|l| Shape::weights(&l.shape)).sum();
    assert!((weights - 433_080.0).abs() < 0.5);
}

/// Under the model that the table cites: mem + ops \[mJ\], both readings of the memory line.
#[test]
fn the_cited_model_gives_other_numbers_and_another_ranking() {
    let rows = table2();
    let order = ["FF*", "SymBa", "Ghader", "Ororbia", "CaFo", "CwComp*", "FFGAF-SNN"];
    let expected = [(62.4, 1.95), (93.7, 2.92), (38.3, 2.43), (125.8, 4.67), (9.45, 5.17), (28.1, 6.89), (12.5, 13.3)];
    for (name, (qualia, clamped)) in order.into_iter().zip(expected) {
        let cited = find(&rows, name).cell(Quantity::Total).cited.expect("evaluated");
        assert!((cited.qualia_line / qualia - 1.0).abs() < 5e-3, "{name}: {cited:?}, expected {qualia}");
        assert!((cited.clamped / clamped - 1.0).abs() < 5e-3, "{name}: {cited:?}, expected {clamped}");
    }
}

#[test]
fn two_of_the_three_ratios_in_the_text_follow_from_the_cells() {
    let claims = claims();
    assert_eq!(claims.map(|c| c.holds()), [true, true, false]);
    assert!((claims[2].cells_percent - 9.744).abs() < 1e-3, "{claims:?}");
}
