//! Chip descriptions with one absurd number: refused when read, refused by the compiler, or compiled; never a panic.

mod support;

use isa::arch::preset::{PRESETS, parse};
use proptest::prelude::*;
use spikeloom_compiler::{CompileError, Options, compile_quantized};
use support::network::network;

/// Start and end of every run of digits.
fn numbers(text: &str) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (i, c) in text.char_indices().filter(|(_, c)| c.is_ascii_digit()) {
        match runs.last_mut() {
            Some(run) if run.1 == i => run.1 = i + c.len_utf8(),
            _ => runs.push((i, i + c.len_utf8())),
        }
    }
    runs
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_chip_with_an_absurd_number_is_no_reason_to_panic(
        chip in 0..PRESETS.len(),
        place in any::<prop::sample::Index>(),
        value in prop::sample::select(vec!["0", "1", "2", "3", "7", "31", "255", "65535", "65536", "2147483648",
            "4294967295", "4294967296", "9223372036854775808", "18446744073709551615"]),
    ) {
        let (name, text) = PRESETS[chip];
        let (start, end) = *place.get(&numbers(text));
        let changed = format!("{}{value}{}", &text[..start], &text[end..]);
        if let Ok(arch) = parse(&changed, name) {
            // Describing millions of cores is allowed, and takes memory in proportion.
            prop_assume!(arch.n_cores() <= 1 << 16);
            let options = Options { moves_per_cluster: 2, check: true, ..Options::default() };
            match compile_quantized(&network(), &arch, &options) {
                Ok(compiled) => prop_assert_eq!(isa::verify(&compiled.program, &arch), vec![]),
                Err(CompileError::Diagnostics(found)) => prop_assert!(!found.0.is_empty()),
                Err(CompileError::Violations(violations)) => prop_assert!(false, "{}", violations),
                Err(CompileError::Stopped(_)) => prop_assert!(false, "nobody stops it"),
            }
        }
    }
}
