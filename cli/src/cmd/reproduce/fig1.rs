//! `spikeloom reproduce fig1`: the framework, drawn from a network: layers, groups of channels, goodness of each class.
//!
//! What the paper's figure 1 shows is not at hand; this is an overview of the method as it runs here. Every layer is trained
//! by itself. Its channels are divided among the classes; the spike counts n of a group make the goodness of its class,
//! G_j = mean n² (eq. 5), and the layer's loss asks that the group of the image's class be best. No gradient passes through
//! the spikes of a neuron or from layer to layer. What the picture shows per layer is measured: the mean goodness of every
//! group over the images of every class.

use super::{Fig1Args, Subject, subject};
use crate::report::{
    folder::{Folder, Provenance},
    svg::{Anchor, COLOURS, Svg, heat},
    text::{Table, align_right},
};
use anyhow::Result;
use datasets::Dataset;
use serde::Serialize;
use std::{fmt::Write as _, process::ExitCode, time::Instant};
use training::ffgaf::{Network, Readout, Runner};

#[derive(Serialize)]
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

#[derive(Serialize)]
struct Figure {
    title: &'static str,
    note: &'static str,
    model: String,
    dataset: String,
    images: usize,
    /// How the last layer decides.
    readout: &'static str,
    stages: Vec<Stage>,
}

/// Measures and draws.
pub(super) fn run(args: &Fig1Args) -> Result<ExitCode> {
    let begun = Instant::now();
    let Subject { name, network, images } = subject(&args.model, &args.images, "groups and goodness")?;
    let figure = Figure {
        title: "FFGAF-SNN: the framework, measured on a trained network",
        note: "the content of the paper's figure 1 is not at hand; this is an overview of the method as it runs here",
        model: name,
        dataset: images.name.clone(),
        images: images.len(),
        readout: match network.config.readout {
            Readout::Goodness => "the class of highest goodness",
            Readout::Learned => "a read-out learned with the layer's own loss",
        },
        stages: stages(&network, &images),
    };
    let made_by = Provenance::new(None, begun);
    let picture = figure.picture(&made_by);
    Folder::create(&args.out.out)?.write("fig1", &made_by, &figure, &figure.csv(), (picture.as_bytes(), "svg"))?;
    if args.out.json {
        println!("{}", serde_json::to_string_pretty(&figure)?);
    } else {
        print!("{}\n{made_by}\n", figure.text());
    }
    Ok(ExitCode::SUCCESS)
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

impl Figure {
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
            "{}\n({})\n{}, {} images of {}; decided by {}\n\n{}\n",
            self.title,
            self.note,
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

    /// One column per layer: convolution, groups, spikes, goodness, loss; an arrow without gradient between columns.
    fn picture(&self, made_by: &Provenance) -> String {
        const WIDTH: f64 = 190.0;
        const STEP: f64 = WIDTH + 40.0;
        let x0 = 90.0;
        let mut svg = Svg::new(x0 + STEP * self.stages.len() as f64 + 260.0, 440.0);
        svg.text((10.0, 20.0), Anchor::Start, "black", &format!("{} ({})", self.title, self.model));
        svg.text((10.0, 36.0), Anchor::Start, "#666", self.note);
        svg.rect((15.0, 120.0), (50.0, 50.0), "#dddddd");
        svg.text((40.0, 150.0), Anchor::Middle, "black", "image");
        svg.text((40.0, 185.0), Anchor::Middle, "#666", &times(self.stages[0].input));
        for (l, s) in self.stages.iter().enumerate() {
            let x = x0 + STEP * l as f64;
            arrow(&mut svg, (x - 28.0, 145.0), x - 4.0);
            svg.text((x, 62.0), Anchor::Start, "black", &format!("layer {}", s.layer));
            let conv = format!("conv {0}×{0}, stride {1}, {2} channels", s.kernel, s.stride, s.output[0]);
            svg.text((x, 78.0), Anchor::Start, "black", &conv);
            svg.text((x, 106.0), Anchor::Start, "#666", "channels, by class");
            let all: usize = s.groups.iter().sum();
            let mut at = x;
            for (class, &channels) in s.groups.iter().enumerate() {
                let width = WIDTH * channels as f64 / all as f64;
                svg.rect((at, 112.0), (width - 1.0, 22.0), COLOURS[class % COLOURS.len()]);
                svg.text((at + width / 2.0, 128.0), Anchor::Middle, "white", &class.to_string());
                at += width;
            }
            svg.rect((x, 140.0), (WIDTH - 1.0, 20.0), "#222222");
            svg.text((x + WIDTH / 2.0, 154.0), Anchor::Middle, "white", "spikes, without gradient");
            let out = format!("{}, {:.3} per neuron", times(s.output), s.spikes_per_neuron);
            svg.text((x + WIDTH / 2.0, 176.0), Anchor::Middle, "#666", &out);
            svg.text((x, 204.0), Anchor::Start, "#666", "goodness of group (→) by class (↓)");
            let cell = WIDTH / s.groups.len() as f64;
            let high = cell.min(16.0);
            for (i, row) in s.goodness.iter().enumerate() {
                let Some(row) = row else { continue };
                let most = row.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
                for (j, goodness) in row.iter().enumerate() {
                    let place = (x + cell * j as f64, 210.0 + high * i as f64);
                    svg.rect(place, (cell - 1.0, high - 1.0), &heat(goodness / most));
                }
            }
            let y = 210.0 + high * s.goodness.len() as f64 + 18.0;
            svg.text((x, y), Anchor::Start, "black", &format!("best group right: {:.2} %", s.goodness_percent));
            svg.text((x, y + 16.0), Anchor::Start, "#666", "loss of this layer alone");
        }
        let x = x0 + STEP * self.stages.len() as f64;
        arrow(&mut svg, (x - 28.0, 145.0), x - 4.0);
        svg.text((x, 142.0), Anchor::Start, "black", "class:");
        svg.text((x, 158.0), Anchor::Start, "#666", self.readout);
        svg.text((10.0, 430.0), Anchor::Start, "#666", &made_by.to_string());
        svg.finish()
    }
}

/// An arrow to the right.
fn arrow(svg: &mut Svg, (x, y): (f64, f64), end: f64) {
    svg.line((x, y), (end, y), "black");
    svg.line((end - 6.0, y - 4.0), (end, y), "black");
    svg.line((end - 6.0, y + 4.0), (end, y), "black");
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
