//! What quantization did, layer by layer.

use crate::report::losses::Quantized;
use spikeloom::report::{Section, Table, Value};

/// The section.
pub(crate) fn section(quantized: &Quantized) -> Section {
    let share =
        |part: usize, of: usize| if of == 0 { Value::Missing } else { (100.0 * part as f64 / of as f64).into() };
    let rows = quantized.layers.iter().map(|l| {
        vec![
            l.name.as_str().into(),
            l.weights.into(),
            share(l.zeroed_weights, l.weights),
            l.clipped_weights.into(),
            (100.0 * l.weight_error).into(),
            (100.0 * l.threshold_error).into(),
            (100.0 * l.bias_error).into(),
            l.narrowed_channels.into(),
            l.state_bits.into(),
        ]
    });
    let table = Table::new("quantization", "what quantization did to every layer")
        .column("layer", "layer", "")
        .column("weights", "weights that are not 0", "")
        .column("zeroed", "of these now 0", "%")
        .column("clipped", "clipped weights", "")
        .column("weight_error", "weights off by at most, of a threshold", "%")
        .column("threshold_error", "thresholds off by at most", "%")
        .column("bias_error", "biases off by at most", "%")
        .column("narrowed", "channels made coarser", "")
        .column("state_bits", "bits that potentials may need", "")
        .rows(rows);
    Section::new("quantization", "Quantization")
        .quantity("weight_bits", "bits of a weight", quantized.weight_bits, "")
        .quantity("state_bits", "bits of a potential", quantized.state_bits, "")
        .table(table)
        .note(quantized.line())
}
