//! What settings make of samples of a shape: the layers' maps, and the memory that training them takes.

use super::{Config, ConfigError, Readout};
use crate::kernels::ConvShape;
use base::budget::{Budget, TooLarge};

impl Config {
    /// Channels, rows and columns of what the first layer sees of samples of `shape`: of images all, of recordings, whose timesteps stand one
    /// after another in the channels, those of one timestep.
    ///
    /// # Errors
    /// If the channels are no multiple of the timesteps.
    pub fn frame(&self, shape: [usize; 3]) -> Result<[usize; 3], ConfigError> {
        let steps = usize::from(self.levels);
        match shape {
            image if !self.input.is_events() => Ok(image),
            [c, h, w] if c.is_multiple_of(steps) => Ok([c / steps, h, w]),
            [c, ..] => Err(ConfigError::Value(format!("levels is {steps}, but {c} frames are not a multiple of it"))),
        }
    }

    /// The layers' geometry on images of `input` (C·H·W) in so many classes.
    ///
    /// # Errors
    /// If they do not fit together: which setting, and what it may be.
    pub fn shapes(&self, input: [usize; 3], classes: usize) -> Result<Vec<ConvShape>, ConfigError> {
        let mut shapes = Vec::new();
        let [mut channels, mut h, mut w] = input;
        for (l, (&out, &stride)) in self.channels.iter().zip(&self.strides).enumerate() {
            let fail = |text: String| ConfigError::Value(format!("layer {}: {text}", l + 1));
            if out < classes {
                return Err(fail(format!("{out} channels cannot serve {classes} classes; use at least one per class")));
            }
            let (pool, kernel, padding) = (self.pool.at(l), self.kernel.at(l), self.padding.at(l));
            (h, w) = (h / pool, w / pool);
            if h.min(w).saturating_add(padding.saturating_mul(2)) < kernel {
                return Err(fail(format!(
                    "a {kernel} × {kernel} kernel does not fit on a map of {h} × {w} with padding = {padding}; change kernel, \
                     padding, strides or pool"
                )));
            }
            let shape = ConvShape::checked((h, w), channels, out, kernel, stride, padding)
                .map_err(|error| fail(error.to_string()))?;
            (channels, h, w) = (out, shape.out_h(), shape.out_w());
            let grid = self.readout_grid;
            if self.readout == Readout::Learned && grid > h.min(w) {
                let (layer, side) = (l + 1, h.min(w));
                let text =
                    format!("readout_grid is {grid}, but layer {layer} has maps of {h} × {w}; give at most {side}");
                return Err(ConfigError::Value(text));
            }
            shapes.push(shape);
        }
        Ok(shapes)
    }

    /// Claims the memory that training takes with these layers on `images` images, before any of it is allocated.
    ///
    /// # Errors
    /// If there is less: which setting asks for it.
    pub fn claim(
        &self,
        shapes: &[ConvShape],
        images: usize,
        classes: usize,
        budget: &mut Budget,
    ) -> Result<(), TooLarge> {
        let long = |n: usize| n as u64;
        let batch = long(self.batch.min(images));
        let calibration = long(self.calibration.max(self.final_calibration).min(images));
        let regions = if self.readout == Readout::Learned { long(self.readout_grid * self.readout_grid) } else { 1 };
        for (l, s) in shapes.iter().enumerate() {
            let of = |what: &str| format!("training configuration, layer {}: {what}", l + 1);
            let out_c = long(s.out_c);
            let weights = &[long(s.taps()), long(s.in_c), out_c];
            let with = |first: &[u64], rest: &[u64]| [first, rest].concat();
            // Value, two moments, average, packed integers; then one gradient for each block of 16 samples.
            budget.claim(&of("`channels` and `kernel`"), &with(&[4 * 5], weights))?;
            budget.claim(&of("`channels`, `kernel` and `batch`"), &with(&[4, batch.div_ceil(16)], weights))?;
            budget.claim(&of("`readout_grid` and `channels`"), &[4 * 6, long(classes), regions, out_c])?;
            // Sums, counts and gradients of every output of a batch; features and pulls of every sample.
            budget.claim(&of("`batch` and `channels`"), &[4 + 1 + 4, batch, long(s.out_pixels()), out_c])?;
            if self.input.is_events() {
                // Spikes of every step of a batch and of the calibration.
                let spikes = [u64::from(self.levels), batch + calibration, long(s.out_pixels()), out_c];
                budget.claim(&of("`levels`, `batch`, `calibration` and `channels`"), &spikes)?;
            }
            budget.claim(&of("`batch` and `readout_grid`"), &[4 * 3, batch, regions, out_c])?;
            budget.claim(&of("`padding`"), &[2 * 4 * 4, long(s.padded_pixels()), long(s.in_c)])?;
            budget.claim(&of("`calibration`"), &[calibration, long(s.out_pixels()), out_c])?;
        }
        Ok(())
    }
}
