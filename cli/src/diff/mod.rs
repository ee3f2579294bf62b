//! Two recordings of one sample, compared spike by spike: the first that differs, and how many by layer.
//!
//! Layers are matched by name. A layer of `B` may be shifted: here a layer behind n spiking layers does in timestep t + n what it
//! does in frameworks in t. A shift that is not given may be looked for: the one that leaves the fewest differences.

mod read;

pub(crate) use read::read;

use serde::Serialize;
use std::collections::BTreeMap;

/// Largest shift that is looked for \[timesteps\].
const MOST_SHIFT: u32 = 64;

/// What one recording holds, by layer.
pub(crate) type Recorded = BTreeMap<String, Layer>;

/// One layer of a recording.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Layer {
    /// Number of neurons, if the recording says so.
    pub(crate) neurons: Option<usize>,
    /// Timestep and neuron of every spike, with how many there are at once or the value that is sent; `None` if spikes were not recorded.
    pub(crate) spikes: Option<BTreeMap<(u32, u32), i32>>,
    /// Potentials after each timestep, one row per timestep.
    pub(crate) potentials: Option<Vec<Vec<f64>>>,
}

/// How layers of `B` are shifted against those of `A`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shifts {
    /// Given, by layer: what happens in `B` in timestep t happens in `A` in t + shift.
    pub(crate) given: BTreeMap<String, u32>,
    /// Whether others are looked for.
    pub(crate) find: bool,
}

/// The comparison of a layer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct LayerDiff {
    /// Name.
    pub(crate) layer: String,
    /// Timesteps by which `B` was moved later.
    pub(crate) shift: u32,
    /// Timesteps in which a neuron of `A` fires, over all neurons.
    pub(crate) a: usize,
    /// The same of `B`.
    pub(crate) b: usize,
    /// Those of `A` that `B` does not have, or has with another number of spikes or another value.
    pub(crate) only_a: usize,
    /// Those of `B` that `A` does not have, or has with another number of spikes or another value.
    pub(crate) only_b: usize,
    /// The first that differs.
    pub(crate) first: Option<First>,
}

/// The first spike that differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct First {
    /// Timestep in `A`.
    pub(crate) timestep: u32,
    /// Neuron, channel-major.
    pub(crate) neuron: u32,
    /// Whether `A` fires.
    pub(crate) in_a: bool,
    /// How many spikes at once, or the value, in `A` and `B`; 0 where there is none.
    pub(crate) values: [i32; 2],
    /// Potentials of the neuron after the timestep, where both were recorded.
    pub(crate) potentials: Option<[f64; 2]>,
}

/// The comparison of two recordings.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Difference {
    /// Layers of both.
    pub(crate) layers: Vec<LayerDiff>,
    /// Layers that only `A` has.
    pub(crate) only_in_a: Vec<String>,
    /// Layers that only `B` has.
    pub(crate) only_in_b: Vec<String>,
}

impl Difference {
    /// The layer with the earliest difference.
    pub(crate) fn first(&self) -> Option<(&LayerDiff, &First)> {
        let all = self.layers.iter().filter_map(|layer| Some((layer, layer.first.as_ref()?)));
        all.min_by_key(|(_, first)| (first.timestep, first.neuron))
    }
}

/// Compares the layers that both recordings have spikes of.
pub(crate) fn compare(a: &Recorded, b: &Recorded, shifts: &Shifts) -> Difference {
    let spiking = |recorded: &Recorded, name: &String| recorded.get(name).is_some_and(|layer| layer.spikes.is_some());
    let layers = a.iter().filter(|(name, _)| spiking(a, name) && spiking(b, name));
    let layers = layers.map(|(name, layer)| of_layer(name, layer, &b[name], shifts)).collect();
    let missing = |from: &Recorded, other: &Recorded| {
        from.keys().filter(|name| spiking(from, name) && !spiking(other, name)).cloned().collect()
    };
    Difference { layers, only_in_a: missing(a, b), only_in_b: missing(b, a) }
}

fn of_layer(name: &str, a: &Layer, b: &Layer, shifts: &Shifts) -> LayerDiff {
    let empty = BTreeMap::new();
    let (mine, theirs) = (a.spikes.as_ref().unwrap_or(&empty), b.spikes.as_ref().unwrap_or(&empty));
    let moved = |shift: u32| {
        let later = theirs.iter().map(|(&(t, neuron), &value)| ((t.saturating_add(shift), neuron), value));
        later.collect::<BTreeMap<_, _>>()
    };
    let missing = |from: &BTreeMap<(u32, u32), i32>, other: &BTreeMap<(u32, u32), i32>| {
        from.iter().filter(|(at, value)| other.get(at) != Some(value)).count()
    };
    let differing = |shift: u32| missing(mine, &moved(shift)) + missing(&moved(shift), mine);
    let shift = match shifts.given.get(name) {
        Some(&shift) => shift,
        None if shifts.find => (0..=MOST_SHIFT).min_by_key(|&shift| (differing(shift), shift)).unwrap_or(0),
        None => 0,
    };
    let theirs = moved(shift);
    let differ = |(at, _): &(&(u32, u32), &i32)| mine.get(at) != theirs.get(at);
    let first = mine.iter().find(differ).into_iter().chain(theirs.iter().find(differ)).map(|(at, _)| *at).min();
    let first = first.map(|(timestep, neuron)| {
        let at =
            |layer: &Layer, t: Option<u32>| Some(*layer.potentials.as_ref()?.get(t? as usize)?.get(neuron as usize)?);
        let potentials = at(a, Some(timestep)).zip(at(b, timestep.checked_sub(shift)));
        First {
            timestep,
            neuron,
            in_a: mine.contains_key(&(timestep, neuron)),
            values: [mine, &theirs].map(|of| of.get(&(timestep, neuron)).copied().unwrap_or(0)),
            potentials: potentials.map(|(a, b)| [a, b]),
        }
    });
    LayerDiff {
        layer: name.to_owned(),
        shift,
        a: mine.len(),
        b: theirs.len(),
        only_a: missing(mine, &theirs),
        only_b: missing(&theirs, mine),
        first,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(spikes: &[(u32, u32)]) -> Layer {
        Layer { neurons: Some(4), spikes: Some(spikes.iter().map(|&at| (at, 1)).collect()), potentials: None }
    }

    fn recorded(layers: &[(&str, Layer)]) -> Recorded {
        layers.iter().map(|(name, layer)| ((*name).to_owned(), layer.clone())).collect()
    }

    #[test]
    fn the_earliest_difference_is_found_with_its_potentials() {
        let mut late = layer(&[(0, 1), (2, 3)]);
        late.potentials = Some(vec![vec![0.0; 4], vec![0.0; 4], vec![1.0, 2.0, 3.0, 4.0]]);
        let mut other = layer(&[(0, 1), (2, 2)]);
        other.potentials = Some(vec![vec![0.0; 4], vec![0.0; 4], vec![5.0, 6.0, 7.0, 8.0]]);
        let a = recorded(&[("one", late), ("two", layer(&[(5, 0)])), ("three", layer(&[]))]);
        let b = recorded(&[("one", other), ("two", layer(&[])), ("four", layer(&[]))]);
        let found = compare(&a, &b, &Shifts::default());
        assert_eq!((found.only_in_a.clone(), found.only_in_b.clone()), (vec!["three".into()], vec!["four".into()]));
        let (layer, first) = found.first().expect("they differ");
        assert_eq!((layer.layer.as_str(), layer.only_a, layer.only_b), ("one", 1, 1));
        let potentials = Some([3.0, 7.0]);
        assert_eq!(*first, First { timestep: 2, neuron: 2, in_a: false, values: [0, 1], potentials });
    }

    #[test]
    fn the_number_of_spikes_at_once_is_compared() {
        let mut more = layer(&[(0, 1), (2, 3)]);
        more.spikes.as_mut().expect("spikes").insert((2, 3), 2);
        let found =
            compare(&recorded(&[("n", more)]), &recorded(&[("n", layer(&[(0, 1), (2, 3)]))]), &Shifts::default());
        let layer = &found.layers[0];
        assert_eq!((layer.a, layer.b, layer.only_a, layer.only_b), (2, 2, 1, 1));
        assert_eq!(layer.first.as_ref().map(|first| (first.timestep, first.values)), Some((2, [2, 1])));
    }

    #[test]
    fn shifts_are_given_or_found() {
        let (a, b) = (recorded(&[("n", layer(&[(3, 0), (5, 1)]))]), recorded(&[("n", layer(&[(1, 0), (3, 1)]))]));
        let differences = |shifts: &Shifts| {
            let found = compare(&a, &b, shifts).layers[0].clone();
            (found.shift, found.only_a + found.only_b)
        };
        assert_eq!(differences(&Shifts::default()), (0, 4));
        assert_eq!(differences(&Shifts { find: true, ..Shifts::default() }), (2, 0));
        let given = BTreeMap::from([("n".to_owned(), 1)]);
        assert_eq!(differences(&Shifts { given, find: true }), (1, 4));
    }
}
