//! A run's settings: defaults, or those of the run that is continued; then a file, `--set`, and the named options.

use crate::{
    args::{ProtocolName, TrainArgs},
    files, source,
    spelling::hint,
};
use anyhow::{Context, Error, Result, anyhow, bail};
use datasets::DatasetName;
use std::path::{Path, PathBuf};
use toml::{Table, Value};
use training::ffgaf::{Config, Network, differences};

/// Settings of a run.
pub(super) struct Settings {
    /// All of them.
    pub(super) config: Config,
    /// Whether it was said how many images are held out for validation.
    pub(super) validation_given: bool,
}

/// The settings of the spiking network.
pub(super) fn config(args: &TrainArgs) -> Result<Settings> {
    let mut asked = asked(args)?;
    let protocol = args.protocol.map(|protocol| match protocol {
        ProtocolName::Ours => "ours",
        ProtocolName::Paper => "paper",
    });
    let named = [
        ("protocol", protocol.map(Value::from)),
        ("dataset", args.dataset.map(|name| Value::from(name.as_str()))),
        ("from", args.from.as_deref().map(Value::from)),
        ("limit", args.limit.map(|n| Value::from(n as i64))),
    ];
    asked.extend(named.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))));
    let of = |table: &Table| -> Result<Config> {
        let mut whole = shape_of(table.get("from").and_then(Value::as_str))?;
        merge(&mut whole, table.clone());
        Config::from_toml(&whole.to_string()).map_err(|error| {
            let (error, hint) = (Error::from(error).context(origin(args)), misspelt(table, &known()));
            if hint.is_empty() { error } else { anyhow!("{}{hint}", crate::paragraph(&error).trim_end()) }
        })
    };
    if let Some(path) = args.data.explicit().filter(|path| !args.resume && is_own(path, &asked)) {
        let name = path.file_stem().unwrap_or(path.as_os_str());
        asked.insert("dataset".into(), name.to_string_lossy().into_owned().into());
        asked.insert("data".into(), path.display().to_string().into());
    }
    let fresh = |asked: &Table| -> Result<Settings> {
        Ok(Settings { config: of(asked)?, validation_given: asked.contains_key("validation") })
    };
    let Some(path) = continued(args, || Ok(folder(args, &of(&asked)?)))? else { return fresh(&asked) };
    let own = table(&path)?;
    let begun = Config::from_toml(&own.to_string()).with_context(|| path.display().to_string())?;
    let mut both = own;
    merge(&mut both, asked);
    let wanted = of(&both)?;
    agree(&path, &begun.differences(&wanted))?;
    if let (Some(own), Some(given)) = (&begun.data, args.data.explicit()) {
        let same = Path::new(own) == given;
        let difference = || format!("data: \"{own}\" against \"{}\"", given.display());
        agree(&path, &if same { Vec::new() } else { vec![difference()] })?;
    }
    Ok(Settings { config: begun, validation_given: true })
}

/// All settings.
fn known() -> Table {
    Table::try_from(Config::default()).unwrap_or_default()
}

/// What was perhaps meant by the first setting that is not among those known.
pub(in crate::cmd) fn misspelt(given: &Table, known: &Table) -> String {
    let near = |(key, value): (&String, &Value)| match (known.get(key), value) {
        (Some(Value::Table(known)), Value::Table(given)) => misspelt(given, known),
        (Some(_), _) => String::new(),
        (None, _) => hint(key, known.keys().map(String::as_str)),
    };
    given.iter().map(near).find(|hint| !hint.is_empty()).unwrap_or_default()
}

/// Whether `--data` names images of one's own, and not the folder of published data sets.
fn is_own(path: &Path, asked: &Table) -> bool {
    !asked.contains_key("dataset") && !DatasetName::ALL.iter().any(|name| path.join(name.as_str()).is_dir())
}

/// Settings of a network's shape and of how its layers read, which training that starts from it takes over.
const SHAPE: [&str; 16] = [
    "channels",
    "strides",
    "kernel",
    "padding",
    "pool",
    "levels",
    "kappa",
    "alpha",
    "activation",
    "norm",
    "channel_weights",
    "readout",
    "readout_grid",
    "allocation",
    "input",
    "sensor",
];

fn shape_of(from: Option<&str>) -> Result<Table> {
    let Some(from) = from else { return Ok(Table::new()) };
    let config = Table::try_from(&trained(from)?.config)?;
    Ok(config.into_iter().filter(|(name, _)| SHAPE.contains(&name.as_str())).collect())
}

/// The network trained here that is called `name`.
pub(super) fn trained(name: &str) -> Result<Network> {
    let model = source::model(name)?;
    let trained =
        model.trained.with_context(|| format!("--from {name}: holds no network that `spikeloom train` made"))?;
    Ok(trained.0)
}

/// The run folder: the one given, or one named after the data set.
pub(super) fn folder(args: &TrainArgs, config: &Config) -> PathBuf {
    args.out.clone().unwrap_or_else(|| PathBuf::from("runs").join(&config.dataset))
}

/// The settings file of the run that is continued, if one is.
pub(in crate::cmd) fn continued(args: &TrainArgs, folder: impl FnOnce() -> Result<PathBuf>) -> Result<Option<PathBuf>> {
    if !args.resume {
        return Ok(None);
    }
    let path = folder()?.join("config.toml");
    Ok(path.exists().then_some(path))
}

/// Refuses settings that are not those of the run that is continued.
pub(in crate::cmd) fn agree(path: &Path, differences: &[String]) -> Result<()> {
    if differences.is_empty() {
        return Ok(());
    }
    bail!(
        "{}: --resume continues with the settings of this file, which others contradict: {}; leave them out, or train \
         in another folder with --out",
        path.display(),
        differences.join("; ")
    );
}

/// As [`agree`], of two tables.
pub(in crate::cmd) fn agree_tables(path: &Path, own: &Table, wanted: &Table) -> Result<()> {
    agree(path, &differences(own, wanted, ""))
}

/// What the arguments ask for: the file's settings, overridden by `--set`, overridden by the options that every method has.
pub(in crate::cmd) fn asked(args: &TrainArgs) -> Result<Table> {
    let mut asked = args.config.as_deref().map_or_else(|| Ok(Table::new()), table)?;
    merge(&mut asked, overrides(&args.settings)?);
    for (key, value) in [("epochs", args.epochs.map(|n| n as i64)), ("seed", args.seed.map(|n| n as i64))] {
        asked.extend(value.map(|value| (key.to_owned(), value.into())));
    }
    Ok(asked)
}

/// A settings file.
pub(in crate::cmd) fn table(path: &Path) -> Result<Table> {
    files::read_text(path)?
        .parse()
        .with_context(|| format!("{}: is not TOML; see `spikeloom train --print-config` for the form", path.display()))
}

/// The settings given as `--set KEY=VALUE`.
pub(in crate::cmd) fn overrides(settings: &[String]) -> Result<Table> {
    let mut table = Table::new();
    for setting in settings {
        merge(&mut table, setting.parse().with_context(|| format!("--set {setting}: is not KEY=VALUE in TOML"))?);
    }
    Ok(table)
}

/// What a faulty setting is blamed on.
pub(in crate::cmd) fn origin(args: &TrainArgs) -> String {
    args.config.as_ref().map_or_else(|| "arguments".to_owned(), |path| path.display().to_string())
}

/// Refuses to overwrite an earlier run that is not to be continued.
pub(in crate::cmd) fn ensure_free(out: &Path, resume: bool) -> Result<()> {
    if !resume && out.join("checkpoint.safetensors").exists() {
        bail!(
            "{}: holds a checkpoint of an earlier run; continue it with --resume, or choose another folder with --out",
            out.display()
        );
    }
    Ok(())
}

/// Overrides the entries of `base` by those of `over`, table by table.
pub(in crate::cmd) fn merge(base: &mut Table, over: Table) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(Value::Table(inner)), Value::Table(value)) => merge(inner, value),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}
