//! Preparing a program: events resolved to receiving cores, routes to links, descriptors to kernels. Everything that can be
//! known before the first sample is computed here, once.

use crate::{
    error::{LoadError, invalid},
    kernel::{Axon, Synaptic, Weights, conv, dense, fan_out::FanOut, neuron::Neurons, sparse::Sparse},
    noc::{
        topology::{LinkId, LinkKind, Topology},
        tree::Trees,
    },
};
use isa::{
    Arch, CoreId, CoreImage, Descriptor, Destination, Emission, Instruction, LayerId, NeuronDescriptor, NeuronKind,
    Program, Route, RouterId, WeightBlockId,
    arch::{Fire, Multicast, Sweep},
};
use std::collections::{BTreeMap, HashMap};

/// A packet that a route sends.
#[derive(Clone, Debug, Default)]
pub(crate) struct Traffic {
    /// Links crossed, each once: in order for one destination, ascending for several.
    pub(crate) links: Vec<LinkId>,
    /// Receiving units (indices into [`Loaded::units`]); empty for the host.
    pub(crate) units: Vec<u32>,
    /// The longest path of a tree; empty if the links are a path.
    longest: Vec<LinkId>,
    /// Root of its routing tree.
    pub(crate) key: u32,
}

impl Traffic {
    /// The longest path from the source to a destination.
    pub(crate) fn spine(&self) -> &[LinkId] {
        if self.longest.is_empty() { &self.links } else { &self.longest }
    }
}

/// Flits of one packet by what they cross.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Crossings {
    pub(crate) packets: u64,
    pub(crate) ejected: u64,
    pub(crate) routers: u64,
    pub(crate) east_west: u64,
    pub(crate) north_south: u64,
    pub(crate) chip: u64,
}

/// A route, prepared.
#[derive(Clone, Debug)]
pub(crate) struct Path {
    pub(crate) delay: u32,
    /// Receiving unit and its axon.
    pub(crate) targets: Vec<(u32, u16)>,
    /// Packets; none without a network.
    pub(crate) packets: Vec<Traffic>,
    pub(crate) crossings: Crossings,
}

/// The routes of a neuron by the classes of its channel, row and column.
#[derive(Clone, Debug, Default)]
pub(crate) struct Classes {
    pub(crate) channel: Vec<u32>,
    pub(crate) row: Vec<u32>,
    pub(crate) column: Vec<u32>,
    /// Routes by class: indices into the paths of the unit.
    pub(crate) routes: Vec<Vec<u32>>,
    /// Deliveries by class: (delay, unit, axon).
    pub(crate) deliveries: Vec<Vec<(u32, u32, u16)>>,
}

impl Classes {
    /// Class of a neuron by its channel, row and column.
    #[inline]
    pub(crate) fn of(&self, c: usize, y: usize, x: usize) -> u32 {
        if self.routes.is_empty() { 0 } else { self.channel[c] + self.row[y] + self.column[x] }
    }
}

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
    /// None for neurons that are never updated.
    pub(crate) neurons: Option<Neurons>,
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
    /// Way of an output to the host port at router 0.
    pub(crate) to_host: Traffic,
    pub(crate) host_crossings: Crossings,
}

/// The input port, prepared.
#[derive(Clone, Debug)]
pub(crate) struct Port {
    pub(crate) layer: LayerId,
    /// The host's local port at router 0.
    pub(crate) host_local: u32,
    pub(crate) classes: Classes,
    pub(crate) paths: Vec<Path>,
}

/// A program, prepared.
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    pub(crate) units: Vec<Unit>,
    pub(crate) port: Port,
    pub(crate) max_delay: u32,
    /// Routing trees of all packets.
    pub(crate) trees: Trees,
}

impl Loaded {
    /// Whether any spike goes without a queue.
    pub(crate) fn has_fan_outs(&self) -> bool {
        self.units.iter().flat_map(|unit| &unit.tiles).any(|tile| tile.fan_out.is_some())
    }

    /// State words and calls of all units.
    pub(crate) fn extent(&self) -> (usize, usize) {
        let calls = self.units.iter().flat_map(|unit| &unit.axons).map(|axon| axon.calls.len()).sum();
        (self.units.iter().map(|unit| unit.n_state).sum(), calls)
    }

    /// Spikes whose events only add synapse lists need no queues, unless the chip has to know which neurons were touched.
    fn fan_out(&mut self) {
        let (mut words, mut calls) = (0, 0);
        for unit in &mut self.units {
            unit.first_word = words;
            words += unit.n_state;
            for axon in &unit.axons {
                unit.first_call.push(calls);
                calls += axon.calls.len() as u32;
            }
        }
        for u in 0..self.units.len() {
            for i in 0..self.units[u].tiles.len() {
                self.units[u].tiles[i].fan_out = FanOut::new(&self.units[u].tiles[i], &self.units);
            }
        }
    }
}

struct Loader<'a> {
    program: &'a Program,
    arch: &'a Arch,
    topology: &'a Topology,
    unit_of: HashMap<CoreId, u32>,
    /// Axon tables by unit.
    tags: Vec<BTreeMap<isa::Tag, u16>>,
    blocks: HashMap<(WeightBlockId, Vec<u16>), Weights>,
}

pub(crate) fn load(program: &Program, arch: &Arch, topology: &Topology) -> Result<Loaded, LoadError> {
    let mut loader = Loader {
        program,
        arch,
        topology,
        unit_of: program.cores.iter().enumerate().map(|(u, image)| (image.core, u as u32)).collect(),
        tags: program
            .cores
            .iter()
            .map(|image| image.axons.iter().enumerate().map(|(a, axon)| (axon.tag, a as u16)).collect())
            .collect(),
        blocks: HashMap::new(),
    };
    for pair in program.cores.windows(2) {
        if pair[0].core >= pair[1].core {
            return Err(invalid(pair[1].core, "core images are not in ascending order"));
        }
    }
    let layer = program.layers.get(program.input.layer.0 as usize).ok_or_else(|| invalid("input", "no such layer"))?;
    let port_paths = loader.paths(None, &program.input.routes)?;
    let port = Port {
        layer: program.input.layer,
        host_local: arch.mesh.cores_per_router,
        classes: classes("input", &program.input.emission, layer.shape, &port_paths)?,
        paths: port_paths,
    };
    let mut units = program.cores.iter().map(|image| loader.unit(image)).collect::<Result<Vec<Unit>, _>>()?;
    for &(unit, axon) in port.paths.iter().flat_map(|path| &path.targets) {
        units[unit as usize].axons[axon as usize].from_input = true;
    }
    loader.tokens(&mut units);
    let delays = units.iter().flat_map(|unit| &unit.paths).chain(&port.paths).map(|path| path.delay);
    let max_delay = delays.max().unwrap_or(1).max(1);
    if units.iter().flat_map(|unit| &unit.paths).any(|path| path.delay == 0) {
        return Err(invalid("routes", "a route of a core has delay 0"));
    }
    let mut loaded = Loaded { units, port, max_delay, trees: Trees::default() };
    loader.plant(&mut loaded);
    if arch.core.sweep == Sweep::All && arch.core.fire == Fire::PerStep {
        loaded.fan_out();
    }
    Ok(loaded)
}

impl Loader<'_> {
    fn unit(&mut self, image: &CoreImage) -> Result<Unit, LoadError> {
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
                    tiles.push(self.tile(&place, d, local(d.layer), image.n_state, &paths)?);
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
            axons.push(Axon { calls, layer, from_input: false });
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
        let to_host =
            Traffic { links: self.topology.path(router, RouterId(0)), units: Vec::new(), longest: Vec::new(), key: 0 };
        let host_crossings =
            if self.arch.noc.is_some() { self.crossings(std::slice::from_ref(&to_host)) } else { Crossings::default() };
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
        n_state: u32,
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
        if d.v_base as usize + d.n() > n_state as usize || d.params.len() != d.extent.0 as usize {
            return Err(invalid(place, "tile and parameters do not fit the state or the channels"));
        }
        let neurons = Neurons::new(d);
        if self.arch.core.sweep == Sweep::Touched && neurons.as_ref().is_some_and(|n| !n.is_inert()) {
            return Err(invalid(place, "the chip visits only touched neurons, which excludes bias and leak"));
        }
        Ok(Tile {
            layer: d.layer,
            local_layer,
            origin: d.origin,
            extent: (d.extent.0 as usize, d.extent.1 as usize, d.extent.2 as usize),
            v_base: d.v_base as usize,
            window: match d.kind {
                NeuronKind::Spiking { window, .. } => window,
                NeuronKind::Accumulator => (0, 0),
            },
            neurons,
            v_init: d.params.iter().map(|p| p.v_init).collect(),
            classes: classes(place, &d.emission, d.extent, paths)?,
            to_host: d.to_host,
            fan_out: None,
        })
    }

    fn paths(&self, from: Option<CoreId>, routes: &[Route]) -> Result<Vec<Path>, LoadError> {
        let source = from.map_or(RouterId(0), |core| self.arch.router(core));
        let place = |r: usize| format!("{} route{r}", from.map_or("input".into(), |core| core.to_string()));
        routes
            .iter()
            .enumerate()
            .map(|(r, route)| {
                let mut targets = Vec::new();
                for core in route.destination.cores() {
                    let unit =
                        *self.unit_of.get(core).ok_or_else(|| invalid(place(r), format!("{core} is not in use")))?;
                    let axon = *self.tags[unit as usize]
                        .get(&route.tag)
                        .ok_or_else(|| invalid(place(r), format!("{core} does not know {}", route.tag)))?;
                    targets.push((unit, axon));
                }
                let packets = self.packets(source, &route.destination, &targets);
                let crossings = self.crossings(&packets);
                Ok(Path { delay: route.delay.into(), targets, packets, crossings })
            })
            .collect()
    }

    /// The packets of one use of a route.
    fn packets(&self, source: RouterId, destination: &Destination, targets: &[(u32, u16)]) -> Vec<Traffic> {
        let Some(noc) = &self.arch.noc else { return Vec::new() };
        let routers = || destination.cores().iter().map(|&core| self.arch.router(core));
        let units = targets.iter().map(|&(unit, _)| unit).collect();
        match (noc.multicast, destination) {
            (Multicast::Unicast, _) => routers()
                .zip(targets)
                .map(|(to, &(unit, _))| Traffic {
                    links: self.topology.path(source, to),
                    units: vec![unit],
                    longest: Vec::new(),
                    key: 0,
                })
                .collect(),
            // The packet visits every router of the rectangle; each asks the axon tables of its cores.
            (Multicast::Rectangle, Destination::Rectangle { x, y, .. }) => {
                let columns = self.topology.columns;
                let all = (y.0..=y.1).flat_map(|row| {
                    (x.0..=x.1).map(move |column| RouterId(u32::from(row) * columns + u32::from(column)))
                });
                vec![self.tree(source, all.collect(), units)]
            }
            _ => vec![self.tree(source, routers().collect(), units)],
        }
    }

    fn tree(&self, source: RouterId, to: Vec<RouterId>, units: Vec<u32>) -> Traffic {
        let longest =
            to.iter().map(|&router| self.topology.path(source, router)).max_by_key(Vec::len).unwrap_or_default();
        Traffic { links: self.topology.tree(source, to), units, longest, key: 0 }
    }

    fn crossings(&self, packets: &[Traffic]) -> Crossings {
        let flits = self.arch.noc.as_ref().map_or(0, |noc| u64::from(noc.flits_per_spike));
        let mut sum = Crossings::default();
        for packet in packets {
            sum.packets += 1;
            sum.ejected += packet.units.len() as u64;
            // A tree (or path) of n links joins n + 1 routers.
            sum.routers += flits * (packet.links.len() as u64 + 1);
            for &link in &packet.links {
                match self.topology.kind(link) {
                    LinkKind::EastWest => sum.east_west += flits,
                    LinkKind::NorthSouth => sum.north_south += flits,
                    LinkKind::Chip => sum.chip += flits,
                }
            }
        }
        sum
    }

    /// Routing trees of all packets. Local port 0 of a router is its first core, the last is the host's at router 0.
    fn plant(&self, loaded: &mut Loaded) {
        let per_router = self.arch.mesh.cores_per_router;
        let Loaded { units, port, trees, .. } = loaded;
        let places: Vec<(RouterId, u32)> = units.iter().map(|u| (u.router, u.core.0 % per_router)).collect();
        let mut plant = |source: RouterId, packet: &mut Traffic, to_host: bool| {
            let mut receivers: Vec<(RouterId, u32)> = packet.units.iter().map(|&u| places[u as usize]).collect();
            if to_host {
                receivers.push((RouterId(0), per_router));
            }
            packet.key = trees.plant(self.topology, source, &packet.links, &receivers);
        };
        for unit in units {
            let source = unit.router;
            unit.paths.iter_mut().flat_map(|path| &mut path.packets).for_each(|packet| plant(source, packet, false));
            if self.arch.noc.is_some() {
                plant(source, &mut unit.to_host, true);
            }
        }
        port.paths.iter_mut().flat_map(|path| &mut path.packets).for_each(|packet| plant(RouterId(0), packet, false));
    }

    /// Token edges: from each core whose handler sends tokens to the other cores that its routes reach.
    fn tokens(&self, units: &mut [Unit]) {
        let routers: Vec<RouterId> = units.iter().map(|unit| unit.router).collect();
        for (u, unit) in units.iter_mut().enumerate() {
            if !self.program.cores[u].on_tick.contains(&Instruction::Token) {
                continue;
            }
            let mut to: Vec<u32> = unit.paths.iter().flat_map(|path| &path.targets).map(|&(unit, _)| unit).collect();
            to.sort_unstable();
            to.dedup();
            to.retain(|&other| other as usize != u);
            if self.arch.noc.is_some() {
                let packets: Vec<Traffic> = to
                    .iter()
                    .map(|&other| Traffic {
                        links: self.topology.path(unit.router, routers[other as usize]),
                        units: vec![other],
                        longest: Vec::new(),
                        key: 0,
                    })
                    .collect();
                unit.token_crossings = self.crossings(&packets);
            }
            unit.token_to = to;
        }
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

fn classes(place: &str, emission: &Emission, extent: (u16, u16, u16), paths: &[Path]) -> Result<Classes, LoadError> {
    if emission.routes.is_empty() {
        return Ok(Classes::default());
    }
    let n_classes = |class: &[u16]| class.iter().max().map_or(1, |&m| u32::from(m) + 1);
    let (n_rows, n_columns) = (n_classes(&emission.row_class), n_classes(&emission.column_class));
    let sized = emission.channel_class.len() == extent.0 as usize
        && emission.row_class.len() == extent.1 as usize
        && emission.column_class.len() == extent.2 as usize
        && emission.routes.len() == (n_classes(&emission.channel_class) * n_rows * n_columns) as usize;
    if !sized {
        return Err(invalid(place, "emission classes do not cover the tile"));
    }
    let mut routes = Vec::new();
    let mut deliveries = Vec::new();
    for class in &emission.routes {
        if let Some(route) = class.iter().find(|route| route.0 as usize >= paths.len()) {
            return Err(invalid(place, format!("{route} does not exist")));
        }
        routes.push(class.iter().map(|route| route.0).collect());
        deliveries.push(
            class
                .iter()
                .map(|route| &paths[route.0 as usize])
                .flat_map(|path| path.targets.iter().map(|&(unit, axon)| (path.delay, unit, axon)))
                .collect(),
        );
    }
    let scaled = |class: &[u16], by: u32| class.iter().map(|&c| u32::from(c) * by).collect();
    Ok(Classes {
        channel: scaled(&emission.channel_class, n_rows * n_columns),
        row: scaled(&emission.row_class, n_columns),
        column: scaled(&emission.column_class, 1),
        routes,
        deliveries,
    })
}
