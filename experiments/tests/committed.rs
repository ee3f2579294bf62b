//! The pictures in `docs/ablations` are drawn from the tables beside them. `BLESS=1` draws them anew.

use spikeloom_experiments::{Exhibit, Provenance, Study, Trained};
use std::{fs, path::PathBuf, time::Instant};

/// What varies, and on which data set.
const STUDIES: [(&str, &str); 9] = [
    ("activation", "cifar10"),
    ("allocation", "cifar10"),
    ("channel-weights", "cifar10"),
    ("channels", "fashion-mnist"),
    ("ema", "cifar10"),
    ("input", "cifar10"),
    ("readout", "cifar10"),
    ("strides", "cifar10"),
    ("timesteps", "cifar10"),
];

/// The networks of a table: one row per network and epoch, the last with what was found in the end.
fn networks(table: &str) -> Vec<Trained> {
    let mut all: Vec<Trained> = Vec::new();
    for line in table.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let number = |cell: usize| cells[cell].parse::<f64>().expect("a number");
        let seed = cells[1].parse().expect("a seed");
        if cells[4] == "1" {
            all.push(Trained {
                variant: cells[0].into(),
                seed,
                channels: cells[2].split('-').map(|n| n.parse().expect("a number")).collect(),
                parameters: cells[3].parse().expect("a number"),
                validation_percent: Vec::new(),
                test_percent: f64::NAN,
                test_goodness_percent: f64::NAN,
                spikes_per_neuron: f64::NAN,
            });
        }
        let network = all.last_mut().expect("a network begins with its first epoch");
        assert_eq!((network.variant.as_str(), network.seed), (cells[0], seed));
        network.validation_percent.push(number(5));
        if !cells[6].is_empty() {
            (network.test_percent, network.test_goodness_percent, network.spikes_per_neuron) =
                (number(6), number(7), number(8));
        }
    }
    all
}

#[test]
fn pictures_of_studies_are_those_of_their_tables() {
    for (vary, dataset) in STUDIES {
        let file = |ending: &str| {
            PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("../docs/ablations/ablate-{vary}.{ending}"))
        };
        let networks = networks(&fs::read_to_string(file("csv")).expect("committed"));
        let figure = Study {
            title: format!("FFGAF-SNN: {vary} against accuracy"),
            vary,
            dataset,
            epochs: networks[0].validation_percent.len(),
            training_images: 0,
            validation_images: 0,
            test_images: 0,
            networks,
        };
        let picture = figure.picture(&Provenance::new(None, Instant::now()));
        if std::env::var_os("BLESS").is_some() {
            fs::write(file("svg"), &picture).expect("writable");
        }
        let committed = fs::read_to_string(file("svg")).unwrap_or_default();
        assert!(committed == picture, "docs/ablations/ablate-{vary}.svg is old; run this test with BLESS=1");
    }
}
