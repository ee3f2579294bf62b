//! A table for a chip that nothing is published of: another table times a factor that the user answers for.

use super::{Entry, StaticPower, Table, TableError};
use isa::arch::Basis;

impl Table {
    /// A projection: every price and static power times `factor`, for a chip that nothing is published of. The factor is the
    /// caller's; it is written into the name and into every source, and the basis becomes [`Basis::Assumed`].
    ///
    /// # Errors
    /// If the factor is not a positive number, or the table prices accesses by memory size, which no factor describes.
    pub fn projected(mut self, factor: f64) -> Result<Self, TableError> {
        let mut problems = Vec::new();
        if !(factor.is_finite() && factor > 0.0) {
            problems.push(format!("a projection's factor must be a positive number, {factor} is not"));
        }
        let by_size = self.actions.iter().filter(|(_, entry)| matches!(entry, Entry::Sram { .. }));
        problems.extend(by_size.map(|(action, _)| {
            format!("`{}` is priced by memory size; only fixed prices can be projected", action.name())
        }));
        if !problems.is_empty() {
            return Err(TableError::Invalid { table: self.name, problems });
        }
        let note = |source: &str| format!("projection: {factor} × {source}");
        self.doc = format!("Projection: table {} times the user's factor {factor}.", self.name);
        self.name = format!("{} (projection ×{factor})", self.name);
        self.node = format!("projection from {}", self.node);
        self.voltage = None;
        for entry in self.actions.values_mut() {
            if let Entry::Energy { value, low, high, source, basis } = entry {
                for pj in [value, low, high] {
                    *pj *= factor;
                }
                *source = note(source);
                *basis = Basis::Assumed;
            }
        }
        if let StaticPower::Power { value, low, high, source, basis, .. } = &mut self.static_power {
            for watt in [value, low, high] {
                *watt *= factor;
            }
            *source = note(source);
            *basis = Basis::Assumed;
        }
        Ok(self)
    }
}
