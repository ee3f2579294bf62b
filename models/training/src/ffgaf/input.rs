//! Host encoder: pixels to the integer that the first layer receives once (direct coding).
//!
//! Standardized: with p = pixel/255 over all channels and pixels of one image, x = (p − mean p)/(std p + 0.05) and
//! x_int = clip(round(32 x), −127, 127), rounding half away from zero; the layer sees x_int/32. Pixels: x_int = pixel, seen as x_int/255.
//!
//! A graph holds its ε in single precision ([`ir::InputEncoding::STANDARD`]), which is 7·10⁻¹⁰ more than the 0.05 of
//! training and moves values that lie halfway between two integers.

use super::config::InputCoding;

impl InputCoding {
    /// Integer input of one image, in the image's own C·H·W order.
    #[must_use]
    pub fn encode(self, image: &[u8]) -> Vec<i16> {
        match self {
            Self::Pixels | Self::Events => image.iter().map(|&p| i16::from(p)).collect(),
            Self::Standardized => ir::standardize(image, 32.0, 0.05).map(|x| x.clamp(-127, 127) as i16).collect(),
        }
    }

    /// Value of one integer step as the first layer's weights see it.
    #[must_use]
    pub fn step(self) -> f32 {
        match self {
            Self::Standardized => 1.0 / 32.0,
            Self::Pixels => 1.0 / 255.0,
            Self::Events => 1.0,
        }
    }

    /// Whether samples are recordings.
    #[must_use]
    pub fn is_events(self) -> bool {
        self == Self::Events
    }

    /// Encoded image as H·W·`padded` reals, the kernels' order; channels beyond the image's are 0.
    pub(crate) fn encode_into(self, image: &[u8], [c, h, w]: [usize; 3], padded: usize, out: &mut [f32]) {
        let step = self.step();
        out.fill(0.0);
        for (ci, plane) in self.encode(image).chunks_exact(h * w).enumerate().take(c) {
            for (p, &v) in plane.iter().enumerate() {
                out[p * padded + ci] = f32::from(v) * step;
            }
        }
    }
}

/// The timesteps of a recording, each H·W·`padded` spikes in the kernels' order, one after another; `shape` is that of one timestep.
pub(crate) fn frames_into(recording: &[u8], [c, h, w]: [usize; 3], padded: usize, out: &mut [u8]) {
    out.fill(0);
    for (frame, out) in recording.chunks_exact(c * h * w).zip(out.chunks_exact_mut(h * w * padded)) {
        for (ci, plane) in frame.chunks_exact(h * w).enumerate() {
            for (p, &n) in plane.iter().enumerate() {
                out[p * padded + ci] = n.min(1);
            }
        }
    }
}
