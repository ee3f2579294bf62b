//! What a report was made by and from.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a report was made by and from. There is no date: the same inputs give the same bytes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// Version of spikeloom.
    pub spikeloom: String,
    /// The command that makes it again, as typed in a shell.
    pub command: String,
    /// Seed, where something is drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// What went in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<Input>,
}

/// Something that went in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// What it is: network, chip, program, samples, price table.
    pub what: String,
    /// What it is called.
    pub name: String,
    /// SHA-256 of its contents, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}
