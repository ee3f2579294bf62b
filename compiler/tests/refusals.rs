//! What the user is told when the network does not fit: every broken limit at once, with a remedy.

mod support;

use isa::{Arch, arch::Sharing};
use spikeloom_compiler::{CompileError, Options, compile_quantized};
use support::{network::reference, preset};

/// The refusal without the list of other presets, which grows with the presets.
fn refusal(arch: &Arch) -> String {
    let Err(CompileError::Diagnostics(found)) = compile_quantized(&reference(), arch, &Options::default()) else {
        panic!("the reference network does not fit")
    };
    let last = &found.0.last().expect("there is a reason").remedy;
    assert!(last.contains("as it is, the network fits") && last.contains("lemaire_ideal (4 cores)"), "{last}");
    let lines: Vec<String> = found
        .to_string()
        .lines()
        .map(|line| line.split("; as it is, the network fits").next().expect("split gives a part").to_owned())
        .collect();
    lines.join("\n")
}

/// Loihi with neurons that compute everything: what is tested here are its sizes.
fn loihi() -> Arch {
    preset("loihi1").expect("a preset")
}

#[test]
fn too_few_cores() {
    let mut arch = loihi();
    arch.mesh.chips = (1, 1);
    insta::assert_snapshot!(refusal(&arch));
}

#[test]
fn fan_in_and_axons_of_a_crossbar() {
    let mut arch = loihi();
    arch.name = "crossbar".into();
    let limit = |n: u64| {
        let mut limit = loihi().tick_ps;
        limit.value = n;
        Some(limit)
    };
    arch.core.sharing = Sharing::Unrolled;
    (arch.core.neurons, arch.core.axons_in, arch.core.fan_in) = (limit(256), limit(256), limit(256));
    arch.core.channels = limit(200);
    insta::assert_snapshot!(refusal(&arch));
}

#[test]
fn weight_memory() {
    let mut arch = loihi();
    arch.core.memories.weights.bits.as_mut().expect("limited").value = 4096;
    insta::assert_snapshot!(refusal(&arch));
}

#[test]
fn weights_too_wide_for_the_core() {
    let mut arch = loihi();
    arch.core.weight_bits = vec![1, 2, 4];
    let Err(CompileError::Diagnostics(found)) = compile_quantized(&reference(), &arch, &Options::default()) else {
        panic!("the weights have six bits")
    };
    insta::assert_snapshot!(found.to_string());
}
