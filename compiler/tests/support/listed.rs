//! Neurons given as lists, read off the text of their operations: no code shared with the interpreter or the kernels.

use super::{Sent, places};
use isa::{Layer, NeuronDescriptor, NeuronList};

/// One update of a tile.
pub(super) fn update<'a>(
    (d, list, layer): (&'a NeuronDescriptor, &NeuronList, &Layer),
    t: u32,
    state: &mut [i64],
) -> Vec<Sent<'a>> {
    let mut sent = Vec::new();
    if t < list.window.0 || t >= list.window.1 {
        return sent;
    }
    let lines: Vec<Vec<String>> = list
        .ops
        .iter()
        .map(|op| op.to_string().replace(':', " :").split_whitespace().map(String::from).collect())
        .collect();
    for (i, (at, word)) in places(d).enumerate() {
        let mut words: Vec<i64> = (0..list.words.len()).map(|w| state[word + w * d.n()]).collect();
        words.resize(words.len() + usize::from(list.scratch), 0);
        let number = layer.index((d.origin.0 + at.0, d.origin.1 + at.1, d.origin.2 + at.2)) as u64;
        let (mut fired, mut value) = (false, None);
        for line in &lines {
            let colon = line.iter().position(|token| token == ":");
            if let Some(colon) = colon
                && !holds(&line[..colon].concat(), &words, fired, t)
            {
                continue;
            }
            let op: Vec<&str> = line[colon.map_or(0, |colon| colon + 1)..].iter().map(String::as_str).collect();
            let w = index(op[1]);
            let x = op.get(2).map_or(0, |x| match x.as_bytes()[0] {
                b'w' => words[index(x)],
                b'p' => i64::from(list.params[index(x)].at(i, usize::from(d.extent.0))),
                _ => x.parse().expect("a number"),
            });
            let v = words[w];
            words[w] = match op[0] {
                "set" => x,
                "add" => v + x,
                "sub" => v - x,
                "max" => v.max(x),
                "min" => v.min(x),
                "decay" => decayed(v, x, op[3]),
                "toward" => v - v.signum() * v.abs().min(x),
                "shift" => (v as f64 * (x as f64).exp2()).floor() as i64,
                "count" => {
                    if v > 0 {
                        v - 1
                    } else {
                        0
                    }
                }
                "saturate" => v.min((1 << (x - 1)) - 1).max(-(1 << (x - 1))),
                "wrap" => {
                    let modulus = 1i64 << x;
                    let low = v.rem_euclid(modulus);
                    if low >= modulus / 2 { low - modulus } else { low }
                }
                "noise" => v + draw(op[3].parse().expect("a seed"), number, u64::from(t), x),
                "fire" => {
                    fired = match op[3] {
                        "ge" => v >= x,
                        "gt" => v > x,
                        _ => v.abs() >= x,
                    };
                    v
                }
                "emit" => {
                    value = Some(v);
                    v
                }
                other => panic!("no operation {other}"),
            };
        }
        for w in 0..list.words.len() {
            state[word + w * d.n()] = words[w];
        }
        let emits = list.ops.iter().any(|op| op.to_string().contains("emit"));
        let value = if emits { value.unwrap_or(0) } else { i64::from(fired) };
        if fired || value != 0 {
            sent.push(Sent { at, emission: &d.emission, fired, value });
        }
    }
    sent
}

fn index(token: &str) -> usize {
    token[1..].parse().expect("a word or parameter")
}

fn holds(condition: &str, words: &[i64], fired: bool, t: u32) -> bool {
    if let Some(rest) = condition.strip_prefix("t%") {
        let (period, offset) = rest.split_once('=').expect("a period and an offset");
        return t % period.parse::<u32>().expect("a period") == offset.parse::<u32>().expect("an offset");
    }
    match condition {
        "fired" => fired,
        "silent" => !fired,
        _ => match condition.strip_suffix("!=0") {
            Some(w) => words[index(w)] != 0,
            None => words[index(condition.strip_suffix("=0").expect("a condition on a word"))] == 0,
        },
    }
}

/// Decays as real numbers, rounded: exact below 2^52.
fn decayed(v: i64, decay: i64, rule: &str) -> i64 {
    let real = |part: i64| v as f64 * part as f64 / 4096.0;
    match rule {
        "loss" => v - real(decay).trunc() as i64,
        "value" => real(4096 - decay).trunc() as i64,
        _ => real(4096 - decay).floor() as i64,
    }
}

/// The documented generator, in 128-bit arithmetic.
fn draw(seed: u64, neuron: u64, t: u64, bits: i64) -> i64 {
    let modulus = 1u128 << 64;
    let times = |a: u64, b: u64| (u128::from(a) * u128::from(b) % modulus) as u64;
    let mix = |z: u64| {
        let z = times(z ^ (z >> 30), 0xBF58_476D_1CE4_E5B9);
        let z = times(z ^ (z >> 27), 0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    };
    let counter = ((u128::from(seed << 32) + u128::from(t) + 0x9E37_79B9_7F4A_7C15) % modulus) as u64;
    let x = mix(mix(counter) ^ times(neuron, 0xD1B5_4A32_D192_ED03));
    if bits == 0 { 0 } else { (x >> (64 - bits)) as i64 }
}
