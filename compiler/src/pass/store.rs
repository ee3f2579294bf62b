//! Chooses the width at which each projection's weights are stored: the narrowest that the core offers and that holds
//! them all.

use crate::diagnostics::{Diagnostic, Diagnostics, Limit};
use ir::{Graph, Quantized};
use isa::Arch;

/// Stored width of each projection's weights \[bits\], by projection id.
///
/// # Errors
/// Names every projection whose weights are wider than the core stores.
pub fn store(graph: &Graph<Quantized>, arch: &Arch) -> Result<Vec<u32>, Diagnostics> {
    let mut misfits = Vec::new();
    let widths = &arch.core.weight_bits;
    let bits = graph
        .projections()
        .map(|(id, projection)| {
            let needed = stored_bits(&projection.weights);
            widths.iter().copied().find(|&width| width >= needed).unwrap_or_else(|| {
                let widest = widths.iter().copied().max().unwrap_or(0);
                misfits.push(Diagnostic {
                    entity: format!("{id} `{}` → `{}`", name(graph, id).0, name(graph, id).1),
                    message: format!("its weights take {needed} bits, {} stores at most {widest}", arch.name),
                    limit: Some(Limit {
                        resource: "weight width [bits]".into(),
                        used: u64::from(needed),
                        max: u64::from(widest),
                    }),
                    remedy: format!("quantize to {widest} bits"),
                });
                needed
            })
        })
        .collect();
    if misfits.is_empty() { Ok(bits) } else { Err(Diagnostics(misfits)) }
}

/// Narrowest width that holds all weights: a single bit holds −1 and 1 ([`isa::weight_fits`]), but not 0.
fn stored_bits(weights: &[i32]) -> u32 {
    if weights.iter().all(|w| w.abs() == 1) {
        return 1;
    }
    weights.iter().map(|&w| signed_bits(i64::from(w))).max().unwrap_or(1).max(2)
}

/// Width of a two's complement number that holds `value`.
pub(crate) fn signed_bits(value: i64) -> u32 {
    65 - if value < 0 { (!value).leading_zeros() } else { value.leading_zeros() }
}

fn name(graph: &Graph<Quantized>, id: ir::ProjectionId) -> (&str, &str) {
    let (pre, post) = graph.ends(id);
    (&graph.population(pre).name, &graph.population(post).name)
}

#[cfg(test)]
mod tests {
    use super::{signed_bits, stored_bits};

    #[test]
    fn widths_at_the_powers_of_two() {
        let widths = [0, -1, 1, -2, 127, 128, -128, -129].map(signed_bits);
        assert_eq!(widths, [1, 1, 2, 2, 8, 9, 8, 9]);
    }

    #[test]
    fn stored_widths_hold_the_weights() {
        let cases: [(&[i32], u32); 6] =
            [(&[1, -1], 1), (&[], 1), (&[0], 2), (&[-1, 0], 2), (&[127], 8), (&[-129, 1], 9)];
        for (weights, bits) in cases {
            assert_eq!(stored_bits(weights), bits, "{weights:?}");
            assert!(weights.iter().all(|&w| isa::weight_fits(bits, i64::from(w))), "{weights:?}");
        }
    }
}
