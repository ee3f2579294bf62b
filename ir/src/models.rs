//! Named neuron models, as lists: IF, LIF, LI, CubaLI, CubaLIF, adaptive, refractory, snnTorch's delayed reset, sigma-delta.
//!
//! [`Spiking::dynamics`] is the list of today's IF and LIF. [`Neuron`] writes the others: fill in what the model has. A model that
//! it cannot say is a list written by hand, with [`List`] or as text.

use crate::{
    dynamics::{Action, DecayRule, Dynamics, Op, Operand, Param, Parameter, StateWord, Unit, When, Word},
    neuron::{Compare, Leak, PerChannel, Reset, Spiking, Window},
    stage::Stage,
};

/// A list under construction.
#[derive(Clone, Debug)]
pub struct List<S: Stage>(Dynamics<S>);

impl<S: Stage> List<S> {
    /// An empty list whose first word, of this name and initial value, takes the arrivals.
    pub fn new(model: &str, name: &str, init: PerChannel<S::Value>, window: Window) -> Self {
        let mut dynamics = Dynamics::accumulator(init);
        (dynamics.model, dynamics.window) = (model.into(), window);
        dynamics.words[0].name = name.into();
        Self(dynamics)
    }

    /// A further word; all of them before the first scratch word.
    pub fn word(&mut self, name: &str, unit: Unit, init: PerChannel<S::Value>) -> Word {
        self.0.words.push(StateWord { name: name.into(), unit, init });
        Word(self.0.words.len() as u8 - 1)
    }

    /// A word within an update.
    pub fn scratch(&mut self) -> Word {
        self.0.scratch += 1;
        Word(self.0.words.len() as u8 + self.0.scratch - 1)
    }

    /// A parameter.
    pub fn param(&mut self, name: &str, unit: Unit, values: PerChannel<S::Value>) -> Param {
        let same = |p: &Parameter<S>| p.name == name && p.unit == unit && p.values == values;
        if let Some(known) = self.0.params.iter().position(same) {
            return Param(known as u8);
        }
        self.0.params.push(Parameter { name: name.into(), unit, values });
        Param(self.0.params.len() as u8 - 1)
    }

    /// A potential of 0.
    pub fn zero(&mut self) -> Param {
        self.param("zero", Unit::Potential, PerChannel::uniform(S::Value::default()))
    }

    /// The next operation, everywhere.
    pub fn then(&mut self, action: Action) {
        self.0.ops.push(Op::always(action));
    }

    /// The next operation, where a condition holds.
    pub fn when(&mut self, when: When, action: Action) {
        self.0.ops.push(Op { when, action });
    }

    /// The finished list; `potential` is what read-outs read.
    pub fn finish(mut self, potential: Word, shift: u8) -> Dynamics<S> {
        (self.0.potential, self.0.shift) = (potential, shift);
        self.0
    }
}

impl<S: Stage> Spiking<S> {
    /// The list of operations of this IF or LIF neuron.
    pub fn dynamics(&self) -> Dynamics<S> {
        self.with(DecayRule::Loss, 0)
    }

    /// The same with another rule of decay and with fraction bits, whose parameters are already multiplied by 2^shift.
    pub fn with(&self, rule: DecayRule, shift: u8) -> Dynamics<S> {
        Neuron {
            leak: match self.leak {
                Leak::None => None,
                Leak::Decay(decay) => Some(PerChannel::uniform(S::whole(i32::from(decay)))),
            },
            bias: self.bias.clone(),
            floor: self.floor,
            reset: match self.reset {
                Reset::Subtract => ResetTo::Subtract,
                Reset::Zero => ResetTo::Value(PerChannel::uniform(S::Value::default())),
            },
            compare: self.compare,
            v_init: self.v_init.clone(),
            rule,
            shift,
            ..Neuron::lif(self.threshold.clone(), self.window)
        }
        .dynamics()
    }
}

/// What a spike does to the potential.
#[derive(Clone, Debug, PartialEq)]
pub enum ResetTo<S: Stage> {
    /// Nothing.
    None,
    /// `v ← v − θ`, θ without adaptation.
    Subtract,
    /// `v ←` this value.
    Value(PerChannel<S::Value>),
    /// `v ←` this value in the next step, after its arrivals, which are lost: reset "zero" of snnTorch's `Synaptic`.
    Next(PerChannel<S::Value>),
}

/// What a spike leaves behind in the neuron, beside the reset.
#[derive(Clone, Debug, PartialEq)]
pub struct Adaptation<S: Stage> {
    /// Added to the adaptation by a spike.
    pub step: PerChannel<S::Value>,
    /// Its decay, in 4096ths.
    pub decay: PerChannel<S::Value>,
    /// Added to the threshold; else taken from the potential in every step.
    pub threshold: bool,
}

/// The models with one potential and, if they have one, a current: what they have is filled in.
///
/// An update does, in this order, what is there: hold the potential in a refractory step; with a current, decay the potential
/// and add the current; bias; adaptation; floor; compare, reset; without a current, decay the potential; decay current and
/// adaptation; restart.
#[derive(Clone, Debug, PartialEq)]
pub struct Neuron<S: Stage> {
    /// Threshold; `None` for a model that does not fire (LI, CubaLI).
    pub threshold: Option<PerChannel<S::Value>>,
    /// The comparison that fires.
    pub compare: Compare,
    /// Reset after a spike.
    pub reset: ResetTo<S>,
    /// Whether the potential leaks before a spike is subtracted (snnTorch) rather than after; without a current only.
    pub leak_first: bool,
    /// Decay of the potential, in 4096ths.
    pub leak: Option<PerChannel<S::Value>>,
    /// Step of the potential toward zero.
    pub linear_leak: Option<PerChannel<S::Value>>,
    /// Decay of the synaptic current, in 4096ths; `None` for a model without current.
    pub current: Option<PerChannel<S::Value>>,
    /// How decays are rounded.
    pub rule: DecayRule,
    /// Potential at the start of a sample.
    pub v_init: PerChannel<S::Value>,
    /// Bias, added in every update.
    pub bias: PerChannel<S::Value>,
    /// Lower clamp of the potential.
    pub floor: Option<S::Value>,
    /// Timesteps after a spike in which the potential is held at its reset value and arrivals are lost.
    pub refractory: u32,
    /// What a spike leaves behind.
    pub adaptation: Option<Adaptation<S>>,
    /// Random bits that are taken from the potential for the comparison, and their seed: a threshold between θ and θ + 2^bits − 1.
    pub noise: Option<(u8, u32)>,
    /// Widths at which the potential saturates and the current wraps [bits], as on Loihi.
    pub widths: Option<(u8, u8)>,
    /// The period after which the state starts again, and the first step that finds it so.
    pub restart: Option<(u32, u32)>,
    /// Emits the potential in every update.
    pub emit: bool,
    /// Fraction bits.
    pub shift: u8,
    /// When it updates.
    pub window: Window,
}

impl<S: Stage> Neuron<S> {
    /// Integrate-and-fire: no leak, `v ≥ θ`, the threshold subtracted.
    pub fn lif(threshold: PerChannel<S::Value>, window: Window) -> Self {
        Self { threshold: Some(threshold), ..Self::li(window) }
    }

    /// An integrator that does not fire.
    pub fn li(window: Window) -> Self {
        let zero = || PerChannel::uniform(S::Value::default());
        Self {
            threshold: None,
            compare: Compare::GreaterEqual,
            reset: ResetTo::Subtract,
            leak_first: false,
            leak: None,
            linear_leak: None,
            current: None,
            rule: DecayRule::Loss,
            v_init: zero(),
            bias: zero(),
            floor: None,
            refractory: 0,
            adaptation: None,
            noise: None,
            widths: None,
            restart: None,
            emit: false,
            shift: 0,
            window,
        }
    }

    /// What people call it.
    pub fn name(&self) -> String {
        let adaptive = if self.adaptation.is_some() { "Adaptive " } else { "" };
        let current = if self.current.is_some() { "Cuba" } else { "" };
        let leaky = if self.leak.is_some() || self.linear_leak.is_some() || self.current.is_some() { "L" } else { "" };
        let fires = if self.threshold.is_some() { "IF" } else { "I" };
        let stochastic = if self.noise.is_some() { "stochastic " } else { "" };
        format!("{stochastic}{adaptive}{current}{leaky}{fires}")
    }

    /// The list of operations.
    pub fn dynamics(&self) -> Dynamics<S> {
        use Action::{Add, Count, Decay, Emit, Fire, Max, Noise, Saturate, Set, Sub, Toward, Wrap};
        let potential = |values: &PerChannel<S::Value>| values.clone();
        let zero = || PerChannel::uniform(S::Value::default());
        let first = if self.current.is_some() { zero() } else { potential(&self.v_init) };
        let mut l = List::new(&self.name(), if self.current.is_some() { "u" } else { "v" }, first, self.window);
        let v = match self.current {
            Some(_) => l.word("v", Unit::Potential, potential(&self.v_init)),
            None => Word(0),
        };
        let adapted = self.adaptation.as_ref().map(|_| l.word("a", Unit::Potential, zero()));
        let held = (self.refractory > 0).then(|| l.word("r", Unit::Count, zero()));
        let later = matches!(self.reset, ResetTo::Next(_)).then(|| l.word("s", Unit::Count, zero()));

        let leak = |l: &mut List<S>| {
            if let Some(leak) = &self.leak {
                let decay = l.param("decay", Unit::Fraction, leak.clone());
                l.then(Decay(v, decay, self.rule));
            }
            if let Some(step) = &self.linear_leak {
                let step = l.param("leak", Unit::Potential, step.clone());
                l.then(Toward(v, step));
            }
        };
        if self.current.is_some() {
            if let Some((_, wrap)) = self.widths {
                l.then(Wrap(Word(0), wrap));
            }
            leak(&mut l);
            l.then(Add(v, Operand::Word(Word(0))));
        }
        if self.bias.0.iter().any(|&b| b != S::Value::default()) || self.current.is_none() {
            let bias = l.param("bias", Unit::Potential, self.bias.clone());
            l.then(Add(v, bias.into()));
        }
        if let (Some(a), Some(Adaptation { threshold: false, .. })) = (adapted, &self.adaptation) {
            l.then(Sub(v, a.into()));
        }
        if let Some((saturate, _)) = self.widths {
            l.then(Saturate(v, saturate));
        }
        if let Some(floor) = self.floor {
            let floor = l.param("floor", Unit::Potential, PerChannel::uniform(floor));
            l.then(Max(v, floor.into()));
        }
        let target = match &self.reset {
            ResetTo::Value(to) | ResetTo::Next(to) => to.clone(),
            ResetTo::None | ResetTo::Subtract => zero(),
        };
        if let Some(r) = held {
            let to = l.param("reset", Unit::Potential, target.clone());
            l.when(When::NonZero(r), Set(v, to.into()));
        }
        if let Some(s) = later {
            let to = l.param("reset", Unit::Potential, target.clone());
            l.when(When::NonZero(s), Set(v, to.into()));
        }
        if let Some(threshold) = &self.threshold {
            let theta = l.param("threshold", Unit::Potential, threshold.clone());
            let compare = match self.compare {
                Compare::GreaterEqual => ::dynamics::Compare::AtLeast,
                Compare::Greater => ::dynamics::Compare::Above,
            };
            let fires = held.map_or(When::Always, When::Zero);
            let adapts = adapted.filter(|_| self.adaptation.as_ref().is_some_and(|a| a.threshold));
            if adapts.is_some() || self.noise.is_some() {
                let x = l.scratch();
                l.then(Set(x, theta.into()));
                if let Some(a) = adapts {
                    l.then(Add(x, a.into()));
                }
                if let Some((bits, seed)) = self.noise {
                    l.then(Noise(x, bits, seed));
                }
                l.when(fires, Fire(v, x.into(), compare));
            } else {
                l.when(fires, Fire(v, theta.into(), compare));
            }
            if let Some(r) = held {
                let steps = l.param("refractory", Unit::Count, PerChannel::uniform(S::whole(self.refractory as i32)));
                l.then(Count(r));
                l.when(When::Fired, Set(r, steps.into()));
            }
            if self.leak_first && self.current.is_none() {
                leak(&mut l);
            }
            match (&self.reset, later) {
                (ResetTo::Subtract, _) => l.when(When::Fired, Sub(v, theta.into())),
                (ResetTo::Value(_), _) => {
                    let to = l.param("reset", Unit::Potential, target);
                    l.when(When::Fired, Set(v, to.into()));
                }
                (ResetTo::Next(_), Some(s)) => {
                    let [no, yes] = [0, 1].map(|n| l.param("fired", Unit::Count, PerChannel::uniform(S::whole(n))));
                    l.then(Set(s, no.into()));
                    l.when(When::Fired, Set(s, yes.into()));
                }
                (ResetTo::Next(_) | ResetTo::None, _) => {}
            }
        }
        if self.emit {
            l.then(Emit(v));
        }
        if self.current.is_none() && !(self.leak_first && self.threshold.is_some()) {
            leak(&mut l);
        }
        if let Some(decay) = &self.current {
            let decay = l.param("current decay", Unit::Fraction, decay.clone());
            l.then(Decay(Word(0), decay, self.rule));
        }
        if let (Some(a), Some(adaptation)) = (adapted, &self.adaptation) {
            let decay = l.param("adaptation decay", Unit::Fraction, adaptation.decay.clone());
            let step = l.param("adaptation step", Unit::Potential, adaptation.step.clone());
            l.then(Decay(a, decay, self.rule));
            if self.threshold.is_some() {
                l.when(When::Fired, Add(a, step.into()));
            }
        }
        if let Some((period, first)) = self.restart {
            // The state that step `first` finds is left behind by the step before.
            let when = When::Every { period, offset: (first + period - 1) % period };
            let init = l.param("v_init", Unit::Potential, self.v_init.clone());
            l.when(when, Set(v, init.into()));
            let zero = l.zero();
            for w in self.current.iter().map(|_| Word(0)).chain(adapted).chain(held).chain(later) {
                l.when(when, Set(w, zero.into()));
            }
        }
        l.finish(v, self.shift)
    }
}
