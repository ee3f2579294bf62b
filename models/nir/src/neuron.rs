//! From a NIR neuron's differential equation to its step (docs/nir.md derives it).
//!
//! With u = v − base, base being `v_reset` wherever θ is above it, a step of the fraction α (α = dt/τ for Euler,
//! 1 − exp(−dt/τ) for exponential Euler) is
//!
//! ```text
//! i ← (1 − α_syn)·i + α_syn·w_in·I                              CubaLI, CubaLIF; elsewhere i = I
//! u ← (1 − α)·u + α·(v_leak − base) + α·R·i;  fires if u > θ − base;  then the reset
//! ```
//!
//! The IR leaks after the comparison, `u ← u − u·δ/4096`, and integrates before it. Storing (1 − δ/4096)·u between steps makes
//! the two the same step when δ/4096 = α: weights `α_syn·w_in·α·R·w`, bias α·(`v_leak` − base + R·c), initial potential
//! (1 − δ/4096)·(start − base). δ is 4096·α rounded to the nearest; inputs keep the unrounded α. I and IF have α·R = dt·R and no
//! leak; so has an infinite τ, whose R is infinite too and α·R = 1, as snnTorch writes β = 1.

use super::{
    hidden::Filter,
    model::{Neuron, Tensor, same_constant},
    options::{Integrator, Start},
    settings::{Rule, Settings},
};
use std::collections::BTreeMap;

/// A neuron's step, every value per neuron.
#[derive(Clone, Debug)]
pub(super) struct Discrete {
    /// Factor on every weight.
    pub(super) gain: Vec<f64>,
    /// Added to the potential in every step.
    pub(super) bias: Vec<f64>,
    /// Added in every step from one on.
    pub(super) late: BTreeMap<u32, Vec<f64>>,
    /// u before the first step.
    pub(super) start: Vec<f64>,
    /// θ − base; absent where nothing fires.
    pub(super) threshold: Option<Vec<f64>>,
    /// `v_reset` − base.
    pub(super) reset: Vec<f64>,
    /// Least u.
    pub(super) floor: Option<Vec<f64>>,
    /// Leak of the potential in 4096ths.
    pub(super) decay: Vec<f64>,
    /// Decay of the current in 4096ths.
    pub(super) current: Option<Vec<f64>>,
    /// Added to the current in every step.
    pub(super) current_bias: Vec<f64>,
    /// The current before the first step.
    pub(super) current_start: Vec<f64>,
    /// Whether what begins late is added to the current.
    pub(super) late_current: bool,
    /// Fractions of the leak before rounding.
    pub(super) alpha: Vec<f64>,
}

/// The step of the neurons of a population of this shape in the file; `constants` is their constant input, by the step in which it
/// begins.
pub(super) fn discretize(
    neuron: &Neuron,
    nir_shape: &[usize],
    constants: &BTreeMap<u32, Vec<f64>>,
    rule: Rule,
    settings: &Settings,
) -> Result<Discrete, String> {
    let all = |name: &str, tensor: &Tensor| {
        tensor.expand(nir_shape).ok_or_else(|| format!("{name} does not fit the shape {nir_shape:?}"))
    };
    let dt = settings.dt.ok_or("needs the length of a timestep, which the file does not say; give it with --dt")?;
    let r = all("r", &neuron.r)?;
    let n = r.len();
    let membrane = match &neuron.tau {
        None => Fractions::none(&r, dt)?,
        Some(tau) => Fractions::new("tau", &all("tau", tau)?, "r", &r, (dt, settings.integrator))?,
    };
    let synapse = match &neuron.synapse {
        None => None,
        Some(synapse) => {
            let (tau, w_in) = (all("tau_syn", &synapse.tau)?, all("w_in", &synapse.w_in)?);
            let mut fractions = Fractions::new("tau_syn", &tau, "w_in", &w_in, (dt, settings.integrator))?;
            if settings.adds_whole && synapse.is_plain() {
                fractions.gain.fill(1.0);
            }
            Some(fractions)
        }
    };
    let v_leak = all("v_leak", &neuron.v_leak)?;
    let v_reset = neuron.v_reset.as_ref().map_or_else(|| Ok(vec![0.0; n]), |tensor| all("v_reset", tensor))?;
    let theta = neuron.threshold.as_ref().map(|tensor| all("v_threshold", tensor)).transpose()?;
    let base: Vec<f64> = (0..n)
        .map(|i| match theta.as_ref().map(|theta| theta[i]) {
            Some(theta) if theta <= v_reset[i] => {
                if theta > v_leak[i] {
                    v_leak[i]
                } else {
                    theta - 1.0
                }
            }
            _ => v_reset[i],
        })
        .collect();
    let start = |i: usize| match rule.start {
        Start::At(v) => v,
        Start::Reset => v_reset[i],
        Start::Leak => v_leak[i],
    };
    // What a constant input adds to the potential, or, where there is one, to the current.
    let mut late: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    let mut fixed = vec![0.0; n];
    for (&step, values) in constants {
        let scaled = |i: usize| values[i] * membrane.gain[i] * synapse.as_ref().map_or(1.0, |s| s.gain[i]);
        let scaled: Vec<f64> = (0..n).map(scaled).collect();
        if step == 0 {
            fixed = scaled;
        } else if scaled.iter().any(|&v| v != 0.0) {
            late.insert(step, scaled);
        }
    }
    let leak_drive = |i: usize| membrane.alpha[i] * (v_leak[i] - base[i]);
    let (bias, current_bias) = match &synapse {
        None => ((0..n).map(|i| leak_drive(i) + fixed[i]).collect(), vec![0.0; n]),
        Some(_) => ((0..n).map(leak_drive).collect(), fixed),
    };
    Ok(Discrete {
        gain: (0..n).map(|i| membrane.gain[i] * synapse.as_ref().map_or(1.0, |s| s.gain[i])).collect(),
        bias,
        late,
        start: (0..n).map(|i| start(i) - base[i]).collect(),
        threshold: theta.map(|theta| theta.iter().zip(&base).map(|(t, b)| t - b).collect()),
        reset: v_reset.iter().zip(&base).map(|(v, b)| v - b).collect(),
        floor: rule.floor.map(|floor| base.iter().map(|b| floor - b).collect()),
        decay: membrane.decay,
        late_current: synapse.is_some(),
        current: synapse.map(|s| s.decay),
        current_bias,
        current_start: vec![0.0; n],
        alpha: membrane.alpha,
    })
}

/// The fraction of a step, its leak on the 12-bit grid, and what a unit of input adds; per neuron.
struct Fractions {
    alpha: Vec<f64>,
    decay: Vec<f64>,
    gain: Vec<f64>,
}

impl Fractions {
    /// Without leak a step adds dt·R·I.
    fn none(r: &[f64], dt: f64) -> Result<Self, String> {
        if r.iter().any(|r| r.is_infinite()) {
            return Err("r is infinite, which only an infinite tau gives a meaning; give a finite one".into());
        }
        let zeros = vec![0.0; r.len()];
        Ok(Self { alpha: zeros.clone(), decay: zeros, gain: r.iter().map(|r| dt * r).collect() })
    }

    fn new(
        tau_name: &str,
        tau: &[f64],
        factor_name: &str,
        factor: &[f64],
        (dt, integrator): (f64, Integrator),
    ) -> Result<Self, String> {
        let of = |tau: f64| match integrator {
            Integrator::Euler => dt / tau,
            Integrator::Exponential => -(-dt / tau).exp_m1(),
        };
        if let Some(bad) = tau.iter().find(|&&tau| of(tau) > 1.0 + 1e-6) {
            return Err(format!(
                "{tau_name} is {bad:e}, shorter than the timestep {dt:e}: forward Euler is not a leak there (dt/tau > 1); check \
                 the unit of {tau_name}, which some exporters get wrong, and give the timestep in that unit (--dt)"
            ));
        }
        let alpha: Vec<f64> = tau.iter().map(|&tau| of(tau).min(1.0)).collect();
        let decay: Vec<f64> = alpha.iter().map(|alpha| (4096.0 * alpha).round()).collect();
        if let Some(i) = (0..tau.len()).find(|&i| decay[i] == 0.0 && alpha[i] > 0.0) {
            return Err(format!(
                "dt/{tau_name} = {:e} rounds to 0 on the leak's grid of 1/4096: the neuron would never forget; give a larger --dt, or \
                 use a node without leak",
                dt / tau[i]
            ));
        }
        let mut gain = Vec::with_capacity(tau.len());
        for (i, &factor) in factor.iter().enumerate() {
            gain.push(match (tau[i].is_infinite(), factor.is_infinite()) {
                (true, true) => 1.0,
                (true, false) if factor == 0.0 => 0.0,
                (false, false) => alpha[i] * factor,
                (true, false) => {
                    return Err(format!(
                        "{tau_name} is infinite, but {factor_name} is {factor}: nothing would ever reach the neuron; both are \
                         infinite where a neuron has no leak (or write a node without {tau_name})"
                    ));
                }
                (false, true) => {
                    return Err(format!("{factor_name} is infinite, which only an infinite {tau_name} gives a meaning"));
                }
            });
        }
        Ok(Self { alpha, decay, gain })
    }
}

impl Discrete {
    /// What remains of the potential of a neuron after its leak.
    pub(super) fn kept(&self, i: usize) -> f64 {
        1.0 - self.decay[i] / 4096.0
    }

    /// The step of a neuron with the current of an integrator in front of it.
    pub(super) fn filtered(mut self, filter: &Filter) -> Self {
        let scaled = |values: &[f64]| values.iter().zip(&self.gain).map(|(v, g)| v * g).collect();
        (self.current_bias, self.current_start) = (scaled(&filter.bias), scaled(&filter.start));
        self.current = Some(vec![filter.decay; self.gain.len()]);
        self
    }

    /// Potentials in units of each neuron's gain, so that weights need no factor; only where every gain is positive.
    pub(super) fn normalized(mut self) -> Self {
        let gain = std::mem::replace(&mut self.gain, vec![1.0; self.decay.len()]);
        let potentials =
            [&mut self.bias, &mut self.start, &mut self.reset, &mut self.current_bias, &mut self.current_start]
                .into_iter();
        for values in potentials.chain(&mut self.threshold).chain(&mut self.floor).chain(self.late.values_mut()) {
            values.iter_mut().zip(&gain).for_each(|(v, g)| *v /= g);
        }
        self
    }

    /// What the leak's grid costs at worst.
    pub(super) fn rounding(&self, name: &str) -> Option<String> {
        let error = |i: usize| if self.alpha[i] > 0.0 { self.decay[i] / 4096.0 / self.alpha[i] - 1.0 } else { 0.0 };
        let worst = (0..self.decay.len()).max_by(|&a, &b| error(a).abs().total_cmp(&error(b).abs()))?;
        (!same_constant(self.decay[worst] / 4096.0, self.alpha[worst])).then(|| {
            format!(
                "node `{name}`: the leak of {:.6} per step is rounded to {}/4096 ({:+.2} %)",
                self.alpha[worst],
                self.decay[worst],
                100.0 * error(worst)
            )
        })
    }
}
