#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (robustness::entry("nir").expect("it is listed").run)(bytes));
