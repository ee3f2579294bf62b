//! Analytical energy models.

use crate::{
    arrays::Batch,
    errors::{input, raise},
    network::Network,
    watch::Watch,
};
use pyo3::prelude::*;
use spikeloom::{
    analytic::parse,
    energy::analytic::{DirectEncoding, Options, Reading, evaluate},
};

/// Evaluates a model of a network: one whose spikes are measured on samples, or one described in JSON with its spikes.
///
/// `options` are those of the model in JSON, without the reading where none is chosen. Returns where the numbers come from, and the
/// evaluation in JSON.
#[pyfunction]
pub(crate) fn _energy_model(
    py: Python<'_>,
    measured: Option<(PyRef<'_, Network>, PyRef<'_, Batch>)>,
    described: Option<(String, String)>,
    options: &str,
    progress: Option<Py<PyAny>>,
) -> PyResult<(String, String)> {
    let (network, origin, direct) = match (measured, described) {
        (Some((network, batch)), _) => {
            let (model, samples) = (&network.0, batch.samples());
            let mut watch = Watch::new(progress);
            let found = py.detach(|| model.measure_analytic(samples, &mut watch));
            if let Some(error) = watch.raised {
                return Err(error);
            }
            let found = found.map_err(|e| raise(py, e))?;
            (found.network, found.origin, Some(found.direct))
        }
        (None, Some((name, text))) => (parse(&name, &text).map_err(|e| raise(py, e))?, name, None),
        (None, None) => return Err(input(py, "network: is missing")),
    };
    let options = self::options(options, direct).map_err(|e| input(py, format!("options: {e}")))?;
    let evaluation = evaluate(&network, &options).map_err(|e| input(py, format!("{origin}: {e}")))?;
    Ok((origin, serde_json::to_string(&evaluation).expect("evaluations have a form in JSON")))
}

/// The options; where nothing says the reading, measured networks are read exactly and described ones as the paper does.
fn options(text: &str, direct: Option<DirectEncoding>) -> Result<Options, serde_json::Error> {
    let mut json: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text)?;
    let reading = if direct.is_some() { Reading::Exact } else { Reading::Paper };
    json.entry("reading").or_insert(reading.name().into());
    let given = json.contains_key("direct");
    let options: Options = serde_json::from_value(json.into())?;
    Ok(if given { options } else { Options { direct: direct.unwrap_or_default(), ..options } })
}
