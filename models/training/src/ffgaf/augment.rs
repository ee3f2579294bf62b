//! Random changes of one training image: flip, shift, small rotation and scaling, erasing.

use super::config::{Augment, Fill};
use super::random::Stream;

impl Augment {
    /// True if images pass unchanged.
    #[must_use]
    pub fn is_off(&self) -> bool {
        !self.flip && self.shift == 0 && self.rotate == 0.0 && self.scale == 0.0 && self.erase == 0.0
    }

    /// Changed copy of `image` (C·H·W) in `out`. Every draw happens whether or not it is used, so options do not shift the stream.
    pub(crate) fn apply(&self, image: &[u8], [c, h, w]: [usize; 3], rng: &mut Stream, out: &mut Vec<u8>) {
        let mirror = rng.unit() < 0.5 && self.flip;
        let span = 2 * self.shift + 1;
        let dx = rng.below(span) as isize - self.shift as isize;
        let dy = rng.below(span) as isize - self.shift as isize;
        let angle = (rng.symmetric() * self.rotate).to_radians();
        let zoom = 1.0 + rng.symmetric() * self.scale;
        let erase = rng.unit() < self.erase;
        out.clear();
        out.resize(image.len(), 0);
        let affine = self.rotate != 0.0 || self.scale != 0.0;
        let (sin, cos) = (angle.sin() / zoom, angle.cos() / zoom);
        let centre = ((h as f32 - 1.0) / 2.0, (w as f32 - 1.0) / 2.0);
        for y in 0..h {
            for x in 0..w {
                let sx = if mirror { w - 1 - x } else { x } as isize + dx;
                let sy = y as isize + dy;
                for ch in 0..c {
                    let plane = &image[ch * h * w..(ch + 1) * h * w];
                    out[ch * h * w + y * w + x] = if affine {
                        let (fy, fx) = (sy as f32 - centre.0, sx as f32 - centre.1);
                        self.bilinear(plane, h, w, centre.0 + cos * fy + sin * fx, centre.1 + cos * fx - sin * fy)
                    } else {
                        self.pixel(plane, h, w, sy, sx)
                    };
                }
            }
        }
        if erase {
            blank([c, h, w], rng, out);
        }
    }

    fn pixel(&self, plane: &[u8], h: usize, w: usize, y: isize, x: isize) -> u8 {
        let (cy, cx) = (y.clamp(0, h as isize - 1), x.clamp(0, w as isize - 1));
        if self.fill == Fill::Zero && (cy, cx) != (y, x) { 0 } else { plane[cy as usize * w + cx as usize] }
    }

    fn bilinear(&self, plane: &[u8], h: usize, w: usize, y: f32, x: f32) -> u8 {
        let (y0, x0) = (y.floor(), x.floor());
        let (fy, fx) = (y - y0, x - x0);
        let at = |dy: isize, dx: isize| f32::from(self.pixel(plane, h, w, y0 as isize + dy, x0 as isize + dx));
        let top = at(0, 0) * (1.0 - fx) + at(0, 1) * fx;
        let bottom = at(1, 0) * (1.0 - fx) + at(1, 1) * fx;
        (top * (1.0 - fy) + bottom * fy).round() as u8
    }
}

/// Fills a random rectangle of each channel with the channel's mean.
fn blank([c, h, w]: [usize; 3], rng: &mut Stream, out: &mut [u8]) {
    let area = (0.02 + 0.13 * rng.unit()) * (h * w) as f32;
    let aspect = (rng.symmetric() * 0.7).exp();
    let bh = ((area * aspect).sqrt().round() as usize).clamp(1, h);
    let bw = ((area / aspect).sqrt().round() as usize).clamp(1, w);
    let (y0, x0) = (rng.below(h - bh + 1), rng.below(w - bw + 1));
    for plane in out.chunks_exact_mut(h * w).take(c) {
        let mean = (plane.iter().map(|&p| u32::from(p)).sum::<u32>() / (h * w) as u32) as u8;
        for row in plane.chunks_exact_mut(w).skip(y0).take(bh) {
            row[x0..x0 + bw].fill(mean);
        }
    }
}
