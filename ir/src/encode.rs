//! From pixels to integer input values, on the host.

use serde::{Deserialize, Serialize};

/// How an image of 8-bit pixels becomes the integers of a direct-coded input.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum InputEncoding {
    /// `x = p`, the pixel 0..=255.
    Pixels,
    /// `x = clip(round(gain·(q − mean q)/(std q + eps)), −limit, limit)` with `q = p/255` over all pixels of the image;
    /// population standard deviation, rounding half away from zero.
    Standardized {
        /// Integer units per standard deviation.
        gain: f32,
        /// Added to the standard deviation.
        eps: f32,
        /// Largest magnitude.
        limit: i32,
    },
    /// `x = round(gain·q + offset)` with `q = p/255`, rounding half away from zero.
    Affine {
        /// Integer units from black to white.
        gain: f32,
        /// Value of black.
        offset: f32,
    },
    /// The same with a gain and an offset of each channel's own.
    ByChannel {
        /// Number of channels, at most 4.
        channels: u8,
        /// Integer units from black to white, by channel.
        gain: [f32; 4],
        /// Value of black, by channel.
        offset: [f32; 4],
    },
}

impl InputEncoding {
    /// The usual standardization: 32 units per standard deviation, ε = 0.05, limit 127.
    pub const STANDARD: Self = Self::Standardized { gain: 32.0, eps: 0.05, limit: 127 };

    /// The integer values of an image, in the image's own order.
    pub fn encode(self, pixels: &[u8]) -> Vec<i32> {
        match self {
            Self::Pixels => pixels.iter().map(|&p| i32::from(p)).collect(),
            Self::Standardized { gain, eps, limit } => {
                standardize(pixels, gain.into(), eps.into()).map(|x| x.clamp(-limit, limit)).collect()
            }
            Self::Affine { gain, offset } => pixels.iter().map(|&p| affine(p, gain, offset)).collect(),
            Self::ByChannel { channels, gain, offset } => {
                let plane = pixels.len().div_ceil(usize::from(channels.max(1))).max(1);
                let by_channel = pixels.chunks(plane).zip(gain.into_iter().zip(offset));
                by_channel.flat_map(|(plane, (g, o))| plane.iter().map(move |&p| affine(p, g, o))).collect()
            }
        }
    }

    /// Smallest and largest value that a pixel can become.
    pub fn range(self) -> (i32, i32) {
        let ends = |gain, offset| [0, 255].map(|pixel| affine(pixel, gain, offset));
        let hull = |ends: Vec<i32>| (ends.iter().copied().min().unwrap_or(0), ends.iter().copied().max().unwrap_or(0));
        match self {
            Self::Pixels => (0, 255),
            Self::Standardized { limit, .. } => (-limit, limit),
            Self::Affine { gain, offset } => hull(ends(gain, offset).to_vec()),
            Self::ByChannel { channels, gain, offset } => {
                let all = gain.into_iter().zip(offset).take(channels.into());
                hull(all.flat_map(|(gain, offset)| ends(gain, offset)).collect())
            }
        }
    }
}

/// [`InputEncoding::Affine`] of one pixel.
fn affine(pixel: u8, gain: f32, offset: f32) -> i32 {
    (f64::from(gain) * f64::from(pixel) / 255.0 + f64::from(offset)).round() as i32
}

/// [`InputEncoding::Standardized`] before clipping, in double precision.
pub fn standardize(pixels: &[u8], gain: f64, eps: f64) -> impl Iterator<Item = i32> + '_ {
    let n = pixels.len() as f64;
    // Integer sums make mean and variance independent of the order of summation.
    let sum: u64 = pixels.iter().map(|&p| u64::from(p)).sum();
    let squares: u64 = pixels.iter().map(|&p| u64::from(p) * u64::from(p)).sum();
    let mean = sum as f64 / n;
    let std = (squares as f64 / n - mean * mean).max(0.0).sqrt() / 255.0;
    let scale = gain / (std + eps) / 255.0;
    pixels.iter().map(move |&p| ((f64::from(p) - mean) * scale).round() as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standardizing_a_flat_image_gives_zeros() {
        assert_eq!(InputEncoding::STANDARD.encode(&[7; 9]), vec![0; 9]);
    }

    #[test]
    fn two_pixels_land_symmetrically() {
        // q = 0 and 1: mean 1/2, std 1/2, so x = ±32·(1/2)/(0.55) = ±29.09.
        assert_eq!(InputEncoding::STANDARD.encode(&[0, 255]), vec![-29, 29]);
    }

    #[test]
    fn an_affine_image_runs_from_the_offset_by_the_gain() {
        assert_eq!(InputEncoding::Affine { gain: 40.0, offset: 36.0 }.encode(&[0, 51, 255]), vec![36, 44, 76]);
    }

    #[test]
    fn channels_have_gains_and_offsets_of_their_own() {
        let (gain, offset) = ([40.0, 10.0, 0.0, 0.0], [36.0, -5.0, 0.0, 0.0]);
        let encoding = InputEncoding::ByChannel { channels: 2, gain, offset };
        assert_eq!(encoding.encode(&[0, 51, 255, 0, 255, 51]), vec![36, 44, 76, -5, 5, -3]);
        assert_eq!(encoding.range(), (-5, 76));
    }

    #[test]
    fn pixels_pass_unchanged() {
        assert_eq!(InputEncoding::Pixels.encode(&[0, 128, 255]), vec![0, 128, 255]);
    }
}
