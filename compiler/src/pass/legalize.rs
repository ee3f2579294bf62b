//! The one check of whether a chip can express a network, however it is cut: whoever asks whether a network fits, asks here first.
//!
//! | part | asks |
//! |---|---|
//! | [`super::emit::expressible`] | whether a program can hold its shapes, counts and values |
//! | [`super::support`] | whether cores have its convolutions, weights and neurons |
//! | [`super::event_driven`] | whether it needs timesteps that the chip does not have |
//! | [`super::store`] | whether some width of stored weights holds them |

use super::{emit::expressible, event_driven::timeless, store::store, support::supported};
use crate::diagnostics::Diagnostics;
use ir::{Graph, Quantized};
use isa::Arch;

/// Stored width of each projection's weights \[bits\], by projection id.
///
/// # Errors
/// Everything that the chip cannot express.
pub fn legalize(graph: &Graph<Quantized>, arch: &Arch) -> Result<Vec<u32>, Diagnostics> {
    let bits = store(graph, arch);
    let wide = bits.as_ref().map_or_else(|wide| Err(wide.clone()), |_| Ok(()));
    Diagnostics::all([expressible(graph, arch), supported(graph, arch), timeless(graph, arch), wide])?;
    bits
}
