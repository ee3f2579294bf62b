//! Routing tables of a program's packets: one node per router that a packet visits.

use super::{
    mesh::Routing,
    topology::{LinkId, Topology},
};
use isa::RouterId;

#[derive(Clone, Copy, Debug)]
struct Node {
    outputs: u64,
    next: [u32; 4],
}

/// The trees of all packets; a flit's key is its node.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trees(Vec<Node>);

impl Trees {
    /// Adds the tree of `links` from `source` with `receivers` (router, local port); returns the key of its root.
    pub(crate) fn plant(
        &mut self,
        topology: &Topology,
        source: RouterId,
        links: &[LinkId],
        receivers: &[(RouterId, u32)],
    ) -> u32 {
        let mut sorted = links.to_vec();
        sorted.sort_unstable();
        self.grow(topology, source, &sorted, receivers)
    }

    fn grow(&mut self, topology: &Topology, at: RouterId, links: &[LinkId], receivers: &[(RouterId, u32)]) -> u32 {
        let here = receivers.iter().filter(|(router, _)| *router == at);
        // Routers with more ports than the set holds are not simulated flit by flit (`NoTime::Channels`), and nothing else reads it.
        let port = |local: &u32| local.checked_add(4).and_then(|port| 1u64.checked_shl(port)).unwrap_or(0);
        let mut node = Node { outputs: here.fold(0, |set, (_, local)| set | port(local)), next: [0; 4] };
        for port in 0..4 {
            if links.binary_search(&LinkId(4 * at.0 + port as u32)).is_ok() {
                node.outputs |= 1 << port;
                node.next[port] = self.grow(topology, topology.neighbour(at, port), links, receivers);
            }
        }
        self.0.push(node);
        self.0.len() as u32 - 1
    }
}

impl Routing for Trees {
    fn outputs(&self, _router: usize, key: u32) -> u64 {
        self.0[key as usize].outputs
    }

    fn next(&self, key: u32, port: usize) -> u32 {
        self.0[key as usize].next[port]
    }
}
