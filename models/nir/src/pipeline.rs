//! When each population works: NIR steps all nodes at once, chips need a timestep for every hop of a spike.
//!
//! A population at depth L (most spiking hops from the input) does in timestep t + L what the file's network does in step t.
//! With delays L(post) − L(pre) on forward projections that is the same network, shifted. A projection that closes a loop
//! carries spikes of the step before, with a delay of L(post) − L(pre) + 1; where a chip would need more, the loop takes longer.
//! Delays of the file's own come on top, and make room for such loops.

/// Depths of populations and delays of projections.
#[derive(Clone, Debug, Default)]
pub(super) struct Pipeline {
    /// By population.
    pub(super) depth: Vec<u32>,
    /// By projection.
    pub(super) delays: Vec<u32>,
    /// By projection: steps that a loop takes more than in the file's network.
    pub(super) late: Vec<u32>,
    /// Populations so that forward projections go forward.
    pub(super) order: Vec<usize>,
}

/// A projection to schedule.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hop {
    pub(super) pre: usize,
    pub(super) post: usize,
    /// Delay in the file's network.
    pub(super) delay: u32,
}

/// Schedules populations; `spiking[p]` says whether p's emissions are spikes, which take at least a step.
pub(super) fn schedule(spiking: &[bool], hops: &[Hop], input: usize) -> Pipeline {
    let edges: Vec<(usize, usize)> = hops.iter().map(|hop| (hop.pre, hop.post)).collect();
    let n = spiking.len();
    let mut outgoing = vec![Vec::new(); n];
    for (e, &(pre, _)) in edges.iter().enumerate() {
        outgoing[pre].push(e);
    }
    let back = back_edges(&outgoing, &edges, input);
    let mut depth = vec![0; n];
    for &pre in &back.order {
        for &e in outgoing[pre].iter().filter(|&&e| !back.is_back[e]) {
            let post = edges[e].1;
            depth[post] = depth[post].max(depth[pre] + u32::from(spiking[pre]));
        }
    }
    let mut pipeline = Pipeline { depth, order: back.order, ..Pipeline::default() };
    for (e, &(pre, post)) in edges.iter().enumerate() {
        let (from, to) = (pipeline.depth[pre], pipeline.depth[post]);
        let wanted = i64::from(to) - i64::from(from) + i64::from(back.is_back[e]) + i64::from(hops[e].delay);
        let delay = wanted.max(i64::from(spiking[pre]));
        pipeline.delays.push(delay as u32);
        pipeline.late.push((delay - wanted) as u32);
    }
    pipeline
}

struct Search {
    is_back: Vec<bool>,
    order: Vec<usize>,
}

/// Depth-first from the input, then from what it does not reach: projections onto a population that is still being left
/// close a loop.
fn back_edges(outgoing: &[Vec<usize>], edges: &[(usize, usize)], input: usize) -> Search {
    let n = outgoing.len();
    let (mut open, mut done) = (vec![false; n], vec![false; n]);
    let mut is_back = vec![false; edges.len()];
    let mut order = Vec::with_capacity(n);
    for start in std::iter::once(input).chain(0..n) {
        if done[start] {
            continue;
        }
        let mut path = vec![(start, 0)];
        open[start] = true;
        while let Some((at, next)) = path.last_mut() {
            if let Some(&e) = outgoing[*at].get(*next) {
                *next += 1;
                let post = edges[e].1;
                if open[post] {
                    is_back[e] = true;
                } else if !done[post] {
                    open[post] = true;
                    path.push((post, 0));
                }
            } else {
                (open[*at], done[*at]) = (false, true);
                order.push(*at);
                path.pop();
            }
        }
    }
    order.reverse();
    Search { is_back, order }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hops(edges: &[(usize, usize)]) -> Vec<Hop> {
        edges.iter().map(|&(pre, post)| Hop { pre, post, delay: 0 }).collect()
    }

    #[test]
    fn a_skip_waits_for_the_longer_way() {
        // 0 → 1 → 2 → 3 and 1 → 3, 0 → 3; population 0 is the input.
        let edges = hops(&[(0, 1), (1, 2), (2, 3), (1, 3), (0, 3)]);
        let pipeline = schedule(&[false, true, true, true], &edges, 0);
        assert_eq!(pipeline.depth, [0, 0, 1, 2]);
        assert_eq!(pipeline.delays, [0, 1, 1, 2, 2]);
        assert_eq!(pipeline.late, [0; 5]);
    }

    #[test]
    fn a_loop_of_one_population_takes_one_step_and_a_longer_one_is_late() {
        let pipeline = schedule(&[false, true, true], &hops(&[(0, 1), (1, 1), (1, 2), (2, 1)]), 0);
        assert_eq!(pipeline.delays, [0, 1, 1, 1]);
        assert_eq!(pipeline.late, [0, 0, 0, 1]);
    }

    #[test]
    fn a_delay_of_the_file_comes_on_top_and_makes_room_for_a_loop() {
        let mut edges = hops(&[(0, 1), (1, 2), (2, 1)]);
        edges[0].delay = 3;
        edges[2].delay = 1;
        let pipeline = schedule(&[false, true, true], &edges, 0);
        assert_eq!(pipeline.depth, [0, 0, 1]);
        assert_eq!(pipeline.delays, [3, 1, 1]);
        assert_eq!(pipeline.late, [0; 3]);
    }
}
