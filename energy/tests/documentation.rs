//! docs/energy.md names every table and memory line.

use spikeloom_energy::sram::SramLine;
use spikeloom_energy::table::PRESETS;

const PAGE: &str = include_str!("../../docs/energy.md");

#[test]
fn every_table_and_memory_line_is_described() {
    let names = PRESETS.iter().map(|(name, _)| *name).chain(SramLine::ALL.map(SramLine::name));
    for name in names {
        assert!(PAGE.contains(&format!("| `{name}` |")), "{name}");
    }
}
