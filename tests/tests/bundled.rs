//! The bundled main job, pinned: accuracy, and every count of the first images, on two chips; equal to the interpreter's.

use compiler::{
    Options, compile_quantized, pass::fuse::fuse, pass::quantize::QuantizeOptions, pass::quantize::quantize,
};
use datasets::{Dataset, bundled};
use ir::{Graph, InputCoding, Quantized, Stimulus};
use isa::{Arch, Program, arch::preset::preset};
use simulator::{BatchOptions, Machine, TimingMode};
use std::fmt::Write;
use training::{export, ffgaf::Runner, zoo};

/// The bundled network as chips execute it.
fn network(arch: &Arch) -> (Graph<Quantized>, Program) {
    let (trained, _) = zoo::find("mnist-small").expect("it ships").load().expect("it is whole");
    let graph = export::graph(&trained).expect("it is deployable");
    let options = QuantizeOptions { state_bits: arch.core.state_bits, ..QuantizeOptions::default() };
    let quantized = quantize(&fuse(&graph).expect("it fuses"), &options).expect("it quantizes").graph;
    let compiled = compile_quantized(&quantized, arch, &Options { check: true, ..Options::default() });
    let program = compiled.unwrap_or_else(|error| panic!("{}: {error}", arch.name)).program;
    (quantized, program)
}

fn stimulus(graph: &Graph<Quantized>, images: &Dataset, i: usize) -> Stimulus {
    Stimulus::direct(&graph.encoding.encode(images.image(i)), InputCoding::DirectOnce)
}

#[test]
fn all_bundled_images_on_loihi1() {
    let arch = preset("loihi1").expect("a preset");
    let (graph, program) = network(&arch);
    assert_eq!(isa::verify(&program, &arch), []);
    let machine = Machine::new(&program, &arch).expect("it loads");
    let images = bundled::mnist_test_500();
    let options = BatchOptions { mode: TimingMode::Counts, ..BatchOptions::default() };
    let batch = machine
        .run_batch(images.len(), options, |i| compiler::stimulus(&stimulus(&graph, &images, i)), |_, run| run.class)
        .expect("all samples run");
    let right = batch.results.iter().filter(|(i, class)| u32::from(images.label(*i)) == *class).count();
    let (trained, _) = zoo::find("mnist-small").expect("it ships").load().expect("it is whole");
    let runner = Runner::new(&trained);
    let float = (0..images.len()).filter(|&i| runner.classify(images.image(i)) == usize::from(images.label(i))).count();
    insta::assert_snapshot!(format!("right on chip {right}, in float {float}, of {}", images.len()));
    let mut counts = String::new();
    for (action, n) in batch.ledger.total().iter() {
        let _ = writeln!(counts, "{} {n}", action.name());
    }
    insta::assert_snapshot!("loihi1_counts_of_500_images", counts);
}

#[test]
fn decisions_and_spikes_are_the_interpreters_on_every_chip_that_holds_the_network() {
    let images = bundled::mnist_test_500();
    for name in ["lemaire_ideal", "loihi1", "seneca_like", "darwin3_like"] {
        let arch = preset(name).expect("a preset");
        let (graph, program) = network(&arch);
        let machine = Machine::new(&program, &arch).expect("it loads");
        for i in [0, 8, 247] {
            let stimulus = stimulus(&graph, &images, i);
            let meant = ir::interpret(&graph, &stimulus);
            let run = machine
                .run(&compiler::stimulus(&stimulus), TimingMode::Counts, &mut simulator::NoProbe)
                .expect("a valid sample");
            assert_eq!(run.class, meant.decision.class, "image {i} on {name}");
            let read = graph.readout.population();
            assert_eq!(run.counts, meant.counts(read, graph.population(read).shape.neurons()), "image {i} on {name}");
            assert_eq!(run.layer_spikes.iter().skip(1).sum::<u64>(), meant.n_spikes() as u64, "image {i} on {name}");
        }
    }
}
