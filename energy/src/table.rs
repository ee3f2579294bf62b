//! Component energy tables: what one counted action costs on a chip, with range, source and basis.
//!
//! A table says something about every action it is used with: a price, or that the action is contained in another price,
//! or that nothing is published (the result is then a lower bound and says so). A file lists what it prices, and what it says otherwise than
//! the vocabulary does: of an action that it does not list holds its entry `others` if it has one, else that the action is included in
//! the actions that contain it ([`Action::within`]) if the file prices them all. What then is left is an error when it was counted. Figures measured over a whole chip ("all-in") price synaptic operations alone and refuse
//! further terms.

use std::collections::BTreeMap;

use isa::Action;
use isa::arch::Basis;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::sram::SramLine;
use crate::units::Energy;
use file::TableText;

mod file;
mod projection;

/// The version of the table format.
pub const VERSION: u32 = 1;

/// A component energy table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "TableText")]
pub struct Table {
    /// Format version, [`VERSION`].
    pub version: u32,
    /// Name, as in `--table NAME`.
    pub name: String,
    /// What the table describes and what it leaves out.
    pub doc: String,
    /// Process node, for example "14 nm".
    pub node: String,
    /// Supply voltage \[V\], if stated by the source.
    pub voltage: Option<f64>,
    /// What a price covers.
    pub scope: Scope,
    /// The preset of the chip that the figures come from; `None` = no chip in particular.
    pub measured_on: Option<String>,
    /// One entry per action; those that a file does not list are there as they follow from what it lists.
    pub actions: BTreeMap<Action, Entry>,
    /// Power drawn regardless of activity.
    pub static_power: StaticPower,
}

/// What a price covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Scope {
    /// One action; prices add up.
    Term,
    /// Chip energy per synaptic operation at one operating point, static power included. Nothing may be added to it.
    AllIn,
}

/// What a table says about an action.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Entry {
    /// A fixed energy per action \[pJ\].
    Energy {
        /// The value used.
        value: f64,
        /// Lowest plausible value.
        low: f64,
        /// Highest plausible value.
        high: f64,
        /// Author, year, table or section.
        source: String,
        /// How the figure was obtained.
        basis: Basis,
    },
    /// An access to a memory whose size the caller states.
    Sram {
        /// The memory.
        store: Store,
        /// The line used.
        line: SramLine,
        /// Other lines; the range spans all of them.
        range: Vec<SramLine>,
        /// Arithmetic on the datum, added to the access \[pJ\].
        #[serde(default)]
        plus: f64,
        /// Author, year, section.
        source: String,
        /// How the figure was obtained.
        basis: Basis,
    },
    /// The action costs nothing of its own.
    Included {
        /// The price that contains it, or why the model charges nothing.
        reason: String,
    },
    /// Nothing is published: the action is left out of the sum, and the sum is a lower bound.
    NotPublished {
        /// What is missing.
        reason: String,
    },
}

/// A memory of a core (or of a layer, on the ideal machine).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Store {
    /// Synaptic weights.
    Weights,
    /// Membrane potentials.
    State,
    /// Thresholds and biases.
    Params,
    /// Axon table.
    Axons,
    /// Route table.
    Routes,
    /// Input event queue.
    Queue,
    /// Instructions.
    Code,
}

/// Power drawn regardless of activity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum StaticPower {
    /// A known power \[W\].
    Power {
        /// What draws it.
        per: Per,
        /// The value used.
        value: f64,
        /// Lowest plausible value.
        low: f64,
        /// Highest plausible value.
        high: f64,
        /// Author, year, table or section.
        source: String,
        /// How the figure was obtained.
        basis: Basis,
    },
    /// Contained in the prices.
    Included {
        /// How.
        reason: String,
    },
    /// Nothing is published.
    NotPublished {
        /// What is missing.
        reason: String,
    },
}

/// What draws static power.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Per {
    /// Each core in use.
    Core,
    /// Each chip in use.
    Chip,
}

/// Why a table is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TableError {
    /// The text is not a table.
    #[error("energy table: {0}")]
    Syntax(String),
    /// The table contradicts itself.
    #[error("energy table `{table}`: {}", problems.join("; "))]
    Invalid {
        /// The table's name.
        table: String,
        /// Everything wrong with it.
        problems: Vec<String>,
    },
}

macro_rules! presets {
    ($($name:literal),* $(,)?) => {
        /// Tables shipped with the crate: (name, RON text).
        pub const PRESETS: &[(&str, &str)] = &[$(($name, include_str!(concat!("../tables/", $name, ".ron")))),*];
    };
}

presets!(
    "lemaire_ideal",
    "loihi1",
    "loihi1_silicon_fit",
    "loihi2",
    "truenorth",
    "truenorth_all_in",
    "speck2",
    "seneca_like",
    "darwin3_like",
);

impl Table {
    /// Reads and checks a table.
    ///
    /// # Errors
    /// If the text is not a table, or if the table contradicts itself; every contradiction is listed.
    pub fn from_ron(text: &str) -> Result<Self, TableError> {
        let table: Self = ron::from_str(text).map_err(|error| TableError::Syntax(error.to_string()))?;
        table.check()?;
        Ok(table)
    }

    /// The shipped table of this name; [`PRESETS`] lists them.
    pub fn preset(name: &str) -> Option<Self> {
        let (_, text) = PRESETS.iter().find(|(preset, _)| *preset == name)?;
        Some(Self::from_ron(text).expect("shipped tables are checked by a test"))
    }

    /// A table that prices every action alike, without range.
    pub fn uniform(pj: f64) -> Self {
        let entry = Entry::Energy { value: pj, low: pj, high: pj, source: "uniform".into(), basis: Basis::Assumed };
        Self {
            version: VERSION,
            name: format!("uniform {pj} pJ"),
            doc: "Every action costs the same.".into(),
            node: "none".into(),
            voltage: None,
            scope: Scope::Term,
            measured_on: None,
            actions: Action::ALL.iter().map(|&action| (action, entry.clone())).collect(),
            static_power: StaticPower::Included { reason: "uniform".into() },
        }
    }

    /// Everything wrong with the table.
    ///
    /// # Errors
    /// If the version is unknown, a range does not hold its value, a source or reason is empty, or an all-in table prices
    /// anything but synaptic operations.
    pub fn check(&self) -> Result<(), TableError> {
        let mut problems = Vec::new();
        if self.version != VERSION {
            problems.push(format!("version {} is unknown; this program reads version {VERSION}", self.version));
        }
        for (action, entry) in &self.actions {
            problems.extend(entry.problem().map(|problem| format!("`{}` {problem}", action.name())));
            let priced = matches!(entry, Entry::Energy { .. } | Entry::Sram { .. });
            let synaptic = matches!(action, Action::SynapticAdd | Action::SynapticMac);
            if self.scope == Scope::AllIn && priced && !synaptic {
                let remedy = "an all-in price contains it; make it `Included`";
                problems.push(format!("`{}` is priced: {remedy}", action.name()));
            }
        }
        match &self.static_power {
            StaticPower::Power { value, low, high, source, .. } => {
                problems.extend(figure_problem(*value, *low, *high, source).map(|p| format!("static power {p}")));
                if self.scope == Scope::AllIn {
                    problems.push("static power is priced: an all-in price contains it; make it `Included`".into());
                }
            }
            StaticPower::Included { reason } | StaticPower::NotPublished { reason } if reason.is_empty() => {
                problems.push("static power has no reason".into());
            }
            StaticPower::Included { .. } | StaticPower::NotPublished { .. } => {}
        }
        if problems.is_empty() { Ok(()) } else { Err(TableError::Invalid { table: self.name.clone(), problems }) }
    }
}

impl Entry {
    fn problem(&self) -> Option<String> {
        match self {
            Self::Energy { value, low, high, source, .. } => figure_problem(*value, *low, *high, source),
            Self::Sram { plus, .. } if !(0.0..=MOST).contains(plus) => {
                Some(format!("needs a `plus` of at least 0 pJ and at most {MOST:e}, has {plus}"))
            }
            Self::Sram { source, .. } => source.is_empty().then(|| "has no source".into()),
            Self::Included { reason } | Self::NotPublished { reason } => {
                reason.is_empty().then(|| "has no reason".into())
            }
        }
    }

    /// The energy of one action \[pJ\], given the words and bits of the memory it accesses; `None` if it has no price.
    pub fn energy(&self, memory: impl Fn(Store) -> Option<(u64, u32)>) -> Result<Option<Energy>, Store> {
        match self {
            Self::Energy { value, low, high, .. } => Ok(Some(Energy { value: *value, low: *low, high: *high })),
            Self::Sram { store, line, range, plus, .. } => {
                let (words, bits) = memory(*store).ok_or(*store)?;
                let value = line.access_pj(words as f64, bits) + plus;
                let all = || range.iter().map(|line| line.access_pj(words as f64, bits) + plus);
                Ok(Some(Energy { value, low: all().fold(value, f64::min), high: all().fold(value, f64::max) }))
            }
            Self::Included { .. } | Self::NotPublished { .. } => Ok(None),
        }
    }
}

/// The largest figure \[pJ, or pW\]: a kilojoule, from which sums over any counts are still numbers.
const MOST: f64 = 1e15;

fn figure_problem(value: f64, low: f64, high: f64, source: &str) -> Option<String> {
    if !(0.0 <= low && low <= value && value <= high && high <= MOST) {
        Some(format!("needs 0 ≤ low ≤ value ≤ high ≤ {MOST:e}, has {low}, {value}, {high}"))
    } else if source.is_empty() {
        Some("has no source".into())
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_table_is_valid_and_speaks_of_every_action() {
        for (name, text) in PRESETS {
            let table = Table::from_ron(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(table.name, *name);
            let silent: Vec<_> = Action::ALL.iter().filter(|a| !table.actions.contains_key(a)).collect();
            assert!(silent.is_empty(), "{name} says nothing of {silent:?}");
        }
    }

    #[test]
    fn what_a_file_does_not_list_follows_from_what_it_lists() {
        let file = |actions: &str, others: &str| {
            format!(
                "Table(version: 1, name: \"x\", doc: \"x\", node: \"x\", voltage: None, scope: Term, actions: {{{actions}}}, {others}\
                 static_power: Included(reason: \"x\"))"
            )
        };
        let price = |name: &str| format!("{name}: Energy(value: 1, low: 1, high: 1, source: \"x\", basis: Measured),");
        let table = Table::from_ron(&file(&(price("neuron_idle") + &price("synaptic_add")), "")).expect("a table");
        assert_eq!(table.actions[&Action::WeightRead], Entry::Included { reason: "synaptic_add".into() });
        // Only one of the two updates is priced, so the reading of a threshold is in neither.
        assert!(!table.actions.contains_key(&Action::ParamRead) && !table.actions.contains_key(&Action::Barrier));
        let others = "others: Some(NotPublished(reason: \"a guess\")), ";
        let table = Table::from_ron(&file(&price("synaptic_add"), others)).expect("a table");
        assert_eq!(table.actions.len(), Action::ALL.len());
        assert_eq!(table.actions[&Action::WeightRead], Entry::NotPublished { reason: "a guess".into() });
    }

    #[test]
    fn an_all_in_table_refuses_further_terms() {
        let mut table = Table::preset("truenorth_all_in").expect("shipped");
        let hop = Entry::Energy { value: 2.3, low: 2.3, high: 2.3, source: "x".into(), basis: Basis::Measured };
        table.actions.insert(Action::LinkEastWest, hop);
        let error = table.check().expect_err("a hop is contained in 26 pJ");
        assert!(error.to_string().contains("`link_east_west` is priced"), "{error}");
    }

    #[test]
    fn ranges_must_hold_their_values_and_sources_must_be_given() {
        let mut table = Table::uniform(1.0);
        let entry = Entry::Energy { value: 3.0, low: 1.0, high: 2.0, source: "x".into(), basis: Basis::Measured };
        table.actions.insert(Action::WeightRead, entry);
        table.actions.insert(Action::Barrier, Entry::Included { reason: String::new() });
        let Err(TableError::Invalid { problems, .. }) = table.check() else { panic!("two problems") };
        assert_eq!(problems.len(), 2, "{problems:?}");
    }

    #[test]
    fn a_price_given_twice_is_refused_with_its_name() {
        let (_, text) = PRESETS.iter().find(|(name, _)| *name == "loihi1").expect("shipped");
        let second = "actions: {\n        synaptic_add: Included(reason: \"twice\"),";
        let twice = text.replacen("actions: {", second, 1);
        assert_ne!(twice, *text);
        let error = Table::from_ron(&twice).expect_err("which price holds?").to_string();
        assert!(error.contains("`synaptic_add` has two entries"), "{error}");
    }

    #[test]
    fn the_arithmetic_of_an_access_costs_at_least_nothing() {
        let table = |plus| {
            let line = SramLine::Qualia;
            let (source, basis) = ("x".into(), Basis::Assumed);
            let entry = Entry::Sram { store: Store::State, line, range: Vec::new(), plus, source, basis };
            let mut table = Table::uniform(1.0);
            table.actions.insert(Action::StateRead, entry);
            table
        };
        table(0.0).check().expect("free arithmetic");
        for plus in [-1000.0, f64::NAN, f64::INFINITY] {
            let error = table(plus).check().expect_err("no energy").to_string();
            assert!(error.contains("`state_read` needs a `plus`"), "{error}");
        }
    }

    #[test]
    fn a_projection_is_marked_as_one() {
        let table = Table::preset("loihi1").expect("shipped").projected(0.5).expect("fixed prices");
        let Some(Entry::Energy { value, source, basis, .. }) = table.actions.get(&Action::SynapticAdd) else {
            panic!("priced")
        };
        assert!((value - 11.8).abs() < 1e-12 && source.starts_with("projection: 0.5 ×") && *basis == Basis::Assumed);
        assert_eq!(table.name, "loihi1 (projection ×0.5)");
        table.check().expect("still a valid table");
        assert!(Table::preset("loihi1").expect("shipped").projected(0.0).is_err());
        assert!(
            Table::preset("lemaire_ideal").expect("shipped").projected(0.5).is_err(),
            "its memories have no fixed price"
        );
    }
}
