//! NIR files all the way: read, lowered, quantized, compiled, executed.

use compiler::{Compiled, Options, Unobserved, pass::fuse::fuse, pass::quantize::QuantizeOptions};
use datasets::bundled;
use ir::{Event, Graph, InputCoding, Stimulus, Trained};
use isa::arch::preset::preset;
use simulator::{Machine, Probe, TimingMode};
use training::zoo;

fn compile(graph: &Graph<Trained>, chip: &str, weight_bits: u32) -> Compiled {
    let arch = preset(chip).expect("a preset");
    let quantize = QuantizeOptions { weight_bits, state_bits: arch.core.state_bits, ..QuantizeOptions::default() };
    let options = Options { check: true, ..Options::default() };
    compiler::compile(graph, &arch, &quantize, &options, &mut Unobserved).expect("fits")
}

/// Timesteps in which any neuron of a layer fires.
struct Fired(isa::LayerId, Vec<u32>);

impl Probe for Fired {
    const SPIKES: bool = true;

    fn spikes(&mut self, t: isa::Timestep, layer: isa::LayerId, neurons: &[u32]) {
        if layer == self.0 && !neurons.is_empty() {
            self.1.push(t.0);
        }
    }
}

/// The reference neuron of the NIR paper (`lif_exact.csv`), quantized and executed on a chip: it spikes in the exact timesteps,
/// because the potential keeps fractions of a unit, which the leak would truncate.
#[test]
fn the_reference_neuron_spikes_on_a_chip_as_finely_as_its_weights_allow() {
    let file = include_bytes!("../../models/nir/golden/lif_norse.nir");
    let exact = include_str!("../../models/nir/golden/lif_exact.csv");
    let column =
        |line: &str, i: usize| line.split(',').nth(i).expect("three columns").parse::<f64>().expect("a number");
    let event = |line: &str| if column(line, 0) > 0.0 { vec![Event { neuron: 0, value: 1 }] } else { Vec::new() };
    let stimulus = Stimulus { steps: exact.lines().map(event).collect() };

    let options = nir::Options {
        dt: Some(1e-4),
        steps: Some(1000),
        coding: Some(nir::Coding::Events),
        ..nir::Options::default()
    };
    let graph = nir::lower(nir::read(file.to_vec()).expect("readable"), "lif", &options).expect("can be mapped").graph;
    let cases = [
        ("lemaire_ideal", 16, [460, 510, 710, 760]),
        ("lemaire_ideal", 12, [460, 510, 710, 760]),
        ("loihi1", 9, [460, 510, 710, 760]),
        ("loihi1", 8, [460, 510, 710, 760]),
    ];
    for (chip, weight_bits, measured) in cases {
        let compiled = compile(&graph, chip, weight_bits);
        let arch = preset(chip).expect("a preset");
        let machine = Machine::new(&compiled.program, &arch).expect("loads");
        let layer = compiled.program.readout.layer();
        let mut fired = Fired(layer, Vec::new());
        machine.run(&compiler::stimulus(&stimulus), TimingMode::Counts, &mut fired).expect("a valid sample");
        let meant = ir::interpret(&compiled.quantized, &stimulus);
        let spikes = &meant.spikes[compiled.quantized.readout.population().0 as usize];
        let interpreted: Vec<u32> = (0..).zip(spikes).filter(|(_, s)| !s.is_empty()).map(|(t, _)| t).collect();
        assert_eq!(fired.1, interpreted, "{chip}");
        assert_eq!(fired.1, measured, "{chip}, {weight_bits} bits");
    }
}

/// A trained network that goes out as NIR and comes back is the same network: same weights, same windows, same spikes.
#[test]
fn the_bundled_network_survives_the_way_through_a_file() {
    let (network, _) = zoo::find("mnist-small").expect("bundled").load().expect("whole");
    let fused = fuse(&training::export::graph(&network).expect("deployable")).expect("can be fused");
    let bytes = nir::write(&nir::export(&fused).expect("can be written")).expect("can be written");
    let read = nir::read(bytes).expect("readable");
    let back = nir::lower(read, "other", &nir::Options::default()).expect("can be mapped");
    assert!(back.assumptions.iter().all(|a| a.origin == nir::Origin::Metadata), "{:?}", back.assumptions);
    let back = fuse(&back.graph).expect("can be fused");
    assert_eq!(back.name, fused.name);
    let images = bundled::mnist_test_500();
    for i in 0..2 {
        let stimulus = Stimulus::direct(&fused.encoding.encode(images.image(i)), InputCoding::DirectOnce);
        assert_eq!(ir::interpret(&back, &stimulus), ir::interpret(&fused, &stimulus), "image {i}");
    }
    assert_eq!(back, fused);
}
