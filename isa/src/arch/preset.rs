//! The chips that ship with spikeloom, and the reader of chip descriptions.

use super::Arch;

/// Name and RON text of every preset.
pub const PRESETS: &[(&str, &str)] = &[
    ("lemaire_ideal", include_str!("../../presets/lemaire_ideal.ron")),
    ("loihi1", include_str!("../../presets/loihi1.ron")),
];

/// The preset called `name`.
pub fn preset(name: &str) -> Option<Arch> {
    let (name, text) = PRESETS.iter().find(|(n, _)| *n == name)?;
    Some(parse(text).unwrap_or_else(|error| panic!("preset {name} is valid: {error}")))
}

/// Reads a chip description from RON.
pub fn parse(text: &str) -> Result<Arch, ron::error::SpannedError> {
    ron::from_str(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_parses_and_bears_its_name() {
        for (name, _) in PRESETS {
            assert_eq!(preset(name).expect("listed").name, *name);
        }
    }
}
