//! `exact`: the machine of Lemaire et al. 2022 (one access per datum, own memories per layer, spike FIFOs) counted
//! without approximation, from real spike maps.
//!
//! `events` = Σ over input spikes of the positions reached inside the map, times C_out/groups, so stride, padding, edges
//! and groups are exact and the same count prices weights, potentials, additions and addresses. Padding zeros of a formal
//! layer cost nothing. Every spike that is fired pays its reset, in fully connected layers too. It equals `paper` for
//! convolutions of stride 1 whose spikes stay off the borders. A real-valued input comes through the FIFO too, and is
//! recomputed at every step, entered once, or computed once and cached. A layer without neuron is not updated: its potentials
//! are read once, at the end.

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
    "read input",   MemIo,      InputMap,         q => q.macs_inside,                    "eq. 3, exact";
    "read weights", MemWeights, WeightsAndBiases, q => q.macs_inside,                    "eq. 6.1, exact";
    "read bias",    MemBias,    WeightsAndBiases, q => q.n_out * q.bias,                 "eq. 6.1";
    "write output", MemIo,      OutputMap,        q => q.n_out,                          "eq. 11";
    "MAC",          Ops,        Mac,              q => q.macs_inside,                    "eq. 1.1, edges";
    "ACC",          Ops,        Add,              q => q.n_out * q.bias,                 "eq. 1.2";
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
    "read input",      MemIo,      Fifo,             q => q.th_in,                                  "eq. 5";
    "read weights",    MemWeights, WeightsAndBiases, q => q.events,                                 "eq. 7, exact";
    "read bias",       MemBias,    WeightsAndBiases, q => q.updates * q.n_out * q.bias,                   "eq. 7, each step";
    "read potential",  MemPot,     Potentials,       q => q.events + (q.updates + q.readout) * q.n_out,                 "eq. 9, each step, exact";
    "write potential", MemPot,     Potentials,       q => q.events + q.updates * q.n_out,                 "eq. 14, each step, exact";
    "write output",    MemIo,      Fifo,             q => q.th_out,                                 "eq. 13";
    "MAC (leak)",      Ops,        Mac,              q => q.t * q.n_out * q.leak,                   "eq. 1.3";
    "ACC",             Ops,        Add,              q => q.events + q.updates * q.n_out * q.bias + q.th_out, "eq. 1.4, exact";
    "address MAC",     Addr,       Mac,              q => 2.0 * q.th_in,                            "eq. 16.2";
    "address ACC",     Addr,       Add,              q => q.events,                                 "eq. 16.3, exact";
};

const SNN_FC: &[Term] = terms! {
    "read input",      MemIo,      Fifo,             q => q.th_in,                                  "eq. 5";
    "read weights",    MemWeights, WeightsAndBiases, q => q.events,                                 "eq. 8";
    "read bias",       MemBias,    WeightsAndBiases, q => q.updates * q.n_out * q.bias,                   "eq. 8, each step";
    "read potential",  MemPot,     Potentials,       q => q.events + (q.updates + q.readout) * q.n_out,                 "eq. 10, each step";
    "write potential", MemPot,     Potentials,       q => q.events + q.updates * q.n_out,                 "eq. 15, each step";
    "write output",    MemIo,      Fifo,             q => q.th_out,                                 "eq. 13";
    "MAC (leak)",      Ops,        Mac,              q => q.t * q.n_out * q.leak,                   "eq. 2.3";
    "ACC",             Ops,        Add,              q => q.events + q.updates * q.n_out * q.bias + q.th_out, "eq. 2.4, reset";
    "address ACC",     Addr,       Add,              q => q.events,                                 "eq. 17.2";
};

const ANALOG_CONV: &[Term] = terms! {
    "read input",      MemIo,      Fifo,             q => q.passes * q.th_in,                       "eq. 5, non-zero";
    "read weights",    MemWeights, WeightsAndBiases, q => q.passes * q.events,                      "eq. 7, exact";
    "read bias",       MemBias,    WeightsAndBiases, q => q.bias_passes * q.n_out * q.bias,              "eq. 7, each step";
    "read potential",  MemPot,     Potentials,       q => q.passes * q.events + (q.updates + q.readout) * q.n_out,      "eq. 9, each step, exact";
    "write potential", MemPot,     Potentials,       q => q.passes * q.events + q.updates * q.n_out,      "eq. 14, each step, exact";
    "read current",    MemPot,     Potentials,       q => q.cached * q.t * q.n_out,                 "cache";
    "write output",    MemIo,      Fifo,             q => q.th_out,                                 "eq. 13";
    "MAC",             Ops,        Mac,              q => q.passes * q.events,                      "eq. 1.1, exact";
    "MAC (leak)",      Ops,        Mac,              q => q.t * q.n_out * q.leak,                   "eq. 1.3";
    "ACC",             Ops,        Add, q => q.bias_passes * q.n_out * q.bias + q.cached * q.t * q.n_out + q.th_out, "eq. 1.4";
    "address MAC",     Addr,       Mac,              q => 2.0 * q.passes * q.th_in,                 "eq. 16.2";
    "address ACC",     Addr,       Add,              q => q.passes * q.events,                      "eq. 16.3, exact";
};

const ANALOG_FC: &[Term] = terms! {
    "read input",      MemIo,      Fifo,             q => q.passes * q.th_in,                       "eq. 5, non-zero";
    "read weights",    MemWeights, WeightsAndBiases, q => q.passes * q.events,                      "eq. 8";
    "read bias",       MemBias,    WeightsAndBiases, q => q.bias_passes * q.n_out * q.bias,              "eq. 8, each step";
    "read potential",  MemPot,     Potentials,       q => q.passes * q.events + (q.updates + q.readout) * q.n_out,      "eq. 10, each step";
    "write potential", MemPot,     Potentials,       q => q.passes * q.events + q.updates * q.n_out,      "eq. 15, each step";
    "read current",    MemPot,     Potentials,       q => q.cached * q.t * q.n_out,                 "cache";
    "write output",    MemIo,      Fifo,             q => q.th_out,                                 "eq. 13";
    "MAC",             Ops,        Mac,              q => q.passes * q.events,                      "eq. 2.1";
    "MAC (leak)",      Ops,        Mac,              q => q.t * q.n_out * q.leak,                   "eq. 2.3";
    "ACC",             Ops,        Add, q => q.bias_passes * q.n_out * q.bias + q.cached * q.t * q.n_out + q.th_out, "eq. 2.4";
    "address ACC",     Addr,       Add,              q => q.passes * q.events,                      "eq. 17.2";
};
