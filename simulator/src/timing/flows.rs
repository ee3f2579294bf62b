//! The packets of a timestep, equal ones of one sender together.

/// Equal packets of one sender.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flow {
    /// The sending unit; `None` for the host.
    pub(super) unit: Option<u32>,
    /// Index into [`crate::load::Loaded::traffic`].
    pub(super) packet: u32,
    pub(super) n: u64,
}

/// The flows of a timestep.
#[derive(Debug)]
pub(super) struct Flows {
    all: Vec<Flow>,
    /// Where the latest flow of each packet stands, if it is of this timestep.
    latest: Vec<u32>,
}

impl Flows {
    pub(super) fn new(n_packets: usize) -> Self {
        Self { all: Vec::new(), latest: vec![0; n_packets] }
    }

    pub(super) fn clear(&mut self) {
        self.all.clear();
    }

    /// `n` more of a packet. Those of one sender come one after another, or become several flows.
    #[inline]
    pub(super) fn add(&mut self, unit: Option<u32>, packet: u32, n: u64) {
        let latest = &mut self.latest[packet as usize];
        match self.all.get_mut(*latest as usize) {
            Some(flow) if flow.packet == packet && flow.unit == unit => flow.n += n,
            _ => {
                *latest = self.all.len() as u32;
                self.all.push(Flow { unit, packet, n });
            }
        }
    }

    /// Those of one sender one after another, the host's last; in whatever order they were added.
    pub(super) fn gather(&mut self) {
        let sender = |flow: &Flow| flow.unit.unwrap_or(u32::MAX);
        if !self.all.is_sorted_by_key(sender) {
            self.all.sort_unstable_by_key(|flow| (sender(flow), flow.packet));
        }
    }

    pub(super) fn all(&self) -> &[Flow] {
        &self.all
    }
}
