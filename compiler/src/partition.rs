//! The partition of a network: boxes of neurons ("tiles") and the tiles that share a core ("clusters").

use ir::PopulationId;
use std::{fmt, ops::Range};

/// A tile of a partition. Displays as `tile3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileId(pub u32);

/// A cluster: tiles that share one core, not yet placed. Displays as `cluster3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClusterId(pub u32);

impl fmt::Display for TileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tile{}", self.0)
    }
}

impl fmt::Display for ClusterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cluster{}", self.0)
    }
}

/// A box of neurons of one population: all (c, y, x) of `channels × rows × cols`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    /// The population.
    pub population: PopulationId,
    /// Channels.
    pub channels: Range<u32>,
    /// Rows.
    pub rows: Range<u32>,
    /// Columns.
    pub cols: Range<u32>,
}

impl Tile {
    /// Number of neurons.
    pub fn neurons(&self) -> u64 {
        self.channels.len() as u64 * self.rows.len() as u64 * self.cols.len() as u64
    }
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { population, channels: c, rows: y, cols: x } = self;
        write!(f, "{population} c{}..{} y{}..{} x{}..{}", c.start, c.end, y.start, y.end, x.start, x.end)
    }
}

/// How a population is cut: borders along each axis, from 0 to the axis' length, ascending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Borders of the channel slices.
    pub channels: Vec<u32>,
    /// Borders of the row slices.
    pub rows: Vec<u32>,
    /// Borders of the column slices.
    pub cols: Vec<u32>,
}

impl Grid {
    /// Number of slices along (channels, rows, columns).
    pub fn slices(&self) -> (u32, u32, u32) {
        let n = |cuts: &[u32]| cuts.len() as u32 - 1;
        (n(&self.channels), n(&self.rows), n(&self.cols))
    }

    /// Number of tiles.
    pub fn n_tiles(&self) -> u32 {
        let (c, y, x) = self.slices();
        c * y * x
    }

    /// The tile at slice (c, y, x) of a population.
    pub fn tile(&self, population: PopulationId, (c, y, x): (u32, u32, u32)) -> Tile {
        let range = |cuts: &[u32], i: u32| cuts[i as usize]..cuts[i as usize + 1];
        Tile { population, channels: range(&self.channels, c), rows: range(&self.rows, y), cols: range(&self.cols, x) }
    }

    /// Number of the tile of neuron (c, y, x), in the order of [`Self::positions`].
    pub fn tile_at(&self, (c, y, x): (u32, u32, u32)) -> u32 {
        let slice = |cuts: &[u32], i: u32| cuts.partition_point(|&cut| cut <= i) as u32 - 1;
        let (_, n_rows, n_cols) = self.slices();
        (slice(&self.channels, c) * n_rows + slice(&self.rows, y)) * n_cols + slice(&self.cols, x)
    }

    /// Slice coordinates of all tiles, channels outermost.
    pub fn positions(&self) -> impl Iterator<Item = (u32, u32, u32)> + use<> {
        let (c, y, x) = self.slices();
        (0..c).flat_map(move |c| (0..y).flat_map(move |y| (0..x).map(move |x| (c, y, x))))
    }
}

/// Tiles of every population and their distribution over clusters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// The grid of each population, by population id; none for inputs.
    pub grids: Vec<Option<Grid>>,
    /// All tiles: populations ascending, within a population in the order of [`Grid::positions`].
    pub tiles: Vec<Tile>,
    /// Tiles of each cluster, ascending.
    pub clusters: Vec<Vec<TileId>>,
}

impl Partition {
    /// The partition into grids, with one cluster per tile.
    pub fn from_grids(grids: Vec<Option<Grid>>) -> Self {
        let mut tiles = Vec::new();
        for (p, grid) in grids.iter().enumerate() {
            if let Some(grid) = grid {
                tiles.extend(grid.positions().map(|at| grid.tile(PopulationId(p as u32), at)));
            }
        }
        let clusters = (0..tiles.len()).map(|i| vec![TileId(i as u32)]).collect();
        Self { grids, tiles, clusters }
    }

    /// The tile of an id.
    pub fn tile(&self, id: TileId) -> &Tile {
        &self.tiles[id.0 as usize]
    }

    /// The first tile of each population; tiles of a population are consecutive.
    pub fn first_tiles(&self) -> Vec<TileId> {
        let mut next = 0;
        self.grids
            .iter()
            .map(|grid| {
                let first = TileId(next);
                next += grid.as_ref().map_or(0, Grid::n_tiles);
                first
            })
            .collect()
    }

    /// The cluster of each tile.
    pub fn cluster_of(&self) -> Vec<ClusterId> {
        let mut of = vec![ClusterId(u32::MAX); self.tiles.len()];
        for (cluster, tiles) in self.clusters.iter().enumerate() {
            for tile in tiles {
                of[tile.0 as usize] = ClusterId(cluster as u32);
            }
        }
        of
    }
}
