//! The report of a training: loss and accuracy of every layer against epochs, and what was chosen.

use super::made;
use spikeloom::report::{Chart, Input, Report, Section, Table, Value};
use training::ffgaf::{Config, EpochReport, Finished, Head};

/// The whole report; `finished` is absent after an interruption.
pub(crate) fn trained(
    config: &Config,
    history: &[EpochReport],
    finished: Option<&Finished>,
    inputs: Vec<Input>,
) -> Report {
    let title = format!("training on {}: {} of {} epochs", config.dataset, history.len(), config.epochs);
    let mut summary = Section::new("summary", "Summary").quantity("epochs", "epochs done", history.len(), "");
    match finished {
        Some(done) => {
            let head = match done.choice.head {
                Head::Goodness => "goodness",
                Head::Readout => "read-out",
            };
            let (test, choice) = (&done.test, done.choice);
            let why = format!(
                "on {} test images, evaluated once; epoch {}, layer {} and {head} were chosen on validation images",
                test.images,
                choice.epoch,
                choice.layer + 1
            );
            summary = summary.quantity("test_accuracy", "test accuracy", test.accuracy(), "%").because(why);
        }
        None => summary = summary.verdict(false, "Interrupted: continue with --resume."),
    }
    let layers = history.first().map_or(0, |epoch| epoch.loss.len());
    let validation = |epoch: &EpochReport, l: usize| {
        100.0 * epoch.validation.readout[l] as f64 / epoch.validation.images.max(1) as f64
    };
    let curve = |id: &str, title: &str, unit: &str, of: &dyn Fn(&EpochReport, usize) -> f64| {
        let table = Table::new(id, title).column("epoch", "epoch", "");
        let table = (0..layers)
            .fold(table, |table, l| table.column(format!("layer{}", l + 1), format!("layer {}", l + 1), unit));
        let rows = history.iter().map(|epoch| {
            std::iter::once(Value::from(epoch.epoch)).chain((0..layers).map(|l| of(epoch, l).into())).collect()
        });
        let y = (0..layers).map(|l| format!("layer{}", l + 1)).collect();
        table.rows(rows).drawn(Chart::Lines { x: "epoch".into(), y })
    };
    let curves = Section::new("curves", "Learning curves")
        .table(curve("validation", "accuracy of each layer's read-out on validation images", "%", &validation))
        .table(curve("train", "accuracy on training images", "%", &|epoch, l| epoch.train_accuracy[l]))
        .table(curve("loss", "loss", "1", &|epoch, l| epoch.loss[l]));
    Report::new(title, made(Some(config.seed), inputs))
        .with(summary)
        .with(curves)
        .with(Section::new("settings", "Settings").table(settings(config)))
}

/// Every setting with its value; of a group by its path, as `--set` takes it.
fn settings(config: &Config) -> Table {
    let rows = toml::Table::try_from(config).unwrap_or_default().into_iter().flat_map(|(key, value)| match value {
        toml::Value::Table(group) => {
            group.into_iter().map(|(name, value)| (format!("{key}.{name}"), value)).collect::<Vec<_>>()
        }
        value => vec![(key, value)],
    });
    Table::new("settings", "every setting, as --set takes it")
        .column("setting", "setting", "")
        .column("value", "value", "")
        .rows(rows.map(|(key, value)| vec![key.into(), value.to_string().into()]))
}
