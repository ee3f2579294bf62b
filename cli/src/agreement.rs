//! Agreement of the simulated chip with the reference interpreter and with the float network, image by image.

use crate::{
    progress,
    samples::{self, Samples},
    simulation::Batch,
    source::Model,
};
use anyhow::{Result, bail};
use compiler::Compiled;
use rayon::prelude::*;
use training::ffgaf::Runner;

/// Interprets every simulated image and says where decisions differ. A difference between interpreter and simulator is an
/// error: they are equal by construction.
pub(crate) fn report(model: &Model, compiled: &Compiled, samples: &Samples, batch: &Batch, quiet: bool) -> Result<()> {
    let graph = &compiled.quantized;
    let input = graph.input().expect("a compiled graph has an input");
    let ir::NeuronModel::Input { coding, .. } = graph.population(input).neuron else {
        unreachable!("`input` finds input populations only")
    };
    let runner = model.trained.as_ref().map(|(network, _)| Runner::new(network));
    let bar = progress::bar(batch.samples.len() as u64, "images interpreted");
    let verdicts: Vec<(bool, Option<u32>)> = batch
        .samples
        .par_iter()
        .map(|sample| {
            let image = samples.image(sample.image);
            let stimulus = match image {
                Some(image) => samples::present(image, graph.encoding, coding, graph.timesteps),
                None => samples.recording(sample.image),
            };
            let trace = ir::interpret(graph, &stimulus);
            let same = trace.decision.class == sample.class && trace.n_spikes() as u64 == sample.spikes;
            bar.inc(1);
            (same, runner.as_ref().zip(image).map(|(runner, image)| runner.classify(image) as u32))
        })
        .collect();
    bar.finish_and_clear();

    let n = verdicts.len();
    let same = verdicts.iter().filter(|(same, _)| *same).count();
    if !quiet {
        println!("verified     {same} of {n} images: class and number of spikes equal the reference interpreter's");
        let float: Option<Vec<u32>> = verdicts.iter().map(|(_, float)| *float).collect();
        if let Some(float) = float {
            let right = float.iter().zip(&batch.samples).filter(|(class, s)| **class == s.label).count();
            let changed = float.iter().zip(&batch.samples).filter(|(class, s)| **class != s.class).count();
            let percent = |k: usize| 100.0 * k as f64 / n as f64;
            println!(
                "float        {:.2} %  ({right}/{n}); quantization changes {changed} decisions, accuracy by {:+.2} points",
                percent(right),
                percent(batch.correct()) - percent(right)
            );
        }
    }
    if same != n {
        let first = verdicts.iter().position(|(same, _)| !same).expect("some differ");
        bail!(
            "internal error, please report: simulator and interpreter differ on {} images, first on image {first}",
            n - same
        );
    }
    Ok(())
}
