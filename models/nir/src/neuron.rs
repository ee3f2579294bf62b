//! From a NIR neuron's differential equation to the IR's step (docs/nir.md derives it).
//!
//! With u = v − `v_reset`, a step of the fraction α (α = dt/τ for Euler, 1 − exp(−dt/τ) for exponential Euler) is
//!
//! ```text
//! u ← (1 − α)·u + α·(v_leak − v_reset) + α·R·I;  fires if u > θ − v_reset;  u ← 0, or u ← u − (θ − v_reset)
//! ```
//!
//! The IR leaks after the comparison, `u ← u − u·δ/4096`, and integrates before it. Storing (1 − δ/4096)·u between steps makes
//! the two the same step when δ/4096 = α: weights α·R·w, bias α·(`v_leak` − `v_reset` + R·c), initial potential
//! (1 − δ/4096)·(0 − `v_reset`). δ is 4096·α rounded to the nearest; inputs keep the unrounded α. I and IF have α·R = dt·R
//! and no leak.

use super::{
    model::{Neuron, Tensor, same_constant},
    options::{Integrator, Settings},
    signal::per_channel,
};
use ir::{Compare, Leak, PerChannel, Reset, Shape, Spiking, Trained, Window};

/// A neuron's step.
#[derive(Clone, Debug)]
pub(super) struct Discrete {
    /// Factor on every weight, per channel.
    pub(super) gain: Vec<f64>,
    /// Added in every step, per channel.
    pub(super) bias: Vec<f64>,
    /// Potential before the first step, per channel.
    pub(super) v_init: Vec<f64>,
    /// θ − `v_reset`, per channel; absent where nothing fires.
    pub(super) threshold: Option<Vec<f64>>,
    pub(super) leak: Leak,
    /// The fraction that the leak of the first channel stands for, before rounding.
    pub(super) alpha: f64,
}

/// The step of a neuron on a population of this shape; `constant` is its constant input, empty for none.
pub(super) fn discretize(
    neuron: &Neuron,
    (nir_shape, shape): (&[usize], Shape),
    constant: &[f64],
    settings: &Settings,
) -> Result<Discrete, String> {
    let channels = |name: &str, tensor: &Tensor| {
        let values = tensor.expand(nir_shape).ok_or_else(|| format!("{name} does not fit the shape {nir_shape:?}"))?;
        per_channel(&values, shape).ok_or_else(|| {
            format!("{name} differs inside a channel's map; give one value per channel, which is what chips store")
        })
    };
    let dt = settings.dt.ok_or("needs the length of a timestep, which the file does not say; give it with --dt")?;
    let r = channels("r", &neuron.r)?;
    let (alpha, leak) = match &neuron.tau {
        None => (vec![0.0; r.len()], Leak::None),
        Some(tau) => fractions(&channels("tau", tau)?, dt, settings.integrator)?,
    };
    let per_step = |c: usize| if neuron.tau.is_some() { alpha[c] } else { dt };
    let v_leak = channels("v_leak", &neuron.v_leak)?;
    let v_reset = match &neuron.v_reset {
        Some(tensor) => channels("v_reset", tensor)?,
        None => vec![0.0; r.len()],
    };
    let threshold = match &neuron.threshold {
        None => None,
        Some(tensor) => {
            let above: Vec<f64> = channels("v_threshold", tensor)?.iter().zip(&v_reset).map(|(t, v)| t - v).collect();
            if let Some(bad) = above.iter().find(|&&t| t <= 0.0) {
                return Err(format!(
                    "v_threshold is {bad} above v_reset; it must be above, or the neuron never stops firing"
                ));
            }
            Some(above)
        }
    };
    let constant = if constant.is_empty() {
        vec![0.0; r.len()]
    } else {
        per_channel(constant, shape).ok_or(
            "its constant input (the bias of the nodes in front of it) differs inside a channel's map, as behind a padded \
             convolution or a Flatten; chips store one bias per channel",
        )?
    };
    let kept = match leak {
        Leak::None => 1.0,
        Leak::Decay(delta) => 1.0 - f64::from(delta) / 4096.0,
    };
    Ok(Discrete {
        gain: (0..r.len()).map(|c| per_step(c) * r[c]).collect(),
        bias: (0..r.len()).map(|c| alpha[c] * (v_leak[c] - v_reset[c]) + per_step(c) * r[c] * constant[c]).collect(),
        v_init: v_reset.iter().map(|v| if *v == 0.0 { 0.0 } else { -kept * v }).collect(),
        threshold,
        leak,
        alpha: alpha[0],
    })
}

/// The fraction of a step for each channel, and the leak on the 12-bit grid that stands for all of them.
fn fractions(tau: &[f64], dt: f64, integrator: Integrator) -> Result<(Vec<f64>, Leak), String> {
    let of = |tau: f64| match integrator {
        Integrator::Euler => dt / tau,
        Integrator::Exponential => -(-dt / tau).exp_m1(),
    };
    if let Some(bad) = tau.iter().find(|&&tau| of(tau) > 1.0) {
        return Err(format!(
            "tau is {bad:e}, shorter than the timestep {dt:e}: forward Euler is not a leak there (dt/tau > 1); check the unit of \
             tau, which some exporters get wrong, or give a smaller --dt or --integrator exponential"
        ));
    }
    let delta = |tau: f64| (4096.0 * of(tau)).round() as u16;
    if let Some(other) = tau.iter().find(|&&other| delta(other) != delta(tau[0])) {
        return Err(format!(
            "tau is {:e} and {other:e} in one node; a population has one leak, so give each tau a node of its own",
            tau[0]
        ));
    }
    if delta(tau[0]) == 0 {
        return Err(format!(
            "dt/tau = {:e} rounds to 0 on the leak's grid of 1/4096: the neuron would never forget; give a larger --dt, or \
             use IF",
            dt / tau[0]
        ));
    }
    Ok((tau.iter().map(|&tau| of(tau)).collect(), Leak::Decay(delta(tau[0]))))
}

impl Discrete {
    /// The spiking population of this step, with this threshold and window.
    pub(super) fn spiking(
        &self,
        threshold: Vec<f64>,
        (reset, compare): (Reset, Compare),
        window: Window,
    ) -> Spiking<Trained> {
        Spiking {
            threshold: compact(threshold),
            v_init: compact(self.v_init.clone()),
            bias: compact(self.bias.clone()),
            leak: self.leak,
            reset,
            compare,
            window,
            floor: None,
        }
    }
}

/// One value instead of many equal ones.
pub(super) fn compact(values: Vec<f64>) -> PerChannel<f64> {
    if values.iter().all(|&v| same_constant(v, values[0])) {
        PerChannel::uniform(values[0])
    } else {
        PerChannel(values)
    }
}
