//! Normalized images: `x = (q − mean)/std` with `q = p/255`, as integers of one unit.
//!
//! ```text
//! gain = 1/(std·unit)      offset = −mean/(std·unit)      unit = 1/(255·k·largest std)
//! ```
//!
//! k is the smallest of 1 to 8 with which no intensity is rounded by more than 1/32 of a step from one to the next of the channel with
//! the largest std; if there is none, 8.

use ir::InputEncoding;

/// Mean and standard deviation of intensities from 0 to 1, one for all channels or one for each.
#[derive(Clone, Debug, PartialEq)]
pub struct Normalize {
    /// What is subtracted.
    pub mean: Vec<f64>,
    /// What is divided by.
    pub std: Vec<f64>,
}

/// The same for an input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Normalized {
    pub(super) encoding: InputEncoding,
    /// Real value of one integer.
    pub(super) unit: f64,
    /// Largest difference between a value and its integer's.
    pub(super) error: f64,
}

impl Normalize {
    /// In words.
    pub(super) fn describe(&self) -> String {
        let list = |values: &[f64]| {
            let all: Vec<String> = values.iter().map(f64::to_string).collect();
            if all.len() == 1 { all.concat() } else { format!("[{}]", all.join(", ")) }
        };
        format!("(pixel/255 − {})/{}", list(&self.mean), list(&self.std))
    }

    /// For an input of so many channels.
    pub(super) fn over(&self, channels: u32) -> Result<Normalized, String> {
        let n = self.mean.len().max(self.std.len());
        let fits = |values: &[f64]| values.len() == 1 || values.len() == channels as usize;
        if !fits(&self.mean) || !fits(&self.std) || n > 4 {
            return Err(format!(
                "--mean has {} numbers, --std {}, the input {channels} channels; give one number for all, or one for each of at \
                 most 4 channels",
                self.mean.len(),
                self.std.len()
            ));
        }
        let of = |values: &[f64], c: usize| if values.len() == 1 { values[0] } else { values[c] };
        let pairs: Vec<(f64, f64)> = (0..n).map(|c| (of(&self.mean, c), of(&self.std, c))).collect();
        if let Some((mean, std)) = pairs.iter().find(|(m, s)| !(m.is_finite() && s.is_finite() && *s > 0.0)) {
            return Err(format!(
                "a mean of {mean} and a standard deviation of {std} are not possible; give a positive --std"
            ));
        }
        let widest = pairs.iter().map(|pair| pair.1).fold(0.0, f64::max);
        let at = |k: u32| {
            let unit = 1.0 / (255.0 * f64::from(k) * widest);
            let scaled = pairs.iter().map(|&(mean, std)| (1.0 / (std * unit), -mean / (std * unit)));
            let off = |(gain, offset): (f64, f64)| {
                let exact = move |p: u32| gain * f64::from(p) / 255.0 + offset;
                (0..=255).map(move |p| (exact(p) - exact(p).round()).abs()).fold(0.0, f64::max)
            };
            (unit, scaled.clone().map(off).fold(0.0, f64::max), scaled.collect::<Vec<_>>())
        };
        let fine = (1..8).find(|&k| at(k).1 <= f64::from(k) / 32.0).unwrap_or(8);
        let (unit, off, scaled) = at(fine);
        let encoding = if let [(gain, offset)] = scaled[..] {
            InputEncoding::Affine { gain: gain as f32, offset: offset as f32 }
        } else {
            let (mut gain, mut offset) = ([0.0; 4], [0.0; 4]);
            for (c, &(g, o)) in scaled.iter().enumerate() {
                (gain[c], offset[c]) = (g as f32, o as f32);
            }
            InputEncoding::ByChannel { channels: n as u8, gain, offset }
        };
        Ok(Normalized { encoding, unit, error: off * unit })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normalize(mean: &[f64], std: &[f64]) -> Normalize {
        Normalize { mean: mean.to_vec(), std: std.to_vec() }
    }

    /// Every integer is its value within the error that is stated.
    fn holds(normalize: &Normalize, channels: u32) -> f64 {
        let found = normalize.over(channels).expect("possible");
        let plane: Vec<u8> = (0..=255).collect();
        let integers = found.encoding.encode(&plane.repeat(channels as usize));
        for (i, x) in integers.into_iter().enumerate() {
            let c = i / 256;
            let of = |values: &[f64]| values[c.min(values.len() - 1)];
            let exact = ((i % 256) as f64 / 255.0 - of(&normalize.mean)) / of(&normalize.std);
            let off = (f64::from(x) * found.unit - exact).abs();
            assert!(off <= found.error + 1e-5, "channel {c}, pixel {}: off by {off}, not {}", i % 256, found.error);
        }
        found.error
    }

    #[test]
    fn integers_are_the_normalized_intensities() {
        // MNIST's and CIFAR-10's usual numbers.
        assert!(holds(&normalize(&[0.1307], &[0.3081]), 1) < 0.001);
        assert!(holds(&normalize(&[0.4914, 0.4822, 0.4465], &[0.2470, 0.2435, 0.2616]), 3) < 0.002);
        assert!(holds(&normalize(&[0.5], &[0.25, 0.5]), 2) < 0.004);
        // Without a rest nothing is rounded, and one intensity is one integer.
        let plain = normalize(&[0.0], &[1.0]).over(1).expect("possible");
        assert_eq!(plain.encoding, InputEncoding::Affine { gain: 255.0, offset: -0.0 });
        assert!(plain.error < 1e-12);
    }

    #[test]
    fn what_is_not_possible_is_named() {
        let error =
            |mean: &[f64], std: &[f64], channels| normalize(mean, std).over(channels).expect_err("not possible");
        assert!(error(&[0.1, 0.2], &[1.0], 3).contains("--mean has 2 numbers"));
        assert!(error(&[0.1], &[0.0], 1).contains("positive --std"));
        assert!(error(&[f64::NAN], &[1.0], 1).contains("not possible"));
    }
}
