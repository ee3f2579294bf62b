//! Measurements that need no network of others: power of TrueNorth and Speck, latency of Speck.

use super::{
    Row,
    Standing::{self, Calibrated, Predicted},
};
use anyhow::{Context as _, Result, anyhow};
use compiler::{Options, compile_quantized};
use energy::{
    price::{Context, Timing, price},
    table::{StaticPower, Table},
};
use ir::{
    Compare, Connectivity, Graph, InputCoding, InputEncoding, Leak, NeuronModel, PerChannel, Population, Projection,
    Quantized, Readout, Reset, Shape, Spiking, Window,
};
use isa::{Action, Arch, InputEvent, LayerId, Ledger, Stimulus, action::Site, arch::preset::preset};
use simulator::{Machine, NoProbe, TimingMode};

/// Every row, in the order of the page.
pub(super) fn rows() -> Result<Vec<Row>> {
    let mut rows = truenorth_power()?;
    rows.extend(speck()?);
    Ok(rows)
}

pub(super) fn chip(name: &str) -> Result<Arch> {
    preset(name).with_context(|| format!("preset {name}"))
}

fn table(name: &str) -> Result<Table> {
    Table::preset(name).with_context(|| format!("table {name}"))
}

/// Merolla 2014, 0.8 V, 2^20 neurons with 128 synapses each: power at three rates.
fn truenorth_power() -> Result<Vec<Row>> {
    const CURVE: &str = "Merolla 2014, 0.8 V; ends of the power curve set price and static power";
    let table = table("truenorth")?;
    let points = [(11.58, 68.0, Calibrated), (20.07, 71.0, Predicted), (95.93, 94.0, Calibrated)];
    let row = |(hz, measured, standing): (f64, f64, Standing)| {
        let mut ledger = Ledger::default();
        let events = hz * 128.0 * f64::from(1 << 20);
        ledger.at(Site { core: None, layer: LayerId(0) })[Action::SynapticAdd] = events as u64;
        let timing = Some(Timing { seconds: 1.0, cores: 4096, chips: 1, cores_per_chip: 4096 });
        let second = price(&ledger, &table, &Context { timing, ..Context::default() })?;
        let (what, ours) = (format!("power at {hz} Hz, 128 synapses per neuron"), second.total.value * 1e-9);
        Ok(Row { chip: "truenorth".into(), what, unit: "mW", measured, ours, standing, source: CURVE.into() })
    };
    points.into_iter().map(row).collect()
}

fn speck() -> Result<Vec<Row>> {
    let StaticPower::Power { value, .. } = table("speck2")?.static_power else { return Err(anyhow!("a static power")) };
    let idle = Row {
        chip: "speck2".into(),
        what: "power at rest, rails io 61.7, ram 51.7, logic 367.0 µW".into(),
        unit: "µW",
        measured: 61.7 + 51.7 + 367.0,
        ours: value * 1e6,
        standing: Predicted,
        source: "sinabs documentation, power monitoring notebook; ours is Yao 2024".into(),
    };
    let latency = Row {
        chip: "speck2".into(),
        what: "one event through nine layers".into(),
        unit: "µs",
        measured: 3.36,
        ours: nine_layers()? * 1e6,
        standing: Calibrated,
        source: "Richter 2023; sets the time of an event".into(),
    };
    Ok(vec![idle, latency])
}

/// Seconds of one event through a chain of nine neurons, one to a core.
fn nine_layers() -> Result<f64> {
    let arch = chip("speck2")?;
    let neuron = Spiking::<Quantized> {
        threshold: PerChannel::uniform(1),
        v_init: PerChannel::uniform(0),
        bias: PerChannel::uniform(0),
        leak: Leak::None,
        reset: Reset::Subtract,
        compare: Compare::GreaterEqual,
        window: Window::new(0, 16),
        floor: None,
    };
    let mut graph = Graph::new("nine layers", 16, InputEncoding::Pixels);
    let mut add =
        |name: String, neuron| graph.add_population(Population { name, shape: Shape::new(1, 1, 1), neuron, norm: () });
    let input = add("input".into(), NeuronModel::Input { coding: InputCoding::spikes(16), scale: 1.0 });
    let layers: Vec<_> = (1..=9).map(|i| add(format!("layer {i}"), NeuronModel::Spiking(neuron.clone()))).collect();
    let mut before = input;
    for &layer in &layers {
        let delay = u32::from(before != input);
        let weight = Projection { connectivity: Connectivity::Dense, pool: None, weights: vec![1], delay };
        graph.connect(before, layer, weight);
        before = layer;
    }
    graph.readout = Readout::SpikeCount { population: before };
    let program = compile_quantized(&graph, &arch, &Options::default())?.program;
    let machine = Machine::new(&program, &arch)?;
    let event = Stimulus { steps: vec![vec![InputEvent { neuron: 0, value: 1 }]], lasts: None };
    let run = machine.run(&event, TimingMode::Analytic, &mut NoProbe)?;
    let time = run.time.context("speck2 has all times")?;
    let step = time.steps.first().context("one step")?;
    Ok((step.ticks() * time.tick_ps) as f64 * 1e-12)
}
