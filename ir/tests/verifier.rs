//! One planned defect per rule of the verifier, and the violation it must give.

use spikeloom_ir::{
    Compare, Connectivity, Conv2d, Graph, InputCoding, InputEncoding, Leak, NeuronModel, Normalization, PerChannel,
    Pool, Population, PopulationId, Projection, ProjectionId, Readout, Reset, Shape, Spiking, SynapseLists, Trained,
    Window, text, verify,
};

const INPUT: PopulationId = PopulationId(0);
const HIDDEN: PopulationId = PopulationId(1);
const OUTPUT: PopulationId = PopulationId(2);

/// 2×4×4 → conv 3×3 → 4×4×4 → dense → 10 neurons → dense, recurrent.
fn sound() -> Graph<Trained> {
    let spiking = || {
        NeuronModel::Spiking(Spiking {
            threshold: PerChannel::uniform(1.0),
            v_init: PerChannel::uniform(0.0),
            bias: PerChannel::uniform(0.0),
            leak: Leak::None,
            reset: Reset::Subtract,
            compare: Compare::GreaterEqual,
            window: Window::new(0, 4),
            floor: None,
        })
    };
    let mut graph = Graph::new("sound", 4, InputEncoding::Pixels);
    let mut add =
        |name: &str, shape, neuron| graph.add_population(Population { name: name.into(), shape, neuron, norm: None });
    add("in", Shape::new(2, 4, 4), NeuronModel::Input { coding: InputCoding::DirectOnce, scale: 1.0 });
    add("hidden", Shape::new(4, 4, 4), spiking());
    add("out", Shape::vector(10), spiking());
    let projection = |connectivity, n, delay| Projection { connectivity, pool: None, weights: vec![0.5; n], delay };
    graph.connect(INPUT, HIDDEN, projection(Connectivity::Conv2d(Conv2d::square(3, 1, 1)), 4 * 2 * 9, 0));
    graph.connect(HIDDEN, OUTPUT, projection(Connectivity::Dense, 10 * 64, 1));
    graph.connect(OUTPUT, OUTPUT, projection(Connectivity::OneToOne, 1, 1));
    graph.readout = Readout::SpikeCount { population: OUTPUT };
    graph
}

fn hidden(graph: &mut Graph<Trained>) -> &mut Spiking<Trained> {
    let NeuronModel::Spiking(neuron) = &mut graph.population_mut(HIDDEN).neuron else { panic!("hidden spikes") };
    neuron
}

fn sparse(g: &mut Graph<Trained>, lists: &[&[u32]]) {
    let lists = SynapseLists::new(lists.iter().map(|list| list.iter().copied()));
    g.projection_mut(ProjectionId(1)).connectivity = Connectivity::Sparse(lists);
}

fn conv(graph: &mut Graph<Trained>) -> &mut Conv2d {
    let Connectivity::Conv2d(conv) = &mut graph.projection_mut(ProjectionId(0)).connectivity else { panic!("a conv") };
    conv
}

fn norm(graph: &mut Graph<Trained>, change: impl FnOnce(&mut Normalization)) {
    let n = |v: f32| vec![v; 4];
    let mut norm = Normalization { mean: n(0.0), var: n(1.0), scale: n(1.0), shift: n(0.0), eps: 0.0 };
    change(&mut norm);
    graph.population_mut(HIDDEN).norm = Some(norm);
}

#[test]
fn the_sound_graph_is_sound() {
    assert_eq!(verify(&sound()), vec![]);
}

type Defect = (&'static str, fn(&mut Graph<Trained>));

const DEFECTS: &[Defect] = &[
    ("timesteps is 0; give 1 to", |g| g.timesteps = 0),
    ("timesteps is 4294967295; give 1 to", |g| g.timesteps = u32::MAX),
    ("the name is empty", |g| g.population_mut(HIDDEN).name.clear()),
    ("the name is used twice", |g| g.population_mut(HIDDEN).name = "out".into()),
    ("has a zero side", |g| g.population_mut(OUTPUT).shape.height = 0),
    ("exactly one input population, found 0", |g| g.population_mut(INPUT).neuron = NeuronModel::Linear),
    ("exactly one input population, found 2", |g| {
        let second = Population { name: "second".into(), ..g.population(INPUT).clone() };
        g.add_population(second);
    }),
    ("an input takes no projections", |g| {
        let back = Projection { connectivity: Connectivity::Dense, pool: None, weights: vec![0.0; 320], delay: 1 };
        g.connect(OUTPUT, INPUT, back);
    }),
    ("is not positive", |g| {
        g.population_mut(INPUT).neuron = NeuronModel::Input { coding: InputCoding::DirectOnce, scale: -1.0 };
    }),
    ("presents 5 steps in a sample of 4", |g| {
        let coding = InputCoding::DirectEveryStep { steps: 5 };
        g.population_mut(INPUT).neuron = NeuronModel::Input { coding, scale: 1.0 };
    }),
    ("receives no projection", |g| {
        let lonely = Population { name: "lonely".into(), ..g.population(HIDDEN).clone() };
        g.add_population(lonely);
    }),
    ("gives maps of 4×4, but `hidden` has 4×5×4", |g| g.population_mut(HIDDEN).shape.height = 5),
    ("the kernel does not fit", |g| conv(g).kernel = (7, 3)),
    ("must be positive", |g| conv(g).stride = (0, 1)),
    ("3 groups do not divide", |g| conv(g).groups = 3),
    ("has 71 weights, its geometry takes 72", |g| {
        g.projection_mut(ProjectionId(0)).weights.pop();
    }),
    ("a weight is not finite", |g| g.projection_mut(ProjectionId(0)).weights[3] = f32::NAN),
    ("joins 4×4×4 to 10×1×1", |g| g.projection_mut(ProjectionId(1)).connectivity = Connectivity::OneToOne),
    ("has 3 synapse lists for 64 source neurons", |g| sparse(g, &[&[0], &[], &[9]])),
    ("the synapse list of source neuron 1 does not ascend", |g| sparse(g, &[&[0], &[2, 1]])),
    ("names neuron 10 of 10", |g| sparse(g, &[&[10]])),
    ("does not fit in 4×4×4", |g| g.projection_mut(ProjectionId(1)).pool = Some(Pool { size: (0, 1) })),
    ("does not fit in 4×4×4", |g| g.projection_mut(ProjectionId(1)).pool = Some(Pool { size: (1, 5) })),
    // Sums that leave 32 bits: padding alone, padding twice, a dilated kernel; neurons without an index; group sizes.
    ("wider than 32 bits", |g| conv(g).padding = (1 << 31, 1)),
    ("wider than 32 bits", |g| conv(g).padding = (1, (1 << 31) - 1)),
    ("wider than 32 bits", |g| conv(g).dilation = (1 << 31, 1)),
    ("more neurons than 32-bit indices", |g| g.population_mut(HIDDEN).shape = Shape::new(1 << 20, 1 << 20, 1)),
    ("more neurons than 32-bit indices", |g| g.population_mut(HIDDEN).shape = Shape::new(1 << 31, 1 << 31, 1 << 31)),
    ("do not partition 10 channels", |g| {
        g.readout = Readout::Goodness { population: OUTPUT, sizes: vec![u32::MAX, 11] };
    }),
    ("regions × 10 channels", |g| {
        g.readout = Readout::ChannelEnergy { population: OUTPUT, grid: 1 << 16, weights: vec![1.0] };
    }),
    ("before it starts", |g| hidden(g).window = Window::new(3, 2)),
    ("limit > 0", |g| g.encoding = InputEncoding::Standardized { gain: 1.0, eps: 0.1, limit: i32::MIN }),
    ("limit > 0", |g| g.encoding = InputEncoding::Standardized { gain: f32::NAN, eps: 0.1, limit: 1 }),
    ("delay 0 is possible only", |g| g.projection_mut(ProjectionId(1)).delay = 0),
    ("lies on a cycle", |g| g.projection_mut(ProjectionId(2)).delay = 0),
    ("an accumulator emits nothing", |g| {
        g.population_mut(HIDDEN).neuron = NeuronModel::Accumulator { v_init: PerChannel::uniform(0.0) };
    }),
    ("threshold has 3 values", |g| hidden(g).threshold = PerChannel(vec![1.0; 3])),
    ("v_init has 0 values", |g| hidden(g).v_init = PerChannel(vec![])),
    ("bias is not finite", |g| hidden(g).bias = PerChannel::uniform(f64::INFINITY)),
    ("thresholds must be positive", |g| hidden(g).threshold = PerChannel::uniform(0.0)),
    ("decay 4097 is above 4096", |g| hidden(g).leak = Leak::Decay(4097)),
    ("the window ends at 5", |g| hidden(g).window = Window::new(0, 5)),
    ("the floor is not finite", |g| hidden(g).floor = Some(f64::NAN)),
    ("normalization mean has 3 values for 4", |g| norm(g, |n| n.mean.truncate(3))),
    ("normalization scale is not finite", |g| norm(g, |n| n.scale[0] = f32::NAN)),
    ("variance is negative", |g| norm(g, |n| n.var[2] = -1.0)),
    ("variance and eps are both zero", |g| norm(g, |n| n.var[2] = 0.0)),
    ("an input has no normalization", |g| {
        norm(g, |n| n.mean.truncate(2));
        g.population_mut(INPUT).norm = g.population_mut(HIDDEN).norm.take();
    }),
    ("which does not exist", |g| g.readout = Readout::SpikeCount { population: PopulationId(9) }),
    ("do not partition 10 channels", |g| g.readout = Readout::Goodness { population: OUTPUT, sizes: vec![4, 5] }),
    ("do not partition 10 channels", |g| g.readout = Readout::Goodness { population: OUTPUT, sizes: vec![10, 0] }),
    ("goodness needs spiking neurons", |g| g.readout = Readout::Goodness { population: INPUT, sizes: vec![2] }),
    ("regions × 10 channels", |g| {
        g.readout = Readout::ChannelEnergy { population: OUTPUT, grid: 1, weights: vec![0.0; 15] };
    }),
    ("channel energy needs spiking neurons", |g| {
        g.readout = Readout::ChannelEnergy { population: INPUT, grid: 1, weights: vec![0.0; 2] };
    }),
    ("has no potentials", |g| g.readout = Readout::Potential { population: INPUT }),
    ("does not spike", |g| g.readout = Readout::SpikeCount { population: INPUT }),
];

#[test]
fn every_planned_defect_gives_its_violation() {
    for (message, defect) in DEFECTS {
        let mut graph = sound();
        defect(&mut graph);
        let found = verify(&graph);
        assert!(found.iter().any(|v| v.to_string().contains(message)), "{message:?} not among {found:?}");
    }
}

#[test]
fn all_violations_are_listed_at_once() {
    let mut graph = sound();
    graph.timesteps = 0;
    hidden(&mut graph).threshold = PerChannel::uniform(-1.0);
    graph.projection_mut(ProjectionId(1)).weights.clear();
    let found = verify(&graph);
    assert!(found.len() >= 3, "{found:?}");
}

#[test]
fn text_errors_name_place_and_cause() {
    let printed = text::print(&sound());
    let at = |broken: String| text::parse::<Trained>(&broken).expect_err("broken on purpose").to_string();
    assert_eq!(
        at(printed.replace("pre: \"hidden\"", "pre: \"gone\"")),
        "projection 1 names population `gone`, which does not exist"
    );
    assert_eq!(
        at(printed.replace("\"trained\"", "\"quantized\"")),
        "this is a `quantized` graph where a `trained` graph is needed"
    );
    let syntax = at(printed.replace("timesteps: 4", "timesteps: four"));
    assert!(syntax.starts_with("line 4, column "), "{syntax}");
}
