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

/// A kind of packet.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    stages: Range<usize>,
    /// Ticks to the nearest and to the farthest destination without contention.
    pub(crate) nearest: u64,
    pub(crate) farthest: u64,
    /// Ticks for which it holds the port by which it leaves its core.
    pub(super) injection: u64,
}

/// All kinds of packets of a program.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ways {
    pub(super) resources: Vec<Resource>,
    index: HashMap<Place, u32>,
    stages: Vec<Stage>,
    ways: Vec<Way>,
    pub(super) flits: u64,
    /// Ticks to the nearest of all destinations.
    pub(super) nearest: u64,
}

/// A router on the way of a packet.
#[derive(Clone, Copy, Debug)]
struct Visit {
    offset: u64,
    copies: u64,
    /// Ticks to the nearest receiver behind it, this router's included.
    near: u64,
    /// In which dimension it was come to, and whether in the upper channels.
    column: bool,
    upper: bool,
}

impl Ways {
    pub(crate) fn new(costs: &NocCosts) -> Self {
        Self { flits: costs.flits.max(1), ..Self::default() }
    }

    pub(crate) fn way(&self, packet: u32) -> &Way {
        &self.ways[packet as usize]
    }

    pub(super) fn stages(&self, packet: u32) -> &[Stage] {
        &self.stages[self.ways[packet as usize].stages.clone()]
    }

    /// Adds the packet that takes these links from a router to receivers (router, local port). Kinds are numbered from 0.
    pub(crate) fn add(&mut self, costs: &NocCosts, from: RouterId, links: &[LinkId], receivers: &[(RouterId, u32)]) {
        let f = self.flits;
        let out = |router: RouterId| links.iter().copied().filter(move |&link| source(link).0 == router);
        let next = |link: LinkId| {
            let (router, port) = source(link);
            costs.topology.neighbour(router, port)
        };
        // Routers in the order of the way, each after the one before it.
        let mut order = vec![(from, None::<LinkId>)];
        let mut at = 0;
        while let Some(&(router, _)) = order.get(at) {
            order.extend(out(router).map(|link| (next(link), Some(link))));
            at += 1;
        }
        let mut visits: HashMap<RouterId, Visit> = HashMap::new();
        for &(router, by) in &order {
            let here = receivers.iter().filter(|(r, _)| *r == router).count() as u64;
            let mut visit = Visit {
                offset: 0,
                copies: here + out(router).count() as u64,
                near: u64::MAX,
                column: false,
                upper: false,
            };
            if let Some(link) = by {
                let (before, port) = source(link);
                let before = visits[&before];
                let column = port >= 2;
                visit.offset = before.offset + costs.hop(link);
                (visit.column, visit.upper) =
                    (column, costs.topology.is_seam(link) || (before.upper && before.column == column));
            }
            visits.insert(router, visit);
        }
        for &(router, _) in order.iter().rev() {
            let here = receivers.iter().any(|(r, _)| *r == router).then_some(costs.router);
            let behind = out(router).filter_map(|link| visits[&next(link)].near.checked_add(costs.hop(link)));
            let near = behind.chain(here).min().unwrap_or(u64::MAX);
            visits.get_mut(&router).expect("visited above").near = near;
        }
        let first = self.stages.len();
        for &(router, by) in &order {
            let Some(link) = by else { continue };
            let (visit, before) = (visits[&router], visits[&source(link).0]);
            // Where nobody receives behind a link, as in the corner of a rectangle, the packet ends there.
            let tail = costs.hop(link) + if visit.near == u64::MAX { 0 } else { visit.near };
            let copies = visit.copies.max(1);
            let mut stage = |place, servers, flit: u64| self.stage(place, servers, tail, (before.offset, f * flit));
            stage(Place::Link(link), 1, copies * costs.interval);
            let (servers, halves) = costs.slots();
            stage(Place::Buffers(link, halves && visit.upper), servers, costs.hop(link) + costs.back(link));
        }
        for &(router, local) in receivers {
            self.stage(Place::Port(router, local), 1, costs.router, (visits[&router].offset, f * costs.interval));
        }
        let root = visits[&from];
        let reached = receivers.iter().map(|(router, _)| visits[router].offset);
        let behind = costs.router + (f - 1) * costs.interval;
        let injection = f * root.copies.max(1) * costs.interval;
        let streamed = out(from).map(|link| costs.streamed(link)).max().unwrap_or(0);
        let way = Way {
            stages: first..self.stages.len(),
            nearest: reached.clone().min().unwrap_or(0) + behind,
            farthest: reached.max().unwrap_or(0) + behind,
            injection: injection.max(streamed),
        };
        self.nearest = if self.ways.is_empty() { way.nearest } else { self.nearest.min(way.nearest) };
        self.ways.push(way);
    }

    fn stage(&mut self, place: Place, servers: u64, tail: u64, (offset, service): (u64, u64)) {
        let resources = &mut self.resources;
        let resource = *self.index.entry(place).or_insert_with(|| {
            resources.push(Resource { place, servers, tail });
            resources.len() as u32 - 1
        });
        let least = &mut resources[resource as usize].tail;
        *least = tail.min(*least);
        self.stages.push(Stage { resource, offset, service });
    }
}
