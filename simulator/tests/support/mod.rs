//! A program small enough to be worked out on paper.

use isa::{
    AxonEntry, ConvDescriptor, CoreId, CoreImage, DenseDescriptor, Descriptor, DescriptorId, Destination, Emission,
    InputPort, Instruction, Layer, LayerId, NeuronDescriptor, NeuronKind, Program, Readout, Route, RouteId, Tag,
    WeightBlock, WeightBlockId,
    op::ChannelParams,
    program::{Coding, Encoding},
};

fn one_route(c: usize, y: usize, x: usize) -> Emission {
    Emission {
        channel_class: vec![0; c],
        row_class: vec![0; y],
        column_class: vec![0; x],
        routes: vec![vec![RouteId(0)]],
    }
}

fn route(tag: u16, delay: u16, core: u32) -> Route {
    Route { tag: Tag(tag), delay, destination: Destination::Core(CoreId(core)) }
}

/// 1×4×4 input → 3×3 convolution with padding to 2×4×4 IF neurons of threshold 2 on core 0 (router 0), weights +1 and −1 →
/// dense to 2 accumulators on core 4 (router 1), weights 1. Three timesteps.
pub(crate) fn paper(arch: &str) -> Program {
    use Instruction::{AxonLookup, Barrier, CallAxon, End, EventGet, NeuronUpdate};
    let layer = |name: &str, shape| Layer { name: name.into(), shape, numbers: Vec::new() };
    let on_spike = vec![EventGet, AxonLookup, CallAxon, End];
    let params = |threshold| ChannelParams { threshold, v_init: 0, bias: 0 };
    let axons = |tag| vec![AxonEntry { tag: Tag(tag), descriptors: vec![DescriptorId(0)] }];
    let conv = ConvDescriptor {
        layer: LayerId(1),
        kernel: (3, 3),
        stride: (1, 1),
        padding: (1, 1),
        dilation: (1, 1),
        pool: (1, 1),
        source: (4, 4),
        origin: (0, 0, 0),
        extent: (2, 4, 4),
        in_per_group: 1,
        out_per_group: 2,
        first_channel: 0,
        n_channels: 1,
        span: 2,
        weights: WeightBlockId(0),
        v_base: 0,
    };
    let hidden = NeuronDescriptor {
        layer: LayerId(1),
        origin: (0, 0, 0),
        extent: (2, 4, 4),
        v_base: 0,
        kind: NeuronKind::Spiking { strict: false, hard_reset: false, decay: 0, floor: None, window: (0, 3) },
        params: vec![params(2); 2],
        emission: one_route(2, 4, 4),
        to_host: false,
    };
    let dense = DenseDescriptor {
        layer: LayerId(2),
        source: (2, 4, 4),
        pool: (1, 1),
        n: 2,
        weights: WeightBlockId(1),
        v_base: 0,
    };
    let output = NeuronDescriptor {
        layer: LayerId(2),
        origin: (0, 0, 0),
        extent: (2, 1, 1),
        v_base: 0,
        kind: NeuronKind::Accumulator,
        params: vec![params(0); 2],
        emission: Emission::default(),
        to_host: true,
    };
    Program {
        name: "paper".into(),
        arch: arch.into(),
        timesteps: 3,
        layers: vec![layer("input", (1, 4, 4)), layer("hidden", (2, 4, 4)), layer("output", (2, 1, 1))],
        input: InputPort {
            layer: LayerId(0),
            encoding: Encoding::Pixels,
            coding: Coding::spikes(3),
            pace: 1,
            emission: one_route(1, 4, 4),
            routes: vec![route(0, 0, 0)],
        },
        readout: Readout::Potential { layer: LayerId(2) },
        weights: vec![
            WeightBlock { bits: 8, data: [1, -1].repeat(9) },
            WeightBlock { bits: 8, data: [1, 1].repeat(32) },
        ],
        cores: vec![
            CoreImage {
                core: CoreId(0),
                on_spike: on_spike.clone(),
                on_tick: vec![NeuronUpdate(DescriptorId(1)), Barrier, End],
                axons: axons(0),
                descriptors: vec![Descriptor::Conv(conv), Descriptor::Neurons(hidden)],
                routes: vec![route(1, 1, 4)],
                n_state: 32,
            },
            CoreImage {
                core: CoreId(4),
                on_spike,
                on_tick: vec![Barrier, End],
                axons: axons(1),
                descriptors: vec![Descriptor::Dense(dense), Descriptor::Neurons(output)],
                routes: Vec::new(),
                n_state: 2,
            },
        ],
    }
}
