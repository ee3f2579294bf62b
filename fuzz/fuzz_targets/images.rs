#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (robustness::entry("images").expect("it is listed").run)(bytes));
