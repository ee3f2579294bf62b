//! A list of operations on a tile: one loop over all neurons per operation, on planes of state words.
//!
//! Word w of a tile of n neurons is the plane `v_base + w·n ..`. Scratch words have planes of their own behind the state of the
//! core. With fraction bits, arrivals are summed as they come in the plane at `v_base`, and word 0 has a plane behind the
//! state too: `w0 ← w0 + arrivals·2^k`, which is the sum of the shifted contributions, for no sum passes 32 bits. All
//! arithmetic wraps: the compiler has proven that nothing that is used does.

use isa::{
    NeuronDescriptor, NeuronList,
    neuron::{Action, Column, Compare, DecayRule, Op, Operand, When, random},
};

/// A parameter or an initial value, by neuron.
#[derive(Clone, Debug)]
enum Values {
    Same(i32),
    Each(Vec<i32>),
}

impl Values {
    fn new(column: &Column, channels: usize, n: usize) -> Self {
        match column.values[..] {
            [value] => Self::Same(value),
            _ => Self::Each((0..n).map(|i| column.at(i, channels)).collect()),
        }
    }
}

/// A list of operations, prepared.
#[derive(Clone, Debug)]
pub(crate) struct List {
    n: usize,
    /// Neurons read in numbers of the network, for random draws; empty without.
    numbers: Vec<u32>,
    /// Where the arrivals are summed.
    arrivals: usize,
    /// First state word of each plane, scratch included.
    planes: Vec<usize>,
    init: Vec<Values>,
    params: Vec<Values>,
    ops: Vec<Op>,
    shift: u8,
    pub(crate) potential: usize,
    pub(crate) fires: bool,
    emits: Option<usize>,
}

/// Working memory of an update, reused.
#[derive(Clone, Debug, Default)]
pub(crate) struct Update {
    /// Who fired, or emits a value.
    pub(crate) fired: Vec<u8>,
    /// What is emitted, where the list emits values.
    pub(crate) values: Vec<i32>,
    /// Words that an operation saturated.
    pub(crate) saturated: u64,
    holds: Vec<u8>,
    other: Vec<i32>,
}

impl List {
    /// Prepares the list of a tile; `extra` is the first free state word behind those of the core, and moves on.
    pub(crate) fn new(
        d: &NeuronDescriptor,
        list: &NeuronList,
        extra: &mut usize,
        number: impl Fn(usize) -> u32,
    ) -> Result<Self, String> {
        let (n, channels) = (d.n(), usize::from(d.extent.0));
        if let Some(message) = isa::neuron::check(&list.ops, list.layout()).into_iter().next() {
            return Err(message);
        }
        if let Some(column) = list.words.iter().chain(&list.params).find(|c| !c.fits(channels, n)) {
            return Err(format!("`{}` has {} values for {n} neurons", column.name, column.values.len()));
        }
        if usize::from(list.potential.0) >= list.words.len() || list.shift > 30 {
            return Err("its potential is no word, or it has more than 30 fraction bits".into());
        }
        let mut behind = || {
            *extra += n;
            *extra - n
        };
        let base = d.v_base as usize;
        let mut planes: Vec<usize> = (0..list.words.len()).map(|w| base + w * n).collect();
        if list.shift > 0 {
            planes[0] = behind();
        }
        planes.extend((0..list.scratch).map(|_| behind()));
        let random = list.ops.iter().any(|op| matches!(op.action, Action::Noise(..)));
        let emitted = |op: &Op| if let Action::Emit(w) = op.action { Some(usize::from(w.0)) } else { None };
        Ok(Self {
            n,
            numbers: if random { (0..n).map(number).collect() } else { Vec::new() },
            arrivals: base,
            potential: planes[usize::from(list.potential.0)],
            planes,
            init: list.words.iter().map(|column| Values::new(column, channels, n)).collect(),
            params: list.params.iter().map(|column| Values::new(column, channels, n)).collect(),
            ops: list.ops.clone(),
            shift: list.shift,
            fires: list.fires(),
            emits: list.ops.iter().find_map(emitted),
        })
    }

    /// Whether values are emitted rather than spikes.
    pub(crate) fn emits_values(&self) -> bool {
        self.emits.is_some()
    }

    /// Words that an update reads and writes, parameters that it reads, and additions and products per neuron.
    pub(crate) fn costs(&self) -> Costs {
        let mut costs = Costs { words: self.init.len() as u64, ..Costs::default() };
        let mut read = vec![false; self.params.len()];
        for op in &self.ops {
            if let Some(Operand::Param(p)) = op.action.operand() {
                read[usize::from(p.0)] = true;
            }
            let conditional = op.when == When::Fired;
            match op.action {
                Action::Decay(..) => costs.products += 1,
                Action::Fire(..) | Action::Emit(_) | Action::Set(..) | Action::Saturate(..) | Action::Wrap(..) => {}
                Action::Add(_, Operand::Param(p)) if matches!(self.params[usize::from(p.0)], Values::Same(0)) => {}
                Action::Add(..)
                | Action::Sub(..)
                | Action::Max(..)
                | Action::Min(..)
                | Action::Toward(..)
                | Action::Shift(..)
                | Action::Count(_)
                | Action::Noise(..) => costs.additions += u64::from(!conditional),
            }
        }
        costs.params = read.into_iter().filter(|&read| read).count() as u64;
        costs
    }

    /// The start of a sample.
    pub(crate) fn reset(&self, v: &mut [i32]) {
        v[self.arrivals..][..self.n].fill(0);
        for (&plane, init) in self.planes.iter().zip(&self.init) {
            let plane = &mut v[plane..][..self.n];
            match init {
                Values::Same(value) => plane.fill(*value),
                Values::Each(values) => plane.copy_from_slice(values),
            }
        }
    }

    /// Before the update, and in steps without one: shifted arrivals go into word 0.
    pub(crate) fn integrate(&self, v: &mut [i32]) {
        if self.shift == 0 {
            return;
        }
        let [word, arrivals] = planes(v, self.planes[0], self.arrivals, self.n);
        for (word, arrived) in word.iter_mut().zip(arrivals) {
            *word = word.wrapping_add(std::mem::take(arrived) << self.shift);
        }
    }

    /// Executes the list in timestep `t`; who fired is in `update`.
    pub(crate) fn update(&self, v: &mut [i32], t: u32, update: &mut Update) {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has AVX2.
            return unsafe { self.update_avx2(v, t, update) };
        }
        self.update_plain(v, t, update);
    }

    /// The plain loops, compiled for AVX2.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn update_avx2(&self, v: &mut [i32], t: u32, update: &mut Update) {
        self.update_plain(v, t, update);
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "compiled once more inside a function that enables AVX2")]
    fn update_plain(&self, v: &mut [i32], t: u32, update: &mut Update) {
        let n = self.n;
        update.fired.clear();
        update.fired.resize(n, 0);
        update.holds.resize(n, 1);
        if self.emits.is_some() {
            update.values.clear();
            update.values.resize(n, 0);
        }
        for op in &self.ops {
            if let When::Every { period, offset } = op.when
                && t % period != offset
            {
                continue;
            }
            self.condition(v, op.when, update);
            self.operation(v, *op, t, update);
        }
        if self.emits.is_some() {
            for (fired, &value) in update.fired.iter_mut().zip(&update.values) {
                *fired = u8::from(value != 0 || (self.fires && *fired == 1));
            }
        }
    }

    /// Marks where an operation takes effect.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "as `update_plain`")]
    fn condition(&self, v: &[i32], when: When, update: &mut Update) {
        let Update { fired, holds, .. } = update;
        match when {
            When::Always | When::Every { .. } => {}
            When::Fired => holds.copy_from_slice(fired),
            When::Silent => holds.iter_mut().zip(fired).for_each(|(holds, fired)| *holds = 1 - *fired),
            When::Zero(w) => {
                let word = &v[self.planes[usize::from(w.0)]..][..self.n];
                holds.iter_mut().zip(word).for_each(|(holds, &word)| *holds = u8::from(word == 0));
            }
            When::NonZero(w) => {
                let word = &v[self.planes[usize::from(w.0)]..][..self.n];
                holds.iter_mut().zip(word).for_each(|(holds, &word)| *holds = u8::from(word != 0));
            }
        }
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "as `update_plain`")]
    fn operation(&self, v: &mut [i32], op: Op, t: u32, update: &mut Update) {
        let Update { fired, values, saturated, holds, other } = update;
        let plane = self.planes[usize::from(op.action.word().0)];
        // What is read besides, as one value or a plane of its own.
        let same = match op.action.operand() {
            None => Some(0),
            Some(Operand::Param(p)) => match &self.params[usize::from(p.0)] {
                Values::Same(value) => Some(*value),
                Values::Each(each) => {
                    other.clear();
                    other.extend_from_slice(each);
                    None
                }
            },
            Some(Operand::Word(w)) => {
                other.clear();
                other.extend_from_slice(&v[self.planes[usize::from(w.0)]..][..self.n]);
                None
            }
        };
        let word = &mut v[plane..][..self.n];
        let always = matches!(op.when, When::Always | When::Every { .. });
        let holds = (!always).then_some(&holds[..]);
        match op.action {
            Action::Set(..) => each(word, holds, same, other, |_, x| x),
            Action::Add(..) => each(word, holds, same, other, i32::wrapping_add),
            Action::Sub(..) => each(word, holds, same, other, i32::wrapping_sub),
            Action::Max(..) => each(word, holds, same, other, i32::max),
            Action::Min(..) => each(word, holds, same, other, i32::min),
            Action::Decay(_, _, DecayRule::Loss) => {
                each(word, holds, same, other, |v, d| v.wrapping_sub(signed(share(v.unsigned_abs(), d), v)));
            }
            Action::Decay(_, _, DecayRule::Value) => {
                each(word, holds, same, other, |v, d| signed(share(v.unsigned_abs(), 4096 - d), v));
            }
            Action::Decay(_, _, DecayRule::Floor) => {
                each(word, holds, same, other, |v, d| {
                    let kept = 4096 - d;
                    (v >> 12).wrapping_mul(kept).wrapping_add(((v & 4095) * kept) >> 12)
                });
            }
            Action::Toward(..) => {
                each(word, holds, same, other, |v, x| signed(v.unsigned_abs().saturating_sub(x.unsigned_abs()), v));
            }
            Action::Shift(_, k) if k < 0 => each(word, holds, Some(i32::from(-k)), other, |v, k| v >> k),
            Action::Shift(_, k) => each(word, holds, Some(i32::from(k)), other, |v, k| v.wrapping_shl(k as u32)),
            Action::Count(_) => each(word, holds, Some(0), other, |v, _| (v - 1).max(0)),
            Action::Saturate(_, bits) => {
                let high = (i64::from(1u32 << (bits - 1)) - 1) as i32;
                let beyond = |(i, v): (usize, &i32)| {
                    u64::from((*v > high || *v < -high - 1) && holds.is_none_or(|holds| holds[i] == 1))
                };
                *saturated += word.iter().enumerate().map(beyond).sum::<u64>();
                each(word, holds, Some(high), other, |v, high| v.clamp(-high - 1, high));
            }
            Action::Wrap(_, bits) => {
                each(word, holds, Some(32 - i32::from(bits)), other, |v, k| v.wrapping_shl(k as u32) >> k);
            }
            Action::Noise(_, bits, seed) => {
                other.clear();
                other.extend(self.numbers.iter().map(|&neuron| random::draw(seed, neuron, t, bits)));
                each(word, holds, None, other, i32::wrapping_add);
            }
            Action::Fire(_, _, compare) => {
                let decide = |f: &dyn Fn(i32, i32) -> bool, fired: &mut [u8]| {
                    for (i, (fired, &v)) in fired.iter_mut().zip(&*word).enumerate() {
                        let x = same.unwrap_or_else(|| other[i]);
                        *fired = u8::from(f(v, x) && holds.is_none_or(|holds| holds[i] == 1));
                    }
                };
                match (compare, same, holds) {
                    (Compare::AtLeast, Some(x), None) => mark(fired, word, |v| v >= x),
                    (Compare::Above, Some(x), None) => mark(fired, word, |v| v > x),
                    (Compare::AtLeast, ..) => decide(&|v, x| v >= x, fired),
                    (Compare::Above, ..) => decide(&|v, x| v > x, fired),
                    (Compare::Magnitude, ..) => decide(&|v, x| i64::from(v).abs() >= i64::from(x), fired),
                }
            }
            Action::Emit(_) => {
                for (i, (value, &v)) in values.iter_mut().zip(&*word).enumerate() {
                    if holds.is_none_or(|holds| holds[i] == 1) {
                        *value = v;
                    }
                }
            }
        }
    }
}

/// What an update of a neuron costs.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Costs {
    /// State words read and written.
    pub(crate) words: u64,
    /// Parameters read.
    pub(crate) params: u64,
    /// Additions and comparisons with a limit.
    pub(crate) additions: u64,
    /// Products with a decay.
    pub(crate) products: u64,
}

/// Two different planes.
fn planes(v: &mut [i32], a: usize, b: usize, n: usize) -> [&mut [i32]; 2] {
    v.get_disjoint_mut([a..a + n, b..b + n]).expect("planes lie in the state and do not overlap")
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled once more inside a function that enables AVX2")]
fn mark(fired: &mut [u8], word: &[i32], f: impl Fn(i32) -> bool) {
    for (fired, &v) in fired.iter_mut().zip(word) {
        *fired = u8::from(f(v));
    }
}

/// `w ← f(w, x)` where it holds.
#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled once more inside a function that enables AVX2")]
fn each(word: &mut [i32], holds: Option<&[u8]>, same: Option<i32>, other: &[i32], f: impl Fn(i32, i32) -> i32) {
    match (holds, same) {
        (None, Some(x)) => word.iter_mut().for_each(|w| *w = f(*w, x)),
        (None, None) => word.iter_mut().zip(other).for_each(|(w, &x)| *w = f(*w, x)),
        (Some(holds), Some(x)) => {
            for (w, &holds) in word.iter_mut().zip(holds) {
                let changed = f(*w, x);
                *w = if holds == 1 { changed } else { *w };
            }
        }
        (Some(holds), None) => {
            for ((w, &x), &holds) in word.iter_mut().zip(other).zip(holds) {
                let changed = f(*w, x);
                *w = if holds == 1 { changed } else { *w };
            }
        }
    }
}

/// `⌊m·part/4096⌋` for part in 0..=4096, in 32 bits.
#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled once more inside a function that enables AVX2")]
fn share(m: u32, part: i32) -> u32 {
    let part = part as u32;
    (m >> 12).wrapping_mul(part).wrapping_add((m & 4095).wrapping_mul(part) >> 12)
}

/// A magnitude with the sign of another number.
#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled once more inside a function that enables AVX2")]
fn signed(m: u32, like: i32) -> i32 {
    let sign = like >> 31;
    ((m as i32) ^ sign).wrapping_sub(sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_exact_over_the_whole_range() {
        for m in [0, 1, 4095, 4096, 4097, 123_456_789, u32::MAX >> 1, 1 << 31] {
            for part in [0, 1, 128, 2048, 4095, 4096] {
                assert_eq!(u64::from(share(m, part)), u64::from(m) * part as u64 / 4096, "{m}·{part}");
            }
        }
        assert_eq!([signed(5, -3), signed(5, 3), signed(0, -1)], [-5, 5, 0]);
    }
}
