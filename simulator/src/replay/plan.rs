//! What the spikes of a layer are to a mapping: which emission classes they are counted in, and what they cost where they arrive.
//!
//! Everything is linear in the spikes. Where a layer is a map and its receivers are convolutions or matrices, sums over rectangles
//! of a few channel ranges suffice ([`super::areas`]); elsewhere neurons are looked up one by one ([`super::neurons`]).

use super::{areas::Areas, neurons::Neurons, record::Record};
use crate::{
    core::CoreCosts,
    kernel::{Synaptic, sparse::ListReads},
    load::{Classes, Loaded, Unit},
};
use isa::Layer;

/// Who sends: the input port, or a tile of a unit.
#[derive(Clone, Copy)]
pub(super) struct Sender<'a> {
    /// Unit and tile; `None` for the input port.
    pub(super) tile: Option<(u32, u16)>,
    pub(super) origin: (u16, u16, u16),
    pub(super) extent: (u16, u16, u16),
    pub(super) classes: &'a Classes,
}

impl Sender<'_> {
    /// Emission class of the neuron at a place of the layer.
    pub(super) fn class(&self, (c, y, x): (u16, u16, u16)) -> u32 {
        let (c0, y0, x0) = self.origin;
        self.classes.of((c - c0).into(), (y - y0).into(), (x - x0).into())
    }

    pub(super) fn channels(&self) -> std::ops::Range<u16> {
        self.origin.0..self.origin.0 + self.extent.0
    }

    pub(super) fn rows(&self) -> std::ops::Range<u16> {
        self.origin.1..self.origin.1 + self.extent.1
    }

    pub(super) fn columns(&self) -> std::ops::Range<u16> {
        self.origin.2..self.origin.2 + self.extent.2
    }

    /// Deliveries of a class, as (delay, unit, axon).
    pub(super) fn deliveries(&self, class: u32) -> &[(u32, u32, u16)] {
        self.classes.deliveries.get(class as usize).map_or(&[], Vec::as_slice)
    }
}

/// What is counted of a class of emission, or of the visits of a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Cell {
    /// Unit and tile; `None` for the input port.
    pub(super) tile: Option<(u32, u16)>,
    pub(super) class: u32,
}

/// A call of an axon, by the events that reach it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Receiver {
    pub(super) delay: u32,
    pub(super) unit: u32,
    pub(super) axon: u16,
}

/// What one event does in one call.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Effect {
    pub(super) rows: u64,
    pub(super) reads: ListReads,
    pub(super) ticks: u64,
}

/// What an event of a source place does in a call.
pub(super) fn effect(op: &(Synaptic, u16, u32), place: (u16, u16, u16), costs: &CoreCosts) -> Effect {
    let (synaptic, _, bits) = op;
    let (rows, reads) = synaptic.volume(place);
    let ticks = match synaptic {
        Synaptic::Sparse(_) => costs.list_ticks(reads.slots),
        Synaptic::Conv(_) | Synaptic::Dense(_) => rows * costs.row_ticks(synaptic.span() as u64, *bits),
    };
    Effect { rows, reads, ticks }
}

/// The way a source's spikes are counted.
pub(super) enum Way {
    Areas(Areas),
    Neurons(Neurons),
}

/// A layer that sends, and what its spikes are to the mapping.
pub(super) struct Source {
    pub(super) layer: usize,
    pub(super) way: Way,
    /// Delays of its deliveries, ascending.
    pub(super) delays: Vec<u32>,
}

/// Positions with spikes below which single neurons are quicker than sums over a map.
const DENSE: f64 = 0.1;

/// The sources of a loaded program: the input first, then the layers by id.
pub(super) fn sources(loaded: &Loaded, layers: &[Layer], record: &Record, costs: &CoreCosts) -> Vec<Source> {
    let port = &loaded.port;
    let mut senders: Vec<Vec<Sender<'_>>> = vec![Vec::new(); layers.len()];
    for (u, unit) in loaded.units.iter().enumerate() {
        for (t, tile) in unit.tiles.iter().enumerate() {
            let extent = (tile.extent.0 as u16, tile.extent.1 as u16, tile.extent.2 as u16);
            senders[tile.layer.0 as usize].push(Sender {
                tile: Some((u as u32, t as u16)),
                origin: tile.origin,
                extent,
                classes: &tile.classes,
            });
        }
    }
    let input = port.layer.0 as usize;
    let whole = Sender { tile: None, origin: (0, 0, 0), extent: layers[input].shape, classes: &port.classes };
    senders[input] = vec![whole];
    let order = std::iter::once(input).chain((0..layers.len()).filter(|&l| l != input));
    order
        .map(|l| {
            let senders = &senders[l];
            let targets = senders.iter().flat_map(|sender| sender.classes.deliveries.iter().flatten());
            let mut delays: Vec<u32> = targets.clone().map(|&(delay, ..)| delay).collect();
            delays.sort_unstable();
            delays.dedup();
            let lists = targets.clone().any(|&(_, unit, axon)| {
                let Unit { axons, synaptic, .. } = &loaded.units[unit as usize];
                let mut calls = axons[axon as usize].calls.iter();
                calls.any(|&call| matches!(synaptic[call as usize].0, Synaptic::Sparse(_)))
            });
            let renumbered = l != input && !layers[l].numbers.is_empty();
            let stream = &record.spikes[l];
            let way = if lists || renumbered || stream.density() < DENSE {
                let numbers = if l == input { &[][..] } else { &layers[l].numbers };
                Way::Neurons(Neurons::new(loaded, senders, (layers[l].shape, numbers), costs))
            } else {
                Way::Areas(Areas::new(loaded, senders, layers[l].shape, costs))
            };
            Source { layer: l, way, delays }
        })
        .collect()
}
