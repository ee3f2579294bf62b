//! What an analytical model needs to know of a network: geometry, neuron, and how many spikes pass each layer.
//!
//! The JSON form is the `network` object of the reference cases, for example
//! `{"mode": "snn", "T": 4, "layers": [{"kind": "conv", "cin": 2, "h": 16, "w": 16, "cout": 8, "kernel": 3, "stride": 2,
//! "padding": 1, "bias": true, "neuron": "lif", "theta_in": 521.3, "theta_out": 16.3}]}`.
//! `kernel`, `stride` and `padding` are one number or `[vertical, horizontal]`; an unknown field is refused. Pooling,
//! flattening and activation functions are not layers here: every model lists them as free.

use serde::{Deserialize, Serialize};

use super::layer_file::LayerFile;

/// Formal network, or spiking network run for a number of steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Formal (frame-based) network: one pass.
    Ann,
    /// Spiking network: `T` steps.
    Snn,
}

/// A network as the analytical models see it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// Formal or spiking.
    pub mode: Mode,
    /// T: time steps per inference; 1 for a formal network.
    #[serde(rename = "T", alias = "timesteps", default = "one_step")]
    pub timesteps: u32,
    /// Layers with weights, in order.
    pub layers: Vec<Layer>,
}

fn one_step() -> u32 {
    1
}

/// The neuron after a layer. Without one, a spiking layer only integrates: it neither leaks, fires nor resets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Neuron {
    /// Integrate and fire.
    If,
    /// Leaky integrate and fire: one multiply-accumulate per neuron and step more than [`Neuron::If`].
    Lif,
}

/// A layer with weights, and its activity per inference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "LayerFile", into = "LayerFile")]
pub struct Layer {
    /// Name used in reports.
    pub name: String,
    /// Geometry.
    pub shape: Shape,
    /// Whether each output channel (or neuron) has a bias.
    pub bias: bool,
    /// How many output channels have a bias that is not zero; all of them if absent and `bias` is set.
    pub biased_channels: Option<u32>,
    /// The neuron, if any; unused in a formal network.
    pub neuron: Option<Neuron>,
    /// Direct encoding: a real-valued input, the same at every step. `theta_in` then counts its non-zero elements once.
    pub analog: bool,
    /// θ_in: spikes into the layer, summed over T. Needed in a spiking network.
    pub theta_in: Option<f64>,
    /// θ_out: spikes out of the layer, summed over T. Needed in a spiking network.
    pub theta_out: Option<f64>,
    /// Spikes per input element, row-major `[C][H][W]`, summed over T (for an analog input: 1 where it is not zero).
    /// The `exact` reading of a spiking convolution needs it: the fan-out of a spike depends on its position.
    pub input_spikes: Option<Vec<f64>>,
    /// Spikes are spread evenly over the input map, which then needs no listing. Files list them.
    pub even: bool,
}

/// Geometry of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Shape {
    /// Two-dimensional convolution.
    Conv(Conv),
    /// Fully connected layer, `n_in` to `n_out`.
    Fc {
        /// Inputs.
        n_in: u32,
        /// Outputs.
        n_out: u32,
    },
}

/// Two-dimensional convolution of a `c_in × h_in × w_in` map; pairs are \[vertical, horizontal\].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conv {
    /// Input channels.
    pub c_in: u32,
    /// Input height.
    pub h_in: u32,
    /// Input width.
    pub w_in: u32,
    /// Output channels.
    pub c_out: u32,
    /// Kernel size.
    pub kernel: [u32; 2],
    /// Stride, at least 1.
    pub stride: [u32; 2],
    /// Zero padding on both sides.
    pub padding: [u32; 2],
    /// Groups; divides both channel counts.
    pub groups: u32,
}

impl Conv {
    /// \[height, width\] of the output map.
    pub fn output_size(&self) -> [u32; 2] {
        let size = |n: u32, i: usize| (n + 2 * self.padding[i] - self.kernel[i]) / self.stride[i] + 1;
        [size(self.h_in, 0), size(self.w_in, 1)]
    }

    /// Output positions that a spike in each row, and in each column, of the input reaches:
    /// for input coordinate y, the number of k with 0 ≤ (y + p − k)/s < n_out and s | (y + p − k).
    pub fn reach(&self) -> [Vec<u32>; 2] {
        let out = self.output_size();
        let along = |n: u32, i: usize| {
            let [kernel, stride, padding, outputs] =
                [self.kernel[i], self.stride[i], self.padding[i], out[i]].map(i64::from);
            let hits = |y: u32| {
                // Outputs o with o·s ≤ y + p ≤ o·s + kernel − 1.
                let last = (i64::from(y) + padding).div_euclid(stride).min(outputs - 1);
                let first = (i64::from(y) + padding - kernel).div_euclid(stride).max(-1) + 1;
                (last - first + 1).max(0) as u32
            };
            (0..n).map(hits).collect()
        };
        [along(self.h_in, 0), along(self.w_in, 1)]
    }

    /// Synaptic events caused by `spikes` (row-major `[C][H][W]` counts): Σ spikes·reach_y·reach_x·C_out/groups.
    pub fn synaptic_events(&self, spikes: impl IntoIterator<Item = f64>) -> f64 {
        let [rows, columns] = self.reach();
        let positions = rows.iter().flat_map(|&y| columns.iter().map(move |&x| f64::from(y) * f64::from(x)));
        let reached: f64 = spikes.into_iter().zip(positions.cycle()).map(|(n, taps)| n * taps).sum();
        reached * f64::from(self.c_out / self.groups)
    }
}

impl Shape {
    /// Elements of the input map.
    pub fn n_in(&self) -> f64 {
        match self {
            Self::Conv(c) => f64::from(c.c_in) * f64::from(c.h_in) * f64::from(c.w_in),
            Self::Fc { n_in, .. } => f64::from(*n_in),
        }
    }

    /// Elements of the output map.
    pub fn n_out(&self) -> f64 {
        match self {
            Self::Conv(c) => c.output_size().into_iter().map(f64::from).product::<f64>() * f64::from(c.c_out),
            Self::Fc { n_out, .. } => f64::from(*n_out),
        }
    }

    /// Output channels; the outputs of a fully connected layer.
    pub fn c_out(&self) -> f64 {
        match self {
            Self::Conv(c) => f64::from(c.c_out),
            Self::Fc { n_out, .. } => f64::from(*n_out),
        }
    }

    /// Weights stored, without biases.
    pub fn weights(&self) -> f64 {
        match self {
            Self::Conv(c) => {
                f64::from(c.c_out) * f64::from(c.c_in / c.groups) * f64::from(c.kernel[0]) * f64::from(c.kernel[1])
            }
            Self::Fc { n_in, n_out } => f64::from(*n_in) * f64::from(*n_out),
        }
    }

    /// Groups; 1 for a fully connected layer.
    pub fn groups(&self) -> f64 {
        match self {
            Self::Conv(c) => f64::from(c.groups),
            Self::Fc { .. } => 1.0,
        }
    }

    /// Multiply-accumulates of the dense layer, padding included: every output sees a whole kernel.
    pub fn macs(&self) -> f64 {
        match self {
            Self::Conv(_) => self.n_out() * self.weights() / self.c_out(),
            Self::Fc { .. } => self.weights(),
        }
    }

    /// Multiply-accumulates of the dense layer with the zeros of the padding left out.
    pub fn macs_inside(&self) -> f64 {
        match self {
            Self::Conv(c) => {
                let taps = c.reach().map(|along| along.into_iter().map(f64::from).sum::<f64>());
                taps[0] * taps[1] * f64::from(c.c_in) * f64::from(c.c_out / c.groups)
            }
            Self::Fc { .. } => self.weights(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reach_counts_what_an_enumeration_of_outputs_counts() {
        for (h_in, kernel, stride, padding) in
            [(7, 3, 2, 1), (8, 3, 1, 1), (8, 5, 3, 0), (9, 2, 2, 0), (5, 1, 1, 0), (6, 4, 3, 2)]
        {
            let conv = Conv {
                c_in: 1,
                h_in,
                w_in: h_in,
                c_out: 1,
                kernel: [kernel; 2],
                stride: [stride; 2],
                padding: [padding; 2],
                groups: 1,
            };
            let mut expected = vec![0; h_in as usize];
            for out in 0..conv.output_size()[0] {
                for k in 0..kernel {
                    let y = i64::from(out * stride + k) - i64::from(padding);
                    if let Some(count) = usize::try_from(y).ok().and_then(|y| expected.get_mut(y)) {
                        *count += 1;
                    }
                }
            }
            assert_eq!(conv.reach()[0], expected, "{conv:?}");
        }
    }

    #[test]
    fn mean_fan_out_of_a_strided_convolution_is_below_k_over_s_squared() {
        let mean = |size: u32, stride| {
            let conv = Conv {
                c_in: 1,
                h_in: size,
                w_in: size,
                c_out: 1,
                kernel: [3; 2],
                stride: [stride; 2],
                padding: [1; 2],
                groups: 1,
            };
            Shape::Conv(conv).macs_inside() / f64::from(size * size)
        };
        assert!((2.06..2.17).contains(&mean(16, 2)), "{}", mean(16, 2));
        assert!((8.27..8.64).contains(&mean(32, 1)), "{}", mean(32, 1));
    }
}
