//! The entry points, one for each kind of file.

use crate::corpus;
use base::budget::Budget;
use datasets::Dataset;
use spikeloom::{
    Chip, DeployOptions, Deployed, Executable, Format, ImportOptions, Model, Quiet, Rates, Record, RunOptions,
};
use std::path::Path;
use std::sync::OnceLock;

/// A reader of bytes from outside.
#[derive(Clone, Copy)]
pub struct Entry {
    /// Its name, that of the fuzz target.
    pub name: &'static str,
    /// Reads, and goes on with what was read.
    pub run: fn(&[u8]),
    /// Valid files to change.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// Every reader.
pub const ENTRIES: &[Entry] = &[
    Entry { name: "slb", run: slb, seeds: corpus::programs },
    Entry { name: "assembler", run: assembler, seeds: corpus::assembly },
    Entry { name: "chip", run: chip, seeds: corpus::chips },
    Entry { name: "table", run: table, seeds: corpus::tables },
    Entry { name: "graph", run: graph, seeds: corpus::graphs },
    Entry { name: "network", run: network, seeds: corpus::networks },
    Entry { name: "network_json", run: network_json, seeds: corpus::network_metadata },
    Entry { name: "settings", run: settings, seeds: corpus::settings },
    Entry { name: "baseline", run: baseline, seeds: corpus::baselines },
    Entry { name: "record", run: record, seeds: corpus::records },
    Entry { name: "rates", run: rates, seeds: corpus::rates },
    Entry { name: "analytic", run: analytic, seeds: corpus::analytic },
    Entry { name: "recordings", run: recordings, seeds: corpus::recordings },
    Entry { name: "images", run: images, seeds: corpus::images },
    Entry { name: "space", run: space, seeds: corpus::spaces },
    Entry { name: "nir", run: nir, seeds: corpus::nir },
    Entry { name: "netx", run: netx, seeds: corpus::netx },
];

/// The entry of this name.
#[must_use]
pub fn entry(name: &str) -> Option<&'static Entry> {
    ENTRIES.iter().find(|entry| entry.name == name)
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

/// Images that every small network here takes.
fn few(shape: [usize; 3], classes: usize) -> Dataset {
    let n = shape.iter().product::<usize>();
    let pixels = (0..2 * n).map(|i| (i * 37 % 256) as u8).collect();
    Dataset { name: "two images".into(), classes, shape, pixels, labels: vec![0, 1] }
}

fn deployed(chip: &Chip, text: &str) -> Option<Deployed> {
    deploy(&Model::parse("graph.ron", text).ok()?, chip)
}

/// Compiles a network, unless it is larger than a test has time for.
fn deploy(model: &Model, chip: &Chip) -> Option<Deployed> {
    let neurons: usize = model.graph.populations().map(|(_, population)| population.shape.neurons()).sum();
    let quick = model.graph.timesteps <= 1 << 12 && neurons <= 1 << 12;
    quick.then(|| model.deploy(chip, &DeployOptions::default(), &mut Quiet).ok()).flatten()
}

fn small() -> &'static (Deployed, Record) {
    static SMALL: OnceLock<(Deployed, Record)> = OnceLock::new();
    SMALL.get_or_init(|| {
        let deployed = deployed(corpus::chip(), corpus::CONVOLUTION).expect("it fits");
        let run = deployed.run(&few([1, 4, 4], 2), &RunOptions { threads: 1, ..RunOptions::default() }, &mut Quiet);
        (deployed, run.expect("it runs").record)
    })
}

pub(crate) fn small_program() -> &'static isa::Program {
    &small().0.executable.program
}

pub(crate) fn small_record() -> Record {
    small().1.clone()
}

/// Runs a program on two images, in every mode, unless it asks for more time than a test has.
fn run(executable: &Executable) {
    const MOST_STEPS: u32 = 64;
    let [c, h, w] = executable.program.layers.first().map_or([0; 3], |layer| {
        let (c, h, w) = layer.shape;
        [c, h, w].map(usize::from)
    });
    if executable.program.timesteps > MOST_STEPS || c * h * w > 1 << 12 {
        return;
    }
    let images = few([c, h, w], 2);
    for mode in [spikeloom::simulator::TimingMode::Analytic, spikeloom::simulator::TimingMode::Cycle] {
        if executable.ready(mode, 1, &mut Budget::process()).is_ok() {
            let options = RunOptions { mode, threads: 1, ..RunOptions::default() };
            if let Ok(run) = executable.run(&images, &options, &mut Quiet) {
                price(&run.record, executable.chip.prices().ok());
            }
        }
    }
}

/// Prices are numbers whatever the counts.
fn price(record: &Record, table: Option<&energy::table::Table>) {
    if let Some(Ok(priced)) = table.map(|table| record.price(table)) {
        let energy = priced.per_image();
        assert!(energy.value.is_finite() && energy.low.is_finite() && energy.high.is_finite(), "{energy:?}");
    }
}

fn slb(bytes: &[u8]) {
    if let Ok(program) = spikeloom::decode("fuzz.slb", bytes) {
        let again = isa::decode(&isa::encode(&program)).expect("what is written is read");
        assert!(isa::encode(&again) == isa::encode(&program), "a program is another one after storage");
        let chip = Chip::open(&program.arch).unwrap_or_else(|_| corpus::chip().clone());
        if let Ok(executable) = Executable::read("fuzz.slb", bytes, chip) {
            run(&executable);
        }
    }
}

fn assembler(bytes: &[u8]) {
    if let Some(Ok(program)) = text(bytes).map(isa::assemble) {
        // What holds no number differs from itself.
        #[allow(clippy::eq_op)]
        let numbers = program == program;
        let again = isa::assemble(&isa::disassemble(&program, isa::Style::Full));
        assert!(!numbers || again.is_ok_and(|again| again == program), "a program is another one after disassembly");
        slb(&isa::encode(&program));
    }
}

fn chip(bytes: &[u8]) {
    let Some(Ok(chip)) = text(bytes).map(|text| Chip::parse("fuzz.ron", text)) else { return };
    for graph in [corpus::GRAPH, corpus::CONVOLUTION] {
        if let Some(deployed) = deployed(&chip, graph) {
            run(&deployed.executable);
        }
    }
}

fn table(bytes: &[u8]) {
    if let Some(Ok(table)) = text(bytes).map(energy::table::Table::from_ron) {
        price(&small().1, Some(&table));
    }
}

fn graph(bytes: &[u8]) {
    if let Some(text) = text(bytes)
        && let Some(deployed) = deployed(corpus::chip(), text)
    {
        run(&deployed.executable);
    }
}

/// A trained network is run, exported and deployed.
fn network(bytes: &[u8]) {
    let Ok((network, card)) = training::ffgaf::read_network(bytes, Path::new("fuzz.safetensors")) else { return };
    let work: usize =
        network.layers.iter().map(|layer| layer.output().iter().product::<usize>() * layer.kernel.pow(2)).sum();
    if work > 1 << 16 {
        return;
    }
    let images = few(network.input, 2);
    if network.accepts(&images).is_ok() {
        let runner = training::ffgaf::Runner::new(&network);
        let _ = (runner.classify(images.image(0)), runner.forward_counts(images.image(1)));
    }
    let _ = network.on_grid();
    if let Ok(model) = Model::of_trained("fuzz", (network, card))
        && let Some(deployed) = deploy(&model, corpus::chip())
    {
        run(&deployed.executable);
    }
}

/// A trained network whose metadata are these bytes.
fn network_json(bytes: &[u8]) {
    if let Some(file) = text(bytes).map(corpus::network_of) {
        network(&file);
    }
}

fn settings(bytes: &[u8]) {
    let Some(Ok(config)) = text(bytes).map(training::ffgaf::Config::from_toml) else { return };
    let data = few([1, 12, 12], 2);
    // A run that a test has no time for; the budget refuses larger ones by itself.
    let work: usize = config.channels.iter().sum::<usize>() + config.batch.min(data.len());
    if work < 2000 {
        let _ = training::ffgaf::Trainer::new(config, &data, &data).map(|trainer| {
            let _ = trainer.network(1);
        });
    }
}

fn baseline(bytes: &[u8]) {
    if let Some(Ok(baseline)) = text(bytes).map(toml::from_str::<training::baselines::Baseline>) {
        let _ = baseline.check(&few([1, 12, 12], 10));
    }
}

fn record(bytes: &[u8]) {
    let Some(Ok(record)) = text(bytes).map(|text| Record::parse("fuzz.json", text)) else { return };
    let again = Record::parse("again.json", &record.to_json()).expect("what is written is read");
    price(&again, corpus::chip().prices().ok());
    if let Some(chip) = &record.chip
        && let Ok(table) = chip.table("components")
    {
        price(&record, Some(&table));
    }
}

fn rates(bytes: &[u8]) {
    if let Some(Ok(rates)) = text(bytes).map(|text| Rates::parse("fuzz.json", text)) {
        let _ = rates.activity(small_program(), "fuzz.json");
    }
}

fn analytic(bytes: &[u8]) {
    use energy::{analytic, compare};
    let Some(Ok(network)) = text(bytes).map(serde_json::from_str::<analytic::Network>) else { return };
    if network.layers.is_empty() || network.possible().is_err() {
        return;
    }
    for options in analytic::Options::usual(&network, 8) {
        if let Ok(evaluation) = analytic::evaluate(&network, &options) {
            assert!(evaluation.total.total.is_finite(), "{:?}", evaluation.total);
        }
    }
    let (readings, dense) = (analytic::Options::usual(&network, 8), compare::Dense::usual(network.timesteps, 8, 0.5));
    let _ = compare::compare(&network, &readings, &dense);
}

fn recordings(bytes: &[u8]) {
    let _ = datasets::recording::aedat::read(bytes, Path::new("fuzz.aedat"), "fuzz");
    if let Some(text) = text(bytes) {
        let _ = spikeloom::Recordings::parse("fuzz.csv", text.as_bytes());
    }
}

/// IDX images and labels, and records of CIFAR-10.
fn images(bytes: &[u8]) {
    let file = Path::new("fuzz");
    let _ = datasets::idx::read_images(bytes, file);
    let _ = datasets::idx::read_labels(bytes, file);
    let mut data = Dataset { name: "fuzz".into(), classes: 10, shape: [3, 32, 32], pixels: vec![], labels: vec![] };
    let _ = datasets::cifar::append_batch(&mut data, bytes, file, 1);
    let _ = datasets::sheet::read_sheet(std::io::Cursor::new(bytes), file, 4, [4, 4]);
}

fn space(bytes: &[u8]) {
    if let Some(text) = text(bytes) {
        let _ = explore::Space::parse(text, "fuzz.ron");
    }
}

fn imported(bytes: &[u8], format: Format) {
    if let Ok(model) = Model::read("fuzz", bytes.to_vec(), format, &ImportOptions::default())
        && let Some(deployed) = deploy(&model, corpus::chip())
    {
        run(&deployed.executable);
    }
}

fn nir(bytes: &[u8]) {
    imported(bytes, Format::Nir);
}

fn netx(bytes: &[u8]) {
    imported(bytes, Format::Netx);
}
