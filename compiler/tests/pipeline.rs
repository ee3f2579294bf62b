//! The whole way from a trained network: passes run in their order, dump text, and stop where the observer says.

use ir::arbitrary::{self, Features};
use isa::arch::preset::preset;
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};
use spikeloom_compiler::{CompileError, Observer, Options, PASSES, PassInfo, QuantizeOptions, compile};
use std::ops::ControlFlow;

#[derive(Default)]
struct Record {
    begun: Vec<&'static str>,
    dumps: Vec<String>,
    stop_after: Option<&'static str>,
}

impl Observer for Record {
    fn begin(&mut self, pass: PassInfo) {
        self.begun.push(pass.name);
    }
    fn end(&mut self, pass: PassInfo, dump: &dyn Fn() -> String) -> ControlFlow<()> {
        self.dumps.push(dump());
        if self.stop_after == Some(pass.name) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

#[test]
fn passes_run_in_order_and_stop_on_demand() {
    let arch = preset("loihi1").expect("a preset");
    let (quantize, options) = (QuantizeOptions::default(), Options { check: true, ..Options::default() });
    let mut runner = TestRunner::deterministic();
    let graph = (0..100)
        .map(|_| arbitrary::trained(Features::CHAIN).new_tree(&mut runner).expect("generates").current())
        .find(|graph| compile(graph, &arch, &quantize, &options, &mut spikeloom_compiler::Unobserved).is_ok())
        .expect("most small chains compile");

    let mut record = Record::default();
    let compiled = compile(&graph, &arch, &quantize, &options, &mut record).expect("it did before");
    let names: Vec<&str> = PASSES.iter().map(|pass| pass.name).collect();
    assert_eq!(record.begun, names);
    assert!(record.dumps.iter().all(|dump| !dump.is_empty()));
    assert!(!compiled.reports.layers.is_empty());

    for (i, &name) in names.iter().enumerate() {
        let mut record = Record { stop_after: Some(name), ..Record::default() };
        let stopped = compile(&graph, &arch, &quantize, &options, &mut record);
        assert!(matches!(stopped, Err(CompileError::Stopped(pass)) if pass.name == name), "after {name}");
        assert_eq!(record.begun, names[..=i]);
    }
}
