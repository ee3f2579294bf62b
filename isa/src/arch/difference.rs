//! Where two chip descriptions differ, figure by figure. A description that kept the name of a preset and changed a
//! size is another chip, whatever it is called.
//!
//! Compared are the figures used: names, texts, sources and ranges do not make another chip.

use super::{Arch, preset::preset};
use serde_json::Value;
use std::fmt;

/// A figure that two descriptions state differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Field path, such as `core.memories.weights.bits`.
    pub path: String,
    /// What the first description states.
    pub here: String,
    /// What the second one states.
    pub there: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}, not {}", self.path, self.here, self.there)
    }
}

/// Every figure that `here` and `there` state differently, in the order of the format.
///
/// # Panics
/// Never: every description can be written as a tree of values.
pub fn differences(here: &Arch, there: &Arch) -> Vec<Difference> {
    let tree = |arch| serde_json::to_value(arch).expect("a description is a tree of values");
    let mut found = Vec::new();
    compare(&tree(here), &tree(there), "", &mut found);
    found
}

/// Where a description differs from the preset whose name it bears; empty if no preset is called so.
pub fn from_namesake(arch: &Arch) -> Vec<Difference> {
    preset(&arch.name).map_or_else(Vec::new, |namesake| differences(arch, &namesake))
}

/// Fields that say where a figure comes from or what a chip is called.
const NOT_FIGURES: [&str; 6] = ["name", "doc", "source", "basis", "low", "high"];

fn compare(here: &Value, there: &Value, path: &str, found: &mut Vec<Difference>) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match (here, there) {
        (Value::Object(a), Value::Object(b)) if a.contains_key("value") && b.contains_key("value") => {
            compare(&a["value"], &b["value"], path, found);
        }
        (Value::Object(a), Value::Object(b)) => {
            let keys = a.keys().chain(b.keys().filter(|key| !a.contains_key(*key)));
            for key in keys.filter(|key| !NOT_FIGURES.contains(&key.as_str())) {
                let side = |tree: &serde_json::Map<String, Value>| tree.get(key).cloned().unwrap_or_default();
                compare(&side(a), &side(b), &below(key), found);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (i, (a, b)) in a.iter().zip(b).enumerate() {
                compare(a, b, &below(&i.to_string()), found);
            }
        }
        _ if here == there => {}
        _ => found.push(Difference { path: path.to_owned(), here: shown(here), there: shown(there) }),
    }
}

/// A figure as a reader of the description would write it.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "absent".into(),
        Value::String(text) => text.clone(),
        Value::Object(fields) if fields.contains_key("value") => fields["value"].to_string(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_that_kept_its_name_is_told_from_the_preset() {
        let original = preset("loihi1").expect("a preset");
        assert_eq!(from_namesake(&original), []);
        let mut copy = original.clone();
        copy.core.memories.weights.bits.as_mut().expect("limited").value = 1 << 26;
        copy.core.lanes = 4;
        copy.noc = None;
        let shown: Vec<String> = from_namesake(&copy).iter().map(ToString::to_string).collect();
        assert!(shown.contains(&"core.memories.weights.bits is 67108864, not 1048576".to_owned()), "{shown:?}");
        assert!(shown.contains(&"core.lanes is 4, not 1".to_owned()), "{shown:?}");
        assert!(shown.iter().any(|line| line.starts_with("noc is absent")), "{shown:?}");
        assert_eq!(shown.len(), 3, "{shown:?}");
    }

    #[test]
    fn texts_and_ranges_make_no_other_chip() {
        let original = preset("loihi1").expect("a preset");
        let mut copy = original.clone();
        copy.doc = "mine".into();
        copy.tick_ps.source = "mine".into();
        copy.tick_ps.high += 1;
        assert_eq!(from_namesake(&copy), []);
        copy.name = "mine".into();
        copy.core.lanes = 7;
        assert_eq!(from_namesake(&copy), [], "no preset bears this name");
    }
}
