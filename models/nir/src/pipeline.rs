//! When each population works: NIR steps all nodes at once, chips need a timestep for every hop of a spike.
//!
//! A population at depth L (most spiking hops from the input) does in timestep t + L what the file's network does in step t.
//! With delays L(post) − L(pre) on forward projections that is the same network, shifted. A projection that closes a loop
//! carries spikes of the step before, with a delay of L(post) − L(pre) + 1. Delays of the file's own come on top.
//!
//! A projection that would have to arrive earlier than a timestep after its spikes needs more than one timestep in a step. Then the whole network works at a
//! pace of k timesteps per step, k the least with which every projection fits: a population does in timestep k·t + L what the file's
//! does in step t, and a delay of d steps is one of k·d + L(post) − L(pre) timesteps.

/// Depths of populations and delays of projections.
#[derive(Clone, Debug, Default)]
pub(super) struct Pipeline {
    /// Timesteps from one step of the file's network to the next.
    pub(super) pace: u32,
    /// By population.
    pub(super) depth: Vec<u32>,
    /// By projection.
    pub(super) delays: Vec<u32>,
    /// Projections that close a loop which is entered at several populations, so that frameworks differ in which projection
    /// carries the spikes of the step before.
    pub(super) ambiguous: Vec<usize>,
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

/// Schedules populations; `spiking[p]` says whether p's emissions are spikes, which take at least a step. `None` if a delay
/// exceeds 32 bits of timesteps.
pub(super) fn schedule(spiking: &[bool], hops: &[Hop], input: usize) -> Option<Pipeline> {
    let n = spiking.len();
    let mut outgoing = vec![Vec::new(); n];
    for (e, hop) in hops.iter().enumerate() {
        outgoing[hop.pre].push(e);
    }
    let back = back_edges(&outgoing, hops, input);
    let mut depth = vec![0; n];
    for &pre in &back.order {
        for &e in outgoing[pre].iter().filter(|&&e| !back.is_back[e]) {
            let post = hops[e].post;
            depth[post] = depth[post].max(depth[pre] + i64::from(spiking[pre]));
        }
    }
    // Steps that a projection has, and the delay that depths leave it at a pace.
    let steps = |e: usize| i64::from(back.is_back[e]) + i64::from(hops[e].delay);
    let apart = |e: usize| depth[hops[e].post] - depth[hops[e].pre];
    let short = |e: usize| i64::from(spiking[hops[e].pre]) - apart(e);
    let needed = |e: usize| if steps(e) > 0 { (short(e) + steps(e) - 1).div_euclid(steps(e)) } else { 1 };
    let pace = (0..hops.len()).map(needed).max().unwrap_or(1).max(1);
    let narrow = |v: i64| u32::try_from(v).ok();
    Some(Pipeline {
        pace: narrow(pace)?,
        delays: (0..hops.len()).map(|e| narrow(pace * steps(e) + apart(e))).collect::<Option<_>>()?,
        ambiguous: (0..hops.len())
            .filter(|&e| back.is_back[e] && is_entered_twice(&outgoing, hops, input, e))
            .collect(),
        order: back.order,
        depth: depth.into_iter().map(narrow).collect::<Option<_>>()?,
    })
}

/// Whether the source of a projection that closes a loop is reached from the input without passing through its target.
fn is_entered_twice(outgoing: &[Vec<usize>], hops: &[Hop], input: usize, back: usize) -> bool {
    let (from, to) = (hops[back].pre, hops[back].post);
    if from == to || input == to {
        return false;
    }
    let mut seen = vec![false; outgoing.len()];
    (seen[input], seen[to]) = (true, true);
    let mut pending = vec![input];
    while let Some(at) = pending.pop() {
        for &e in &outgoing[at] {
            let post = hops[e].post;
            if !std::mem::replace(&mut seen[post], true) {
                pending.push(post);
            }
            if post == from {
                return true;
            }
        }
    }
    false
}

struct Search {
    is_back: Vec<bool>,
    order: Vec<usize>,
}

/// Depth-first from the input, then from what it does not reach: projections onto a population that is still being left
/// close a loop.
fn back_edges(outgoing: &[Vec<usize>], hops: &[Hop], input: usize) -> Search {
    let n = outgoing.len();
    let (mut open, mut done) = (vec![false; n], vec![false; n]);
    let mut is_back = vec![false; hops.len()];
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
                let post = hops[e].post;
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

    fn scheduled(spiking: &[bool], hops: &[Hop]) -> Pipeline {
        schedule(spiking, hops, 0).expect("within 32 bits")
    }

    #[test]
    fn a_skip_waits_for_the_longer_way() {
        // 0 → 1 → 2 → 3 and 1 → 3, 0 → 3; population 0 is the input.
        let pipeline = scheduled(&[false, true, true, true], &hops(&[(0, 1), (1, 2), (2, 3), (1, 3), (0, 3)]));
        assert_eq!(pipeline.depth, [0, 0, 1, 2]);
        assert_eq!(pipeline.delays, [0, 1, 1, 2, 2]);
        assert_eq!((pipeline.pace, pipeline.ambiguous), (1, vec![]));
    }

    #[test]
    fn a_loop_of_one_population_takes_one_timestep_and_a_longer_one_as_many_as_it_has_hops() {
        let pipeline = scheduled(&[false, true, true], &hops(&[(0, 1), (1, 1)]));
        assert_eq!((pipeline.pace, &pipeline.delays[..]), (1, &[0, 1][..]));
        let pipeline = scheduled(&[false, true, true], &hops(&[(0, 1), (1, 1), (1, 2), (2, 1)]));
        assert_eq!((pipeline.pace, &pipeline.depth[..]), (2, &[0, 0, 1][..]));
        assert_eq!(pipeline.delays, [0, 2, 1, 1], "in timesteps, of which a step has two");
        let pipeline = scheduled(&[false, true, true, true], &hops(&[(0, 1), (1, 2), (2, 3), (3, 1)]));
        assert_eq!((pipeline.pace, &pipeline.delays[..]), (3, &[0, 1, 1, 1][..]));
    }

    #[test]
    fn a_delay_of_the_file_comes_on_top_and_makes_room_for_a_loop() {
        let mut edges = hops(&[(0, 1), (1, 2), (2, 1)]);
        edges[0].delay = 3;
        edges[2].delay = 1;
        let pipeline = scheduled(&[false, true, true], &edges);
        assert_eq!(pipeline.depth, [0, 0, 1]);
        assert_eq!(pipeline.delays, [3, 1, 1]);
        assert_eq!(pipeline.pace, 1);
    }

    #[test]
    fn a_loop_that_is_entered_twice_is_named() {
        let pipeline = scheduled(&[false, true, true], &hops(&[(0, 1), (1, 2), (2, 1), (0, 2)]));
        assert_eq!((pipeline.pace, pipeline.ambiguous), (2, vec![2]));
    }

    #[test]
    fn delays_beyond_32_bits_are_refused() {
        let mut edges = hops(&[(0, 1), (1, 2), (2, 1)]);
        edges[0].delay = u32::MAX;
        assert!(schedule(&[false, true, true], &edges, 0).is_none());
    }
}
