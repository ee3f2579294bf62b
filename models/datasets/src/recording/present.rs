//! Images as the input of a network.

use ir::{Event, InputCoding, InputEncoding, Stimulus};

/// The input of an image: its encoded values, or for networks that take events as many spikes as its brightness says: pixel p
/// fires in ⌊T·p/255⌋ of the T timesteps with input, evenly spaced, in step t if ⌊(t+1)·p/255⌋ > ⌊t·p/255⌋.
pub fn present(image: &[u8], encoding: InputEncoding, coding: InputCoding) -> Stimulus {
    let InputCoding::Events { steps, .. } = coding else {
        return Stimulus::direct(&encoding.encode(image), coding);
    };
    let fires = |p: u8, t: u32| u64::from(t + 1) * u64::from(p) / 255 > u64::from(t) * u64::from(p) / 255;
    let step = |t| {
        let firing = image.iter().enumerate().filter(|&(_, &p)| fires(p, t));
        firing.map(|(neuron, _)| Event { neuron: neuron as u32, value: 1 }).collect()
    };
    Stimulus { steps: (0..steps).map(step).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brightness_is_a_number_of_evenly_spaced_spikes() {
        let stimulus = present(&[0, 255, 64], InputEncoding::Pixels, InputCoding::spikes(20));
        let count = |neuron| stimulus.steps.iter().flatten().filter(|e| e.neuron == neuron).count();
        assert_eq!((stimulus.steps.len(), [count(0), count(1), count(2)]), (20, [0, 20, 20 * 64 / 255]));
    }
}
