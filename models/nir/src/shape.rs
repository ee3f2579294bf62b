//! Shapes of all nodes' outputs, propagated from the inputs along the edges.
//!
//! Leading extents of 1 do not distinguish shapes. What the file states (`input_shape`, shapes of outputs and constants) is
//! compared with what follows from its inputs. NIR has no batch dimension; a Flatten that starts at dimension 1 as if there were
//! one is read as starting at 0 where only that fits, which a remark states.

use super::{
    inline::Flat,
    model::{Convolution, Neuron, Node, Padding, Pooling, Problem},
};
use ir::Shape;
use std::collections::VecDeque;

/// Most neurons of a node, and most elements of all nodes.
const MAX_NEURONS: usize = 1 << 24;
const MAX_ELEMENTS: usize = 1 << 26;

/// What follows from the inputs.
#[derive(Debug)]
pub(super) struct Inferred {
    /// The shape of each node's output, by position; nodes that nothing reaches have none.
    pub(super) shapes: Vec<Option<Vec<usize>>>,
    /// Every conflict.
    pub(super) problems: Vec<Problem>,
    /// Where a Flatten was read as if it started at dimension 0.
    pub(super) remarks: Vec<String>,
}

/// Propagates shapes along the edges.
pub(super) fn infer(flat: &Flat) -> Inferred {
    let mut flat = flat.clone();
    let mut remarks = Vec::new();
    let mut shapes: Vec<Option<Vec<usize>>> = vec![None; flat.nodes.len()];
    let mut problems = Vec::new();
    let mut successors = vec![Vec::new(); flat.nodes.len()];
    for &(source, target) in &flat.edges {
        successors[source].push(target);
    }
    let mut queue: VecDeque<usize> = VecDeque::new();
    for (i, (name, node)) in flat.nodes.iter().enumerate() {
        if let Node::Input(shape) = node {
            match bounded(shape.clone()) {
                Ok(shape) => shapes[i] = Some(shape),
                Err(reason) => problems.push(Problem::new(name, reason)),
            }
            queue.push_back(i);
        }
    }
    while let Some(source) = queue.pop_front() {
        let Some(shape) = shapes[source].clone() else { continue };
        for &target in &successors[source] {
            if let Some(remark) = without_batch(&mut flat, target, &shape, &successors[target]) {
                remarks.push(remark);
            }
            let (name, node) = &flat.nodes[target];
            if shapes[target].is_some() || matches!(node, Node::Refused { .. }) {
                continue;
            }
            match output(node, &shape).and_then(bounded) {
                Ok(shape) => {
                    shapes[target] = Some(shape);
                    queue.push_back(target);
                }
                Err(reason) => problems.push(Problem::new(name, reason)),
            }
        }
    }
    for &(source, target) in &flat.edges {
        let (Some(shape), Some(expected)) = (&shapes[source], &shapes[target]) else { continue };
        let (name, node) = &flat.nodes[target];
        match output(node, shape) {
            Ok(found) if same(&found, expected) => {}
            Ok(found) => problems.push(Problem::new(
                name,
                format!("gets {found:?} from `{}` and {expected:?} from another node", flat.nodes[source].0),
            )),
            Err(reason) => problems.push(Problem::new(name, reason)),
        }
    }
    let neurons: usize = shapes.iter().flatten().map(|shape| shape.iter().product::<usize>()).sum();
    if neurons > MAX_ELEMENTS {
        problems.push(Problem::new(
            "graph",
            format!("has {neurons} elements in all nodes; at most {MAX_ELEMENTS} are mapped"),
        ));
    }
    problems.dedup();
    Inferred { shapes, problems, remarks }
}

/// Makes a Flatten that starts at dimension 1 start at 0, where the dimension before can only be a batch dimension: the input has
/// none left to flatten, or what follows takes all values as one vector.
fn without_batch(flat: &mut Flat, node: usize, input: &[usize], successors: &[usize]) -> Option<String> {
    let (name, Node::Flatten { start, end: -1 }) = &flat.nodes[node] else { return None };
    let all: usize = input.iter().product();
    let takes_all = |&next: &usize| match &flat.nodes[next].1 {
        Node::Linear { weight, .. } => weight.shape[1] == all,
        Node::Neuron(neuron) => neuron.r.shape == [all],
        Node::Output(shape) => *shape == [all],
        _ => false,
    };
    if *start != 1 || input.first() == Some(&1) || (input.len() > 1 && !successors.iter().any(takes_all)) {
        return None;
    }
    let remark = format!(
        "node `{name}`: starts at dimension 1, as if dimension 0 of {input:?} were a batch, which NIR does not have; what follows \
         takes all {all} values, so that it is read as starting at 0"
    );
    flat.nodes[node].1 = Node::Flatten { start: 0, end: -1 };
    Some(remark)
}

/// Whether two shapes differ in leading ones at most.
pub(super) fn same(a: &[usize], b: &[usize]) -> bool {
    let strip = |shape: &[usize]| shape.iter().skip_while(|&&side| side == 1).copied().collect::<Vec<_>>();
    strip(a) == strip(b)
}

fn bounded(shape: Vec<usize>) -> Result<Vec<usize>, String> {
    match shape.iter().try_fold(1_usize, |n, &side| n.checked_mul(side)) {
        Some(1..=MAX_NEURONS) => Ok(shape),
        _ => Err(format!("the shape {shape:?} has no neurons, or more than 2²⁴")),
    }
}

/// Channels, rows and columns: a vector of n is n × 1 × 1, and so is what has more than three extents.
pub(super) fn arrangement(shape: &[usize]) -> Option<Shape> {
    volume(shape).or_else(|| Some(Shape::vector(u32::try_from(shape.iter().product::<usize>()).ok()?)))
}

fn volume(shape: &[usize]) -> Option<Shape> {
    let side = |n: usize| u32::try_from(n).ok();
    let extra = shape.len().saturating_sub(3);
    match (shape[..extra].iter().all(|&side| side == 1), &shape[extra..]) {
        (true, []) => Some(Shape::vector(1)),
        (true, &[n]) => Some(Shape::vector(side(n)?)),
        (true, &[channels, width]) => Some(Shape::new(side(channels)?, 1, side(width)?)),
        (true, &[channels, height, width]) => Some(Shape::new(side(channels)?, side(height)?, side(width)?)),
        _ => None,
    }
}

/// The shape of a node's output for an input of shape `input`.
fn output(node: &Node, input: &[usize]) -> Result<Vec<usize>, String> {
    match node {
        Node::Input(_) => Err("an Input takes no edges".into()),
        Node::Output(shape) if same(shape, input) => Ok(shape.clone()),
        Node::Output(shape) => Err(format!("says the shape {shape:?}, but gets {input:?}")),
        Node::Linear { weight, .. } => {
            let (out, inputs) = (weight.shape[0], weight.shape[1]);
            if same(input, &[inputs]) {
                Ok(vec![out])
            } else if input.last() == Some(&inputs) {
                // As in PyTorch, the last dimension is mapped, and the others stay.
                Ok([&input[..input.len() - 1], &[out]].concat())
            } else if input.iter().product::<usize>() == inputs {
                Err(format!(
                    "takes {inputs} values in one dimension, but gets the shape {input:?}; put a Flatten in front that starts at \
                     dimension 0 (NIR has no batch dimension)"
                ))
            } else {
                Err(format!("takes {inputs} values, but gets the shape {input:?}"))
            }
        }
        Node::Conv1d(conv) => match *input {
            // One channel, whose extent of 1 was left out.
            [columns] => convolved(conv, &[1, 1, columns]).map(|shape| vec![shape[0], shape[2]]),
            [ref lead @ .., channels, columns] if lead.iter().all(|&side| side == 1) => {
                convolved(conv, &[channels, 1, columns]).map(|shape| vec![shape[0], shape[2]])
            }
            _ => Err(format!("takes [channels, columns], but gets the shape {input:?}")),
        },
        Node::Conv2d(conv) => convolved(conv, input),
        Node::Pool(pool) => pooled(*pool, input),
        Node::Flatten { start, end } => flattened(*start, *end, input),
        Node::Scale(scale) => elementwise("scale", scale, input),
        Node::Delay(delay) => elementwise("delay", delay, input),
        Node::Threshold(threshold) => elementwise("threshold", threshold, input),
        Node::Neuron(Neuron { synapse, tau, r, v_leak, threshold, v_reset }) => {
            for (name, tensor) in synapse.iter().flat_map(|s| [("tau_syn", &s.tau), ("w_in", &s.w_in)]) {
                elementwise(name, tensor, input)?;
            }
            let named = [("tau", tau.as_ref()), ("r", Some(r)), ("v_leak", Some(v_leak))];
            let spiking = [("v_threshold", threshold.as_ref()), ("v_reset", v_reset.as_ref())];
            for (name, tensor) in named.into_iter().chain(spiking) {
                if let Some(tensor) = tensor {
                    elementwise(name, tensor, input)?;
                }
            }
            Ok(input.to_vec())
        }
        Node::Graph(_) | Node::Refused { .. } => Err("is not part of a flat network".into()),
    }
}

fn elementwise(name: &str, tensor: &super::model::Tensor, input: &[usize]) -> Result<Vec<usize>, String> {
    if tensor.expand(input).is_some() {
        Ok(input.to_vec())
    } else {
        Err(format!("{name} has the shape {:?}, but the input has {input:?}", tensor.shape))
    }
}

/// A map with channels, without leading ones.
fn map(input: &[usize]) -> Result<[usize; 3], String> {
    let extra = input.len().saturating_sub(3);
    match (input[..extra].iter().all(|&side| side == 1), &input[extra..]) {
        (true, &[c, h, w]) => Ok([c, h, w]),
        _ => Err(format!("takes [channels, rows, columns], but gets the shape {input:?}")),
    }
}

fn span(name: &str, n: usize, kernel: usize, stride: usize, padding: (usize, usize)) -> Result<usize, String> {
    (n + padding.0 + padding.1)
        .checked_sub(kernel)
        .map(|rest| rest / stride + 1)
        .ok_or_else(|| format!("a kernel over {kernel} {name} does not fit in {n} with {} of padding", padding.0))
}

/// Zero padding in front of and behind rows and columns. `"same"` of an even span pads one more behind, as PyTorch does.
pub(super) fn padding(conv: &Convolution) -> [(usize, usize); 2] {
    match conv.padding {
        Padding::Sides(rows, columns) => [(rows, rows), (columns, columns)],
        Padding::Same => [(conv.dilation.0, conv.weight.shape[2]), (conv.dilation.1, conv.weight.shape[3])].map(
            |(dilation, kernel)| {
                let total = dilation * (kernel - 1);
                (total / 2, total - total / 2)
            },
        ),
    }
}

fn convolved(conv: &Convolution, input: &[usize]) -> Result<Vec<usize>, String> {
    let [c, h, w] = map(input)?;
    let &[out, per_group, rows, columns] = &conv.weight.shape[..] else {
        return Err("weight must have four dimensions".into());
    };
    if per_group.checked_mul(conv.groups) != Some(c) {
        return Err(format!(
            "weight {:?} with {} groups takes {} channels, but gets the shape {input:?}",
            conv.weight.shape,
            conv.groups,
            per_group.saturating_mul(conv.groups)
        ));
    }
    if let Some(said) = conv.input_shape
        && said != (h, w)
    {
        return Err(format!("says an input of {} × {}, but gets the shape {input:?}", said.0, said.1));
    }
    let pad = padding(conv);
    Ok(vec![
        out,
        span("rows", h, conv.dilation.0 * (rows - 1) + 1, conv.stride.0, pad[0])?,
        span("columns", w, conv.dilation.1 * (columns - 1) + 1, conv.stride.1, pad[1])?,
    ])
}

fn pooled(pool: Pooling, input: &[usize]) -> Result<Vec<usize>, String> {
    let [c, h, w] = map(input)?;
    Ok(vec![
        c,
        span("rows", h, pool.kernel.0, pool.stride.0, (pool.padding.0, pool.padding.0))?,
        span("columns", w, pool.kernel.1, pool.stride.1, (pool.padding.1, pool.padding.1))?,
    ])
}

fn flattened(start: i64, end: i64, input: &[usize]) -> Result<Vec<usize>, String> {
    let rank = input.len() as i64;
    let position = |dim: i64| if dim < 0 { dim.checked_add(rank) } else { Some(dim) };
    match (position(start), position(end)) {
        (Some(a), Some(b)) if 0 <= a && a <= b && b < rank => {
            let (a, b) = (a as usize, b as usize);
            let mut shape = input[..a].to_vec();
            shape.push(input[a..=b].iter().product());
            shape.extend(&input[b + 1..]);
            Ok(shape)
        }
        _ => Err(format!(
            "flattens dimensions {start} to {end}, which {input:?} does not have; a NIR file has no batch dimension, so that \
             start_dim is usually 0"
        )),
    }
}
