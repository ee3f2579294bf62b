//! Neuron update of a tile: `v += bias; v = max(v, floor); fire if v ≥ θ (> θ); v −= θ (v = 0); v −= v·decay/4096`.
//!
//! One call updates the channels of one position. A strict comparison is a comparison with θ + 1.

use isa::{NeuronDescriptor, NeuronKind, op::ChannelParams};

/// What an update does, with parameters by channel in columns.
#[derive(Clone, Debug)]
pub(crate) struct Neurons {
    bias: Vec<i32>,
    /// θ, or θ + 1 for a strict comparison.
    fire_at: Vec<i32>,
    /// Taken away by a spike.
    threshold: Vec<i32>,
    floor: i32,
    hard_reset: bool,
    decay: u16,
}

impl Neurons {
    /// `None` for neurons that are never updated.
    pub(crate) fn new(d: &NeuronDescriptor) -> Option<Self> {
        let NeuronKind::Spiking { strict, hard_reset, decay, floor, .. } = d.kind else { return None };
        let column = |f: fn(&ChannelParams) -> i32| d.params.iter().map(f).collect::<Vec<i32>>();
        Some(Self {
            bias: column(|p| p.bias),
            fire_at: d.params.iter().map(|p| p.threshold.saturating_add(i32::from(strict))).collect(),
            threshold: column(|p| p.threshold),
            floor: floor.unwrap_or(i32::MIN),
            hard_reset,
            decay,
        })
    }

    /// Whether an update without arrivals can only change a neuron that is above threshold or below the floor.
    pub(crate) fn is_inert(&self) -> bool {
        self.decay == 0 && self.bias.iter().all(|&b| b == 0)
    }

    pub(crate) fn has_leak(&self) -> bool {
        self.decay != 0
    }

    pub(crate) fn n_biased(&self) -> usize {
        self.bias.iter().filter(|&&b| b != 0).count()
    }

    /// Whether an update without arrivals and bias would change neuron `c` of potential `v`.
    pub(crate) fn is_due(&self, c: usize, v: i32) -> bool {
        v >= self.fire_at[c] || v < self.floor
    }

    /// Compares the potentials `v` of channels `first..` of one position right after an event was added to them: raises them to
    /// the floor, and where the threshold is reached calls `fires(index in v)`, ascending, and resets.
    #[inline]
    pub(crate) fn fire(&self, first: usize, v: &mut [i32], mut fires: impl FnMut(usize)) {
        let fire_at = &self.fire_at[first..][..v.len()];
        let mut any = false;
        for (v, &fire_at) in v.iter_mut().zip(fire_at) {
            *v = (*v).max(self.floor);
            any |= *v >= fire_at;
        }
        if !any {
            return;
        }
        for (i, v) in v.iter_mut().enumerate().filter(|(i, v)| **v >= fire_at[*i]) {
            fires(i);
            *v = if self.hard_reset { 0 } else { *v - self.threshold[first + i] };
        }
    }

    /// Updates the channels of one position; `fired[c]` tells who fired. Returns whether [`Self::is_due`] holds for any
    /// channel afterwards.
    #[inline]
    pub(crate) fn update(&self, v: &mut [i32], fired: &mut [u8]) -> bool {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has AVX2.
            return unsafe { self.update_avx2(v, fired) };
        }
        self.update_plain(v, fired)
    }

    /// The plain loop, compiled for AVX2.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn update_avx2(&self, v: &mut [i32], fired: &mut [u8]) -> bool {
        self.update_plain(v, fired)
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "compiled once more inside a function that enables AVX2")]
    fn update_plain(&self, v: &mut [i32], fired: &mut [u8]) -> bool {
        let n = v.len();
        let (v, fired) = (&mut v[..n], &mut fired[..n]);
        let (bias, fire_at, threshold) = (&self.bias[..n], &self.fire_at[..n], &self.threshold[..n]);
        let keep = if self.hard_reset { 0 } else { -1 };
        let mut due = false;
        for c in 0..n {
            let u = (v[c] + bias[c]).max(self.floor);
            let fires = u >= fire_at[c];
            fired[c] = u8::from(fires);
            // Wrapping matters only where the neuron does not fire and the difference is not used.
            let reset = u.wrapping_sub(threshold[c]) & keep;
            let u = if fires { reset } else { u };
            due |= u >= fire_at[c];
            due |= u < self.floor;
            v[c] = u;
        }
        if self.decay != 0 {
            for v in v {
                *v -= (i64::from(*v) * i64::from(self.decay) / 4096) as i32;
            }
        }
        due
    }
}
