//! A chip: its description and the prices of what it counts. The description names its table of prices.

use crate::error::{Error, Result};
use energy::table::{PRESETS, Table};
use isa::{Arch, arch::preset};

/// A chip with its prices.
#[derive(Clone, Debug)]
pub struct Chip {
    /// The description.
    pub arch: Arch,
    prices: Option<Table>,
}

impl Chip {
    /// The chip called `name` that ships.
    pub fn open(name: &str) -> Result<Self> {
        let Some(arch) = preset::preset(name) else {
            let known: Vec<&str> = preset::PRESETS.iter().map(|(name, _)| *name).collect();
            return Err(Error::input(format!(
                "chip `{name}`: is neither a preset ({}) nor a description file ending in .ron; give one of these",
                known.join(", ")
            )));
        };
        Self::new(arch)
    }

    /// The chip that a description says; `name` is shown in errors.
    pub fn parse(name: &str, text: &str) -> Result<Self> {
        Self::new(preset::parse(text, name).map_err(|error| Error::input(error.to_string()))?)
    }

    /// The chip of a description, with the table that it names if that ships; [`Self::with_prices`] brings others.
    pub fn new(arch: Arch) -> Result<Self> {
        let prices = arch.prices.as_deref().and_then(Table::preset);
        Ok(Self { arch, prices })
    }

    /// The same chip with other prices.
    #[must_use]
    pub fn with_prices(self, prices: Table) -> Self {
        Self { prices: Some(prices), ..self }
    }

    /// Its prices.
    ///
    /// # Errors
    /// If there are none, with the name of the table that the description asks for.
    pub fn prices(&self) -> Result<&Table> {
        self.prices.as_ref().ok_or_else(|| {
            let name = &self.arch.name;
            let tables: Vec<&str> = PRESETS.iter().map(|(name, _)| *name).collect();
            let tables = tables.join(", ");
            Error::input(match &self.arch.prices {
                Some(table) => format!(
                    "chip {name}: its description asks for energy table `{table}`, which does not ship ({tables} do); give it"
                ),
                None => format!(
                    "chip {name}: its description names no energy table; choose one with --table ({tables}, a file ending in \
                     .ron, or a projection such as loihi1:0.5), or add `prices: Some(\"…\")`"
                ),
            })
        })
    }
}

/// The energy table called `name`: one that ships, or, as `NAME:FACTOR`, its projection.
pub fn table(name: &str) -> Result<Table> {
    if let Some(table) = Table::preset(name) {
        return Ok(table);
    }
    if let Some((table, factor)) = name.rsplit_once(':')
        && let Some(table) = Table::preset(table)
    {
        let factor = factor.parse::<f64>().map_err(|_| {
            Error::input(format!(
                "energy table `{name}`: `{factor}` is no factor; write a number, as in {}:0.5",
                table.name
            ))
        })?;
        return table.projected(factor).map_err(|error| Error::input(error.to_string()));
    }
    let known: Vec<&str> = PRESETS.iter().map(|(name, _)| *name).collect();
    Err(Error::input(format!(
        "energy table `{name}`: is neither a table that ships ({}), nor one of them times a factor (a projection, as in \
         loihi1:0.5), nor a file ending in .ron; choose one with --table",
        known.join(", ")
    )))
}
