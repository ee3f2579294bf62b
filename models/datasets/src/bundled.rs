//! The first 500 MNIST test images, part of the binary, so that runs and tests need no download.
//!
//! Origin and licence are stated in `models/datasets/data/README.md`.

use std::path::Path;

use super::dataset::Dataset;
use super::error::DataError;
use super::idx;

const IMAGES: &[u8] = include_bytes!("../data/mnist-test-500-images.idx3.gz");
const LABELS: &[u8] = include_bytes!("../data/mnist-test-500-labels.idx1.gz");

/// The first 500 images of the MNIST test set, `500 × 1 × 28 × 28`, in the published order.
pub fn mnist_test_500() -> Dataset {
    decode().expect("the bundled files are part of the build and a test decodes them")
}

fn decode() -> Result<Dataset, DataError> {
    let [images, labels] = ["mnist-test-500-images.idx3.gz", "mnist-test-500-labels.idx1.gz"].map(Path::new);
    let image_data = idx::read_images(idx::gunzip_if_needed(IMAGES, images)?, images)?;
    let label_data = idx::read_labels(idx::gunzip_if_needed(LABELS, labels)?, labels)?;
    idx::pair("mnist test, first 500", 10, image_data, label_data, labels)
}

#[cfg(test)]
mod tests {
    use super::super::digest::sha256;
    use super::*;

    #[test]
    fn the_bundled_images_are_the_first_500_test_images() {
        let data = mnist_test_500();
        assert_eq!((data.len(), data.shape, data.classes), (500, [1, 28, 28], 10));
        // The famous first ten: 7 2 1 0 4 1 4 9 5 9.
        assert_eq!(data.labels[..10], [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
        assert_eq!(data.label_counts(), [42, 67, 55, 45, 55, 50, 43, 49, 40, 54]);
        // SHA-256 of bytes 16..392016 and 8..508 of the published, decompressed test files.
        assert_eq!(sha256(&data.pixels), "6e96778c418dfcfff0dcfdbcb4af54d86e5c54326bf5e7ead99cf94b6434a405");
        assert_eq!(sha256(&data.labels), "8f1017277349b4d0cf35af1d8eb881a016da52d52204bee2d89c22930be2e9a2");
    }
}
