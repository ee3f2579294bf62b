//! Packets on their way through places where they wait: they come later, and over a longer time, to what is behind.
//!
//! The packets of a burst come to a place evenly in `first..last`. There they are served no sooner than all that comes to it, and no
//! later than if all of that had come before them:
//!
//! `last' = max(last, min(max over s of (s + W(s)), first + W) - service)`
//!
//! ([`super::demand`]; `W` is all service of the place), and go on in `first..last'`. Places are taken in the order of their rank, so that what
//! is before a place has been dealt with. All of it grows with every time and every load. As not even the first of the terms says what
//! packets lose behind others that wait elsewhere, services take 26/25 of what they should.

use super::{
    demand::{Burst, Edge, Piece, drained},
    ways::{Place, Ways},
};

const BLOCKING: (u64, u64) = (26, 25);

/// When the packets of a burst come to a place, or leave it.
#[derive(Clone, Copy, Debug)]
struct Window {
    first: u64,
    last: u64,
}

impl Window {
    fn after(self, ticks: u64) -> Self {
        Self { first: self.first.saturating_add(ticks), last: self.last.saturating_add(ticks) }
    }
}

/// A burst at a place.
#[derive(Clone, Copy, Debug)]
struct Visit {
    packet: u32,
    hop: u32,
    n: u64,
    /// Where the windows before and at this place stand.
    before: u32,
    at: u32,
}

/// Room for the ways of a timestep.
#[derive(Clone, Debug)]
pub(super) struct Passage {
    windows: Vec<Window>,
    visits: Vec<Vec<Visit>>,
    used: Vec<u32>,
    senders: Vec<Window>,
    pieces: Vec<Piece>,
    events: Vec<(u64, Edge, u32)>,
}

impl Passage {
    pub(super) fn new(resources: usize) -> Self {
        Self {
            windows: Vec::new(),
            visits: vec![Vec::new(); resources],
            used: Vec::new(),
            senders: Vec::new(),
            pieces: Vec::new(),
            events: Vec::new(),
        }
    }

    /// When the last packet has arrived, after [`Self::leave`]; bursts of one sender come one after another.
    pub(super) fn end(
        &mut self,
        ways: &Ways,
        bursts: impl Iterator<Item = Burst> + Clone,
        crowded: impl Fn(u32) -> bool,
    ) -> u64 {
        self.enter(ways, bursts);
        self.used.sort_unstable_by_key(|&place| (ways.resources[place as usize].rank, place));
        let mut end = 0;
        for i in 0..self.used.len() {
            let place = self.used[i];
            let mut visits = std::mem::take(&mut self.visits[place as usize]);
            for visit in &visits {
                let hop = ways.hops(visit.packet)[visit.hop as usize];
                self.windows[visit.at as usize] = self.windows[visit.before as usize].after(hop.ticks);
            }
            self.serve(ways, &visits, &crowded);
            if let Place::Port(..) = ways.resources[place as usize].place {
                let last = visits.iter().map(|visit| self.windows[visit.at as usize].last).max().unwrap_or(0);
                end = end.max(last.saturating_add(ways.out));
            }
            visits.clear();
            self.visits[place as usize] = visits;
        }
        self.used.clear();
        end
    }

    /// When the packets of each sender leave it; returns when the last has arrived if nothing waits any more.
    pub(super) fn leave(&mut self, ways: &Ways, bursts: impl Iterator<Item = Burst>) -> u64 {
        self.senders.clear();
        let mut sender = None;
        // What the sender's packets hold its port for, and the shortest of that.
        let (mut all, mut least) = (0_u64, u64::MAX);
        let (mut farthest, mut end) = (0, 0);
        for burst in bursts {
            if sender != Some(burst.sender) {
                (sender, all, least, farthest) = (Some(burst.sender), 0, u64::MAX, 0);
                self.senders.push(Window { first: burst.start, last: burst.start.saturating_add(burst.emission) });
            }
            let way = ways.way(burst.packet);
            let injection = way.injection;
            farthest = way.farthest.max(farthest);
            all = all.saturating_add(burst.n.saturating_mul(injection));
            least = least.min(injection);
            if let Some(window) = self.senders.last_mut() {
                window.last = window.last.max(window.first.saturating_add(all - least));
                end = end.max(window.last.saturating_add(farthest));
            }
        }
        end
    }

    /// Every hop of every burst, at its place, as if nothing waited.
    fn enter(&mut self, ways: &Ways, bursts: impl Iterator<Item = Burst>) {
        self.windows.clear();
        let (mut sender, mut own) = (None, 0);
        for burst in bursts {
            if sender.is_some_and(|sender| sender != burst.sender) {
                own += 1;
            }
            sender = Some(burst.sender);
            let root = self.windows.len() as u32;
            self.windows.push(self.senders[own]);
            for (h, hop) in (0..).zip(ways.hops(burst.packet)) {
                let before = hop.before.map_or(root, |before| root + 1 + before);
                self.windows.push(self.windows[before as usize].after(hop.ticks));
                let visits = &mut self.visits[hop.place as usize];
                if visits.is_empty() {
                    self.used.push(hop.place);
                }
                visits.push(Visit { packet: burst.packet, hop: h, n: burst.n, before, at: root + 1 + h });
            }
        }
    }

    /// Lets the visits of a place wait for each other.
    fn serve(&mut self, ways: &Ways, visits: &[Visit], crowded: &impl Fn(u32) -> bool) {
        let stages = |visit: &Visit| {
            let hop = &ways.hops(visit.packet)[visit.hop as usize];
            &ways.stages(visit.packet)[hop.first as usize..hop.end as usize]
        };
        let Some(first) = visits.first() else { return };
        // When the last head has been served, and how long all takes, by the slowest resource of the place.
        let (mut latest, mut longest) = (0, 0);
        for (s, stage) in stages(first).iter().enumerate() {
            if !crowded(stage.resource) {
                continue;
            }
            let resource = &ways.resources[stage.resource as usize];
            let (mut all, mut least) = (0_u128, u64::MAX);
            self.pieces.clear();
            for visit in visits {
                let service = stages(visit)[s].service;
                let Window { first, last } = self.windows[visit.at as usize];
                let work = visit.n.saturating_mul(service);
                self.pieces.push(Piece { start: first, emission: last - first, work, ..Piece::default() });
                all += u128::from(work);
                let buffers = matches!(resource.place, Place::Buffers(..));
                least = least.min(if buffers { service / ways.flits } else { service });
            }
            let drained = drained(&self.pieces, resource.servers, BLOCKING, &mut self.events);
            latest = latest.max(drained.saturating_sub(least));
            let all = all * u128::from(BLOCKING.0) / u128::from(BLOCKING.1 * resource.servers);
            longest = longest.max(u64::try_from(all).unwrap_or(u64::MAX).saturating_sub(least));
        }
        for visit in visits {
            let window = &mut self.windows[visit.at as usize];
            window.last = window.last.max(latest.min(window.first.saturating_add(longest)));
        }
    }
}
