//! Figure 5: what each layer makes of one image.
//!
//! Per channel: the feature map ẑ = (z − μ)/√(v + ε), z the convolution of the incoming counts; the weighted map
//! u = κ·(w·ẑ + β), in counts; the spike map n = clip(⌊u + ½⌋, 0, L). The spike maps shown are those of the network itself;
//! where rounding makes them differ from the formula, the number of such neurons is stated.

use crate::exhibit::{Exhibit, Provenance};
use anyhow::{Result, ensure};
use charts::{Map, MapRow, Scale};
use datasets::Dataset;
use serde::Serialize;
use spikeloom::report::text::{Table, align_right};
use std::fmt::Write as _;
use training::ffgaf::{EPSILON, Layer, Network, Runner};

/// The maps of one channel, row-major.
#[derive(Debug, Serialize)]
struct Channel {
    channel: usize,
    /// The class whose group the channel belongs to.
    class: usize,
    feature: Vec<f64>,
    weighted: Vec<f64>,
    spikes: Vec<u8>,
}

#[derive(Debug, Serialize)]
struct LayerMaps {
    layer: usize,
    height: usize,
    width: usize,
    spikes: u64,
    /// Neurons whose spikes differ from the formula by rounding.
    rounded_otherwise: usize,
    channels: Vec<Channel>,
}

/// What each layer makes of one image.
#[derive(Debug, Serialize)]
pub struct Figure {
    title: &'static str,
    model: String,
    dataset: String,
    image: usize,
    label: u8,
    class: usize,
    layers: Vec<LayerMaps>,
    #[serde(skip)]
    network: Network,
    #[serde(skip)]
    pixels: Vec<u8>,
}

impl Figure {
    /// The maps of image `at`, of each layer the `shown` channels with the most spikes.
    ///
    /// # Errors
    /// If there is no such image.
    pub fn new(model: &str, network: &Network, images: &Dataset, at: usize, shown: usize) -> Result<Self> {
        ensure!(
            at < images.len(),
            "--image {at}: {} has {} images; give 0 to {}",
            images.name,
            images.len(),
            images.len() - 1
        );
        let image = images.image(at);
        let runner = Runner::new(network);
        Ok(Self {
            title: "FFGAF-SNN, figure 5: feature maps, weighted maps and spike maps",
            model: model.to_owned(),
            dataset: images.name.clone(),
            image: at,
            label: images.label(at),
            class: runner.classify(image),
            layers: layers(network, image, &runner.forward_counts(image), shown),
            network: network.clone(),
            pixels: image.to_owned(),
        })
    }
}

fn layers(network: &Network, image: &[u8], counts: &[Vec<u8>], shown: usize) -> Vec<LayerMaps> {
    let step = f64::from(network.config.input.step());
    let mut input: Vec<f64> = network.config.input.encode(image).into_iter().map(|v| f64::from(v) * step).collect();
    let mut all = Vec::new();
    for (l, (layer, counts)) in network.layers.iter().zip(counts).enumerate() {
        let [channels, height, width] = layer.output();
        input = pooled(layer, &input);
        let maps: Vec<Channel> = (0..channels).map(|c| channel(layer, c, &input, counts)).collect();
        let formula = |u: f64| (u + 0.5).floor().clamp(0.0, f64::from(layer.levels)) as u8;
        let rounded_otherwise =
            maps.iter().flat_map(|c| c.weighted.iter().zip(&c.spikes)).filter(|(u, n)| formula(**u) != **n).count();
        let mut kept = maps;
        let activity = |c: &Channel| c.spikes.iter().map(|&n| u64::from(n)).sum::<u64>();
        kept.sort_by_key(|c| (std::cmp::Reverse(activity(c)), c.channel));
        kept.truncate(shown);
        let spikes = counts.iter().map(|&n| u64::from(n)).sum();
        all.push(LayerMaps { layer: l + 1, height, width, spikes, rounded_otherwise, channels: kept });
        input = counts.iter().map(|&n| f64::from(n)).collect();
    }
    all
}

fn channel(layer: &Layer, c: usize, input: &[f64], counts: &[u8]) -> Channel {
    let [_, height, width] = layer.output();
    let deviation = (f64::from(layer.variance[c]) + f64::from(EPSILON)).sqrt();
    let feature: Vec<f64> = (0..height * width)
        .map(|p| (convolve(layer, c, (p / width, p % width), input) - f64::from(layer.mean[c])) / deviation)
        .collect();
    let (weight, bias) = (f64::from(layer.channel_weight[c]), f64::from(layer.channel_bias[c]));
    let weighted = feature.iter().map(|z| f64::from(layer.kappa) * (weight * z + bias)).collect();
    let spikes = counts[c * height * width..][..height * width].to_vec();
    let ends = layer.groups.iter().scan(0, |end, n| {
        *end += n;
        Some(*end)
    });
    let class = ends.take_while(|end| *end <= c).count();
    Channel { channel: c, class, feature, weighted, spikes }
}

/// The layer's input summed over its windows.
fn pooled(layer: &Layer, input: &[f64]) -> Vec<f64> {
    let (side, [_, full_h, full_w]) = (layer.pool, layer.input);
    let [channels, h, w] = layer.convolved();
    let window = |c: usize, y: usize, x: usize| {
        let rows = (0..side).map(move |k| (c * full_h + y * side + k) * full_w + x * side);
        rows.flat_map(|start| &input[start..start + side]).sum()
    };
    (0..channels * h * w).map(|i| window(i / (h * w), i / w % h, i % w)).collect()
}

/// z of channel `c` at (y, x): the plain sum.
fn convolve(layer: &Layer, c: usize, (y, x): (usize, usize), input: &[f64]) -> f64 {
    let [c_in, h, w] = layer.convolved();
    let k = layer.kernel;
    let mut sum = 0.0;
    for i in 0..c_in {
        for (ky, kx) in (0..k).flat_map(|ky| (0..k).map(move |kx| (ky, kx))) {
            let iy = (y * layer.stride + ky).checked_sub(layer.pad).filter(|iy| *iy < h);
            let ix = (x * layer.stride + kx).checked_sub(layer.pad).filter(|ix| *ix < w);
            if let (Some(iy), Some(ix)) = (iy, ix) {
                sum += f64::from(layer.weight[((c * c_in + i) * k + ky) * k + kx]) * input[(i * h + iy) * w + ix];
            }
        }
    }
    sum
}

impl Exhibit for Figure {
    fn text(&self) -> String {
        let mut table = Table::new(&["layer", "channels shown (class)", "map", "spikes", "rounded otherwise"]);
        for l in &self.layers {
            let shown: Vec<String> = l.channels.iter().map(|c| format!("{} ({})", c.channel, c.class)).collect();
            table.row(vec![
                l.layer.to_string(),
                shown.join(" "),
                format!("{}×{}", l.height, l.width),
                l.spikes.to_string(),
                l.rounded_otherwise.to_string(),
            ]);
        }
        format!(
            "{}\n{}, image {} of {}: class {}, decided {}\n\n{}\n",
            self.title,
            self.model,
            self.image,
            self.dataset,
            self.label,
            self.class,
            align_right(table, 2)
        )
    }

    fn csv(&self) -> String {
        let mut out = String::from("layer,channel,class,y,x,feature,weighted,spikes\n");
        for l in &self.layers {
            for c in &l.channels {
                for (p, ((z, u), n)) in c.feature.iter().zip(&c.weighted).zip(&c.spikes).enumerate() {
                    let (y, x) = (p / l.width, p % l.width);
                    let _ = writeln!(out, "{},{},{},{y},{x},{z:.5},{u:.5},{n}", l.layer, c.channel, c.class);
                }
            }
        }
        out
    }

    fn picture(&self, made_by: &Provenance) -> String {
        picture(self, &self.network, &self.pixels, made_by)
    }
}

/// The image, then per layer three rows: feature maps, weighted maps, spike maps.
fn picture(figure: &Figure, network: &Network, image: &[u8], made_by: &Provenance) -> String {
    let [c, h, w] = network.input;
    let pixels = (0..h * w).flat_map(|p| [0, 1, 2].map(|i| f64::from(image[i.min(c - 1) * h * w + p]))).collect();
    let shown = Map { name: format!("class {}", figure.label), height: h, width: w, values: pixels };
    let row = MapRow { name: "pixels".into(), scale: Scale::Counts { most: 255.0 }, maps: vec![shown] };
    let mut groups = vec![(format!("image {} of {}", figure.image, figure.dataset), vec![row])];
    for (maps, layer) in figure.layers.iter().zip(&network.layers) {
        let row = |name: &str, scale: Scale, values: &dyn Fn(&Channel) -> Vec<f64>| MapRow {
            name: name.into(),
            scale,
            maps: maps.channels.iter().map(|c| maps.map(c, values(c))).collect(),
        };
        let signed = |values: &dyn Fn(&Channel) -> &[f64]| Scale::Signed {
            most: maps.channels.iter().flat_map(values).fold(f64::MIN_POSITIVE, |m, v| m.max(v.abs())),
        };
        let rows = vec![
            row("feature maps (convolution, normalized)", signed(&|c| &c.feature), &|c| c.feature.clone()),
            row("weighted feature maps [spikes]", signed(&|c| &c.weighted), &|c| c.weighted.clone()),
            row("spike maps [spikes]", Scale::Counts { most: f64::from(layer.levels) }, &|c| {
                c.spikes.iter().map(|&n| f64::from(n)).collect()
            }),
        ];
        groups.push((format!("layer {}: {}×{}, {} spikes", maps.layer, maps.height, maps.width, maps.spikes), rows));
    }
    charts::Maps {
        title: &format!("Feature maps of {}", figure.model),
        groups: &groups,
        note: &format!("the channels with the most spikes, with the class of their group; {}", made_by.still()),
    }
    .svg()
}

impl LayerMaps {
    fn map(&self, channel: &Channel, values: Vec<f64>) -> Map {
        let name = format!("ch {} (cl {})", channel.channel, channel.class);
        Map { name, height: self.height, width: self.width, values }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use training::zoo;

    #[test]
    fn the_maps_shown_lead_to_the_spikes_of_the_network() {
        let (network, _) = zoo::find("mnist-small").expect("bundled").load().expect("whole");
        let images = datasets::bundled::mnist_test_500();
        let counts = Runner::new(&network).forward_counts(images.image(3));
        let maps = layers(&network, images.image(3), &counts, usize::MAX);
        for (layer, maps) in network.layers.iter().zip(&maps) {
            let neurons: usize = layer.output().iter().product();
            assert!(
                maps.spikes > 0 && maps.rounded_otherwise * 10_000 <= neurons,
                "{} of {neurons}",
                maps.rounded_otherwise
            );
        }
    }
}
