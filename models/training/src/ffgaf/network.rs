//! The trained network: what inference, export and deployment need, and nothing else.
//!
//! Layer: z = conv(n_in, W); n_c = clip(⌊g_c·z + b_c + ½⌋, 0, L) with g_c = κ·w_c/√(v_c + ε) and b_c = κ·β_c − g_c·μ_c
//! ([`Layer::gain`], [`Layer::bias`]), i.e. an IF neuron with weights g_c·W, bias b_c, initial potential ½ and threshold 1 that first
//! receives all its input and then fires at most L times.

use super::block::{EPSILON, argmax, channel_sums};
use super::config::{Config, Norm, Readout};
use super::goodness::{group_readout, regions, scores, squares};
use crate::kernels::{Conv, ConvShape, Scratch, Source, SumPool, quantize, sample_sums};
use datasets::Dataset;
use rayon::prelude::*;

mod stepped;

/// One trained layer. All vectors in natural order without padding.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// Input shape before pooling, C·H·W.
    pub input: [usize; 3],
    /// Output channels.
    pub channels: usize,
    /// Kernel side, taps.
    pub kernel: usize,
    /// Stride, pixels.
    pub stride: usize,
    /// Zero padding, pixels.
    pub pad: usize,
    /// Side of the windows over which spikes are summed before the convolution; 1: none.
    pub pool: usize,
    /// L, spikes per neuron and sample at most.
    pub levels: u8,
    /// κ, counts per standard deviation.
    pub kappa: f32,
    /// `[out][in][ky][kx]`.
    pub weight: Vec<f32>,
    /// μ_c of z.
    pub mean: Vec<f32>,
    /// v_c of z.
    pub variance: Vec<f32>,
    /// w_c.
    pub channel_weight: Vec<f32>,
    /// β_c.
    pub channel_bias: Vec<f32>,
    /// Channels of each class's group, consecutive; they sum to `channels`.
    pub groups: Vec<usize>,
    /// α(2/κ²)·classes/channels.
    pub logit_gain: f32,
    /// Side of the read-out grid.
    pub grid: usize,
    /// Learned read-out `[class][region][channel]`; empty for plain goodness.
    pub readout: Vec<f32>,
}

impl Layer {
    /// Output shape, C·H·W.
    #[must_use]
    pub fn output(&self) -> [usize; 3] {
        let s = self.shape();
        [self.channels, s.out_h(), s.out_w()]
    }

    /// Fused gain of channel `c`: counts per unit of z.
    #[must_use]
    pub fn gain(&self, c: usize) -> f32 {
        (f64::from(self.kappa) * f64::from(self.channel_weight[c])
            / (f64::from(self.variance[c]) + f64::from(EPSILON)).sqrt()) as f32
    }

    /// Fused bias of channel `c`, counts.
    #[must_use]
    pub fn bias(&self, c: usize) -> f32 {
        let gain = f64::from(self.kappa) * f64::from(self.channel_weight[c])
            / (f64::from(self.variance[c]) + f64::from(EPSILON)).sqrt();
        (f64::from(self.kappa) * f64::from(self.channel_bias[c]) - f64::from(self.mean[c]) * gain) as f32
    }

    /// Takes mean and variance of `count` values of each channel from samples' Σ z and Σ z² of the padded channels.
    fn estimate(&mut self, sums: &[Vec<f64>], count: f64) {
        let padded = self.shape().out_c;
        for o in 0..self.channels {
            let mean = sums.iter().map(|s| s[o]).sum::<f64>() / count;
            self.mean[o] = mean as f32;
            self.variance[o] = (sums.iter().map(|s| s[padded + o]).sum::<f64>() / count - mean * mean).max(0.0) as f32;
        }
    }

    fn shape(&self) -> ConvShape {
        let [c, h, w] = self.convolved();
        ConvShape::new((h, w), c, self.channels, self.kernel, self.stride, self.pad)
    }

    /// Shape of the map that the convolution sees, C·H·W: the input after pooling.
    #[must_use]
    pub fn convolved(&self) -> [usize; 3] {
        self.pooled().output()
    }

    fn pooled(&self) -> SumPool {
        SumPool::new(self.input, self.pool)
    }
}

/// A trained network.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// How it was trained.
    pub config: Config,
    /// Image shape, C·H·W.
    pub input: [usize; 3],
    /// Number of classes.
    pub classes: usize,
    /// Layers, input side first.
    pub layers: Vec<Layer>,
}

/// Scores of one image after one layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores {
    /// Goodness of each class, mean n² of its group (eq. 5).
    pub goodness: Vec<f32>,
    /// Logits of the layer's trained read-out; equal to the scaled goodness if none was learned.
    pub logits: Vec<f32>,
}

/// Correct classifications after each layer.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Evaluation {
    /// Images evaluated.
    pub images: usize,
    /// Correct by argmax goodness, per layer.
    pub goodness: Vec<usize>,
    /// Correct by the layer's read-out, per layer (the same numbers if none was learned).
    pub readout: Vec<usize>,
    /// Spikes emitted, per layer, over all images.
    pub spikes: Vec<u64>,
}

impl Evaluation {
    /// Accuracy in percent of the last layer's read-out: the network's prediction.
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        100.0 * self.readout.last().copied().unwrap_or(0) as f64 / self.images.max(1) as f64
    }
}

/// A network prepared for inference: packed weights, fused constants. Predictions of an image do not depend on other images.
pub struct Runner<'a> {
    network: &'a Network,
    layers: Vec<Prepared>,
}

struct Prepared {
    pool: SumPool,
    conv: Conv,
    weight: Vec<f32>,
    gain: Vec<f32>,
    bias: Vec<f32>,
    region: Vec<u8>,
    goodness: Vec<f32>,
    readout: Vec<f32>,
}

impl Prepared {
    fn new(layer: &Layer) -> Self {
        let s = layer.shape();
        let weight = s.packed(&layer.weight, layer.input[0]);
        let pad =
            |f: &dyn Fn(usize) -> f32| (0..s.out_c).map(|c| if c < layer.channels { f(c) } else { 0.0 }).collect();
        let count = layer.grid * layer.grid;
        let mut readout = Vec::new();
        for row in layer.readout.chunks_exact(layer.channels) {
            readout.extend_from_slice(row);
            readout.resize(readout.len() + s.out_c - layer.channels, 0.0);
        }
        Self {
            pool: layer.pooled(),
            conv: Conv::new(s),
            weight,
            gain: pad(&|c| layer.gain(c)),
            bias: pad(&|c| layer.bias(c)),
            region: regions(s.out_h(), s.out_w(), layer.grid),
            goodness: group_readout(&layer.groups, count, s.out_c),
            readout,
        }
    }

    /// z of one sample, in the kernels' layout; spikes are summed first where the layer pools.
    fn convolve(&self, x: Source<'_>, scratch: &mut Scratch, z: &mut Vec<f32>) {
        z.resize(self.conv.shape.out_len(), 0.0);
        let mut sums = Vec::new();
        let x = match x {
            Source::Counts(counts) => Source::Counts(self.pool.batch(counts, &mut sums)),
            real @ Source::Real(_) => real,
        };
        self.conv.forward(x, &self.weight, z, scratch);
    }

    /// Counts of one sample, in the kernels' layout.
    fn counts(&self, layer: &Layer, norm: Norm, x: Source<'_>, scratch: &mut Scratch, z: &mut Vec<f32>) -> Vec<u8> {
        let s = &self.conv.shape;
        self.convolve(x, scratch, z);
        let mut counts = vec![0u8; s.out_len()];
        if norm == Norm::Sample {
            let (mut sum, mut square) = (vec![0.0; s.out_c], vec![0.0; s.out_c]);
            sample_sums(z, &mut sum, &mut square);
            let mut own = layer.clone();
            for c in 0..layer.channels {
                let mean = sum[c] / s.out_pixels() as f64;
                own.mean[c] = mean as f32;
                own.variance[c] = (square[c] / s.out_pixels() as f64 - mean * mean).max(0.0) as f32;
            }
            let pad = |f: &dyn Fn(usize) -> f32| {
                (0..s.out_c).map(|c| if c < layer.channels { f(c) } else { 0.0 }).collect::<Vec<_>>()
            };
            quantize(z, &pad(&|c| own.gain(c)), &pad(&|c| own.bias(c)), layer.levels, &mut counts);
        } else {
            quantize(z, &self.gain, &self.bias, layer.levels, &mut counts);
        }
        counts
    }

    fn features(&self, counts: &[u8]) -> Vec<f32> {
        let c = self.conv.shape.out_c;
        let regions = usize::from(*self.region.iter().max().expect("a layer has pixels")) + 1;
        let sums = squares(counts, &self.region, regions * c);
        sums.iter().map(|&s| s as f32 / self.conv.shape.out_pixels() as f32).collect()
    }

    fn scores(&self, layer: &Layer, counts: &[u8]) -> Scores {
        let f = self.features(counts);
        let mean = layer.channels as f32 / layer.groups.len() as f32;
        let goodness = scores(&self.goodness, &f, 1.0 / mean);
        let logits = if self.readout.is_empty() {
            goodness.iter().map(|g| g * mean * layer.logit_gain).collect()
        } else {
            scores(&self.readout, &f, layer.logit_gain)
        };
        Scores { goodness, logits }
    }
}

impl<'a> Runner<'a> {
    /// Packs the weights of `network`.
    #[must_use]
    pub fn new(network: &'a Network) -> Self {
        Self { network, layers: network.layers.iter().map(Prepared::new).collect() }
    }

    /// Encoded image in the kernels' layout.
    fn encode(&self, image: &[u8]) -> Vec<f32> {
        let s = &self.layers[0].conv.shape;
        let mut x = vec![0.0; s.in_len()];
        self.network.config.input.encode_into(image, self.network.input, s.in_c, &mut x);
        x
    }

    /// Counts of every layer for one sample, kernels' layout.
    fn run(&self, image: &[u8]) -> Vec<Vec<u8>> {
        if self.network.config.input.is_events() {
            return self.run_steps(image);
        }
        let (mut scratch, mut z) = (Scratch::default(), Vec::new());
        let x = self.encode(image);
        let mut all: Vec<Vec<u8>> = Vec::with_capacity(self.layers.len());
        for (p, layer) in self.layers.iter().zip(&self.network.layers) {
            let source = all.last().map_or(Source::Real(&x), |n| Source::Counts(n));
            let n = p.counts(layer, self.network.config.norm, source, &mut scratch, &mut z);
            all.push(n);
        }
        all
    }

    /// Spike counts of every layer for one image (C·H·W pixels), each in C·H·W order.
    #[must_use]
    pub fn forward_counts(&self, image: &[u8]) -> Vec<Vec<u8>> {
        let counts = self.run(image);
        counts
            .iter()
            .zip(&self.layers)
            .zip(&self.network.layers)
            .map(|((n, p), layer)| {
                let c = p.conv.shape.out_c;
                (0..layer.channels).flat_map(|o| n.iter().skip(o).step_by(c).copied()).collect()
            })
            .collect()
    }

    /// Scores after every layer for one image.
    #[must_use]
    pub fn scores(&self, image: &[u8]) -> Vec<Scores> {
        let counts = self.run(image);
        counts.iter().zip(&self.layers).zip(&self.network.layers).map(|((n, p), l)| p.scores(l, n)).collect()
    }

    /// Predicted class of one image: the last layer's read-out.
    #[must_use]
    pub fn classify(&self, image: &[u8]) -> usize {
        argmax(&self.scores(image).last().expect("a network has layers").logits)
    }

    /// Accuracy of every layer and read-out on a data set.
    #[must_use]
    pub fn evaluate(&self, data: &Dataset) -> Evaluation {
        let depth = self.layers.len();
        let zero =
            || Evaluation { images: 0, goodness: vec![0; depth], readout: vec![0; depth], spikes: vec![0; depth] };
        (0..data.len())
            .into_par_iter()
            .fold(zero, |mut e, i| {
                let counts = self.run(data.image(i));
                let y = usize::from(data.labels[i]);
                e.images += 1;
                for (l, (n, p)) in counts.iter().zip(&self.layers).enumerate() {
                    let s = p.scores(&self.network.layers[l], n);
                    e.goodness[l] += usize::from(argmax(&s.goodness) == y);
                    e.readout[l] += usize::from(argmax(&s.logits) == y);
                    e.spikes[l] += n.iter().map(|&n| u64::from(n)).sum::<u64>();
                }
                e
            })
            .reduce(zero, |mut a, b| {
                a.images += b.images;
                for l in 0..depth {
                    a.goodness[l] += b.goodness[l];
                    a.readout[l] += b.readout[l];
                    a.spikes[l] += b.spikes[l];
                }
                a
            })
    }
}

impl Network {
    /// Whether images of `data` are what the network takes, in no more classes than it has.
    ///
    /// # Errors
    /// How they differ.
    pub fn accepts(&self, data: &Dataset) -> Result<(), String> {
        let shape = self.config.frame(data.shape).map_err(|error| error.to_string())?;
        let ([c, h, w], [own_c, own_h, own_w]) = (shape, self.input);
        if shape != self.input {
            return Err(format!(
                "takes images of {own_c} × {own_h} × {own_w}; those of {} are {c} × {h} × {w}",
                data.name
            ));
        }
        match data.labels.iter().find(|&&label| usize::from(label) >= self.classes) {
            Some(label) => Err(format!("has {} classes; {} holds an image of class {label}", self.classes, data.name)),
            None => Ok(()),
        }
    }

    /// Re-estimates μ_c and v_c layer by layer over `images` of `data`, weights frozen. No effect for per-sample statistics.
    pub fn calibrate(&mut self, data: &Dataset, images: &[u32]) {
        if self.config.norm == Norm::Sample {
            return;
        }
        if self.config.input.is_events() {
            return self.calibrate_steps(data, images);
        }
        let mut inputs: Vec<Vec<u8>> = Vec::new();
        for l in 0..self.layers.len() {
            let p = Prepared::new(&self.layers[l]);
            let c = p.conv.shape.out_c;
            let encode = |i: u32| {
                let mut x = vec![0.0; p.conv.shape.in_len()];
                self.config.input.encode_into(data.image(i as usize), self.input, p.conv.shape.in_c, &mut x);
                x
            };
            let sums: Vec<Vec<f64>> = images
                .par_iter()
                .enumerate()
                .map_init(
                    || (Scratch::default(), Vec::new()),
                    |(scratch, z), (k, &i)| {
                        let x = if l == 0 { encode(i) } else { Vec::new() };
                        let source = if l == 0 { Source::Real(&x) } else { Source::Counts(&inputs[k]) };
                        p.convolve(source, scratch, z);
                        channel_sums(z, c)
                    },
                )
                .collect();
            let count = (images.len() * p.conv.shape.out_pixels()) as f64;
            self.layers[l].estimate(&sums, count);
            if self.config.weight_bits > 0 {
                self.layers[l].settle(self.config.weight_bits, self.config.input_step(l));
            }
            if l + 1 < self.layers.len() {
                let p = Prepared::new(&self.layers[l]);
                let (layer, norm) = (&self.layers[l], self.config.norm);
                inputs = images
                    .par_iter()
                    .enumerate()
                    .map_init(
                        || (Scratch::default(), Vec::new()),
                        |(scratch, z), (k, &i)| {
                            let x = if l == 0 { encode(i) } else { Vec::new() };
                            let source = if l == 0 { Source::Real(&x) } else { Source::Counts(&inputs[k]) };
                            p.counts(layer, norm, source, scratch, z)
                        },
                    )
                    .collect();
            }
        }
    }

    /// Convolution weights, channel weights, biases and, if learned, the last layer's read-out.
    #[must_use]
    pub fn parameters(&self) -> usize {
        let conv: usize = self.layers.iter().map(|l| l.weight.len() + 2 * l.channels).sum();
        let learned = self.config.readout == Readout::Learned;
        conv + if learned { self.layers.last().map_or(0, |l| l.readout.len()) } else { 0 }
    }
}
