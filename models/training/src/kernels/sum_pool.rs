//! Sums of spike counts over disjoint square windows, `[pixel][channel]`; rows and columns left over at the far edge are dropped, as in
//! the graph's pooling.

/// Pooling of maps of one shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SumPool {
    /// Shape before, C·H·W.
    input: [usize; 3],
    /// Side of a window; 1: counts pass unchanged.
    pub side: usize,
}

impl SumPool {
    /// Windows of `side` × `side` on maps of shape `input`.
    #[must_use]
    pub fn new(input: [usize; 3], side: usize) -> Self {
        Self { input, side }
    }

    /// Shape after, C·H·W.
    #[must_use]
    pub fn output(&self) -> [usize; 3] {
        let [c, h, w] = self.input;
        [c, h / self.side, w / self.side]
    }

    /// The pooled maps of `counts`, one map after another with channels padded to 8; `sums` is their memory. A sum must fit a byte.
    pub fn batch<'a>(&self, counts: &'a [u8], sums: &'a mut Vec<u8>) -> &'a [u8] {
        if self.side == 1 {
            return counts;
        }
        let [c, h, w] = self.input;
        let c = c.next_multiple_of(8);
        let [_, oh, ow] = self.output();
        sums.clear();
        sums.resize(counts.len() / (h * w * c) * oh * ow * c, 0);
        for (map, out) in counts.chunks_exact(h * w * c).zip(sums.chunks_exact_mut(oh * ow * c)) {
            for y in 0..oh * self.side {
                for x in 0..ow * self.side {
                    let from = &map[(y * w + x) * c..][..c];
                    let to = &mut out[(y / self.side * ow + x / self.side) * c..][..c];
                    for (sum, n) in to.iter_mut().zip(from) {
                        *sum += n;
                    }
                }
            }
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::SumPool;

    #[test]
    fn windows_are_summed_and_the_far_edge_is_dropped() {
        let pool = SumPool::new([8, 3, 5], 2);
        assert_eq!(pool.output(), [8, 1, 2]);
        let counts: Vec<u8> = (0..2 * 15 * 8).map(|i| (i / 8 % 15) as u8).collect();
        let mut sums = Vec::new();
        let first = [1 + 5 + 6, 2 + 3 + 7 + 8].map(|n| [n; 8]).concat();
        assert_eq!(pool.batch(&counts, &mut sums), [first.clone(), first].concat());
        assert_eq!(SumPool::new([8, 3, 5], 1).batch(&counts, &mut Vec::new()), counts);
    }
}
