//! Training speed on random images: `train_speed [cifar10|mnist] [IMAGES] [float|fixed]` prints images per second.
//!
//! The network is the published one (channels 40-120-120-240, strides 1,2,2,1), batch 128. `scripts/bench_training.py` compares it
//! with the same step in PyTorch.

use datasets::Dataset;
use spikeloom_training::ffgaf::{Arithmetic, Config, Trainer};
use std::ops::ControlFlow;
use std::time::Instant;

/// `count` images of pseudo-random pixels and labels.
fn random(count: usize, shape: [usize; 3]) -> Dataset {
    let mut state = 1u32;
    let mut next = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let pixels = (0..count * shape.iter().product::<usize>()).map(|_| next()).collect();
    let labels = (0..count).map(|_| next() % 10).collect();
    Dataset { name: "random".into(), classes: 10, shape, pixels, labels }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let shape = match args.next().as_deref() {
        Some("mnist") => [1, 28, 28],
        _ => [3, 32, 32],
    };
    let count: usize = args.next().map_or(Ok(2560), |n| n.parse())?;
    let arithmetic = if args.next().as_deref() == Some("float") { Arithmetic::Float } else { Arithmetic::Fixed };
    let (train, validation) = (random(count, shape), random(1, shape));
    let config = Config { arithmetic, calibration: 1, final_calibration: 1, epochs: 2, ..Config::default() };
    let mut trainer = Trainer::new(config, &train, &validation)?;
    // The first pass warms caches and grows the buffers.
    trainer.epoch(&mut |_| ControlFlow::Continue(()));
    let begin = Instant::now();
    trainer.epoch(&mut |_| ControlFlow::Continue(()));
    println!("{:.1}", (count / 128 * 128) as f64 / begin.elapsed().as_secs_f64());
    Ok(())
}
