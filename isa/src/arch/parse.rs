//! Reading chip descriptions: RON text to [`Arch`], with errors that show the place.
//!
//! Form errors (syntax, unknown or missing field, wrong type) stop at the first, as the reader does; if the form is good, all
//! semantic problems ([`super::validate`]) are reported at once.

use super::{Arch, validate::validate};
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use ron::error::Position;
use serde_path_to_error::Segment;
use std::{fmt, ops::Range};

/// Why a text describes no chip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchError {
    /// Name of the file, as given.
    pub file: String,
    /// All problems.
    pub faults: Vec<Fault>,
    text: String,
}

/// A problem at a place of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Field path, such as `core.memories.weights.bits`; empty at the top.
    pub path: String,
    /// 1-based line.
    pub line: usize,
    /// 1-based column, in characters.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
    span: Range<usize>,
}

/// Reads a chip description; `file` is the name that errors show.
///
/// # Errors
/// What is wrong, where (line, column, field path and the line itself), and what to do.
pub fn parse(text: &str, file: &str) -> Result<Arch, ArchError> {
    let error = |faults| ArchError { file: file.into(), faults, text: text.into() };
    let form = |path: String, e: &ron::error::SpannedError| {
        let start = offset(text, e.span.start);
        let span = start..offset(text, e.span.end).max(start);
        let remedy = "see the presets for a complete description".to_string();
        error(vec![fault(text, path, span, e.code.to_string(), remedy)])
    };
    let mut reader = ron::Deserializer::from_str(text).map_err(|e| form(String::new(), &e))?;
    let arch: Arch = serde_path_to_error::deserialize(&mut reader).map_err(|e| {
        let path = e.path().iter().filter_map(segment).collect::<Vec<_>>().join(".");
        form(path, &reader.span_error(e.into_inner()))
    })?;
    reader.end().map_err(|e| form(String::new(), &reader.span_error(e)))?;
    let faults: Vec<Fault> = validate(&arch)
        .into_iter()
        .map(|p| {
            let span = locate(text, &p.path).unwrap_or(0..0);
            fault(text, p.path, span, p.message, p.remedy)
        })
        .collect();
    if faults.is_empty() { Ok(arch) } else { Err(error(faults)) }
}

fn segment(segment: &Segment) -> Option<String> {
    match segment {
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Map { key } => Some(key.clone()),
        Segment::Enum { variant } => Some(variant.clone()),
        Segment::Unknown => None,
    }
}

fn fault(text: &str, path: String, span: Range<usize>, message: String, remedy: String) -> Fault {
    let before = &text[..span.start];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |tail| tail.chars().count()) + 1;
    Fault { path, line, column, message, remedy, span }
}

/// Byte offset of a line and column.
fn offset(text: &str, position: Position) -> usize {
    let start: usize = text.split_inclusive('\n').take(position.line.saturating_sub(1)).map(str::len).sum();
    let rest = &text[start..];
    start + rest.char_indices().nth(position.col.saturating_sub(1)).map_or(rest.len(), |(i, _)| i)
}

/// The key of a field in RON text that reads well: the last `key` of `path` inside the brackets of the keys before.
fn locate(text: &str, path: &str) -> Option<Range<usize>> {
    let mut keys: Vec<Option<&str>> = vec![None];
    let (mut rest, bytes) = (0, text.as_bytes());
    while let Some(&byte) = bytes.get(rest) {
        match byte {
            b'"' => {
                rest += 1;
                while bytes.get(rest).is_some_and(|&b| b != b'"') {
                    rest += if bytes[rest] == b'\\' { 2 } else { 1 };
                }
                rest += 1;
            }
            b'/' if bytes.get(rest + 1) == Some(&b'/') => {
                rest += text[rest..].find('\n').unwrap_or(text.len() - rest);
            }
            b'(' | b'[' | b'{' => {
                keys.push(None);
                rest += 1;
            }
            b')' | b']' | b'}' => {
                keys.pop();
                rest += 1;
            }
            b if b.is_ascii_alphabetic() || b == b'_' => {
                let end = text[rest..]
                    .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                    .map_or(text.len(), |n| rest + n);
                if text[end..].trim_start().starts_with(':') {
                    if let Some(key) = keys.last_mut() {
                        *key = Some(&text[rest..end]);
                    }
                    if keys.iter().copied().flatten().eq(path.split('.')) {
                        return Some(rest..end);
                    }
                }
                rest = end;
            }
            _ => rest += 1,
        }
    }
    path.rsplit_once('.').and_then(|(parent, _)| locate(text, parent))
}

impl fmt::Display for ArchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let renderer = Renderer::plain();
        for (i, fault) in self.faults.iter().enumerate() {
            if i > 0 {
                f.write_str("\n\n")?;
            }
            let title = match fault.path.as_str() {
                "" => format!("chip description: {}", fault.message),
                path => format!("chip description, field `{path}`: {}", fault.message),
            };
            let snippet = Snippet::source(&self.text)
                .path(&self.file)
                .annotation(AnnotationKind::Primary.span(fault.span.clone()));
            let group = Level::ERROR.primary_title(title).element(snippet).element(Level::HELP.message(&fault.remedy));
            f.write_str(&renderer.render(&[group]))?;
        }
        Ok(())
    }
}

impl std::error::Error for ArchError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arch::preset::PRESETS;

    fn loihi(from: &str, to: &str) -> ArchError {
        let (_, text) = PRESETS.iter().find(|(name, _)| *name == "loihi1").expect("a preset");
        assert!(text.contains(from), "{from}");
        parse(&text.replacen(from, to, 1), "my.ron").expect_err("the text is damaged")
    }

    #[test]
    fn form_errors_show_place_path_and_caret() {
        let unknown = loihi("lanes: 1,", "lanes: 1,\n        colour: 3,");
        insta::assert_snapshot!("unknown_field", unknown.to_string());
        insta::assert_snapshot!("wrong_type", loihi("state_bits: 24", "state_bits: -24").to_string());
        insta::assert_snapshot!("missing_field", loihi("word_bits: 24, ", "").to_string());
    }

    #[test]
    fn all_semantic_problems_are_shown_at_once() {
        let (_, text) = PRESETS.iter().find(|(name, _)| *name == "loihi1").expect("a preset");
        let text = text
            .replacen("value: 1024, low: 1024", "value: 1024, low: 2048", 1)
            .replacen("[1, 2, 3,", "[2, 1, 3,", 1)
            .replacen("lanes: 1", "lanes: 0", 1);
        let error = parse(&text, "my.ron").expect_err("three problems");
        let paths: Vec<&str> = error.faults.iter().map(|f| f.path.as_str()).collect();
        assert_eq!(paths, ["core.neurons", "core.weight_bits", "core.lanes"]);
        insta::assert_snapshot!("semantic_problems", error.to_string());
    }

    #[test]
    fn times_are_bounded_so_that_sums_of_them_are_counted() {
        let (_, text) = PRESETS.iter().find(|(name, _)| *name == "loihi1").expect("a preset");
        for (from, path) in [
            ("synapse: Some((value: 35, low: 31, high: 38", "core.timing.synapse"),
            ("router: (value: 21, low: 21, high: 21", "noc.router"),
            ("input_interval: Some((value: 41, low: 41, high: 41", "input_interval"),
            ("tick_ps: (value: 100, low: 100, high: 100", "tick_ps"),
        ] {
            assert!(text.contains(from), "{from}");
            let (key, _) = from.split_once("value").expect("a figure");
            for ticks in [(1_u64 << 32) + 1, 1 << 63, u64::MAX].map(|n| n.max(u64::from(path == "tick_ps") << 40)) {
                let huge = text.replacen(from, &format!("{key}value: {ticks}, low: 1, high: {ticks}"), 1);
                let error = parse(&huge, "my.ron").expect_err("too long");
                assert_eq!(error.faults.iter().map(|f| f.path.as_str()).collect::<Vec<_>>(), [path], "{ticks}");
            }
            let long = text.replacen(from, &format!("{key}value: {0}, low: 1, high: {0}", 1_u64 << 32), 1);
            parse(&long, "my.ron").expect("2^32 ticks, or 4 ms");
        }
    }

    #[test]
    fn every_figure_of_every_preset_is_located() {
        for (name, text) in PRESETS {
            let arch = parse(text, name).expect("presets are valid");
            for (path, _) in crate::arch::validate::constants(&arch) {
                let span = locate(text, &path).expect("present");
                assert_eq!(text[span].rsplit('.').next(), path.rsplit('.').next(), "{name} {path}");
            }
        }
    }

    #[test]
    fn positions_count_characters() {
        let error = parse("Arch(\n  µ: 1)", "x.ron").expect_err("no such field");
        assert_eq!(error.faults[0].line, 2);
    }
}
