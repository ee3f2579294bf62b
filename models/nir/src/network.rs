//! The populations of a network and what reaches each: linear nodes resolved into maps.

use super::{
    hidden::{Filter, absorb},
    inline::Flat,
    linear::step,
    map::{MAX_WEIGHTS, Map},
    model::{Neuron, Node, Problem, Problems, Tensor, same_constant},
    options::Spikes,
    settings::Settings,
    shape,
    signal::Signal,
};
use ir::Shape;
use std::collections::VecDeque;

/// What a population is.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Input,
    Neuron(Box<Neuron>),
    Threshold(Tensor),
    /// Passes its input on; stands where one projection cannot express a composition.
    Linear,
    /// Sums what reaches an output.
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
    /// The current that stands for an integrator in front of it.
    pub(super) filter: Option<Filter>,
    /// Factor on what reaches each neuron of a linear population.
    pub(super) gain: Option<Vec<f64>>,
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

    /// Whether it spikes, at most once in a timestep.
    fn fires_once(&self, settings: &Settings) -> bool {
        let several = matches!(&self.kind, Kind::Neuron(_)) && settings.rule(&self.name).spikes != Spikes::One;
        self.is_spiking() && !several
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
    /// What a user should know about inputs, outputs and delays.
    pub(super) remarks: Vec<String>,
}

/// Resolves the linear nodes of a flat graph.
///
/// # Errors
/// Every node that cannot be used.
pub(super) fn resolve(flat: &Flat, shapes: &[Option<Vec<usize>>], settings: &Settings) -> Result<Network, Problems> {
    let all = |is: fn(&Node) -> bool| (0..flat.nodes.len()).filter(|&i| is(&flat.nodes[i].1)).collect::<Vec<_>>();
    let inputs = all(|node| matches!(node, Node::Input(_)));
    let outputs = all(|node| matches!(node, Node::Output(_)));
    let mut found = Found::new(flat, shapes);
    for (what, nodes) in [("Input", &inputs), ("Output", &outputs)] {
        if nodes.is_empty() {
            found.problem("graph", format!("has no node of type {what}; it needs one"));
        }
    }
    let input = found.inputs(&inputs);
    for i in 0..flat.nodes.len() {
        let kind = match &flat.nodes[i].1 {
            Node::Neuron(neuron) => Kind::Neuron(Box::new(neuron.clone())),
            Node::Threshold(threshold) => Kind::Threshold(threshold.clone()),
            _ => continue,
        };
        if let Some(shape) = found.arrangement(i) {
            let at = found.unit(i, kind, shape);
            found.signals[i] = Some(Signal::of(at, shape));
            found.unit_of[i] = Some(at);
        }
    }
    found.pass_all(settings);
    for i in 0..flat.nodes.len() {
        let Some(at) = found.unit_of[i] else { continue };
        let gathered = found.gather(i);
        let nothing = gathered.is_none();
        let arranged = gathered.map(|signal| signal.arranged(found.units[at].shape)).transpose();
        match arranged {
            Ok(signal) => found.units[at].input = signal,
            Err(reason) => found.problem(&flat.nodes[i].0, reason),
        }
        if nothing {
            found.problem(&flat.nodes[i].0, "receives nothing; remove it, or connect it");
        }
    }
    let read: Vec<(usize, usize)> = outputs.iter().filter_map(|&o| Some((o, found.read(o, settings)?))).collect();
    let chosen = found.choose(&read, settings);
    let mut problems = Problems(std::mem::take(&mut found.problems));
    if let (Some(input), Some(chosen)) = (input, chosen) {
        problems.0.dedup();
        problems.into_result()?;
        return found.network(input, chosen, read.into_iter().map(|(_, unit)| unit), settings);
    }
    if problems.0.is_empty() {
        problems.0.push(Problem::new("graph", "the Output receives nothing that comes from the Input"));
    }
    Err(problems)
}

struct Found<'a> {
    flat: &'a Flat,
    shapes: &'a [Option<Vec<usize>>],
    predecessors: Vec<Vec<usize>>,
    successors: Vec<Vec<usize>>,
    units: Vec<Unit>,
    /// By node: its population, unless it is an Input.
    unit_of: Vec<Option<usize>>,
    /// By node.
    signals: Vec<Option<Signal>>,
    /// Weights that may still be copied: each node behind another holds the weights in front of it.
    weights: usize,
    problems: Vec<Problem>,
    remarks: Vec<String>,
}

impl<'a> Found<'a> {
    fn new(flat: &'a Flat, shapes: &'a [Option<Vec<usize>>]) -> Self {
        let n = flat.nodes.len();
        let (mut predecessors, mut successors) = (vec![Vec::new(); n], vec![Vec::new(); n]);
        for &(source, target) in &flat.edges {
            predecessors[target].push(source);
            successors[source].push(target);
        }
        Self {
            flat,
            shapes,
            predecessors,
            successors,
            units: Vec::new(),
            unit_of: vec![None; n],
            signals: vec![None; n],
            weights: MAX_WEIGHTS,
            problems: Vec::new(),
            remarks: Vec::new(),
        }
    }

    fn problem(&mut self, node: &str, message: impl Into<String>) {
        self.problems.push(Problem::new(node, message));
    }

    fn unit(&mut self, node: usize, kind: Kind, shape: Shape) -> usize {
        let (name, nir_shape) = (self.flat.nodes[node].0.clone(), self.shapes[node].clone().unwrap_or_default());
        self.units.push(Unit { name, kind, shape, nir_shape, input: None, filter: None, gain: None });
        self.units.len() - 1
    }

    /// One input population: several Inputs stand in it one behind the other, in the order of their names.
    fn inputs(&mut self, nodes: &[usize]) -> Option<usize> {
        let sides: Vec<Shape> =
            nodes.iter().map(|&i| shape::arrangement(self.shapes[i].as_ref()?)).collect::<Option<_>>()?;
        let (&first, rest) = nodes.split_first()?;
        let at = self.unit(first, Kind::Input, sides[0]);
        if rest.is_empty() {
            self.signals[first] = Some(Signal::of(at, sides[0]));
            return Some(at);
        }
        let total: usize = sides.iter().map(|shape| shape.neurons()).sum();
        let all = Shape::vector(u32::try_from(total).ok()?);
        let mut start = 0;
        let mut ranges = Vec::new();
        for (&node, &side) in nodes.iter().zip(&sides) {
            self.signals[node] = Some(Signal::through(at, Map::slice(all, side, start)));
            let end = start + side.neurons();
            ranges.push(format!("`{}` {start} to {}", self.flat.nodes[node].0, end - 1));
            start = end;
        }
        let names: Vec<&str> = nodes.iter().map(|&i| self.flat.nodes[i].0.as_str()).collect();
        self.units[at].name = names.join("+");
        self.units[at].shape = all;
        self.units[at].nir_shape = vec![total];
        self.remarks.push(format!("inputs are one population, whose neurons are numbered {}", ranges.join(", ")));
        Some(at)
    }

    /// The arrangement of a population: that of a map in front of it where only Flatten lies between.
    fn arrangement(&mut self, node: usize) -> Option<Shape> {
        let own = shape::arrangement(self.shapes[node].as_ref()?);
        let before = |at: usize| {
            let mut flattens =
                self.predecessors[at].iter().copied().filter(|&p| matches!(self.flat.nodes[p].1, Node::Flatten { .. }));
            flattens.next()
        };
        let mut at = node;
        for _ in 0..self.flat.nodes.len() {
            match before(at) {
                Some(flatten) => at = flatten,
                None => break,
            }
        }
        let map = if at == node { None } else { self.predecessors[at].first() };
        let by_map = map.and_then(|&map| shape::arrangement(self.shapes[map].as_ref()?));
        let elements = |shape: &Shape| Some(shape.neurons()) == own.map(Shape::neurons);
        let chosen = by_map.filter(elements).or(own);
        if chosen.is_none() {
            let message = format!("the shape {:?} has too many elements", self.shapes[node]);
            self.problem(&self.flat.nodes[node].0, message);
        }
        chosen
    }

    /// Linear nodes in topological order; populations cut the loops.
    fn pass_all(&mut self, settings: &Settings) {
        let n = self.flat.nodes.len();
        let is_linear = |node: &Node| !matches!(node, Node::Input(_) | Node::Neuron(_) | Node::Threshold(_));
        let linear: Vec<bool> = (0..n).map(|i| is_linear(&self.flat.nodes[i].1) && self.shapes[i].is_some()).collect();
        let mut waiting: Vec<usize> =
            self.predecessors.iter().map(|p| p.iter().filter(|&&source| linear[source]).count()).collect();
        let mut ready: VecDeque<usize> = (0..n).filter(|&i| linear[i] && waiting[i] == 0).collect();
        while let Some(i) = ready.pop_front() {
            if !matches!(self.flat.nodes[i].1, Node::Output(_)) {
                self.signals[i] = self.gather(i).and_then(|signal| self.pass(i, signal, settings));
            }
            for target in self.successors[i].clone() {
                waiting[target] -= 1;
                if waiting[target] == 0 && linear[target] {
                    ready.push_back(target);
                }
            }
        }
        let stuck: Vec<&str> =
            (0..n).filter(|&i| linear[i] && waiting[i] > 0).map(|i| self.flat.nodes[i].0.as_str()).take(8).collect();
        if !stuck.is_empty() {
            let message = format!("a loop without neurons has no steps to act in: among `{}`", stuck.join("`, `"));
            self.problem("graph", message);
        }
    }

    /// The sum of what reaches a node.
    fn gather(&mut self, node: usize) -> Option<Signal> {
        let signals: Vec<&Signal> =
            self.predecessors[node].iter().filter_map(|&source| self.signals[source].as_ref()).collect();
        let name = &self.flat.nodes[node].0;
        let Some(left) = self.weights.checked_sub(signals.iter().map(|signal| signal.n_weights()).sum()) else {
            let message =
                format!("the weights up to here, counted for every node behind them, are more than {MAX_WEIGHTS}");
            self.problem(name, message);
            return None;
        };
        let sum = Signal::sum(signals.into_iter().cloned());
        self.weights = left;
        sum.unwrap_or_else(|reason| {
            self.problem(name, reason);
            None
        })
    }

    /// The signal behind a linear node.
    fn pass(&mut self, node: usize, signal: Signal, settings: &Settings) -> Option<Signal> {
        let (name, kind) = &self.flat.nodes[node];
        let output = self.shapes[node].as_deref()?;
        let first = *self.predecessors[node].iter().find(|&&p| self.shapes[p].is_some())?;
        let input = self.shapes[first].as_deref()?;
        let passed = match kind {
            Node::Delay(delay) => self.delayed(name, delay, output, signal, settings),
            _ => step(kind, input, output).and_then(|stepped| match stepped {
                None => Ok(signal),
                Some((map, constant)) => {
                    let post = map.post;
                    let map = map.arranged(signal.shape, post)?;
                    self.follow(name, output, signal, &map, &constant)
                }
            }),
        };
        passed.map_err(|reason| self.problem(name, reason)).ok()
    }

    /// The signal behind a map; puts a population without neurons in front where one projection cannot say both.
    fn follow(
        &mut self,
        name: &str,
        output: &[usize],
        signal: Signal,
        map: &Map,
        constant: &[f64],
    ) -> Result<Signal, String> {
        if let Some(signal) = signal.then(map, constant)? {
            return Ok(signal);
        }
        let at = self.units.len();
        let mut alone = Signal::of(at, signal.shape);
        alone.constants.clone_from(&signal.constants);
        self.units.push(Unit {
            name: format!("into-{name}"),
            kind: Kind::Linear,
            shape: signal.shape,
            nir_shape: output.to_vec(),
            input: Some(Signal { constants: std::collections::BTreeMap::new(), ..signal }),
            filter: None,
            gain: None,
        });
        alone.then(map, constant).map(|signal| signal.expect("anything can follow a population"))
    }

    /// The signal behind a Delay.
    fn delayed(
        &mut self,
        name: &str,
        delay: &Tensor,
        output: &[usize],
        signal: Signal,
        settings: &Settings,
    ) -> Result<Signal, String> {
        let dt = settings.dt.ok_or("needs the length of a timestep; give it with --dt")?;
        let times = delay.expand(output).ok_or("delay does not fit its input")?;
        let exact: Vec<f64> = times.iter().map(|time| time / dt).collect();
        if let Some(long) = exact.iter().find(|&&steps| steps > f64::from(1 << 24)) {
            return Err(format!("delay is {long:e} timesteps of {dt:e}; check the unit of --dt"));
        }
        let worst = exact.iter().map(|steps| (steps - steps.round()).abs()).fold(0.0, f64::max);
        if worst > 1e-3 {
            self.remarks.push(format!(
                "node `{name}`: delays are rounded to whole timesteps, by up to {worst:.3} of a timestep"
            ));
        }
        signal.delayed(&exact.iter().map(|steps| steps.round() as u32).collect::<Vec<_>>())
    }

    /// The population whose state is the answer of an Output: the one in front of it, or a sum of what reaches it. Spikes are counted
    /// where there is at most one in a timestep, and else summed.
    fn read(&mut self, output: usize, settings: &Settings) -> Option<usize> {
        let signal = self.gather(output)?;
        if let [term] = &signal.terms[..]
            && signal.constants.is_empty()
            && term.delay == 0
            && term.map.pool.is_none()
            && term.map.is_one_to_one()
            && term.map.weights.iter().all(|&w| same_constant(w, 1.0))
            && (self.units[term.source].fires_once(settings) || self.units[term.source].is_readable_only())
        {
            return Some(term.source);
        }
        let shape = signal.shape;
        let at = self.unit(output, Kind::Sum, shape);
        self.units[at].input = Some(signal);
        Some(at)
    }

    /// The Output that the class is read from.
    fn choose(&mut self, outputs: &[(usize, usize)], settings: &Settings) -> Option<usize> {
        let name = |&(node, _): &(usize, usize)| self.flat.nodes[node].0.clone();
        let names: Vec<String> = outputs.iter().map(name).collect();
        let list = names.join("`, `");
        if let Some(wanted) = &settings.output {
            let chosen = outputs.iter().find(|&output| name(output) == *wanted).map(|&(_, unit)| unit);
            if chosen.is_none() {
                self.problem("graph", format!("has no Output `{wanted}`; --read-out takes one of `{list}`"));
            }
            return chosen;
        }
        let &(_, first) = outputs.first()?;
        if outputs.iter().any(|&(_, unit)| unit != first) {
            let line = format!("outputs `{list}`: the class is read from `{}`; --read-out names another", names[0]);
            self.remarks.push(line);
        }
        Some(first)
    }

    /// The part of the network that the Outputs depend on.
    fn network(
        self,
        input: usize,
        read: usize,
        outputs: impl Iterator<Item = usize>,
        settings: &Settings,
    ) -> Result<Network, Problems> {
        let mut found = self;
        absorb(&mut found.units, settings, &mut found.remarks)?;
        let mut problems = Vec::new();
        let mut keep = vec![false; found.units.len()];
        let mut pending: Vec<usize> = outputs.chain([read]).collect();
        for &unit in &pending {
            keep[unit] = true;
        }
        while let Some(at) = pending.pop() {
            for term in found.units[at].input.iter().flat_map(|signal| &signal.terms) {
                if !std::mem::replace(&mut keep[term.source], true) {
                    pending.push(term.source);
                }
            }
        }
        if !keep[input] {
            problems.push(Problem::new("graph", "the Output does not depend on the Input"));
        }
        Problems(problems).into_result()?;
        let mut position = vec![0; found.units.len()];
        let mut n = 0;
        for (at, keep) in keep.iter().enumerate() {
            position[at] = n;
            n += usize::from(*keep);
        }
        let mut units: Vec<Unit> =
            found.units.into_iter().zip(keep).filter_map(|(u, keep)| keep.then_some(u)).collect();
        for term in units.iter_mut().filter_map(|u| u.input.as_mut()).flat_map(|signal| &mut signal.terms) {
            term.source = position[term.source];
        }
        Ok(Network { units, input: position[input], read: position[read], remarks: found.remarks })
    }
}
