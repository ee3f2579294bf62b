//! The networks of FFGAF-SNN's Table 2, as described by their authors, and the other geometries its digits point to.

use crate::analytic::{Conv, Layer, Mode, Network, Neuron, Shape};

/// Activity given to the two spiking perceptrons under the cited model; their papers state neither.
pub(super) const MLP_TIMESTEPS: u32 = 10;
/// Spikes per neuron and step, as [`MLP_TIMESTEPS`].
pub(super) const MLP_RATE: f64 = 0.2;
/// Output spikes per neuron and step given to the four layers of FFGAF-SNN; the paper states none.
pub(super) const FFGAF_RATES: [f64; 4] = [0.10, 0.08, 0.06, 0.05];

fn layer(name: String, shape: Shape, bias: bool) -> Layer {
    Layer {
        name,
        shape,
        bias,
        biased_channels: None,
        neuron: None,
        analog: false,
        theta_in: None,
        theta_out: None,
        input_spikes: None,
        even: false,
    }
}

/// Fully connected formal network of the given widths, without biases.
pub(super) fn mlp(widths: &[u32]) -> Network {
    let layers = widths.windows(2).enumerate();
    let layers = layers.map(|(i, w)| layer(format!("fc{}", i + 1), Shape::Fc { n_in: w[0], n_out: w[1] }, false));
    Network { mode: Mode::Ann, timesteps: 1, layers: layers.collect() }
}

/// The same as a spiking network, inputs and neurons firing at [`MLP_RATE`].
pub(super) fn spiking_mlp(widths: &[u32]) -> Network {
    let mut network = mlp(widths);
    network.mode = Mode::Snn;
    network.timesteps = MLP_TIMESTEPS;
    for layer in &mut network.layers {
        layer.neuron = Some(Neuron::If);
        layer.theta_in = Some(MLP_RATE * f64::from(MLP_TIMESTEPS) * layer.shape.n_in());
        layer.theta_out = Some(MLP_RATE * f64::from(MLP_TIMESTEPS) * layer.shape.n_out());
    }
    network
}

/// A stack of 3×3 convolutions with padding 1: per layer (C_in, map side at the input, C_out, stride, groups).
pub(super) fn convolutions(layers: &[(u32, u32, u32, u32, u32)], bias: bool) -> Network {
    let layers = layers.iter().enumerate().map(|(i, &(c_in, side, c_out, stride, groups))| {
        let conv =
            Conv { c_in, h_in: side, w_in: side, c_out, kernel: [3; 2], stride: [stride; 2], padding: [1; 2], groups };
        layer(format!("conv{}", i + 1), Shape::Conv(conv), bias)
    });
    Network { mode: Mode::Ann, timesteps: 1, layers: layers.collect() }
}

fn with_head(mut network: Network, n_in: u32, bias: bool) -> Network {
    network.layers.push(layer("head".into(), Shape::Fc { n_in, n_out: 10 }, bias));
    network
}

/// CaFo: 32-128-512, a 2×2 pooling after each layer.
pub(super) fn cafo() -> Network {
    convolutions(&[(3, 32, 32, 1, 1), (32, 16, 128, 1, 1), (128, 8, 512, 1, 1)], false)
}

/// CaFo without its pooling and with a first layer of 40 channels, of which 32 are read by the second.
pub(super) fn cafo_unpooled() -> Network {
    convolutions(&[(3, 32, 40, 1, 1), (32, 32, 128, 1, 1), (128, 32, 512, 1, 1)], false)
}

/// CwComp: 20-80-240-480, 10 groups in layers 2 and 4, a 2×2 pooling after layers 2 and 4, linear head on 480×8×8.
pub(super) fn cwcomp() -> Network {
    let layers = [(3, 32, 20, 1, 1), (20, 32, 80, 1, 10), (80, 16, 240, 1, 1), (240, 16, 480, 1, 10)];
    with_head(convolutions(&layers, true), 480 * 8 * 8, true)
}

/// CwComp without groups, without pooling, the head on 480×32×32.
pub(super) fn cwcomp_flat() -> Network {
    let layers = [(3, 32, 20, 1, 1), (20, 32, 80, 1, 1), (80, 32, 240, 1, 1), (240, 32, 480, 1, 1)];
    with_head(convolutions(&layers, false), 480 * 32 * 32, false)
}

/// CwComp's channels without groups or head, on maps of 32, 32, 16 and 8.
pub(super) fn cwcomp_strided() -> Network {
    convolutions(&[(3, 32, 20, 1, 1), (20, 32, 80, 1, 1), (80, 32, 240, 2, 1), (240, 16, 480, 2, 1)], false)
}

/// CwComp's channels with groups of 10 in layers 2 to 4, no head, all maps 32.
pub(super) fn cwcomp_grouped_flat() -> Network {
    convolutions(&[(3, 32, 20, 1, 1), (20, 32, 80, 1, 10), (80, 32, 240, 1, 10), (240, 32, 480, 1, 10)], false)
}

/// FFGAF-SNN for CIFAR-10: 40-120-120-240, strides 1, 2, 1, 2, T = 10, direct encoding, rates of [`FFGAF_RATES`].
pub(super) fn ffgaf() -> Network {
    let layers = [(3, 32, 40, 1, 1), (40, 32, 120, 2, 1), (120, 16, 120, 1, 1), (120, 16, 240, 2, 1)];
    let mut network = convolutions(&layers, true);
    network.mode = Mode::Snn;
    network.timesteps = 10;
    let mut theta_in = network.layers[0].shape.n_in();
    for (layer, rate) in network.layers.iter_mut().zip(FFGAF_RATES) {
        let theta_out = rate * f64::from(network.timesteps) * layer.shape.n_out();
        layer.neuron = Some(Neuron::If);
        layer.theta_in = Some(theta_in);
        layer.theta_out = Some(theta_out);
        theta_in = theta_out;
    }
    network.layers[0].analog = true;
    network
}

/// FFGAF-SNN's channels on maps of 32, 32, 16 and 8, which its strides do not produce.
pub(super) fn ffgaf_late_strides() -> Network {
    convolutions(&[(3, 32, 40, 1, 1), (40, 32, 120, 1, 1), (120, 32, 120, 2, 1), (120, 16, 240, 2, 1)], true)
}
