//! Every shipped network on all 10,000 test images through the simulated `loihi1`, decision by decision: the accuracies that README and the
//! cards state. They run where the data sets are (`spikeloom data fetch`); one that is not there is named and skipped.

use datasets::{DatasetName, Split};
use simulator::TimingMode;
use spikeloom::{Chip, DeployOptions, Model, Quiet, RunOptions};

/// Test images that each network decides rightly on the chip, of 10,000.
const RIGHT: [(&str, DatasetName, usize); 8] = [
    ("mnist-small", DatasetName::Mnist, 9905),
    ("mnist", DatasetName::Mnist, 9959),
    ("mnist-sparse", DatasetName::Mnist, 9950),
    ("fashion-mnist", DatasetName::FashionMnist, 9316),
    ("cifar10", DatasetName::Cifar10, 8624),
    ("mnist-paper", DatasetName::Mnist, 9923),
    ("fashion-mnist-paper", DatasetName::FashionMnist, 9095),
    ("cifar10-paper", DatasetName::Cifar10, 7616),
];

/// The figures of this file are those of the cards, and no shipped network is without one.
#[test]
fn cards_and_this_file_agree() {
    let names: Vec<&str> = training::zoo::ENTRIES.iter().map(|entry| entry.name).collect();
    assert_eq!(names, RIGHT.map(|(name, ..)| name));
    for (name, _, right) in RIGHT {
        let path = format!("{}/../models/training/zoo/{name}.md", env!("CARGO_MANIFEST_DIR"));
        let card = std::fs::read_to_string(&path).expect("every network has a card");
        let percent = format!("{:.2} %", right as f64 / 100.0);
        let line = card.lines().find(|line| line.contains("`loihi1`") && line.contains("spikeloom run"));
        assert!(line.is_some_and(|line| line.contains(&percent)), "{path} does not say {percent} on loihi1");
    }
}

fn check(name: &str) {
    let (_, dataset, right) = RIGHT.into_iter().find(|(n, ..)| *n == name).expect("listed");
    let images = match datasets::load(dataset, Split::Test, &datasets::default_dir()) {
        Ok(images) => images,
        Err(error) => return println!("{name}: skipped, since {dataset} is not here: {error}"),
    };
    let model = Model::open(name).expect("it ships");
    let chip = Chip::open("loihi1").expect("a preset");
    let deployed = model.deploy(&chip, &DeployOptions::default(), &mut Quiet).expect("it fits");
    let options = RunOptions { mode: TimingMode::Counts, ..RunOptions::default() };
    let run = deployed.run(&images, &options, &mut Quiet).expect("it runs");
    let found = run.correct().expect("every image has a class");
    println!("{name}: {found} of {} right", images.len());
    assert_eq!((found, images.len()), (right, 10_000), "{name}");
}

macro_rules! each {
    ($($test:ident: $name:literal,)*) => {
        $(#[test]
        fn $test() { check($name); })*
    };
}

each! {
    mnist_small: "mnist-small",
    mnist: "mnist",
    mnist_sparse: "mnist-sparse",
    fashion_mnist: "fashion-mnist",
    cifar10: "cifar10",
    mnist_paper: "mnist-paper",
    fashion_mnist_paper: "fashion-mnist-paper",
    cifar10_paper: "cifar10-paper",
}
