//! Programs for the unit tests: one small well-formed program, and arbitrary ones that are well-formed in type only.

use crate::{
    ids::{CoreId, LayerId, RouteId, Tag, WeightBlockId},
    image::{AxonEntry, CoreImage, Destination, Emission, Route},
    neuron::{Column, NeuronList, Op, Word},
    op::{
        ChannelParams, ConvDescriptor, DenseDescriptor, Descriptor, DescriptorId, Instruction, NeuronDescriptor,
        NeuronKind,
    },
    program::{InputPort, Layer, Program, WeightBlock},
    readout::Readout,
    sparse::{SparseDescriptor, SynapseList},
};
use proptest::{collection::vec, option, prelude::*};

/// Input 1×4×4 → 3×3 convolution without padding to 2×2×2 on core 0 → dense to 3 accumulators on core 1; fits `loihi1`.
pub(crate) fn tiny() -> Program {
    use Instruction::{AxonLookup, Barrier, CallAxon, End, EventGet, NeuronUpdate};
    let one_class = |c: usize, y: usize, x: usize| Emission {
        channel_class: vec![0; c],
        row_class: vec![0; y],
        column_class: vec![0; x],
        routes: vec![vec![RouteId(0)]],
    };
    let layer = |name: &str, shape| Layer { name: name.into(), shape, numbers: Vec::new() };
    let conv = ConvDescriptor {
        layer: LayerId(1),
        kernel: (3, 3),
        stride: (1, 1),
        padding: (0, 0),
        dilation: (1, 1),
        pool: (1, 1),
        source: (4, 4),
        origin: (0, 0, 0),
        extent: (2, 2, 2),
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
        extent: (2, 2, 2),
        v_base: 0,
        kind: NeuronKind::Spiking { strict: false, hard_reset: false, decay: 0, floor: None, window: (0, 4) },
        params: vec![
            ChannelParams { threshold: 5, v_init: 0, bias: 0 },
            ChannelParams { threshold: 7, v_init: 1, bias: -1 },
        ],
        emission: one_class(2, 2, 2),
        to_host: false,
    };
    let dense = DenseDescriptor {
        layer: LayerId(2),
        source: (2, 2, 2),
        pool: (1, 1),
        n: 3,
        weights: WeightBlockId(1),
        v_base: 0,
    };
    let output = NeuronDescriptor {
        layer: LayerId(2),
        origin: (0, 0, 0),
        extent: (3, 1, 1),
        v_base: 0,
        kind: NeuronKind::Accumulator,
        params: vec![ChannelParams { threshold: 0, v_init: 0, bias: 0 }; 3],
        emission: Emission::default(),
        to_host: true,
    };
    let route = |tag, delay, core| Route { tag: Tag(tag), delay, destination: Destination::Core(CoreId(core)) };
    Program {
        name: "tiny".into(),
        arch: "loihi1".into(),
        timesteps: 4,
        layers: vec![layer("input", (1, 4, 4)), layer("conv1", (2, 2, 2)), layer("out", (3, 1, 1))],
        input: InputPort {
            layer: LayerId(0),
            encoding: crate::program::Encoding::Pixels,
            coding: crate::program::Coding::Once,
            pace: 1,
            emission: one_class(1, 4, 4),
            routes: vec![route(0, 0, 0)],
        },
        readout: Readout::Potential { layer: LayerId(2) },
        weights: vec![
            WeightBlock { bits: 8, data: (-9..9).collect() },
            WeightBlock { bits: 9, data: (-12..12).map(|w| w * 20).collect() },
        ],
        cores: vec![
            CoreImage {
                core: CoreId(0),
                on_spike: vec![EventGet, AxonLookup, CallAxon, End],
                on_tick: vec![NeuronUpdate(DescriptorId(1)), Barrier, End],
                axons: vec![AxonEntry { tag: Tag(0), descriptors: vec![DescriptorId(0)] }],
                descriptors: vec![Descriptor::Conv(conv), Descriptor::Neurons(hidden)],
                routes: vec![route(1, 1, 1)],
                n_state: 8,
            },
            CoreImage {
                core: CoreId(1),
                on_spike: vec![EventGet, AxonLookup, CallAxon, End],
                on_tick: vec![Barrier, End],
                axons: vec![AxonEntry { tag: Tag(1), descriptors: vec![DescriptorId(0)] }],
                descriptors: vec![Descriptor::Dense(dense), Descriptor::Neurons(output)],
                routes: vec![],
                n_state: 3,
            },
        ],
    }
}

/// As [`tiny`], with lists instead of the dense projection (source 0 → 0 and 2, source 7 → 1 twice), and an output layer
/// whose neurons the network numbers 2, 0, 1.
pub(crate) fn tiny_sparse() -> Program {
    let mut program = tiny();
    let Descriptor::Dense(d) = &program.cores[1].descriptors[0] else { unreachable!("d0 of core 1 is dense") };
    let list = |source, targets: [u32; 2]| SynapseList { source, targets: targets.to_vec() };
    program.cores[1].descriptors[0] = Descriptor::Sparse(SparseDescriptor {
        layer: d.layer,
        source: d.source,
        pool: d.pool,
        n: d.n,
        weights: d.weights,
        v_base: d.v_base,
        lists: vec![list(0, [0, 2]), list(7, [1, 1])],
    });
    program.weights[1] = WeightBlock { bits: 4, data: vec![-8, 7, 3, 1] };
    program.layers[2].numbers = vec![2, 0, 1];
    program
}

type Triple = (u16, u16, u16);

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z0-9_]{0,8}", any::<String>()]
}

fn emission() -> impl Strategy<Value = Emission> {
    let classes = || vec(any::<u16>(), 0..4);
    (classes(), classes(), classes(), vec(vec(any::<u32>().prop_map(RouteId), 0..3), 0..3)).prop_map(
        |(channel_class, row_class, column_class, routes)| Emission { channel_class, row_class, column_class, routes },
    )
}

fn cores() -> impl Strategy<Value = Vec<CoreId>> {
    vec(any::<u32>().prop_map(CoreId), 0..4)
}

fn route() -> impl Strategy<Value = Route> {
    let destination = prop_oneof![
        any::<u32>().prop_map(|core| Destination::Core(CoreId(core))),
        (any::<(u16, u16)>(), any::<(u16, u16)>(), cores()).prop_map(|(x, y, cores)| Destination::Rectangle {
            x,
            y,
            cores
        }),
        cores().prop_map(Destination::List),
    ];
    (any::<u16>(), any::<u16>(), destination).prop_map(|(tag, delay, destination)| Route {
        tag: Tag(tag),
        delay,
        destination,
    })
}

fn conv() -> impl Strategy<Value = Descriptor> {
    let pairs = any::<[(u16, u16); 6]>();
    (any::<u16>(), pairs, any::<[Triple; 2]>(), any::<[u16; 5]>(), any::<[u32; 2]>()).prop_map(|(layer, p, t, s, w)| {
        Descriptor::Conv(ConvDescriptor {
            layer: LayerId(layer),
            kernel: p[0],
            stride: p[1],
            padding: p[2],
            dilation: p[3],
            pool: p[4],
            source: p[5],
            origin: t[0],
            extent: t[1],
            in_per_group: s[0],
            out_per_group: s[1],
            first_channel: s[2],
            n_channels: s[3],
            span: s[4],
            weights: WeightBlockId(w[0]),
            v_base: w[1],
        })
    })
}

fn dense() -> impl Strategy<Value = Descriptor> {
    (any::<u16>(), any::<Triple>(), any::<(u16, u16)>(), any::<[u32; 3]>()).prop_map(
        |(layer, source, pool, [n, w, v])| {
            Descriptor::Dense(DenseDescriptor {
                layer: LayerId(layer),
                source,
                pool,
                n,
                weights: WeightBlockId(w),
                v_base: v,
            })
        },
    )
}

fn sparse() -> impl Strategy<Value = Descriptor> {
    let list = (any::<u32>(), vec(any::<u32>(), 0..4)).prop_map(|(source, targets)| SynapseList { source, targets });
    (any::<u16>(), any::<Triple>(), any::<(u16, u16)>(), any::<[u32; 3]>(), vec(list, 0..4)).prop_map(
        |(layer, source, pool, [n, w, v_base], lists)| {
            let (layer, weights) = (LayerId(layer), WeightBlockId(w));
            Descriptor::Sparse(SparseDescriptor { layer, source, pool, n, weights, v_base, lists })
        },
    )
}

fn neurons() -> impl Strategy<Value = Descriptor> {
    let spiking = (any::<[bool; 2]>(), any::<u16>(), option::of(any::<i32>()), any::<(u32, u32)>()).prop_map(
        |([strict, hard_reset], decay, floor, window)| NeuronKind::Spiking { strict, hard_reset, decay, floor, window },
    );
    let params =
        any::<(i32, i32, i32)>().prop_map(|(threshold, v_init, bias)| ChannelParams { threshold, v_init, bias });
    let kind =
        prop_oneof![spiking, Just(NeuronKind::Accumulator), listed().prop_map(|l| NeuronKind::Listed(Box::new(l)))];
    (any::<(u16, u32, bool)>(), any::<[Triple; 2]>(), kind, vec(params, 0..4), emission()).prop_map(
        |((layer, v_base, to_host), [origin, extent], kind, params, emission)| {
            let layer = LayerId(layer);
            Descriptor::Neurons(NeuronDescriptor { layer, origin, extent, v_base, kind, params, emission, to_host })
        },
    )
}

/// Lists of any operations, most of them without meaning.
fn listed() -> impl Strategy<Value = NeuronList> {
    let texts = [
        "set w0 p3",
        "fired: sub w1 w200",
        "w2!=0: count w2",
        "t%17=3: min w0 p1",
        "t%1=5: add w0 w0",
        "decay w1 p0 value",
        "shift w0 -128",
        "wrap w1 0",
        "saturate w0 255",
        "noise w2 8 4294967295",
        "fire w1 p1 magnitude",
        "emit w1",
    ];
    let op = (0..texts.len()).prop_map(move |i| texts[i].parse::<Op>().expect("an operation"));
    let column = (".{0,6}", vec(any::<i32>(), 0..5)).prop_map(|(name, values)| Column { name, values });
    (
        (".{0,8}", any::<u8>(), any::<(u32, u32)>(), any::<u8>(), any::<u8>()),
        vec(column.clone(), 0..3),
        vec(column, 0..3),
        vec(op, 0..5),
    )
        .prop_map(|((model, shift, window, potential, scratch), words, params, ops)| NeuronList {
            model,
            shift,
            window,
            potential: Word(potential),
            scratch,
            words,
            params,
            ops,
        })
}

fn image() -> impl Strategy<Value = CoreImage> {
    use Instruction::{AxonLookup, Barrier, CallAxon, End, EventGet, NeuronUpdate, Token};
    let handler = || {
        let plain = prop::sample::select(vec![EventGet, AxonLookup, CallAxon, Barrier, Token, End]);
        vec(prop_oneof![plain, any::<u16>().prop_map(|d| NeuronUpdate(DescriptorId(d)))], 0..5)
    };
    let axon = (any::<u16>(), vec(any::<u16>().prop_map(DescriptorId), 0..3))
        .prop_map(|(tag, descriptors)| AxonEntry { tag: Tag(tag), descriptors });
    let descriptors = vec(prop_oneof![conv(), dense(), sparse(), neurons()], 0..4);
    (any::<(u32, u32)>(), handler(), handler(), vec(axon, 0..3), descriptors, vec(route(), 0..4)).prop_map(
        |((core, n_state), on_spike, on_tick, axons, descriptors, routes)| CoreImage {
            core: CoreId(core),
            on_spike,
            on_tick,
            axons,
            descriptors,
            routes,
            n_state,
        },
    )
}

/// Any program that the types allow.
pub(crate) fn any_program() -> impl Strategy<Value = Program> {
    let layer = (text(), any::<Triple>(), vec(any::<u32>(), 0..4)).prop_map(|(name, shape, numbers)| Layer {
        name,
        shape,
        numbers,
    });
    let input = (any::<u16>(), encoding(), (coding(), 1..4_u32), emission(), vec(route(), 0..3)).prop_map(
        |(layer, encoding, (coding, pace), emission, routes)| InputPort {
            encoding,
            coding,
            pace,
            layer: LayerId(layer),
            emission,
            routes,
        },
    );
    let readout = (0..4u8, any::<(u16, u16)>(), vec(any::<u32>(), 0..4)).prop_map(|(variant, (layer, grid), list)| {
        let layer = LayerId(layer);
        match variant {
            0 => Readout::Goodness { layer, sizes: list },
            1 => Readout::ChannelEnergy { layer, grid, weights: list.into_iter().map(|w| w as i32).collect() },
            2 => Readout::Potential { layer },
            _ => Readout::SpikeCount { layer },
        }
    });
    let narrow = (any::<u8>(), vec(-128..128i16, 0..40)).prop_map(|(bits, data)| WeightBlock { bits, data });
    let wide = (any::<u8>(), vec(any::<i16>(), 0..40)).prop_map(|(bits, data)| WeightBlock { bits, data });
    let weights = vec(prop_oneof![narrow, wide], 0..3);
    ((text(), text(), any::<u32>()), vec(layer, 0..3), input, readout, weights, vec(image(), 0..4)).prop_map(
        |((name, arch, timesteps), layers, input, readout, weights, cores)| Program {
            name,
            arch,
            timesteps,
            layers,
            input,
            readout,
            weights,
            cores,
        },
    )
}

fn encoding() -> impl Strategy<Value = crate::program::Encoding> {
    use crate::program::Encoding;
    prop_oneof![
        Just(Encoding::Pixels),
        (0.1f32..100.0, 0.0f32..1.0, 1i32..1000).prop_map(|(gain, eps, limit)| Encoding::Standardized {
            gain,
            eps,
            limit
        }),
        (-99.0f32..99.0, -99.0f32..99.0).prop_map(|(gain, offset)| Encoding::Affine { gain, offset }),
        (1u8..=4, prop::array::uniform4(-99.0f32..99.0), prop::array::uniform4(-99.0f32..99.0))
            .prop_map(|(channels, gain, offset)| Encoding::ByChannel { channels, gain, offset }),
    ]
}

fn coding() -> impl Strategy<Value = crate::program::Coding> {
    use crate::program::Coding;
    prop_oneof![
        Just(Coding::Once),
        any::<u32>().prop_map(|steps| Coding::EveryStep { steps }),
        any::<u32>().prop_map(Coding::spikes),
        any::<(u32, i32, i32)>().prop_map(|(steps, least, most)| Coding::Events { steps, least, most }),
    ]
}
