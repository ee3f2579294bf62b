#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (robustness::entry("space").expect("it is listed").run)(bytes));
