//! Digests of the published data sets, so that what was read is known to be what was published.
//!
//! Pixels are hashed in the order of [`Dataset::pixels`] (`N × C × H × W`), labels as one byte each, in the
//! published order of the images (for CIFAR-10 the five training batches one after the other); so one digest holds
//! for every container format.
//!
//! The constants were computed from the npm and Debian packages that [`super::fetch()`] reads. The same files agree
//! with MD5 sums in circulation that were taken from the publishers' own downloads: MNIST in the decompressed IDX
//! files, Fashion-MNIST in the `.gz` files of its README (once the file name and date that Debian leaves out of the
//! gzip header are put back), CIFAR-10 in the six `.bin` files that [`super::cifar::write_batch`] makes of the sheets.

use std::path::Path;

use sha2::{Digest, Sha256};

use super::dataset::{Dataset, DatasetName, Split};
use super::error::{Cause, DataError};

/// SHA-256 of one split, hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digests {
    /// Of [`Dataset::pixels`].
    pub pixels: &'static str,
    /// Of [`Dataset::labels`].
    pub labels: &'static str,
}

/// The digests of a published split.
pub const fn published(name: DatasetName, split: Split) -> Digests {
    match (name, split) {
        (DatasetName::Mnist, Split::Train) => Digests {
            pixels: "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
            labels: "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
        },
        (DatasetName::Mnist, Split::Test) => Digests {
            pixels: "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
            labels: "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
        },
        (DatasetName::FashionMnist, Split::Train) => Digests {
            pixels: "2e487a6c89124f78f2d7521542223cafe96f7123c3ca13d447772ac6ecbb3012",
            labels: "657fbd221bfc9f4198cc14b5619cc33ec57c58dd0e47af4d99d6650759e869a7",
        },
        (DatasetName::FashionMnist, Split::Test) => Digests {
            pixels: "c867c93ff95360594e8ec3287995350b824dd110b11595c0e13d5423f621867a",
            labels: "3d0e6c6ea990b53b6f8f500a41cac93881d981b315f84578b7d915342ade01e9",
        },
        (DatasetName::Cifar10, Split::Train) => Digests {
            pixels: "9d5c2eddadb0deff02c14c350c0385aab7b1d5ff1edfeb4997c8dc8644960111",
            labels: "2b7cd2f24487317614016b72ffd53071c3062f592f0eb300c18a770d41ae1253",
        },
        (DatasetName::Cifar10, Split::Test) => Digests {
            pixels: "177777c33ba79825320efa646ad04a94bdc3c80e4ebe3bd21724f8cdfd4b9d56",
            labels: "cec8a24a1e92aa2ecaa0bbd3dbfa86bf6cd8759fbd209a832824c8cf0afca9d5",
        },
    }
}

/// SHA-256 of `bytes`, 64 hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    use std::fmt::Write;
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("writing to a String does not fail");
        hex
    })
}

/// Checks that `data` is the published split; `folder` is the place errors name.
pub fn verify(data: &Dataset, name: DatasetName, split: Split, folder: &Path) -> Result<(), DataError> {
    let expected = published(name, split);
    for (what, bytes, expected) in
        [("labels", &data.labels, expected.labels), ("decoded pixels", &data.pixels, expected.pixels)]
    {
        let found = sha256(bytes);
        if found != expected {
            let place = format!("{name}, {split} images");
            return Err(DataError::new(folder, place, Cause::Digest { what, found, expected }));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sha256_of_abc() {
        // FIPS 180-4, example of a one-block message.
        assert_eq!(sha256(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn another_data_set_is_refused() {
        let data = Dataset { name: "x".into(), classes: 10, shape: [1, 1, 1], pixels: vec![0], labels: vec![0] };
        let e = verify(&data, DatasetName::Mnist, Split::Test, Path::new("d")).unwrap_err();
        assert!(e.to_string().starts_with("d, mnist, test images: SHA-256 of the labels is 6e340b9c"), "{e}");
    }
}
