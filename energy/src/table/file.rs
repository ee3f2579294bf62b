//! A table as its file has it: what it lists, and what of the other actions follows from that.

use super::{Entry, Scope, StaticPower, Table};
use isa::Action;
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, Visitor},
};
use std::{collections::BTreeMap, fmt};

/// A table as its file has it.
#[derive(Deserialize)]
#[serde(rename = "Table", deny_unknown_fields)]
pub(super) struct TableText {
    version: u32,
    name: String,
    doc: String,
    node: String,
    voltage: Option<f64>,
    scope: Scope,
    #[serde(default)]
    measured_on: Option<String>,
    #[serde(deserialize_with = "each_once")]
    actions: BTreeMap<Action, Entry>,
    /// What holds of every action that is not listed.
    #[serde(default)]
    others: Option<Entry>,
    static_power: StaticPower,
}

impl From<TableText> for Table {
    fn from(text: TableText) -> Self {
        let listed = text.actions;
        let mut actions = listed.clone();
        for &action in Action::ALL {
            let entry = || text.others.clone().or_else(|| within(action, &listed));
            if let (false, Some(entry)) = (listed.contains_key(&action), entry()) {
                actions.insert(action, entry);
            }
        }
        Self {
            version: text.version,
            name: text.name,
            doc: text.doc,
            node: text.node,
            voltage: text.voltage,
            scope: text.scope,
            measured_on: text.measured_on,
            actions,
            static_power: text.static_power,
        }
    }
}

/// The entry of an action that is not listed, if all that contain it are priced.
fn within(action: Action, listed: &BTreeMap<Action, Entry>) -> Option<Entry> {
    let containers = action.within();
    let priced = |a: &Action| matches!(listed.get(a), Some(Entry::Energy { .. } | Entry::Sram { .. }));
    let names = || containers.iter().map(|a| a.name()).collect::<Vec<_>>().join(", ");
    (!containers.is_empty() && containers.iter().all(priced)).then(|| Entry::Included { reason: names() })
}

/// A map in which every action stands once.
fn each_once<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<Action, Entry>, D::Error> {
    struct Entries;
    impl<'de> Visitor<'de> for Entries {
        type Value = BTreeMap<Action, Entry>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a map of actions to entries")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut entries = BTreeMap::new();
            while let Some((action, entry)) = map.next_entry::<Action, Entry>()? {
                if entries.insert(action, entry).is_some() {
                    let twice = format!("`{}` has two entries; which one holds? Keep one", action.name());
                    return Err(A::Error::custom(twice));
                }
            }
            Ok(entries)
        }
    }
    deserializer.deserialize_map(Entries)
}
