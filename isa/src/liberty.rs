//! What a program asks of a chip that the chip does not have, and the simulator does all the same.
//!
//! A liberty changes no spike; it makes time and energy those of a chip slightly richer than the one described. Each is
//! named in reports; strict runs refuse them.

use crate::{
    arch::Arch,
    op::NeuronKind,
    program::{Coding, Program},
    usage::tiles,
};
use serde::Serialize;
use std::{collections::BTreeSet, fmt};

/// Something that is simulated although the described chip could not do it so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Liberty {
    /// Input events carry values on a chip whose events are spikes alone.
    GradedInputs,
    /// Cores hold more distinct thresholds than the chip keeps.
    Thresholds {
        /// Cores that do.
        cores: usize,
        /// Most thresholds of a core.
        most: usize,
        /// What the chip keeps.
        limit: u64,
    },
}

impl fmt::Display for Liberty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::GradedInputs => {
                write!(
                    f,
                    "input events carry values, but the chip takes spikes alone; it would need several spikes or biases"
                )
            }
            Self::Thresholds { cores, most, limit } => write!(
                f,
                "{cores} cores hold up to {most} distinct thresholds, but the chip keeps {limit} per core; it would need coarser \
                 thresholds or more cores"
            ),
        }
    }
}

/// Every liberty that a program takes with a chip.
pub fn liberties(program: &Program, arch: &Arch) -> Vec<Liberty> {
    let graded = !arch.core.graded_inputs && carries_values(program);
    [graded.then_some(Liberty::GradedInputs), thresholds(program, arch)].into_iter().flatten().collect()
}

/// Recorded events are spikes; images are encoded as values.
fn carries_values(program: &Program) -> bool {
    !matches!(program.input.coding, Coding::Events { least: 0, most: 1, .. })
}

fn thresholds(program: &Program, arch: &Arch) -> Option<Liberty> {
    let limit = arch.core.thresholds.as_ref()?.value;
    let held = program.cores.iter().map(|image| {
        let spiking = tiles(image).filter(|tile| matches!(tile.kind, NeuronKind::Spiking { .. }));
        spiking.flat_map(|tile| &tile.params).map(|params| params.threshold).collect::<BTreeSet<_>>().len()
    });
    let over: Vec<usize> = held.filter(|&n| n as u64 > limit).collect();
    let most = over.iter().copied().max()?;
    Some(Liberty::Thresholds { cores: over.len(), most, limit })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{arch::preset::preset, testing::tiny};

    #[test]
    fn what_the_chip_lacks_is_named() {
        let mut arch = preset("loihi1").expect("a preset");
        let mut program = tiny();
        let thresholds = tiles(&program.cores[0]).flat_map(|tile| &tile.params).map(|p| p.threshold);
        let distinct = thresholds.collect::<BTreeSet<_>>().len();
        arch.core.thresholds.as_mut().expect("limited").value = distinct as u64;
        program.input.coding = Coding::spikes(4);
        assert_eq!(liberties(&program, &arch), []);
        program.input.coding = Coding::Once;
        assert_eq!(liberties(&program, &arch), [Liberty::GradedInputs]);
        arch.core.graded_inputs = true;
        arch.core.thresholds.as_mut().expect("limited").value = 0;
        assert!(matches!(liberties(&program, &arch)[..], [Liberty::Thresholds { limit: 0, .. }]));
    }
}
