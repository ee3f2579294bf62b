//! Table 1: test accuracies, printed and measured.

use crate::exhibit::{Exhibit, Provenance, quoted};
use crate::printed::{self, Printed};
use crate::study::allocation;
use anyhow::Result;
use datasets::DatasetName;
use serde::Serialize;
use spikeloom::report::text::{Table, align_right};
use std::{fmt::Write as _, path::Path};
use training::{
    ffgaf::{Card, Network, Readout, read_network},
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
    /// How the paper's table groups its rows; empty for networks trained here.
    family: &'static str,
    name: String,
    architecture: &'static str,
    kind: Kind,
    dataset: &'static str,
    /// Test accuracy in percent.
    accuracy: Option<f64>,
    parameters: Option<usize>,
    epochs: Option<usize>,
    note: String,
}

/// Test accuracies, printed and measured.
#[derive(Debug, Serialize)]
pub struct Table1 {
    title: &'static str,
    rows: Vec<Row>,
}

impl Table1 {
    /// The shipped networks and further ones, in files of trained networks called `models`, with their contents.
    ///
    /// # Errors
    /// If a file is no trained network.
    pub fn new(models: &[(String, Vec<u8>)]) -> Result<Self> {
        let mut networks: Vec<(String, Network, Card)> = Vec::new();
        for entry in zoo::ENTRIES {
            let (network, card) = entry.load()?;
            networks.push((entry.name.to_owned(), network, card));
        }
        for (name, bytes) in models {
            let (network, card) = read_network(bytes, Path::new(name))?;
            networks.push((name.clone(), network, card));
        }
        Ok(Self { title: "FFGAF-SNN, table 1: test accuracy [%]", rows: rows(&networks) })
    }
}

impl Exhibit for Table1 {
    fn text(&self) -> String {
        text(self)
    }

    fn csv(&self) -> String {
        csv(&self.rows)
    }

    fn picture(&self, made_by: &Provenance) -> String {
        picture(&self.rows, made_by)
    }
}

fn rows(networks: &[(String, Network, Card)]) -> Vec<Row> {
    let mut rows = Vec::new();
    for dataset in DatasetName::ALL {
        rows.extend(printed::ROWS.iter().chain(&printed::ELSEWHERE).filter_map(|row| literature(row, dataset)));
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
                family: "",
                architecture: "CSNN",
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

/// A row as printed, if it has a value for the data set.
fn literature(row: &Printed, dataset: DatasetName) -> Option<Row> {
    let cell = match dataset {
        DatasetName::Mnist => row.mnist,
        DatasetName::FashionMnist => row.fashion_mnist,
        DatasetName::Cifar10 => row.cifar10,
    }?;
    let own = row.method == printed::OURS;
    let note = match (row.elsewhere, own) {
        (Some(source), _) => source.to_owned(),
        (None, true) => "channels 40-120-120-240; best epoch and layer on the test set".into(),
        (None, false) if row.method.ends_with('*') => "run again by the authors of FFGAF-SNN".into(),
        (None, false) => String::new(),
    };
    Some(Row {
        family: row.family,
        name: row.method.to_owned(),
        architecture: row.architecture,
        kind: if own { Kind::Printed } else { Kind::Literature },
        dataset: dataset.as_str(),
        accuracy: Some(cell.percent),
        parameters: own.then_some(433_600),
        epochs: cell.epochs,
        note,
    })
}

/// A baseline as this program trained it.
fn baseline((method, dataset, trained): (&str, &'static str, zoo::Trained)) -> Row {
    let name = match method {
        "ff-mlp" => "FF, trained here",
        _ => "CwComp, trained here",
    };
    Row {
        family: "FF",
        architecture: if method == "ff-mlp" { "MLP" } else { "CNN" },
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
        family: "FF-SNN",
        architecture: "CSNN",
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

fn text(result: &Table1) -> String {
    let mut table =
        Table::new(&["data set", "type", "network", "arch.", "what", "note", "accuracy", "parameters", "epochs"]);
    for r in &result.rows {
        table.row(vec![
            r.dataset.into(),
            r.family.into(),
            r.name.clone(),
            r.architecture.into(),
            r.kind.name().into(),
            r.note.clone(),
            r.accuracy.map_or_else(|| "–".into(), |a| format!("{a:.2}")),
            r.parameters.map_or_else(|| "–".into(), |n| n.to_string()),
            r.epochs.map_or_else(|| "–".into(), |n| n.to_string()),
        ]);
    }
    format!(
        "{}\n\n{}\nThe printed protocol takes the best epoch and layer on the test set; ours evaluates the test set once, after the \
         validation images have chosen.\nThe paper heads these columns \"Test Er. (%)\"; the values are accuracies.\n",
        result.title,
        align_right(table, 6)
    )
}

fn csv(rows: &[Row]) -> String {
    let mut out = String::from("dataset,type,network,architecture,kind,accuracy_percent,parameters,epochs,note\n");
    for r in rows {
        let _ = writeln!(
            out,
            "{},{},{},{},{},{},{},{},{}",
            r.dataset,
            r.family,
            quoted(&r.name),
            r.architecture,
            r.kind.name(),
            r.accuracy.map(|a| a.to_string()).unwrap_or_default(),
            r.parameters.map(|n| n.to_string()).unwrap_or_default(),
            r.epochs.map(|n| n.to_string()).unwrap_or_default(),
            quoted(&r.note)
        );
    }
    out
}

/// Accuracies as bars, literature above, measured below, one colour for each kind.
fn picture(rows: &[Row], made_by: &Provenance) -> String {
    let of = |kind: Kind| {
        // The table prints the paper's method in two of its sections; one bar is enough.
        let twice = |r: &Row| kind == Kind::Printed && r.family == "FF-SNN";
        let own = rows.iter().filter(|r| r.kind == kind && !twice(r));
        own.filter_map(|r| Some((format!("{}: {}", r.dataset, r.name), r.accuracy?))).collect()
    };
    let group = |name, kind| charts::Group { name, rows: of(kind) };
    charts::Bars {
        title: "Test accuracy, printed and measured",
        groups: &[
            group("printed in the paper for its own method", Kind::Printed),
            group("measured here, paper's protocol", Kind::MeasuredAsPrinted),
            group("measured here, validation chooses", Kind::Measured),
            group("literature, as the paper's table or others print it", Kind::Literature),
        ],
        quantity: "test accuracy [%]",
        from: 40.0,
        decimals: 2,
        note: &format!("bars begin at 40 %; {}", made_by.still()),
    }
    .svg()
}
