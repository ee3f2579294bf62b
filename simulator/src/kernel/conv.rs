//! Convolution scatter: one event through a kernel into the state `[y][x][c]` of a tile.
//!
//! The valid kernel taps of a source position are the product of its valid kernel rows and its valid kernel columns. Both
//! are tabulated at load. Weights are stored `[input channel][ky][kx sorted][span]` with the kernel columns sorted by
//! (kx·dilation mod stride, descending kx): the columns that are valid together then stand together and run along
//! increasing output columns, so that, where the span is the whole tile depth, all taps of a kernel row are one contiguous
//! addition.

use super::{Bases, Weights, sized};
use crate::state::Burst;
use isa::{ConvDescriptor, WeightBlock};

/// Weights of one kernel row, and the output row that they reach.
#[derive(Clone, Copy, Debug)]
struct RowTap {
    weight: u32,
    state: u32,
}

/// Adjoining weights and potentials of one or more kernel columns.
#[derive(Clone, Copy, Debug)]
struct Segment {
    weight: u32,
    state: u32,
    len: u32,
}

/// Lists by source row or column, flattened.
#[derive(Clone, Debug)]
struct Table<T> {
    start: Vec<u32>,
    items: Vec<T>,
}

impl<T> Table<T> {
    fn new(lists: impl Iterator<Item = Vec<T>>) -> Self {
        let mut table = Self { start: vec![0], items: Vec::new() };
        for mut list in lists {
            table.items.append(&mut list);
            table.start.push(table.items.len() as u32);
        }
        table
    }

    fn at(&self, i: usize) -> &[T] {
        &self.items[self.start[i] as usize..self.start[i + 1] as usize]
    }
}

/// A convolution descriptor, prepared.
#[derive(Clone, Debug)]
pub(crate) struct Conv {
    pool: (u16, u16),
    source: (u16, u16),
    first_channel: u16,
    /// Weights of one input channel.
    channel_stride: usize,
    /// First output channel of the tile reached, by input channel.
    j0: Vec<u32>,
    /// Whether that is the same for all.
    one_group: bool,
    rows: Table<RowTap>,
    columns: Table<Segment>,
    /// Valid kernel columns by source column.
    n_columns: Vec<u32>,
    weights: Weights,
    pub(super) v_base: usize,
    pub(super) n_state: usize,
    pub(crate) span: usize,
}

/// The kernel columns in the order in which weights are stored.
fn column_order(d: &ConvDescriptor) -> Vec<u16> {
    let mut order: Vec<u16> = (0..d.kernel.1).collect();
    let phase = |kx: u16| u32::from(kx) * u32::from(d.dilation.1) % u32::from(d.stride.1);
    order.sort_by_key(|&kx| (phase(kx), std::cmp::Reverse(kx)));
    order
}

/// The block's weights, with kernel columns in their sorted order.
pub(crate) fn arrange(d: &ConvDescriptor, block: &WeightBlock) -> Result<Weights, String> {
    let (kh, kw, span) = (d.kernel.0 as usize, d.kernel.1 as usize, d.span as usize);
    let data = sized(block, d.n_channels as usize * kh * kw * span)?;
    let order = column_order(d);
    let mut sorted = Vec::with_capacity(data.len());
    for row in data.chunks_exact((kw * span).max(1)) {
        for &kx in &order {
            sorted.extend_from_slice(&row[(kw - 1 - kx as usize) * span..][..span]);
        }
    }
    Ok(Weights::new(sorted))
}

/// Output index and kernel index of the valid taps along one dimension, for source index `i`.
fn taps(i: u16, kernel: u16, stride: u16, padding: u16, dilation: u16, origin: u16, extent: u16) -> Vec<(u16, u16)> {
    (0..kernel)
        .filter_map(|k| {
            let n = i32::from(i) + i32::from(padding) - i32::from(k) * i32::from(dilation);
            let (o, stride) = (n / i32::from(stride), i32::from(stride));
            let inside = n >= 0 && n % stride == 0 && o >= i32::from(origin) && o < i32::from(origin + extent);
            inside.then(|| (o as u16 - origin, k))
        })
        .collect()
}

impl Conv {
    /// Prepares a descriptor whose weights were [`arrange`]d; `n_state` is the size of the core's state.
    pub(crate) fn new(d: &ConvDescriptor, weights: Weights, n_state: u32) -> Result<Self, String> {
        let (span, channels, width) = (d.span as usize, d.extent.0 as usize, d.extent.2 as usize);
        if [d.kernel.0, d.kernel.1, d.stride.0, d.stride.1, d.dilation.0, d.dilation.1, d.pool.0, d.pool.1].contains(&0)
            || d.in_per_group == 0
            || d.out_per_group == 0
        {
            return Err("kernel, stride, dilation, pooling and groups are at least 1".into());
        }
        let tile = channels * d.extent.1 as usize * width;
        let v_base = d.v_base as usize;
        if v_base + tile > n_state as usize {
            return Err(format!("tile ends at state word {}, the core has {n_state}", v_base + tile));
        }
        let j0: Vec<u32> = (d.first_channel..d.first_channel + d.n_channels)
            .map(|c| (u32::from(c / d.in_per_group) * u32::from(d.out_per_group)).saturating_sub(d.origin.0.into()))
            .collect();
        if let Some(&j0) = j0.iter().find(|&&j0| j0 as usize + span > channels) {
            return Err(format!("channels {j0}..{} lie outside the tile", j0 as usize + span));
        }
        let row_stride = d.kernel.1 as usize * span;
        let rows = Table::new((0..d.source.0).map(|y| {
            taps(y, d.kernel.0, d.stride.0, d.padding.0, d.dilation.0, d.origin.1, d.extent.1)
                .into_iter()
                .map(|(oy, ky)| RowTap {
                    weight: (ky as usize * row_stride) as u32,
                    state: (oy as usize * width * channels) as u32,
                })
                .collect()
        }));
        let order = column_order(d);
        let position = |kx| order.iter().position(|&k| k == kx).expect("the order holds every kernel column");
        let column_taps = |x| {
            let mut columns: Vec<(usize, u16)> =
                taps(x, d.kernel.1, d.stride.1, d.padding.1, d.dilation.1, d.origin.2, d.extent.2)
                    .into_iter()
                    .map(|(ox, kx)| (position(kx), ox))
                    .collect();
            columns.sort_unstable();
            columns
        };
        let columns = Table::new((0..d.source.1).map(|x| {
            let mut segments: Vec<Segment> = Vec::new();
            for (place, ox) in column_taps(x) {
                let (weight, state) = ((place * span) as u32, (ox as usize * channels) as u32);
                match segments.last_mut() {
                    Some(last) if last.weight + last.len == weight && last.state + last.len == state => {
                        last.len += span as u32;
                    }
                    _ => segments.push(Segment { weight, state, len: span as u32 }),
                }
            }
            segments
        }));
        let n_columns = (0..d.source.1).map(|x| column_taps(x).len() as u32).collect();
        let channel_stride = d.kernel.0 as usize * row_stride;
        if weights.len() != d.n_channels as usize * channel_stride {
            return Err(format!("{} weights instead of {}", weights.len(), d.n_channels as usize * channel_stride));
        }
        Ok(Self {
            pool: d.pool,
            source: d.source,
            first_channel: d.first_channel,
            channel_stride,
            one_group: j0.iter().all(|&j| j == j0[0]),
            j0,
            rows,
            columns,
            n_columns,
            weights,
            v_base,
            n_state: tile,
            span,
        })
    }

    /// Row and column after pooling; `None` if nothing from there reaches this tile.
    #[inline]
    fn locate(&self, burst: Burst) -> Option<(usize, usize)> {
        let (y, x) =
            if self.pool == (1, 1) { (burst.y, burst.x) } else { (burst.y / self.pool.0, burst.x / self.pool.1) };
        (y < self.source.0 && x < self.source.1).then_some((y as usize, x as usize))
    }

    /// The burst's channels among the input channels of this descriptor.
    #[inline]
    fn reached<'a>(&self, burst: Burst, list: &'a [u16]) -> &'a [u16] {
        let channels = burst.channels(list);
        let end = u32::from(self.first_channel) + self.j0.len() as u32;
        let inside = |c: u16| c >= self.first_channel && u32::from(c) < end;
        match channels {
            [first, .., last] | [first @ last] if inside(*first) && inside(*last) => channels,
            _ => {
                let from = channels.partition_point(|&c| c < self.first_channel);
                let to = channels.partition_point(|&c| u32::from(c) < end);
                &channels[from..to]
            }
        }
    }

    /// As [`super::Synaptic::scatter`].
    pub(super) fn scatter(&self, v: &mut [i32], bursts: &[Burst], list: &[u16], bases: &mut Bases) -> u64 {
        let v = &mut v[self.v_base..][..self.n_state];
        let mut n_rows = 0;
        for &burst in bursts {
            let Some((y, x)) = self.locate(burst) else { continue };
            let (rows, columns) = (self.rows.at(y), self.columns.at(x));
            let reached = self.reached(burst, list);
            n_rows += rows.len() as u64 * u64::from(self.n_columns[x]) * reached.len() as u64;
            let index = |c: u16| (c - self.first_channel) as usize;
            for group in reached.chunk_by(|&a, &b| self.one_group || self.j0[index(a)] == self.j0[index(b)]) {
                let j0 = self.j0[index(group[0])] as usize;
                for part in group.chunks(Bases::MAX) {
                    bases.clear();
                    if burst.value == 1 {
                        bases.extend(part.iter().map(|&c| (index(c) * self.channel_stride) as u32));
                    }
                    for row in rows {
                        for segment in columns {
                            let state = (row.state + segment.state) as usize + j0;
                            let v = &mut v[state..][..segment.len as usize];
                            let offset = (row.weight + segment.weight) as usize;
                            if burst.value == 1 {
                                self.weights.add_rows(v, bases, offset);
                                continue;
                            }
                            for &c in part {
                                self.weights.mac_row(v, index(c) * self.channel_stride + offset, burst.value);
                            }
                        }
                    }
                }
            }
        }
        n_rows
    }

    /// Rows that an event of a source place adds.
    pub(super) fn rows_of(&self, (c, y, x): (u16, u16, u16)) -> u64 {
        let burst = Burst { axon: 0, y, x, n: 1, start: 0, value: 1 };
        let Some((y, x)) = self.locate(burst).filter(|_| self.channels().contains(&c)) else { return 0 };
        self.rows.at(y).len() as u64 * u64::from(self.n_columns[x])
    }

    /// Source channels with weights here.
    pub(super) fn channels(&self) -> std::ops::Range<u16> {
        self.first_channel..self.first_channel + self.j0.len() as u16
    }

    /// As [`super::Synaptic::touched`].
    pub(super) fn touched(&self, burst: Burst, list: &[u16], mut range: impl FnMut(usize, usize)) {
        let Some((y, x)) = self.locate(burst) else { return };
        let mut last = None;
        for &c in self.reached(burst, list) {
            let j0 = self.j0[(c - self.first_channel) as usize];
            if last.replace(j0) == Some(j0) {
                continue;
            }
            for row in self.rows.at(y) {
                for segment in self.columns.at(x) {
                    let start = self.v_base + (row.state + segment.state + j0) as usize;
                    range(start, start + segment.len as usize);
                }
            }
        }
    }
}
