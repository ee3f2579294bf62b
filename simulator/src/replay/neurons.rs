//! Counting neuron by neuron: for layers whose neurons have synapse lists of their own, and for those that hardly fire.

use super::plan::{Cell, Effect, Receiver, Sender, effect};
use crate::{core::CoreCosts, kernel::sparse::ListReads, load::Loaded};
use std::collections::BTreeMap;

/// What one spike is to a unit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hit {
    pub(super) unit: u32,
    pub(super) ticks: u64,
}

/// What a neuron's spikes are to a call, for the counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Volume {
    pub(super) call: u16,
    pub(super) rows: u64,
    pub(super) reads: ListReads,
}

/// The neurons of a layer, in the order of the network's numbers.
#[derive(Debug, Default)]
pub(super) struct Neurons {
    positions: usize,
    /// What is counted.
    pub(super) cells: Vec<Cell>,
    /// Index into `cells` by neuron.
    cell: Vec<u32>,
    /// Deliveries by delay; by neuron.
    arrivals: BTreeMap<u32, Lists<Hit>>,
    /// By receiver.
    pub(super) heard: BTreeMap<Receiver, Vec<Heard>>,
}

/// What a receiver hears of one neuron.
#[derive(Debug)]
pub(super) struct Heard {
    pub(super) neuron: u32,
    pub(super) volumes: Vec<Volume>,
}

/// Lists by neuron.
#[derive(Debug, Default)]
struct Lists<T> {
    starts: Vec<u32>,
    items: Vec<T>,
}

impl<T> Lists<T> {
    fn at(&self, neuron: usize) -> &[T] {
        &self.items[self.starts[neuron] as usize..self.starts[neuron + 1] as usize]
    }
}

impl Neurons {
    /// `numbers` are the network's numbers of the neurons by place; empty if they are the same.
    pub(super) fn new(
        loaded: &Loaded,
        senders: &[Sender<'_>],
        (shape, numbers): ((u16, u16, u16), &[u32]),
        costs: &CoreCosts,
    ) -> Self {
        let positions = usize::from(shape.1) * usize::from(shape.2);
        let n = usize::from(shape.0) * positions;
        let mut of_place = vec![None; n];
        for (s, sender) in senders.iter().enumerate() {
            for c in sender.channels() {
                for y in sender.rows() {
                    for x in sender.columns() {
                        let place = usize::from(c) * positions + usize::from(y) * usize::from(shape.2) + usize::from(x);
                        of_place[place] = Some((s, sender.class((c, y, x)), (c, y, x)));
                    }
                }
            }
        }
        let mut place_of: Vec<usize> = (0..n).collect();
        for (place, &number) in numbers.iter().enumerate() {
            place_of[number as usize] = place;
        }
        let mut neurons = Self { positions, ..Self::default() };
        let mut cells: BTreeMap<(usize, u32), u32> = BTreeMap::new();
        let deliveries = senders.iter().flat_map(|sender| sender.classes.deliveries.iter().flatten());
        for &(delay, ..) in deliveries {
            neurons.arrivals.entry(delay).or_insert_with(|| Lists { starts: vec![0], items: Vec::new() });
        }
        for (neuron, &place) in place_of.iter().enumerate() {
            let Some((s, class, at)) = of_place[place] else {
                neurons.cell.push(u32::MAX);
                neurons.arrivals.values_mut().for_each(|lists| lists.starts.push(lists.items.len() as u32));
                continue;
            };
            let sender = &senders[s];
            let cell = *cells.entry((s, class)).or_insert_with(|| {
                neurons.cells.push(Cell { tile: sender.tile, class });
                neurons.cells.len() as u32 - 1
            });
            neurons.cell.push(cell);
            for &(delay, unit, axon) in sender.deliveries(class) {
                let to = &loaded.units[unit as usize];
                let mut ticks = 0;
                let mut volumes = Vec::new();
                for (k, &call) in to.axons[usize::from(axon)].calls.iter().enumerate() {
                    let Effect { rows, reads, ticks: own } = effect(&to.synaptic[usize::from(call)], at, costs);
                    ticks += own;
                    if rows > 0 {
                        volumes.push(Volume { call: k as u16, rows, reads });
                    }
                }
                let lists = neurons.arrivals.get_mut(&delay).expect("every delay has its lists");
                lists.items.push(Hit { unit, ticks });
                let heard = neurons.heard.entry(Receiver { delay, unit, axon }).or_default();
                heard.push(Heard { neuron: neuron as u32, volumes });
            }
            neurons.arrivals.values_mut().for_each(|lists| lists.starts.push(lists.items.len() as u32));
        }
        neurons
    }

    /// The neuron of a (channel, position).
    #[inline]
    pub(super) fn neuron(&self, (c, position): (usize, usize)) -> usize {
        c * self.positions + position
    }

    /// Its cell.
    #[inline]
    pub(super) fn cell(&self, neuron: usize) -> Option<usize> {
        Some(self.cell[neuron] as usize).filter(|&cell| cell != u32::MAX as usize)
    }

    /// What its spikes do `delay` timesteps later.
    #[inline]
    pub(super) fn hits(&self, delay: u32, neuron: usize) -> &[Hit] {
        self.arrivals.get(&delay).map_or(&[], |lists| lists.at(neuron))
    }
}
