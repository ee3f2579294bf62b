//! Values of a chip description by path, as `core.memories.weights.bits`.
//!
//! A figure with source and range (`Constant`) is set by its number alone: it then stands for itself, `low` and `high` included,
//! with basis *assumed*. What was absent is set the same way; `none` makes a figure absent.

use crate::space::Scalar;
use serde_json::{Map, Value, json};
use spikeloom::isa::{Arch, arch::validate::validate};

/// What the source of a figure says that was set by hand.
pub(crate) const SOURCE: &str = "set by path, for exploration";

/// The number at a path; of a figure, its value. `None` if there is none.
pub fn get(chip: &Value, path: &str) -> Option<Value> {
    let mut at = chip;
    for key in path.split('.') {
        at = match at {
            Value::Object(fields) => fields.get(key)?,
            Value::Array(items) => items.get(key.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    Some(match at {
        Value::Object(figure) if is_figure(figure) => figure["value"].clone(),
        other => other.clone(),
    })
}

fn is_figure(fields: &Map<String, Value>) -> bool {
    ["value", "low", "high", "source", "basis"].iter().all(|key| fields.contains_key(*key)) && fields.len() == 5
}

/// The chip with values set by path.
///
/// # Errors
/// The path that does not exist or the value that does not fit, and what would.
pub fn set<'a>(chip: &Arch, values: impl IntoIterator<Item = (&'a str, &'a Scalar)>) -> Result<Arch, String> {
    let mut arch = chip.clone();
    for (path, value) in values {
        arch = set_one(&arch, path, value)?;
    }
    let problems = validate(&arch);
    if problems.is_empty() {
        return Ok(arch);
    }
    let list: Vec<String> = problems.iter().map(|p| format!("{}: {}; {}", p.path, p.message, p.remedy)).collect();
    Err(list.join("\n"))
}

fn set_one(arch: &Arch, path: &str, value: &Scalar) -> Result<Arch, String> {
    let whole = serde_json::to_value(arch).expect("descriptions have a form in JSON");
    let figure = |v: &Value| json!({ "value": v, "low": v, "high": v, "source": SOURCE, "basis": "Assumed" });
    let plain = value.to_json();
    // A field that holds a figure takes one; one that is absent may hold either.
    let mut first_error = None;
    for form in [figure(&plain), plain.clone()] {
        let mut changed = whole.clone();
        *place(&mut changed, path, &arch.name)? = form;
        match serde_path_to_error::deserialize::<_, Arch>(&changed) {
            Ok(arch) => return Ok(arch),
            Err(error) => first_error = Some(error.into_inner().to_string()),
        }
    }
    Err(format!("`{path}`: {} does not fit there: {}", plain, first_error.unwrap_or_default()))
}

fn place<'a>(chip: &'a mut Value, path: &str, name: &str) -> Result<&'a mut Value, String> {
    let mut at = chip;
    let mut walked = String::new();
    for key in path.split('.') {
        let here = if walked.is_empty() { "the description".to_owned() } else { format!("`{walked}`") };
        at = match at {
            Value::Object(fields) if !is_figure(fields) || fields.contains_key(key) => {
                let known: Vec<String> = fields.keys().cloned().collect();
                fields
                    .get_mut(key)
                    .ok_or_else(|| format!("`{path}`: {here} of {name} has no `{key}`; it has {}", known.join(", ")))?
            }
            Value::Array(items) => {
                let n = items.len();
                key.parse::<usize>()
                    .ok()
                    .and_then(|i| items.get_mut(i))
                    .ok_or_else(|| format!("`{path}`: {here} of {name} has {n} entries, numbered from 0"))?
            }
            Value::Null => return Err(format!("`{path}`: {here} is absent in {name}, so nothing in it can be set")),
            _ => return Err(format!("`{path}`: {here} of {name} is a single value; leave out `{key}`")),
        };
        walked = if walked.is_empty() { key.into() } else { format!("{walked}.{key}") };
    }
    Ok(at)
}

/// Every path of a description that can be set, with its present value.
pub fn known_paths(arch: &Arch) -> Vec<(String, Value)> {
    let whole = serde_json::to_value(arch).expect("descriptions have a form in JSON");
    let mut paths = Vec::new();
    walk(&whole, "", &mut paths);
    paths
}

fn walk(at: &Value, path: &str, paths: &mut Vec<(String, Value)>) {
    let join = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match at {
        Value::Object(fields) if is_figure(fields) => paths.push((path.into(), fields["value"].clone())),
        Value::Object(fields) => fields.iter().for_each(|(key, value)| walk(value, &join(key), paths)),
        Value::Array(items) if items.iter().any(Value::is_object) || items.iter().any(Value::is_array) => {
            items.iter().enumerate().for_each(|(i, value)| walk(value, &join(&i.to_string()), paths));
        }
        other => paths.push((path.into(), other.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use spikeloom::isa::arch::{Multicast, preset::preset};

    #[test]
    fn values_are_set_by_path() {
        let chip = preset("loihi1").expect("a preset");
        let changed = set(
            &chip,
            [
                ("core.neurons", &Scalar::Int(256)),
                ("core.lanes", &Scalar::Int(4)),
                ("core.memories.params.bits", &Scalar::Int(65_536)),
                ("mesh.width", &Scalar::Int(16)),
                ("noc.multicast", &Scalar::Text("Rectangle".into())),
                ("core.weight_bits", &Scalar::Text("[4, 8]".into())),
            ],
        )
        .expect("sound");
        assert_eq!(changed.core.neurons.as_ref().map(|n| (n.value, n.low, n.high)), Some((256, 256, 256)));
        assert_eq!((changed.core.lanes, changed.mesh.width), (4, 16));
        assert_eq!(changed.core.memories.params.bits.as_ref().map(|bits| bits.value), Some(65_536));
        assert_eq!(changed.noc.as_ref().map(|noc| noc.multicast), Some(Multicast::Rectangle));
        assert_eq!(changed.core.weight_bits, [4, 8]);
        let back = set(&changed, [("core.neurons", &Scalar::Text("none".into()))]).expect("sound");
        assert_eq!(back.core.neurons, None);
    }

    #[test]
    fn wrong_paths_and_values_are_named() {
        let chip = preset("loihi1").expect("a preset");
        for (path, value, part) in [
            ("core.neuron", Scalar::Int(1), "has no `neuron`; it has"),
            ("core.lanes.value", Scalar::Int(1), "is a single value"),
            ("core.lanes", Scalar::Text("many".into()), "does not fit there"),
            ("core.lanes", Scalar::Int(0), "core.lanes"),
            ("noc.multicast", Scalar::Text("Anycast".into()), "does not fit there"),
        ] {
            let error = set(&chip, [(path, &value)]).expect_err(path);
            assert!(error.contains(part), "{error}");
        }
        let ideal = preset("lemaire_ideal").expect("a preset");
        let error = set(&ideal, [("noc.router", &Scalar::Int(1))]).expect_err("no network");
        assert!(error.contains("is absent in lemaire_ideal"), "{error}");
    }

    #[test]
    fn every_path_can_be_set_to_what_it_is() {
        for (name, _) in spikeloom::isa::arch::preset::PRESETS {
            let chip = preset(name).expect("a preset");
            let whole = serde_json::to_value(&chip).expect("JSON");
            for (path, value) in known_paths(&chip) {
                assert_eq!(get(&whole, &path), Some(value.clone()), "{name} {path}");
                if let Some(scalar) = Scalar::of_json(&value) {
                    let changed =
                        set(&chip, [(path.as_str(), &scalar)]).unwrap_or_else(|e| panic!("{name} {path}: {e}"));
                    assert_eq!(get(&serde_json::to_value(&changed).expect("JSON"), &path), Some(value));
                }
            }
        }
    }
}
