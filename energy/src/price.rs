//! Prices counted actions: E = Σ_layers Σ_actions N·e + P_static·t.
//!
//! Counts are integers and are summed before anything is multiplied, so E(a + b) = E(a) + E(b) up to the rounding of one
//! multiplication. Dynamic energy, synchronization and static energy are kept apart; what cannot be derived is said to be
//! so and is never 0.

use std::collections::BTreeMap;

use isa::{
    Action, LayerId, Ledger,
    arch::{self, Powered},
};
use serde::Serialize;
use thiserror::Error;

pub use isa::action::Component;

use crate::table::{Entry, Per, StaticPower, Store, Table};
use crate::units::Energy;

/// What a table needs besides counts.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// Words and bits per word of the memories, by layer; needed by tables that price accesses by memory size.
    pub memories: BTreeMap<(LayerId, Store), (u64, u32)>,
    /// Needed for static energy.
    pub timing: Option<Timing>,
    /// Which parts of the chips in use stay powered; absent = what the table prices: whole chips, or cores in use.
    pub static_power: Option<arch::StaticPower>,
}

/// How long the run took, and on how much silicon.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Timing {
    /// Duration \[s\]: cycles / clock frequency.
    pub seconds: f64,
    /// Cores in use.
    pub cores: u64,
    /// Chips in use.
    pub chips: u64,
    /// Cores of one chip, used or not.
    pub cores_per_chip: u64,
}

/// A priced run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Breakdown {
    /// The table's name.
    pub table: String,
    /// One line per layer and counted action, in ascending order.
    pub lines: Vec<Line>,
    /// Energy of everything counted but barriers \[pJ\].
    pub dynamic: Energy,
    /// Energy of barriers.
    pub sync: Part,
    /// Energy of static power over the run.
    pub static_energy: Part,
    /// What the static energy is charged for, where there is some.
    pub static_policy: Option<String>,
    /// Everything derivable \[pJ\].
    pub total: Energy,
    /// Counted actions that the table leaves out because nothing is published.
    pub left_out: Vec<LeftOut>,
}

/// One action of one layer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    /// The layer.
    pub layer: LayerId,
    /// The action.
    pub action: Action,
    /// The part of the chip it happens in.
    pub component: Component,
    /// How often.
    pub count: u64,
    /// Its energy \[pJ\]; zero if contained in another price or left out.
    pub energy: Energy,
}

/// A part of the energy that may not be derivable.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Derived \[pJ\].
    Energy(Energy),
    /// Contained in other prices, as the reason says.
    Included(String),
    /// Not derivable, as the reason says. Not zero.
    NotDerivable(String),
}

impl Part {
    /// The energy, if derived.
    pub fn energy(&self) -> Option<Energy> {
        if let Self::Energy(energy) = self { Some(*energy) } else { None }
    }
}

/// A counted action without published figure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// The action.
    pub action: Action,
    /// How often it was counted.
    pub count: u64,
    /// What is missing.
    pub reason: String,
}

/// Why a run cannot be priced. Lists everything missing at once.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct Unpriced {
    /// The table's name.
    pub table: String,
    /// Counted actions that the table does not mention, with their counts.
    pub actions: Vec<(Action, u64)>,
    /// Memories whose size the table needs and the caller did not give.
    pub memories: Vec<(LayerId, Store)>,
}

impl std::fmt::Display for Unpriced {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "energy table `{}` cannot price this run", self.table)?;
        if !self.actions.is_empty() {
            let list: Vec<_> = self.actions.iter().map(|(a, n)| format!("`{}` ({n} counted)", a.name())).collect();
            write!(f, ": no entry for {}; add a price, or `Included` with its reason", list.join(", "))?;
        }
        if !self.memories.is_empty() {
            let list: Vec<_> = self.memories.iter().map(|(l, s)| format!("{s:?} of {l}")).collect();
            write!(f, ": no size given for the memories {}", list.join(", "))?;
        }
        Ok(())
    }
}

/// Prices a run.
///
/// # Errors
/// If a counted action has no entry in the table, or the size of a memory is needed and not given.
pub fn price(ledger: &Ledger, table: &Table, context: &Context) -> Result<Breakdown, Unpriced> {
    let mut unpriced = Unpriced { table: table.name.clone(), actions: Vec::new(), memories: Vec::new() };
    let mut left_out: BTreeMap<Action, LeftOut> = BTreeMap::new();
    let mut lines = Vec::new();
    for ((layer, action), count) in by_layer(ledger) {
        let Some(entry) = table.actions.get(&action) else {
            match unpriced.actions.iter_mut().find(|(missing, _)| *missing == action) {
                Some((_, total)) => *total += count,
                None => unpriced.actions.push((action, count)),
            }
            continue;
        };
        match entry.energy(|store| context.memories.get(&(layer, store)).copied()) {
            Ok(each) => {
                let energy = each.unwrap_or_default() * count as f64;
                lines.push(Line { layer, action, component: action.component(), count, energy });
            }
            Err(store) if unpriced.memories.contains(&(layer, store)) => {}
            Err(store) => unpriced.memories.push((layer, store)),
        }
        if let Entry::NotPublished { reason } = entry {
            let blank = LeftOut { action, count: 0, reason: reason.clone() };
            left_out.entry(action).or_insert(blank).count += count;
        }
    }
    if !unpriced.actions.is_empty() || !unpriced.memories.is_empty() {
        return Err(unpriced);
    }
    let energy_of = |sync: bool| {
        let lines = lines.iter().filter(move |line| (line.component == Component::Sync) == sync);
        lines.map(|line: &Line| line.energy).sum::<Energy>()
    };
    let dynamic = energy_of(false);
    let sync = match table.actions.get(&Action::Barrier) {
        Some(Entry::Included { reason }) => Part::Included(reason.clone()),
        Some(Entry::NotPublished { reason }) => Part::NotDerivable(reason.clone()),
        Some(Entry::Energy { .. } | Entry::Sram { .. }) => Part::Energy(energy_of(true)),
        None => Part::Included("no barrier was counted".into()),
    };
    let policy = Policy::new(&table.static_power, context);
    let static_energy = static_energy(&table.static_power, context.timing, &policy);
    let derivable = [Some(dynamic), sync.energy(), static_energy.energy()];
    Ok(Breakdown {
        table: table.name.clone(),
        total: derivable.into_iter().flatten().sum(),
        lines,
        dynamic,
        sync,
        static_policy: static_energy.energy().and(context.timing).map(|timing| policy.text(timing)),
        static_energy,
        left_out: left_out.into_values().collect(),
    })
}

/// Counts by layer and action, cores summed; zero counts left out.
fn by_layer(ledger: &Ledger) -> BTreeMap<(LayerId, Action), u64> {
    let mut counts = BTreeMap::new();
    for (site, row) in ledger.rows() {
        for (action, count) in row.iter() {
            *counts.entry((site.layer, action)).or_insert(0) += count;
        }
    }
    counts
}

/// Which parts of the chips in use stay powered, and who says so.
struct Policy {
    powered: Powered,
    source: String,
}

impl Policy {
    fn new(power: &StaticPower, context: &Context) -> Self {
        if let Some(stated) = &context.static_power {
            let assumed = if stated.basis == arch::Basis::Assumed { "assumed: " } else { "" };
            return Self { powered: stated.powered, source: format!("{assumed}{}", stated.source) };
        }
        let per_core = matches!(power, StaticPower::Power { per: Per::Core, .. });
        let powered = if per_core { Powered::UsedCores } else { Powered::WholeChip };
        Self { powered, source: "assumed: the chip's description does not say".into() }
    }

    /// The share of a grid of chips that is powered, in whole chips.
    fn share(&self, timing: Timing) -> f64 {
        self.powered.share(timing.cores, timing.chips * timing.cores_per_chip)
    }

    fn text(&self, timing: Timing) -> String {
        let (used, all) = (timing.cores, timing.chips * timing.cores_per_chip);
        let what = match self.powered {
            Powered::WholeChip => format!("all {all} cores powered, {used} in use"),
            Powered::UsedCores => format!("the {used} of {all} cores in use powered"),
            Powered::Gated { residual_percent } => {
                format!("{used} of {all} cores in use, each of the others at {residual_percent} %")
            }
        };
        format!("{what} ({})", self.source)
    }
}

fn static_energy(power: &StaticPower, timing: Option<Timing>, policy: &Policy) -> Part {
    match (power, timing) {
        (StaticPower::Included { reason }, _) => Part::Included(reason.clone()),
        (StaticPower::NotPublished { reason }, _) => Part::NotDerivable(reason.clone()),
        (StaticPower::Power { .. }, None) => Part::NotDerivable("the run has no time".into()),
        (StaticPower::Power { per, value, low, high, .. }, Some(timing)) => {
            let units = match per {
                Per::Core => timing.chips * timing.cores_per_chip,
                Per::Chip => timing.chips,
            };
            let powered = units as f64 * policy.share(timing);
            let joule = Energy { value: *value, low: *low, high: *high } * (timing.seconds * powered);
            Part::Energy(joule * PJ_PER_J)
        }
    }
}

const PJ_PER_J: f64 = 1e12;

impl Breakdown {
    /// Whether everything counted is in the total: nothing left out, nothing underivable. Otherwise the low end of the
    /// total is a lower bound, and the value is none.
    pub fn is_complete(&self) -> bool {
        let derivable = |part: &Part| !matches!(part, Part::NotDerivable(_));
        self.left_out.is_empty() && derivable(&self.sync) && derivable(&self.static_energy)
    }

    /// Energy by layer; barriers included, static energy not.
    pub fn by_layer(&self) -> BTreeMap<LayerId, Energy> {
        self.grouped(|line| line.layer)
    }

    /// Energy by action; static energy not included.
    pub fn by_action(&self) -> BTreeMap<Action, Energy> {
        self.grouped(|line| line.action)
    }

    /// Energy by part of the chip; static energy not included.
    pub fn by_component(&self) -> BTreeMap<Component, Energy> {
        self.grouped(|line| line.component)
    }

    fn grouped<K: Ord>(&self, key: impl Fn(&Line) -> K) -> BTreeMap<K, Energy> {
        let mut groups = BTreeMap::new();
        for line in &self.lines {
            *groups.entry(key(line)).or_default() += line.energy;
        }
        groups
    }
}
