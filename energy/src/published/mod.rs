//! Published energy tables, re-derived.
//!
//! A printed cell is worth what can be recomputed from it. For every cell this module gives the printed value, the value
//! computed from a described geometry under a stated assumption, the value under the model the table cites, and a verdict
//! that follows from the two: nothing is typed in but what was printed.

mod networks;
mod table2;

use serde::Serialize;

use crate::analytic::Network;

pub use table2::{claims, table2};

/// A row: one network of a published table.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// The name printed.
    pub name: &'static str,
    /// The network as its authors describe it.
    pub network: Network,
    /// What `network` rests on where its authors are silent.
    pub note: &'static str,
    /// Parameters, memory, compute, total.
    pub cells: Vec<Cell>,
}

impl Row {
    /// The cell of a quantity.
    pub fn cell(&self, quantity: Quantity) -> &Cell {
        self.cells.iter().find(|cell| cell.quantity == quantity).expect("every row has a cell for each quantity")
    }

    /// Puts a value measured by simulation beside the printed one, in the unit of the cell.
    pub fn set_simulated(&mut self, quantity: Quantity, value: f64) {
        for cell in self.cells.iter_mut().filter(|cell| cell.quantity == quantity) {
            cell.simulated = Some(value);
        }
    }
}

/// What a cell states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// Number of parameters.
    Parameters,
    /// Energy of memory accesses \[mJ\].
    Memory,
    /// Energy of computation \[mJ\].
    Compute,
    /// Energy in all \[mJ\].
    Total,
}

impl Quantity {
    /// Every quantity, in the order of a row.
    pub const ALL: [Self; 4] = [Self::Parameters, Self::Memory, Self::Compute, Self::Total];

    /// Decimals printed.
    pub fn decimals(self) -> i32 {
        match self {
            Self::Parameters => 0,
            Self::Memory | Self::Compute | Self::Total => 3,
        }
    }
}

/// One printed cell and what can be said about it.
#[derive(Clone, Debug, Serialize)]
pub struct Cell {
    /// What it states.
    pub quantity: Quantity,
    /// The printed value.
    pub printed: f64,
    /// Assumptions and the values they give; the simplest first.
    pub derivations: Vec<Derivation>,
    /// The same network under the model the table cites.
    pub cited: Option<Cited>,
    /// What is missing where no assumption gives the cell.
    pub remainder: Option<Remainder>,
    /// The value measured by simulating the network; filled by the caller.
    pub simulated: Option<f64>,
    /// What follows.
    pub verdict: Verdict,
}

impl Cell {
    /// First derivation minus printed value.
    pub fn residual(&self) -> Option<f64> {
        Some(self.derivations.first()?.value - self.printed)
    }

    /// The same after rounding to the printed digits.
    pub fn residual_printed(&self) -> Option<f64> {
        let digits = self.quantity.decimals();
        Some(round_to(self.derivations.first()?.value, digits) - self.printed)
    }
}

/// A value computed under a stated assumption.
#[derive(Clone, Debug, Serialize)]
pub struct Derivation {
    /// The assumption, in words.
    pub assumption: String,
    /// What it gives.
    pub value: f64,
    /// Whether the assumption needs a network other than the row's.
    pub other_geometry: bool,
}

/// Energy under the cited model, Lemaire et al. 2022, in two readings of its memory line \[mJ\].
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Cited {
    /// Reading `qualia` with its unbounded least-squares line.
    pub qualia_line: f64,
    /// Reading `paper` with the clamped piecewise line.
    pub clamped: f64,
}

/// Why a cell is not derivable: what an assumption explains, and what would still have to be found.
#[derive(Clone, Debug, Serialize)]
pub struct Remainder {
    /// The part explained.
    pub assumption: String,
    /// Its value \[mJ\].
    pub value: f64,
    /// Memory accesses left over for any value that rounds to the printed one: lowest, highest.
    pub missing_accesses: [f64; 2],
}

/// Whether a printed cell can be recomputed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// To the printed digit, from the row's own network.
    Reproduced,
    /// To the printed digit, but only from a network that is not the row's.
    ReproducedUnderWrongGeometry,
    /// No stated or plain assumption gives it.
    NotDerivable,
}

impl Verdict {
    fn of(quantity: Quantity, printed: f64, derivations: &[Derivation]) -> Self {
        let tolerance = 0.01 * 10_f64.powi(-quantity.decimals());
        let meets = |d: &&Derivation| (round_to(d.value, quantity.decimals()) - printed).abs() < tolerance;
        let meeting: Vec<&Derivation> = derivations.iter().filter(meets).collect();
        if meeting.is_empty() {
            Self::NotDerivable
        } else if meeting.iter().all(|d| d.other_geometry) {
            Self::ReproducedUnderWrongGeometry
        } else {
            Self::Reproduced
        }
    }
}

/// A ratio that the paper's text states beside the one its table's cells give.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Claim {
    /// What is compared.
    pub what: &'static str,
    /// As the text states it \[%\].
    pub stated_percent: f64,
    /// From the printed cells \[%\].
    pub cells_percent: f64,
}

impl Claim {
    /// Whether the cells give the stated figure to its last digit.
    pub fn holds(&self) -> bool {
        let digits = i32::from(self.stated_percent.fract() != 0.0);
        (round_to(self.cells_percent, digits) - self.stated_percent).abs() < 1e-9
    }
}

fn round_to(value: f64, decimals: i32) -> f64 {
    let scale = 10_f64.powi(decimals);
    (value * scale).round() / scale
}
