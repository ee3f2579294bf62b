//! Cores, prepared: descriptors to kernels, axon tables to calls, handlers to the tiles that a tick updates.

use super::{
    Loader,
    emission::{Classes, classes},
    traffic::{Crossings, Path},
};
use crate::{
    error::{LoadError, invalid},
    kernel::{Axon, Synaptic, Weights, conv, dense, fan_out::FanOut, list::List, neuron::Neurons, sparse::Sparse},
};
use isa::{
    CoreId, CoreImage, Descriptor, Instruction, LayerId, NeuronDescriptor, NeuronKind, RouterId, WeightBlockId,
    arch::Sweep,
};

/// The neurons of a tile, prepared.
#[derive(Clone, Debug)]
pub(crate) struct Tile {
    pub(crate) layer: LayerId,
    /// Index into the layers of the unit.
    pub(crate) local_layer: u16,
    pub(crate) origin: (u16, u16, u16),
    pub(crate) extent: (usize, usize, usize),
    pub(crate) v_base: usize,
    pub(crate) window: (u32, u32),
    /// Timesteps in which its neurons are visited: those of the window, or all.
    pub(crate) visited: (u32, u32),
    /// None for neurons that are never updated.
    pub(crate) neurons: Option<Neurons>,
    /// Neurons given as a list of operations.
    pub(crate) list: Option<List>,
    pub(crate) v_init: Vec<i32>,
    pub(crate) classes: Classes,
    pub(crate) to_host: bool,
    /// Where spikes need no queue.
    pub(crate) fan_out: Option<FanOut>,
}

impl Tile {
    pub(crate) fn n(&self) -> usize {
        self.extent.0 * self.extent.1 * self.extent.2
    }

    /// Channel, row and column in the layer of the neuron at an offset in the tile's state.
    pub(crate) fn place(&self, neuron: usize) -> (u16, u16, u16) {
        let (channels, _, width) = self.extent;
        let (c0, y0, x0) = self.origin;
        let (c, y, x) = (neuron % channels, neuron / channels / width, neuron / channels % width);
        (c0 + c as u16, y0 + y as u16, x0 + x as u16)
    }

    /// Whether its neurons can fire.
    pub(crate) fn fires(&self) -> bool {
        self.neurons.is_some() || self.list.as_ref().is_some_and(|list| list.fires)
    }

    /// First word of the potentials that the host reads.
    pub(crate) fn potential(&self) -> usize {
        self.list.as_ref().map_or(self.v_base, |list| list.potential)
    }

    /// Emission class of the neuron at an offset in the tile's state.
    pub(crate) fn class_of(&self, neuron: usize) -> u32 {
        let (channels, _, width) = self.extent;
        self.classes.of(neuron % channels, neuron / channels / width, neuron / channels % width)
    }
}

/// A core in use, prepared.
#[derive(Clone, Debug)]
pub(crate) struct Unit {
    pub(crate) core: CoreId,
    pub(crate) router: RouterId,
    /// Its local port there.
    pub(crate) local: u32,
    pub(crate) layers: Vec<LayerId>,
    pub(crate) axons: Vec<Axon>,
    /// Synaptic operations with the index of the receiving layer and the width of a weight \[bits\].
    pub(crate) synaptic: Vec<(Synaptic, u16, u32)>,
    pub(crate) tiles: Vec<Tile>,
    /// Tiles updated at the end of a timestep, in order.
    pub(crate) tick: Vec<usize>,
    pub(crate) n_state: usize,
    /// State words with those that only the kernels of lists have.
    pub(crate) n_words: usize,
    /// State words of the units before it.
    pub(crate) first_word: usize,
    /// Calls of all axons before each of its axons, over all units.
    pub(crate) first_call: Vec<u32>,
    pub(crate) on_spike: u64,
    pub(crate) on_tick: u64,
    /// Barriers joined in a timestep.
    pub(crate) barriers: u64,
    /// Units that a token goes to at the end of a timestep; empty if the handler sends none.
    pub(crate) token_to: Vec<u32>,
    pub(crate) token_crossings: Crossings,
    pub(crate) paths: Vec<Path>,
    /// Way of an output to the host port at router 0: index into [`super::Loaded::traffic`].
    pub(crate) to_host: u32,
    pub(crate) host_crossings: Crossings,
}

impl Loader<'_> {
    pub(super) fn unit(&mut self, image: &CoreImage) -> Result<Unit, LoadError> {
        let core = image.core;
        if core.0 >= self.arch.n_cores() {
            return Err(invalid(core, format!("the chip has {} cores", self.arch.n_cores())));
        }
        handlers(image)?;
        let mut layers: Vec<LayerId> = image.descriptors.iter().map(Descriptor::layer).collect();
        layers.sort_unstable();
        layers.dedup();
        if layers.is_empty() {
            return Err(invalid(core, "no descriptor"));
        }
        if let Some(layer) = layers.iter().find(|layer| layer.0 as usize >= self.program.layers.len()) {
            return Err(invalid(core, format!("{layer} does not exist")));
        }
        let local = |layer: LayerId| layers.binary_search(&layer).expect("collected above") as u16;
        let paths = self.paths(Some(core), &image.routes)?;

        let (mut synaptic, mut tiles) = (Vec::new(), Vec::new());
        let mut index = Vec::new();
        let mut n_words = image.n_state as usize;
        for (d, descriptor) in image.descriptors.iter().enumerate() {
            let place = format!("{core} d{d}");
            let prepared = match descriptor {
                Descriptor::Conv(d) => {
                    let order = vec![1, d.kernel.1, d.stride.1, d.dilation.1, d.span, d.kernel.0];
                    let (weights, bits) = self.weights(&place, d.weights, order, |block| conv::arrange(d, block))?;
                    conv::Conv::new(d, weights, image.n_state).map(|op| (Synaptic::Conv(op), local(d.layer), bits))
                }
                Descriptor::Dense(d) => {
                    let (weights, bits) = self.weights(&place, d.weights, vec![0], |block| dense::arrange(d, block))?;
                    dense::Dense::new(d, weights, image.n_state).map(|op| (Synaptic::Dense(op), local(d.layer), bits))
                }
                Descriptor::Sparse(d) => {
                    let (block, id) = (self.program.weights.get(d.weights.0 as usize), d.weights);
                    let block = block.ok_or_else(|| invalid(&place, format!("{id} does not exist")))?;
                    Sparse::new(d, block, image.n_state, self.arch)
                        .map(|op| (Synaptic::Sparse(op), local(d.layer), u32::from(block.bits)))
                }
                Descriptor::Neurons(d) => {
                    index.push((None, Some(tiles.len())));
                    tiles.push(self.tile(&place, d, local(d.layer), (image.n_state, &mut n_words), &paths)?);
                    continue;
                }
            };
            index.push((Some(synaptic.len() as u16), None));
            synaptic.push(prepared.map_err(|cause| invalid(&place, cause))?);
        }

        let mut axons = Vec::new();
        for entry in &image.axons {
            let mut calls = Vec::new();
            for &d in &entry.descriptors {
                match index.get(d.0 as usize) {
                    Some(&(Some(op), _)) => calls.push(op),
                    _ => return Err(invalid(core, format!("{} calls {d}, which is no synaptic operation", entry.tag))),
                }
            }
            let layer = calls.first().map_or(0, |&op| synaptic[op as usize].1);
            axons.push(Axon { calls, layer, from_input: false, graded: false });
        }
        let mut tick = Vec::new();
        let mut barriers = 0;
        for instruction in &image.on_tick {
            match instruction {
                Instruction::NeuronUpdate(d) => match index.get(d.0 as usize) {
                    Some(&(_, Some(tile))) => tick.push(tile),
                    _ => return Err(invalid(core, format!("updates {d}, which holds no neurons"))),
                },
                Instruction::Barrier => barriers += 1,
                _ => {}
            }
        }
        let router = self.arch.router(core);
        let to_host = self.traffic.along(self.topology, (router, RouterId(0)), Vec::new());
        let host_crossings = if self.arch.noc.is_some() { self.crossings(&[to_host]) } else { Crossings::default() };
        Ok(Unit {
            core,
            router,
            local: core.0 % self.arch.mesh.cores_per_router,
            layers,
            axons,
            synaptic,
            tiles,
            tick,
            n_state: image.n_state as usize,
            n_words,
            first_word: 0,
            first_call: Vec::new(),
            on_spike: image.on_spike.len() as u64,
            on_tick: image.on_tick.len() as u64,
            barriers,
            token_to: Vec::new(),
            token_crossings: Crossings::default(),
            paths,
            to_host,
            host_crossings,
        })
    }

    fn weights(
        &mut self,
        place: &str,
        id: WeightBlockId,
        order: Vec<u16>,
        arrange: impl FnOnce(&isa::WeightBlock) -> Result<Weights, String>,
    ) -> Result<(Weights, u32), LoadError> {
        let block =
            self.program.weights.get(id.0 as usize).ok_or_else(|| invalid(place, format!("{id} does not exist")))?;
        let bits = u32::from(block.bits);
        if let Some(weights) = self.blocks.get(&(id, order.clone())) {
            return Ok((weights.clone(), bits));
        }
        let weights = arrange(block).map_err(|cause| invalid(place, cause))?;
        self.blocks.insert((id, order), weights.clone());
        Ok((weights, bits))
    }

    fn tile(
        &self,
        place: &str,
        d: &NeuronDescriptor,
        local_layer: u16,
        (n_state, n_words): (u32, &mut usize),
        paths: &[Path],
    ) -> Result<Tile, LoadError> {
        let shape = self.program.layer(d.layer).shape;
        let end = |origin: u16, extent: u16| u32::from(origin) + u32::from(extent);
        if end(d.origin.0, d.extent.0) > shape.0.into()
            || end(d.origin.1, d.extent.1) > shape.1.into()
            || end(d.origin.2, d.extent.2) > shape.2.into()
        {
            return Err(invalid(place, format!("tile reaches beyond its layer of {shape:?}")));
        }
        let parameters = matches!(d.kind, NeuronKind::Listed(_)) || d.params.len() == d.extent.0 as usize;
        if d.v_base as usize + d.n_words() > n_state as usize || !parameters {
            return Err(invalid(place, "tile and parameters do not fit the state or the channels"));
        }
        let neurons = Neurons::new(d);
        if self.arch.core.sweep == Sweep::Touched && neurons.as_ref().is_some_and(|n| !n.is_inert()) {
            return Err(invalid(place, "the chip visits only touched neurons, which excludes bias and leak"));
        }
        let list = match &d.kind {
            NeuronKind::Listed(list) => {
                if !self.arch.core.updates_all() {
                    return Err(invalid(place, format!("{} neurons act in every timestep", list.model)));
                }
                let layer = self.program.layer(d.layer);
                let number = |i: usize| {
                    let (channels, width) = (usize::from(d.extent.0), usize::from(d.extent.2));
                    let (c, y, x) = (i % channels, i / channels / width, i / channels % width);
                    layer.index((d.origin.0 + c as u16, d.origin.1 + y as u16, d.origin.2 + x as u16)) as u32
                };
                Some(List::new(d, list, n_words, number).map_err(|cause| invalid(place, cause))?)
            }
            NeuronKind::Spiking { .. } | NeuronKind::Accumulator => None,
        };
        let window = d.kind.window().unwrap_or((0, 0));
        let always = self.arch.core.sweep == Sweep::Always && neurons.is_some();
        Ok(Tile {
            layer: d.layer,
            local_layer,
            origin: d.origin,
            extent: (d.extent.0 as usize, d.extent.1 as usize, d.extent.2 as usize),
            v_base: d.v_base as usize,
            window,
            visited: if always { (0, u32::MAX) } else { window },
            neurons,
            list,
            v_init: d.params.iter().map(|p| p.v_init).collect(),
            classes: classes(place, &d.emission, d.extent, paths)?,
            to_host: d.to_host,
            fan_out: None,
        })
    }
}

/// Handlers take an event, look it up and call its operations; ticks update neurons and separate timesteps.
fn handlers(image: &CoreImage) -> Result<(), LoadError> {
    use Instruction::{AxonLookup, Barrier, CallAxon, End, EventGet, NeuronUpdate, Token};
    let spike: Vec<_> = image.on_spike.iter().filter(|i| **i != End).collect();
    if !(spike.is_empty() && image.axons.is_empty()) && spike != [&EventGet, &AxonLookup, &CallAxon] {
        return Err(invalid(image.core, "on_spike is not: get event, look up axon, call axon, end"));
    }
    if !image.on_tick.iter().all(|i| matches!(i, NeuronUpdate(_) | Barrier | Token | End)) {
        return Err(invalid(image.core, "on_tick handles an event"));
    }
    Ok(())
}
