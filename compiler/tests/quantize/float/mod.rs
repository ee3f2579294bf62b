//! The quantized network against the float one, step by step, on random networks. Both are followed by plain loops here, which share no
//! code with the interpreter.
//!
//! **Bound.** Up to the first spike in which they differ, both networks have received the same spikes. With s the unit of a channel and
//! W, B, V₀, Θ its integers, the potentials then differ by at most
//!
//! ```text
//! E = |V₀·s − v₀| + Σ_arrivals |W·s − w| + Σ_updates (|B·s − b| + s if it leaks) + Σ_spikes |Θ·s − θ|
//! ```
//!
//! (with k fraction bits V₀, B, Θ and the leak's loss count s/2^k)
//! since the last hard reset, of which a spike leaves nothing. A spike may differ only where the float potential is within
//! `E + |Θ·s − θ|` of the threshold. Weights that fire a neuron whatever else arrives and thresholds that nothing reaches count
//! nothing: there no spike may differ. Networks of integers have E = 0: no spike differs at all.
//!
//! `SPIKELOOM_NETWORKS=2000 cargo test -p spikeloom-compiler --test quantize float` draws that many networks.

mod network;

use ir::{Compare, DecayRule, NeuronModel, PerChannel, PopulationId, Quantized, Reset, Stimulus, interpret};
use network::{Draw, Layer, Network};
use spikeloom_compiler::{
    check::quantize::check,
    pass::quantize::{Quantization, QuantizeOptions, quantize},
};

/// Precision in which a threshold is met.
const PRECISION: f64 = 1e-5;
/// Relative precision in which integers stand for stored weights (`pass::quantize::unit`): sums of many that are meant to meet a
/// threshold miss it by as much of all that was added.
const STORED: f64 = 1.0 / 4_194_304.0;

/// What happened at the first difference.
#[expect(dead_code, reason = "shown by the assertion that fails")]
#[derive(Debug)]
struct Difference {
    t: u32,
    layer: usize,
    neuron: usize,
    /// Distance of the float potential from the threshold.
    distance: f64,
    bound: f64,
}

/// A neuron of the float network, with how far the integer one may be from it.
#[derive(Clone, Default)]
struct Follower {
    v: f64,
    error: f64,
    /// Magnitudes of all that was added since the last hard reset.
    added: f64,
}

/// The integers of a neuron in real numbers.
struct Image {
    weights: Vec<f64>,
    threshold: f64,
    bias: f64,
    v_init: f64,
    unit: f64,
    /// Unit of potentials.
    part: f64,
    /// Whether weights that were cut still fire the neuron whatever else arrives.
    lossless: bool,
}

/// The numbers of an integer neuron, be it a list.
struct Integers<'a> {
    threshold: &'a PerChannel<i64>,
    bias: &'a PerChannel<i64>,
    v_init: &'a PerChannel<i64>,
    shift: u8,
}

fn integers(neuron: &NeuronModel<Quantized>) -> Integers<'_> {
    match neuron {
        NeuronModel::Spiking(n) => Integers { threshold: &n.threshold, bias: &n.bias, v_init: &n.v_init, shift: 0 },
        NeuronModel::Dynamic(list) => {
            let param = |name: &str| &list.params.iter().find(|p| p.name == name).expect("a parameter").values;
            let v_init = &list.words[0].init;
            Integers { threshold: param("threshold"), bias: param("bias"), v_init, shift: list.shift }
        }
        _ => panic!("it spikes"),
    }
}

fn images(q: &Quantization, layer: usize, sources: usize, signs: bool) -> Vec<Image> {
    let id = PopulationId(layer as u32 + 1);
    let neuron = integers(&q.graph.population(id).neuron);
    let weights = &q.graph.projection(q.graph.incoming(id)[0]).weights;
    let report = &q.layers[layer];
    let image = |(c, row): (usize, &[i32])| {
        let unit = report.scales[c];
        let part = unit / f64::from(neuron.shift).exp2();
        Image {
            weights: row.iter().map(|&w| f64::from(w) * unit).collect(),
            threshold: neuron.threshold.at(c) as f64 * part,
            bias: neuron.bias.at(c) as f64 * part,
            v_init: neuron.v_init.at(c) as f64 * part,
            unit,
            part,
            lossless: report.losses.n_clipped == 0 && !signs,
        }
    };
    weights.chunks(sources).enumerate().map(image).collect()
}

/// The first spike of the integer network that the float one does not have, or the other way round.
fn first_difference(network: &Network, q: &Quantization, stimulus: &Stimulus, signs: bool) -> Option<Difference> {
    let integer = interpret(&q.graph, stimulus);
    let mut sources = network.inputs;
    let mut layers: Vec<(Vec<Image>, Vec<Follower>)> = Vec::new();
    for (l, layer) in network.layers.iter().enumerate() {
        let images = images(q, l, sources, signs);
        let start = |(image, &v): (&Image, &f64)| Follower { v, error: (image.v_init - v).abs(), added: v.abs() };
        let followers = images.iter().zip(&layer.v_init).map(start).collect();
        sources = layer.threshold.len();
        layers.push((images, followers));
    }
    let mut fired: Vec<Vec<usize>> = vec![Vec::new(); layers.len()];
    for t in 0..network.steps {
        let before = fired.clone();
        let mut found: Option<Difference> = None;
        for (l, (layer, (images, followers))) in network.layers.iter().zip(&mut layers).enumerate() {
            let input: Vec<usize> = match l {
                0 => stimulus.steps[t as usize].iter().map(|e| e.neuron as usize).collect(),
                _ => before[l - 1].clone(),
            };
            fired[l].clear();
            for (i, (image, follower)) in images.iter().zip(followers.iter_mut()).enumerate() {
                let (fires, distance, bound) = follower.step((layer, network.integers), i, image, &input);
                let same = integer.spikes[l + 1][t as usize].contains(&(i as u32)) == fires;
                if !same {
                    let difference = Difference { t, layer: l, neuron: i, distance, bound };
                    // The one that is least excused.
                    let worse = |old: &Difference| distance - bound > old.distance - old.bound;
                    if found.as_ref().is_none_or(worse) {
                        found = Some(difference);
                    }
                }
                if fires {
                    fired[l].push(i);
                }
            }
        }
        if found.is_some() {
            return found;
        }
    }
    None
}

impl Follower {
    /// A timestep: whether it fires, how far it was from the threshold, how far the integer may be from it.
    fn step(
        &mut self,
        (layer, integers): (&Layer, bool),
        i: usize,
        image: &Image,
        input: &[usize],
    ) -> (bool, f64, f64) {
        let theta = layer.threshold[i];
        let mut sure = false;
        for &j in input {
            let w = f64::from(layer.weights[i][j]);
            self.v += w;
            // Cut down to what fires whatever else arrives.
            let cut = image.lossless && layer.reset == Reset::Zero && w > theta && image.weights[j] < w - image.unit;
            sure |= cut;
            self.error += if cut { 0.0 } else { (image.weights[j] - w).abs() };
            self.added += w.abs();
        }
        self.v += layer.bias[i];
        self.added += layer.bias[i].abs();
        self.error += (image.bias - layer.bias[i]).abs();
        let slack = PRECISION * theta + if integers { STORED * self.added } else { 0.0 };
        let fires = match layer.compare {
            Compare::Greater => self.v > theta + slack,
            Compare::GreaterEqual => self.v >= theta - slack,
        };
        let off = (image.threshold - theta).abs();
        // A hard reset decides between integers; a threshold further off is one that nothing reaches.
        let off = if off > image.part * 1.000_1 { 0.0 } else { off };
        let (distance, bound) = ((self.v - theta).abs(), self.error + off);
        // A cut weight outdoes whatever has arrived, so that nothing excuses a difference.
        let bound = if sure { 0.0 } else { bound };
        if fires && layer.reset == Reset::Zero {
            *self = Self::default();
        } else if fires {
            self.v -= theta;
            self.error += off;
        }
        if layer.decay > 0 {
            self.v -= self.v * f64::from(layer.decay) / 4096.0;
            self.error += image.part;
        }
        (fires, distance, bound + slack * 1e-3)
    }
}

fn said(network: &Network, q: &Quantization) -> bool {
    let leaks = network.layers.iter().any(|layer| layer.decay > 0);
    leaks || q.layers.iter().any(|layer| layer.n_exact < layer.scales.len() || layer.losses.n_clipped > 0)
}

/// Whether a spike of a network differs; why it must not, if it must not.
fn differs(case: u64, seed: u64, fractions: &[u8], decay: DecayRule) -> (bool, bool, Option<String>) {
    let draw = &mut Draw::new(seed.wrapping_mul(1_000_003).wrapping_add(case));
    let weight_bits = [1, 2, 3, 4, 6, 8, 8, 8, 9, 16][draw.below(10) as usize];
    let network = Network::draw(draw, weight_bits);
    let stimulus = network.stimulus(draw);
    let graph = network.graph();
    let options = QuantizeOptions { weight_bits, state_bits: 32, fractions, decay, ..QuantizeOptions::default() };
    let q = quantize(&graph, &options).unwrap_or_else(|refused| panic!("network {case}: {refused}\n{network:?}"));
    check(&graph, &q, &options).unwrap_or_else(|found| panic!("network {case}: {found}\n{network:?}"));
    let difference = first_difference(&network, &q, &stimulus, weight_bits == 1);
    let wrong = match &difference {
        found if network.integers && (found.is_some() || said(&network, &q)) => "of integers is rounded",
        Some(found) if found.distance > found.bound || !said(&network, &q) => "differs too much",
        _ => return (difference.is_some(), network.integers, None),
    };
    let message = format!("network {case} {wrong}: {difference:?}\n{network:?}\n{:?}", q.layers);
    (difference.is_some(), network.integers, Some(message))
}

/// How many networks keep to integers, and how many of the others differ.
fn compare(fractions: &[u8], decay: DecayRule) -> (u64, u64, u64) {
    let n = std::env::var("SPIKELOOM_NETWORKS").ok().map_or(300, |n| n.parse().expect("a number of networks"));
    let seed: u64 = std::env::var("PROPTEST_RNG_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let outcomes: Vec<_> = (0..n).map(|case| differs(case, seed, fractions, decay)).collect();
    let wrong: Vec<&String> = outcomes.iter().filter_map(|o| o.2.as_ref()).collect();
    let shown: Vec<&str> = wrong.iter().take(5).map(|message| message.as_str()).collect();
    assert!(wrong.is_empty(), "{} of {n} networks:\n{}", wrong.len(), shown.join("\n"));
    let exact = outcomes.iter().filter(|o| o.1).count() as u64;
    (n, exact, outcomes.iter().filter(|o| o.0).count() as u64)
}

#[test]
fn random_float_networks_differ_by_rounding_alone() {
    let (n, exact, differing) = compare(&[], DecayRule::Loss);
    assert!(exact * 5 > n && differing * 20 > n, "{exact} of integers, {differing} differ, of {n}");
}

#[test]
fn with_fraction_bits_fewer_differ() {
    let (_, _, whole) = compare(&[], DecayRule::Value);
    let (_, _, fine) = compare(&[6], DecayRule::Value);
    assert!(fine < whole, "{fine} differ with 6 fraction bits, {whole} without");
    println!("{fine} differ with 6 fraction bits, {whole} without");
}
