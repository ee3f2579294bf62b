//! The list of actions in docs/counters.md is the vocabulary's; `BLESS=1` writes it.

use spikeloom_isa::Action;
use std::{env, fs, path::Path};

const BEGIN: &str = "--test actions -->\n";
const END: &str = "<!-- end of the list -->";

fn list() -> String {
    let mut text = String::from("\n| action | part of the chip | within | what is counted |\n|---|---|---|---|\n");
    for action in Action::ALL {
        let within: Vec<String> = action.within().iter().map(|a| format!("`{}`", a.name())).collect();
        let within = if within.is_empty() { "–".into() } else { within.join(", ") };
        let doc = action.doc().split_whitespace().collect::<Vec<_>>().join(" ");
        text += &format!("| `{}` | {} | {within} | {doc} |\n", action.name(), action.component());
    }
    text + "\n"
}

#[test]
fn the_page_lists_every_action() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/counters.md");
    let page = fs::read_to_string(&path).expect("the page is there");
    let (head, rest) = page.split_once(BEGIN).expect("the list has a beginning");
    let (listed, tail) = rest.split_once(END).expect("the list has an end");
    if env::var_os("BLESS").is_some() {
        fs::write(&path, format!("{head}{BEGIN}{}{END}{tail}", list())).expect("writable");
    } else {
        assert_eq!(listed, list(), "BLESS=1 cargo test -p spikeloom-isa --test actions writes it");
    }
}

#[test]
fn what_contains_an_action_is_contained_in_nothing() {
    for action in Action::ALL {
        assert!(action.within().iter().all(|container| container.within().is_empty()), "{}", action.name());
    }
}
