//! Prices that follow the chip, and what a reader must know about a chip and a table.
//!
//! Three kinds of table: a measured one as it is, `scaled:NAME` (a measured one times the ratio of the chips' parts), and
//! `components` (derived from the parts of the chip as described).

use crate::{
    chip,
    error::{Error, Result},
};
use energy::{
    component::{self, Chip as Parts, Need},
    table::Table,
};
use isa::{
    Arch, Program,
    arch::{
        difference::{Difference, differences, from_namesake},
        preset::preset,
    },
};
use serde::{Deserialize, Serialize};

/// A chip as described, with what a network needs of memories without stated size.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Described {
    /// The description.
    pub arch: Arch,
    /// What the network needs.
    pub need: Need,
}

/// How many differing figures are listed by name.
const LISTED: usize = 4;

impl Described {
    /// The chip that `program` runs on.
    pub fn new(program: &Program, arch: &Arch) -> Self {
        Self { arch: arch.clone(), need: Need::of(program, arch) }
    }

    /// Its parts.
    ///
    /// # Errors
    /// If the description has no technology.
    pub fn parts(&self) -> Result<Parts> {
        Parts::new(&self.arch, &self.need).map_err(|error| Error::input(error.to_string()))
    }

    /// The table called `name` for this chip: `components`, `scaled:NAME`, or what [`chip::table`] knows.
    ///
    /// # Errors
    /// If there is none, or if the chip's technology is not described.
    pub fn table(&self, name: &str) -> Result<Table> {
        if name == component::NAME {
            return Ok(self.parts()?.table(&self.arch));
        }
        let Some(measured) = name.strip_prefix("scaled:") else { return chip::table(name) };
        let table = chip::table(measured)?;
        let Some(measured) = table.measured_on.as_deref().and_then(preset) else {
            return Err(Error::input(format!(
                "energy table `{name}`: `measured_on` of the table names no preset, so there is nothing to scale from"
            )));
        };
        component::scaled(&table, &measured, &self.arch, &self.need).map_err(|error| Error::input(error.to_string()))
    }

    /// What a reader must know about this chip and prices put on it.
    pub fn notes(&self, table: &Table) -> Vec<String> {
        let mut notes = Vec::new();
        let (arch, differing) = (&self.arch, from_namesake(&self.arch));
        if !differing.is_empty() {
            let list = listed(&differing);
            notes
                .push(format!("the chip bears the name of preset {} and is another one: {list}; rename it", arch.name));
        }
        if let Some(measured) = table.measured_on.as_deref().and_then(preset) {
            let differing = differences(arch, &measured);
            if differing.iter().any(|d| !d.path.starts_with("mesh.chips") && d.path != "prices") {
                let (name, list) = (&table.name, listed(&differing));
                notes.push(format!(
                    "table {name} has the prices of {}, from which this chip differs: {list}; they do not follow it, --table \
                     scaled:{name} and --table {} do",
                    measured.name,
                    component::NAME
                ));
            }
        }
        if table.name == component::NAME {
            notes.extend(self.parts().into_iter().flat_map(|parts| parts.notes));
        }
        notes
    }

    /// Area of a chip in words; `None` if its technology is not described.
    pub fn area(&self) -> Option<String> {
        let parts = self.parts().ok()?;
        let area = parts.area_mm2();
        let mut largest: Vec<_> = parts.parts.iter().filter(|part| part.area_um2.value > 0.0).collect();
        largest.sort_by(|a, b| b.area_um2.value.total_cmp(&a.area_um2.value));
        let share =
            |part: &&component::Part| format!("{} {:.0} %", part.name, 100.0 * part.area_um2.value * 1e-6 / area.value);
        let shares: Vec<String> = largest.iter().take(3).map(share).collect();
        let shares = shares.join(", ");
        Some(format!(
            "{:.2} mm²  ({:.2} to {:.2})  a chip as sum of its parts: {shares}",
            area.value, area.low, area.high
        ))
    }
}

fn listed(differing: &[Difference]) -> String {
    let mut names: Vec<String> = differing.iter().take(LISTED).map(ToString::to_string).collect();
    if differing.len() > LISTED {
        names.push(format!("{} more", differing.len() - LISTED));
    }
    names.join(", ")
}
