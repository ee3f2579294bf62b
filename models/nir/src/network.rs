//! The populations of a network and what reaches each: linear nodes resolved into maps.

use super::{
    inline::Flat,
    model::{Neuron, Node, Problem, Problems, Tensor, same_constant},
    shape,
    signal::{MAX_WEIGHTS, Signal, step},
};
use ir::Shape;
use std::collections::VecDeque;

/// What a population is.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Input,
    Neuron(Neuron),
    Threshold(Tensor),
    /// Passes its input on; stands where one projection cannot express a composition.
    Linear,
    /// Sums what reaches the output.
    Sum,
}

/// A population.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) shape: Shape,
    pub(super) nir_shape: Vec<usize>,
    /// What reaches it.
    pub(super) input: Option<Signal>,
}

impl Unit {
    /// Whether its emissions are spikes.
    pub(super) fn is_spiking(&self) -> bool {
        match &self.kind {
            Kind::Neuron(neuron) => neuron.threshold.is_some(),
            Kind::Threshold(_) => true,
            Kind::Input | Kind::Linear | Kind::Sum => false,
        }
    }

    /// Whether it has a potential and no spikes.
    pub(super) fn is_readable_only(&self) -> bool {
        matches!(self.kind, Kind::Sum) || matches!(&self.kind, Kind::Neuron(n) if n.threshold.is_none())
    }
}

/// Populations, the input's and the read one's positions.
#[derive(Clone, Debug)]
pub(super) struct Network {
    pub(super) units: Vec<Unit>,
    pub(super) input: usize,
    pub(super) read: usize,
}

/// Resolves the linear nodes of a flat graph.
///
/// # Errors
/// Every node that cannot be used.
pub(super) fn resolve(flat: &Flat, shapes: &[Option<Vec<usize>>]) -> Result<Network, Problems> {
    let signals = vec![None; flat.nodes.len()];
    let mut found = Found { units: Vec::new(), signals, weights: MAX_WEIGHTS, problems: Vec::new() };
    let position = |found: &mut Found, what: &str, is: fn(&Node) -> bool| {
        let all: Vec<usize> = (0..flat.nodes.len()).filter(|&i| is(&flat.nodes[i].1)).collect();
        if all.len() != 1 {
            let message = format!("has {} nodes of type {what}; exactly one can be mapped", all.len());
            found.problems.push(Problem::new("graph", message));
        }
        all.first().copied()
    };
    let input = position(&mut found, "Input", |node| matches!(node, Node::Input(_)));
    let output = position(&mut found, "Output", |node| matches!(node, Node::Output(_)));
    let mut unit_of = vec![None; flat.nodes.len()];
    let mut predecessors = vec![Vec::new(); flat.nodes.len()];
    let mut successors = vec![Vec::new(); flat.nodes.len()];
    for &(source, target) in &flat.edges {
        predecessors[target].push(source);
        successors[source].push(target);
    }

    for (i, (name, node)) in flat.nodes.iter().enumerate() {
        let kind = match node {
            Node::Input(_) => Kind::Input,
            Node::Neuron(neuron) => Kind::Neuron(neuron.clone()),
            Node::Threshold(threshold) => Kind::Threshold(threshold.clone()),
            _ => continue,
        };
        let Some(nir_shape) = &shapes[i] else { continue };
        match arrangement(flat, &predecessors, shapes, i) {
            Some(shape) => {
                let at = found.units.len();
                unit_of[i] = Some(at);
                found.signals[i] = Some(Signal::of(at, shape));
                found.units.push(Unit { name: name.clone(), kind, shape, nir_shape: nir_shape.clone(), input: None });
            }
            None => found.problems.push(Problem::new(name, format!("the shape {nir_shape:?} is no map of channels"))),
        }
    }

    // Linear nodes in topological order; populations cut the loops.
    let is_linear = |i: usize| unit_of[i].is_none() && shapes[i].is_some();
    let mut waiting: Vec<usize> =
        predecessors.iter().map(|p| p.iter().filter(|&&source| is_linear(source)).count()).collect();
    let mut ready: VecDeque<usize> = (0..flat.nodes.len()).filter(|&i| is_linear(i) && waiting[i] == 0).collect();
    let mut n_resolved = 0;
    while let Some(i) = ready.pop_front() {
        n_resolved += 1;
        if Some(i) != output {
            let signal = found.gather(flat, &predecessors[i], i).and_then(|signal| found.pass(flat, shapes, i, signal));
            found.signals[i] = signal;
        }
        for &target in &successors[i] {
            waiting[target] -= 1;
            if waiting[target] == 0 && is_linear(target) {
                ready.push_back(target);
            }
        }
    }
    if n_resolved < (0..flat.nodes.len()).filter(|&i| is_linear(i)).count() {
        let stuck: Vec<&str> = (0..flat.nodes.len())
            .filter(|&i| is_linear(i) && waiting[i] > 0)
            .map(|i| flat.nodes[i].0.as_str())
            .take(8)
            .collect();
        let message = format!("a loop without neurons has no steps to act in: among `{}`", stuck.join("`, `"));
        found.problems.push(Problem::new("graph", message));
    }
    for i in 0..flat.nodes.len() {
        if let Some(at) = unit_of[i]
            && Some(i) != input
        {
            found.units[at].input = found.gather(flat, &predecessors[i], i);
            if found.units[at].input.is_none() {
                found.problems.push(Problem::new(&flat.nodes[i].0, "receives nothing; remove it, or connect it"));
            }
        }
    }
    let read = output.and_then(|output| found.read(flat, shapes, &predecessors[output], output));
    Problems(std::mem::take(&mut found.problems)).into_result()?;
    match (input.and_then(|i| unit_of[i]), read) {
        (Some(input), Some(read)) => found.network(input, read),
        _ => Err(Problem::new("graph", "the Output receives nothing that comes from the Input").into()),
    }
}

/// The arrangement of a population: that of the map in front of it where only Flatten lies between.
fn arrangement(flat: &Flat, predecessors: &[Vec<usize>], shapes: &[Option<Vec<usize>>], node: usize) -> Option<Shape> {
    let mut at = node;
    for _ in 0..flat.nodes.len() {
        match &predecessors[at][..] {
            &[before] if matches!(flat.nodes[before].1, Node::Flatten { .. }) => at = before,
            _ => break,
        }
    }
    let before = if at == node { node } else { *predecessors[at].first()? };
    let by_map = shapes[before].as_deref().and_then(shape::volume);
    let own = shapes[node].as_deref().and_then(shape::volume);
    if at == node { own } else { by_map.or(own) }
}

struct Found {
    units: Vec<Unit>,
    signals: Vec<Option<Signal>>,
    /// Weights that may still be copied: each node behind another holds the weights in front of it.
    weights: usize,
    problems: Vec<Problem>,
}

impl Found {
    /// The sum of what reaches a node.
    fn gather(&mut self, flat: &Flat, predecessors: &[usize], node: usize) -> Option<Signal> {
        let signals: Vec<&Signal> = predecessors.iter().filter_map(|&source| self.signals[source].as_ref()).collect();
        let Some(left) = self.weights.checked_sub(signals.iter().map(|signal| signal.n_weights()).sum()) else {
            let message =
                format!("the weights up to here, counted for every node behind them, are more than {MAX_WEIGHTS}");
            self.problems.push(Problem::new(&flat.nodes[node].0, message));
            return None;
        };
        let sum = Signal::sum(signals.into_iter().cloned());
        self.weights = left;
        match sum {
            Ok(signal) => signal,
            Err(reason) => {
                self.problems.push(Problem::new(&flat.nodes[node].0, reason));
                None
            }
        }
    }

    /// The signal behind a linear node; puts a population without neurons in front where needed.
    fn pass(&mut self, flat: &Flat, shapes: &[Option<Vec<usize>>], node: usize, signal: Signal) -> Option<Signal> {
        let (name, kind) = &flat.nodes[node];
        let output = shapes[node].as_deref()?;
        let passed = match step(kind, signal.shape, output) {
            Ok(None) => Ok(signal),
            Ok(Some((map, constant))) => match signal.then(&map, &constant) {
                Ok(Some(signal)) => Ok(signal),
                Ok(None) => {
                    let at = self.units.len();
                    let mut alone = Signal::of(at, signal.shape);
                    alone.constant.clone_from(&signal.constant);
                    self.units.push(Unit {
                        name: format!("into-{name}"),
                        kind: Kind::Linear,
                        shape: signal.shape,
                        nir_shape: output.to_vec(),
                        input: Some(Signal { constant: Vec::new(), ..signal }),
                    });
                    alone.then(&map, &constant).map(|signal| signal.expect("anything can follow a population"))
                }
                Err(reason) => Err(reason),
            },
            Err(reason) => Err(reason),
        };
        passed.map_err(|reason| self.problems.push(Problem::new(name, reason))).ok()
    }

    /// The population whose state is the network's answer.
    fn read(
        &mut self,
        flat: &Flat,
        shapes: &[Option<Vec<usize>>],
        predecessors: &[usize],
        output: usize,
    ) -> Option<usize> {
        let signal = self.gather(flat, predecessors, output)?;
        if let [term] = &signal.terms[..]
            && signal.constant.is_empty()
            && term.map.pool.is_none()
            && term.map.connectivity == ir::Connectivity::OneToOne
            && term.map.weights.iter().all(|&w| same_constant(w, 1.0))
            && (self.units[term.source].is_spiking() || self.units[term.source].is_readable_only())
        {
            return Some(term.source);
        }
        self.units.push(Unit {
            name: flat.nodes[output].0.clone(),
            kind: Kind::Sum,
            shape: signal.shape,
            nir_shape: shapes[output].clone()?,
            input: Some(signal),
        });
        Some(self.units.len() - 1)
    }

    /// The part of the network that the read population depends on.
    fn network(self, input: usize, read: usize) -> Result<Network, Problems> {
        let mut problems = Vec::new();
        let mut keep = vec![false; self.units.len()];
        let mut pending = vec![read];
        keep[read] = true;
        while let Some(at) = pending.pop() {
            for term in self.units[at].input.iter().flat_map(|signal| &signal.terms) {
                let source = &self.units[term.source];
                if source.is_readable_only() {
                    let message = "passes on its potential; chips send spikes, so that it can only be the last node before the Output";
                    problems.push(Problem::new(&source.name, message));
                }
                if !std::mem::replace(&mut keep[term.source], true) {
                    pending.push(term.source);
                }
            }
        }
        if !keep[input] {
            problems.push(Problem::new("graph", "the Output does not depend on the Input"));
        }
        problems.dedup();
        Problems(problems).into_result()?;
        let mut position = vec![0; self.units.len()];
        let mut n = 0;
        for (at, keep) in keep.iter().enumerate() {
            position[at] = n;
            n += usize::from(*keep);
        }
        let mut units: Vec<Unit> = self.units.into_iter().zip(keep).filter_map(|(u, keep)| keep.then_some(u)).collect();
        for term in units.iter_mut().filter_map(|u| u.input.as_mut()).flat_map(|signal| &mut signal.terms) {
            term.source = position[term.source];
        }
        Ok(Network { units, input: position[input], read: position[read] })
    }
}
