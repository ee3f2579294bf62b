//! Networks trained for few bits: what the chip holds is what was trained, so deploying them loses nothing.

use compiler::{Options, QuantizeOptions, compile, pass::quantize::LayerReport};
use datasets::bundled::mnist_test_500;
use isa::arch::preset::preset;
use spikeloom::{Chip, Executable, Quiet, RunOptions};
use training::{
    export,
    ffgaf::{Config, Runner, Trainer},
};

#[test]
fn nothing_is_lost_between_training_and_chip() {
    let data = mnist_test_500();
    let (train, rest) = (data.subset(0..400), data.subset(400..500));
    for bits in [2, 3, 4] {
        let config = Config {
            channels: vec![16, 20],
            strides: vec![2, 2],
            weight_bits: bits,
            epochs: 2,
            batch: 32,
            validation: 50,
            calibration: 200,
            final_calibration: 200,
            ..Config::default()
        };
        let mut trainer = Trainer::new(config, &train, &rest).expect("sound settings");
        while trainer.epoch(&mut |_| std::ops::ControlFlow::Continue(())).is_some_and(|_| !trainer.finished()) {}
        let network = trainer.network(200);
        let stored = network.on_grid().expect("it has a grid");
        assert_eq!(network.layers.len(), stored.layers.len());

        let arch = preset("lemaire_ideal").expect("a preset");
        let quantize =
            QuantizeOptions { weight_bits: bits, state_bits: arch.core.state_bits, ..QuantizeOptions::default() };
        let of = |network| {
            let graph = export::graph(network).expect("it has a graph");
            compile(&graph, &arch, &quantize, &Options { check: true, ..Options::default() }, &mut compiler::Unobserved)
                .expect("it fits")
        };
        let (compiled, again) = (of(&network), of(&stored));
        assert_eq!(compiled.quantized, again.quantized, "{bits} bits: the stored integers are those that were trained");
        let lost = |layer: &LayerReport| layer.losses.n_clipped + layer.losses.n_vanished;
        assert_eq!(compiled.reports.layers.iter().map(lost).sum::<usize>(), 0, "{bits} bits");
        let most = (1i32 << (bits - 1)) - 1;
        let widest = compiled.quantized.projections().flat_map(|(_, p)| &p.weights).map(|w| w.abs()).max();
        assert_eq!(widest, Some(most), "{bits} bits");

        let executable = Executable::new(compiled.program, Chip::new(arch).expect("a preset")).expect("it loads");
        let run = executable.run(&data, &RunOptions::default(), &mut Quiet).expect("it runs");
        let runner = Runner::new(&network);
        for (i, sample) in run.samples.iter().enumerate() {
            let scores = runner.scores(data.image(i)).pop().expect("it has layers").logits;
            let (most, own) = (scores.iter().copied().fold(f32::MIN, f32::max), scores[sample.class as usize]);
            // Equal scores differ in the last bits of `f32`.
            assert!(most - own <= 1e-5 * most.abs(), "{bits} bits, image {i}: {scores:?}, class {}", sample.class);
            let spikes: u64 = runner.forward_counts(data.image(i)).iter().flatten().map(|&n| u64::from(n)).sum();
            assert_eq!(spikes, sample.spikes, "{bits} bits, image {i}");
        }
    }
}
