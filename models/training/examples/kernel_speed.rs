//! Forward convolution of spike counts, event-driven against dense: `kernel_speed` prints the ratio of times at several activities.
//!
//! Layers 2 to 4 of the network 40-120-120-240 with strides 1,2,2,1 on 32 × 32 images; counts 1 to 8 in a random share of the neurons.
//! Ratios above 1 are in favour of events. Runs of the two kernels alternate, the median of their ratios is printed.

use spikeloom_training::kernels::{Conv, ConvShape, CountKernel, FixedWeights, Scratch};
use std::time::Instant;

fn main() {
    let layers = [((32, 32), 40, 120, 2), ((16, 16), 120, 120, 2), ((8, 8), 120, 240, 1)];
    let mut state = 1u32;
    let mut next = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 8
    };
    println!("active neurons   layer 2   layer 3   layer 4");
    for percent in [2, 5, 10, 15, 20, 30, 40] {
        print!("{percent:12} %");
        for (hw, inputs, outputs, stride) in layers {
            let conv = Conv::new(ConvShape::new(hw, inputs, outputs, 3, stride, 1));
            if !conv.has_fixed() {
                print!("   no AVX2");
                continue;
            }
            let s = &conv.shape;
            let w: Vec<f32> = (0..s.weight_len()).map(|_| next() as f32 / 8_388_608.0 - 1.0).collect();
            let x: Vec<u8> =
                (0..s.in_len()).map(|_| if next() % 100 < percent { 1 + (next() % 8) as u8 } else { 0 }).collect();
            let mut fixed = FixedWeights::default();
            conv.quantize_weights(&w, 8, &mut fixed);
            let (mut y, mut scratch) = (vec![0.0; s.out_len()], Scratch::default());
            let mut time = |kernel| {
                let begin = Instant::now();
                for _ in 0..20 {
                    conv.forward_counts_by(kernel, &x, &fixed, &mut y, &mut scratch);
                }
                begin.elapsed().as_secs_f64()
            };
            let mut ratios: Vec<f64> = (0..15).map(|_| time(CountKernel::Dense) / time(CountKernel::Events)).collect();
            ratios.sort_by(f64::total_cmp);
            print!("   {:6.2}x", ratios[ratios.len() / 2]);
        }
        println!();
    }
}
