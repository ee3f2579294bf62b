//! Memory that may be allocated, and what has been claimed of it.
//!
//! Sizes that come from files are computed here, in checked arithmetic, before anything of that size is allocated: `Π factors`
//! bytes are claimed, or refused with the name of what asks for them. A claim is an estimate of the large parts, not an account
//! of every byte.
//!
//! A process has one limit, that of [`Budget::process`]: the program sets it when it starts ([`set_limit`]), and readers that are
//! handed no budget of their own hold what they read to it.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use thiserror::Error;

/// The limit of a process that sets none \[bytes\].
const UNSET: u64 = 8 << 30;

static LIMIT: AtomicU64 = AtomicU64::new(UNSET);

/// Sets the limit of [`Budget::process`] \[bytes\].
pub fn set_limit(bytes: u64) {
    LIMIT.store(bytes, Ordering::Relaxed);
}

/// Memory that may be allocated \[bytes\].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    limit: u64,
    claimed: u64,
}

/// More memory than may be allocated.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct TooLarge {
    /// What asks for it: a field of a description, a file, an option.
    pub what: String,
    /// How much it asks for \[bytes\].
    pub needed: u128,
    /// What is left.
    pub left: u64,
    /// What may be allocated altogether.
    pub limit: u64,
}

impl Budget {
    /// At most `limit` bytes.
    pub const fn bytes(limit: u64) -> Self {
        Self { limit, claimed: 0 }
    }

    /// At most what this process may allocate.
    pub fn process() -> Self {
        Self::bytes(LIMIT.load(Ordering::Relaxed))
    }

    /// What may still be allocated \[bytes\].
    pub const fn left(&self) -> u64 {
        self.limit - self.claimed
    }

    /// Claims the product of `factors` bytes for `what`.
    ///
    /// # Errors
    /// If that is more than is left.
    pub fn claim(&mut self, what: &str, factors: &[u64]) -> Result<(), TooLarge> {
        let needed = factors.iter().try_fold(1_u128, |product, &factor| product.checked_mul(factor.into()));
        let needed = if factors.contains(&0) { 0 } else { needed.unwrap_or(u128::MAX) };
        let left = self.left();
        match u64::try_from(needed) {
            Ok(bytes) if bytes <= left => {
                self.claimed += bytes;
                Ok(())
            }
            _ => Err(TooLarge { what: what.into(), needed, left, limit: self.limit }),
        }
    }
}

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (needed, left, limit) = (size(self.needed), size(self.left.into()), size(self.limit.into()));
        let left = if self.left == self.limit { String::new() } else { format!(", of which {left} are left") };
        write!(
            f,
            "{}: needs {needed} of memory; at most {limit} may be used{left}. Make it smaller, or allow more memory",
            self.what
        )
    }
}

/// Bytes in the largest unit of which there is at least one.
fn size(bytes: u128) -> String {
    if bytes == u128::MAX {
        return "more than can be counted".into();
    }
    let units = [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")];
    match units.into_iter().find(|&(shift, _)| bytes >> shift > 0) {
        Some((shift, unit)) => {
            let tenths = bytes.saturating_mul(10) >> shift;
            format!("{}.{} {unit}", tenths / 10, tenths % 10)
        }
        None => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_add_up_to_the_limit() {
        let mut budget = Budget::bytes(1 << 20);
        budget.claim("a", &[1 << 10, 512]).expect("half of it");
        assert_eq!(budget.left(), 1 << 19);
        let error = budget.claim("`noc.buffer_flits`", &[1 << 19, 3]).expect_err("thrice what is left");
        assert_eq!(
            error.to_string(),
            "`noc.buffer_flits`: needs 1.5 MiB of memory; at most 1.0 MiB may be used, of which 512.0 KiB are left. Make it \
             smaller, or allow more memory"
        );
        budget.claim("b", &[1 << 19]).expect("a refused claim takes nothing");
        assert_eq!(budget.left(), 0);
        budget.claim("nothing", &[u64::MAX, u64::MAX, u64::MAX, 0]).expect("0 bytes");
    }

    #[test]
    fn products_do_not_wrap() {
        let error = Budget::bytes(100).claim("x", &[1 << 32, 1 << 32]).expect_err("2^64 bytes");
        assert_eq!(error.needed, 1 << 64);
        let error = Budget::bytes(100).claim("x", &[u64::MAX; 3]).expect_err("nearly 2^192 bytes");
        assert_eq!(
            error.to_string(),
            "x: needs more than can be counted of memory; at most 100 bytes may be used. Make it smaller, or allow more memory"
        );
    }
}
