//! The command line as it was typed, for the provenance of reports.

use std::{cell::RefCell, ffi::OsString};

thread_local! {
    static LINE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Remembers the arguments, the program's name first.
pub(crate) fn remember(arguments: &[OsString]) {
    let words = arguments.iter().skip(1).map(|argument| quoted(&argument.to_string_lossy()));
    let line = std::iter::once("spikeloom".to_owned()).chain(words).collect::<Vec<_>>().join(" ");
    LINE.with_borrow_mut(|kept| *kept = line);
}

/// The command as a shell takes it.
pub(crate) fn line() -> String {
    LINE.with_borrow(Clone::clone)
}

/// A word, quoted where a shell would see more in it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_can_be_typed_again() {
        remember(&["/usr/bin/spikeloom", "run", "my net.nir", "--set", "core.neurons=3", "it's"].map(OsString::from));
        assert_eq!(line(), r"spikeloom run 'my net.nir' --set core.neurons=3 'it'\''s'");
    }
}
