//! What reaches a node: a sum of linear maps of populations' emissions, and constants.
//!
//! `y(t) = Σ_k A_k·s_k(t − d_k) + Σ_d c_d·[t ≥ d]`, the delays d in timesteps. Every A_k is one projection. A step that one
//! projection cannot absorb first ends in a population without neurons; the compiler composes it.

use super::map::{MAX_WEIGHTS, Map};
use ir::Shape;
use std::collections::BTreeMap;

/// Most terms of a signal.
const MAX_TERMS: usize = 1024;

/// A population seen through a linear map, some timesteps late.
#[derive(Clone, Debug)]
pub(super) struct Term {
    /// Position of the population.
    pub(super) source: usize,
    /// Timesteps beyond those of the pipeline.
    pub(super) delay: u32,
    pub(super) map: Map,
}

/// What reaches a node.
#[derive(Clone, Debug)]
pub(super) struct Signal {
    pub(super) shape: Shape,
    pub(super) terms: Vec<Term>,
    /// Constants per element, by the first timestep in which they are there.
    pub(super) constants: BTreeMap<u32, Vec<f64>>,
}

impl Signal {
    /// The emissions of a population.
    pub(super) fn of(source: usize, shape: Shape) -> Self {
        Self::through(source, Map::factors(shape, vec![1.0; shape.channels as usize]))
    }

    /// The emissions of a population behind a map.
    pub(super) fn through(source: usize, map: Map) -> Self {
        Self { shape: map.post, terms: vec![Term { source, delay: 0, map }], constants: BTreeMap::new() }
    }

    /// The sum of signals with equal numbers of elements; `None` for no signal.
    pub(super) fn sum(signals: impl IntoIterator<Item = Self>) -> Result<Option<Self>, String> {
        let mut all: Vec<Self> = signals.into_iter().collect();
        if all.len() <= 1 {
            return Ok(all.pop());
        }
        // The arrangement of a dense map's targets is free; it follows the others.
        let is_free = |term: &Term| term.map.connectivity == ir::Connectivity::Dense;
        let shape = all.iter().find(|s| !s.terms.iter().all(is_free)).unwrap_or(&all[0]).shape;
        let mut sum = Self { shape, terms: Vec::new(), constants: BTreeMap::new() };
        for signal in all {
            if signal.shape.neurons() != shape.neurons() {
                return Err(format!("adds {} and {}, which do not have equally many elements", signal.shape, shape));
            }
            let signal = signal.arranged(shape)?;
            sum.terms.extend(signal.terms);
            for (start, values) in signal.constants {
                sum.add_constant(start, values);
            }
        }
        sum.ensure_size()?;
        Ok(Some(sum))
    }

    /// The same elements, arranged as `shape`.
    pub(super) fn arranged(self, shape: Shape) -> Result<Self, String> {
        let arrange = |term: Term| {
            let pre = term.map.pre;
            Ok(Term { map: term.map.arranged(pre, shape)?, ..term })
        };
        let terms: Result<Vec<Term>, String> = self.terms.into_iter().map(arrange).collect();
        let signal = Self { shape, terms: terms?, ..self };
        signal.ensure_size()?;
        Ok(signal)
    }

    fn add_constant(&mut self, start: u32, values: Vec<f64>) {
        match self.constants.get_mut(&start) {
            Some(sum) => sum.iter_mut().zip(values).for_each(|(a, b)| *a += b),
            None => {
                self.constants.insert(start, values);
            }
        }
    }

    /// Weights of all terms.
    pub(super) fn n_weights(&self) -> usize {
        self.terms.iter().map(|t| t.map.weights.len()).sum()
    }

    fn ensure_size(&self) -> Result<(), String> {
        let n = self.n_weights();
        if self.terms.len() > MAX_TERMS || n > MAX_WEIGHTS {
            return Err(format!("gathers {} inputs with {n} weights, more than are mapped", self.terms.len()));
        }
        Ok(())
    }

    /// The signal behind a map and a constant, or `None` if one projection cannot express a term.
    pub(super) fn then(&self, next: &Map, constant: &[f64]) -> Result<Option<Self>, String> {
        let follow = |t: &Term| Some(Term { source: t.source, delay: t.delay, map: t.map.then(next)? });
        let terms: Option<Vec<Term>> = self.terms.iter().map(follow).collect();
        let Some(terms) = terms else { return Ok(None) };
        let through = |(&start, values): (&u32, &Vec<f64>)| (start, next.apply(values));
        let mut signal = Self { shape: next.post, terms, constants: self.constants.iter().map(through).collect() };
        if !constant.is_empty() {
            signal.add_constant(0, constant.to_vec());
        }
        signal.ensure_size()?;
        Ok(Some(signal))
    }

    /// The signal so many timesteps later, by element.
    pub(super) fn delayed(self, steps: &[u32]) -> Result<Self, String> {
        let mut delays = steps.to_vec();
        delays.sort_unstable();
        delays.dedup();
        let mut late = Self { shape: self.shape, terms: Vec::new(), constants: BTreeMap::new() };
        for &delay in &delays {
            let is_all = delays.len() == 1;
            for term in &self.terms {
                let map = if is_all { term.map.clone() } else { term.map.as_lists(|i| steps[i] == delay)? };
                let delay = term.delay.checked_add(delay).ok_or("delays add up to more than 32 bits of timesteps")?;
                late.terms.push(Term { source: term.source, delay, map });
            }
            for (&start, values) in &self.constants {
                let start = start.checked_add(delay).ok_or("delays add up to more than 32 bits of timesteps")?;
                let kept = values.iter().zip(steps).map(|(&v, &own)| if own == delay { v } else { 0.0 }).collect();
                late.add_constant(start, kept);
            }
        }
        late.ensure_size()?;
        Ok(late)
    }
}
