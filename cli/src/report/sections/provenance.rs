//! What a report was made by and from.

use crate::invocation;
use sha2::{Digest as _, Sha256};
use spikeloom::report::{Input, Provenance};

/// Made by the command that was typed, from these.
pub(crate) fn made(seed: Option<u64>, inputs: Vec<Input>) -> Provenance {
    Provenance { spikeloom: env!("CARGO_PKG_VERSION").into(), command: invocation::line(), seed, inputs }
}

/// An input with the digest of its contents, which come in pieces.
pub(crate) fn digest<'a>(what: &str, name: &str, contents: impl IntoIterator<Item = &'a [u8]>) -> Input {
    let mut hash = Sha256::new();
    contents.into_iter().for_each(|piece| hash.update(piece));
    let sha256 = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Input { what: what.into(), name: name.into(), sha256: Some(sha256) }
}
