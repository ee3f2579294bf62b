//! Inverses, the look of the text, and errors with their line.

use super::*;
use crate::testing::{any_program, tiny};
use proptest::prelude::*;

#[test]
fn the_text_of_a_tiny_program() {
    insta::assert_snapshot!("tiny_full", disassemble(&tiny(), Style::Full));
    insta::assert_snapshot!("tiny_short", disassemble(&tiny(), Style::Short));
}

#[test]
fn the_documented_example_is_the_tiny_program() {
    let docs = include_str!("../../../docs/isa.md");
    let start = docs.find("```\n.program").expect("an example") + 4;
    let example = docs[start..].split("```").next().expect("a split has a first part");
    assert_eq!(example, disassemble(&tiny(), Style::Full));
    assert_eq!(assemble(example), Ok(tiny()));
}

#[test]
fn elided_weights_do_not_assemble() {
    let error = assemble(&disassemble(&tiny(), Style::Short)).expect_err("no weights");
    assert!(error.message.contains("assemble a full disassembly"), "{error}");
}

#[test]
fn errors_name_the_line() {
    let text = disassemble(&tiny(), Style::Full);
    let broken = text.replace("NUPD d1", "NUPD r1");
    let line = text.lines().position(|l| l.contains("NUPD d1")).expect("present") + 1;
    let error = assemble(&broken).expect_err("no descriptor r1");
    assert_eq!(error.to_string(), format!("assembly line {line}: expected an id (d0, …), found `r1`"));
    assert_eq!(assemble("").expect_err("empty").to_string(), "assembly line 1: expected `.program`, found the end");
    let extra = text + ".layer layer3 \"x\" 1x1x1\n";
    assert!(assemble(&extra).expect_err("out of place").message.starts_with("a statement out of place"));
}

#[test]
fn a_run_cannot_claim_all_memory() {
    let text = disassemble(&tiny(), Style::Full).replace(".cls c 0\n", ".cls c 0*99999999999\n");
    assert!(assemble(&text).is_err());
}

proptest! {
    #[test]
    fn assembling_inverts_disassembling(program in any_program()) {
        let text = disassemble(&program, Style::Full);
        let assembled = assemble(&text);
        prop_assert_eq!(assembled.as_ref(), Ok(&program), "{}", text);
        prop_assert_eq!(disassemble(&program, Style::Full), text);
    }

    #[test]
    fn damaged_text_never_panics(program in any_program(), at in any::<prop::sample::Index>(), with in any::<char>()) {
        let mut text: Vec<char> = disassemble(&program, Style::Full).chars().collect();
        let at = at.index(text.len());
        text[at] = with;
        let _ = assemble(&text.into_iter().collect::<String>());
    }
}
