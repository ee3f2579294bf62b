//! Analytical energy models of formal and spiking networks, as data.
//!
//! E = Σ_layers Σ_terms count · unit energy. A model is a table of [`Term`]s per kind of layer; [`evaluate`] multiplies
//! and adds. The model is Lemaire, Cordone, Castagnetti, Novac, Courtois, Miramond, "An Analytical Estimation of Spiking
//! Neural Networks Energy Efficiency", ICONIP 2022, in three readings ([`Reading`]) and five memory lines
//! ([`SramLine`](crate::sram::SramLine)).
//!
//! What every reading assumes: each layer has its own memories; one access per datum and use, no reuse; IF or LIF neurons;
//! pooling, data movement between layers, control, clock and leakage power cost nothing.

mod counted;
mod evaluation;
mod layer_file;
mod network;
mod options;
mod reading;
pub(crate) mod term;

pub use counted::{CORRESPONDENCE, Discrepancy, discrepancies};
pub use evaluation::{EvaluateError, Evaluation, Groups, LayerTerms, TermValue, evaluate};
pub use network::{Conv, Layer, Mode, Network, Neuron, Shape};
pub use options::{Arithmetic, DirectEncoding, OpScaling, Options, Reading};
pub use reading::Case;
pub(crate) use reading::terms;
pub use term::{Formula, Group, Quantities, Term, Unit};
