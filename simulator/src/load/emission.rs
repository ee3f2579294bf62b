//! Where the spikes of a neuron go, by the classes of its channel, row and column.

use super::traffic::Path;
use crate::error::{LoadError, invalid};
use isa::Emission;

/// The routes of a neuron by the classes of its channel, row and column.
#[derive(Clone, Debug, Default)]
pub(crate) struct Classes {
    pub(crate) channel: Vec<u32>,
    pub(crate) row: Vec<u32>,
    pub(crate) column: Vec<u32>,
    /// Routes by class: indices into the paths of the unit.
    pub(crate) routes: Vec<Vec<u32>>,
    /// The packets of these routes, by class: indices into [`super::Loaded::traffic`].
    pub(crate) packets: Vec<Vec<u32>>,
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

/// The classes of a tile of `extent` neurons whose core has the routes `paths`.
pub(super) fn classes(
    place: &str,
    emission: &Emission,
    extent: (u16, u16, u16),
    paths: &[Path],
) -> Result<Classes, LoadError> {
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
    let (mut routes, mut packets, mut deliveries) = (Vec::new(), Vec::new(), Vec::new());
    for class in &emission.routes {
        if let Some(route) = class.iter().find(|route| route.0 as usize >= paths.len()) {
            return Err(invalid(place, format!("{route} does not exist")));
        }
        routes.push(class.iter().map(|route| route.0).collect());
        let taken = || class.iter().map(|route| &paths[route.0 as usize]);
        packets.push(taken().flat_map(|path| &path.packets).copied().collect());
        let targets = |path: &Path| -> Vec<(u32, u32, u16)> {
            path.targets.iter().map(|&(unit, axon)| (path.delay, unit, axon)).collect()
        };
        deliveries.push(taken().flat_map(targets).collect());
    }
    let scaled = |class: &[u16], by: u32| class.iter().map(|&c| u32::from(c) * by).collect();
    Ok(Classes {
        channel: scaled(&emission.channel_class, n_rows * n_columns),
        row: scaled(&emission.row_class, n_columns),
        column: scaled(&emission.column_class, 1),
        routes,
        packets,
        deliveries,
    })
}
