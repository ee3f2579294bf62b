//! A term of an energy model: E_term = count · unit energy. Models are tables of terms, so that a reader can hold them
//! against the published equations line by line.

use serde::Serialize;

use super::network::{Layer, Mode, Network, Neuron, Shape};
use super::options::{Arithmetic, DirectEncoding, Options};

/// One term of a model for one kind of layer.
#[derive(Clone, Copy, Debug)]
pub struct Term {
    /// What is counted, for example "read weights".
    pub name: &'static str,
    /// The line of the report it belongs to.
    pub group: Group,
    /// What one count costs.
    pub unit: Unit,
    /// How many there are.
    pub count: Formula,
    /// The equation it comes from.
    pub source: &'static str,
}

/// A count formula, together with its text.
#[derive(Clone, Copy, Debug)]
pub struct Formula {
    /// The count, per inference.
    pub eval: fn(&Quantities) -> f64,
    text: &'static str,
}

impl Formula {
    pub(crate) const fn new(eval: fn(&Quantities) -> f64, text: &'static str) -> Self {
        Self { eval, text }
    }

    /// The formula in the symbols of [`Quantities`].
    pub fn text(&self) -> String {
        self.text.replace("q.", "").split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// A [`Formula`] in the symbols of [`Quantities`]: `count!(q => q.th_in * q.fan_out)`.
macro_rules! count {
    ($q:ident => $formula:expr) => {
        $crate::analytic::term::Formula::new(|$q: &$crate::analytic::term::Quantities| $formula, stringify!($formula))
    };
}
pub(crate) use count;

/// The lines of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// Reads and writes of membrane potentials.
    MemPot,
    /// Reads of weights.
    MemWeights,
    /// Reads of biases.
    MemBias,
    /// Reads of inputs, writes of outputs.
    MemIo,
    /// Arithmetic on data.
    Ops,
    /// Arithmetic on addresses.
    Addr,
}

/// What is paid for one count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Access to the map of inputs, n_in words.
    InputMap,
    /// Access to the map of outputs, n_out words.
    OutputMap,
    /// Access to a spike FIFO of `fifo` messages.
    Fifo,
    /// Access to the memory of weights alone.
    Weights,
    /// Access to the memory of biases alone, C_out words.
    Biases,
    /// Access to one memory that holds weights and biases.
    WeightsAndBiases,
    /// Access to the memory of potentials, n_out words.
    Potentials,
    /// Multiplication and addition.
    Mac,
    /// Addition.
    Add,
    /// Multiplication.
    Mul,
}

/// The symbols of the formulas, for one layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantities {
    /// T, time steps.
    pub t: f64,
    /// θ_in: spikes into the layer, summed over T; of an analog input, its non-zero elements.
    pub th_in: f64,
    /// θ_out: spikes out of the layer, summed over T; 0 without a neuron.
    pub th_out: f64,
    /// Elements of the input map.
    pub n_in: f64,
    /// Elements of the output map.
    pub n_out: f64,
    /// C_out, output channels; the outputs of a fully connected layer.
    pub c_out: f64,
    /// Groups of a convolution.
    pub groups: f64,
    /// Kernel size k = H_k·W_k; 1 if fully connected.
    pub k: f64,
    /// ⌈H_k/s⌉·⌈W_k/s⌉, the approximate number of positions a spike reaches; 1 if fully connected.
    pub k_over_s: f64,
    /// M, multiply-accumulates of the dense layer, zero padding included.
    pub macs: f64,
    /// Multiply-accumulates without those on the padding.
    pub macs_inside: f64,
    /// Σ over the input spikes of the positions each really reaches, times C_out/groups. NaN if not known.
    pub events: f64,
    /// Weights stored.
    pub weights: f64,
    /// Fraction of the inputs of a formal layer that is not skipped as zero; 1 unless stated.
    pub density: f64,
    /// Fraction of the output channels that have a bias: 1 or 0 unless the layer says how many.
    pub bias: f64,
    /// Updates of a neuron: T, or 0 without a neuron.
    pub updates: f64,
    /// Final reads of a potential: 1 without a neuron, else 0.
    pub readout: f64,
    /// 1 if the neuron leaks, else 0.
    pub leak: f64,
    /// Passes over an analog input: T if recomputed at every step, else 1.
    pub passes: f64,
    /// Additions of a bias per neuron of a layer with analog input: 1 if it is in the cache, else one per update.
    pub bias_passes: f64,
    /// 1 if the weighted sum of an analog input is cached, else 0.
    pub cached: f64,
}

impl Quantities {
    /// The symbols' values for `layer`.
    pub fn of(network: &Network, layer: &Layer, options: &Options) -> Self {
        let shape = &layer.shape;
        let fires = network.mode == Mode::Snn && layer.neuron.is_some();
        let th_in = layer.theta_in.unwrap_or(0.0);
        let (k, k_over_s) = match shape {
            Shape::Conv(c) => {
                let area = |sides: [u32; 2]| f64::from(sides[0]) * f64::from(sides[1]);
                (area(c.kernel), area([0, 1].map(|i| c.kernel[i].div_ceil(c.stride[i]))))
            }
            Shape::Fc { .. } => (1.0, 1.0),
        };
        let events = match (shape, &layer.input_spikes) {
            (Shape::Fc { .. }, _) => th_in * shape.n_out(),
            (Shape::Conv(c), Some(spikes)) => c.synaptic_events(spikes.iter().copied()),
            (Shape::Conv(_), None) if layer.even => th_in / shape.n_in() * shape.macs_inside(),
            (Shape::Conv(_), None) => f64::NAN,
        };
        let cached = options.direct == DirectEncoding::Cached;
        let t = f64::from(network.timesteps);
        let updates = if fires { t } else { 0.0 };
        Self {
            t,
            th_in,
            th_out: if fires { layer.theta_out.unwrap_or(0.0) } else { 0.0 },
            n_in: shape.n_in(),
            n_out: shape.n_out(),
            c_out: shape.c_out(),
            groups: shape.groups(),
            k,
            k_over_s,
            macs: shape.macs(),
            macs_inside: shape.macs_inside(),
            events,
            weights: shape.weights(),
            density: 1.0,
            bias: match layer.biased_channels {
                Some(channels) if layer.bias => f64::from(channels) / shape.c_out(),
                _ => f64::from(u8::from(layer.bias)),
            },
            updates,
            readout: f64::from(u8::from(!fires)),
            leak: f64::from(u8::from(layer.neuron == Some(Neuron::Lif))),
            passes: if options.direct == DirectEncoding::Recompute { t } else { 1.0 },
            bias_passes: if cached { 1.0 } else { updates },
            cached: f64::from(u8::from(cached)),
        }
    }
}

impl Unit {
    /// Energy of one count \[pJ\].
    pub fn pj(self, layer: &Layer, options: &Options) -> f64 {
        let shape = &layer.shape;
        let biases = if layer.bias { shape.c_out() } else { 0.0 };
        let access = |words: f64| options.ram().access_pj(words, options.bits);
        let Arithmetic { add, mul } = options.arithmetic();
        match self {
            Self::InputMap => access(shape.n_in()),
            Self::OutputMap | Self::Potentials => access(shape.n_out()),
            Self::Fifo => access(f64::from(options.fifo)),
            Self::Weights => access(shape.weights()),
            Self::Biases => access(biases),
            Self::WeightsAndBiases => access(shape.weights() + biases),
            Self::Mac => mul + add,
            Self::Add => add,
            Self::Mul => mul,
        }
    }
}
