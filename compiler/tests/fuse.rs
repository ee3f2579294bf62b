//! Fusing keeps every spike and every potential of the populations that remain.

use ir::{
    Connectivity, Conv2d, Graph, InputCoding, InputEncoding, NeuronModel, Normalization, PerChannel, Pool, Population,
    PopulationId, Projection, Readout, Shape, Stimulus, Trained,
    arbitrary::{self, Features},
    interpret, verify,
};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use spikeloom_compiler::pass::fuse::fuse;

/// The same network with each normalization as a linear population and a one-to-one gain: an independent reading of
/// `y = scale·(z − mean)/√(var + eps) + shift`.
fn spelled_out(graph: &Graph<Trained>) -> Graph<Trained> {
    let mut out = Graph::new(graph.name.clone(), graph.timesteps, graph.encoding);
    for (_, p) in graph.populations() {
        out.add_population(Population { norm: None, ..p.clone() });
    }
    let mut entry: Vec<PopulationId> = graph.populations().map(|(id, _)| id).collect();
    for (id, p) in graph.populations() {
        let Some(n) = &p.norm else { continue };
        let std = |c: usize| (f64::from(n.var[c]) + f64::from(n.eps)).sqrt();
        let channels = p.shape.channels as usize;
        let sum = out.add_population(Population {
            name: format!("{} sum", p.name),
            shape: p.shape,
            neuron: NeuronModel::Linear,
            norm: None,
        });
        let weights = (0..channels).map(|c| (f64::from(n.scale[c]) / std(c)) as f32).collect();
        out.connect(sum, id, Projection { connectivity: Connectivity::OneToOne, pool: None, weights, delay: 0 });
        let NeuronModel::Spiking(neuron) = &mut out.population_mut(id).neuron else { panic!("only spiking generated") };
        let shifted = (0..channels).map(|c| {
            neuron.v_init.at(c) + f64::from(n.shift[c]) - f64::from(n.scale[c]) * f64::from(n.mean[c]) / std(c)
        });
        neuron.v_init = PerChannel(shifted.collect());
        entry[id.0 as usize] = sum;
    }
    for (id, p) in graph.projections() {
        let (pre, post) = graph.ends(id);
        out.connect(pre, entry[post.0 as usize], p.clone());
    }
    out.readout = graph.readout.clone();
    out
}

fn agree(before: &Graph<Trained>, after: &Graph<Trained>, stimulus: &Stimulus) -> Result<(), TestCaseError> {
    prop_assert_eq!(verify(after), vec![]);
    let found = spikeloom_compiler::check::fuse::check(before, after).0;
    prop_assert!(found.is_empty(), "the checker objects: {:?}", found);
    let (a, b) = (interpret(before, stimulus), interpret(after, stimulus));
    for (id, p) in after.populations() {
        prop_assert!(!matches!(p.neuron, NeuronModel::Linear), "{} is linear", p.name);
        prop_assert!(p.norm.is_none());
        let old = before.find(&p.name).expect("generated names are canonical already");
        prop_assert_eq!(&a.spikes[old.0 as usize], &b.spikes[id.0 as usize], "spikes of {}", p.name);
        prop_assert_eq!(&a.potentials[old.0 as usize], &b.potentials[id.0 as usize], "potentials of {}", p.name);
    }
    prop_assert_eq!(a.decision, b.decision);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn linear_populations_are_absorbed((graph, stimulus) in arbitrary::trained_case(Features::ALL)) {
        if let Ok(fused) = fuse(&graph) {
            agree(&graph, &fused, &stimulus)?;
        }
    }

    #[test]
    fn normalizations_are_absorbed(
        (graph, stimulus) in arbitrary::trained_case(Features { normalization: true, ..Features::ALL }),
    ) {
        if let Ok(fused) = fuse(&graph) {
            agree(&spelled_out(&graph), &fused, &stimulus)?;
        }
    }

    #[test]
    fn networks_without_linear_populations_always_fuse(
        (graph, stimulus) in arbitrary::trained_case(Features { linear: false, ..Features::ALL }),
    ) {
        let fused = fuse(&graph).map_err(|e| TestCaseError::fail(e.to_string()))?;
        agree(&graph, &fused, &stimulus)?;
        prop_assert_eq!(fuse(&fused).expect("a fused network is sound"), fused, "fusing twice is fusing once");
    }
}

#[test]
fn most_linear_populations_can_be_absorbed() {
    let mut runner = TestRunner::deterministic();
    let (mut with, mut fused) = (0, 0);
    for _ in 0..1000 {
        let graph = arbitrary::trained(Features::ALL).new_tree(&mut runner).expect("no filters").current();
        if graph.populations().any(|(_, p)| matches!(p.neuron, NeuronModel::Linear)) {
            with += 1;
            match fuse(&graph) {
                Ok(_) => fused += 1,
                Err(why) => panic!("{why}"),
            }
        }
    }
    assert!(with > 300 && fused == with, "{fused} of {with} networks with linear populations fuse");
}

/// `input → first → linear → second → accumulator`.
fn chain(shape: Shape, stages: [(Connectivity, Option<Pool>, Shape); 2]) -> Graph<Trained> {
    let mut graph = Graph::new("chain", 2, InputEncoding::Pixels);
    let accumulator = NeuronModel::Accumulator { v_init: PerChannel::uniform(0.0) };
    let input = NeuronModel::Input { coding: InputCoding::DirectOnce, scale: 0.5 };
    let models = [input, NeuronModel::Linear, accumulator];
    let shapes = [shape, stages[0].2, stages[1].2];
    for ((name, neuron), shape) in ["in", "mid", "out"].into_iter().zip(models).zip(shapes) {
        graph.add_population(Population { name: name.into(), shape, neuron, norm: None });
    }
    for (i, (connectivity, pool, _)) in stages.into_iter().enumerate() {
        let mut projection = Projection { connectivity, pool, weights: vec![], delay: 0 };
        let n = projection.expected_weights(shapes[i], shapes[i + 1]);
        projection.weights = (0..n).map(|w| ((w * 7 + i) % 11) as f32 - 5.0).collect();
        graph.connect(PopulationId(i as u32), PopulationId(i as u32 + 1), projection);
    }
    graph.readout = Readout::Potential { population: PopulationId(2) };
    graph
}

fn conv(kernel: u32, stride: u32, padding: u32) -> Connectivity {
    Connectivity::Conv2d(Conv2d::square(kernel, stride, padding))
}

fn check(graph: &Graph<Trained>) -> Graph<Trained> {
    assert_eq!(verify(graph), vec![]);
    let fused = fuse(graph).expect("composes");
    let shape = graph.population(PopulationId(0)).shape;
    let values: Vec<i32> = (0..shape.neurons()).map(|i| (i * 37 % 256) as i32).collect();
    agree(graph, &fused, &Stimulus::direct(&values, InputCoding::DirectOnce)).expect("same potentials");
    assert_eq!(fused.n_populations(), 2);
    fused
}

#[test]
fn pooling_in_front_of_a_convolution_becomes_its_pool() {
    let pool = (Connectivity::OneToOne, Some(Pool { size: (2, 3) }), Shape::new(2, 3, 2));
    let fused = check(&chain(Shape::new(2, 7, 6), [pool, (conv(3, 1, 1), None, Shape::new(4, 3, 2))]));
    let (_, projection) = fused.projections().next().expect("one projection");
    assert_eq!(projection.pool, Some(Pool { size: (2, 3) }));
    assert_eq!(projection.connectivity, conv(3, 1, 1));
}

#[test]
fn pooling_behind_a_convolution_becomes_a_larger_kernel() {
    let first = (conv(3, 1, 1), None, Shape::new(3, 6, 6));
    let pool = (Connectivity::OneToOne, Some(Pool { size: (2, 2) }), Shape::new(3, 3, 3));
    let fused = check(&chain(Shape::new(2, 6, 6), [first, pool]));
    let (_, projection) = fused.projections().next().expect("one projection");
    assert_eq!(projection.connectivity, conv(4, 2, 1));
}

#[test]
fn two_convolutions_become_one() {
    let fused = check(&chain(
        Shape::new(2, 9, 9),
        [(conv(3, 2, 1), None, Shape::new(3, 5, 5)), (conv(2, 1, 0), None, Shape::new(4, 4, 4))],
    ));
    let (_, projection) = fused.projections().next().expect("one projection");
    assert_eq!(projection.connectivity, conv(5, 2, 1));
}

#[test]
fn a_convolution_in_front_of_dense_weights_is_multiplied_out() {
    check(&chain(
        Shape::new(2, 5, 5),
        [(conv(3, 1, 1), None, Shape::new(3, 5, 5)), (Connectivity::Dense, None, Shape::vector(4))],
    ));
}

/// What no convolution can express: zeros at the border of the map in between cut off what the first spreads over it.
#[test]
fn padding_behind_a_wide_kernel_becomes_synapse_lists() {
    let fused = check(&chain(
        Shape::new(1, 9, 9),
        [(conv(3, 1, 1), None, Shape::new(2, 9, 9)), (conv(3, 1, 1), None, Shape::new(1, 9, 9))],
    ));
    let (_, projection) = fused.projections().next().expect("one projection");
    assert!(
        matches!(&projection.connectivity, Connectivity::Sparse(lists) if lists.n_synapses() == (5 * 9 - 6) * (5 * 9 - 6))
    );
}

#[test]
fn compositions_beyond_memory_are_refused_with_the_place_and_a_remedy() {
    let map = Shape::new(64, 64, 64);
    let graph = chain(map, [(conv(3, 1, 1), None, map), (conv(3, 1, 1), None, map)]);
    let refused = fuse(&graph).expect_err("too large").to_string();
    assert!(
        refused.starts_with("population `mid`: has no neurons, and projection `mid` → `out` cannot absorb it"),
        "{refused}"
    );
    assert!(refused.contains("too large") && refused.contains("give `mid` spiking neurons"), "{refused}");
}

fn normalization(channels: usize, shift: f32) -> Normalization {
    let n = |v: f32| vec![v; channels];
    Normalization { mean: n(1.0), var: n(3.75), scale: n(-2.0), shift: n(shift), eps: 0.25 }
}

/// g = −2/2 = −1, h = shift + 1: an offset in a linear population travels on to the potentials behind it.
#[test]
fn a_linear_populations_offset_reaches_the_potentials_behind_it() {
    let mut graph = chain(
        Shape::new(1, 4, 4),
        [(conv(3, 1, 1), None, Shape::new(2, 4, 4)), (Connectivity::Dense, None, Shape::vector(3))],
    );
    let weights = graph.projection(ir::ProjectionId(1)).weights.clone();
    graph.population_mut(PopulationId(1)).norm = Some(normalization(2, 3.0));
    let fused = fuse(&graph).expect("composes");
    let NeuronModel::Accumulator { v_init } = &fused.population(PopulationId(1)).neuron else { panic!("accumulates") };
    for (i, row) in weights.chunks(32).enumerate() {
        let expected = 4.0 * row.iter().map(|&w| f64::from(w)).sum::<f64>();
        assert!((v_init.at(i) - expected).abs() < 1e-9);
    }
    // Behind zero padding the offset would differ at the border.
    let mut padded = chain(
        Shape::new(1, 4, 4),
        [(conv(1, 1, 0), None, Shape::new(2, 4, 4)), (conv(3, 1, 1), None, Shape::new(3, 4, 4))],
    );
    padded.population_mut(PopulationId(1)).norm = Some(normalization(2, 3.0));
    assert!(fuse(&padded).expect_err("not uniform").to_string().contains("at different positions"));
    padded.population_mut(PopulationId(1)).norm = Some(normalization(2, -1.0));
    assert!(fuse(&padded).is_ok(), "without an offset nothing differs");
}

#[test]
fn unsound_networks_are_refused_with_every_reason() {
    let mut graph = chain(
        Shape::new(1, 4, 4),
        [(conv(1, 1, 0), None, Shape::new(2, 4, 4)), (Connectivity::Dense, None, Shape::vector(3))],
    );
    graph.timesteps = 0;
    graph.projection_mut(ir::ProjectionId(0)).weights.pop();
    assert_eq!(fuse(&graph).expect_err("unsound").0.len(), 2);
}

#[test]
fn names_become_plain_and_stay_unique() {
    let mut graph = chain(
        Shape::new(1, 4, 4),
        [(conv(1, 1, 0), None, Shape::new(2, 4, 4)), (Connectivity::Dense, None, Shape::vector(3))],
    );
    graph.population_mut(PopulationId(0)).name = "fc 1/a".into();
    graph.population_mut(PopulationId(1)).name = "層 é".into();
    graph.population_mut(PopulationId(2)).name = "fc 1_a".into();
    let names: Vec<String> = fuse(&graph).expect("fuses").populations().map(|(_, p)| p.name.clone()).collect();
    assert_eq!(names, ["fc 1_a", "fc 1_a_2"]);
}
