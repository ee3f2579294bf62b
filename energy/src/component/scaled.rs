//! A measured table carried over to another chip: every price times what the same operation costs by component there over
//! here.
//!
//! `price' = price · component(chip) / component(measured chip)`, where an operation is what the measured price covers: a
//! synaptic operation an addition with its share of a weight word and of a state word read and written, a neuron update a
//! comparison with its state and parameters. Static power follows area. What the components miss (control, clocks) scales
//! with them; therefore the range grows by half of the scaling in either direction (assumed).

use super::{Chip, Need, NoTechnology};
use crate::table::{Entry, StaticPower, Table};
use isa::{Action, Arch, arch::Basis};

/// `table`, measured on `measured`, for the chip `arch`.
///
/// # Errors
/// If one of the chips has no technology.
pub fn scaled(table: &Table, measured: &Arch, arch: &Arch, need: &Need) -> Result<Table, NoTechnology> {
    let (from, to) = (Priced::new(measured, need)?, Priced::new(arch, need)?);
    let mut result = table.clone();
    result.name = format!("scaled:{}", table.name);
    result.doc = format!("{} Scaled from {} to {} by the ratio of their parts.", table.doc, measured.name, arch.name);
    result.node = format!("{:.0} nm", to.chip.process.node_nm);
    result.voltage = Some(to.chip.process.volts);
    result.measured_on = None;
    for (action, entry) in &mut result.actions {
        if let Entry::Energy { value, low, high, source, basis } = entry {
            scale(to.operation(*action) / from.operation(*action), [value, low, high], source, basis);
        }
    }
    if let StaticPower::Power { value, low, high, source, basis, .. } = &mut result.static_power {
        let watts = |priced: &Priced| priced.chip.static_watts().value;
        scale(watts(&to) / watts(&from), [value, low, high], source, basis);
    }
    Ok(result)
}

fn scale(ratio: f64, [value, low, high]: [&mut f64; 3], source: &mut String, basis: &mut Basis) {
    // An operation that one of the chips does not have is not scaled.
    if !ratio.is_finite() || ratio <= 0.0 || (ratio - 1.0).abs() < 1e-9 {
        return;
    }
    let (gentle, steep) = (ratio.sqrt(), ratio * ratio.sqrt());
    *value *= ratio;
    *low *= gentle.min(steep);
    *high *= gentle.max(steep);
    *source = format!("{ratio:.3} × {source}");
    *basis = Basis::Derived;
}

/// A chip with its prices by component.
struct Priced<'a> {
    arch: &'a Arch,
    chip: Chip,
    table: Table,
    weight_bits: u32,
}

impl<'a> Priced<'a> {
    fn new(arch: &'a Arch, need: &Need) -> Result<Self, NoTechnology> {
        let chip = Chip::new(arch, need)?;
        Ok(Self { table: chip.table(arch), arch, chip, weight_bits: need.weight_bits(arch) })
    }

    fn pj(&self, action: Action) -> f64 {
        if let Some(Entry::Energy { value, .. }) = self.table.actions.get(&action) { *value } else { 0.0 }
    }

    /// What a measured price of `action` covers \[pJ\].
    fn operation(&self, action: Action) -> f64 {
        use Action as A;
        let memories = &self.arch.core.memories;
        let share = |bits: u32, word: u32| f64::from(bits) / f64::from(word.max(bits));
        let state = share(self.arch.core.state_bits, memories.state.word_bits)
            * (self.pj(A::StateRead) + self.pj(A::StateWrite));
        match action {
            A::SynapticAdd | A::SynapticMac => {
                let weight = share(self.weight_bits, memories.weights.word_bits) * self.pj(A::WeightRead);
                self.pj(action) + self.pj(A::AddressAdd) + weight + state
            }
            A::NeuronIdle | A::NeuronSpike => self.pj(action) + state + self.pj(A::ParamRead),
            A::LinkEastWest | A::LinkNorthSouth | A::PacketInject => self.pj(action) + self.pj(A::RouterFlit),
            other => self.pj(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use isa::arch::preset::preset;

    fn price(table: &Table, action: Action) -> f64 {
        let Entry::Energy { value, low, high, .. } = table.actions[&action] else { panic!("priced") };
        assert!(low <= value && value <= high);
        value
    }

    #[test]
    fn the_measured_chip_keeps_its_prices_and_a_larger_one_pays_more() {
        let measured = preset("loihi1").expect("a preset");
        let table = Table::preset("loihi1").expect("shipped");
        let same = scaled(&table, &measured, &measured, &Need::default()).expect("a technology");
        assert_eq!(same.actions, table.actions);
        let mut larger = measured.clone();
        larger.core.memories.weights.bits.as_mut().expect("limited").value *= 64;
        let larger = scaled(&table, &measured, &larger, &Need::default()).expect("a technology");
        assert!(price(&larger, Action::SynapticAdd) > 1.5 * price(&table, Action::SynapticAdd));
        assert!((price(&larger, Action::NeuronIdle) - price(&table, Action::NeuronIdle)).abs() < 1e-9);
        larger.check().expect("still a valid table");
    }
}
