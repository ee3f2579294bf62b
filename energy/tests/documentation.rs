//! docs/energy.md defines every counter once, in the words of the vocabulary, and names every table and memory line.

use isa::Action;
use spikeloom_energy::sram::SramLine;
use spikeloom_energy::table::PRESETS;

const PAGE: &str = include_str!("../../docs/energy.md");

#[test]
fn every_counter_is_defined_once() {
    for action in Action::ALL {
        let doc = action.doc().split_whitespace().collect::<Vec<_>>().join(" ");
        let definition = format!("| `{}` | {doc} |", action.name());
        assert_eq!(PAGE.matches(&definition).count(), 1, "{definition}");
    }
}

#[test]
fn every_table_and_memory_line_is_described() {
    let names = PRESETS.iter().map(|(name, _)| *name).chain(SramLine::ALL.map(SramLine::name));
    for name in names {
        assert!(PAGE.contains(&format!("| `{name}` |")), "{name}");
    }
}
