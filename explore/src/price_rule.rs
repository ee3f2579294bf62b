//! Which prices points get: the chip's own, one table for all, or prices that follow each point's chip.

use crate::record::{self, sha256};
use spikeloom::{
    Chip, Described, Error,
    energy::{component, table::Table},
    isa::{Arch, Program},
};

/// What prices points.
#[derive(Clone, Debug, Default)]
pub enum Pricing {
    /// The table of each base chip; of a chip without one, its parts, if its technology is described.
    #[default]
    Own,
    /// One table, whatever the chip.
    Table(Box<Table>),
    /// Made for each point from its chip as described: `components`, or `scaled:` and the name of a measured table.
    Follows(String),
}

impl Pricing {
    /// Whether a name stands for prices that are made for each chip.
    pub fn follows(name: &str) -> bool {
        name == component::NAME || name.starts_with(SCALED)
    }

    /// The table of a point: none where the base chip has none.
    ///
    /// # Errors
    /// If it cannot be made for this chip.
    pub(crate) fn table(&self, base: &Chip, arch: &Arch, program: &Program) -> Result<Option<Table>, Error> {
        match self.of(base) {
            Self::Own => Ok(base.prices().ok().cloned()),
            Self::Table(table) => Ok(Some((**table).clone())),
            Self::Follows(name) => Described::new(program, arch).table(name).map(Some),
        }
    }

    /// What is stored of the prices before the point is compiled.
    pub(crate) fn record(&self, base: &Chip) -> Option<record::Prices> {
        let of_table = |table: &Table| record::Prices {
            table: table.name.clone(),
            sha256: sha256(serde_json::to_string(table).expect("tables have a form in JSON").as_bytes()),
        };
        match self.of(base) {
            Self::Own => base.prices().ok().map(of_table),
            Self::Table(table) => Some(of_table(table)),
            Self::Follows(name) => {
                // What such a table follows from stands in the record: the chip, and the table that is scaled.
                let scaled = name.strip_prefix(SCALED).and_then(Table::preset);
                let sha256 = scaled.map_or_else(|| sha256(name.as_bytes()), |table| of_table(&table).sha256);
                Some(record::Prices { table: name.clone(), sha256 })
            }
        }
    }

    fn of(&self, base: &Chip) -> &Self {
        static PARTS: std::sync::LazyLock<Pricing> =
            std::sync::LazyLock::new(|| Pricing::Follows(component::NAME.to_owned()));
        let without = base.arch.prices.is_none() && base.prices().is_err() && base.arch.technology.is_some();
        if matches!(self, Self::Own) && without { &PARTS } else { self }
    }
}

/// In front of the name of a measured table.
const SCALED: &str = "scaled:";

/// What a reader must know if the prices called `table` were measured on one chip and `parameters` change the chip.
pub(crate) fn note(table: &str, parameters: &[&str]) -> Option<String> {
    let measured = Table::preset(table)?.measured_on?;
    if parameters.is_empty() {
        return None;
    }
    Some(format!(
        "prices {table} were measured on {measured} and do not follow {}; `prices: Some(\"scaled:{table}\")` and `prices: Some(\"{}\")` do",
        parameters.join(", "),
        component::NAME
    ))
}
