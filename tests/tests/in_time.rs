//! Networks trained on recordings: what training evaluates, the interpreter and the chip do, step by step.

use datasets::{
    Dataset,
    bundled::mnist_test_500,
    recording::{Merged, Recording, Recordings, Timed},
    saccades,
};
use spikeloom::{Chip, DeployOptions, Model, Quiet, RunOptions, Samples};
use std::ops::ControlFlow;
use training::{
    export,
    ffgaf::{Config, InputCoding, LossSteps, PerLayer, Readout, Runner, Trainer},
};

const STEPS: usize = 6;

/// The recordings of a data set whose timesteps stand in the channels.
fn recordings(data: &Dataset) -> Recordings {
    let mut merged = Merged::default();
    let samples = (0..data.len()).map(|i| {
        let frame = data.image_len() / STEPS;
        let spikes = data.image(i).iter().enumerate().filter(|(_, n)| **n > 0);
        let events =
            spikes.map(|(at, _)| Timed { timestep: (at / frame) as u32, neuron: (at % frame) as u32, value: 1 });
        let label = Some(u32::from(data.label(i)));
        Recording::new((i as u64, label), STEPS as u32, events.collect(), &mut merged).expect("small numbers")
    });
    Recordings { name: "made of images".into(), samples: samples.collect(), unit: 1.0, remarks: Vec::new() }
}

#[test]
fn training_interpreter_and_chip_agree() {
    let data = saccades::recordings(&mnist_test_500().subset(0..260), STEPS, 1, &|| ControlFlow::Continue(()))
        .expect("nobody stops it");
    let (train, rest) = (data.subset(0..220), data.subset(220..260));
    let config = Config {
        dataset: "saccades".into(),
        input: InputCoding::Events,
        sensor: Some([2, 34, 34]),
        levels: STEPS as u8,
        loss_steps: LossSteps::All,
        channels: vec![10, 20],
        strides: vec![2, 1],
        pool: PerLayer::Each(vec![1, 2]),
        readout: Readout::Learned,
        readout_grid: 2,
        epochs: 3,
        batch: 20,
        validation: 40,
        calibration: 100,
        final_calibration: 100,
        ..Config::default()
    };
    let mut trainer = Trainer::new(config, &train, &rest).expect("sound settings");
    while trainer.epoch(&mut |_| ControlFlow::Continue(())).is_some_and(|_| !trainer.finished()) {}
    let network = trainer.network(100);
    let runner = Runner::new(&network);
    let model = Model::of_graph("in time", export::graph(&network).expect("it has a graph")).expect("a sound graph");
    let chip = Chip::open("loihi1").expect("a preset");
    let deployed = model.deploy(&chip, &DeployOptions::default(), &mut spikeloom::Quiet).expect("it fits");
    let samples = recordings(&rest);
    let run = deployed.run(&samples as &dyn Samples, &RunOptions::default(), &mut Quiet).expect("it runs");
    let verified = deployed.verify(&model, &samples, &run, &mut Quiet).expect("it is interpreted");
    verified.ensure_equal().expect("the chip does what its integers say");
    // In real numbers the graph is the trained network up to the order of additions; in integers, up to rounding.
    let own: u64 = (0..rest.len()).flat_map(|i| runner.forward_counts(rest.image(i))).flatten().map(u64::from).sum();
    let right = (0..rest.len()).filter(|&i| runner.classify(rest.image(i)) == usize::from(rest.label(i))).count();
    let float = verified.float.expect("the graph in real numbers was interpreted");
    let spikes = float.spikes.expect("step by step");
    println!("{own} spikes, {right} right; {float:?}");
    assert!(own > 20_000 && spikes.float.abs_diff(own) * 10_000 < own, "{own} against {}", spikes.float);
    assert!(float.correct.expect("labelled").float.abs_diff(right) <= 1);
    assert!(spikes.changed * 10 < own, "rounding to 8 bits changes {} of {own}", spikes.changed);
}
