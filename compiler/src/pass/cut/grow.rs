//! Growth: parts one after the other, each taking the neuron that fits it best until nothing fits.
//!
//! The value of a neuron for a part is `2·shared − all`, events of its sources that the part already hears, less those that
//! it would have to hear in addition. Ties go to the lowest index, and so does a part without relatives to take.

use super::{
    Unfit,
    parts::{NONE, Parts},
};
use std::{cmp::Reverse, collections::BinaryHeap};

/// Neurons that may fail to fit before a part counts as full.
const PATIENCE: usize = 32;

/// Assigns every neuron.
pub(super) fn grow(parts: &mut Parts<'_>) -> Result<(), Unfit> {
    let problem = parts.problem;
    let n = problem.n();
    let mut first_free = 0;
    let mut shared = vec![0u64; n];
    // Parts that refused a neuron.
    let mut refused = vec![NONE; n];
    let value = |shared: &[u64], v: u32| 2 * shared[v as usize] as i64 - problem.totals[v as usize] as i64;
    while first_free < n {
        let part = parts.open();
        let mut heap: BinaryHeap<(i64, Reverse<u32>)> = BinaryHeap::new();
        let mut related: Vec<u32> = Vec::new();
        let (mut next, mut failures) = (first_free, 0);
        loop {
            let free = |v: u32, of: &[u32]| of[v as usize] == NONE && refused[v as usize] != part;
            let best = std::iter::from_fn(|| heap.pop())
                .find(|&(key, Reverse(v))| free(v, &parts.of) && key == value(&shared, v));
            let neuron = best.map(|(_, Reverse(v))| v).or_else(|| {
                while next < n && !free(next as u32, &parts.of) {
                    next += 1;
                }
                (next < n).then_some(next as u32)
            });
            let Some(neuron) = neuron else { break };
            if !parts.fits(parts.with(part, neuron)) {
                if parts.loads[part as usize].neurons == 0 {
                    parts.refuse(part, neuron)?;
                }
                refused[neuron as usize] = part;
                failures += 1;
                if failures > PATIENCE {
                    break;
                }
                continue;
            }
            let new: Vec<u32> = problem.incidence.of(neuron).iter().map(|&(s, _)| s).collect();
            let new: Vec<u32> = new.into_iter().filter(|&s| parts.length(s, part) == 0).collect();
            parts.join(part, neuron);
            let mut changed: Vec<u32> = Vec::new();
            for s in new {
                for &u in problem.incidence.targets.of(s as usize) {
                    if parts.of[u as usize] == NONE {
                        shared[u as usize] += problem.weights[s as usize];
                        changed.push(u);
                    }
                }
            }
            changed.sort_unstable();
            changed.dedup();
            heap.extend(changed.iter().map(|&u| (value(&shared, u), Reverse(u))));
            related.append(&mut changed);
        }
        for u in related {
            shared[u as usize] = 0;
        }
        while first_free < n && parts.of[first_free] != NONE {
            first_free += 1;
        }
    }
    Ok(())
}
