//! From a model to a program loaded onto a chip: clips chosen and activity measured on training samples.

use crate::{
    chip::Chip,
    error::{Error, Result},
    executable::Executable,
    model::Model,
    progress::{Observer, Quiet},
    rates::Rates,
    samples::{Input, Samples},
};
use compiler::{
    Compiled, MappingCost, Options, Quantization, QuantizeOptions, Reports, compile_quantized_observed, front,
    program_cost,
    width::{bounds, fits},
};
use ir::{Graph, Quantized};

/// How a model is laid onto a chip.
#[derive(Clone)]
pub struct DeployOptions<'a> {
    /// Width of a stored weight \[bits\].
    pub weight_bits: u32,
    /// Seed of the placement.
    pub seed: u64,
    /// Moves of the placement per cluster; fewer are quicker, and leave longer ways.
    pub effort: u32,
    /// Looks of the placement at a flow altogether, at most: moves are fewer where each takes many.
    pub most_work: u64,
    /// Whether every lowering is verified by its checker.
    pub check: bool,
    /// Whether the other methods of placement are costed too ([`Reports::placements`]).
    pub compare_placements: bool,
    /// Whether idle cores of the chips in use shorten the timesteps, at the price of more deliveries.
    pub balance: bool,
    /// Whether potentials may saturate, so that integers need not become coarser for a chip's narrow ones. `None`: where the model
    /// takes recorded events, which may last much longer than most.
    pub saturate: Option<bool>,
    /// Training samples by which the clip of each layer's weights is chosen.
    pub calibration: Option<&'a dyn Samples>,
    /// How often neurons fire, to weigh the placement by; one spike in ten timesteps is assumed where absent.
    pub activity: Option<ActivitySource<'a>>,
}

/// Where the activity that a placement is weighed by comes from. Results are reported on other samples.
#[derive(Clone)]
pub enum ActivitySource<'a> {
    /// Measured on these training samples.
    Measure(&'a dyn Samples),
    /// Measured before.
    Known {
        /// The rates.
        rates: Rates,
        /// What errors call them.
        name: String,
    },
}

/// A model on a chip.
#[derive(Debug)]
pub struct Deployed {
    /// What runs.
    pub executable: Executable,
    /// The network that it executes.
    pub quantized: Graph<Quantized>,
    /// Figures about the compilation.
    pub reports: Reports,
    /// Present if activity was given.
    pub weighting: Option<Weighting>,
}

/// The cost of two mappings under measured activity.
#[derive(Clone, Debug)]
pub struct Weighting {
    /// The activity.
    pub rates: Rates,
    /// Cost of the mapping made for assumed activity.
    pub assumed: MappingCost,
    /// Cost of the mapping made for the measured one.
    pub measured: MappingCost,
}

impl Default for DeployOptions<'_> {
    fn default() -> Self {
        Self {
            weight_bits: 8,
            seed: 1,
            effort: Options::default().moves_per_cluster,
            most_work: Options::default().most_work,
            check: false,
            compare_placements: false,
            balance: false,
            saturate: None,
            calibration: None,
            activity: None,
        }
    }
}

/// Whether a potential may need more bits.
fn is_wider(graph: &Graph<Quantized>, bits: u32) -> bool {
    let bounds = compiler::width::bounds(graph, graph.input_range().unwrap_or((0, 1)));
    bounds.iter().flatten().any(|bound| bound.bits() > bits)
}

impl Model {
    /// Compiles the model for a chip and loads the program.
    ///
    /// # Errors
    /// If the model does not fit or cannot be expressed, if samples are not what it takes, or if the observer stops a pass.
    pub fn deploy(&self, chip: &Chip, options: &DeployOptions<'_>, observer: &mut dyn Observer) -> Result<Deployed> {
        let arch = &chip.arch;
        let fail = |error| Error::compile(&self.name, &arch.name, error);
        let calibration = options.calibration.map_or(Ok(Vec::new()), |samples| self.stimuli(samples))?;
        let quantize = QuantizeOptions {
            weight_bits: options.weight_bits,
            state_bits: arch.core.state_bits,
            saturates: options.saturate.unwrap_or(self.input()?.coding.is_events()),
            calibration: &calibration,
            ..QuantizeOptions::default()
        };
        let quantized = match &self.integers {
            None => front(&self.graph, arch, &quantize, options.check, observer).map_err(fail)?,
            Some(graph) => {
                let bounds = bounds(graph, graph.input_range().unwrap_or((0, 1)));
                // Integers stay as they are, so potentials saturate where they are wider.
                let saturating = QuantizeOptions { saturates: true, ..quantize };
                fits(graph, &bounds, |neuron| saturating.proven_bits(neuron))
                    .map_err(|refused| fail(refused.into()))?;
                Quantization { graph: graph.clone(), layers: Vec::new() }
            }
        };
        let settings = Options {
            seed: options.seed,
            moves_per_cluster: options.effort,
            most_work: options.most_work,
            check: options.check,
            balance: options.balance,
            ..Options::default()
        };
        let mut weighed = None;
        let settings = match &options.activity {
            None => settings,
            Some(source) => {
                // Only the nets' weights differ between the two mappings: what is fused and quantized stays.
                let assumed =
                    compile_quantized_observed(&quantized.graph, arch, &settings, &mut Quiet).map_err(fail)?.program;
                let (rates, name, assumed) = match source {
                    ActivitySource::Known { rates, name } => (rates.clone(), name.as_str(), assumed),
                    ActivitySource::Measure(samples) => {
                        let executable = Executable::new(assumed, chip.clone())?;
                        (Rates::measure(&executable, *samples, observer)?, "measured activity", executable.program)
                    }
                };
                let activity = rates.activity(&assumed, name)?;
                let cost = program_cost(&assumed, arch, &activity);
                weighed = Some((rates, activity.clone(), cost));
                Options { activity: Some(activity), ..settings }
            }
        };
        let settings = Options { baselines: options.compare_placements, ..settings };
        let compiled = compile_quantized_observed(&quantized.graph, arch, &settings, observer).map_err(fail)?;
        let Compiled { quantized: graph, program, reports, .. } = compiled;
        let weighting = weighed.map(|(rates, activity, assumed)| {
            let measured = program_cost(&program, arch, &activity);
            Weighting { rates, assumed, measured }
        });
        let executable = Executable::new(program, chip.clone())?.called(&self.name);
        let wide = match &self.integers {
            Some(graph) => is_wider(graph, arch.core.state_bits),
            None => quantized.layers.iter().any(|layer| layer.saturates),
        };
        Ok(Deployed {
            executable: if wide { executable.saturating() } else { executable },
            quantized: graph,
            reports: Reports { layers: quantized.layers, ..reports },
            weighting,
        })
    }

    /// What the model takes in.
    ///
    /// # Errors
    /// If its graph has no input.
    pub fn input(&self) -> Result<Input> {
        Input::of_graph(&self.graph).ok_or_else(|| Error::input(format!("{}: the network has no input", self.name)))
    }

    /// What the host would send for each sample.
    pub(crate) fn stimuli(&self, samples: &dyn Samples) -> Result<Vec<ir::Stimulus>> {
        let input = self.input()?;
        samples.ensure_fit(&input)?;
        Ok((0..samples.len()).map(|i| input.stimulus(samples, i)).collect())
    }
}
