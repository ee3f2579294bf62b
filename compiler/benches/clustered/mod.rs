//! A clustered random network, cut along shared sources, in the order of indices and at random.
//!
//! 32 groups of 128 neurons with 32 synapses each, 80 % of them inside the group, labels shuffled, on Loihi-like cores of 128
//! neurons with multicast. The groups themselves are a reference: what a cut could find at best, or nearly.

use ir::{
    Compare, Connectivity, Graph, InputCoding, InputEncoding, Leak, NeuronModel, PerChannel, Population, Projection,
    Quantized, Readout, Reset, Shape, Spiking, SynapseLists, Window,
};
use isa::Arch;
use spikeloom_compiler::{Activity, Cutting, Options, compile_quantized};
use std::{collections::BTreeSet, time::Instant};

const GROUPS: u64 = 32;
const SIZE: u64 = 128;
const FAN_OUT: u64 = 32;

/// SplitMix64 (Steele et al. 2014).
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }
}

/// The network, and the groups reached per spike.
fn clustered() -> (Graph<Quantized>, f64) {
    let n = GROUPS * SIZE;
    let mut random = Random(1);
    let mut label: Vec<u32> = (0..n as u32).collect();
    for i in (1..n).rev() {
        label.swap(i as usize, random.below(i + 1) as usize);
    }
    let mut lists = vec![Vec::new(); n as usize];
    let mut reached = 0;
    for i in 0..n {
        let targets: Vec<u64> = (0..FAN_OUT)
            .map(|_| if random.below(100) < 80 { i / SIZE * SIZE + random.below(SIZE) } else { random.below(n) })
            .collect();
        reached += targets.iter().map(|t| t / SIZE).collect::<BTreeSet<u64>>().len();
        let list = &mut lists[label[i as usize] as usize];
        *list = targets.into_iter().map(|t| label[t as usize]).collect();
        list.sort_unstable();
    }
    let mut graph = Graph::new("clustered", 4, InputEncoding::Pixels);
    let mut add = |name: &str, n, neuron| {
        graph.add_population(Population { name: name.into(), shape: Shape::vector(n), neuron, norm: () })
    };
    add("input", 1, NeuronModel::Input { coding: InputCoding::spikes(4), scale: 1.0 });
    let neuron = NeuronModel::Spiking(Spiking {
        threshold: PerChannel::uniform(1000),
        v_init: PerChannel::uniform(0),
        bias: PerChannel::uniform(100),
        leak: Leak::None,
        reset: Reset::Subtract,
        compare: Compare::GreaterEqual,
        window: Window::new(0, 4),
        floor: None,
    });
    let net = add("net", n as u32, neuron);
    let weights = (0..n * FAN_OUT).map(|_| random.below(7) as i32 - 3).collect();
    let connectivity = Connectivity::Sparse(SynapseLists::new(lists));
    graph.connect(net, net, Projection { connectivity, pool: None, weights, delay: 1 });
    graph.readout = Readout::SpikeCount { population: net };
    (graph, reached as f64 / n as f64)
}

/// Prints the table.
pub(crate) fn print(mut arch: Arch) {
    arch.core.neurons.as_mut().expect("Loihi-like cores have a limit").value = SIZE;
    let (graph, groups) = clustered();
    println!("\nclustered random network: {} neurons, {} synapses", GROUPS * SIZE, graph.n_weights());
    println!("{:12}{:>8}{:>14}{:>14}{:>10}{:>10}", "cut", "cores", "dest/event", "links/event", "ratio", "time");
    let mut grown = None;
    for cutting in [Cutting::Grown, Cutting::Sequential, Cutting::Random { seed: 1 }] {
        let activity = Some(Activity::uniform(&graph, 10));
        // Every neuron has destinations of its own: a move of the annealing routes thousands of nets again.
        let options = Options { cutting, activity, check: false, moves_per_cluster: 20, ..Options::default() };
        let start = Instant::now();
        let compiled = compile_quantized(&graph, &arch, &options).expect("144 cores hold it");
        let cost = compiled.reports.placements.iter().find(|(m, _)| *m == options.placement).expect("asked for").1;
        let per_event = cost.deliveries_per_event;
        println!(
            "{:12}{:>8}{per_event:>14.2}{:>14.2}{:>10.2}{:>8.1} s",
            cutting.to_string(),
            compiled.partition.clusters.len(),
            cost.multicast_links_per_event,
            per_event / *grown.get_or_insert(per_event),
            start.elapsed().as_secs_f64()
        );
    }
    println!("{:12}{GROUPS:>8}{groups:>14.2}", "groups");
}
