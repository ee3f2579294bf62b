//! Dense arrays as recordings or images: which axis is what follows from the network's input and from the labels.
//!
//! An array ends in the input's channels, rows and columns, or in their product, or in rows and columns alone where there is one
//! channel; images may have their channels last. In front of that stand nothing (one sample), one axis, or two (samples, then
//! timesteps). One axis is samples if there are as many labels, or if the network takes values in no timesteps; else it is
//! timesteps.

use super::{
    MAX_EVENTS, MAX_STEPS, Merged, Recording, Recordings, Timed,
    array::{Array, Values},
    values::Grid,
};
use crate::error::Cause;

/// Which axis is what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Samples; `None` if the array is one sample.
    pub samples: Option<usize>,
    /// Timesteps; `None` for images.
    pub steps: Option<usize>,
    /// Values of a timestep or image.
    pub frame: usize,
    /// Whether channels come last.
    pub channels_last: bool,
}

const REMEDY: &str =
    "Save it as T×C×H×W for one recording, N×T×C×H×W for several, N×C×H×W for images, with one label each.";

/// The layout of an array of `shape` for an input of channels, rows and columns; `values` if the network takes images only.
///
/// # Errors
/// If the shape does not end in the input.
pub fn layout(shape: &[usize], input: [usize; 3], labels: Option<usize>, values: bool) -> Result<Layout, Cause> {
    let [c, h, w] = input;
    let n = c * h * w;
    let ends = |tail: &[usize]| shape.ends_with(tail).then(|| &shape[..shape.len() - tail.len()]);
    let plain = ends(&[c, h, w]).or_else(|| if c == 1 { ends(&[h, w]) } else { None }).or_else(|| ends(&[n]));
    // A vector of inputs may be maps: only their product is known.
    let maps = || {
        let tails = [3, 2].into_iter().filter(|&sides| h * w == 1 && shape.len() >= sides);
        let mut split = tails.map(|sides| shape.split_at(shape.len() - sides));
        split.find(|(_, tail)| tail.iter().product::<usize>() == n).map(|(front, _)| front)
    };
    let last = || if c > 1 { ends(&[h, w, c]) } else { None };
    let found = plain.map(|front| (front, false)).or_else(|| maps().map(|front| (front, false)));
    let Some((front, channels_last)) = found.or_else(|| last().map(|front| (front, true))) else {
        let why = format!("an array of shape {shape:?} does not end in the network's input, {c}×{h}×{w}");
        return Err(Cause::refused(why, REMEDY));
    };
    let (samples, steps) = match *front {
        [] => (None, None),
        [n] if values || labels == Some(n) && n > 1 => (Some(n), None),
        [t] => (None, Some(t)),
        [n, t] if !values => (Some(n), Some(t)),
        _ => {
            let why =
                format!("an array of shape {shape:?} has too many axes in front of the network's input, {c}×{h}×{w}");
            return Err(Cause::refused(why, REMEDY));
        }
    };
    let count = samples.unwrap_or(1);
    if let Some(labels) = labels.filter(|&labels| labels != count) {
        return Err(Cause::refused(format!("{labels} labels for {count} samples"), REMEDY));
    }
    Ok(Layout { samples, steps, frame: n, channels_last })
}

/// Recordings of a dense array; an array without timesteps is recordings of one.
///
/// # Errors
/// If there are too many timesteps or events, or a value is not finite.
pub fn recordings(
    array: &Array,
    layout: Layout,
    [channels, height, width]: [usize; 3],
    (labels, name): (Option<&[u32]>, &str),
) -> Result<Recordings, Cause> {
    let steps = layout.steps.unwrap_or(1);
    let n = layout.samples.unwrap_or(1);
    if steps == 0 || steps > MAX_STEPS as usize {
        return Err(Cause::refused(format!("{steps} timesteps; from 1 to {MAX_STEPS} are read"), REMEDY));
    }
    let grid = match &array.values {
        Values::Bytes(_) => Grid { unit: 1.0, error: 0.0 },
        Values::Reals(reals) => Grid::of(reals.iter().copied())
            .ok_or_else(|| Cause::refused("holds values that are not finite", "Replace them before saving."))?,
    };
    let of = |i: usize| match &array.values {
        Values::Bytes(bytes) => i32::from(bytes[i]),
        Values::Reals(reals) => grid.integer(reals[i]),
    };
    let events = match &array.values {
        Values::Bytes(bytes) => bytes.iter().filter(|&&byte| byte != 0).count(),
        Values::Reals(reals) => reals.iter().filter(|&&real| real != 0.0).count(),
    };
    if events > MAX_EVENTS {
        return Err(Cause::refused(
            format!("{events} events are more than the {MAX_EVENTS} that are read"),
            "Split the array.",
        ));
    }
    let neuron = |i: usize| {
        if layout.channels_last { i % channels * height * width + i / channels } else { i }
    };
    let mut merged = Merged::default();
    let sample = |s: usize| {
        let mut timed = Vec::new();
        for t in 0..steps {
            let first = (s * steps + t) * layout.frame;
            timed.extend((0..layout.frame).filter_map(|i| {
                let event = Timed { timestep: t as u32, neuron: neuron(i) as u32, value: of(first + i) };
                (event.value != 0).then_some(event)
            }));
        }
        let label = labels.map(|labels| labels[s]);
        Recording::new((s as u64, label), steps as u32, timed, &mut merged).expect("each neuron has one value")
    };
    let samples = (0..n).map(sample).collect();
    let mut remarks: Vec<String> = grid.remark().into_iter().collect();
    if steps == 1 && n == 1 {
        let sides: Vec<String> = array.shape.iter().map(ToString::to_string).collect();
        let shape = sides.join("×");
        remarks.push(format!(
            "{shape} is one recording of one timestep; for an image that is presented in every timestep give --coding every"
        ));
    }
    if layout.channels_last {
        remarks.push("channels stand last and are brought to the front".into());
    }
    let recordings = Recordings::new(name.to_owned(), samples, Merged::default(), remarks)?;
    Ok(Recordings { unit: grid.unit, ..recordings })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(
        shape: &[usize],
        input: [usize; 3],
        labels: Option<usize>,
        values: bool,
    ) -> Result<[Option<usize>; 2], String> {
        layout(shape, input, labels, values).map(|l| [l.samples, l.steps]).map_err(|cause| cause.to_string())
    }

    #[test]
    fn axes_follow_from_input_and_labels() {
        let input = [1, 28, 28];
        assert_eq!(of(&[20, 1, 28, 28], input, None, false), Ok([None, Some(20)]));
        assert_eq!(of(&[20, 1, 28, 28], input, Some(1), false), Ok([None, Some(20)]));
        assert_eq!(of(&[20, 1, 28, 28], input, Some(20), false), Ok([Some(20), None]));
        assert_eq!(of(&[20, 28, 28], input, None, true), Ok([Some(20), None]));
        assert_eq!(of(&[2, 20, 784], input, Some(2), false), Ok([Some(2), Some(20)]));
        assert_eq!(of(&[28, 28], input, None, false), Ok([None, None]));
        assert_eq!(of(&[5, 32, 32, 3], [3, 32, 32], Some(5), true), Ok([Some(5), None]));
        assert_eq!(of(&[2, 20, 28, 28], [784, 1, 1], Some(2), false), Ok([Some(2), Some(20)]));
        assert_eq!(of(&[2, 1, 28, 28], [784, 1, 1], Some(2), false), Ok([Some(2), None]));
        assert!(
            of(&[20, 16, 16], input, None, false).unwrap_err().contains("does not end in the network's input, 1×28×28")
        );
        assert!(of(&[2, 20, 1, 28, 28], input, Some(3), false).unwrap_err().contains("3 labels for 2 samples"));
        assert!(of(&[2, 2, 20, 1, 28, 28], input, None, false).unwrap_err().contains("too many axes"));
        assert!(of(&[2, 20, 1, 28, 28], input, None, true).unwrap_err().contains("too many axes"));
    }

    #[test]
    fn values_become_events_of_their_neurons() {
        let array =
            Array { name: "x".into(), shape: vec![2, 1, 2, 2], values: Values::Bytes(vec![0, 1, 2, 0, 0, 0, 3, 4]) };
        let layout = layout(&array.shape, [3, 1, 2], None, false).unwrap_err();
        assert!(layout.to_string().contains("3×1×2"));
        let found = super::layout(&array.shape, [1, 2, 2], Some(1), false).unwrap();
        let found = recordings(&array, found, [1, 2, 2], (Some(&[7]), "x")).unwrap();
        let events: Vec<_> = found.samples[0].events().iter().map(|e| (e.timestep, e.neuron, e.value)).collect();
        assert_eq!(events, [(0, 1, 1), (0, 2, 2), (1, 2, 3), (1, 3, 4)]);
        assert_eq!((found.samples[0].label, found.samples[0].steps, found.range()), (Some(7), 2, (0, 4)));
    }

    #[test]
    fn last_channels_come_first() {
        let array = Array { name: "x".into(), shape: vec![1, 2, 3], values: Values::Bytes(vec![1, 2, 3, 4, 5, 6]) };
        let layout = layout(&array.shape, [3, 1, 2], None, false).unwrap();
        let found = recordings(&array, layout, [3, 1, 2], (None, "x")).unwrap();
        let values: Vec<_> = found.samples[0].events().iter().map(|e| (e.neuron, e.value)).collect();
        assert_eq!(values, [(0, 1), (1, 4), (2, 2), (3, 5), (4, 3), (5, 6)]);
    }

    #[test]
    fn reals_are_held_on_a_grid() {
        let array = Array { name: "x".into(), shape: vec![1, 2], values: Values::Reals(vec![0.25, 1.0]) };
        let found =
            recordings(&array, layout(&[1, 2], [2, 1, 1], None, false).unwrap(), [2, 1, 1], (None, "x")).unwrap();
        assert!((found.unit - 0.25).abs() < 1e-12 && found.range() == (0, 4), "{found:?}");
        let nan = Array { values: Values::Reals(vec![f64::NAN, 1.0]), ..array };
        let error =
            recordings(&nan, layout(&[1, 2], [2, 1, 1], None, false).unwrap(), [2, 1, 1], (None, "x")).unwrap_err();
        assert!(error.to_string().contains("not finite"));
    }
}
