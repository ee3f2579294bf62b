//! What frameworks do by default and do not write into their files.
//!
//! | profile | source |
//! |---|---|
//! | snntorch | snnTorch 1.0.0: `Leaky`, `Synaptic` (`reset_mechanism="subtract"`, `reset_delay=True`), `export_nir.py` (dt = 1e-4) |
//! | spikingjelly | SpikingJelly 2.0.0: `IFNode`, `LIFNode` (hard reset, v ≥ θ, start at `v_reset`), `nir_exchange/to_nir.py` (dt = 1e-4) |
//! | norse | Norse 1.1.0: `LIFBoxCell` (reset to `v_reset`, v > θ, start at `v_leak`), `export_nir.py`: τ = dt/`tau_inv` with dt = 1e-3, so that a step is 1e-6 in the file's unit |
//! | sinabs | sinabs 3.1.3: `IAF`, `LIF` (MultiSpike, subtraction, v ≥ θ, exp(−1/τ)); time in steps |
//! | rockpool | Rockpool 3: `LIFTorch` (several spikes per step, subtraction, v ≥ θ, exp(−dt/τ)), dt = 1e-3 |
//! | lava | lava-dl 0.6: `cuba.Neuron` (reset to 0, v ≥ θ); time in steps |
//!
//! The rows of Rockpool and Lava were compared with no source.

use super::options::{Integrator, Reset, Rules, Spikes, Start};
use ir::Compare;

/// What a framework does where a file says nothing.
#[derive(Debug, PartialEq)]
pub struct Profile {
    /// Name.
    pub name: &'static str,
    /// Length of a timestep in the file's unit, where the file lets none be guessed.
    pub dt: f64,
    /// What its neurons do.
    pub rules: Rules,
    /// Integration of time.
    pub integrator: Integrator,
    /// Whether a spike's weight is added whole to the current of CubaLIF, `α_syn·w_in` being 1, although `w_in` of 1 is written.
    pub adds_whole: bool,
}

/// Most spikes of a neuron in a timestep where a framework sets no bound.
pub const MOST_SPIKES: u8 = 15;

const fn rules(reset: Reset, compare: Compare, start: Start, spikes: Spikes) -> Rules {
    Rules { reset: Some(reset), compare: Some(compare), start: Some(start), spikes: Some(spikes), floor: None }
}

/// The frameworks.
pub const PROFILES: [Profile; 6] = [
    Profile {
        name: "snntorch",
        dt: 1e-4,
        rules: rules(Reset::SubtractAfterLeak, Compare::Greater, Start::At(0.0), Spikes::One),
        integrator: Integrator::Euler,
        adds_whole: false,
    },
    Profile {
        name: "spikingjelly",
        dt: 1e-4,
        rules: rules(Reset::Zero, Compare::GreaterEqual, Start::Reset, Spikes::One),
        integrator: Integrator::Euler,
        adds_whole: false,
    },
    Profile {
        name: "norse",
        dt: 1e-6,
        rules: rules(Reset::Zero, Compare::Greater, Start::Leak, Spikes::One),
        integrator: Integrator::Euler,
        adds_whole: true,
    },
    Profile {
        name: "sinabs",
        dt: 1.0,
        rules: rules(Reset::Subtract, Compare::GreaterEqual, Start::At(0.0), Spikes::UpTo(MOST_SPIKES)),
        integrator: Integrator::Exponential,
        adds_whole: false,
    },
    Profile {
        name: "rockpool",
        dt: 1e-3,
        rules: rules(Reset::Subtract, Compare::GreaterEqual, Start::At(0.0), Spikes::UpTo(MOST_SPIKES)),
        integrator: Integrator::Exponential,
        adds_whole: false,
    },
    Profile {
        name: "lava",
        dt: 1.0,
        rules: rules(Reset::Zero, Compare::GreaterEqual, Start::At(0.0), Spikes::One),
        integrator: Integrator::Euler,
        adds_whole: false,
    },
];

/// The profile of a name.
pub fn profile(name: &str) -> Option<&'static Profile> {
    PROFILES.iter().find(|profile| profile.name == name)
}
