//! Every kernel against the seven plain loops of the definition.

use super::*;

/// Deterministic values in [-1, 1).
fn noise(seed: u32) -> impl FnMut() -> f32 {
    let mut s = seed.wrapping_mul(2_654_435_761).wrapping_add(12345);
    move || {
        s = s.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (s >> 8) as f32 / 8_388_608.0 - 1.0
    }
}

/// x, unpacked w[o][i][t], dy in real (unpadded) channel counts, embedded in the padded layout.
fn check(hw: (usize, usize), in_c: usize, out_c: usize, kernel: usize, stride: usize, pad: usize) {
    let s = ConvShape::new(hw, in_c, out_c, kernel, stride, pad);
    let mut rnd = noise((in_c * 131 + out_c * 7 + kernel * 3 + stride) as u32);
    let n = 3;
    let counts: Vec<u8> =
        (0..n * s.in_len()).map(|i| if i % s.in_c < in_c { ((rnd() + 1.0) * 4.5) as u8 } else { 0 }).collect();
    let real: Vec<f32> = counts.iter().map(|&c| f32::from(c)).collect();
    let mut w = vec![0.0; s.weight_len()];
    for o in 0..out_c {
        for i in 0..in_c {
            for t in 0..s.taps() {
                w[s.weight_index(o, i, t)] = rnd();
            }
        }
    }
    let dy: Vec<f32> = (0..n * s.out_len()).map(|i| if i % s.out_c < out_c { rnd() } else { 0.0 }).collect();

    let mut y_ref = vec![0.0f64; n * s.out_len()];
    let mut dw_ref = vec![0.0f64; s.weight_len()];
    for m in 0..n {
        for (p, o) in (0..s.out_pixels()).flat_map(|p| (0..out_c).map(move |o| (p, o))) {
            let at = m * s.out_len() + p * s.out_c + o;
            for (t, i) in (0..s.taps()).flat_map(|t| (0..in_c).map(move |i| (t, i))) {
                let y = (p / s.out_w() * stride + t / kernel) as isize - pad as isize;
                let x = (p % s.out_w() * stride + t % kernel) as isize - pad as isize;
                if y < 0 || x < 0 || y >= hw.0 as isize || x >= hw.1 as isize {
                    continue;
                }
                let v = f64::from(real[m * s.in_len() + (y as usize * hw.1 + x as usize) * s.in_c + i]);
                y_ref[at] += v * f64::from(w[s.weight_index(o, i, t)]);
                dw_ref[s.weight_index(o, i, t)] += v * f64::from(dy[at]);
            }
        }
    }
    let close = |got: &[f32], want: &[f64], what: &str| {
        let scale = want.iter().fold(1.0f64, |a, b| a.max(b.abs()));
        for (i, (g, r)) in got.iter().zip(want).enumerate() {
            assert!((f64::from(*g) - r).abs() < 2e-6 * scale, "{what}[{i}]: {g} against {r} ({s:?})");
        }
    };
    for backend in [Backend::detect(), Backend::Portable] {
        let conv = Conv::with_backend(s, backend);
        let mut scratch = Scratch::default();
        for use_counts in [false, true] {
            let src: Vec<Source<'_>> = (0..n)
                .map(|m| {
                    let r = m * s.in_len()..(m + 1) * s.in_len();
                    if use_counts { Source::Counts(&counts[r]) } else { Source::Real(&real[r]) }
                })
                .collect();
            let mut y = vec![f32::NAN; n * s.out_len()];
            for (x, y) in src.iter().zip(y.chunks_exact_mut(s.out_len())) {
                conv.forward_dense(*x, &w, y, &mut scratch);
            }
            close(&y, &y_ref, "y");
            if let (true, Backend::Avx2(proof)) = (use_counts, conv.backend) {
                for (x, dense) in counts.chunks_exact(s.in_len()).zip(y.chunks_exact(s.out_len())) {
                    let mut listed = vec![f32::NAN; s.out_len()];
                    scratch.list.fill(&s, x);
                    conv.forward_listed(proof, &w, &mut listed, &scratch);
                    assert_eq!(dense, listed, "listed spikes give the dense kernel's bits ({s:?})");
                }
            }
            let mut dw = vec![0.0; s.weight_len()];
            conv.add_weight_gradient(&src, &dy, &mut dw, &mut scratch);
            close(&dw, &dw_ref, "dw");
        }
    }
    check_fixed(s, &counts, &w, &dy, &y_ref, &dw_ref);
}

/// The fixed-point kernels differ from the plain loops by the rounding of their 16-bit factors only.
fn check_fixed(s: ConvShape, counts: &[u8], w: &[f32], dy: &[f32], y_ref: &[f64], dw_ref: &[f64]) {
    let conv = Conv::new(s);
    if !conv.has_fixed() {
        return;
    }
    let largest = 8;
    let mut scratch = Scratch::default();
    let mut wq = FixedWeights::default();
    conv.quantize_weights(w, largest, &mut wq);
    let xs: Vec<&[u8]> = counts.chunks_exact(s.in_len()).collect();
    let mut y = vec![f32::NAN; y_ref.len()];
    for (x, y) in xs.iter().zip(y.chunks_exact_mut(s.out_len())) {
        conv.forward_counts(x, &wq, y, &mut scratch);
    }
    for x in &xs {
        let (mut dense, mut listed) = (vec![f32::NAN; s.out_len()], vec![f32::NAN; s.out_len()]);
        conv.forward_counts_by(CountKernel::Dense, x, &wq, &mut dense, &mut scratch);
        conv.forward_counts_by(CountKernel::Events, x, &wq, &mut listed, &mut scratch);
        assert_eq!(dense, listed, "events give the dense kernel's bits ({s:?})");
    }
    if conv.has_vnni() {
        let plain = Conv::new(s).without_vnni();
        let (mut one, mut other) = (vec![0.5; s.weight_len()], vec![0.5; s.weight_len()]);
        conv.add_weight_gradient_counts(&xs, largest, dy, &mut one, &mut scratch);
        plain.add_weight_gradient_counts(&xs, largest, dy, &mut other, &mut scratch);
        assert_eq!(one, other, "VNNI gives the gradient bits of AVX2 ({s:?})");
        let (mut one, mut other) = (vec![f32::NAN; s.out_len()], vec![f32::NAN; s.out_len()]);
        conv.forward_counts_by(CountKernel::Dense, xs[0], &wq, &mut one, &mut scratch);
        plain.forward_counts_by(CountKernel::Dense, xs[0], &wq, &mut other, &mut scratch);
        assert_eq!(one, other, "VNNI gives the bits of AVX2 ({s:?})");
    }
    // Half a step of 2⁻¹⁵ per factor, at most 8 counts each.
    let tolerance = |terms: usize| 8.0 * terms as f64 * 0.5 / 32_000.0;
    for (g, r) in y.iter().zip(y_ref) {
        assert!((f64::from(*g) - r).abs() < tolerance(s.taps() * s.in_c), "y: {g} against {r} ({s:?})");
    }
    let mut dw = vec![0.0; s.weight_len()];
    conv.add_weight_gradient_counts(&xs, largest, dy, &mut dw, &mut scratch);
    for (g, r) in dw.iter().zip(dw_ref) {
        assert!((f64::from(*g) - r).abs() < tolerance(3 * s.out_pixels()), "dw: {g} against {r} ({s:?})");
    }
}

/// The largest counts and weights of one sign must not leave 32 bits.
#[test]
fn fixed_point_sums_cannot_overflow() {
    let s = ConvShape::new((9, 9), 240, 16, 3, 1, 1);
    let conv = Conv::new(s);
    if !conv.has_fixed() {
        return;
    }
    let (x, w) = (vec![255u8; s.in_len()], vec![-3.0; s.weight_len()]);
    let mut wq = FixedWeights::default();
    conv.quantize_weights(&w, 255, &mut wq);
    let mut scratch = Scratch::default();
    let mut y = vec![0.0; s.out_len()];
    conv.forward_counts(&x, &wq, &mut y, &mut scratch);
    let centre = y[(4 * 9 + 4) * 16];
    let want = -3.0 * 255.0 * 2160.0;
    assert!((centre / want - 1.0).abs() < 1e-3, "{centre} against {want}");
    let mut dw = vec![0.0; s.weight_len()];
    conv.add_weight_gradient_counts(&[&x, &x], 255, &vec![2.0; 2 * s.out_len()], &mut dw, &mut scratch);
    let want = 2.0 * 255.0 * 2.0 * 81.0;
    let got = dw[s.weight_index(3, 7, 4)];
    assert!((got / want - 1.0).abs() < 1e-3, "{got} against {want}");
}

#[test]
fn three_by_three_of_the_published_network() {
    check((8, 8), 3, 40, 3, 1, 1);
    check((8, 8), 40, 120, 3, 2, 1);
    check((7, 7), 120, 24, 3, 1, 1);
    check((5, 5), 24, 230, 3, 1, 1);
}

#[test]
fn odd_channels_kernels_and_geometry() {
    check((7, 5), 1, 1, 3, 1, 1);
    check((9, 6), 5, 13, 5, 2, 2);
    check((4, 4), 7, 33, 1, 1, 0);
    check((6, 7), 12, 8, 3, 2, 0);
    check((5, 9), 4, 17, 7, 3, 3);
}

/// The pixels a stride skips must not contribute, and a batch of one must equal a batch of many.
#[test]
fn gradient_of_a_group_is_the_sum_of_its_samples() {
    let s = ConvShape::new((6, 6), 8, 16, 3, 2, 1);
    let mut rnd = noise(9);
    let x: Vec<f32> = (0..2 * s.in_len()).map(|_| rnd().round()).collect();
    let dy: Vec<f32> = (0..2 * s.out_len()).map(|_| rnd().round()).collect();
    let conv = Conv::new(s);
    let mut scratch = Scratch::default();
    let (xa, xb) = x.split_at(s.in_len());
    let mut both = vec![0.0; s.weight_len()];
    conv.add_weight_gradient(&[Source::Real(xa), Source::Real(xb)], &dy, &mut both, &mut scratch);
    let mut one = vec![0.0; s.weight_len()];
    conv.add_weight_gradient(&[Source::Real(xa)], &dy[..s.out_len()], &mut one, &mut scratch);
    conv.add_weight_gradient(&[Source::Real(xb)], &dy[s.out_len()..], &mut one, &mut scratch);
    assert_eq!(both, one);
}

/// Groups are the dense convolution whose weights between different groups are 0.
#[test]
fn groups_are_a_dense_convolution_with_zeros() {
    for (in_c, out_c, groups) in [(20, 80, 10), (240, 480, 10), (8, 24, 2), (12, 30, 3), (6, 10, 1)] {
        let hw = (6, 5);
        let grouped = GroupedConv::new(hw, in_c, out_c, 3, groups);
        let s = ConvShape::new(hw, in_c, out_c, 3, 1, 1);
        assert_eq!(grouped.shape, s);
        let dense = Conv::new(s);
        let mut rnd = noise(out_c as u32);
        let (mut w, mut wide) = (vec![0.0; grouped.weight_len()], vec![0.0; s.weight_len()]);
        let (per, out_per) = (in_c / groups, out_c / groups);
        assert_eq!(grouped.fan_in(), per);
        let every = || (0..out_c).flat_map(move |o| (0..per).flat_map(move |i| (0..9).map(move |t| (o, i, t))));
        let place = |(o, i, t): (usize, usize, usize)| s.weight_index(o, o / out_per * per + i, t);
        for (o, i, t) in every() {
            let v = rnd();
            w[grouped.weight_index(o, i, t)] = v;
            wide[place((o, i, t))] = v;
        }
        let x: Vec<f32> = (0..s.in_len()).map(|i| if i % s.in_c < in_c { rnd() } else { 0.0 }).collect();
        let dy: Vec<f32> = (0..s.out_len()).map(|i| if i % s.out_c < out_c { rnd() } else { 0.0 }).collect();
        let (mut y, mut want) = (vec![0.0; s.out_len()], vec![0.0; s.out_len()]);
        grouped.forward(&x, &w, &mut y, &mut GroupedScratch::default());
        dense.forward(Source::Real(&x), &wide, &mut want, &mut Scratch::default());
        for (y, want) in y.iter().zip(&want) {
            assert!((y - want).abs() < 1e-4, "{y} against {want}");
        }
        let (mut dw, mut want) = (vec![0.5; grouped.weight_len()], vec![0.5; s.weight_len()]);
        grouped.add_weight_gradient(&x, &dy, &mut dw, &mut GroupedScratch::default());
        dense.add_weight_gradient(&[Source::Real(&x)], &dy, &mut want, &mut Scratch::default());
        for (o, i, t) in every() {
            let (got, want) = (dw[grouped.weight_index(o, i, t)], want[place((o, i, t))]);
            assert!((got - want).abs() < 1e-4, "{got} against {want}");
        }
    }
}
