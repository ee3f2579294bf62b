//! `qualia`: Lemaire et al. 2022 as `EnergyEstimationMetric` of qualia-plugin-snn 2.6.0 computes it.
//!
//! Departures from the `paper` table, kept so that its figures are reproduced:
//! weights and biases lie in separate memories; the per-neuron ACC is charged even without biases; groups enter only the
//! size of the weight memory; the address ACC of a spiking convolution lacks C_out, that of a fully connected spiking
//! layer uses the rate θ_in/N_in in place of θ_in, that of a formal fully connected layer is N_in·N_out; a fully
//! connected spiking layer also pays its resets.

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
    "read input",   MemIo,      InputMap,  q => q.macs * q.groups,                 "eq. 3";
    "read weights", MemWeights, Weights,   q => q.macs * q.groups,                 "eq. 6.1";
    "read bias",    MemBias,    Biases,    q => q.n_out * q.bias,                  "eq. 6.1";
    "write output", MemIo,      OutputMap, q => q.n_out,                           "eq. 11";
    "MAC",          Ops,        Mac,       q => q.macs * q.groups,                 "eq. 1.1";
    "ACC",          Ops,        Add,       q => q.n_out,                           "eq. 1.2";
    "address ACC",  Addr,       Add,       q => q.n_in + q.n_out + q.c_out * q.k,  "restated";
};

const ANN_FC: &[Term] = terms! {
    "read input",   MemIo,      InputMap,  q => q.n_in,            "eq. 4";
    "read weights", MemWeights, Weights,   q => q.macs,            "eq. 6.2";
    "read bias",    MemBias,    Biases,    q => q.n_out * q.bias,  "eq. 6.2";
    "write output", MemIo,      OutputMap, q => q.n_out,           "eq. 12";
    "MAC",          Ops,        Mac,       q => q.macs,            "eq. 2.1";
    "ACC",          Ops,        Add,       q => q.n_out,           "eq. 2.2";
    "address ACC",  Addr,       Add,       q => q.macs,            "departs: N_in + N_out in the paper";
};

const SNN_CONV: &[Term] = terms! {
    "read input",      MemIo,      Fifo,       q => q.th_in,                                   "eq. 5";
    "read weights",    MemWeights, Weights,    q => q.th_in * q.c_out * q.k,                   "eq. 7";
    "read bias",       MemBias,    Biases,     q => q.t * q.n_out * q.bias,                    "eq. 7, each step";
    "read potential",  MemPot,     Potentials, q => q.th_in * q.c_out * q.k + q.t * q.n_out,   "eq. 9, each step";
    "write potential", MemPot,     Potentials, q => q.th_in * q.c_out * q.k + q.t * q.n_out,   "eq. 14, each step";
    "write output",    MemIo,      Fifo,       q => q.th_out,                                  "eq. 13";
    "MAC (leak)",      Ops,        Mac,        q => q.t * q.n_out * q.leak,                    "eq. 1.3";
    "ACC",             Ops,        Add, q => q.th_in * q.k_over_s * q.c_out + q.t * q.n_out + q.th_out, "eq. 1.4";
    "address MAC",     Addr,       Mac,        q => 2.0 * q.th_in,                             "eq. 16.2";
    "address ACC",     Addr,       Add,        q => q.th_in * q.k,                             "eq. 16.3, departs: no C_out";
};

const SNN_FC: &[Term] = terms! {
    "read input",      MemIo,      Fifo,       q => q.th_in,                                   "eq. 5";
    "read weights",    MemWeights, Weights,    q => q.th_in * q.n_out,                         "eq. 8";
    "read bias",       MemBias,    Biases,     q => q.t * q.n_out * q.bias,                    "eq. 8, each step";
    "read potential",  MemPot,     Potentials, q => q.th_in * q.n_out + q.t * q.n_out,         "eq. 10, each step";
    "write potential", MemPot,     Potentials, q => q.th_in * q.n_out + q.t * q.n_out,         "eq. 15, each step";
    "write output",    MemIo,      Fifo,       q => q.th_out,                                  "eq. 13";
    "MAC (leak)",      Ops,        Mac,        q => q.t * q.n_out * q.leak,                    "eq. 2.3";
    "ACC",             Ops,        Add,        q => q.th_in * q.n_out + q.t * q.n_out + q.th_out, "eq. 2.4, departs: + reset";
    "address ACC",     Addr,       Add,        q => q.th_in / q.n_in * q.n_out,                "eq. 17.2, departs: rate";
};

const ANALOG_CONV: &[Term] = terms! {
    "read input",      MemIo,      Fifo,       q => q.th_in,                                   "eq. 5";
    "read weights",    MemWeights, Weights,    q => q.th_in * q.c_out * q.k,                   "eq. 7";
    "read bias",       MemBias,    Biases,     q => q.t * q.n_out * q.bias,                    "eq. 7, each step";
    "read potential",  MemPot,     Potentials, q => q.t * (q.th_in * q.c_out * q.k + q.n_out), "eq. 9, each step";
    "write potential", MemPot,     Potentials, q => q.t * (q.th_in * q.c_out * q.k + q.n_out), "eq. 14, each step";
    "write output",    MemIo,      Fifo,       q => q.th_out,                                  "eq. 13";
    "MAC",             Ops,        Mac,        q => q.macs * q.groups * q.th_in / q.n_in,      "implementation";
    "leak",            Ops,        Mul,        q => q.n_out * q.leak,                          "implementation";
    "ACC",             Ops,        Add,        q => q.n_out + q.th_out,                        "implementation";
    "address MAC",     Addr,       Mac,        q => 2.0 * q.th_in,                             "eq. 16.2";
    "address ACC",     Addr,       Add,        q => q.th_in * q.k,                             "eq. 16.3, departs: no C_out";
};

const ANALOG_FC: &[Term] = terms! {
    "read input",      MemIo,      Fifo,       q => q.th_in,                             "eq. 5";
    "read weights",    MemWeights, Weights,    q => q.th_in * q.n_out,                   "eq. 8";
    "read bias",       MemBias,    Biases,     q => q.t * q.n_out * q.bias,              "eq. 8, each step";
    "read potential",  MemPot,     Potentials, q => q.t * (q.th_in * q.n_out + q.n_out), "eq. 10, each step";
    "write potential", MemPot,     Potentials, q => q.t * (q.th_in * q.n_out + q.n_out), "eq. 15, each step";
    "write output",    MemIo,      Fifo,       q => q.th_out,                            "eq. 13";
    "MAC",             Ops,        Mac,        q => q.macs * q.th_in / q.n_in,           "implementation";
    "leak",            Ops,        Mul,        q => q.n_out * q.leak,                    "implementation";
    "ACC",             Ops,        Add,        q => q.n_out + q.th_out,                  "implementation";
    "address ACC",     Addr,       Add,        q => q.th_in / q.n_in * q.n_out,          "eq. 17.2, departs: rate";
};
