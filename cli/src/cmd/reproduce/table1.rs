//! `spikeloom reproduce table1`: test accuracies, printed and measured.

use super::Table1Args;
use crate::report::{
    folder::{Folder, Provenance, quoted},
    svg::{Anchor, COLOURS, Svg},
    text::{Table, align_right},
};
use crate::study::allocation;
use anyhow::Result;
use datasets::DatasetName;
use serde::Serialize;
use std::{fmt::Write as _, path::Path, process::ExitCode, time::Instant};
use training::{
    ffgaf::{Card, Network, Readout, load_network},
    zoo,
};

/// What a row rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    /// Printed in the paper for its own method; best epoch and layer on the test set.
    Printed,
    /// Stated by others, or for others; not measured here.
    Literature,
    /// Measured by this program on the whole test set, which chose nothing.
    Measured,
    /// Measured by this program under the paper's protocol: the best epoch and layer on the test set, in training mode.
    MeasuredAsPrinted,
    /// No network of this kind has been trained with this program.
    NotMeasured,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Printed => "printed",
            Self::Literature => "literature",
            Self::Measured => "measured here",
            Self::MeasuredAsPrinted => "measured here, paper's protocol",
            Self::NotMeasured => "not measured",
        }
    }
}

#[derive(Clone, Debug, Serialize)]
struct Row {
    name: String,
    kind: Kind,
    dataset: &'static str,
    /// Test accuracy in percent.
    accuracy: Option<f64>,
    parameters: Option<usize>,
    epochs: Option<usize>,
    note: String,
}

#[derive(Serialize)]
struct Result1 {
    title: &'static str,
    rows: Vec<Row>,
}

/// The values at hand of those printed: (name, kind, MNIST, Fashion-MNIST, CIFAR-10, parameters, note).
type PrintedRow = (&'static str, Kind, [Option<f64>; 3], Option<usize>, &'static str);

const PRINTED: [PrintedRow; 5] = [
    (
        "FFGAF-SNN",
        Kind::Printed,
        [Some(99.58), Some(92.13), Some(75.64)],
        Some(433_600),
        "channels 40-120-120-240, strides 1,2,1,2, T = 10; best epoch and layer on the test set",
    ),
    ("CwComp*", Kind::Literature, [None, None, Some(75.28)], Some(588_133), "run again by the authors of FFGAF-SNN"),
    (
        "CwComp",
        Kind::Literature,
        [Some(99.42), Some(92.31), Some(78.11)],
        None,
        "Papachristodoulou et al., AAAI 2024, channels 20-80-240-480; not spiking",
    ),
    (
        "FF",
        Kind::Literature,
        [Some(98.64), None, None],
        None,
        "Hinton 2022 (arXiv 2212.13345), four layers of 2000, 60 epochs; not spiking; not from the paper's table",
    ),
    (
        "SCFF",
        Kind::Literature,
        [Some(98.7), None, Some(80.75)],
        None,
        "Chen et al. 2024 (arXiv 2409.11593, abstract), perceptron and convolutions; not spiking; not from the paper's table",
    ),
];

/// Collects.
pub(super) fn run(args: &Table1Args) -> Result<ExitCode> {
    let begun = Instant::now();
    let mut networks: Vec<(String, Network, Card)> = Vec::new();
    for entry in zoo::ENTRIES {
        let (network, card) = entry.load()?;
        networks.push((entry.name.to_owned(), network, card));
    }
    for path in &args.models {
        let (network, card) = load_network(Path::new(path))?;
        networks.push((path.clone(), network, card));
    }
    let result = Result1 { title: "FFGAF-SNN, table 1: test accuracy [%]", rows: rows(&networks) };
    let made_by = Provenance::new(None, begun);
    let folder = Folder::create(&args.out.out)?;
    let picture = picture(&result.rows, &made_by);
    folder.write("table1", &made_by, &result, &csv(&result.rows), (picture.as_bytes(), "svg"))?;
    if args.out.json {
        println!("{}", serde_json::to_string_pretty(&result)?);
    } else {
        print!("{}\n{made_by}\n", text(&result));
    }
    Ok(ExitCode::SUCCESS)
}

fn rows(networks: &[(String, Network, Card)]) -> Vec<Row> {
    let mut rows = Vec::new();
    for (at, dataset) in DatasetName::ALL.into_iter().enumerate() {
        for (name, kind, accuracies, parameters, note) in PRINTED {
            if accuracies[at].is_some() {
                let (name, note) = (name.to_owned(), note.to_owned());
                rows.push(Row {
                    name,
                    kind,
                    dataset: dataset.as_str(),
                    accuracy: accuracies[at],
                    parameters,
                    epochs: None,
                    note,
                });
            }
        }
        let own = networks.iter().filter(|(_, network, _)| network.config.dataset == dataset.as_str());
        let before = rows.len();
        for (name, network, card) in own {
            let row = measured(name, dataset, network, card);
            let printed = printed_protocol(&row, card);
            rows.extend([Some(row), printed].into_iter().flatten());
        }
        rows.extend(zoo::baselines().into_iter().filter(|(_, of, _)| *of == dataset.as_str()).map(baseline));
        if rows.len() == before {
            rows.push(Row {
                name: "this program".into(),
                kind: Kind::NotMeasured,
                dataset: dataset.as_str(),
                accuracy: None,
                parameters: None,
                epochs: None,
                note: format!("no trained network for {dataset} ships; train one and give it with --model"),
            });
        }
    }
    rows
}

/// A baseline as this program trained it.
fn baseline((method, dataset, trained): (&str, &'static str, zoo::Trained)) -> Row {
    let name = match method {
        "ff-mlp" => "FF, trained here",
        _ => "CwComp, trained here",
    };
    Row {
        name: name.into(),
        kind: Kind::Measured,
        dataset,
        accuracy: trained.card.measured.get("test %").copied(),
        parameters: None,
        epochs: Some(trained.card.epochs),
        note: format!("`{}`, seed {}; not spiking; float", trained.command, trained.seed),
    }
}

/// The last layer's read-out on the test set, from the network's card.
fn measured(name: &str, dataset: DatasetName, network: &Network, card: &Card) -> Row {
    let last = network.layers.len() - 1;
    let accuracy = card.measured.get(&format!("test layer{last} readout %")).copied();
    let list = |values: &mut dyn Iterator<Item = usize>| values.map(|n| n.to_string()).collect::<Vec<_>>().join("-");
    let readout = match network.config.readout {
        Readout::Goodness => "goodness",
        Readout::Learned => "learned read-out",
    };
    Row {
        name: name.to_owned(),
        kind: if accuracy.is_some() { Kind::Measured } else { Kind::NotMeasured },
        dataset: dataset.as_str(),
        accuracy,
        parameters: Some(network.parameters()),
        epochs: Some(card.epochs),
        note: format!(
            "channels {}, strides {}, L = {}, {} allocation, {readout}, seed {}; float",
            list(&mut network.layers.iter().map(|l| l.channels)),
            list(&mut network.layers.iter().map(|l| l.stride)),
            network.config.levels,
            allocation(network.config.allocation),
            network.config.seed
        ),
    }
}

/// The same training run under the paper's protocol, if it was run so.
fn printed_protocol(row: &Row, card: &Card) -> Option<Row> {
    let figure = |name: &str| card.measured.get(&format!("paper protocol {name}")).copied();
    let (accuracy, epoch, layer) = (figure("test %")?, figure("epoch")?, figure("layer")?);
    Some(Row {
        kind: Kind::MeasuredAsPrinted,
        accuracy: Some(accuracy),
        note: format!("the same run; best of all epochs ({epoch}) and layers ({}) on the test images", layer + 1.0),
        ..row.clone()
    })
}

fn text(result: &Result1) -> String {
    let mut table = Table::new(&["data set", "network", "what", "note", "accuracy", "parameters", "epochs"]);
    for r in &result.rows {
        table.row(vec![
            r.dataset.into(),
            r.name.clone(),
            r.kind.name().into(),
            r.note.clone(),
            r.accuracy.map_or_else(|| "–".into(), |a| format!("{a:.2}")),
            r.parameters.map_or_else(|| "–".into(), |n| n.to_string()),
            r.epochs.map_or_else(|| "–".into(), |n| n.to_string()),
        ]);
    }
    format!(
        "{}\n\n{}\nThe printed protocol takes the best epoch and layer on the test set; ours evaluates the test set once, after the \
         validation images have chosen.\nOther literature rows of the paper's table are not at hand and are left out.\n",
        result.title,
        align_right(table, 4)
    )
}

fn csv(rows: &[Row]) -> String {
    let mut out = String::from("dataset,network,kind,accuracy_percent,parameters,epochs,note\n");
    for r in rows {
        let _ = writeln!(
            out,
            "{},{},{},{},{},{},{}",
            r.dataset,
            quoted(&r.name),
            r.kind.name(),
            r.accuracy.map(|a| a.to_string()).unwrap_or_default(),
            r.parameters.map(|n| n.to_string()).unwrap_or_default(),
            r.epochs.map(|n| n.to_string()).unwrap_or_default(),
            quoted(&r.note)
        );
    }
    out
}

/// Errors (100 − accuracy) as bars.
fn picture(rows: &[Row], made_by: &Provenance) -> String {
    let (left, top, line, width) = (260.0, 40.0, 22.0, 420.0);
    let mut svg = Svg::new(left + width + 70.0, top + line * rows.len() as f64 + 40.0);
    svg.text(
        (10.0, 20.0),
        Anchor::Start,
        "black",
        "Test error [%]: printed (blue), literature (grey), measured here (green), so under the paper's protocol (orange)",
    );
    let worst = rows.iter().filter_map(|r| r.accuracy).map(|a| 100.0 - a).fold(1.0, f64::max);
    for (i, r) in rows.iter().enumerate() {
        let y = top + line * i as f64;
        svg.text((left - 8.0, y + 14.0), Anchor::End, "black", &format!("{}  {}", r.dataset, r.name));
        let colour = match r.kind {
            Kind::Printed => COLOURS[0],
            Kind::Measured => COLOURS[2],
            Kind::MeasuredAsPrinted => COLOURS[1],
            Kind::Literature | Kind::NotMeasured => COLOURS[3],
        };
        match r.accuracy {
            Some(a) => {
                let length = width * (100.0 - a) / worst;
                svg.rect((left, y + 3.0), (length, line - 7.0), colour);
                svg.text((left + length + 5.0, y + 14.0), Anchor::Start, "black", &format!("{:.2}", 100.0 - a));
            }
            None => svg.text((left, y + 14.0), Anchor::Start, "#666", r.kind.name()),
        }
    }
    svg.text((10.0, top + line * rows.len() as f64 + 24.0), Anchor::Start, "#666", &made_by.to_string());
    svg.finish()
}
