//! The images that a network is trained and measured on: a published data set, or one's own.

use anyhow::{Context, Result, bail, ensure};
use datasets::{Dataset, DatasetName, Split, own};
use std::path::Path;
use training::ffgaf::{Config, hold_out, shuffled};

/// Both parts of a data set.
pub(in crate::cmd) struct Images {
    /// To learn from; validation images are held out of them.
    pub(in crate::cmd) train: Dataset,
    /// To report on.
    pub(in crate::cmd) test: Dataset,
}

/// Most images that are held out as test images of a data set that has none.
const MOST_TEST: usize = 10_000;

/// The images of a configuration; `sets` is the folder of published data sets. Sets how many test images are held out, where the data has
/// no test part.
pub(in crate::cmd) fn load(config: &mut Config, sets: &Path) -> Result<Images> {
    if let Some(path) = config.data.clone() {
        return own_images(config, Path::new(&path));
    }
    ensure!(
        !config.input.is_events(),
        "input = \"events\": name recordings with --data; `spikeloom data saccades` makes some from a data set's images"
    );
    let name: DatasetName = config.dataset.parse().context("dataset: for images of your own, name them with --data")?;
    let part = |split| datasets::load(name, split, sets);
    Ok(Images { train: part(Split::Train)?, test: part(Split::Test)? })
}

/// Images of one's own, their order drawn by the seed of the hold-out: class folders come sorted by class.
fn own_images(config: &mut Config, path: &Path) -> Result<Images> {
    let part = |split| {
        if config.input.is_events() {
            return super::recordings::part(config, path, split);
        }
        let found = own::images(path, split)?;
        found.remarks.iter().for_each(|remark| eprintln!("{}: {remark}", path.display()));
        ensure!(found.labelled, "{}: does not say which class each image has, which training needs", path.display());
        Ok(found.data)
    };
    let mut train = part(Split::Train)?;
    let mut test = part(Split::Test)?;
    let seed = config.validation_seed;
    if train.pixels == test.pixels && train.labels == test.labels {
        if config.test == 0 {
            config.test = (train.len() / 5).min(MOST_TEST);
        }
        if config.test == 0 || config.test >= train.len() {
            bail!("{}: {} images cannot be parted into training and test images", path.display(), train.len());
        }
        eprintln!(
            "{}: has no test part; {} of {} images are held out as test images (validation_seed {seed})",
            path.display(),
            config.test,
            train.len()
        );
        (train, test) = hold_out(&train, config.test, seed);
    } else {
        ensure!(
            config.test == 0,
            "test = {}, but {} has test images of its own; leave it out",
            config.test,
            path.display()
        );
    }
    ensure!(
        train.shape == test.shape,
        "{}: training images have the shape {:?}, test images {:?}",
        path.display(),
        train.shape,
        test.shape
    );
    let classes = train.classes.max(test.classes);
    (train.classes, test.classes) = (classes, classes);
    train.name = format!("{} train", config.dataset);
    test.name = format!("{} test", config.dataset);
    Ok(Images { train: shuffled(&train, seed), test })
}
