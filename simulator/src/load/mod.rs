//! Preparing a program: events resolved to receiving cores, routes to links, descriptors to kernels. Everything that can be
//! known before the first sample is computed here, once.

mod emission;
mod traffic;
mod unit;

pub(crate) use traffic::{Crossings, Path, Traffic};
pub(crate) use unit::{Tile, Unit};

use crate::{
    error::{LoadError, invalid},
    kernel::Weights,
    noc::{topology::Topology, tree::Trees},
};
use emission::{Classes, classes};
use isa::{Arch, CoreId, LayerId, Program, Tag, WeightBlockId};
use std::collections::{BTreeMap, HashMap};

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

struct Loader<'a> {
    program: &'a Program,
    arch: &'a Arch,
    topology: &'a Topology,
    unit_of: HashMap<CoreId, u32>,
    /// Axon tables by unit.
    tags: Vec<BTreeMap<Tag, u16>>,
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
    Ok(loaded)
}
