//! Preparing a program: events resolved to receiving cores, routes to links, descriptors to kernels. Everything that can be
//! known before the first sample is computed here, once.

mod emission;
mod traffic;
mod unit;

pub(crate) use emission::Classes;
pub(crate) use traffic::{Crossings, Path, Traffic};
pub(crate) use unit::{Tile, Unit};

use crate::{
    error::{LoadError, invalid},
    kernel::{Weights, fan_out::FanOut, list::List, sums::Sums},
    noc::{topology::Topology, tree::Trees},
};
use emission::classes;
use isa::{Arch, CoreId, LayerId, Program, Tag, WeightBlockId};
use std::collections::{BTreeMap, HashMap};
use traffic::TrafficTable;

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
    /// Packets that differ in source, way or receivers.
    pub(crate) traffic: Vec<Traffic>,
    /// Their routing trees.
    pub(crate) trees: Trees,
    /// Zeros for what fan-outs add; empty without them.
    pub(crate) sums: Sums,
}

impl Loaded {
    /// Whether any spike goes without a queue.
    pub(crate) fn has_fan_outs(&self) -> bool {
        !self.sums.is_empty()
    }

    fn fan_outs(&self) -> impl Iterator<Item = &FanOut> {
        self.units.iter().flat_map(|unit| &unit.tiles).filter_map(|tile| tile.fan_out.as_ref())
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
                let unit = &self.units[u];
                if unit.tiles[i].list.as_ref().is_some_and(List::emits_values) {
                    continue;
                }
                self.units[u].tiles[i].fan_out = FanOut::new(&unit.tiles[i], &unit.paths, &self.units);
            }
        }
        if self.fan_outs().next().is_some() {
            let mut magnitudes = vec![0; words];
            self.fan_outs().for_each(|fan| fan.magnitudes(&mut magnitudes));
            self.sums = Sums::new(&magnitudes);
        }
    }
}

struct Loader<'a> {
    program: &'a Program,
    arch: &'a Arch,
    topology: &'a Topology,
    unit_of: HashMap<CoreId, u32>,
    /// Axon tables by unit.
    tags: Vec<BTreeMap<Tag, u16>>,
    blocks: HashMap<(WeightBlockId, Vec<u16>), Weights>,
    traffic: TrafficTable,
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
        traffic: TrafficTable::default(),
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
    let values = |tile: &&Tile| tile.list.as_ref().is_some_and(List::emits_values);
    let emitting = units.iter().flat_map(|unit| &unit.tiles).filter(values);
    let graded: Vec<(u32, u16)> = emitting
        .flat_map(|tile| tile.classes.deliveries.iter().flatten().map(|&(_, unit, axon)| (unit, axon)))
        .collect();
    for (unit, axon) in graded {
        units[unit as usize].axons[axon as usize].graded = true;
    }
    loader.tokens(&mut units);
    let delays = units.iter().flat_map(|unit| &unit.paths).chain(&port.paths).map(|path| path.delay);
    let max_delay = delays.max().unwrap_or(1).max(1);
    if units.iter().flat_map(|unit| &unit.paths).any(|path| path.delay == 0) {
        return Err(invalid("routes", "a route of a core has delay 0"));
    }
    let (traffic, trees) = loader.plant(&units);
    let mut loaded = Loaded { units, port, max_delay, traffic, trees, sums: Sums::default() };
    if arch.core.updates_all() {
        loaded.fan_out();
    }
    Ok(loaded)
}
