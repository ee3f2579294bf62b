//! A setting of every layer: one value for all, or a list.

use serde::{Deserialize, Serialize};

/// One whole number for all layers, or one per layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a whole number, or a list with one per layer")]
pub enum PerLayer {
    /// The same for all.
    All(usize),
    /// One per layer, input side first.
    Each(Vec<usize>),
}

impl PerLayer {
    /// The value of layer `l`. Panics if the list is shorter; `Config::check` sees to it that it is not.
    #[must_use]
    pub fn at(&self, l: usize) -> usize {
        match self {
            Self::All(value) => *value,
            Self::Each(values) => values[l],
        }
    }

    /// Whether `layers` layers have a value each, all of them in `range`; if not, why.
    pub(super) fn check(
        &self,
        name: &str,
        layers: usize,
        range: std::ops::RangeInclusive<usize>,
    ) -> Result<(), String> {
        let values = match self {
            Self::All(value) => std::slice::from_ref(value),
            Self::Each(values) if values.len() == layers => values,
            Self::Each(values) => {
                return Err(format!(
                    "{name} has {} entries for {layers} layers; give one for all, or one per layer",
                    values.len()
                ));
            }
        };
        match values.iter().find(|value| !range.contains(value)) {
            Some(value) => Err(format!("{name} holds {value}; give {} to {}", range.start(), range.end())),
            None => Ok(()),
        }
    }
}
