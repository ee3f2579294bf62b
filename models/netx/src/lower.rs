//! A chain of blocks as an integer graph.
//!
//! Block l updates from step l on, so that a layer works one step behind the one before it. A sample is presented in `steps`
//! steps, and block l sees it in the steps `l .. l + steps`. With a reset interval P, as lava-dl's networks run on the chip,
//! samples follow each other: the state of block l is 0 again in the steps `t ≡ l (mod P)`.

use crate::{
    Problem,
    block::{Block, Kind, Netx},
    neuron::{FRACTION_BITS, NeuronConfig},
    sigma,
    weights::{integers, weights},
};
use ir::{
    Connectivity, Conv2d, Graph, InputCoding, InputEncoding, NeuronModel, PerChannel, Population, PopulationId,
    Projection, Quantized, Readout, Shape, SynapseLists, Window,
};

/// What a file does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Timesteps in which a sample is presented; the file's `tSample`, or 16.
    pub steps: Option<u32>,
    /// Timesteps of the longest recording, where there are any; what is taken if `steps` is not given.
    pub recorded_steps: Option<u32>,
    /// Interval of the reset, if samples follow each other without a new start.
    pub reset_interval: Option<u32>,
    /// The input's events have timesteps of their own (spikes), rather than values presented in every step; where nobody says, they have
    /// if the input has no neurons.
    pub events: Option<bool>,
}

/// A network with what was assumed on the way.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// The network.
    pub graph: Graph<Quantized>,
    /// What the file does not say, a line each.
    pub assumptions: Vec<String>,
}

struct Chain {
    graph: Graph<Quantized>,
    options: Options,
    steps: u32,
    /// Number of neuron layers so far: the step from which the next one updates.
    depth: u32,
    last: Option<(PopulationId, Shape)>,
    silent: bool,
    averages: bool,
    /// What the file leaves open, found on the way.
    assumptions: Vec<String>,
}

/// The network of a file.
///
/// # Errors
/// Every block that is not read, by number and name.
pub fn lower(netx: &Netx, name: &str, options: &Options) -> Result<Imported, Vec<Problem>> {
    let mut assumptions = Vec::new();
    let sources = [
        (options.steps, "given"),
        (options.recorded_steps, "from the recordings"),
        (netx.sample_steps, "the file's tSample"),
        (Some(16), "assumed"),
    ];
    let known = sources.into_iter().find_map(|(steps, origin)| Some((steps?, origin)));
    let (steps, origin) = known.expect("the last is a number");
    let s = if steps == 1 { "" } else { "s" };
    assumptions.push(format!("a sample is presented in {steps} timestep{s} ({origin})"));
    let layers = netx.blocks.iter().filter(|b| layer(b)).count() as u32;
    let timesteps = match options.reset_interval {
        Some(interval) => {
            assumptions.push(format!("layer l starts again in the timesteps t ≡ l (mod {interval})"));
            if netx.blocks.iter().any(|b| b.neuron.as_ref().is_some_and(NeuronConfig::is_sigma_delta)) {
                assumptions.push("sigma-delta neurons (SDNN) do not start again, as in lava-dl".into());
            }
            steps
        }
        None => steps + layers.saturating_sub(1),
    };
    let mut chain = Chain {
        graph: Graph::new(name, timesteps, encoding(netx.blocks.first())),
        options: *options,
        steps,
        depth: 0,
        last: None,
        silent: false,
        averages: false,
        assumptions,
    };
    let mut problems: Vec<Problem> = Vec::new();
    for block in &netx.blocks {
        if let Err(problem) = chain.add(block) {
            problems.push(problem);
            if chain.last.is_none() {
                break;
            }
        }
    }
    let Some((last, _)) = chain.last.filter(|_| problems.is_empty()) else {
        if problems.is_empty() {
            problems.push(Problem::new("file", "holds no block"));
        }
        return Err(problems);
    };
    let mut assumptions = chain.assumptions;
    chain.graph.readout = if chain.silent {
        let what = if chain.averages { "sums of spikes" } else { "potentials" };
        assumptions.push(format!("the class is that of the largest of the last layer's {what}"));
        Readout::Potential { population: last }
    } else {
        assumptions.push("the class is that with the most spikes of the last layer".into());
        Readout::SpikeCount { population: last }
    };
    let broken: Vec<Problem> =
        ir::verify(&chain.graph).into_iter().map(|v| Problem::new(v.entity, v.message)).collect();
    if broken.is_empty() { Ok(Imported { graph: chain.graph, assumptions }) } else { Err(broken) }
}

/// What a block that nothing comes before receives, by its weights.
fn received(block: &Block) -> Result<Shape, Problem> {
    let place = block.place();
    let unknown =
        |why: &str| Problem::new(&place, format!("nothing comes before it, and {why}; the file needs an input block"));
    let (sides, weights) = block.weight.as_ref().ok_or_else(|| unknown("it has no weights"))?;
    let outputs: usize = block.shape.iter().product();
    match (&block.kind, &sides[..]) {
        (Kind::Dense | Kind::Recurrent, _) if outputs > 0 && weights.len().is_multiple_of(outputs) => {
            extents(&place, &[weights.len() / outputs])
        }
        (Kind::Conv, &[_, channels, rows, columns]) => {
            if block.stride != (1, 1) {
                return Err(unknown("its stride leaves open how many rows and columns it receives"));
            }
            let &[_, high, wide] = &block.shape[..] else { return Err(unknown("its shape is not stated")) };
            let side = |out: usize, kernel: usize, dilation: u32, padding: u32| {
                (out + dilation as usize * (kernel - 1)).checked_sub(2 * padding as usize)
            };
            let rows = side(high, rows, block.dilation.0, block.padding.0);
            let columns = side(wide, columns, block.dilation.1, block.padding.1);
            let (Some(rows), Some(columns)) = (rows, columns) else {
                return Err(unknown("its padding passes its shape"));
            };
            extents(&place, &[channels * block.groups as usize, rows, columns])
        }
        _ => Err(unknown("its weights do not say how wide it is")),
    }
}

/// Whether a block has neurons.
fn layer(block: &Block) -> bool {
    match block.kind {
        Kind::Input => block.neuron.is_some(),
        Kind::Dense | Kind::Recurrent | Kind::Conv | Kind::Average => true,
        Kind::Flatten | Kind::Other(_) => false,
    }
}

/// Values of an image: bias = weight·x + bias of the input block, x in 0 to 1.
fn encoding(input: Option<&Block>) -> InputEncoding {
    let Some(block) = input.filter(|block| block.kind == Kind::Input && block.neuron.is_some()) else {
        return InputEncoding::Pixels;
    };
    let gain = block.weight.as_ref().and_then(|(_, values)| values.first()).copied().unwrap_or(64.0);
    let offset = block.bias.first().copied().unwrap_or(0.0);
    InputEncoding::Affine { gain: gain as f32, offset: offset as f32 }
}

fn extents(place: &str, sides: &[usize]) -> Result<Shape, Problem> {
    let mut whole = Vec::new();
    for &side in sides {
        let side = u32::try_from(side).ok().filter(|&side| (1..=65_535).contains(&side));
        whole.push(side.ok_or_else(|| Problem::new(place, "a side of its shape is 0 or passes 65,535"))?);
    }
    match whole[..] {
        [channels] => Ok(Shape::vector(channels)),
        [rows, columns] => Ok(Shape::new(1, rows, columns)),
        [channels, rows, columns] => Ok(Shape::new(channels, rows, columns)),
        _ => Err(Problem::new(place, format!("its shape has {} sides", sides.len()))),
    }
}

impl Chain {
    fn add(&mut self, block: &Block) -> Result<(), Problem> {
        match &block.kind {
            Kind::Input => self.input(block),
            Kind::Flatten => {
                // Vectors are numbered as maps are: channel by channel, row by row.
                self.source(block).map(|_| ())
            }
            Kind::Conv => self.conv(block),
            Kind::Dense | Kind::Recurrent => self.dense(block),
            Kind::Average => self.average(block),
            Kind::Other(name) => Err(Problem::new(
                block.place(),
                format!("blocks of type `{name}` are not read; input, dense, dense_rec, conv, flatten and average are"),
            )),
        }
    }

    /// What a block receives; a file may begin without an input block, if its first block says how wide it is.
    fn source(&mut self, block: &Block) -> Result<(PopulationId, Shape), Problem> {
        if let Some(last) = self.last {
            return Ok(last);
        }
        let shape = received(block)?;
        let external = self.external(shape, true);
        self.assumptions.push(format!("the file has no input block; {} receives {shape}", block.place()));
        self.last = Some((external, shape));
        Ok((external, shape))
    }

    fn window(&self, config: &NeuronConfig, input: bool) -> Window {
        match self.options.reset_interval {
            Some(_) => Window::new(0, self.graph.timesteps),
            // The values that biases are go into the chain from the first step on, as in lava-dl; the input's end with the sample.
            None if config.is_sigma_delta() && input => Window::new(0, self.steps),
            None if config.is_sigma_delta() => Window::new(0, self.graph.timesteps),
            None => Window::new(self.depth, self.depth + self.steps),
        }
    }

    fn restart(&self) -> Option<(u32, u32)> {
        self.options.reset_interval.filter(|&interval| interval > 0).map(|interval| (interval, self.depth % interval))
    }

    /// The input; `bare` if no neurons stand behind it.
    fn external(&mut self, shape: Shape, bare: bool) -> PopulationId {
        if bare && self.options.events.is_none() {
            self.assumptions.push("samples enter as spikes: the input has no neurons (assumed)".into());
        }
        let coding = if self.options.events.unwrap_or(bare) {
            InputCoding::spikes(self.steps)
        } else {
            InputCoding::DirectEveryStep { steps: self.steps }
        };
        let neuron = NeuronModel::Input { coding, scale: 1.0 };
        self.graph.add_population(Population { name: "input".into(), shape, neuron, norm: () })
    }

    /// A population of neurons behind the last one.
    fn neurons(&mut self, block: &Block, (shape, exponent): (Shape, i64)) -> Result<PopulationId, Problem> {
        let config = block.neuron.clone().unwrap_or_else(NeuronConfig::integrator);
        let place = block.place();
        let bias = if block.kind == Kind::Input { Vec::new() } else { integers(&place, "bias", &block.bias)? };
        if !bias.is_empty() && bias.len() != 1 && bias.len() != shape.channels as usize && bias.len() != shape.neurons()
        {
            return Err(Problem::new(&place, format!("{} biases for {shape}", bias.len())));
        }
        let input = block.kind == Kind::Input;
        let window = self.window(&config, input);
        let list = if config.is_sigma_delta() {
            let at = if input { sigma::Place::Input } else { sigma::Place::Behind { exponent } };
            sigma::dynamics(&config, &place, &bias, (at, window))?
        } else if block.neuron.is_none() {
            // lava-dl's integrator of a block without neurons forgets its potential and keeps its current: a bias counts once.
            let start =
                PerChannel(if bias.is_empty() { vec![0] } else { bias.iter().map(|b| b << FRACTION_BITS).collect() });
            config.dynamics(&place, &[], (exponent, window, self.restart()), start)?
        } else {
            config.dynamics(&place, &bias, (exponent, window, self.restart()), PerChannel::uniform(0))?
        };
        self.silent = config.is_silent();
        let name = format!("{}{}", block.kind, block.index);
        let neuron = NeuronModel::Dynamic(Box::new(list));
        let id = self.graph.add_population(Population { name, shape, neuron, norm: () });
        self.depth += 1;
        self.last = Some((id, shape));
        Ok(id)
    }

    fn input(&mut self, block: &Block) -> Result<(), Problem> {
        let shape = extents(&block.place(), &block.shape)?;
        let external = self.external(shape, block.neuron.is_none());
        self.last = Some((external, shape));
        if block.neuron.is_none() {
            return Ok(());
        }
        let id = self.neurons(block, (shape, 0))?;
        let connectivity = Connectivity::OneToOne;
        self.graph.connect(external, id, Projection { connectivity, pool: None, weights: vec![1], delay: 0 });
        Ok(())
    }

    /// Spikes act in the next step; events of the input, which no neuron holds back, in their own.
    fn delay(&self, source: PopulationId) -> u32 {
        u32::from(!matches!(self.graph.population(source).neuron, NeuronModel::Input { .. }))
    }

    fn conv(&mut self, block: &Block) -> Result<(), Problem> {
        let place = block.place();
        let (source, from) = self.source(block)?;
        let (sides, values) = block.weight.as_ref().ok_or_else(|| Problem::new(&place, "has no weights"))?;
        let &[out, _, rows, columns] = &sides[..] else {
            return Err(Problem::new(&place, format!("its weights have {} extents instead of 4", sides.len())));
        };
        if !block.delay.is_empty() && block.delay.iter().any(|&d| d != 0) {
            return Err(Problem::new(&place, "delays of convolutions are not read"));
        }
        let conv = Conv2d {
            kernel: (rows as u32, columns as u32),
            stride: block.stride,
            padding: block.padding,
            dilation: block.dilation,
            groups: block.groups,
        };
        let map = if conv.stride.0 > 0 && conv.stride.1 > 0 { conv.output(from) } else { None };
        let map = map.ok_or_else(|| Problem::new(&place, format!("its kernel does not fit in {from}")))?;
        let shape = extents(&place, &[out, map.0 as usize, map.1 as usize])?;
        if block.shape.len() == 3 && extents(&place, &block.shape)? != shape {
            return Err(Problem::new(&place, format!("states the shape {:?}, but computes {shape}", block.shape)));
        }
        let weights = weights(&place, values)?;
        let id = self.neurons(block, (shape, weights.exponent))?;
        let delay = self.delay(source);
        let connectivity = Connectivity::Conv2d(conv);
        self.graph.connect(source, id, Projection { connectivity, pool: None, weights: weights.values, delay });
        Ok(())
    }

    fn dense(&mut self, block: &Block) -> Result<(), Problem> {
        let place = block.place();
        let (source, from) = self.source(block)?;
        let (_, values) = block.weight.as_ref().ok_or_else(|| Problem::new(&place, "has no weights"))?;
        let n: usize = block.shape.iter().product();
        let inputs = from.neurons();
        if n == 0 || values.len() != n.saturating_mul(inputs) {
            let message = format!("has {} weights for {n} neurons behind {inputs}", values.len());
            return Err(Problem::new(&place, message));
        }
        let recurrent = match (&block.kind, &block.weight_rec) {
            (Kind::Recurrent, Some((_, values))) if values.len() == n * n => Some(values.clone()),
            (Kind::Recurrent, _) => return Err(Problem::new(&place, "its recurrent weights are not a square")),
            _ => None,
        };
        // Both matrices share the synapses' exponent.
        let all: Vec<f64> = values.iter().chain(recurrent.iter().flatten()).copied().collect();
        let whole = weights(&place, &all)?;
        let (forward, back) = whole.values.split_at(values.len());
        let id = self.neurons(block, (extents(&place, &[n])?, whole.exponent))?;
        let delay = self.delay(source);
        self.matrix((source, id), forward, (inputs, delay), block)?;
        if recurrent.is_some() {
            self.matrix((id, id), back, (n, 1), block)?;
        }
        Ok(())
    }

    /// A matrix with its delays: one projection for each delay that occurs.
    fn matrix(
        &mut self,
        (pre, post): (PopulationId, PopulationId),
        weights: &[i32],
        (inputs, delay): (usize, u32),
        block: &Block,
    ) -> Result<(), Problem> {
        let n = weights.len() / inputs;
        let place = block.place();
        if let Some(wrong) = block.delay.iter().find(|&&d| d < 0) {
            return Err(Problem::new(&place, format!("a delay of {wrong}")));
        }
        // As lava-dl reads them: by neuron of the block, else by source; at most 62.
        let of = |o: usize, i: usize| -> u32 {
            let d = match block.delay.len() {
                0 => 0,
                1 => block.delay[0],
                k if k == n => block.delay[o],
                k if k == inputs => block.delay[i],
                _ => block.delay[o * inputs + i],
            };
            d.min(62) as u32
        };
        if ![0, 1, n, inputs, n * inputs].contains(&block.delay.len()) {
            return Err(Problem::new(&place, format!("{} delays for {n} neurons behind {inputs}", block.delay.len())));
        }
        let mut delays: Vec<u32> =
            (0..n).flat_map(|o| (0..inputs).map(move |i| (o, i))).map(|(o, i)| of(o, i)).collect();
        delays.sort_unstable();
        delays.dedup();
        if let [only] = delays[..] {
            let connectivity = Connectivity::Dense;
            let projection = Projection { connectivity, pool: None, weights: weights.to_vec(), delay: delay + only };
            self.graph.connect(pre, post, projection);
            return Ok(());
        }
        for d in delays {
            let chosen = |i: usize| (0..n).filter(move |&o| of(o, i) == d && weights[o * inputs + i] != 0);
            let lists = SynapseLists::new((0..inputs).map(|i| chosen(i).map(|o| o as u32)));
            let weights = (0..inputs).flat_map(|i| chosen(i).map(move |o| weights[o * inputs + i])).collect();
            let connectivity = Connectivity::Sparse(lists);
            self.graph.connect(pre, post, Projection { connectivity, pool: None, weights, delay: delay + d });
        }
        Ok(())
    }

    /// The mean over equal parts of the neurons, as the sum of their spikes over the sample.
    fn average(&mut self, block: &Block) -> Result<(), Problem> {
        let place = block.place();
        let (source, from) = self.source(block)?;
        let n: usize = block.shape.iter().product();
        if n == 0 || !from.neurons().is_multiple_of(n) {
            return Err(Problem::new(&place, format!("{n} outputs do not divide {} neurons", from.neurons())));
        }
        let shape = extents(&place, &[n])?;
        let group = from.neurons() / n;
        let neuron = NeuronModel::Accumulator { v_init: PerChannel::uniform(0) };
        let name = format!("{}{}", block.kind, block.index);
        let id = self.graph.add_population(Population { name, shape, neuron, norm: () });
        let lists = SynapseLists::new((0..from.neurons()).map(|i| [(i / group) as u32]));
        let projection = Projection {
            connectivity: Connectivity::Sparse(lists),
            pool: None,
            weights: vec![1; from.neurons()],
            delay: self.delay(source),
        };
        self.graph.connect(source, id, projection);
        (self.silent, self.averages) = (true, true);
        self.depth += 1;
        self.last = Some((id, shape));
        Ok(())
    }
}
