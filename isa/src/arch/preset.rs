//! The chips that ship with spikeloom.

use super::Arch;
pub use super::parse::{ArchError, Fault, parse};

macro_rules! presets {
    ($($name:literal),+ $(,)?) => {
        /// Name and RON text of every preset.
        pub const PRESETS: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../presets/", $name, ".ron")))),+];
    };
}

presets!("darwin3_like", "lemaire_ideal", "loihi1", "loihi2", "seneca_like", "speck2", "speck_scaled", "truenorth",);

/// The preset called `name`.
pub fn preset(name: &str) -> Option<Arch> {
    let (name, text) = PRESETS.iter().find(|(n, _)| *n == name)?;
    Some(parse(text, name).unwrap_or_else(|error| panic!("preset {name} is valid: {error}")))
}

#[cfg(test)]
mod tests;
