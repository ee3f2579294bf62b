//! Speculative allocation as plainly as it can be said.

use super::{
    super::mesh::{Delivery, Receiver},
    plain::{Flit, Network},
};

impl Network<'_> {
    /// Whether the front flit of a channel may take a lane as far as seams go, and whether it would have a credit there.
    fn admits(&self, router: usize, channel: usize, port: usize, lane: usize) -> (bool, bool) {
        let state = &self.routers[router];
        if port >= 4 {
            return (true, true);
        }
        let upper = self.seam_after(router, port, state.inputs[channel].queue[0]).is_some();
        let allowed = !self.topology.is_torus() || (lane >= self.shape.virtual_channels / 2) == upper;
        (allowed, state.credits[port][lane] > 0)
    }

    /// Lanes and the switch allocated at once, each by grants of outputs and acceptance of inputs.
    pub(super) fn speculate(&mut self, now: u64, router: usize, to: &mut impl Receiver) {
        let (v, ports) = (self.shape.virtual_channels, 4 + self.shape.local);
        let (channels, all) = (4 * v + self.shape.local, ports * v);
        let state = &self.routers[router];
        let output = |c: usize| state.inputs[c].requests.as_ref().and_then(|all| all.iter().min().copied());
        let holds = |c: usize| state.inputs[c].way.is_some();
        let open = |c: usize, port: usize, lane: usize| {
            let (allowed, credit) = self.admits(router, c, port, lane);
            (allowed && !state.taken[port][lane], credit)
        };
        // Every lane to the first channel in turn that asks for it; every channel takes the first lane in turn that it is given.
        let mut given = vec![Vec::new(); channels];
        for (port, lane) in (0..ports).flat_map(|port| (0..v).map(move |lane| (port, lane))) {
            let mut turns = (0..channels).map(|i| (state.first_channel[port][lane] + i) % channels);
            if let Some(c) = turns.find(|&c| output(c) == Some(port) && !holds(c) && open(c, port, lane).0) {
                given[c].push(port * v + lane);
            }
        }
        let won: Vec<Option<usize>> = (0..channels)
            .map(|c| given[c].iter().copied().min_by_key(|lane| (lane + all - state.first_lane[c]) % all))
            .collect();
        // Which channel bids, by input and output.
        let mut bids = vec![vec![None; ports]; ports];
        for (input, port) in (0..ports).flat_map(|input| (0..ports).map(move |port| (input, port))) {
            if state.input_free[input] > now || state.output_free[port] > now {
                continue;
            }
            let mut own = Vec::new();
            for c in (0..channels).filter(|&c| self.input_of(c) == input && output(c) == Some(port)) {
                let usable = match state.inputs[c].way {
                    Some((_, lane)) => self.admits(router, c, port, lane).1,
                    None => (0..v).any(|lane| open(c, port, lane) == (true, true)),
                };
                let Flit { packet, index, .. } = state.inputs[c].queue[0];
                let copy = Delivery { at: now, packet, router: router as u32, local: (port as u32).saturating_sub(4) };
                if usable && (port < 4 || index > 0 || to.ready(copy) == now) {
                    own.push(c);
                }
            }
            bids[input][port] = own.into_iter().min_by_key(|&c| (!holds(c), (c + 64 - state.next_channel[input]) % 64));
        }
        let granted: Vec<Option<usize>> = (0..ports)
            .map(|port| {
                let mut turns = (0..64).map(|i| (state.next_input[port] + i) % 64);
                turns.find(|&input| bids.get(input).is_some_and(|own| own[port].is_some()))
            })
            .collect();
        let accepted: Vec<Option<usize>> = (0..ports)
            .map(|input| {
                let mut turns = (0..ports).map(|i| (state.first_output[input] + i) % ports);
                turns.find(|&port| granted[port] == Some(input))
            })
            .collect();
        let state = &mut self.routers[router];
        for (c, lane) in won.iter().enumerate().filter_map(|(c, lane)| Some((c, (*lane)?))) {
            state.first_lane[c] = (lane + 1) % all;
            state.first_channel[lane / v][lane % v] = (c + 1) % channels;
            state.inputs[c].way = Some((lane / v, lane % v));
            state.taken[lane / v][lane % v] = true;
        }
        for (input, port) in accepted.iter().enumerate().filter_map(|(input, port)| Some((input, (*port)?))) {
            let c = bids[input][port].expect("it was accepted");
            let state = &mut self.routers[router];
            state.next_channel[input] = (c + 1) % 64;
            state.next_input[port] = (input + 1) % 64;
            state.first_output[input] = (port + 1) % ports;
            let Some((_, lane)) = state.inputs[c].way else { continue };
            if self.admits(router, c, port, lane).1 {
                self.pass(now, router, (c, port, lane), to);
            }
        }
    }
}
