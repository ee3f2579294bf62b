//! A linear map between the elements of two shapes, in the form of a projection.
//!
//! `y_i = Σ_j a_ij·x_j`: sum pooling, then a convolution, a matrix, a factor per channel, or synapse lists. Lists can say every
//! map and know elements by their channel-major numbers alone, so that they also join shapes that are arranged differently.

use ir::{Connectivity, PerChannel, Pool, Projection, Shape, SynapseLists, Trained};

/// Most weights of all maps of a network.
pub(super) const MAX_WEIGHTS: usize = 1 << 27;

/// A linear map with weights in double precision.
#[derive(Clone, Debug)]
pub(super) struct Map {
    pub(super) pre: Shape,
    pub(super) post: Shape,
    pub(super) pool: Option<Pool>,
    pub(super) connectivity: Connectivity,
    /// As the connectivity says; one per channel for one-to-one.
    pub(super) weights: Vec<f64>,
}

impl Map {
    /// A factor per channel.
    pub(super) fn factors(shape: Shape, weights: Vec<f64>) -> Self {
        Self { pre: shape, post: shape, pool: None, connectivity: Connectivity::OneToOne, weights }
    }

    /// A map given by the targets and weights of each source element.
    pub(super) fn lists(pre: Shape, post: Shape, lists: Vec<Vec<(u32, f64)>>) -> Self {
        let weights = lists.iter().flatten().map(|&(_, weight)| weight).collect();
        let targets = SynapseLists::new(lists.into_iter().map(|list| list.into_iter().map(|(target, _)| target)));
        Self { pre, post, pool: None, connectivity: Connectivity::Sparse(targets), weights }
    }

    /// The elements `first ..` of a vector, as many as `post` has.
    pub(super) fn slice(pre: Shape, post: Shape, first: usize) -> Self {
        let list = |j: usize| {
            let target = j.checked_sub(first).filter(|&target| target < post.neurons());
            target.map(|target| (target as u32, 1.0)).into_iter().collect()
        };
        Self::lists(pre, post, (0..pre.neurons()).map(list).collect())
    }

    /// A factor per element.
    pub(super) fn diagonal(shape: Shape, factors: &[f64]) -> Self {
        Self::lists(shape, shape, factors.iter().enumerate().map(|(i, &factor)| vec![(i as u32, factor)]).collect())
    }

    pub(super) fn is_one_to_one(&self) -> bool {
        self.connectivity == Connectivity::OneToOne
    }

    fn is_dense(&self) -> bool {
        self.connectivity == Connectivity::Dense
    }

    /// Geometry without weights, whose synapses the IR enumerates.
    fn geometry(&self) -> Projection<Trained> {
        let n = if self.is_one_to_one() { self.weights.len() } else { 0 };
        Projection { connectivity: self.connectivity.clone(), pool: self.pool, weights: vec![0.0; n], delay: 0 }
    }

    /// Calls `synapse(source element, weight)` for all that reaches element `i`.
    fn onto(&self, geometry: &Projection<Trained>, i: usize, mut synapse: impl FnMut(usize, f64)) {
        geometry.synapses_onto(self.pre, self.post, self.post.position(i), |j, w| synapse(j, self.weights[w]));
    }

    /// The same map of the same elements between shapes that are arranged as `pre` and `post`.
    pub(super) fn arranged(self, pre: Shape, post: Shape) -> Result<Self, String> {
        if (self.pre, self.post) == (pre, post) {
            return Ok(self);
        }
        if self.is_dense() && self.pool.is_none() {
            return Ok(Self { pre, post, ..self });
        }
        Ok(Self { pre, post, ..self.as_lists(|_| true)? })
    }

    /// The same map as synapse lists, for the targets that are kept.
    pub(super) fn as_lists(&self, keep: impl Fn(usize) -> bool) -> Result<Self, String> {
        let fan_in = match &self.connectivity {
            Connectivity::Conv2d(_) => self.weights.len() / self.post.channels.max(1) as usize,
            Connectivity::Dense => self.weights.len() / self.post.neurons().max(1),
            Connectivity::OneToOne | Connectivity::Sparse(_) => 1,
        };
        let window = self.pool.map_or(1, |pool| (pool.size.0 as usize).saturating_mul(pool.size.1 as usize));
        let n = match &self.connectivity {
            Connectivity::Sparse(lists) => lists.n_synapses().saturating_mul(window),
            _ => self.post.neurons().saturating_mul(fan_in).saturating_mul(window),
        };
        if n > MAX_WEIGHTS {
            return Err(format!("would need a list of {n} synapses, more than the {MAX_WEIGHTS} that are mapped"));
        }
        if let (Connectivity::Sparse(lists), None) = (&self.connectivity, self.pool) {
            let list = |j: usize| {
                let synapses = lists.synapses(j).map(|s| (lists.targets()[s], self.weights[s]));
                synapses.filter(|&(target, _)| keep(target as usize)).collect()
            };
            return Ok(Self::lists(self.pre, self.post, (0..lists.len()).map(list).collect()));
        }
        let geometry = self.geometry();
        let mut lists = vec![Vec::new(); self.pre.neurons()];
        for i in (0..self.post.neurons()).filter(|&i| keep(i)) {
            self.onto(&geometry, i, |j, weight| lists[j].push((i as u32, weight)));
        }
        Ok(Self::lists(self.pre, self.post, lists))
    }

    /// The map of a dense vector.
    pub(super) fn apply(&self, x: &[f64]) -> Vec<f64> {
        if let (Connectivity::Sparse(lists), None) = (&self.connectivity, self.pool) {
            let mut y = vec![0.0; self.post.neurons()];
            for (j, &x) in x.iter().enumerate() {
                for s in lists.synapses(j) {
                    y[lists.targets()[s] as usize] += self.weights[s] * x;
                }
            }
            return y;
        }
        let geometry = self.geometry();
        let sum = |i: usize| {
            let mut sum = 0.0;
            self.onto(&geometry, i, |j, weight| sum += weight * x[j]);
            sum
        };
        (0..self.post.neurons()).map(sum).collect()
    }

    /// Sum over each target's synapses of their magnitudes, for sources of magnitude 1.
    pub(super) fn reach(&self) -> Vec<f64> {
        let magnitudes = self.weights.iter().map(|w| w.abs()).collect();
        Self { weights: magnitudes, ..self.clone() }.apply(&vec![1.0; self.pre.neurons()])
    }

    /// `next ∘ self`, if one projection can express it without a product of matrices.
    pub(super) fn then(&self, next: &Self) -> Option<Self> {
        let joined = |pool, connectivity, weights| Self { pre: self.pre, post: next.post, pool, connectivity, weights };
        if self.is_one_to_one() {
            let pool = match (self.pool, next.pool) {
                (Some(a), Some(b)) => Some(Pool { size: (a.size.0 * b.size.0, a.size.1 * b.size.1) }),
                (a, b) => a.or(b),
            };
            let channels = next.source_channels();
            let weights = next.weights.iter().zip(channels).map(|(w, channel)| w * self.weights[channel]).collect();
            return Some(joined(pool, next.connectivity.clone(), weights));
        }
        if next.is_one_to_one() && next.pool.is_none() {
            let channels = self.target_channels();
            let weights = self.weights.iter().zip(channels).map(|(w, channel)| w * next.weights[channel]).collect();
            return Some(joined(self.pool, self.connectivity.clone(), weights));
        }
        None
    }

    /// The source channel of every weight.
    fn source_channels(&self) -> Vec<usize> {
        let source = self.pool.map_or(self.pre, |pool| pool.output(self.pre));
        match &self.connectivity {
            Connectivity::OneToOne => (0..self.weights.len()).collect(),
            Connectivity::Dense => (0..self.weights.len()).map(|i| source.channel(i % source.neurons())).collect(),
            Connectivity::Conv2d(conv) => {
                let inputs = (source.channels / conv.groups) as usize;
                let area = (conv.kernel.0 * conv.kernel.1) as usize;
                let per_group = (self.post.channels / conv.groups) as usize;
                (0..self.weights.len()).map(|i| i / (area * inputs) / per_group * inputs + i / area % inputs).collect()
            }
            Connectivity::Sparse(lists) => {
                (0..lists.len()).flat_map(|j| std::iter::repeat_n(source.channel(j), lists.of(j).len())).collect()
            }
        }
    }

    /// The target channel of every weight.
    fn target_channels(&self) -> Vec<usize> {
        match &self.connectivity {
            Connectivity::Sparse(lists) => lists.targets().iter().map(|&i| self.post.channel(i as usize)).collect(),
            _ => {
                let per_channel = (self.weights.len() / self.post.channels as usize).max(1);
                (0..self.weights.len()).map(|i| i / per_channel).collect()
            }
        }
    }

    /// The projection with its weights multiplied by the gain of the target: one for all, one per channel, or one per neuron.
    pub(super) fn projection(&self, gain: &PerChannel<f64>, delay: u32) -> Result<Projection<Trained>, String> {
        let n = gain.0.len();
        if n > 1 && n != self.post.channels as usize {
            return match &self.connectivity {
                Connectivity::Dense => {
                    let per_neuron = self.weights.len() / self.post.neurons();
                    Ok(self.weighted(delay, |i| gain.0[i / per_neuron]))
                }
                Connectivity::Sparse(lists) => Ok(self.weighted(delay, |i| gain.0[lists.targets()[i] as usize])),
                Connectivity::Conv2d(_) | Connectivity::OneToOne => self.as_lists(|_| true)?.projection(gain, delay),
            };
        }
        let channels = if n > 1 { self.target_channels() } else { Vec::new() };
        Ok(self.weighted(delay, |i| if n > 1 { gain.0[channels[i]] } else { gain.0[0] }))
    }

    fn weighted(&self, delay: u32, gain: impl Fn(usize) -> f64) -> Projection<Trained> {
        Projection {
            connectivity: self.connectivity.clone(),
            pool: self.pool,
            weights: self.weights.iter().enumerate().map(|(i, w)| (w * gain(i)) as f32).collect(),
            delay,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ir::Conv2d;

    #[test]
    fn lists_are_the_same_map_whatever_it_was() {
        let pre = Shape::new(2, 4, 4);
        let conv = Map {
            pre,
            post: Shape::new(2, 2, 2),
            pool: Some(Pool { size: (2, 2) }),
            connectivity: Connectivity::Conv2d(Conv2d::square(3, 1, 1)),
            weights: (0..36).map(f64::from).collect(),
        };
        let dense = Map {
            pre: Shape::vector(32),
            post: Shape::vector(3),
            pool: None,
            connectivity: Connectivity::Dense,
            weights: (0..96).map(f64::from).collect(),
        };
        let x: Vec<f64> = (0..32).map(|i| f64::from(i % 5) - 2.0).collect();
        for map in [conv, dense, Map::factors(pre, vec![2.0, -3.0]), Map::slice(pre, Shape::vector(5), 7)] {
            let lists = map.as_lists(|_| true).expect("small");
            assert_eq!(lists.apply(&x), map.apply(&x));
            let again = lists.arranged(Shape::vector(32), Shape::vector(map.post.neurons() as u32)).expect("small");
            assert_eq!(again.apply(&x), map.apply(&x));
        }
    }
}
