//! What the packets of a program can wait for, and how long each kind of packet holds it.
//!
//! | resource | servers | service of a packet of `f` flits |
//! |---|---|---|
//! | link, with the input port behind it | 1 | `f·c·τ`: the port sends the `c` copies of a flit one after the other |
//! | buffers behind a link | `V·B` | `f·R`: a slot is taken at least from departure until its credit is back |
//! | port of a core or of the host | 1 | `f·τ` |
//!
//! τ are the ticks between two flits at a port, `R = router + link + link back`, V virtual channels of B flits. On a torus each
//! half of the channels is a resource of its own. A packet comes to a resource `offset` ticks after it left its core, if it
//! waits for nothing, and is everywhere at the earliest `tail` ticks after its last flit has been served.

use super::{
    analytic::NocCosts,
    topology::{LinkId, source},
};
use isa::RouterId;
use std::{collections::HashMap, ops::Range};

/// What packets wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    Link(LinkId),
    /// Those of the upper half of the channels, on a torus.
    Buffers(LinkId, bool),
    /// Router and local port.
    Port(RouterId, u32),
}

/// A resource.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Resource {
    pub(super) place: Place,
    pub(super) servers: u64,
    /// Packets come here from places of lower rank only.
    pub(super) rank: u32,
    /// Least ticks from the service of a flit until it is somewhere.
    pub(super) tail: u64,
}

/// The passage of a packet through a resource.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stage {
    pub(super) resource: u32,
    pub(super) offset: u64,
    pub(super) service: u64,
}

/// A step of a packet on its way: over a link, or into a core.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hop {
    /// The hop before, in the same way; `None` out of the sender.
    pub(super) before: Option<u32>,
    /// Ticks from when a head left by the hop before until it is sent here, if it waits for nothing but the copies before it.
    pub(super) ticks: u64,
    /// Its passages, one after another among those of the way: a link and the buffers behind it, or a port.
    pub(super) first: u32,
    pub(super) end: u32,
    /// The resource of the last passage, which stands for the place.
    pub(super) place: u32,
}

/// A kind of packet.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    stages: Range<usize>,
    hops: Range<usize>,
    /// Ticks to the nearest and to the farthest destination without contention.
    pub(crate) nearest: u64,
    pub(crate) farthest: u64,
    /// Ticks for which it holds the port by which it leaves its core.
    pub(crate) injection: u64,
}

/// All kinds of packets of a program.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ways {
    pub(super) resources: Vec<Resource>,
    index: HashMap<Place, u32>,
    stages: Vec<Stage>,
    hops: Vec<Hop>,
    ways: Vec<Way>,
    pub(super) flits: u64,
    /// Ticks to the nearest of all destinations.
    pub(super) nearest: u64,
    /// Ticks through the last router, until the last flit is out.
    pub(super) out: u64,
}

/// A router on the way of a packet.
#[derive(Clone, Copy, Debug, Default)]
struct Visit {
    offset: u64,
    /// The same, when copies leave each router one after the other.
    late: u64,
    copies: u64,
    /// Ticks to the nearest receiver behind it, this router's included.
    near: u64,
    /// In which dimension it was come to, and whether in the upper channels.
    column: bool,
    upper: bool,
    /// The hop by which it was come to, and its ticks from there.
    hop: Option<u32>,
    ticks: u64,
}

impl Ways {
    pub(crate) fn new(costs: &NocCosts) -> Self {
        Self { flits: costs.flits.max(1), out: costs.last_router(), ..Self::default() }
    }

    pub(crate) fn way(&self, packet: u32) -> &Way {
        &self.ways[packet as usize]
    }

    pub(super) fn stages(&self, packet: u32) -> &[Stage] {
        &self.stages[self.ways[packet as usize].stages.clone()]
    }

    /// The hops of a packet, each after the one before it.
    pub(super) fn hops(&self, packet: u32) -> &[Hop] {
        &self.hops[self.ways[packet as usize].hops.clone()]
    }

    /// Adds the packet that takes these links from a router to receivers (router, local port). Kinds are numbered from 0.
    pub(crate) fn add(&mut self, costs: &NocCosts, from: RouterId, links: &[LinkId], receivers: &[(RouterId, u32)]) {
        let f = self.flits;
        let out = |router: RouterId| links.iter().copied().filter(move |&link| source(link).0 == router);
        let next = |link: LinkId| {
            let (router, port) = source(link);
            costs.topology.neighbour(router, port)
        };
        let copy = f * costs.interval;
        // Routers in the order of the way, each after the one before it, and how many copies leave that one before.
        let mut order = vec![(from, None::<LinkId>, 0)];
        let mut at = 0;
        while let Some(&(router, ..)) = order.get(at) {
            order.extend(out(router).zip(0..).map(|(link, nth)| (next(link), Some(link), nth)));
            at += 1;
        }
        let mut visits: HashMap<RouterId, Visit> = HashMap::new();
        for &(router, by, nth) in &order {
            let here = receivers.iter().filter(|(r, _)| *r == router).count() as u64;
            let copies = here + out(router).count() as u64;
            let mut visit = Visit { copies, near: u64::MAX, ..Visit::default() };
            if let Some(link) = by {
                let (before, port) = source(link);
                let before = visits[&before];
                let column = port >= 2;
                visit.offset = before.offset + costs.hop(link);
                visit.late = before.late + nth * copy + costs.hop(link);
                (visit.column, visit.upper) =
                    (column, costs.topology.is_seam(link) || (before.upper && before.column == column));
            }
            visits.insert(router, visit);
        }
        for &(router, ..) in order.iter().rev() {
            let here = receivers.iter().any(|(r, _)| *r == router).then_some(costs.router);
            let behind = out(router).filter_map(|link| visits[&next(link)].near.checked_add(costs.hop(link)));
            let near = behind.chain(here).min().unwrap_or(u64::MAX);
            visits.get_mut(&router).expect("visited above").near = near;
        }
        let (first, first_hop) = (self.stages.len(), self.hops.len());
        for &(router, by, nth) in &order {
            let Some(link) = by else { continue };
            let (visit, before) = (visits[&router], visits[&source(link).0]);
            // Where nobody receives behind a link, as in the corner of a rectangle, the packet ends there.
            let tail = costs.hop(link) + if visit.near == u64::MAX { 0 } else { visit.near };
            let copies = visit.copies.max(1);
            let (servers, halves) = costs.slots();
            let upper = halves && visit.upper;
            let rank = costs.topology.rank(link, upper);
            let mut stage = |place, servers, flit: u64| {
                self.stage(Resource { place, servers, rank, tail }, before.offset, f * flit);
            };
            stage(Place::Link(link), 1, copies * costs.interval);
            stage(Place::Buffers(link, upper), servers, costs.hop(link) + costs.back(link));
            let hop = self.hop(before.hop, before.ticks + nth * copy, 2, (first, first_hop));
            let visit = visits.get_mut(&router).expect("visited above");
            (visit.hop, visit.ticks) = (Some(hop), costs.hop(link));
        }
        let mut farthest = 0;
        for &(router, local) in receivers {
            let port = Resource { place: Place::Port(router, local), servers: 1, rank: u32::MAX, tail: costs.router };
            let visit = visits[&router];
            self.stage(port, visit.offset, copy);
            let before = receivers.iter().filter(|&&(r, l)| r == router && l < local).count() as u64;
            let wait = (out(router).count() as u64 + before) * copy;
            self.hop(visit.hop, visit.ticks + wait, 1, (first, first_hop));
            farthest = farthest.max(visit.late + wait + self.out);
        }
        let root = visits[&from];
        let reached = receivers.iter().map(|(router, _)| visits[router].offset);
        let injection = f * root.copies.max(1) * costs.interval;
        let streamed = out(from).map(|link| costs.streamed(link)).max().unwrap_or(0);
        let way = Way {
            stages: first..self.stages.len(),
            hops: first_hop..self.hops.len(),
            nearest: reached.min().unwrap_or(0) + self.out,
            farthest,
            injection: injection.max(streamed),
        };
        self.nearest = if self.ways.is_empty() { way.nearest } else { self.nearest.min(way.nearest) };
        self.ways.push(way);
    }

    fn stage(&mut self, resource: Resource, offset: u64, service: u64) {
        let resources = &mut self.resources;
        let index = *self.index.entry(resource.place).or_insert_with(|| {
            resources.push(resource);
            resources.len() as u32 - 1
        });
        let least = &mut resources[index as usize].tail;
        *least = resource.tail.min(*least);
        self.stages.push(Stage { resource: index, offset, service });
    }

    /// Adds a hop whose passages are the last `n` stages, to a way whose stages and hops begin at `first`; returns its number there.
    fn hop(&mut self, before: Option<u32>, ticks: u64, n: usize, first: (usize, usize)) -> u32 {
        let end = self.stages.len();
        let place = self.stages[end - 1].resource;
        let (begin, end) = ((end - n - first.0) as u32, (end - first.0) as u32);
        self.hops.push(Hop { before, ticks, first: begin, end, place });
        (self.hops.len() - 1 - first.1) as u32
    }
}
