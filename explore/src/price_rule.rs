//! How points are priced: by one table, or by prices that follow each point's chip.

use crate::record::{Prices, sha256};
use spikeloom::{
    Chip, Described, Error,
    energy::{component, table::Table},
};

/// What prices points.
#[derive(Clone, Debug)]
pub enum PriceRule {
    /// One table, whatever becomes of the chip.
    Table(Box<Table>),
    /// Made for each point from its chip as described: `components`, or `scaled:` and the name of a measured table.
    Follows(String),
}

/// In front of the name of a measured table.
const SCALED: &str = "scaled:";

impl PriceRule {
    /// The rule of a name that stands for prices made for each chip; `None` of other names.
    pub fn following(name: &str) -> Option<Self> {
        (name == component::NAME || name.starts_with(SCALED)).then(|| Self::Follows(name.to_owned()))
    }

    /// A chip's own: its table; its parts if it names no table and its technology is described; otherwise none.
    pub(crate) fn own(chip: &Chip) -> Option<Self> {
        match chip.prices() {
            Ok(table) => Some(Self::Table(Box::new(table.clone()))),
            Err(_) if chip.arch.prices.is_none() && chip.arch.technology.is_some() => Self::following(component::NAME),
            Err(_) => None,
        }
    }

    /// The table of a point.
    ///
    /// # Errors
    /// If it cannot be made for this chip.
    pub(crate) fn table(&self, described: &Described) -> Result<Table, Error> {
        match self {
            Self::Table(table) => Ok((**table).clone()),
            Self::Follows(name) => described.table(name),
        }
    }

    /// What is stored of it before the point is compiled.
    pub(crate) fn record(&self) -> Prices {
        let of_table =
            |table: &Table| sha256(serde_json::to_string(table).expect("tables have a form in JSON").as_bytes());
        match self {
            Self::Table(table) => Prices { table: table.name.clone(), sha256: of_table(table) },
            Self::Follows(name) => {
                // What such a table follows from stands in the record: the chip, and the table that is scaled.
                let scaled = name.strip_prefix(SCALED).and_then(Table::preset);
                let sha256 = scaled.map_or_else(|| sha256(name.as_bytes()), |table| of_table(&table));
                Prices { table: name.clone(), sha256 }
            }
        }
    }
}

/// What a reader must know if the prices called `table` were measured on one chip and `parameters` change the chip.
pub(crate) fn note(table: &str, parameters: &[&str]) -> Option<String> {
    let measured = Table::preset(table)?.measured_on?;
    if parameters.is_empty() {
        return None;
    }
    Some(format!(
        "prices {table} were measured on {measured} and do not follow {}; `prices: Some(\"{SCALED}{table}\")` and `prices: \
         Some(\"{}\")` do",
        parameters.join(", "),
        component::NAME
    ))
}
