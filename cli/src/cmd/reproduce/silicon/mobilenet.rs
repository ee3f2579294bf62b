//! The mapper against NxTF (Rueckauer et al., arXiv 2101.04261): a MobileNet of 28 layers for images of 128×128 on 16 chips of Loihi.
//!
//! Geometry of MobileNet 1.0 (Howard et al. 2017) with ten classes; of the weights only the width
//! matters for where they go: 8 bits.

use super::{Row, Standing::Predicted, chips::chip};
use anyhow::{Context as _, Result};
use compiler::{Method, Options, compile_quantized};
use ir::{
    Compare, Connectivity, Conv2d, Graph, InputCoding, InputEncoding, Leak, NeuronModel, PerChannel, Population,
    PopulationId, Projection, Quantized, Readout, Reset, Shape, Spiking, Window,
};

const STEPS: u32 = 4;
/// Channels and stride of the thirteen separable blocks.
const BLOCKS: [(u32, u32); 13] = [
    (64, 1),
    (128, 2),
    (128, 1),
    (256, 2),
    (256, 1),
    (512, 2),
    (512, 1),
    (512, 1),
    (512, 1),
    (512, 1),
    (512, 1),
    (1024, 2),
    (1024, 1),
];

/// The share of 16 chips' cores that the network takes.
pub(super) fn row() -> Result<Row> {
    let mut arch = chip("loihi1")?;
    arch.mesh.chips = (8, 2);
    let options = Options { placement: Method::Hilbert, baselines: false, check: false, ..Options::default() };
    let program = compile_quantized(&network()?, &arch, &options)?.program;
    Ok(Row {
        chip: "loihi1".into(),
        what: "MobileNet of 28 layers, 128×128, share of 16 chips".into(),
        unit: "%",
        measured: 80.0,
        ours: 100.0 * program.cores.len() as f64 / f64::from(arch.n_cores()),
        standing: Predicted,
        source: "NxTF, arXiv 2101.04261, abstract; ours counts cores in use".into(),
    })
}

struct Chain {
    graph: Graph<Quantized>,
    last: PopulationId,
    shape: Shape,
}

impl Chain {
    fn add(&mut self, channels: u32, kernel: u32, stride: u32, groups: u32) -> Result<()> {
        let padding = u32::from(kernel == 3);
        let conv = Conv2d {
            kernel: (kernel, kernel),
            stride: (stride, stride),
            padding: (padding, padding),
            dilation: (1, 1),
            groups,
        };
        let (height, width) = conv.output(self.shape).context("the kernel fits")?;
        let n_weights = channels * (self.shape.channels / groups) * kernel * kernel;
        let id = self.neurons(Shape::new(channels, height, width));
        let delay = u32::from(self.last != PopulationId(0));
        let weights = eight_bits(n_weights);
        let connectivity = Connectivity::Conv2d(conv);
        self.graph.connect(self.last, id, Projection { connectivity, pool: None, weights, delay });
        (self.last, self.shape) = (id, Shape::new(channels, height, width));
        Ok(())
    }

    fn neurons(&mut self, shape: Shape) -> PopulationId {
        let neuron = NeuronModel::Spiking(Spiking::<Quantized> {
            threshold: PerChannel::uniform(1000),
            v_init: PerChannel::uniform(0),
            bias: PerChannel::uniform(0),
            leak: Leak::None,
            reset: Reset::Subtract,
            compare: Compare::GreaterEqual,
            window: Window::new(0, STEPS),
            floor: None,
        });
        let name = format!("layer{}", self.graph.n_populations());
        self.graph.add_population(Population { name, shape, neuron, norm: () })
    }
}

/// Weights from −100 to 100 in turn.
fn eight_bits(n: u32) -> Vec<i32> {
    (0..n).map(|i| (i % 201) as i32 - 100).collect()
}

fn network() -> Result<Graph<Quantized>> {
    let mut graph = Graph::new("MobileNet", STEPS, InputEncoding::Pixels);
    let shape = Shape::new(3, 128, 128);
    let neuron = NeuronModel::Input { coding: InputCoding::spikes(STEPS), scale: 1.0 };
    let last = graph.add_population(Population { name: "input".into(), shape, neuron, norm: () });
    let mut chain = Chain { graph, last, shape };
    chain.add(32, 3, 2, 1)?;
    for (channels, stride) in BLOCKS {
        let inputs = chain.shape.channels;
        chain.add(inputs, 3, stride, inputs)?;
        chain.add(channels, 1, 1, 1)?;
    }
    let (inputs, side) = (chain.shape.channels, chain.shape.height);
    chain.add(inputs, side, 1, inputs)?;
    let out = chain.neurons(Shape::vector(10));
    let weights = eight_bits(10 * inputs);
    chain.graph.connect(
        chain.last,
        out,
        Projection { connectivity: Connectivity::Dense, pool: None, weights, delay: 1 },
    );
    chain.graph.readout = Readout::SpikeCount { population: out };
    Ok(chain.graph)
}
