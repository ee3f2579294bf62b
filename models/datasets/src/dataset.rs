//! A labelled image data set held in memory, and the names of the data sets this crate can read.
//!
//! Contract: `pixels.len() == labels.len() · C · H · W`, and every label is below `classes`. The readers of this
//! module establish both; [`Dataset::subset`] keeps them.

use std::fmt;
use std::str::FromStr;

/// A published image data set that [`super::load`] reads and [`super::fetch()`] obtains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DatasetName {
    /// Handwritten digits, 28×28 grey, 60,000 + 10,000 images (LeCun, Bottou, Bengio, Haffner 1998).
    Mnist,
    /// Pictures of clothing, 28×28 grey, 60,000 + 10,000 images (Xiao, Rasul, Vollgraf 2017).
    FashionMnist,
    /// Small colour photographs, 32×32 RGB, 50,000 + 10,000 images (Krizhevsky 2009).
    Cifar10,
}

impl DatasetName {
    /// Every data set, in the order they are listed to the user.
    pub const ALL: [Self; 3] = [Self::Mnist, Self::FashionMnist, Self::Cifar10];

    /// The name used on the command line and as the folder name: `mnist`, `fashion-mnist` or `cifar10`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mnist => "mnist",
            Self::FashionMnist => "fashion-mnist",
            Self::Cifar10 => "cifar10",
        }
    }

    /// Number of classes; all three have ten.
    pub const fn classes(self) -> usize {
        10
    }

    /// Names of the classes, in the order of their labels.
    pub const fn class_names(self) -> [&'static str; 10] {
        match self {
            Self::Mnist => ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
            Self::FashionMnist => {
                ["T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot"]
            }
            Self::Cifar10 => ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"],
        }
    }

    /// Shape of one image, `[C, H, W]`.
    pub const fn shape(self) -> [usize; 3] {
        match self {
            Self::Mnist | Self::FashionMnist => [1, 28, 28],
            Self::Cifar10 => [3, 32, 32],
        }
    }

    /// Number of images published for `split`.
    pub const fn count(self, split: Split) -> usize {
        match (self, split) {
            (_, Split::Test) => 10_000,
            (Self::Mnist | Self::FashionMnist, Split::Train) => 60_000,
            (Self::Cifar10, Split::Train) => 50_000,
        }
    }
}

impl fmt::Display for DatasetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A data set name that is none of [`DatasetName::ALL`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown data set `{0}`: the known ones are mnist, fashion-mnist and cifar10")]
pub struct UnknownDataset(pub String);

impl FromStr for DatasetName {
    type Err = UnknownDataset;

    fn from_str(s: &str) -> Result<Self, UnknownDataset> {
        Self::ALL.into_iter().find(|name| name.as_str() == s).ok_or_else(|| UnknownDataset(s.to_owned()))
    }
}

/// The half of a data set that a model learns from, or the half it is measured on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Split {
    /// The images a model learns from.
    Train,
    /// The images a model is measured on.
    Test,
}

impl Split {
    /// Both halves.
    pub const ALL: [Self; 2] = [Self::Train, Self::Test];

    /// `train` or `test`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Test => "test",
        }
    }
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Labelled images, one byte per pixel and channel.
#[derive(Clone, PartialEq, Eq)]
pub struct Dataset {
    /// What the images are, for reports: `mnist test`.
    pub name: String,
    /// Number of classes; every label is below it.
    pub classes: usize,
    /// Shape of one image, `[C, H, W]`.
    pub shape: [usize; 3],
    /// Intensities 0–255, `N × C × H × W`, last index fastest.
    pub pixels: Vec<u8>,
    /// Class of each image, `N`.
    pub labels: Vec<u8>,
}

impl Dataset {
    /// Number of images, `N`.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no image.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Bytes of one image, `C · H · W`.
    pub fn image_len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Intensities of image `i`, `C × H × W`. Panics if `i >= len()`.
    pub fn image(&self, i: usize) -> &[u8] {
        let n = self.image_len();
        &self.pixels[i * n..(i + 1) * n]
    }

    /// Class of image `i`. Panics if `i >= len()`.
    pub fn label(&self, i: usize) -> u8 {
        self.labels[i]
    }

    /// The images at `indices` (a range or a list), in that order. Panics if an index is not below `len()`.
    #[must_use]
    pub fn subset(&self, indices: impl IntoIterator<Item = usize>) -> Self {
        let mut pixels = Vec::new();
        let mut labels = Vec::new();
        for i in indices {
            pixels.extend_from_slice(self.image(i));
            labels.push(self.label(i));
        }
        Self { name: self.name.clone(), classes: self.classes, shape: self.shape, pixels, labels }
    }

    /// How many images each class has, `classes` entries.
    pub fn label_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.classes];
        for &label in &self.labels {
            counts[usize::from(label)] += 1;
        }
        counts
    }

    /// Mean intensity over all images and channels, 0–255; 0 if there is no image.
    pub fn mean_pixel(&self) -> f64 {
        let sum: u64 = self.pixels.iter().map(|&p| u64::from(p)).sum();
        sum as f64 / self.pixels.len().max(1) as f64
    }
}

impl fmt::Debug for Dataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [c, h, w] = self.shape;
        write!(f, "Dataset({}: {} images {c}×{h}×{w}, {} classes)", self.name, self.len(), self.classes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three() -> Dataset {
        Dataset {
            name: "three".into(),
            classes: 3,
            shape: [1, 1, 2],
            pixels: vec![0, 1, 10, 11, 20, 21],
            labels: vec![2, 0, 2],
        }
    }

    #[test]
    fn subset_takes_ranges_and_lists_in_order() {
        let data = three();
        assert_eq!(data.subset(1..3).pixels, [10, 11, 20, 21]);
        assert_eq!(data.subset([2, 0]).pixels, [20, 21, 0, 1]);
        assert_eq!(data.subset([2, 0, 1]).labels, [2, 2, 0]);
        assert!(data.subset([]).is_empty());
    }

    #[test]
    fn counts_and_mean() {
        assert_eq!(three().label_counts(), [1, 0, 2]);
        assert!((three().mean_pixel() - 10.5).abs() < 1e-12);
        assert_eq!(three().image(1), [10, 11]);
    }

    #[test]
    fn names_round_trip() {
        for name in DatasetName::ALL {
            assert_eq!(name.as_str().parse(), Ok(name));
        }
        assert!("svhn".parse::<DatasetName>().unwrap_err().to_string().contains("svhn"));
    }
}
