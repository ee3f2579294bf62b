//! Figure 3: the architecture, drawn from a network: layers, groups of channels, goodness of each class.
//!
//! The paper's figure 3 is a sketch of the training blocks; here the same is drawn from a trained network. Every layer is trained
//! by itself. Its channels are divided among the classes; the spike counts n of a group make the goodness of its class,
//! G_j = mean n² (eq. 5), and the layer's loss asks that the group of the image's class be best. No gradient passes through
//! the spikes of a neuron or from layer to layer. What the picture shows per layer is measured: the mean goodness of every
//! group over the images of every class.

use crate::exhibit::{Exhibit, Provenance};
use datasets::{Dataset, DatasetName};
use serde::Serialize;
use spikeloom::report::text::{Table, align_right};
use std::fmt::Write as _;
use training::ffgaf::{Network, Readout, Runner};

#[derive(Debug, Serialize)]
struct Stage {
    layer: usize,
    /// Channels, height, width of what comes in and of what goes out.
    input: [usize; 3],
    output: [usize; 3],
    kernel: usize,
    stride: usize,
    /// Channels of the group of each class.
    groups: Vec<usize>,
    /// Mean spikes of a neuron for an image.
    spikes_per_neuron: f64,
    /// Images whose class has the highest goodness in this layer \[%\].
    goodness_percent: f64,
    /// Mean goodness of group j over the images of class i, `[i][j]`; a class without images has none.
    goodness: Vec<Option<Vec<f64>>>,
}

/// The method on a trained network.
#[derive(Debug, Serialize)]
pub struct Figure {
    title: &'static str,
    model: String,
    dataset: String,
    images: usize,
    /// How the last layer decides.
    readout: &'static str,
    stages: Vec<Stage>,
    #[serde(skip)]
    classes: Vec<String>,
}

impl Figure {
    /// Measures a network called `model` on images that it takes.
    pub fn new(model: &str, network: &Network, images: &Dataset) -> Self {
        let named = network.config.dataset.parse::<DatasetName>().map(|d| d.class_names().map(str::to_owned));
        Self {
            title: "FFGAF-SNN, figure 3: the architecture, measured on a trained network",
            model: model.to_owned(),
            dataset: images.name.clone(),
            images: images.len(),
            readout: match network.config.readout {
                Readout::Goodness => "the class of highest goodness",
                Readout::Learned => "a read-out learned with the layer's own loss",
            },
            stages: stages(network, images),
            classes: named.map_or_else(|_| (0..network.classes).map(|c| c.to_string()).collect(), Vec::from),
        }
    }
}

fn stages(network: &Network, images: &Dataset) -> Vec<Stage> {
    let runner = Runner::new(network);
    let classes = network.classes;
    let mut sums = vec![vec![vec![0.0; classes]; classes]; network.layers.len()];
    let mut spikes = vec![0_u64; network.layers.len()];
    let mut right = vec![0_usize; network.layers.len()];
    let mut seen = vec![0_usize; classes];
    for i in 0..images.len() {
        let (image, label) = (images.image(i), usize::from(images.label(i)));
        seen[label] += 1;
        for (l, (counts, scores)) in runner.forward_counts(image).iter().zip(runner.scores(image)).enumerate() {
            spikes[l] += counts.iter().map(|&n| u64::from(n)).sum::<u64>();
            let best = scores.goodness.iter().enumerate().rev().max_by(|a, b| a.1.total_cmp(b.1));
            right[l] += usize::from(best.is_some_and(|(class, _)| class == label));
            for (sum, &goodness) in sums[l][label].iter_mut().zip(&scores.goodness) {
                *sum += f64::from(goodness);
            }
        }
    }
    let n = images.len() as f64;
    let stage = |(l, layer): (usize, &training::ffgaf::Layer)| Stage {
        layer: l + 1,
        input: layer.input,
        output: layer.output(),
        kernel: layer.kernel,
        stride: layer.stride,
        groups: layer.groups.clone(),
        spikes_per_neuron: spikes[l] as f64 / n / layer.output().iter().product::<usize>() as f64,
        goodness_percent: 100.0 * right[l] as f64 / n,
        goodness: sums[l]
            .iter()
            .zip(&seen)
            .map(|(row, &seen)| (seen > 0).then(|| row.iter().map(|sum| sum / seen as f64).collect()))
            .collect(),
    };
    network.layers.iter().enumerate().map(stage).collect()
}

fn times(shape: [usize; 3]) -> String {
    shape.map(|n| n.to_string()).join("×")
}

impl Exhibit for Figure {
    fn text(&self) -> String {
        let mut table = Table::new(&[
            "layer",
            "channels of each class",
            "map",
            "kernel, stride",
            "spikes/neuron",
            "best group right",
        ]);
        for s in &self.stages {
            let groups: Vec<String> = s.groups.iter().map(ToString::to_string).collect();
            table.row(vec![
                s.layer.to_string(),
                groups.join(" "),
                format!("{} → {}", times(s.input), times(s.output)),
                format!("{0}×{0}, {1}", s.kernel, s.stride),
                format!("{:.3}", s.spikes_per_neuron),
                format!("{:.2} %", s.goodness_percent),
            ]);
        }
        format!(
            "{}\n{}, {} images of {}; decided by {}\n\n{}\n",
            self.title,
            self.model,
            self.images,
            self.dataset,
            self.readout,
            align_right(table, 3)
        )
    }

    fn csv(&self) -> String {
        let mut out = String::from("layer,class_of_images,group,channels,mean_goodness\n");
        for s in &self.stages {
            for (class, row) in s.goodness.iter().enumerate() {
                for (group, goodness) in row.iter().flatten().enumerate() {
                    let _ = writeln!(out, "{},{class},{group},{},{goodness:.6}", s.layer, s.groups[group]);
                }
            }
        }
        out
    }

    /// One box per layer; an arrow without gradient between them.
    fn picture(&self, made_by: &Provenance) -> String {
        let classes = &self.classes;
        let stage = |s: &Stage| charts::Stage {
            heading: format!(
                "layer {}: conv {1}×{1}, stride {2}, {3} → IF neurons → {4}",
                s.layer,
                s.kernel,
                s.stride,
                times(s.input),
                times(s.output)
            ),
            groups: s.groups.clone(),
            lines: vec![
                format!("{:.3} spikes per neuron and image; no gradient passes them", s.spikes_per_neuron),
                format!(
                    "loss of this layer alone; its best group is right for {:.2} % of the images",
                    s.goodness_percent
                ),
            ],
        };
        let stages: Vec<charts::Stage> = self.stages.iter().map(stage).collect();
        let input = format!("image {}", times(self.stages.first().map_or([0; 3], |s| s.input)));
        charts::Framework {
            title: &format!("{} ({})", self.title, self.model),
            input: &input,
            stages: &stages,
            output: &format!("class: {}", self.readout),
            classes,
            note: &format!(
                "coloured strips: channels of each class; {} images of {}; {}",
                self.images,
                self.dataset,
                made_by.still()
            ),
        }
        .svg()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use training::zoo;

    #[test]
    fn measured_are_the_networks_own_goodness_and_spikes() {
        let (network, _) = zoo::find("mnist-small").expect("bundled").load().expect("whole");
        let images = datasets::bundled::mnist_test_500().subset(0..50);
        let (stages, own) = (stages(&network, &images), Runner::new(&network).evaluate(&images));
        for (l, stage) in stages.iter().enumerate() {
            assert!((stage.goodness_percent - 2.0 * own.goodness[l] as f64).abs() < 1e-9, "layer {l}");
            let neurons: usize = stage.output.iter().product();
            assert!((stage.spikes_per_neuron * (50 * neurons) as f64 - own.spikes[l] as f64).abs() < 1e-3, "layer {l}");
            assert_eq!(stage.groups.iter().sum::<usize>(), stage.output[0]);
        }
    }
}
