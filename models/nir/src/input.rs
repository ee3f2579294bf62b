//! The shape of a file's input, before anything is lowered: samples are read for it.

use crate::{model::Node, read::Read};

impl Read {
    /// Channels, rows and columns of the input; a vector, and several inputs one behind the other, have one row and one column. `None` without an input of known shape.
    pub fn input(&self) -> Option<[usize; 3]> {
        let inputs = self.graph.nodes.values().filter_map(|node| match node {
            Node::Input(shape) => Some(shape.as_slice()),
            _ => None,
        });
        let inputs: Vec<&[usize]> = inputs.collect();
        if let [&[c, h, w]] = inputs[..] {
            return Some([c, h, w]);
        }
        let neurons = |shape: &[usize]| shape.iter().try_fold(1_usize, |n, &side| n.checked_mul(side));
        let n = inputs.iter().try_fold(0_usize, |n, shape| n.checked_add(neurons(shape)?))?;
        (n > 0).then_some([n, 1, 1])
    }
}
