//! What the outside world sends into a network during one sample.

use crate::neuron::InputCoding;
use serde::{Deserialize, Serialize};

/// A graded event of an input neuron: a spike has value 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Channel-major index of the input neuron.
    pub neuron: u32,
    /// Integer value; never 0.
    pub value: i32,
}

/// The input events of one sample, by timestep, in ascending neuron order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stimulus {
    /// `steps[t]` arrives in timestep `t`; later timesteps receive nothing.
    pub steps: Vec<Vec<Event>>,
}

impl Stimulus {
    /// Direct coding of integer `values` (one per input neuron). Zeros send nothing.
    ///
    /// # Panics
    /// If the coding is [`InputCoding::Events`], which has its own timesteps.
    pub fn direct(values: &[i32], coding: InputCoding) -> Self {
        let events: Vec<Event> = values
            .iter()
            .enumerate()
            .filter(|&(_, &value)| value != 0)
            .map(|(neuron, &value)| Event { neuron: neuron as u32, value })
            .collect();
        let steps = match coding {
            InputCoding::DirectOnce => 1,
            InputCoding::DirectEveryStep { steps } => steps as usize,
            InputCoding::Events { .. } => panic!("an event-coded input is given by its events, not by values"),
        };
        Self { steps: vec![events; steps] }
    }

    /// Number of events.
    pub fn len(&self) -> usize {
        self.steps.iter().map(Vec::len).sum()
    }

    /// Whether no event is sent.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
