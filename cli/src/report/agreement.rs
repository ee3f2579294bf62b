//! Agreement with the reference interpreter and with the float network.

use spikeloom::Verification;

/// Its lines of the report.
pub(crate) fn text(found: &Verification) -> String {
    let n = found.samples;
    let mut out = format!(
        "verified     {} of {n} images: class and number of spikes equal the reference interpreter's\n",
        found.equal
    );
    if let Some(float) = found.float {
        let percent = |k: usize| 100.0 * k as f64 / n as f64;
        let right = float.correct;
        out += &format!(
            "float        {:.2} %  ({right}/{n}); quantization changes {} decisions, accuracy by {:+.2} points\n",
            percent(right),
            float.changed,
            percent(float.run_correct) - percent(right)
        );
    }
    out
}
