//! What a point comes to for a sample: its figures of merit, what binds its time, how full its cores are.

use crate::{
    failure::{Failed, other},
    record::TimeSplit,
};
use spikeloom::{
    Record,
    energy::table::Table,
    isa::{Action, Arch, Program, usages},
    simulator::{Bounds, Part},
};
use std::collections::BTreeMap;

/// What all samples came to.
pub(crate) struct Ran {
    pub(crate) record: Record,
    /// Duration of each sample.
    pub(crate) seconds: Option<Vec<f64>>,
    /// What bound the timesteps.
    pub(crate) bounds: Option<Bounds>,
    /// Spikes behind the input.
    pub(crate) spikes: u64,
    /// Whether they were simulated.
    pub(crate) simulated: bool,
}

/// What the stored run comes to for a sample.
pub(crate) fn figures(ran: &Ran, table: Option<&Table>) -> Result<(BTreeMap<String, f64>, bool), Failed> {
    let record = &ran.record;
    let n = record.images as f64;
    let mut figures = BTreeMap::new();
    let mut set = |name: &str, value: f64| {
        figures.insert(name.to_owned(), value);
    };
    let counts = record.ledger.total();
    let links = [Action::LinkEastWest, Action::LinkNorthSouth, Action::LinkChip].map(|link| counts[link]);
    if let Some(correct) = record.correct {
        set("accuracy", correct as f64 / n);
    }
    set("cores", record.cores as f64);
    set("chips", record.chips as f64);
    set("spikes", ran.spikes as f64 / n);
    set("synaptic_operations", counts.synaptic_operations() as f64 / n);
    set("deliveries", counts[Action::QueuePush] as f64 / n);
    set("link_flits", links.iter().sum::<u64>() as f64 / n);
    let mut latency = None;
    if let Some(seconds) = ran.seconds.as_ref().filter(|seconds| !seconds.is_empty()) {
        let mean = seconds.iter().sum::<f64>() / n;
        let mut sorted = seconds.clone();
        sorted.sort_by(f64::total_cmp);
        let at = (sorted.len() * 99).div_ceil(100) - 1;
        set("latency", mean);
        set("latency_p99", sorted[at]);
        set("throughput", 1.0 / mean);
        latency = Some(mean);
    }
    let Some(table) = table else { return Ok((figures, false)) };
    let priced = record.price(table).map_err(other)?;
    let joule = 1e-12;
    let energy = priced.per_image();
    set("energy", energy.value * joule);
    set("energy_low", energy.low * joule);
    set("energy_high", energy.high * joule);
    set("dynamic_energy", priced.breakdown.dynamic.value * joule / n);
    if let Some(latency) = latency {
        set("edp", energy.value * joule * latency);
    }
    Ok((figures, !priced.breakdown.is_complete()))
}

/// Share in use of every limited resource of a core, where most of it is in use.
pub(crate) fn resources(program: &Program, arch: &Arch) -> BTreeMap<String, f64> {
    let mut fullest: BTreeMap<String, f64> = BTreeMap::new();
    for usage in usages(program, arch) {
        for (resource, in_use) in usage.iter() {
            let Some(max) = in_use.max else { continue };
            let share = in_use.used as f64 / max.max(1) as f64;
            fullest.entry(resource.name().into()).and_modify(|most| *most = share.max(*most)).or_insert(share);
        }
    }
    fullest
}

/// What binds the time of one of `samples`.
pub(crate) fn split(bounds: &Bounds, arch: &Arch, samples: u64) -> TimeSplit {
    let seconds = |ticks: u64| ticks as f64 * arch.tick_ps.value as f64 * 1e-12 / samples as f64;
    let of = |ticks: &dyn Fn(Part) -> u64| {
        let parts = Part::ALL.into_iter().filter(|part| bounds.parts[*part] > 0);
        parts.map(|part| (part.name().to_owned(), seconds(ticks(part)))).collect()
    };
    TimeSplit { parts: of(&|part| bounds.parts[part]), without: of(&|part| bounds.without[part]) }
}
