//! Table 2 of FFGAF-SNN: memory, compute and total energy \[mJ\] of seven networks on CIFAR-10.
//!
//! The paper cites Lemaire et al. 2022 but states no spike rate and no formula. Its digits are met by a simpler account:
//!
//! formal networks: E_mem = e_access·(weights + Σ n_in + Σ n_out), each word once; E_comp = e_mul·MACs, no additions;
//! spiking networks: E_comp = 2 spikes per input · (e_add + e_add for the address)·MACs; E_mem is not determined.
//!
//! e_access = 25/3 pJ is the three-point interpolation prolonged down to 4 kB. It is the only one-constant solution
//! among the geometries, groupings and access weights tried; other origins of the constant are not excluded.

use super::networks as net;
use super::{Cell, Cited, Claim, Derivation, Quantity, Remainder, Row, Verdict};
use crate::analytic::{Arithmetic, Evaluation, Network, OpScaling, Options, Reading, Shape, evaluate};
use crate::sram::SramLine;

const PJ_PER_MJ: f64 = 1e9;
/// Spikes per input and inference that the compute cells of the spiking rows imply, with e_add = 0.1 pJ.
const SPIKES_PER_INPUT: f64 = 2.0;

/// e_access \[pJ\]: the interpolation prolonged down to 4 kB (1024 words of 32 bits).
fn access_pj() -> f64 {
    SramLine::Extrapolated.access_pj(1024.0, 32)
}

fn arithmetic() -> Arithmetic {
    Arithmetic::integer(32, OpScaling::Table)
}

fn sum(network: &Network, of: impl Fn(&Shape) -> f64) -> f64 {
    network.layers.iter().map(|layer| of(&layer.shape)).sum()
}

/// Each weight, input and output once \[mJ\].
fn memory_once(network: &Network) -> f64 {
    access_pj() * sum(network, |s| s.weights() + s.n_in() + s.n_out()) / PJ_PER_MJ
}

/// A multiplication per MAC \[mJ\].
fn multiplications(network: &Network) -> f64 {
    arithmetic().mul * sum(network, Shape::macs) / PJ_PER_MJ
}

/// Two spikes per synapse, each an addition and an address increment \[mJ\].
fn two_spikes(network: &Network) -> f64 {
    SPIKES_PER_INPUT * 2.0 * arithmetic().add * sum(network, Shape::macs) / PJ_PER_MJ
}

/// Weights plus a bias per output channel or neuron of the layers that have one.
fn parameters(network: &Network) -> f64 {
    network.layers.iter().map(|l| l.shape.weights() + if l.bias { l.shape.c_out() } else { 0.0 }).sum()
}

fn as_described(assumption: &str, value: f64) -> Derivation {
    Derivation { assumption: assumption.into(), value, other_geometry: false }
}

fn elsewhere(assumption: &str, value: f64) -> Derivation {
    Derivation { assumption: assumption.into(), value, other_geometry: true }
}

const MEMORY_RULE: &str = "25/3 pJ × (weights + layer inputs + layer outputs), each once";
const MUL_RULE: &str = "3.1 pJ × MACs: multiplications only";
const SPIKE_RULE: &str = "0.4 pJ × MACs: 2 spikes per synapse × (0.1 pJ addition + 0.1 pJ address)";

/// The derivations of one row, by cell.
struct Derived {
    parameters: Vec<Derivation>,
    memory: Vec<Derivation>,
    compute: Vec<Derivation>,
    remainder: Option<Remainder>,
}

/// The ratios that the paper's text draws from the table.
pub fn claims() -> [Claim; 3] {
    let rows = table2();
    let cell =
        |name: &str, quantity| rows.iter().find(|r| r.name == name).map_or(f64::NAN, |r| r.cell(quantity).printed);
    let claim = |what, other, quantity, stated_percent| Claim {
        what,
        stated_percent,
        cells_percent: 100.0 * cell("FFGAF-SNN", quantity) / cell(other, quantity),
    };
    [
        claim("parameters of FF*", "FF*", Quantity::Parameters, 2.3),
        claim("memory energy of Ororbia's network", "Ororbia", Quantity::Memory, 14.0),
        claim("compute energy of CwComp*", "CwComp*", Quantity::Compute, 9.0),
    ]
}

/// The seven rows, in the order printed.
pub fn table2() -> Vec<Row> {
    vec![ff(), symba(), ghader(), ororbia(), cafo(), cwcomp(), ffgaf()]
}

fn ff() -> Row {
    let network = net::mlp(&[3072, 3072, 3072]);
    let derived = formal_mlp(&network);
    row("FF*", "two fully connected layers of 3072", network, [18_874_368.0, 0.157, 0.059, 0.216], derived)
}

fn symba() -> Row {
    let network = net::mlp(&[3072, 3072, 3072, 3072]);
    let derived = formal_mlp(&network);
    row("SymBa", "three fully connected layers of 3072", network, [28_311_552.0, 0.236, 0.088, 0.324], derived)
}

fn formal_mlp(network: &Network) -> Derived {
    Derived {
        parameters: vec![as_described("weights", parameters(network))],
        memory: vec![as_described(MEMORY_RULE, memory_once(network))],
        compute: vec![as_described(MUL_RULE, multiplications(network))],
        remainder: None,
    }
}

fn ghader() -> Row {
    let printed = [10_144_000.0, 0.171, 0.004, 0.175];
    let network = net::spiking_mlp(&[3072, 2000, 2000]);
    let derived = spiking_mlp(&network, printed[1]);
    row("Ghader", "3072-2000-2000; T = 10 and 0.2 spikes per neuron and step are ours", network, printed, derived)
}

fn ororbia() -> Row {
    let printed = [18_874_368.0, 0.317, 0.008, 0.325];
    let network = net::spiking_mlp(&[3072, 3072, 3072]);
    let derived = spiking_mlp(&network, printed[1]);
    row("Ororbia", "two layers of 3072; T = 10 and 0.2 spikes per neuron and step are ours", network, printed, derived)
}

fn spiking_mlp(network: &Network, printed_memory: f64) -> Derived {
    let accesses = SPIKES_PER_INPUT * sum(network, Shape::weights);
    Derived {
        parameters: vec![as_described("weights", parameters(network))],
        memory: Vec::new(),
        compute: vec![as_described(SPIKE_RULE, two_spikes(network))],
        remainder: Some(remainder("25/3 pJ × 2 reads per weight", accesses, printed_memory)),
    }
}

fn remainder(assumption: &str, accesses: f64, printed: f64) -> Remainder {
    let missing = |energy_mj: f64| energy_mj * PJ_PER_MJ / access_pj() - accesses;
    Remainder {
        assumption: assumption.into(),
        value: accesses * access_pj() / PJ_PER_MJ,
        missing_accesses: [missing(printed - 5e-4), missing(printed + 5e-4)],
    }
}

fn cafo() -> Row {
    let assumed = net::cafo_unpooled();
    let geometry = "pooling ignored (all maps 32×32), first layer taken as 40 channels";
    let network = net::cafo();
    let derived = Derived {
        parameters: vec![
            elsewhere("weights, first layer taken as 40 channels", parameters(&assumed)),
            as_described("weights", parameters(&network)),
        ],
        memory: vec![
            elsewhere(&format!("{MEMORY_RULE}; {geometry}"), memory_once(&assumed)),
            as_described(MEMORY_RULE, memory_once(&network)),
        ],
        compute: vec![
            elsewhere(&format!("{MUL_RULE}; {geometry}"), multiplications(&assumed)),
            as_described(MUL_RULE, multiplications(&network)),
        ],
        remainder: None,
    };
    let note = "32-128-512, a 2×2 pooling after each layer; the local heads are not described";
    row("CaFo", note, network, [627_768.0, 0.012, 1.993, 2.005], derived)
}

fn cwcomp() -> Row {
    let network = net::cwcomp();
    let (flat, strided, grouped) = (net::cwcomp_flat(), net::cwcomp_strided(), net::cwcomp_grouped_flat());
    let normalised: f64 = network.layers.iter().take(4).map(|layer| 2.0 * layer.shape.c_out()).sum();
    let lost_factor = multiplications(&flat) / 10.0;
    let derived = Derived {
        parameters: vec![as_described(
            "weights and biases of four convolutions and head, two normalisation values per channel",
            parameters(&network) + normalised,
        )],
        memory: vec![
            elsewhere(&format!("{MEMORY_RULE}; no groups, no pooling, head 491,520 → 10"), memory_once(&flat)),
            as_described(MEMORY_RULE, memory_once(&network)),
        ],
        compute: vec![
            elsewhere(&format!("{MUL_RULE}; no groups, no head, maps 32, 32, 16, 8"), multiplications(&strided)),
            elsewhere(&format!("{MUL_RULE}; groups of 10 in layers 2 to 4, all maps 32"), multiplications(&grouped)),
            elsewhere(&format!("{MUL_RULE}; the network of the memory cell, a factor 10 lost"), lost_factor),
            as_described(MUL_RULE, multiplications(&network)),
        ],
        remainder: None,
    };
    let note = "20-80-240-480, 10 groups in layers 2 and 4, pooling after both, linear head 30,720 → 10";
    row("CwComp*", note, network, [588_133.0, 0.065, 0.390, 0.455], derived)
}

fn ffgaf() -> Row {
    let network = net::ffgaf();
    let assumed = net::ffgaf_late_strides();
    let printed = [433_600.0, 0.043, 0.038, 0.081];
    let derived = Derived {
        parameters: vec![as_described("weights and one value per channel", parameters(&network))],
        memory: Vec::new(),
        compute: vec![
            elsewhere(&format!("{SPIKE_RULE}; maps 32, 32, 16, 8"), two_spikes(&assumed)),
            as_described(SPIKE_RULE, two_spikes(&network)),
        ],
        remainder: Some(remainder("nothing: neither T nor spike rates are stated", 0.0, printed[1])),
    };
    let note =
        "40-120-120-240, strides 1, 2, 1, 2, T = 10, direct encoding; the spike rates 0.10, 0.08, 0.06, 0.05 are ours";
    row("FFGAF-SNN", note, network, printed, derived)
}

fn row(
    name: &'static str,
    note: &'static str,
    network: Network,
    [parameters, memory, compute, total]: [f64; 4],
    derived: Derived,
) -> Row {
    let printed_sum = as_described("sum of the printed cells", memory + compute);
    let (qualia, clamped) = (cited(&network, Reading::Qualia), cited(&network, Reading::Paper));
    let in_both = |line: fn(&Evaluation) -> f64| {
        Some(Cited { qualia_line: line(&qualia) / PJ_PER_MJ, clamped: line(&clamped) / PJ_PER_MJ })
    };
    let cell = |quantity, printed, derivations: Vec<Derivation>, cited, remainder| Cell {
        verdict: Verdict::of(quantity, printed, &derivations),
        quantity,
        printed,
        derivations,
        cited,
        remainder,
        simulated: None,
    };
    let cells = vec![
        cell(Quantity::Parameters, parameters, derived.parameters, None, None),
        cell(Quantity::Memory, memory, derived.memory, in_both(|e| e.total.mem_total), derived.remainder),
        cell(Quantity::Compute, compute, derived.compute, in_both(|e| e.total.opsaddr), None),
        cell(Quantity::Total, total, vec![printed_sum], in_both(|e| e.total.total), None),
    ];
    Row { name, network, note, cells }
}

/// The network under the cited model; `reading` also fixes the memory line.
fn cited(network: &Network, reading: Reading) -> Evaluation {
    evaluate(network, &Options::new(reading)).expect("the networks of the table carry their spike counts")
}
