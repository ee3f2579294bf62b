//! Runs a quantized network from its text form on a chip and prints, as one line of JSON, where every neuron is, which spiked
//! when, what was counted, what it costs under an energy table, and the time taken; the other half of
//! `scripts/bench_sanafe_random.py`.
//!
//! ```text
//! mapped GRAPH.ron CHIP TABLE CUTTING REPEATS      CHIP, TABLE: presets; CUTTING: grown or sequential
//! ```

mod support;

use compiler::{Compiled, Cutting, Options, compile_quantized};
use energy::{
    price::{Context, price},
    table::Table,
};
use ir::Quantized;
use isa::{Arch, LayerId, Stimulus, Timestep, arch::preset::preset};
use spikeloom_simulator::{Machine, NoProbe, Probe, TimingMode};
use std::{error::Error, fmt::Write, time::Instant};
use support::{cpu_seconds, peak_kb};

/// Spikes of every layer but the input, `[layer][t]`.
#[derive(Default)]
struct Spikes(Vec<Vec<Vec<u32>>>);

impl Probe for Spikes {
    const SPIKES: bool = true;
    const POTENTIALS: bool = false;

    fn spikes(&mut self, _: Timestep, layer: LayerId, neurons: &[u32]) {
        self.0.resize(self.0.len().max(usize::from(layer.0) + 1), Vec::new());
        self.0[usize::from(layer.0)].push(neurons.to_vec());
    }
}

/// Column, row and local port of the core of every neuron of a layer, by the network's numbers.
fn places(compiled: &Compiled, arch: &Arch, layer: usize) -> Vec<[u32; 3]> {
    let shape = &compiled.program.layers[layer];
    let mut places = vec![[0; 3]; shape.neurons()];
    for (cluster, tiles) in compiled.partition.clusters.iter().enumerate() {
        let core = compiled.placement.cores[cluster];
        let (x, y) = arch.position(arch.router(core));
        for tile in tiles.iter().map(|&t| compiled.partition.tile(t)).filter(|t| t.population.0 as usize == layer) {
            for c in tile.channels.clone() {
                for row in tile.rows.clone() {
                    for col in tile.cols.clone() {
                        let neuron = shape.index((c as u16, row as u16, col as u16));
                        places[neuron] = [x, y, core.0 % arch.mesh.cores_per_router];
                    }
                }
            }
        }
    }
    places
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [graph, chip, table, cutting, repeats] = args.as_slice() else {
        return Err("usage: mapped GRAPH.ron CHIP TABLE CUTTING REPEATS".into());
    };
    let repeats: u32 = repeats.parse()?;
    let cutting = match cutting.as_str() {
        "grown" => Cutting::Grown,
        "sequential" => Cutting::Sequential,
        other => return Err(format!("no cutting `{other}`: grown or sequential").into()),
    };
    let graph = ir::text::parse::<Quantized>(&std::fs::read_to_string(graph)?)?;
    let arch = preset(chip).ok_or_else(|| format!("no chip is called {chip}"))?;
    let table = Table::preset(table).ok_or_else(|| format!("no table is called {table}"))?;
    let start = Instant::now();
    // Every neuron has destinations of its own, so that a move of the annealing routes thousands of nets again.
    let options = Options { cutting, check: false, moves_per_cluster: 20, ..Options::default() };
    let compiled = compile_quantized(&graph, &arch, &options)?;
    let compile_s = start.elapsed().as_secs_f64();
    let start = Instant::now();
    let machine = Machine::new(&compiled.program, &arch)?;
    let load_s = start.elapsed().as_secs_f64();
    let stimulus = Stimulus::default();
    let (mut state, mut seen) = (machine.state(), Spikes::default());
    let run = machine.run_in(&mut state, &stimulus, TimingMode::Counts, &mut seen)?;
    let priced = price(&run.ledger, &table, &Context::default())?;

    let mut out = String::from("{\"layers\": [");
    for (l, layer) in compiled.program.layers.iter().enumerate() {
        let lines = priced.lines.iter().filter(|line| usize::from(line.layer.0) == l);
        let counts: Vec<String> =
            lines.map(|line| format!("\"{}\": [{}, {}]", line.action.name(), line.count, line.energy.value)).collect();
        write!(
            out,
            "{}{{\"name\": {:?}, \"places\": {:?}, \"spikes\": {:?}, \"actions\": {{{}}}}}",
            if l > 0 { ", " } else { "" },
            layer.name,
            places(&compiled, &arch, l),
            seen.0.get(l).map_or(&[][..], Vec::as_slice),
            counts.join(", ")
        )?;
    }
    write!(out, "], \"cores\": {}, \"compile_s\": {compile_s}, \"load_s\": {load_s}", compiled.program.cores.len())?;
    for (name, mode) in
        [("counts", TimingMode::Counts), ("analytic", TimingMode::Analytic), ("cycle", TimingMode::Cycle)]
    {
        machine.run_in(&mut state, &stimulus, mode, &mut NoProbe)?;
        let (wall, cpu) = (Instant::now(), cpu_seconds());
        for _ in 0..repeats {
            machine.run_in(&mut state, &stimulus, mode, &mut NoProbe)?;
        }
        let wall = wall.elapsed().as_secs_f64() / f64::from(repeats);
        let spent = cpu.zip(cpu_seconds()).map_or(wall, |(before, after)| (after - before) / f64::from(repeats));
        write!(out, ", \"{name}\": {{\"wall_s\": {wall}, \"cpu_s\": {spent}}}")?;
    }
    println!("{out}, \"peak_kb\": {}}}", peak_kb().map_or("null".into(), |kb| kb.to_string()));
    Ok(())
}
