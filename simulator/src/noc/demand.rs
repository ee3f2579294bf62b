//! When the packets of a timestep have all arrived, in closed form.
//!
//! Whatever order packets are served in, a resource that serves one after the other has not served all before
//!
//! `D = max over s of (s + W(s))`, `W(s)` = service of the packets that come at `s` or later,
//!
//! and the last of them is somewhere `tail` ticks later at the earliest; resources of several servers divide `W` by their
//! number ([`super::ways`]). A core sends its packets evenly over its emission. `D` grows with every time and every load, and so does the
//! end, the largest of all `D + tail` and of what each core's last packet takes without waiting.
//!
//! [`Pace::Proven`] takes every time as early as it can be: the packets of a core that use a resource are its first ones, and nothing else
//! is assumed. That is a lower bound of what the flits take. [`Pace::Expected`] spreads them over the emission and adds to the
//! service of links and buffers a tenth, for the ticks in which they idle although packets for them wait behind others: calibrated on random
//! congested networks against the flits (docs/fidelity.md has what remains). Where something is crowded, packets that wait come later to
//! what is behind ([`super::passage`]).
//!
//! Resources to which packets come more slowly than they are served add nothing, and are not looked at again: the rate of each
//! is summed first.

use super::{
    passage::Passage,
    ways::{Place, Ways},
};

/// Added service of links and buffers: 11/10.
const BLOCKING: (u64, u64) = (11, 10);

/// What is assumed of the order of packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// As expected.
    Expected,
    /// Never later than possible.
    Proven,
}

/// Equal packets of a sender.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Burst {
    pub(crate) sender: u32,
    /// When the sender begins to emit, how long it does, and its ticks for a packet.
    pub(crate) start: u64,
    pub(crate) emission: u64,
    pub(crate) emit: u64,
    /// Kind, in [`Ways`], and number.
    pub(crate) packet: u32,
    pub(crate) n: u64,
}

/// What is asked of a resource.
#[derive(Clone, Copy, Debug, Default)]
struct Load {
    flits: u64,
    /// Service that comes in a tick, at most \[2^-32\].
    rate: u64,
    /// Packets may come faster than they are served.
    crowded: bool,
}

/// Packets of one sender at a resource.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Piece {
    pub(super) sender: u32,
    pub(super) start: u64,
    pub(super) emission: u64,
    pub(super) n: u64,
    pub(super) work: u64,
    /// Longest service of a flit.
    pub(super) flit: u64,
}

/// What the packets of a timestep ask of all resources.
#[derive(Clone, Debug)]
pub(crate) struct Demand {
    loads: Vec<Load>,
    used: Vec<u32>,
    pieces: Vec<Vec<Piece>>,
    events: Vec<(u64, Edge, u32)>,
    passage: Passage,
}

/// Where the packets of a piece begin or end to come, the end first if both are in one tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Edge {
    Start,
    End,
}

impl Demand {
    pub(crate) fn new(ways: &Ways) -> Self {
        let n = ways.resources.len();
        Self {
            loads: vec![Load::default(); n],
            used: Vec::new(),
            pieces: vec![Vec::new(); n],
            events: Vec::new(),
            passage: Passage::new(n),
        }
    }

    /// Adds packets.
    pub(crate) fn add(&mut self, ways: &Ways, burst: &Burst) {
        let each = (1_u64 << 32).div_ceil(burst.emission.max(1));
        for stage in ways.stages(burst.packet) {
            let load = &mut self.loads[stage.resource as usize];
            if load.flits == 0 {
                self.used.push(stage.resource);
            }
            load.flits += burst.n * ways.flits;
            load.rate = load.rate.saturating_add(burst.n.saturating_mul(stage.service).saturating_mul(each));
        }
    }

    /// A new timestep.
    pub(crate) fn clear(&mut self) {
        for resource in self.used.drain(..) {
            self.loads[resource as usize] = Load::default();
        }
    }

    /// Flits over the busiest link.
    pub(crate) fn busiest_link(&self, ways: &Ways) -> u64 {
        let links = self.used.iter().filter(|&&r| matches!(ways.resources[r as usize].place, Place::Link(_)));
        links.map(|&r| self.loads[r as usize].flits).max().unwrap_or(0)
    }

    /// When the last packet has arrived; all `bursts` have been added, those of one sender one after another.
    pub(crate) fn end(&mut self, ways: &Ways, bursts: impl Iterator<Item = Burst> + Clone, pace: Pace) -> u64 {
        let mut end = match pace {
            Pace::Expected => self.passage.leave(ways, bursts.clone()),
            Pace::Proven => first_and_last(ways, bursts.clone()),
        };
        let crowded = self.gather(ways, bursts.clone(), pace);
        for r in 0..self.used.len() {
            let r = self.used[r] as usize;
            if !self.pieces[r].is_empty() {
                let mut pieces = std::mem::take(&mut self.pieces[r]);
                end = end.max(self.drained(ways, r, &pieces, pace));
                pieces.clear();
                self.pieces[r] = pieces;
            }
        }
        if pace == Pace::Expected && crowded {
            let loads = &self.loads;
            end = end.max(self.passage.end(ways, bursts, |r| loads[r as usize].crowded));
        }
        end
    }

    /// Whether packets may come to a resource faster than it serves them.
    fn is_crowded(&self, ways: &Ways, r: usize) -> bool {
        let capacity = u128::from(ways.resources[r].servers) << 32;
        u128::from(self.loads[r].rate) * u128::from(BLOCKING.0) > capacity * u128::from(BLOCKING.1)
    }

    /// Collects the packets at crowded resources; whether there are any.
    fn gather(&mut self, ways: &Ways, bursts: impl Iterator<Item = Burst>, pace: Pace) -> bool {
        let mut any = false;
        for &r in &self.used {
            let crowded = pace == Pace::Proven || self.is_crowded(ways, r as usize);
            self.loads[r as usize].crowded = crowded;
            any |= crowded;
        }
        if !any {
            return false;
        }
        for burst in bursts {
            for stage in ways.stages(burst.packet) {
                if !self.loads[stage.resource as usize].crowded {
                    continue;
                }
                let (work, flit) = (burst.n.saturating_mul(stage.service), stage.service / ways.flits);
                let pieces = &mut self.pieces[stage.resource as usize];
                match pieces.last_mut().filter(|piece| piece.sender == burst.sender) {
                    Some(piece) => {
                        piece.n += burst.n;
                        (piece.work, piece.flit) = (piece.work.saturating_add(work), piece.flit.max(flit));
                    }
                    None => pieces.push(Piece {
                        sender: burst.sender,
                        start: burst.start + stage.offset,
                        emission: burst.emission,
                        n: burst.n,
                        work,
                        flit,
                    }),
                }
                if pace == Pace::Proven
                    && let Some(piece) = pieces.last_mut()
                {
                    piece.emission = piece.n.saturating_mul(burst.emit);
                }
            }
        }
        true
    }

    /// When the last flit that a resource serves is somewhere, at the earliest.
    fn drained(&mut self, ways: &Ways, r: usize, pieces: &[Piece], pace: Pace) -> u64 {
        let resource = &ways.resources[r];
        let factor = match resource.place {
            Place::Link(_) | Place::Buffers(..) if pace == Pace::Expected => BLOCKING,
            _ => (1, 1),
        };
        let latest = drained(pieces, resource.servers, factor, &mut self.events);
        let flit = pieces.iter().map(|piece| piece.flit).max().unwrap_or(0);
        latest.saturating_add(resource.tail).saturating_sub(flit)
    }
}

/// When the last packet has arrived at the earliest, if nothing waits on its way: each sender's first packets may be any of its kinds,
/// and all leave it one after the other.
fn first_and_last(ways: &Ways, bursts: impl Iterator<Item = Burst>) -> u64 {
    let mut end = 0;
    // Sender, when it has injected all so far, and its longest injection.
    let mut injected = (u32::MAX, 0, 0);
    for burst in bursts {
        let way = ways.way(burst.packet);
        end = end.max(burst.start + burst.n.saturating_mul(burst.emit) + way.nearest);
        let (until, longest) = if injected.0 == burst.sender { (injected.1, injected.2) } else { (burst.start, 0) };
        let until = until.saturating_add(burst.n.saturating_mul(way.injection));
        injected = (burst.sender, until, way.injection.max(longest));
        end = end.max(until.saturating_add(ways.nearest).saturating_sub(injected.2));
    }
    end
}

/// When a resource has served all pieces, if each service takes `more / of` of what it should.
pub(super) fn drained(
    pieces: &[Piece],
    servers: u64,
    (more, of): (u64, u64),
    events: &mut Vec<(u64, Edge, u32)>,
) -> u64 {
    /// Fractional bits of services that come in a tick.
    const FRACTION: u32 = 40;
    events.clear();
    for (i, piece) in (0..).zip(pieces) {
        events.push((piece.start, Edge::Start, i));
        events.push((piece.start.saturating_add(piece.emission), Edge::End, i));
    }
    events.sort_unstable_by(|a, b| b.cmp(a));
    let rate = |piece: &Piece| (u128::from(piece.work) << FRACTION) / u128::from(piece.emission.max(1));
    // Backwards in time: services that come from here on, whole pieces and begun ones, and their rate.
    let (mut whole, mut begun, mut rates, mut last, mut latest) = (0_u128, 0_u128, 0_u128, u64::MAX, 0);
    for &(at, edge, i) in &*events {
        begun += rates * u128::from(last.min(events[0].0) - at);
        last = at;
        let piece = &pieces[i as usize];
        match edge {
            Edge::End => rates += rate(piece),
            Edge::Start => {
                rates -= rate(piece);
                begun -= rate(piece) * u128::from(piece.emission);
                whole += u128::from(piece.work);
                // What rates were rounded down by must not count.
                let service = (whole << FRACTION) + begun + ((pieces.len() as u128) << (FRACTION / 2));
                let ticks = service * u128::from(more) / u128::from(of * servers);
                latest = latest.max(at.saturating_add(u64::try_from(ticks >> FRACTION).unwrap_or(u64::MAX)));
            }
        }
    }
    latest
}
