//! What a mapping costs: deliveries, links, congestion; comparable with published mappings.
//!
//! Events per timestep come from the nets' weights. Per event of a spiking neuron:
//! - deliveries: destination cores;
//! - multicast links: directed links travelled by one packet in dimension order, the union over its destinations;
//! - unicast links: the same with one packet per destination.
//!
//! The metrics of Jin et al. (ASPLOS 2023) treat every (event, destination) as a packet of its own over d links:
//! energy `Σ f·[(d+1)·E_r + d·E_w]`, latency `(d+1)·L_r + d·L_w` (mean over packets, and largest), congestion = packets
//! per timestep through a router (mean over routers in use, and largest). E_r = 1.7 pJ, E_w = 3.5 pJ, L_r = 2.1 ns,
//! L_w = 5.3 ns as in Ronzani & Silvano 2026 for Loihi. They compare mappings; they are not the energy model.

use crate::{
    mesh::Mesh,
    nets::{MILLI, Net},
    placement::Placement,
};
use std::fmt;

/// Figures of a placed partition. Rates are per timestep.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MappingCost {
    /// Events of spiking neurons that have destinations.
    pub events: f64,
    /// Destination cores per event of a spiking neuron.
    pub deliveries_per_event: f64,
    /// Links of the route union per event of a spiking neuron.
    pub multicast_links_per_event: f64,
    /// Links of single packets per event of a spiking neuron.
    pub unicast_links_per_event: f64,
    /// Events over the busiest directed link, as the chip sends them (input included).
    pub busiest_link: f64,
    /// What the placement minimizes, `J = Σ w·(cost of the links) + κ·(load of the busiest)`, as the chip sends (input
    /// included); see [`crate::pass::place`].
    pub objective: f64,
    /// Energy after Jin et al. \[pJ per timestep\].
    pub energy_pj: f64,
    /// Mean latency after Jin et al. \[ns\].
    pub mean_latency_ns: f64,
    /// Largest latency after Jin et al. \[ns\].
    pub max_latency_ns: f64,
    /// Mean congestion after Jin et al. \[packets per timestep\].
    pub mean_congestion: f64,
    /// Largest congestion after Jin et al. \[packets per timestep\].
    pub max_congestion: f64,
}

const ROUTER_PJ: f64 = 1.7;
const WIRE_PJ: f64 = 3.5;
const ROUTER_NS: f64 = 2.1;
const WIRE_NS: f64 = 5.3;

/// The cost of a placement; `kappa` weighs the busiest link ([`crate::pass::place::Region::kappa`]).
pub fn mapping_cost(mesh: &Mesh, kappa: f64, nets: &[Net], placement: &Placement) -> MappingCost {
    let at = |cluster: u32| mesh.position(placement.cores[cluster as usize]);
    let multicast = mesh.with_unicast(false);
    let unicast = mesh.with_unicast(true);
    let mut scratch = Vec::new();
    let mut loads = vec![0u64; mesh.n_links()];
    let mut routers = vec![0u64; mesh.n_routers()];
    let (mut events, mut deliveries, mut union, mut single) = (0u64, 0u64, 0u64, 0u64);
    let (mut packets, mut hops, mut farthest) = (0u64, 0u64, 0u64);
    for net in nets {
        let src = net.src.map_or((0, 0), |c| at(c.0));
        let dst = || net.dst.iter().map(|c| at(c.0));
        mesh.route(src, dst(), &mut scratch, |link| loads[link] += net.weight);
        let mut n_union = 0;
        multicast.route(src, dst(), &mut scratch, |_| n_union += 1);
        let mut n_single = 0;
        unicast.route(src, dst(), &mut scratch, |link| {
            n_single += 1;
            routers[link / 4] += net.weight;
        });
        for d in dst() {
            routers[mesh.router(d)] += net.weight;
            farthest = farthest.max(Mesh::distance(src, d));
        }
        packets += net.weight * net.dst.len() as u64;
        hops += net.weight * n_single;
        if net.src.is_some() {
            events += net.weight;
            deliveries += net.weight * net.dst.len() as u64;
            union += net.weight * n_union;
            single += net.weight * n_single;
        }
    }
    let links: u64 = loads.iter().enumerate().map(|(link, load)| load * mesh.link_cost(link)).sum();
    let busiest = loads.into_iter().max().unwrap_or(0);
    let per = |n: u64, of: u64| if of == 0 { 0.0 } else { n as f64 / of as f64 };
    let used: Vec<u64> = routers.into_iter().filter(|&n| n > 0).collect();
    MappingCost {
        events: per(events, MILLI),
        deliveries_per_event: per(deliveries, events),
        multicast_links_per_event: per(union, events),
        unicast_links_per_event: per(single, events),
        busiest_link: per(busiest, MILLI),
        objective: per(links, MILLI) + kappa * per(busiest, MILLI),
        energy_pj: per(packets + hops, MILLI) * ROUTER_PJ + per(hops, MILLI) * WIRE_PJ,
        mean_latency_ns: per(packets + hops, packets) * ROUTER_NS + per(hops, packets) * WIRE_NS,
        max_latency_ns: (farthest + 1) as f64 * ROUTER_NS + farthest as f64 * WIRE_NS,
        mean_congestion: per(used.iter().sum(), MILLI * used.len() as u64),
        max_congestion: per(used.iter().copied().max().unwrap_or(0), MILLI),
    }
}

impl fmt::Display for MappingCost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "events per timestep          {:12.1}", self.events)?;
        writeln!(f, "destination cores per event  {:12.2}", self.deliveries_per_event)?;
        writeln!(f, "multicast links per event    {:12.2}", self.multicast_links_per_event)?;
        writeln!(f, "unicast links per event      {:12.2}", self.unicast_links_per_event)?;
        writeln!(f, "busiest link per timestep    {:12.1}", self.busiest_link)?;
        writeln!(f, "objective of the placement   {:12.1}", self.objective)?;
        writeln!(f, "energy [pJ per timestep]     {:12.0}", self.energy_pj)?;
        writeln!(f, "latency mean, max [ns]       {:12.1} {:.1}", self.mean_latency_ns, self.max_latency_ns)?;
        write!(f, "congestion mean, max         {:12.1} {:.1}", self.mean_congestion, self.max_congestion)
    }
}
