//! Networks of frameworks and files of single node types, spike by spike.
//!
//! `golden/small` holds networks that snnTorch, SpikingJelly, Norse and sinabs exported and executed; `golden/nodes` files of one
//! structure each, executed by `scripts/nir_oracle.py` with plain loops. What the file does not say is given as a user would.

use ir::{Event, Graph, Stimulus, Trained};
use serde_json::Value;
use spikeloom_nir::{Coding, Options, Reset, Rules, Spikes, Start, profile};
use std::{collections::BTreeSet, fs, path::PathBuf};

type Fired = BTreeSet<(u32, u32)>;

fn golden(folder: &str, name: &str, extension: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("golden/{folder}/{name}.{extension}"))
}

fn json(folder: &str, name: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(golden(folder, name, "json")).expect("there")).expect("JSON")
}

/// Recorded events, and the number of steps that they last.
fn events(folder: &str, name: &str, steps: u32) -> Stimulus {
    let text = fs::read_to_string(golden(folder, name, "csv")).expect("there");
    let mut stimulus = Stimulus { steps: vec![Vec::new(); steps as usize] };
    for line in text.lines().skip(1) {
        let mut numbers = line.split(',').map(|n| n.parse::<u32>().expect("a number"));
        let (t, neuron) = (numbers.next().expect("timestep"), numbers.next().expect("neuron"));
        stimulus.steps[t as usize].push(Event { neuron, value: 1 });
    }
    stimulus
}

fn lower(folder: &str, name: &str, options: &Options) -> (Graph<Trained>, Vec<String>) {
    let read = spikeloom_nir::read(fs::read(golden(folder, name, "nir")).expect("there")).expect("readable");
    let imported = spikeloom_nir::lower(read, name, options).unwrap_or_else(|e| panic!("{name}: {e}"));
    (imported.graph, imported.remarks)
}

/// Spikes of a layer, in the steps of the file: as many timesteps earlier as the layer lies deep.
fn fired(graph: &Graph<Trained>, stimulus: &Stimulus, layer: &str) -> Fired {
    let id = graph.find(layer).unwrap_or_else(|| panic!("no layer {layer}"));
    let depth = graph.population(id).neuron.window().expect("it updates").start;
    let trace = ir::interpret(graph, stimulus);
    let steps = trace.spikes[id.0 as usize].iter().zip(0_u32..);
    steps.flat_map(|(spikes, t)| spikes.iter().map(move |&neuron| (t - depth, neuron))).collect()
}

fn pairs(value: &Value) -> Fired {
    let number = |v: &Value| u32::try_from(v.as_u64().expect("a number")).expect("small");
    value.as_array().expect("a list").iter().map(|pair| (number(&pair[0]), number(&pair[1]))).collect()
}

fn options(dt: f64, steps: u32) -> Options {
    Options { dt: Some(dt), steps: Some(steps), coding: Some(Coding::Events), ..Options::default() }
}

/// Checks a framework's network: every neuron in every step.
fn small(name: &str, options: &Options) {
    nearly(name, options, 0);
}

/// The same where the leak is not on the grid of 1/4096 (0.1 is 410/4096): so many spikes differ.
fn nearly(name: &str, options: &Options, n: usize) {
    let golden = json("small", name);
    let stimulus = events("small", name, options.steps.expect("given"));
    let (graph, _) = lower("small", name, options);
    let layer = golden["layer"].as_str().expect("a name");
    let expected = pairs(&golden["expected"]);
    let found = fired(&graph, &stimulus, layer);
    let differing: Vec<_> = found.symmetric_difference(&expected).collect();
    assert!(differing.len() == n, "{name}: {} of {} differ: {differing:?}", differing.len(), expected.len());
}

fn with(options: Options, rules: Rules) -> Options {
    Options { rules, ..options }
}

#[test]
fn resets_of_snntorch() {
    let base = options(1e-4, 40);
    let reset = |reset| Rules { reset: Some(reset), ..Rules::default() };
    small("snntorch_default_reset_delay", &with(base.clone(), reset(Reset::SubtractAfterLeak)));
    small("snntorch_reset_none", &with(base.clone(), reset(Reset::None)));
    let mut by_name = base;
    by_name.nodes.insert("1".into(), reset(Reset::None));
    small("snntorch_reset_none", &by_name);
}

#[test]
fn leaks_of_snntorch() {
    let given = options(1e-4, 40);
    let subtract = Rules { reset: Some(Reset::SubtractAfterLeak), ..Rules::default() };
    for name in ["snntorch_beta_1", "snntorch_beta_per_neuron"] {
        let golden = json("small", name);
        let stimulus = events("small", name, 40);
        let expected = pairs(&golden["expected"]);
        let rules = [Rules::default(), subtract];
        let equal =
            rules.map(|rules| fired(&lower("small", name, &with(given.clone(), rules)).0, &stimulus, "1") == expected);
        assert!(equal.contains(&true), "{name}: {equal:?}");
    }
}

#[test]
fn currents_of_snntorch() {
    let rules = Rules { reset: Some(Reset::ZeroNextStep), ..Rules::default() };
    small("snntorch_synaptic_cubalif", &with(options(1e-4, 40), rules));
}

/// Two layers in a loop, executed by frameworks: a step of theirs is two timesteps here.
#[test]
fn loops_of_frameworks() {
    let loops = [("snntorch", Some(Reset::Zero)), ("spikingjelly", None)];
    for (framework, reset) in loops {
        let name = format!("{framework}_loop");
        let options = Options { profile: profile(framework), dt: None, ..options(1.0, 40) };
        let (graph, _) = lower("small", &name, &with(options, Rules { reset, ..Rules::default() }));
        assert_eq!(graph.pace, 2);
        let sent = events("small", &name, 40).steps.into_iter();
        let stimulus = Stimulus { steps: sent.flat_map(|step| [step, Vec::new()]).collect() };
        for (layer, expected) in json("small", &name)["layers"].as_object().expect("layers") {
            let found = fired(&graph, &stimulus, layer);
            let expected: Fired = pairs(expected).into_iter().map(|(t, neuron)| (2 * t, neuron)).collect();
            assert!(expected.len() > 50, "{name}, {layer}");
            assert_eq!(found, expected, "{name}, {layer}");
        }
    }
}

#[test]
fn potentials_at_the_start() {
    let start = |start, compare| Rules { start: Some(start), compare, ..Rules::default() };
    nearly("norse_v_leak_start", &with(options(1e-3, 40), start(Start::Leak, None)), 1);
    let rules = start(Start::Reset, Some(ir::Compare::GreaterEqual));
    small("spikingjelly_v_reset_start", &with(options(1e-4, 40), rules));
    small("spikingjelly_v_reset_start", &Options { profile: profile("spikingjelly"), dt: None, ..options(1e-4, 40) });
}

#[test]
fn the_default_export_of_norse_is_told_its_timestep() {
    nearly("norse_default_dt", &options(1e-6, 40), 4);
    nearly("norse_default_dt", &Options { profile: profile("norse"), dt: None, ..options(1.0, 40) }, 4);
    let read = |options: &Options| {
        let bytes = fs::read(golden("small", "norse_default_dt", "nir")).expect("there");
        spikeloom_nir::lower(spikeloom_nir::read(bytes).expect("readable"), "norse", options)
    };
    let refused = read(&options(1e-3, 40)).map(|i| i.graph).expect_err("dt/tau is 100").to_string();
    assert!(refused.contains("--dt 1e-6") && !refused.contains("exponential"), "{refused}");
    let forgetful = Options { integrator: Some(spikeloom_nir::Integrator::Exponential), ..options(1e-3, 40) };
    let remarks = read(&forgetful).expect("possible").remarks;
    assert!(remarks.iter().any(|r| r.starts_with("warning") && r.contains("--dt 1e-6")), "{remarks:?}");
    let silent = read(&options(1e-6, 40)).expect("possible").remarks;
    assert!(!silent.iter().any(|r| r.contains("warning")), "{silent:?}");
}

#[test]
fn floors_and_several_spikes_of_sinabs() {
    let rules = Rules {
        reset: Some(Reset::Subtract),
        compare: Some(ir::Compare::GreaterEqual),
        floor: Some(-1.0),
        ..Rules::default()
    };
    small("sinabs_floor", &with(options(1.0, 40), rules));
    let name = "sinabs_multispike";
    let spikes = Rules { spikes: Some(Spikes::UpTo(15)), floor: None, ..rules };
    let (graph, _) = lower("small", name, &with(options(1.0, 40), spikes));
    let golden = json("small", name);
    let total: u64 =
        golden["expected"].as_array().expect("a list").iter().map(|e| e[2].as_u64().expect("a count")).sum();
    assert_eq!(total, 514);
    small(name, &with(options(1.0, 40), spikes));
    small(name, &Options { profile: profile("sinabs"), dt: None, ..options(1.0, 40) });
    assert_eq!(graph.population(graph.find("1").expect("there")).neuron.emits(), ir::Emits::Values);
}

#[test]
fn every_structure_gives_the_spikes_of_plain_loops() {
    let names = [
        "conv1d",
        "conv_conv_pad",
        "conv_same_even",
        "cubali",
        "cubalif",
        "delay",
        "delay_per_neuron",
        "flatten_startdim1",
        "het_tau",
        "het_thr_map",
        "li_hidden",
        "linear_lastdim",
        "pool_flatten_linear",
        "two_inputs",
        "two_outputs",
        "v_reset_high",
    ];
    let mut wrong = Vec::new();
    for name in names {
        let golden = json("nodes", name);
        let dt = golden["dt"].as_f64().expect("a number");
        let steps = u32::try_from(golden["steps"].as_u64().expect("a number")).expect("small");
        let stimulus = events("nodes", name, steps);
        let read = spikeloom_nir::read(fs::read(golden_path(name)).expect("there")).expect("readable");
        let graph = match spikeloom_nir::lower(read, name, &options(dt, steps)) {
            Ok(imported) => imported.graph,
            Err(problems) => {
                wrong.push(format!("{name}: refused: {problems}"));
                continue;
            }
        };
        for (layer, expected) in golden["spikes"].as_object().expect("layers") {
            let (found, expected) = (fired(&graph, &stimulus, layer), pairs(expected));
            let n = found.symmetric_difference(&expected).count();
            // Its leak of 0.1 is 410/4096 here.
            if n != usize::from(name == "conv_conv_pad") {
                wrong.push(format!("{name}, `{layer}`: {n} of {} spikes differ", expected.len()));
            }
        }
        let trace = ir::interpret(&graph, &stimulus);
        for (layer, expected) in golden["potentials"].as_object().expect("layers") {
            let Some(id) = graph.find(layer) else { continue };
            if id != graph.readout.population() {
                continue;
            }
            let kept = match &graph.population(id).neuron {
                ir::NeuronModel::Spiking(ir::Spiking { leak: ir::Leak::Decay(d), .. }) => 1.0 - f64::from(*d) / 4096.0,
                ir::NeuronModel::Dynamic(list) => {
                    let decay = list.params.iter().find(|p| p.name == "decay").expect("it leaks");
                    1.0 - decay.values.0[0] / 4096.0
                }
                _ => 1.0,
            };
            for (found, expected) in trace.potentials[id.0 as usize].iter().zip(expected.as_array().expect("a list")) {
                let expected = expected.as_f64().expect("a number") * kept;
                if (found - expected).abs() > 2e-3 * expected.abs().max(1e-3) {
                    wrong.push(format!("{name}, `{layer}`: potential {found} instead of {expected}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn golden_path(name: &str) -> PathBuf {
    golden("nodes", name, "nir")
}

/// Pooling in front of Flatten and Linear goes out as it came in: the same nodes, which nir's own reader knows.
#[test]
fn pooling_in_front_of_a_matrix_is_written() {
    let golden = json("nodes", "pool_flatten_linear");
    let (graph, _) = lower("nodes", "pool_flatten_linear", &options(1e-4, 40));
    let written = spikeloom_nir::export(&graph).expect("every node has a form");
    let kinds: Vec<&str> = written.nodes.values().map(spikeloom_nir::Node::kind).collect();
    assert!(kinds.contains(&"SumPool2d") && kinds.contains(&"Flatten") && kinds.contains(&"Affine"), "{kinds:?}");
    let read = spikeloom_nir::read(spikeloom_nir::write(&written).expect("written")).expect("readable");
    for node in read.graph.nodes.values() {
        if let spikeloom_nir::Node::Neuron(neuron) = node {
            assert_eq!(neuron.v_reset, None, "older readers do not know it, and 0 is what its absence means");
        }
    }
    let back = spikeloom_nir::lower(read, "again", &Options::default()).expect("can be mapped").graph;
    let stimulus = events("nodes", "pool_flatten_linear", 40);
    for (layer, expected) in golden["spikes"].as_object().expect("layers") {
        assert_eq!(fired(&back, &stimulus, layer), pairs(expected), "{layer}");
    }
}

/// What people connect: a Flatten, a pooling and a matrix into one node, and names in any script.
#[test]
fn different_forms_meet_in_one_node() {
    use spikeloom_nir::{
        Node, Read,
        model::{Neuron, NirGraph, Pooling, Tensor},
    };
    let neuron = |threshold: f64| {
        Node::Neuron(Neuron {
            synapse: None,
            tau: None,
            r: Tensor::scalar(1.0),
            v_leak: Tensor::scalar(0.0),
            threshold: Some(Tensor::scalar(threshold)),
            v_reset: None,
        })
    };
    let weight = Tensor { shape: vec![4, 16], values: (0..64).map(|i| f64::from(i % 7) / 8.0 - 0.25).collect() };
    let matrix = weight.values.clone();
    let mut graph = NirGraph::default();
    for (name, node) in [
        ("入力", Node::Input(vec![1, 4, 4])),
        ("hidden", neuron(0.5)),
        ("pool", Node::Pool(Pooling { average: false, kernel: (2, 2), stride: (2, 2), padding: (0, 0) })),
        ("flat", Node::Flatten { start: 0, end: -1 }),
        ("flat2", Node::Flatten { start: 0, end: -1 }),
        ("matrix", Node::Linear { weight, bias: Vec::new() }),
        ("выход", neuron(1.0)),
        ("output", Node::Output(vec![4])),
    ] {
        graph.nodes.insert(name.into(), node);
    }
    for (a, b) in [
        ("入力", "hidden"),
        ("hidden", "pool"),
        ("pool", "flat"),
        ("flat", "выход"),
        ("hidden", "flat2"),
        ("flat2", "matrix"),
        ("matrix", "выход"),
        ("выход", "output"),
    ] {
        graph.edges.push((a.into(), b.into()));
    }
    let read = Read { graph, version: String::new(), remarks: Vec::new() };
    let graph = spikeloom_nir::lower(read, "meeting", &options(1.0, 8)).expect("can be mapped").graph;
    let frame = |t: u32| (0..16).filter(|n| (n * 5 + t * 3).is_multiple_of(4)).collect::<Vec<u32>>();
    let steps = (0..8).map(|t| frame(t).into_iter().map(|neuron| Event { neuron, value: 1 }).collect()).collect();
    let mut expected = Fired::new();
    let mut v = [0.0; 4];
    for t in 0..8 {
        for (i, v) in v.iter_mut().enumerate() {
            let window = |n: u32| (n / 8) * 2 + n % 4 / 2 == i as u32;
            let pooled = frame(t).into_iter().filter(|&n| window(n)).count() as f64;
            *v += pooled + frame(t).iter().map(|&n| matrix[i * 16 + n as usize]).sum::<f64>();
            if *v > 1.0 {
                expected.insert((t, i as u32));
                *v = 0.0;
            }
        }
    }
    assert_eq!(fired(&graph, &Stimulus { steps }, "выход"), expected);
}
