//! Recordings made of images: what an event camera would write if it made three saccades over each, after the way N-MNIST was recorded
//! (Orchard, Jayawant, Cohen and Thakor 2015: a sensor moved along a triangle in front of a screen).
//!
//! ```text
//! sensor       two polarities (decrease first), image plus 6 pixels in each direction
//! path         (0,0) → (3,6) → (6,0) → (0,0) (columns, rows), one side of the triangle in each third of the timesteps, 8 positions a timestep
//! brightness   L(t) = ln(p(t)/255 + 0.1), p: the shifted image, bilinear
//! event        where |L − reference| ≥ 0.4·(1 + ε): on if L rose; reference ± 0.4·(1 + ε) until it is nearer.  ε uniform in ±0.25, each pixel
//! noise        an event of either polarity with probability 0.001 for each pixel and timestep
//! start        the whole path is moved by −½ to ½ pixel in both directions
//! ```
//!
//! Several events of one pixel, polarity and timestep are one spike. Every draw follows from (seed, number of the image). These are
//! recordings of no sensor: accuracies on them compare training methods with each other, not with those on N-MNIST.

use super::Dataset;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rayon::prelude::*;
use std::ops::ControlFlow;

/// Corners of the path, columns and rows.
const PATH: [[f32; 2]; 4] = [[0.0, 0.0], [3.0, 6.0], [6.0, 0.0], [0.0, 0.0]];
/// Pixels that the sensor is wider and higher than the image.
const MARGIN: usize = 6;
/// Positions in one timestep.
const POSITIONS: usize = 8;
/// Change of ln brightness that makes an event.
const THRESHOLD: f32 = 0.4;
/// Largest deviation of a pixel's threshold.
const MISMATCH: f32 = 0.25;
/// Probability of an event without cause, for each pixel and timestep.
const NOISE: f32 = 0.001;

/// Channels, rows and columns of recordings of images of `shape`.
#[must_use]
pub fn sensor([_, h, w]: [usize; 3]) -> [usize; 3] {
    [2, h + MARGIN, w + MARGIN]
}

/// The recording of a grey image of `shape` in `steps` timesteps: `[step][polarity][row][column]`, 1 for a spike. Colours are averaged.
///
/// # Panics
/// If the image is not of that shape.
#[must_use]
pub fn record(image: &[u8], shape: [usize; 3], steps: usize, seed: u64, number: u64) -> Vec<u8> {
    let [colours, h, w] = shape;
    assert_eq!(image.len(), colours * h * w, "an image of this shape");
    let grey: Vec<f32> = (0..h * w)
        .map(|p| image.iter().skip(p).step_by(h * w).map(|&v| f32::from(v)).sum::<f32>() / (255.0 * colours as f32))
        .collect();
    let [_, rows, columns] = sensor(shape);
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&number.to_le_bytes());
    let mut rng = ChaCha8Rng::from_seed(key);
    let mut unit = || (rng.next_u32() >> 8) as f32 / 16_777_216.0;
    let start = [unit() - 0.5, unit() - 0.5];
    let thresholds: Vec<f32> =
        (0..rows * columns).map(|_| THRESHOLD * (1.0 + MISMATCH * (2.0 * unit() - 1.0))).collect();
    let brightness = |position: usize| {
        let [x, y] = place(position as f32 / (steps * POSITIONS) as f32);
        let (x, y) = (x + start[0], y + start[1]);
        (0..rows * columns).map(move |p| ((p / columns) as f32 - y, (p % columns) as f32 - x))
    };
    let value = |(row, column): (f32, f32)| (bilinear(&grey, [h, w], row, column) + 0.1).ln();
    let mut reference: Vec<f32> = brightness(0).map(value).collect();
    let mut spikes = vec![0; steps * 2 * rows * columns];
    for (t, step) in spikes.chunks_exact_mut(2 * rows * columns).enumerate() {
        let (off, on) = step.split_at_mut(rows * columns);
        for position in t * POSITIONS + 1..=(t + 1) * POSITIONS {
            for (p, now) in brightness(position).map(value).enumerate() {
                let change = now - reference[p];
                let events = (change / thresholds[p]).trunc();
                if events != 0.0 {
                    reference[p] += events * thresholds[p];
                    if events > 0.0 { on[p] = 1 } else { off[p] = 1 }
                }
            }
        }
        for p in 0..rows * columns {
            let (noise, polarity) = (unit(), unit());
            if noise < NOISE {
                if polarity < 0.5 { off[p] = 1 } else { on[p] = 1 }
            }
        }
    }
    spikes
}

/// The recordings of all images, timesteps one after another in the channels; `None` if `watch`, which is asked before each, breaks off.
#[must_use]
pub fn recordings(
    images: &Dataset,
    steps: usize,
    seed: u64,
    watch: &(dyn Fn() -> ControlFlow<()> + Sync),
) -> Option<Dataset> {
    let [polarities, h, w] = sensor(images.shape);
    let len = steps * polarities * h * w;
    let mut pixels = vec![0; images.len() * len];
    let all = pixels.par_chunks_mut(len).enumerate().try_for_each(|(i, recording)| {
        watch()?;
        recording.copy_from_slice(&record(images.image(i), images.shape, steps, seed, i as u64));
        ControlFlow::Continue(())
    });
    let name = format!("{}, saccades", images.name);
    let (classes, labels) = (images.classes, images.labels.clone());
    all.is_continue().then(|| Dataset { name, classes, shape: [steps * polarities, h, w], pixels, labels })
}

/// Where the image lies after a part of the time, 0 to 1.
fn place(part: f32) -> [f32; 2] {
    let along = part * (PATH.len() - 1) as f32;
    let corner = (along as usize).min(PATH.len() - 2);
    let (from, to, on) = (PATH[corner], PATH[corner + 1], along - corner as f32);
    [from[0] + on * (to[0] - from[0]), from[1] + on * (to[1] - from[1])]
}

/// Value between pixels; 0 outside.
fn bilinear(grey: &[f32], [h, w]: [usize; 2], row: f32, column: f32) -> f32 {
    let (y, x) = (row.floor(), column.floor());
    let (fy, fx) = (row - y, column - x);
    let at = |dy: isize, dx: isize| {
        let (y, x) = (y as isize + dy, x as isize + dx);
        let inside = (0..h as isize).contains(&y) && (0..w as isize).contains(&x);
        if inside { grey[y as usize * w + x as usize] } else { 0.0 }
    };
    let top = at(0, 0) * (1.0 - fx) + at(0, 1) * fx;
    let bottom = at(1, 0) * (1.0 - fx) + at(1, 1) * fx;
    top * (1.0 - fy) + bottom * fy
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A bright square moves right and down, then up, then left: its leading edges give on events, its trailing ones off events.
    #[test]
    fn edges_that_lead_brighten_and_edges_that_trail_darken() {
        let image: Vec<u8> = (0..400)
            .map(|p| if (5..12).contains(&(p / 20)) && (5..12).contains(&(p % 20)) { 255 } else { 0 })
            .collect();
        let spikes = record(&image, [1, 20, 20], 9, 1, 0);
        let [_, rows, columns] = sensor([1, 20, 20]);
        let size = rows * columns;
        let count = |t: usize, polarity: usize, rows: std::ops::Range<usize>, sides: std::ops::Range<usize>| {
            let frame = &spikes[(2 * t + polarity) * size..][..size];
            frame
                .iter()
                .enumerate()
                .filter(|(p, n)| **n > 0 && rows.contains(&(p / columns)) && sides.contains(&(p % columns)))
                .count()
        };
        // First side: down by 2 rows a timestep. Below the square it brightens, at its upper rim it darkens.
        assert!(count(0, 1, 12..14, 5..12) > 5 && count(0, 0, 5..7, 5..12) > 5);
        assert!(count(0, 0, 12..15, 5..12) < 4 && count(0, 1, 4..7, 7..11) < 4);
        // Last side: left.
        assert!(count(7, 1, 6..11, 5..11) > count(7, 0, 6..11, 5..9));
        let (all, noise) = (spikes.iter().filter(|n| **n > 0).count(), 9.0 * size as f64 * 0.001);
        assert!((all as f64) < 0.2 * spikes.len() as f64 && all as f64 > 10.0 * noise, "{all}");
    }

    #[test]
    fn equal_seeds_give_equal_recordings_and_others_do_not() {
        let image = vec![90; 64];
        let of = |seed, number| record(&image, [1, 8, 8], 6, seed, number);
        assert_eq!(of(1, 2), of(1, 2));
        assert_ne!(of(1, 2), of(1, 3));
        assert_ne!(of(1, 2), of(2, 2));
    }

    #[test]
    fn a_dark_image_gives_noise_alone() {
        let spikes = record(&[0; 784], [1, 28, 28], 15, 4, 0);
        let rate = spikes.iter().filter(|n| **n > 0).count() as f64 / (spikes.len() / 2) as f64;
        assert!((0.0005..0.0015).contains(&rate), "{rate}");
    }
}
