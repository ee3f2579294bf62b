//! From a random trained graph all the way: fused, quantized, compiled, executed. Every pass with its checker; the program
//! obeys the chip's rules, survives its container and its assembly text, and does what the quantized graph means.

use compiler::{
    CompileError, Options, check, compile_quantized,
    pass::{
        fuse::fuse,
        quantize::{QuantizeOptions, quantize},
    },
};
use ir::arbitrary::{Features, quantized_case, trained_case};
use isa::{
    arch::preset::preset,
    asm::{Style, assemble, disassemble},
};
use proptest::prelude::*;
use simulator::{Machine, NoProbe, TimingMode};

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn a_program_does_what_the_quantized_graph_means(
        (graph, sample) in trained_case(Features::ALL),
        chip in prop::sample::select(vec!["lemaire_ideal", "loihi1", "seneca_like"]),
    ) {
        let arch = preset(chip).expect("a preset");
        // Not every random network can be fused or proven narrow enough; those that can must be right.
        let Ok(fused) = fuse(&graph) else { return Ok(()) };
        let decay = arch.core.dynamics.decay[0];
        let options = QuantizeOptions { state_bits: arch.core.state_bits, decay, ..QuantizeOptions::default() };
        let Ok(quantization) = quantize(&fused, &options) else { return Ok(()) };
        prop_assert_eq!(check::quantize::check(&fused, &quantization, &options), Ok(()));
        let graph = quantization.graph;
        let program = match compile_quantized(&graph, &arch, &Options { check: true, ..Options::default() }) {
            Ok(compiled) => compiled.program,
            Err(CompileError::Diagnostics(_)) => return Ok(()),
            Err(error) => panic!("{error}"),
        };
        prop_assert_eq!(isa::verify(&program, &arch), []);
        let decoded = isa::decode(&isa::encode(&program));
        prop_assert_eq!(decoded.as_ref(), Ok(&program));
        let assembled = assemble(&disassemble(&program, Style::Full));
        prop_assert_eq!(assembled.as_ref(), Ok(&program));

        let machine = Machine::new(&program, &arch).expect("a verified program loads");
        let run = machine.run(&compiler::stimulus(&sample), TimingMode::Counts, &mut NoProbe).expect("a valid sample");
        let meant = ir::interpret(&graph, &sample);
        prop_assert_eq!(run.class, meant.decision.class);
        let spikes: Vec<u64> = meant.spikes.iter().map(|steps| steps.iter().map(|s| s.len() as u64).sum()).collect();
        for (id, population) in graph.populations() {
            if !matches!(population.neuron, ir::NeuronModel::Input { .. }) {
                prop_assert_eq!(run.layer_spikes[id.0 as usize], spikes[id.0 as usize]);
            }
        }
    }

    /// Potentials too narrow for what arrives: the machine clips where the interpreter does, as often.
    #[test]
    fn potentials_that_saturate_do_so_as_the_interpreter_says(
        (graph, sample) in quantized_case(Features { readouts: true, ..Features::ALL }),
        bits in 8u32..=14,
    ) {
        let mut arch = preset("lemaire_ideal").expect("a preset");
        arch.core.state_bits = bits;
        let Ok(compiled) = compile_quantized(&graph, &arch, &Options::default()) else { return Ok(()) };
        let machine = Machine::new(&compiled.program, &arch).expect("a verified program loads").saturating();
        let run = machine.run(&compiler::stimulus(&sample), TimingMode::Counts, &mut NoProbe).expect("a valid sample");
        let (meant, clipped) = ir::interpret_saturating(&graph, &sample, Some(bits));
        prop_assert_eq!((run.class, run.saturated), (meant.decision.class, clipped));
        let spikes: u64 = meant.n_spikes() as u64;
        prop_assert_eq!(run.layer_spikes.iter().sum::<u64>() - run.layer_spikes[0], spikes);
        let unclipped = machine_without(&compiled.program, &arch, &sample);
        if clipped == 0 {
            prop_assert_eq!(unclipped, (run.class, spikes));
        }
    }
}

/// Class and spikes of a machine whose potentials do not saturate.
fn machine_without(program: &isa::Program, arch: &isa::Arch, sample: &ir::Stimulus) -> (u32, u64) {
    let machine = Machine::new(program, arch).expect("a verified program loads");
    let run = machine.run(&compiler::stimulus(sample), TimingMode::Counts, &mut NoProbe).expect("a valid sample");
    (run.class, run.layer_spikes[1..].iter().sum())
}
