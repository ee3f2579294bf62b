//! The generator of stochastic neurons: a number for every (seed, neuron, timestep), computed when it is asked for.
//!
//! ```text
//! x = seed·2^32 + t, x ← mix(x + 0x9E3779B97F4A7C15), x ← mix(x ⊕ neuron·0xD1B54A32D192ED03)
//! r = the highest `bits` bits of x
//! mix(z): z ← (z ⊕ z≫30)·0xBF58476D1CE4E5B9, z ← (z ⊕ z≫27)·0x94D049BB133111EB, z ⊕ z≫31
//! ```
//!
//! all modulo 2^64: the finalizer of SplitMix64 (Steele, Lea, Flood 2014) over a counter. The neuron is its channel-major number
//! in the network, so that neither placement nor order of updates changes a spike.

/// A number of `0..2^bits`; 0 bits give 0, more than 31 give 31.
#[inline]
pub const fn draw(seed: u32, neuron: u32, t: u32, bits: u8) -> i32 {
    if bits == 0 {
        return 0;
    }
    let bits = if bits > 31 { 31 } else { bits };
    let x = mix((((seed as u64) << 32) | t as u64).wrapping_add(0x9E37_79B9_7F4A_7C15));
    let x = mix(x ^ (neuron as u64).wrapping_mul(0xD1B5_4A32_D192_ED03));
    (x >> (64 - bits as u32)) as i32
}

const fn mix(z: u64) -> u64 {
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_uniform_enough_over_neurons_and_timesteps() {
        // 4 bits over 64 × 64 draws: each of 16 numbers 256 times, within 5 standard deviations (15.5).
        let mut n = [0u32; 16];
        for neuron in 0..64 {
            for t in 0..64 {
                n[draw(7, neuron, t, 4) as usize] += 1;
            }
        }
        assert!(n.iter().all(|&n| n.abs_diff(256) < 78), "{n:?}");
    }

    #[test]
    fn seeds_neurons_and_timesteps_all_matter() {
        let x = draw(1, 2, 3, 31);
        assert!(x != draw(2, 2, 3, 31) && x != draw(1, 3, 3, 31) && x != draw(1, 2, 4, 31));
        assert_eq!(draw(9, 9, 9, 0), 0);
    }
}
