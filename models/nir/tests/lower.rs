//! What the lowering makes of single nodes, and what it refuses, by node.

use ir::{Event, Leak, NeuronModel, Readout, Stimulus};
use spikeloom_nir::{
    Coding, Imported, Node, Options, Problems, Profile, Read, Reset, Rules,
    model::{Neuron, NirGraph, Synapse, Tensor},
};

fn dense(out: usize, inputs: usize, weight: f64) -> Node {
    Node::Linear { weight: Tensor { shape: vec![out, inputs], values: vec![weight; out * inputs] }, bias: Vec::new() }
}

fn neuron(tau: Option<f64>, threshold: Option<f64>) -> Neuron {
    Neuron {
        synapse: None,
        tau: tau.map(Tensor::scalar),
        r: Tensor::scalar(1.0),
        v_leak: Tensor::scalar(0.0),
        threshold: threshold.map(Tensor::scalar),
        v_reset: None,
    }
}

/// A chain of nodes named by letters between an input and an output of these sizes.
fn chain(inputs: usize, nodes: Vec<Node>, outputs: usize) -> NirGraph {
    let mut graph = NirGraph::default();
    graph.nodes.insert("input".into(), Node::Input(vec![inputs]));
    graph.nodes.insert("output".into(), Node::Output(vec![outputs]));
    let mut last = "input".to_owned();
    for (node, name) in nodes.into_iter().zip('a'..) {
        graph.nodes.insert(name.to_string(), node);
        graph.edges.push((std::mem::replace(&mut last, name.to_string()), name.to_string()));
    }
    graph.edges.push((last, "output".into()));
    graph
}

fn lower(graph: NirGraph) -> Result<Imported, Problems> {
    lower_with(graph, Options { dt: Some(1.0), steps: Some(6), coding: Some(Coding::Events), ..Options::default() })
}

fn lower_with(graph: NirGraph, options: Options) -> Result<Imported, Problems> {
    spikeloom_nir::lower(Read { graph, version: String::new(), remarks: Vec::new() }, "test", &options)
}

/// One input neuron that fires in every step below `steps`.
fn firing(steps: usize) -> Stimulus {
    Stimulus { steps: vec![vec![Event { neuron: 0, value: 1 }]; steps] }
}

#[test]
fn what_cannot_be_mapped_is_refused_by_node() {
    let lif = |tau: f64| Node::Neuron(neuron(Some(tau), Some(1.0)));
    let spiking = || Node::Neuron(neuron(None, Some(1.0)));
    let endless = Node::Neuron(neuron(Some(f64::INFINITY), Some(1.0)));
    let mut beside = chain(1, vec![Node::Neuron(neuron(Some(4.0), None)), spiking()], 1);
    beside.edges.push(("input".into(), "b".into()));
    let mut dangling = chain(1, vec![spiking()], 1);
    dangling.edges.push(("a".into(), "ghost".into()));
    let mut bare_loop = chain(2, vec![dense(2, 2, 1.0), spiking()], 2);
    bare_loop.edges.push(("a".into(), "a".into()));
    let mut no_input = chain(1, vec![spiking()], 1);
    no_input.nodes.remove("input");
    no_input.edges.remove(0);
    let mut conflict = chain(2, vec![dense(3, 2, 1.0), spiking()], 3);
    conflict.edges.push(("input".into(), "b".into()));
    let mut apart = chain(1, vec![spiking()], 1);
    apart.edges.remove(0);
    let refused = Node::Refused { kind: "CubaLIF".into(), reason: "nodes of type CubaLIF cannot be mapped".into() };
    let cases: Vec<(NirGraph, &[&str])> = vec![
        (chain(1, vec![refused], 1), &["node `a`", "CubaLIF"]),
        (chain(1, vec![lif(0.5)], 1), &["node `a`", "dt/tau > 1"]),
        (chain(1, vec![lif(1e5)], 1), &["node `a`", "1/4096", "larger --dt"]),
        (chain(1, vec![endless], 1), &["node `a`", "infinite", "nothing would ever reach"]),
        (chain(3, vec![dense(2, 4, 1.0), spiking()], 2), &["node `a`", "takes 4 values", "[3]"]),
        (chain(2, vec![Node::Flatten { start: 2, end: -1 }, spiking()], 2), &["node `a`", "start_dim is usually 0"]),
        (chain(2, vec![spiking()], 3), &["node `output`", "[3]", "[2]"]),
        (beside, &["node `a`", "passes on its potential", "beside spikes"]),
        (dangling, &["a → ghost", "`ghost`"]),
        (bare_loop, &["loop without neurons", "`a`"]),
        (no_input, &["no node of type Input"]),
        (conflict, &["node `b`", "[2]", "[3]"]),
        (apart, &["Output"]),
    ];
    for (graph, parts) in cases {
        let message = lower(graph.clone()).map(|i| i.graph).expect_err(&format!("{graph:?}")).to_string();
        for part in parts {
            assert!(message.contains(part), "`{part}` is missing: {message}");
        }
    }
}

#[test]
fn a_leaky_integrator_is_read_and_never_fires() {
    let graph = chain(1, vec![dense(2, 1, 3.0), Node::Neuron(neuron(Some(4.0), None))], 2);
    let graph = lower(graph).expect("can be mapped").graph;
    let read = graph.readout.population();
    assert!(matches!(graph.readout, Readout::Potential { .. }));
    let trace = ir::interpret(&graph, &firing(6));
    assert_eq!(trace.n_spikes(), 0);
    // v = 3·(1 − (3/4)^6) after six steps of α = 1/4; between steps the potential is that after the next leak.
    let expected = 0.75 * 3.0 * (1.0 - 0.75_f64.powi(6));
    for v in &trace.potentials[read.0 as usize] {
        assert!((v - expected).abs() < 1e-12, "{v} against {expected}");
    }
}

#[test]
fn an_integrator_and_a_bare_sum_accumulate_with_their_bias() {
    let affine = || Node::Linear { weight: Tensor { shape: vec![1, 1], values: vec![2.0] }, bias: vec![0.5] };
    for nodes in [vec![affine()], vec![affine(), Node::Neuron(neuron(None, None))]] {
        let graph = lower(chain(1, nodes, 1)).expect("can be mapped").graph;
        let read = graph.readout.population();
        assert!(matches!(graph.population(read).neuron, NeuronModel::Accumulator { .. }));
        let trace = ir::interpret(&graph, &firing(4));
        assert_eq!(trace.potentials[read.0 as usize], [4.0 * 2.0 + 6.0 * 0.5]);
    }
}

#[test]
fn a_threshold_has_no_memory() {
    let graph =
        lower(chain(1, vec![dense(1, 1, 0.75), Node::Threshold(Tensor::scalar(0.5))], 1)).expect("can be mapped");
    let graph = graph.graph;
    let id = graph.find("b").expect("there");
    let trace = ir::interpret(
        &graph,
        &Stimulus { steps: vec![firing(1).steps[0].clone(), vec![], firing(1).steps[0].clone()] },
    );
    let fired: Vec<usize> = trace.spikes[id.0 as usize].iter().map(Vec::len).collect();
    assert_eq!(fired, [1, 0, 1, 0, 0, 0]);
}

#[test]
fn options_decide_reset_and_comparison() {
    let base = Options { dt: Some(1.0), steps: Some(4), coding: Some(Coding::Events), ..Options::default() };
    let counts = |options: Options| {
        let graph = lower_with(chain(1, vec![dense(1, 1, 1.5), Node::Neuron(neuron(None, Some(1.5)))], 1), options);
        let graph = graph.expect("can be mapped").graph;
        ir::interpret(&graph, &firing(4)).n_spikes()
    };
    // 1.5 per step against 1.5: v > θ fires every other step from 3, v ≥ θ every step; subtraction keeps the excess.
    let with = |rules| Options { rules, ..base.clone() };
    assert_eq!(counts(base.clone()), 2);
    assert_eq!(counts(with(Rules { compare: Some(ir::Compare::GreaterEqual), ..Rules::default() })), 4);
    assert_eq!(counts(with(Rules { reset: Some(Reset::Subtract), ..Rules::default() })), 3);
}

#[test]
fn convolutions_in_a_row_become_a_population_without_neurons() {
    let graph =
        lower(chain(2, vec![dense(3, 2, 1.0), dense(2, 3, 1.0), Node::Neuron(neuron(Some(2.0), Some(1.0)))], 2));
    let graph = graph.expect("can be mapped").graph;
    let linear = graph.find("into-b").expect("a population in between");
    assert_eq!(graph.population(linear).neuron, NeuronModel::Linear);
    let NeuronModel::Spiking(lif) = &graph.population(graph.find("c").expect("there")).neuron else { panic!("spikes") };
    assert_eq!(lif.leak, Leak::Decay(2048));
}

/// Norse adds a spike whole to the current of `LIFCell` and writes `w_in` 1.
#[test]
fn currents_of_norse_take_spikes_whole() {
    let cuba = |w_in: f64| Neuron {
        synapse: Some(Synapse { tau: Tensor::scalar(4e-6), w_in: Tensor::scalar(w_in) }),
        ..neuron(Some(8e-6), Some(1.0))
    };
    let with = |w_in: f64, profile: Option<&'static Profile>| {
        let options = Options { dt: Some(1e-6), steps: Some(6), coding: Some(Coding::Events), ..Options::default() };
        let options = Options { profile, rules: Rules { reset: Some(Reset::Zero), ..Rules::default() }, ..options };
        lower_with(chain(2, vec![dense(1, 2, 1.0), Node::Neuron(cuba(w_in))], 1), options).expect("can be mapped")
    };
    let norse = spikeloom_nir::profile("norse");
    let (as_norse, whole, as_written) = (with(1.0, norse), with(4.0, None), with(1.0, None));
    let line = |i: &Imported| i.assumptions.iter().any(|a| a.what == "current" && a.to_string().contains("norse"));
    assert!(as_norse.graph == whole.graph && as_norse.graph != as_written.graph);
    assert!(line(&as_norse) && !line(&with(4.0, norse)));
}

/// What is said of a graph goes for the neurons inside: snnTorch's recurrent layers are graphs.
#[test]
fn rules_of_a_graph_are_those_of_its_neurons() {
    let inner = chain(1, vec![Node::Neuron(neuron(None, Some(1.0)))], 1);
    let with = |node: &str| {
        let nodes = [(node.to_owned(), Rules { reset: Some(Reset::Subtract), ..Rules::default() })].into();
        let options = Options { dt: Some(1.0), steps: Some(6), nodes, ..Options::default() };
        lower_with(chain(1, vec![Node::Graph(inner.clone())], 1), options)
    };
    let of_graph = with("a").expect("can be mapped").graph;
    assert!(
        of_graph == with("a.a").expect("can be mapped").graph
            && of_graph != lower(inner.clone()).expect("can be").graph
    );
    assert!(with("b").unwrap_err().to_string().contains("`a.a`"));
}

/// A β of 0 is written as snnTorch's constants with r = 1, which are not Norse's where the profile says so.
#[test]
fn a_profile_does_not_take_another_framework_for_its_own() {
    let written = || chain(1, vec![Node::Neuron(neuron(Some(1e-4), Some(1.0)))], 1);
    for (profile, dt) in [("snntorch", "1e-4"), ("norse", "1e-6")] {
        let options = Options { profile: spikeloom_nir::profile(profile), steps: Some(6), ..Options::default() };
        let imported = lower_with(written(), options).expect("can be mapped");
        assert_eq!(imported.assumptions[0].value, dt, "{profile}");
    }
}

/// An axis in front of the one that a matrix maps stays, which is not what an axis of time means.
#[test]
fn a_matrix_on_the_last_of_several_dimensions_is_remarked() {
    let mut graph = chain(1, vec![dense(3, 2, 1.0), Node::Neuron(neuron(None, Some(1.0)))], 3);
    graph.nodes.insert("input".into(), Node::Input(vec![5, 2]));
    graph.nodes.insert("output".into(), Node::Output(vec![5, 3]));
    let remarks = lower(graph).expect("can be mapped").remarks;
    assert!(remarks.iter().any(|r| r.contains("`a`") && r.contains("5×3") && r.contains("time")), "{remarks:?}");
    let plain = lower(chain(2, vec![dense(3, 2, 1.0), Node::Neuron(neuron(None, Some(1.0)))], 3));
    assert!(!plain.expect("can be mapped").remarks.iter().any(|r| r.contains("that of time")));
}
