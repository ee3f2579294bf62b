//! Checks a partition against the graph and the chip.
//!
//! | rule | demands |
//! |---|---|
//! | `inside` | a tile is a box with neurons, inside its population, and never of the input |
//! | `cover` | every neuron lies in exactly one tile |
//! | `grid` | the grids and the list of tiles agree |
//! | `cluster` | every tile is in exactly one cluster; no cluster is empty; none has two tiles of a population |
//! | `group` | no tile contains part of a convolution group and channels beyond it |
//! | `capacity` | neurons, axons in, fan-in, weight, state and parameter memory of every core suffice |
//!
//! Receptive fields and memory sizes are counted again from the side of the outputs.

use super::{
    Found,
    field::{field, heard},
};
use crate::{
    diagnostics::Violations,
    partition::{Partition, Tile, TileId},
};
use ir::{Connectivity, Graph, NeuronModel, Quantized};
use isa::{
    Arch,
    arch::{Addressing, Constant, Memory, Sharing},
};
use std::collections::BTreeSet;

/// Every broken rule.
pub fn check(graph: &Graph<Quantized>, arch: &Arch, bits: &[u32], partition: &Partition) -> Violations {
    let mut found = Found::default();
    if inside(graph, partition, &mut found) {
        cover(graph, partition, &mut found);
        groups(graph, partition, &mut found);
    }
    grid(partition, &mut found);
    if clusters(partition, &mut found) && found.0.is_empty() {
        capacity(graph, arch, bits, partition, &mut found);
    }
    found.into_violations()
}

fn inside(graph: &Graph<Quantized>, partition: &Partition, found: &mut Found) -> bool {
    let before = found.0.len();
    for (i, tile) in partition.tiles.iter().enumerate() {
        let id = TileId(i as u32);
        let known = (tile.population.0 as usize) < graph.n_populations();
        found.rule(known, "inside", id, || format!("belongs to {}, which does not exist", tile.population));
        if !known {
            continue;
        }
        let population = graph.population(tile.population);
        let shape = population.shape;
        found.rule(!matches!(population.neuron, NeuronModel::Input { .. }), "inside", id, || "tiles the input".into());
        let within = |range: &std::ops::Range<u32>, n: u32| range.start < range.end && range.end <= n;
        found.rule(
            within(&tile.channels, shape.channels)
                && within(&tile.rows, shape.height)
                && within(&tile.cols, shape.width),
            "inside",
            id,
            || format!("{tile} is empty or leaves {shape}"),
        );
    }
    found.0.len() == before
}

fn cover(graph: &Graph<Quantized>, partition: &Partition, found: &mut Found) {
    for (id, population) in graph.populations() {
        if matches!(population.neuron, NeuronModel::Input { .. }) {
            continue;
        }
        let mut times = vec![0u32; population.shape.neurons()];
        for tile in partition.tiles.iter().filter(|t| t.population == id) {
            for c in tile.channels.clone() {
                for y in tile.rows.clone() {
                    for x in tile.cols.clone() {
                        times[population.shape.index(c, y, x)] += 1;
                    }
                }
            }
        }
        let missing = times.iter().filter(|&&n| n == 0).count();
        let twice = times.iter().filter(|&&n| n > 1).count();
        found.rule(missing == 0 && twice == 0, "cover", id, || {
            format!("{missing} neurons lie in no tile, {twice} in several")
        });
    }
}

fn grid(partition: &Partition, found: &mut Found) {
    let mut tiles = partition.tiles.iter();
    for (p, grid) in partition.grids.iter().enumerate() {
        let Some(grid) = grid else { continue };
        for channels in grid.channels.windows(2) {
            for rows in grid.rows.windows(2) {
                for cols in grid.cols.windows(2) {
                    let expected = Tile {
                        population: ir::PopulationId(p as u32),
                        channels: channels[0]..channels[1],
                        rows: rows[0]..rows[1],
                        cols: cols[0]..cols[1],
                    };
                    let tile = tiles.next();
                    found.rule(tile == Some(&expected), "grid", ir::PopulationId(p as u32), || match tile {
                        Some(tile) => format!("has {expected} in its grid, but {tile} in the list of tiles"),
                        None => format!("has {expected} in its grid, but the list of tiles has ended"),
                    });
                }
            }
        }
    }
    let rest = tiles.count();
    found.rule(rest == 0, "grid", "partition", || format!("{rest} tiles belong to no grid"));
}

fn clusters(partition: &Partition, found: &mut Found) -> bool {
    let before = found.0.len();
    let mut times = vec![0u32; partition.tiles.len()];
    for (i, tiles) in partition.clusters.iter().enumerate() {
        let id = crate::ClusterId(i as u32);
        found.rule(!tiles.is_empty(), "cluster", id, || "is empty".into());
        let mut populations = BTreeSet::new();
        for &tile in tiles {
            match times.get_mut(tile.0 as usize) {
                Some(n) => {
                    *n += 1;
                    let fresh = populations.insert(partition.tile(tile).population);
                    found.rule(fresh, "cluster", id, || "has two tiles of a population".into());
                }
                None => found.rule(false, "cluster", id, || format!("holds {tile}, which does not exist")),
            }
        }
    }
    for (i, &n) in times.iter().enumerate() {
        found.rule(n == 1, "cluster", TileId(i as u32), || format!("is in {n} clusters"));
    }
    found.0.len() == before
}

fn groups(graph: &Graph<Quantized>, partition: &Partition, found: &mut Found) {
    for (i, tile) in partition.tiles.iter().enumerate() {
        let n = graph.population(tile.population).shape.channels;
        for projection in graph.incoming(tile.population) {
            let size = match graph.projection(projection).connectivity {
                Connectivity::Conv2d(conv) => n / conv.groups,
                Connectivity::Dense | Connectivity::OneToOne | Connectivity::Sparse(_) => continue,
            };
            let inside_one = tile.channels.clone().all(|c| c / size == tile.channels.start / size);
            let whole = tile.channels.start.is_multiple_of(size) && tile.channels.end.is_multiple_of(size);
            found.rule(inside_one || whole, "group", TileId(i as u32), || {
                format!("{tile} cuts groups of {size} channels of {projection}")
            });
        }
    }
}

#[derive(Default)]
struct Load {
    neurons: u64,
    axons_in: u64,
    fan_in: u64,
    weights: u64,
    state: u64,
    params: u64,
}

fn capacity(graph: &Graph<Quantized>, arch: &Arch, bits: &[u32], partition: &Partition, found: &mut Found) {
    let core = &arch.core;
    for (i, tiles) in partition.clusters.iter().enumerate() {
        let mut load = Load::default();
        for &tile in tiles {
            add(&mut load, graph, arch, bits, partition.tile(tile));
        }
        let value = |c: &Option<Constant>| c.as_ref().map(|c| c.value);
        for (what, used, max) in [
            ("neurons", load.neurons, value(&core.neurons)),
            ("axons in", load.axons_in, value(&core.axons_in)),
            ("fan-in", load.fan_in, value(&core.fan_in)),
            ("weight bits", load.weights, value(&core.memories.weights.bits)),
            ("state bits", load.state, value(&core.memories.state.bits)),
            ("parameter bits", load.params, value(&core.memories.params.bits)),
        ] {
            found.rule(max.is_none_or(|max| used <= max), "capacity", crate::ClusterId(i as u32), || {
                format!("{what}: {used} of {}", max.unwrap_or(0))
            });
        }
    }
}

fn add(load: &mut Load, graph: &Graph<Quantized>, arch: &Arch, bits: &[u32], tile: &Tile) {
    let memories = &arch.core.memories;
    let [c, y, x] = [&tile.channels, &tile.rows, &tile.cols].map(|r| r.len() as u64);
    load.neurons += c * y * x;
    load.state += match memories.state.addressing {
        Addressing::Packed => y * x * padded(&memories.state, c, arch.core.state_bits),
        Addressing::PowerOfTwo => {
            c * y.next_power_of_two() * x.next_power_of_two() * padded(&memories.state, 1, arch.core.state_bits)
        }
    };
    load.params += c * padded(&memories.params, 3, arch.core.state_bits);
    let mut most = 0;
    for id in graph.incoming(tile.population) {
        let projection = graph.projection(id);
        if let Connectivity::Sparse(lists) = &projection.connectivity {
            let heard = heard(graph, id, lists, tile);
            load.axons_in += heard.neurons.len() as u64;
            most += heard.fan_in;
            // An entry is a weight and an index that tells the neurons of the tile apart.
            let index = (0..64).find(|&i| 1u64 << i >= c * y * x).expect("some power of two is large enough");
            let width = bits[id.0 as usize] + index;
            load.weights += match memories.weights.addressing {
                Addressing::Packed => heard.lengths.iter().map(|&n| padded(&memories.weights, n, width)).sum::<u64>(),
                Addressing::PowerOfTwo => heard.lengths.iter().sum::<u64>() * padded(&memories.weights, 1, width),
            };
            continue;
        }
        let sources = field(graph, id, tile).len();
        load.axons_in += sources;
        // Synapses neuron by neuron along each axis: fields of single outputs multiply.
        let (c0, y0, x0) = (tile.channels.start, tile.rows.start, tile.cols.start);
        let one = |c: u32, y: u32, x: u32| {
            field(graph, id, &Tile { population: tile.population, channels: c..c + 1, rows: y..y + 1, cols: x..x + 1 })
        };
        let per_channel = |c| one(c, y0, x0).channels.len() as u64;
        let rows: Vec<u64> = tile.rows.clone().map(|y| one(c0, y, x0).rows.len() as u64).collect();
        let cols: Vec<u64> = tile.cols.clone().map(|x| one(c0, y0, x).cols.len() as u64).collect();
        let channels = per_channel(c0);
        most += channels * rows.iter().max().unwrap_or(&0) * cols.iter().max().unwrap_or(&0);
        let width = bits[id.0 as usize];
        let (inputs, taps, row) = match projection.connectivity {
            _ if arch.core.sharing == Sharing::Unrolled => {
                let synapses = c * channels * rows.iter().sum::<u64>() * cols.iter().sum::<u64>();
                load.weights += padded(&memories.weights, synapses, width);
                continue;
            }
            Connectivity::Conv2d(conv) => {
                let post = graph.population(tile.population).shape;
                let fields = field(graph, id, tile);
                let span = c.min(u64::from(post.channels / conv.groups));
                (fields.channels.len() as u64, u64::from(conv.kernel.0 * conv.kernel.1), span)
            }
            Connectivity::Sparse(_) => unreachable!("counted above"),
            Connectivity::OneToOne => (c, 1, 1),
            Connectivity::Dense => {
                let source = projection.source_shape(graph.population(graph.ends(id).0).shape);
                (u64::from(source.channels), source.map() as u64, c * y * x)
            }
        };
        load.weights += match memories.weights.addressing {
            Addressing::Packed => inputs * taps * padded(&memories.weights, row, width),
            Addressing::PowerOfTwo => {
                inputs * taps.next_power_of_two() * row.next_power_of_two() * padded(&memories.weights, 1, width)
            }
        };
    }
    load.fan_in = load.fan_in.max(most);
}

/// Bits that `n` data of `width` bits take in whole words.
fn padded(memory: &Memory, n: u64, width: u32) -> u64 {
    let word = u64::from(memory.word_bits);
    let bits = n * u64::from(width);
    if word == 0 { bits } else { bits.div_ceil(word) * word }
}
