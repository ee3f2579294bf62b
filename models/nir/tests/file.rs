//! NIR files as bytes: what is written is read back; damaged files are refused, and never panic.

use proptest::prelude::*;
use spikeloom_nir::{
    Options,
    model::{Convolution, Neuron, NirGraph, Node, Padding, Pooling, Tensor},
};

const FILES: [&[u8]; 4] = [
    include_bytes!("../golden/lif_norse.nir"),
    include_bytes!("../golden/csnn.nir"),
    include_bytes!("../golden/nested.nir"),
    include_bytes!("../golden/loose.nir"),
];

fn options() -> Options {
    Options { dt: Some(1.0 / 1024.0), steps: Some(3), ..Options::default() }
}

/// Reads and lowers; only whether it returns matters.
fn decode(bytes: Vec<u8>) {
    if let Ok(read) = spikeloom_nir::read(bytes)
        && let Some(imported) = spikeloom_nir::lint(read, "mutated", &options()).imported
    {
        assert_eq!(ir::verify(&imported.graph), []);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_bytes_never_panic(
        file in 0..FILES.len(),
        mutations in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
    ) {
        let mut bytes = FILES[file].to_vec();
        for (at, value) in mutations {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        decode(bytes);
    }

    #[test]
    fn truncated_files_never_panic(file in 0..FILES.len(), at in any::<prop::sample::Index>()) {
        let bytes = FILES[file];
        decode(bytes[..at.index(bytes.len())].to_vec());
    }

    #[test]
    fn what_is_written_is_read_back(graph in graph(2)) {
        let bytes = spikeloom_nir::write(&graph).expect("every node has a form");
        prop_assert_eq!(&bytes, &spikeloom_nir::write(&graph).expect("again"), "same graph, same bytes");
        prop_assert_eq!(spikeloom_nir::read(bytes).expect("readable").graph, graph);
    }
}

fn real() -> impl Strategy<Value = f64> {
    (-1000_i32..1000).prop_map(|n| f64::from(n) / 64.0)
}

fn tensor(shape: Vec<usize>) -> impl Strategy<Value = Tensor> {
    let n: usize = shape.iter().product();
    prop::collection::vec(real(), n).prop_map(move |values| Tensor { shape: shape.clone(), values })
}

fn constants(shape: Vec<usize>) -> impl Strategy<Value = Tensor> {
    tensor(shape).prop_map(|mut t| {
        t.values.iter_mut().for_each(|v| *v = v.abs() + 1.0);
        t
    })
}

fn neuron() -> impl Strategy<Value = Neuron> {
    (0_usize..3, any::<bool>(), any::<bool>()).prop_flat_map(|(rank, leaky, spiking)| {
        let shape = vec![3; rank];
        (
            constants(shape.clone()),
            constants(shape.clone()),
            constants(shape.clone()),
            tensor(shape.clone()),
            tensor(shape),
        )
            .prop_map(move |(tau, r, threshold, v_leak, v_reset)| Neuron {
                synapse: None,
                tau: leaky.then_some(tau),
                r,
                v_leak: if leaky { v_leak } else { Tensor::scalar(0.0) },
                threshold: spiking.then_some(threshold),
                v_reset: spiking.then_some(v_reset),
            })
    })
}

fn pair(least: usize) -> impl Strategy<Value = (usize, usize)> {
    (least..4, least..4)
}

fn convolution() -> impl Strategy<Value = Node> {
    (pair(1), pair(1), pair(0), pair(1), any::<bool>(), prop::option::of(pair(1))).prop_flat_map(
        |(kernel, stride, padding, dilation, valid, input_shape)| {
            (tensor(vec![4, 2, kernel.0, kernel.1]), prop::collection::vec(real(), 4)).prop_map(
                move |(weight, bias)| {
                    let padding = if valid { (0, 0) } else { padding };
                    let padding = Padding::Sides(padding.0, padding.1);
                    Node::Conv2d(Convolution { input_shape, weight, bias, stride, padding, dilation, groups: 2 })
                },
            )
        },
    )
}

fn node(depth: u32) -> BoxedStrategy<Node> {
    let leaf =
        prop_oneof![
            prop::collection::vec(1_usize..9, 1..4).prop_map(Node::Input),
            prop::collection::vec(1_usize..9, 1..4).prop_map(Node::Output),
            tensor(vec![3, 2]).prop_map(|weight| Node::Linear { weight, bias: Vec::new() }),
            (tensor(vec![3, 2]), prop::collection::vec(real(), 3))
                .prop_map(|(weight, bias)| Node::Linear { weight, bias }),
            convolution(),
            (any::<bool>(), pair(1), pair(1), pair(0)).prop_map(|(average, kernel, stride, padding)| Node::Pool(
                Pooling { average, kernel, stride, padding }
            )),
            (0_i64..3, -3_i64..3).prop_map(|(start, end)| Node::Flatten { start, end }),
            tensor(vec![2, 2]).prop_map(Node::Scale),
            tensor(vec![2]).prop_map(Node::Threshold),
            neuron().prop_map(Node::Neuron),
        ];
    if depth == 0 { leaf.boxed() } else { prop_oneof![9 => leaf, 1 => graph(depth - 1).prop_map(Node::Graph)].boxed() }
}

fn graph(depth: u32) -> BoxedStrategy<NirGraph> {
    let nodes = prop::collection::btree_map("[a-z][a-z0-9.]{0,6}", node(depth), 0..6);
    let edges = prop::collection::vec(("[a-z]{1,3}", "[a-z]{1,3}"), 0..4);
    let metadata = prop::collection::btree_map("[a-z]{1,5}", "[ -~]{0,20}", 0..2);
    (nodes, edges, metadata).prop_map(|(nodes, edges, metadata)| NirGraph { nodes, edges, metadata }).boxed()
}

#[test]
fn recordings_hold_what_was_recorded() {
    let layer =
        spikeloom_nir::Recording { neurons: 3, spikes: Some(vec![(0, 2), (4, 1)]), potentials: Some(vec![7; 6]) };
    let silent = spikeloom_nir::Recording { neurons: 2, spikes: Some(Vec::new()), potentials: None };
    let layers = [("conv1".to_owned(), layer), ("out".to_owned(), silent)].into();
    let tree =
        spikeloom_nir::hdf5::read(spikeloom_nir::write_data(&layers, 5).expect("names are links")).expect("readable");
    let observables = |name: &str| tree.groups["nodes"].groups[name].groups["observables"].groups.clone();
    let conv1 = observables("conv1");
    assert_eq!(conv1["spikes"].arrays["idx"].values, spikeloom_nir::hdf5::Values::Integer(vec![2, 1]));
    assert_eq!(conv1["spikes"].arrays["time"].values, spikeloom_nir::hdf5::Values::Real(vec![0.0, 4.0]));
    assert_eq!(conv1["v"].arrays["data"].shape, [1, 2, 3]);
    let out = observables("out");
    assert_eq!((out.len(), &out["spikes"].arrays["idx"].shape[..]), (1, &[1, 0][..]));
}
