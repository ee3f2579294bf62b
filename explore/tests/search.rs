//! Searches: points cost what running them costs, a store does not depend on who wrote it, and failures are results.

#![allow(clippy::float_cmp, reason = "the same computation gives the same bits")]

use spikeloom::{
    Chip, Executable, Model, Quiet, RunOptions, Samples,
    compiler::{Options, QuantizeOptions, Unobserved, compile_quantized, front},
    datasets::bundled::mnist_test_500,
    simulator::{Part, TimingMode},
};
use spikeloom_explore::{
    Bench, Drive, Event, Network, Outcome, PointRecord, PriceRule, Reason, Shard, Space, Stage, Store, Threads,
};
use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
};

const SPACE: &str = r#"Space(
    version: 1,
    name: "test",
    chips: ["loihi1", "darwin3_like"],
    networks: [(model: "mnist-small", samples: Some(6))],
    parameters: [
        (path: "core.neurons", values: List([400, 1024])),
        (path: "core.lanes", values: Powers(from: 1, to: 4)),
        (path: "core.memories.state.banks", values: Linked("core.lanes")),
        (path: "noc.multicast", values: List(["Unicast", "Rectangle"])),
        (path: "deploy.weight_bits", values: List([4, 8])),
    ],
    constraints: ["core.neurons > 500 || core.lanes < 4"],
    objectives: [Minimize("energy"), Minimize("latency")],
    effort: 20,
    SAMPLER
)"#;

fn space(sampler: &str) -> Space {
    Space::parse(&SPACE.replace("SAMPLER", sampler), "test.ron").unwrap_or_else(|error| panic!("{error}"))
}

fn samples() -> Box<dyn Samples> {
    Box::new(mnist_test_500().subset(0..6))
}

fn bench(space: Space) -> Bench {
    priced(space, None)
}

fn priced(space: Space, prices: Option<PriceRule>) -> Bench {
    let chips = space.chips.iter().map(|name| Chip::open(name).expect("it ships")).collect();
    let model = Model::open("mnist-small").expect("it ships");
    Bench::new(space, chips, vec![Network::new(model, samples()).expect("they fit")], prices)
}

fn search(bench: &Bench, folder: &Path, threads: usize, shard: Option<Shard>) -> spikeloom_explore::Summary {
    let store = Store::open(folder).expect("a folder");
    let stop = AtomicBool::new(false);
    let drive = Drive { bench, store: &store, crew: &Threads(threads), shard, stop: &stop };
    drive.run(&|_| {}).unwrap_or_else(|error| panic!("{error}"))
}

/// Contents of the files of a folder by name.
fn contents(folder: &Path) -> BTreeMap<String, String> {
    let files = fs::read_dir(folder.join("points")).expect("it was written").flatten();
    files
        .map(|file| (file.file_name().to_string_lossy().into_owned(), fs::read_to_string(file.path()).expect("text")))
        .collect()
}

fn figures(record: &PointRecord) -> &BTreeMap<String, f64> {
    match &record.outcome {
        Outcome::Costed { figures, .. } => figures,
        Outcome::Failed { limits, .. } => panic!("{limits:?}"),
    }
}

#[test]
fn a_point_costs_what_running_it_costs() {
    let bench = bench(space(""));
    let model = Model::open("mnist-small").expect("it ships");
    let mut compared = 0;
    for genome in [[0, 0, 0, 0, 0, 0], [0, 0, 1, 2, 1, 1], [1, 0, 0, 1, 0, 1], [1, 0, 1, 0, 1, 0]] {
        let point = bench.point(&genome).expect("values").expect("allowed");
        let record = bench.evaluate(&point, Stage::Search);
        let arch: spikeloom::isa::Arch = serde_json::from_value(record.chip.description.clone()).expect("a chip");
        let deployment = &record.deployment;
        let quantize = QuantizeOptions {
            weight_bits: deployment.weight_bits,
            state_bits: arch.core.state_bits,
            ..QuantizeOptions::default()
        };
        let graph = front(&model.graph, &arch, &quantize, false, &mut Unobserved).expect("it quantizes").graph;
        let options =
            Options { seed: deployment.seed, moves_per_cluster: deployment.effort, check: true, ..Options::default() };
        let program = compile_quantized(&graph, &arch, &options).expect("it fits").program;
        let chip = Chip::new(arch).expect("it ships");
        let executable = Executable::new(program, chip.clone()).expect("it loads");
        let options = RunOptions { mode: TimingMode::Analytic, threads: 1, ..RunOptions::default() };
        let run = executable.run(&*samples(), &options, &mut Quiet).expect("it runs");
        let figures = figures(&record);
        let seconds: f64 = run.samples.iter().filter_map(|sample| sample.seconds).sum();
        assert_eq!(figures["latency"], seconds / 6.0);
        let energy = run.price(chip.prices().expect("it has some")).expect("complete").per_image();
        assert_eq!(figures["energy"], energy.value * 1e-12);
        assert_eq!(figures["accuracy"], run.correct().expect("labels") as f64 / 6.0);
        let operations: u64 = run.samples.iter().map(|sample| sample.synaptic_operations).sum();
        assert_eq!(figures["synaptic_operations"], operations as f64 / 6.0);
        let (time, bounds) = (record.time().expect("it has time"), run.bounds().expect("it has time"));
        let per_sample = |ticks: u64| ticks as f64 * executable.chip.arch.tick_ps.value as f64 * 1e-12 / 6.0;
        for part in Part::ALL {
            let stored = |parts: &BTreeMap<String, f64>| parts.get(part.name()).copied().unwrap_or(0.0);
            assert_eq!(stored(&time.parts), per_sample(bounds.parts[part]), "{}", part.name());
            assert!(bounds.parts[part] == 0 || stored(&time.without) == per_sample(bounds.without[part]));
        }
        let usages = spikeloom::isa::usages(&executable.program, &executable.chip.arch);
        let neurons = usages.iter().map(|usage| usage[spikeloom::isa::Resource::Neurons]);
        let most = neurons.map(|u| u.used as f64 / u.max.expect("limited") as f64).fold(0.0, f64::max);
        let Outcome::Costed { resources, .. } = &record.outcome else { unreachable!() };
        assert_eq!(resources["neurons"], most);
        compared += 1;
    }
    assert_eq!(compared, 4);
}

#[test]
fn who_writes_a_store_does_not_matter() {
    let folder = |name: &str| tempfile::Builder::new().prefix(name).tempdir().expect("a folder");
    let (serial, shared, resumed) = (folder("serial"), folder("shared"), folder("resumed"));
    let bench_of = || bench(space(""));
    let summary = search(&bench_of(), serial.path(), 1, None);
    assert_eq!((summary.points, summary.evaluated), (40, 40));
    for index in 0..3 {
        search(&bench_of(), shared.path(), 2, Some(Shard { index, of: 3 }));
    }
    assert_eq!(contents(serial.path()), contents(shared.path()));

    // Stopped after a few points, left-overs of a killed writer among them, then resumed.
    let store = Store::open(resumed.path()).expect("a folder");
    let (stop, done) = (AtomicBool::new(false), AtomicUsize::new(0));
    let bench = bench_of();
    let drive = Drive { bench: &bench, store: &store, crew: &Threads(2), shard: None, stop: &stop };
    let summary = drive
        .run(&|event| {
            if matches!(event, Event::Done { .. }) && done.fetch_add(1, Ordering::Relaxed) == 6 {
                stop.store(true, Ordering::Relaxed);
            }
        })
        .expect("a folder");
    assert!(summary.stopped && summary.evaluated < 40, "{summary:?}");
    let left_over = resumed.path().join("points/.0123.1.0.part");
    fs::write(&left_over, "{").expect("writable");
    let summary = search(&bench_of(), resumed.path(), 2, None);
    assert!(!summary.stopped && summary.found >= 7, "{summary:?}");
    fs::remove_file(left_over).expect("it is ignored");
    assert_eq!(contents(serial.path()), contents(resumed.path()));
    let again = search(&bench_of(), resumed.path(), 2, None);
    assert_eq!((again.found, again.evaluated), (40, 0));
}

#[test]
fn searches_that_learn_repeat_and_resume() {
    let sampler = "sampler: Nsga2(population: 8, generations: 4, seed: 3), front_effort: Some(60),";
    let (first, second) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    search(&bench(space(sampler)), first.path(), 1, None);
    search(&bench(space(sampler)), second.path(), 2, None);
    assert_eq!(contents(first.path()), contents(second.path()));
    let records = Store::open(first.path()).expect("a folder").all().expect("sound");
    assert!(records.iter().any(|record| record.stage == Stage::Front && record.deployment.effort == 60));
    let again = search(&bench(space(sampler)), first.path(), 1, None);
    assert_eq!(again.evaluated, 0);
    let stop = AtomicBool::new(false);
    let (bench, store) = (bench(space(sampler)), Store::open(first.path()).expect("a folder"));
    let shard = Some(Shard { index: 0, of: 2 });
    let error = Drive { bench: &bench, store: &store, crew: &Threads(1), shard, stop: &stop }.run(&|_| {});
    assert!(error.expect_err("it learns").to_string().contains("cannot be shared out"));
}

#[test]
fn failures_are_results() {
    let text = SPACE
        .replace("SAMPLER", "")
        .replace("List([400, 1024])", "List([3, 1024])")
        .replace("[\"Unicast\", \"Rectangle\"]", "[\"Unicast\", \"Anycast\"]");
    let bench = bench(Space::parse(&text, "test.ron").unwrap_or_else(|error| panic!("{error}")));
    let outcome = |genome: [usize; 6]| {
        bench.evaluate(&bench.point(&genome).expect("values").expect("allowed"), Stage::Search).outcome
    };
    let Outcome::Failed { reason: Reason::DoesNotFit, limits } = outcome([0, 0, 0, 0, 0, 0]) else {
        panic!("128 cores of 3 neurons hold nothing")
    };
    assert!(limits.iter().any(|limit| limit.used > limit.max && limit.max.is_some()), "{limits:?}");
    let Outcome::Failed { reason: Reason::Invalid, limits } = outcome([0, 0, 1, 0, 1, 0]) else {
        panic!("there is no anycast")
    };
    assert!(limits[0].message.contains("noc.multicast"), "{limits:?}");
}

#[test]
fn a_damaged_point_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let bench = bench(space("sampler: Random(points: 1, seed: 5),"));
    search(&bench, folder.path(), 1, None);
    let (name, text) = contents(folder.path()).pop_first().expect("one");
    let path = folder.path().join("points").join(&name);
    for damaged in [&text[..text.len() / 2], &text.replace("\"weight_bits\": ", "\"weight_bits\": 1")] {
        fs::write(&path, damaged).expect("writable");
        let error = Store::open(folder.path()).expect("a folder").all().expect_err("damaged").to_string();
        assert!(error.contains(&name) && error.contains("remove it"), "{error}");
    }
}

/// A larger weight memory costs area; its accesses cost more where prices follow the chip, and the answers say where they do not.
#[test]
fn prices_follow_the_chip_or_it_is_said() {
    let text = r#"Space(
        version: 1,
        name: "memory",
        chips: ["loihi1"],
        networks: [(model: "mnist-small", samples: Some(6))],
        parameters: [(path: "core.memories.weights.bits", values: List([1048576, 67108864]))],
        objectives: [Minimize("energy"), Minimize("area")],
    )"#;
    let space = || Space::parse(text, "memory.ron").unwrap_or_else(|error| panic!("{error}"));
    let points = |prices: Option<PriceRule>| -> Vec<PointRecord> {
        let bench = priced(space(), prices);
        let point = |i| bench.point(&[0, 0, i]).expect("values").expect("allowed");
        [0, 1].map(|i| bench.evaluate(&point(i), Stage::Search)).into()
    };
    let measured = points(None);
    let of = |records: &[PointRecord], name: &str| -> [f64; 2] { [0, 1].map(|i| figures(&records[i])[name]) };
    let [small, large] = of(&measured, "area");
    assert!(large > 2.0 * small && small > 1e-6, "{small} m², {large} m²");
    let [small, large] = of(&measured, "dynamic_energy");
    assert_eq!(small, large, "measured prices stay");
    let notes = spikeloom_explore::answer::answers(&space(), &measured).notes;
    assert!(notes.len() == 2 && notes[0].contains("core.memories.weights.bits"), "{notes:?}");
    assert!(notes[1].contains("priced by loihi1 leave out"), "{notes:?}");
    for name in ["components", "scaled:loihi1"] {
        let rule = PriceRule::following(name).expect("it follows the chip");
        let followed = points(Some(rule));
        let [small, large] = of(&followed, "dynamic_energy");
        assert!(large > 1.2 * small, "{name}: {small} J, {large} J");
        let notes = spikeloom_explore::answer::answers(&space(), &followed).notes;
        assert!(notes.iter().all(|note| !note.contains("do not follow")), "{notes:?}");
        assert_ne!(followed[0].key(), measured[0].key(), "what prices a point is part of what made it");
    }
}

#[test]
fn one_parameter_at_a_time() {
    let space = space("");
    let bench = bench(space.clone());
    let genomes = [[0, 0, 1, 0, 0, 0], [0, 0, 1, 0, 0, 1], [0, 0, 1, 1, 0, 0], [0, 0, 1, 1, 1, 0]];
    let records = genomes.map(|g| bench.evaluate(&bench.point(&g).expect("values").expect("allowed"), Stage::Search));
    let steps = spikeloom_explore::answer::around::around(&space, &records, 0);
    let named: Vec<_> =
        steps.iter().map(|s| (s.parameter.as_str(), s.from.as_str(), s.to.as_str(), s.record)).collect();
    // Banks are linked to lanes and move with them; the last point differs in two.
    assert_eq!(named, [("core.lanes", "1", "2", 2), ("deploy.weight_bits", "4", "8", 1)]);
    for step in &steps {
        let change = step.figures[0].expect("it was costed");
        let (there, here) = (figures(&records[step.record])["energy"], figures(&records[0])["energy"]);
        assert_eq!((change.value, change.ratio), (there, there / here));
    }
}
