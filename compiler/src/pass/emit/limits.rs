//! What no program can express, and tables that no core can hold.

use crate::{
    diagnostics::{Diagnostic, Diagnostics, Limit},
    pass::store::signed_bits,
};
use ir::{Graph, InputCoding, NeuronModel, Quantized};
use isa::{Arch, Program};

/// Rejects what no program can express: shapes, counts and values beyond the widths of descriptors and of the potential.
///
/// # Errors
/// Every such entity.
pub fn expressible(graph: &Graph<Quantized>, arch: &Arch) -> Result<(), Diagnostics> {
    let mut found = Vec::new();
    let mut limit = |entity: String, resource: &str, used: u64, max: u64, remedy: &str| {
        if used > max {
            found.push(Diagnostic {
                entity,
                message: "is more than a program can hold".into(),
                limit: Some(Limit { resource: resource.into(), used, max }),
                remedy: remedy.into(),
            });
        }
    };
    let max16 = u64::from(u16::MAX);
    limit("network".into(), "populations", graph.n_populations() as u64, max16, "join populations");
    limit("network".into(), "projections", graph.n_projections() as u64, max16, "join projections");
    let state = u64::from(arch.core.state_bits.min(32));
    for (id, p) in graph.populations() {
        let entity = || format!("{id} `{}`", p.name);
        let side = u64::from(p.shape.channels.max(p.shape.height).max(p.shape.width));
        limit(entity(), "channels, rows or columns", side, max16, "split the population");
        for (what, value) in widest_values(&p.neuron) {
            let needed = u64::from(signed_bits(value));
            limit(entity(), &format!("{what} width [bits]"), needed, state, "quantize with fewer bits");
        }
    }
    for (id, p) in graph.projections() {
        limit(format!("{id}"), "delay [timesteps]", u64::from(p.delay), max16, "shorten the delay");
    }
    let input = graph.input().map(|id| &graph.population(id).neuron);
    if let Some(NeuronModel::Input {
        coding: InputCoding::DirectEveryStep { steps: 0 } | InputCoding::Events { steps: 0, .. },
        ..
    }) = input
    {
        limit("input".into(), "samples never presented", 1, 0, "present the input in at least one timestep");
    }
    if let ir::Readout::ChannelEnergy { population, grid, .. } = graph.readout {
        let shape = graph.population(population).shape;
        let side = u64::from(shape.height.min(shape.width));
        limit(
            "readout".into(),
            "regions along a side",
            u64::from(grid),
            side,
            "use at most one region per row and column",
        );
    }
    for (id, p) in graph.populations() {
        if matches!(p.neuron, NeuronModel::Linear) {
            found.push(Diagnostic {
                entity: format!("{id} `{}`", p.name),
                message: "is linear: it passes values on without neurons, which chips do not".into(),
                limit: None,
                remedy: "fuse it into the projections behind it, or give it spiking neurons".into(),
            });
        }
    }
    if found.is_empty() { Ok(()) } else { Err(Diagnostics(found)) }
}

fn widest_values(neuron: &NeuronModel<Quantized>) -> Vec<(&'static str, i64)> {
    let widest = |values: &[i64]| values.iter().copied().max_by_key(|&v| signed_bits(v)).unwrap_or(0);
    match neuron {
        NeuronModel::Spiking(s) => vec![
            ("threshold", widest(&s.threshold.0)),
            ("initial potential", widest(&s.v_init.0)),
            ("bias", widest(&s.bias.0)),
            ("floor", s.floor.unwrap_or(0)),
        ],
        NeuronModel::Accumulator { v_init } => vec![("initial potential", widest(&v_init.0))],
        NeuronModel::Dynamic(list) => {
            let words = list.words.iter().map(|word| &word.init);
            let params = list.params.iter().map(|param| &param.values);
            words.chain(params).map(|values| ("parameter", widest(&values.0))).collect()
        }
        NeuronModel::Input { .. } | NeuronModel::Linear => Vec::new(),
    }
}

/// Rejects a program whose tables are larger than a core's memories for them.
///
/// # Errors
/// Every core and table.
pub fn tables_fit(program: &Program, arch: &Arch) -> Result<(), Diagnostics> {
    let mut found = Vec::new();
    for usage in isa::usage::usages(program, arch) {
        for (resource, amount) in usage.iter().filter(|(_, amount)| amount.exceeded()) {
            found.push(Diagnostic {
                entity: usage.core.to_string(),
                message: format!("its tables are larger than the memories of {}", arch.name),
                limit: Some(Limit {
                    resource: resource.to_string(),
                    used: amount.used,
                    max: amount.max.unwrap_or(u64::MAX),
                }),
                remedy: "use fewer branches, or a chip with larger tables".into(),
            });
        }
    }
    if found.is_empty() { Ok(()) } else { Err(Diagnostics(found)) }
}
