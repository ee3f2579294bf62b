//! How a chip is made, and which of it stays powered: what area, leakage and prices by component follow from.

use super::{Basis, Constant};
use serde::{Deserialize, Serialize};

/// The process, its operating point, and what a core has beside what is described.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Technology {
    /// Process node \[nm\], 7 to 130.
    pub node_nm: Constant,
    /// Supply voltage \[mV\] at which one issue of synaptic operations takes `issue_ps`.
    pub millivolts: Constant,
    /// Time of one issue of synaptic operations at that voltage \[ps\]; absent = the described time, whatever it is. A chip
    /// described as faster than this runs at a higher voltage, one described as slower at a lower one.
    #[serde(default)]
    pub issue_ps: Option<Constant>,
    /// Static power of one square millimetre \[µW\]; absent = that of memory between low-standby and low-operating power.
    #[serde(default)]
    pub leakage_uw_per_mm2: Option<Constant>,
    /// Logic of a core beside its lanes and memories \[µm²\]; absent = between those of published cores.
    #[serde(default)]
    pub core_logic_um2: Option<Constant>,
}

/// What draws static power while a network runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StaticPower {
    /// Which parts stay powered.
    pub powered: Powered,
    /// Author, year, section; or why it is assumed.
    pub source: String,
    /// How this is known.
    pub basis: Basis,
}

/// Which parts of the chips in use stay powered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Powered {
    /// Every core of every chip in use.
    WholeChip,
    /// The cores in use; the others draw nothing.
    UsedCores,
    /// The cores in use; the others are gated and draw this share of what they would \[%\].
    Gated {
        /// What a gated core still draws \[%\].
        residual_percent: u32,
    },
}

impl Powered {
    /// The share of the static power of `all` cores that is drawn with `used` of them in use.
    pub fn share(self, used: u64, all: u64) -> f64 {
        let in_use = used as f64 / all.max(1) as f64;
        match self {
            Self::WholeChip => 1.0,
            Self::UsedCores => in_use,
            Self::Gated { residual_percent } => in_use + (1.0 - in_use) * f64::from(residual_percent) / 100.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::float_cmp, reason = "quarters are exact")]
    fn unused_cores_draw_what_the_policy_leaves_them() {
        let share = |powered: Powered| powered.share(32, 128);
        assert_eq!(share(Powered::WholeChip), 1.0);
        assert_eq!(share(Powered::UsedCores), 0.25);
        assert_eq!(share(Powered::Gated { residual_percent: 0 }), 0.25);
        assert_eq!(share(Powered::Gated { residual_percent: 100 }), 1.0);
        assert_eq!(share(Powered::Gated { residual_percent: 50 }), 0.625);
    }
}
