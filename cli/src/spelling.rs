//! Names that do not exist, and the one that was perhaps meant.

use anyhow::{Error, anyhow};

/// Names at least so alike are suggested: 1 is the same, 0 shares nothing.
const ALIKE: f64 = 0.6;

/// What was perhaps meant by `word`, as the end of a sentence; nothing where nothing is near, or where the word is known.
pub(crate) fn hint<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let likeness = |name: &str| strsim::normalized_damerau_levenshtein(&word.to_lowercase(), &name.to_lowercase());
    let near = known.into_iter().map(|name| (likeness(name), name)).max_by(|a, b| a.0.total_cmp(&b.0));
    match near {
        Some((likeness, name)) if likeness >= ALIKE && name != word => format!("; did you mean `{name}`?"),
        _ => String::new(),
    }
}

/// The error, and what was perhaps meant.
pub(crate) fn hinted<'a>(error: Error, word: &str, known: impl IntoIterator<Item = &'a str>) -> Error {
    let hint = hint(word, known);
    if hint.is_empty() { error } else { anyhow!("{}{hint}", crate::paragraph(&error).trim_end()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_suggested_if_it_is_near() {
        let known = ["mnist-small", "mnist", "fashion-mnist", "cifar10"];
        assert_eq!(hint("mnst", known), "; did you mean `mnist`?");
        assert_eq!(hint("minst", known), "; did you mean `mnist`?");
        assert_eq!(hint("CIFAR-10", known), "; did you mean `cifar10`?");
        assert_eq!(hint("fashion_mnist", known), "; did you mean `fashion-mnist`?");
        assert_eq!((hint("resnet", known), hint("mnist", known)), (String::new(), String::new()));
    }
}
