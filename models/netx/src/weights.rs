//! Weights of a block as integers, and the exponent that they share.

use crate::Problem;

/// Integers of at most 8 bits with a common factor 2^exponent.
pub(crate) struct Weights {
    pub(crate) values: Vec<i32>,
    pub(crate) exponent: i64,
}

/// The whole numbers in `values`; where they pass 8 bits, powers of two that divide all of them are taken out, as lava-dl's
/// `optimize_weight_bits` does for Loihi's synapses.
pub(crate) fn weights(place: &str, values: &[f64]) -> Result<Weights, Problem> {
    let mut whole = integers(place, "weight", values)?;
    let mut exponent = 0;
    while whole.iter().any(|&w| !(-128..128).contains(&w)) && whole.iter().all(|w| w % 2 == 0) {
        for w in &mut whole {
            *w /= 2;
        }
        exponent += 1;
    }
    let values = whole.iter().map(|&w| i32::try_from(w).ok().filter(|w| i16::try_from(*w).is_ok()));
    let values = values.collect::<Option<Vec<i32>>>();
    let values = values.ok_or_else(|| Problem::new(place, "a weight passes 16 bits"))?;
    Ok(Weights { values, exponent })
}

/// Whole numbers: netx files hold the integers of the chip, whatever the type.
pub(crate) fn integers(place: &str, what: &str, values: &[f64]) -> Result<Vec<i64>, Problem> {
    let whole = |&value: &f64| {
        (value.is_finite() && value.fract() == 0.0 && value.abs() < 2f64.powi(40)).then_some(value as i64)
    };
    values.iter().map(whole).collect::<Option<_>>().ok_or_else(|| {
        Problem::new(place, format!("a {what} is no whole number; export the network with quantized weights"))
    })
}
