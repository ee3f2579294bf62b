//! Every part of a described chip as a table of text.

use crate::report::{
    number::si,
    text::{Table, align_right},
};
use energy::component::Chip;

/// The table, then area and static power of one chip.
pub(crate) fn parts(chip: &Chip) -> String {
    let mut table =
        Table::new(&["part", "number", "size of one", "read", "write", "area", "of the chip", "static power"]);
    let all = chip.area_mm2().value;
    for part in &chip.parts {
        let pj = |pick: fn(&(energy::units::Figure, energy::units::Figure)) -> f64| {
            part.access_pj
                .as_ref()
                .filter(|_| part.area_um2.value > 0.0)
                .map_or_else(String::new, |access| si(pick(access) * 1e-12, "J"))
        };
        let size = part.bits.filter(|_| part.area_um2.value > 0.0).map_or_else(String::new, |bits| {
            format!("{}{}", si(bits as f64 / 8.0, "B"), if part.of_network { " (network)" } else { "" })
        });
        let mm2 = part.area_um2.value * 1e-6;
        table.row(vec![
            part.name.clone(),
            part.count.to_string(),
            size,
            pj(|access| access.0.value),
            pj(|access| access.1.value),
            format!("{mm2:.3} mm²"),
            format!("{:.1} %", 100.0 * mm2 / all),
            si(mm2 * chip.leakage_uw_per_mm2.value * 1e-6, "W"),
        ]);
    }
    let area = chip.area_mm2();
    let watts = chip.static_watts();
    let mut text = format!(
        "{}: {:.0} nm at {:.2} V, one chip\n\n{}\narea          {:.2} mm²  ({:.2} to {:.2})\nstatic power  {}  ({} to {})\n",
        chip.name,
        chip.process.node_nm,
        chip.process.volts,
        align_right(table, 1),
        area.value,
        area.low,
        area.high,
        si(watts.value, "W"),
        si(watts.low, "W"),
        si(watts.high, "W")
    );
    for note in &chip.notes {
        text.push_str(&format!("note: {note}\n"));
    }
    text
}
