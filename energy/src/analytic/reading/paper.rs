//! `paper`: the equations of Lemaire et al. 2022.
//!
//! Weights and biases share one memory. Every weight, bias and potential is one access; stride enters only the synaptic
//! additions, as ⌈k/s⌉; edges are ignored. The printed equation 2.4 charges θ_in·N_in·N_out additions to a fully connected
//! spiking layer; one spike causes N_out of them, which is what is counted here. Equations 7 to 10, 14 and 15 print the
//! per-neuron part (biases, potentials) once; it happens at every step and is counted T times. The paper states no rule for real-valued
//! inputs; they are counted as by its authors' implementation: inputs, weights and multiply-accumulates once for the
//! non-zero elements, potentials at every step, one leak multiplication per neuron.

use super::{Case, Term, terms};

pub(super) fn terms(case: Case) -> &'static [Term] {
    match case {
        Case::AnnConv => ANN_CONV,
        Case::AnnFc => ANN_FC,
        Case::SnnConv => SNN_CONV,
        Case::SnnFc => SNN_FC,
        Case::AnalogConv => ANALOG_CONV,
        Case::AnalogFc => ANALOG_FC,
    }
}

const ANN_CONV: &[Term] = terms! {
    "read input",   MemIo,      InputMap,         q => q.macs,                        "eq. 3";
    "read weights", MemWeights, WeightsAndBiases, q => q.macs,                        "eq. 6.1";
    "read bias",    MemBias,    WeightsAndBiases, q => q.n_out * q.bias,              "eq. 6.1";
    "write output", MemIo,      OutputMap,        q => q.n_out,                       "eq. 11";
    "MAC",          Ops,        Mac,              q => q.macs,                        "eq. 1.1";
    "ACC",          Ops,        Add,              q => q.n_out * q.bias,              "eq. 1.2";
    "address ACC",  Addr,       Add,              q => q.n_in + q.n_out + q.c_out * q.k, "restated";
};

const ANN_FC: &[Term] = terms! {
    "read input",   MemIo,      InputMap,         q => q.n_in,           "eq. 4";
    "read weights", MemWeights, WeightsAndBiases, q => q.macs,           "eq. 6.2";
    "read bias",    MemBias,    WeightsAndBiases, q => q.n_out * q.bias, "eq. 6.2";
    "write output", MemIo,      OutputMap,        q => q.n_out,          "eq. 12";
    "MAC",          Ops,        Mac,              q => q.macs,           "eq. 2.1";
    "ACC",          Ops,        Add,              q => q.n_out * q.bias, "eq. 2.2";
    "address ACC",  Addr,       Add,              q => q.n_in + q.n_out, "restated";
};

const SNN_CONV: &[Term] = terms! {
    "read input",      MemIo,      Fifo,             q => q.th_in,                                           "eq. 5";
    "read weights",    MemWeights, WeightsAndBiases, q => q.th_in * q.c_out * q.k / q.groups,                "eq. 7";
    "read bias",       MemBias,    WeightsAndBiases, q => q.t * q.n_out * q.bias,                            "eq. 7, each step";
    "read potential",  MemPot,     Potentials,       q => q.th_in * q.c_out * q.k / q.groups + q.t * q.n_out, "eq. 9, each step";
    "write potential", MemPot,     Potentials,       q => q.th_in * q.c_out * q.k / q.groups + q.t * q.n_out, "eq. 14, each step";
    "write output",    MemIo,      Fifo,             q => q.th_out,                                          "eq. 13";
    "MAC (leak)",      Ops,        Mac,              q => q.t * q.n_out * q.leak,                            "eq. 1.3";
    "ACC",             Ops,        Add, q => q.th_in * q.k_over_s * q.c_out / q.groups + q.t * q.n_out * q.bias + q.th_out, "eq. 1.4";
    "address MAC",     Addr,       Mac,              q => 2.0 * q.th_in,                                     "eq. 16.2";
    "address ACC",     Addr,       Add,              q => q.th_in * q.c_out * q.k / q.groups,                "eq. 16.3";
};

const SNN_FC: &[Term] = terms! {
    "read input",      MemIo,      Fifo,             q => q.th_in,                                   "eq. 5";
    "read weights",    MemWeights, WeightsAndBiases, q => q.th_in * q.n_out,                         "eq. 8";
    "read bias",       MemBias,    WeightsAndBiases, q => q.t * q.n_out * q.bias,                    "eq. 8, each step";
    "read potential",  MemPot,     Potentials,       q => q.th_in * q.n_out + q.t * q.n_out,         "eq. 10, each step";
    "write potential", MemPot,     Potentials,       q => q.th_in * q.n_out + q.t * q.n_out,         "eq. 15, each step";
    "write output",    MemIo,      Fifo,             q => q.th_out,                                  "eq. 13";
    "MAC (leak)",      Ops,        Mac,              q => q.t * q.n_out * q.leak,                    "eq. 2.3";
    "ACC",             Ops,        Add,              q => q.th_in * q.n_out + q.t * q.n_out * q.bias, "eq. 2.4";
    "address ACC",     Addr,       Add,              q => q.th_in * q.n_out,                         "eq. 17.2";
};

const ANALOG_CONV: &[Term] = terms! {
    "read input",      MemIo,      Fifo,             q => q.th_in,                                           "eq. 5";
    "read weights",    MemWeights, WeightsAndBiases, q => q.th_in * q.c_out * q.k / q.groups,                "eq. 7";
    "read bias",       MemBias,    WeightsAndBiases, q => q.t * q.n_out * q.bias,                            "eq. 7, each step";
    "read potential",  MemPot,     Potentials,       q => q.t * (q.th_in * q.c_out * q.k / q.groups + q.n_out), "eq. 9, each step";
    "write potential", MemPot,     Potentials,       q => q.t * (q.th_in * q.c_out * q.k / q.groups + q.n_out), "eq. 14, each step";
    "write output",    MemIo,      Fifo,             q => q.th_out,                                          "eq. 13";
    "MAC",             Ops,        Mac,              q => q.macs * q.th_in / q.n_in,                         "eq. 1.1";
    "leak",            Ops,        Mul,              q => q.n_out * q.leak,                                  "by analogy";
    "ACC",             Ops,        Add,              q => q.n_out * q.bias + q.th_out,                       "eq. 1.2, reset";
    "address MAC",     Addr,       Mac,              q => 2.0 * q.th_in,                                     "eq. 16.2";
    "address ACC",     Addr,       Add,              q => q.th_in * q.c_out * q.k / q.groups,                "eq. 16.3";
};

const ANALOG_FC: &[Term] = terms! {
    "read input",      MemIo,      Fifo,             q => q.th_in,                           "eq. 5";
    "read weights",    MemWeights, WeightsAndBiases, q => q.th_in * q.n_out,                 "eq. 8";
    "read bias",       MemBias,    WeightsAndBiases, q => q.t * q.n_out * q.bias,            "eq. 8, each step";
    "read potential",  MemPot,     Potentials,       q => q.t * (q.th_in * q.n_out + q.n_out), "eq. 10, each step";
    "write potential", MemPot,     Potentials,       q => q.t * (q.th_in * q.n_out + q.n_out), "eq. 15, each step";
    "write output",    MemIo,      Fifo,             q => q.th_out,                          "eq. 13";
    "MAC",             Ops,        Mac,              q => q.macs * q.th_in / q.n_in,         "eq. 2.1";
    "leak",            Ops,        Mul,              q => q.n_out * q.leak,                  "by analogy";
    "ACC",             Ops,        Add,              q => q.n_out * q.bias,                  "eq. 2.2";
    "address ACC",     Addr,       Add,              q => q.th_in * q.n_out,                 "eq. 17.2";
};
