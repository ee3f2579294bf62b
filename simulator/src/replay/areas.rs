//! Counting over rectangles: everything that the spikes of a map are to a mapping, as sums over corners of rectangles
//! ([`super::table`]) of a few ranges of channels.
//!
//! Channels that no sender and no receiver tells apart form one range. For each range and receiver the places that it hears are
//! weighed with what an event costs there; weights are constant over rectangles but for the kernel's margins, so that their mixed
//! differences vanish nearly everywhere.

use super::{
    plan::{Cell, Receiver, Sender, effect},
    record::Record,
    table::Table,
};
use crate::{core::CoreCosts, load::Loaded};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::Range,
    sync::Arc,
};

/// A weight at a corner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Term {
    /// Index into the ranges of channels.
    range: u16,
    /// Position.
    corner: u32,
    weight: i64,
}

/// Terms that are added up.
pub(super) type Sum = Range<u32>;

/// What reaches some units alike.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) units: Vec<u32>,
    pub(super) events: Sum,
    pub(super) ticks: Sum,
}

/// What one receiver hears.
#[derive(Debug)]
pub(super) struct Heard {
    pub(super) receiver: Receiver,
    pub(super) events: Sum,
    /// Rows by call.
    pub(super) rows: Vec<Sum>,
}

/// The sums of a layer.
#[derive(Debug, Default)]
pub(super) struct Areas {
    width: usize,
    height: usize,
    ranges: Vec<(u16, u16)>,
    terms: Vec<Term>,
    pub(super) cells: Vec<(Cell, Sum)>,
    /// Whole tiles, by unit and tile.
    pub(super) tiles: Vec<((u32, u16), Sum)>,
    /// By delay.
    pub(super) arrivals: BTreeMap<u32, Vec<Arrival>>,
    pub(super) heard: Vec<Heard>,
}

/// A delivery: delay, unit and axon.
type Delivery = (u32, u32, u16);

/// Neighbouring channels whose spikes go to the same receivers.
struct Segment {
    channels: (u16, u16),
    /// Places by the deliveries that their spikes cause.
    reach: BTreeMap<Vec<Delivery>, Vec<u32>>,
}

impl Areas {
    pub(super) fn new(loaded: &Loaded, senders: &[Sender<'_>], shape: (u16, u16, u16), costs: &CoreCosts) -> Self {
        let mut areas = Self { width: shape.2.into(), height: shape.1.into(), ..Self::default() };
        for sender in senders {
            areas.emission(sender);
        }
        areas.reception(loaded, &segments(loaded, senders, shape), costs);
        areas
    }

    /// The tables of a record that the sums are taken over.
    pub(super) fn tables(&self, record: &Record, layer: usize, visits: bool) -> Vec<Arc<Table>> {
        self.ranges.iter().map(|&channels| record.table(layer, channels, visits)).collect()
    }

    /// The value of a sum over tables, one for each range.
    #[inline]
    pub(super) fn value<T: Copy + Into<i64>>(&self, sum: &Sum, tables: &[&[T]]) -> u64 {
        let terms = &self.terms[sum.start as usize..sum.end as usize];
        terms.iter().map(|t| t.weight * tables[usize::from(t.range)][t.corner as usize].into()).sum::<i64>() as u64
    }

    fn range(&mut self, channels: (u16, u16)) -> u16 {
        let known = self.ranges.iter().position(|&range| range == channels);
        known.unwrap_or_else(|| {
            self.ranges.push(channels);
            self.ranges.len() - 1
        }) as u16
    }

    fn sum(&mut self, terms: impl IntoIterator<Item = Term>) -> Sum {
        let first = self.terms.len() as u32;
        self.terms.extend(terms);
        first..self.terms.len() as u32
    }

    /// The classes of a sender.
    fn emission(&mut self, sender: &Sender<'_>) {
        let (c0, y0, x0) = sender.origin;
        let channels = runs(sender.channels(), |c| sender.class((c, y0, x0)));
        let rows = runs(sender.rows(), |y| sender.class((c0, y, x0)));
        let columns = runs(sender.columns(), |x| sender.class((c0, y0, x)));
        let mut classes: BTreeMap<u32, Vec<Term>> = BTreeMap::new();
        let mut all = Vec::new();
        for &(c, c_end) in &channels {
            let range = self.range((c, c_end));
            for &(y, y_end) in &rows {
                for &(x, x_end) in &columns {
                    let terms = self.rectangle(range, (y, y_end), (x, x_end));
                    all.extend(terms.clone());
                    classes.entry(sender.class((c, y, x))).or_default().extend(terms);
                }
            }
        }
        for (class, terms) in classes {
            let sum = self.sum(canonical(terms));
            self.cells.push((Cell { tile: sender.tile, class }, sum));
        }
        if let Some(tile) = sender.tile {
            let sum = self.sum(canonical(all));
            self.tiles.push((tile, sum));
        }
    }

    /// The terms that count a rectangle.
    fn rectangle(
        &self,
        range: u16,
        rows: (u16, u16),
        columns: (u16, u16),
    ) -> impl Iterator<Item = Term> + Clone + use<> {
        let width = self.width;
        let corners =
            [(rows.1, columns.1, 1), (rows.0, columns.1, -1), (rows.1, columns.0, -1), (rows.0, columns.0, 1)];
        corners.into_iter().filter(|&(y, x, _)| y > 0 && x > 0).map(move |(y, x, weight)| {
            let corner = (usize::from(y) - 1) * width + usize::from(x) - 1;
            Term { range, corner: corner as u32, weight }
        })
    }

    /// What each receiver hears, and what each unit hears altogether.
    fn reception(&mut self, loaded: &Loaded, segments: &[Segment], costs: &CoreCosts) {
        let mut heard: BTreeMap<Receiver, Vec<(usize, Vec<u32>)>> = BTreeMap::new();
        for (s, segment) in segments.iter().enumerate() {
            for (deliveries, places) in &segment.reach {
                for &(delay, unit, axon) in deliveries {
                    let own = heard.entry(Receiver { delay, unit, axon }).or_default();
                    if own.last().is_none_or(|&(last, _)| last != s) {
                        own.push((s, Vec::new()));
                    }
                    own.last_mut().expect("pushed above").1.extend(places);
                }
            }
        }
        let mut units: BTreeMap<(u32, u32), (Vec<Term>, Vec<Term>)> = BTreeMap::new();
        let mut weights = vec![0; self.width * self.height];
        for (receiver, own) in heard {
            let unit = &loaded.units[receiver.unit as usize];
            let calls = &unit.axons[usize::from(receiver.axon)].calls;
            let (mut events, mut rows) = (Vec::new(), vec![Vec::new(); calls.len()]);
            let (all_events, all_ticks) = units.entry((receiver.delay, receiver.unit)).or_default();
            for (s, places) in own {
                let channels = segments[s].channels;
                let range = self.range(channels);
                events.extend(self.corners(range, &places, &mut weights, |_, _| 1));
                for (rows, &call) in rows.iter_mut().zip(calls) {
                    let op = &unit.synaptic[usize::from(call)];
                    let of_call = |y, x| effect(op, (channels.0, y, x), costs).rows as i64;
                    rows.extend(self.corners(range, &places, &mut weights, of_call));
                }
            }
            all_events.extend(&events);
            let events = self.sum(canonical(events));
            let mut sums = Vec::new();
            for (rows, &call) in rows.into_iter().zip(calls) {
                let (op, _, bits) = &unit.synaptic[usize::from(call)];
                let ticks = costs.row_ticks(op.span() as u64, *bits) as i64;
                all_ticks.extend(rows.iter().map(|term| Term { weight: term.weight * ticks, ..*term }));
                sums.push(self.sum(canonical(rows)));
            }
            self.heard.push(Heard { receiver, events, rows: sums });
        }
        let mut alike: BTreeMap<(u32, Vec<Term>, Vec<Term>), Vec<u32>> = BTreeMap::new();
        for ((delay, unit), (events, ticks)) in units {
            alike.entry((delay, canonical(events), canonical(ticks))).or_default().push(unit);
        }
        for ((delay, events, ticks), units) in alike {
            let (events, ticks) = (self.sum(events), self.sum(ticks));
            self.arrivals.entry(delay).or_default().push(Arrival { units, events, ticks });
        }
    }

    /// The terms of a sum of spikes at `places`, weighted by row and column. `map` is all 0, before and after.
    fn corners(&self, range: u16, places: &[u32], map: &mut [i64], weight: impl Fn(u16, u16) -> i64) -> Vec<Term> {
        let (height, width) = (self.height, self.width);
        let at = |&place: &u32| (place as usize / width, place as usize % width);
        let (mut top, mut left, mut bottom, mut right) = (height, width, 0, 0);
        for place in places {
            let (y, x) = at(place);
            (top, left, bottom, right) = (top.min(y), left.min(x), bottom.max(y + 1), right.max(x + 1));
            map[*place as usize] = weight(y as u16, x as u16);
        }
        let value = |y: usize, x: usize| if y < height && x < width { map[y * width + x] } else { 0 };
        let mut terms = Vec::new();
        for y in top.saturating_sub(1)..bottom {
            for x in left.saturating_sub(1)..right {
                let weight = value(y, x) - value(y + 1, x) - value(y, x + 1) + value(y + 1, x + 1);
                if weight != 0 {
                    terms.push(Term { range, corner: (y * width + x) as u32, weight });
                }
            }
        }
        for &place in places {
            map[place as usize] = 0;
        }
        terms
    }
}

/// Equal terms as one, in order, without those that cancel.
fn canonical(mut terms: Vec<Term>) -> Vec<Term> {
    terms.sort_unstable();
    let mut sums: Vec<Term> = Vec::with_capacity(terms.len());
    for term in terms {
        match sums.last_mut() {
            Some(last) if (last.range, last.corner) == (term.range, term.corner) => last.weight += term.weight,
            _ => sums.push(term),
        }
    }
    sums.retain(|term| term.weight != 0);
    sums
}

/// Stretches of a range with equal keys, as (first, end).
fn runs(range: Range<u16>, key: impl Fn(u16) -> u32) -> Vec<(u16, u16)> {
    let mut runs: Vec<(u16, u16)> = Vec::new();
    for i in range {
        match runs.last_mut() {
            Some((first, end)) if key(*first) == key(i) => *end = i + 1,
            _ => runs.push((i, i + 1)),
        }
    }
    runs
}

/// The layer cut where senders or receivers tell channels apart.
fn segments(loaded: &Loaded, senders: &[Sender<'_>], shape: (u16, u16, u16)) -> Vec<Segment> {
    let mut apart: BTreeSet<u16> = [0, shape.0].into();
    let mut receivers: BTreeSet<(u32, u16)> = BTreeSet::new();
    for deliveries in senders.iter().flat_map(|sender| &sender.classes.deliveries) {
        receivers.extend(deliveries.iter().map(|&(_, unit, axon)| (unit, axon)));
    }
    for (unit, axon) in receivers {
        let unit = &loaded.units[unit as usize];
        for &call in &unit.axons[usize::from(axon)].calls {
            let channels = unit.synaptic[usize::from(call)].0.channels();
            apart.extend([channels.start, channels.end].map(|c| c.min(shape.0)));
        }
    }
    let mut may_differ = apart.clone();
    for sender in senders {
        let (_, y, x) = sender.origin;
        let runs = runs(sender.channels(), |c| sender.class((c, y, x)));
        may_differ.extend(runs.into_iter().flat_map(|(first, end)| [first, end]));
    }
    let bounds: Vec<u16> = may_differ.into_iter().collect();
    let mut segments: Vec<Segment> = Vec::new();
    let mut last: Option<Vec<u32>> = None;
    let mut lists = Lists::default();
    for pair in bounds.windows(2) {
        let reach = reach(senders, pair[0], shape, &mut lists);
        match segments.last_mut() {
            Some(segment) if !apart.contains(&pair[0]) && last.as_ref() == Some(&reach) => segment.channels.1 = pair[1],
            _ => segments.push(Segment { channels: (pair[0], pair[1]), reach: lists.places(&reach) }),
        }
        last = Some(reach);
    }
    segments
}

/// Lists of deliveries, each once.
#[derive(Default)]
struct Lists {
    numbers: HashMap<Vec<Delivery>, u32>,
}

impl Lists {
    fn number(&mut self, list: &[Delivery]) -> u32 {
        if let Some(&number) = self.numbers.get(list) {
            return number;
        }
        let number = self.numbers.len() as u32;
        self.numbers.insert(list.to_vec(), number);
        number
    }

    /// The places of each list that is not empty.
    fn places(&self, reach: &[u32]) -> BTreeMap<Vec<Delivery>, Vec<u32>> {
        let mut places = vec![Vec::new(); self.numbers.len()];
        for (place, &number) in reach.iter().enumerate() {
            places[number as usize].push(place as u32);
        }
        let mut by_list = BTreeMap::new();
        for (list, &number) in &self.numbers {
            let places = std::mem::take(&mut places[number as usize]);
            if !list.is_empty() && !places.is_empty() {
                by_list.insert(list.clone(), places);
            }
        }
        by_list
    }
}

/// The number of the list of deliveries of each place of a channel.
fn reach(senders: &[Sender<'_>], c: u16, shape: (u16, u16, u16), lists: &mut Lists) -> Vec<u32> {
    let nothing = lists.number(&[]);
    let mut reach = vec![nothing; usize::from(shape.1) * usize::from(shape.2)];
    for sender in senders.iter().filter(|sender| sender.channels().contains(&c)) {
        let numbers: Vec<u32> = sender.classes.deliveries.iter().map(|list| lists.number(list)).collect();
        for y in sender.rows() {
            for x in sender.columns() {
                let class = sender.class((c, y, x)) as usize;
                let place = usize::from(y) * usize::from(shape.2) + usize::from(x);
                reach[place] = numbers.get(class).copied().unwrap_or(nothing);
            }
        }
    }
    reach
}
