//! Checks a placement against the chip.
//!
//! | rule | demands |
//! |---|---|
//! | `complete` | every cluster has a core |
//! | `exists` | every core exists on the mesh |
//! | `distinct` | no core is given twice |

use super::Found;
use crate::{
    diagnostics::Violations,
    partition::{ClusterId, Partition},
    placement::Placement,
};
use isa::Arch;
use std::collections::BTreeMap;

/// Every broken rule.
pub fn check(arch: &Arch, partition: &Partition, placement: &Placement) -> Violations {
    let mut found = Found::default();
    let (clusters, cores) = (partition.clusters.len(), placement.cores.len());
    found.rule(clusters == cores, "complete", "placement", || format!("has {cores} cores for {clusters} clusters"));
    let n_cores =
        arch.mesh.chips.0 * arch.mesh.chips.1 * arch.mesh.width * arch.mesh.height * arch.mesh.cores_per_router;
    let mut holders = BTreeMap::new();
    for (i, &core) in placement.cores.iter().enumerate() {
        let id = ClusterId(i as u32);
        found.rule(core.0 < n_cores, "exists", id, || format!("is on {core}, but the chip has {n_cores} cores"));
        if let Some(other) = holders.insert(core, id) {
            found.rule(false, "distinct", id, || format!("is on {core}, and so is {other}"));
        }
    }
    found.into_violations()
}
