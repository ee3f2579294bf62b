//! Runs a quantized network from its text form on a chip and prints spikes, operations and the time taken as
//! one line of JSON; the other half of `scripts/bench_sanafe.py`.
//!
//! ```text
//! network GRAPH.ron INPUT.txt CHIP REPEATS      INPUT: a line of neuron indices per timestep; CHIP: a preset
//! ```

mod support;

use compiler::{Options, compile_quantized};
use ir::Quantized;
use isa::{InputEvent, Stimulus, arch::preset::preset};
use spikeloom_simulator::{Machine, NoProbe, TimingMode};
use std::{error::Error, time::Instant};
use support::{cpu_seconds, peak_kb};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [graph, input, chip, repeats] = args.as_slice() else {
        return Err("usage: network GRAPH.ron INPUT.txt CHIP REPEATS".into());
    };
    let repeats: u32 = repeats.parse()?;
    let graph = ir::text::parse::<Quantized>(&std::fs::read_to_string(graph)?)?;
    let neuron = |index: &str| Ok(InputEvent { neuron: index.parse()?, value: 1 });
    let steps = std::fs::read_to_string(input)?
        .lines()
        .map(|line| line.split_whitespace().map(neuron).collect())
        .collect::<Result<_, Box<dyn Error>>>()?;
    let stimulus = Stimulus { steps, lasts: None };
    let arch = preset(chip).ok_or_else(|| format!("no chip is called {chip}"))?;
    let program = compile_quantized(&graph, &arch, &Options::default())?.program;
    let start = Instant::now();
    let machine = Machine::new(&program, &arch)?;
    let load = start.elapsed().as_secs_f64();
    let mut state = machine.state();
    let mut modes = Vec::new();
    let mut spikes = Vec::new();
    let mut operations = 0;
    for (name, mode) in
        [("counts", TimingMode::Counts), ("analytic", TimingMode::Analytic), ("cycle", TimingMode::Cycle)]
    {
        let run = machine.run_in(&mut state, &stimulus, mode, &mut NoProbe)?;
        (spikes, operations) = (run.layer_spikes, run.ledger.total().synaptic_operations());
        let (wall, cpu) = (Instant::now(), cpu_seconds());
        for _ in 0..repeats {
            machine.run_in(&mut state, &stimulus, mode, &mut NoProbe)?;
        }
        let wall = wall.elapsed().as_secs_f64() / f64::from(repeats);
        let spent = cpu.zip(cpu_seconds()).map_or(wall, |(before, after)| (after - before) / f64::from(repeats));
        modes.push(format!("\"{name}\": {{\"wall_s\": {wall}, \"cpu_s\": {spent}}}"));
    }
    println!(
        "{{\"cores\": {}, \"load_s\": {load}, \"layer_spikes\": {spikes:?}, \"operations\": {operations}, \"peak_kb\": {}, {}}}",
        program.cores.len(),
        peak_kb().map_or("null".into(), |kb| kb.to_string()),
        modes.join(", "),
    );
    Ok(())
}
