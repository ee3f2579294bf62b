//! Tests of training that need its private parts.

mod golden;
mod gradient;
mod impossible;
mod runs;
mod stepped;
mod training;

use super::random::{Purpose, Stream};
use datasets::Dataset;

/// Images whose class is a bright bar's direction and place, plus noise: learnable in a few steps.
pub(super) fn bars(count: usize, shape: [usize; 3], seed: u64) -> Dataset {
    let [c, h, w] = shape;
    let classes = 4;
    let mut pixels = Vec::new();
    let mut labels = Vec::new();
    for i in 0..count {
        let mut rng = Stream::new(seed, Purpose::Augment, 77, i as u64);
        let y = rng.below(classes);
        let at = rng.below(h / 2) + if y.is_multiple_of(2) { 0 } else { h / 2 };
        for _ in 0..c {
            for p in 0..h * w {
                let lit = if y < 2 { p / w == at } else { p % w == at };
                pixels.push((60.0 * rng.unit() + if lit { 180.0 } else { 0.0 }) as u8);
            }
        }
        labels.push(y as u8);
    }
    Dataset { name: "bars".into(), classes, shape, pixels, labels }
}
