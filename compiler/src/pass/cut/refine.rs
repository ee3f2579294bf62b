//! Refinement: single neurons move to the part that saves the most deliveries; two that want each other's place swap.
//!
//! Moving neuron v from p to q saves the events of the sources that only v hears in p and costs those of its sources that q
//! does not hear yet. Gains are exact (Fiduccia & Mattheyses 1982); a move or swap is kept if the objective falls and both
//! parts still fit, so the search ends.

use super::parts::Parts;
use std::collections::BTreeMap;

/// Most rounds over all neurons.
const ROUNDS: usize = 8;

/// Improves the parts in place.
pub(super) fn refine(parts: &mut Parts<'_>) {
    for _ in 0..ROUNDS {
        if !round(parts) {
            break;
        }
    }
}

fn round(parts: &mut Parts<'_>) -> bool {
    let mut improved = false;
    // Neurons that would gain by a move for which there is no room, by (from, to).
    let mut blocked: BTreeMap<(u32, u32), u32> = BTreeMap::new();
    let mut shared = vec![0i64; parts.loads.len()];
    for v in 0..parts.problem.n() as u32 {
        let from = parts.of[v as usize];
        let Some((gain, to)) = best(parts, v, &mut shared) else { continue };
        if parts.fits(parts.with(to, v)) {
            parts.leave(v);
            parts.join(to, v);
            improved = true;
            continue;
        }
        match blocked.get(&(to, from)).copied().filter(|&u| parts.of[u as usize] == to) {
            Some(u) => improved |= swap(parts, v, u, gain),
            None => _ = blocked.insert((from, to), v),
        }
    }
    improved
}

/// The most that a move of a neuron saves, if anything, and where to; the lowest part on a tie.
fn best(parts: &Parts<'_>, v: u32, shared: &mut [i64]) -> Option<(i64, u32)> {
    let (problem, from) = (parts.problem, parts.of[v as usize]);
    shared.fill(0);
    let mut alone = 0;
    for &(s, m) in problem.incidence.of(v) {
        let weight = problem.weights[s as usize] as i64;
        for &(part, n) in &parts.heard[s as usize] {
            if part != from {
                shared[part as usize] += weight;
            } else if n == m {
                alone += weight;
            }
        }
    }
    let base = alone - problem.totals[v as usize] as i64;
    let (gain, to) =
        shared.iter().zip(0u32..).map(|(&s, part)| (base + s, part)).max_by_key(|&(g, p)| (g, u32::MAX - p))?;
    (gain > 0 && to != from).then_some((gain, to))
}

/// What a move of a neuron to a part saves.
fn gain(parts: &Parts<'_>, v: u32, to: u32) -> i64 {
    let (problem, from) = (parts.problem, parts.of[v as usize]);
    let mut gain = 0;
    for &(s, m) in problem.incidence.of(v) {
        let weight = problem.weights[s as usize] as i64;
        gain += if parts.length(s, from) == m { weight } else { 0 };
        gain -= if parts.length(s, to) == 0 { weight } else { 0 };
    }
    gain
}

/// Lets two neurons change places if that saves deliveries; `first` is what the first saves alone.
fn swap(parts: &mut Parts<'_>, v: u32, u: u32, first: i64) -> bool {
    let (from, to) = (parts.of[v as usize], parts.of[u as usize]);
    let place = |parts: &mut Parts<'_>, neuron, part| {
        parts.leave(neuron);
        parts.join(part, neuron);
    };
    place(parts, v, to);
    let second = gain(parts, u, from);
    place(parts, u, from);
    let holds = [from, to].into_iter().all(|part| parts.fits(parts.loads[part as usize]));
    if holds && first + second > 0 {
        return true;
    }
    place(parts, u, to);
    place(parts, v, from);
    false
}
