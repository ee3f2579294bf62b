//! Dies, cores, hops and synaptic operations as sums of the parts described.

use super::{Row, Standing::Predicted, chips::chip};
use anyhow::Result;
use energy::{
    component::{Chip, Need},
    table::Entry,
};
use isa::Action;

/// An area that was published, and of how many cores it is.
struct Area {
    chip: &'static str,
    what: &'static str,
    mm2: f64,
    cores: f64,
    source: &'static str,
}

const AREAS: [Area; 5] = [
    Area {
        chip: "loihi1",
        what: "die of 128 cores",
        mm2: 60.0,
        cores: 128.0,
        source: "Davies 2018; the core's 0.41 mm² sets its logic",
    },
    Area {
        chip: "truenorth",
        what: "die of 4,096 cores",
        mm2: 430.0,
        cores: 4096.0,
        source: "Merolla 2014; the core's 0.0936 mm² (Akopyan 2015) sets its logic",
    },
    Area {
        chip: "speck2",
        what: "die of 9 cores, with sensor",
        mm2: 30.0,
        cores: 9.0,
        source: "Yao 2024; the sensor is not in the sum",
    },
    Area {
        chip: "seneca_like",
        what: "one core",
        mm2: 0.47,
        cores: 1.0,
        source: "Tang 2023, synthesis; its one memory is described twice, for weights and for potentials",
    },
    Area {
        chip: "loihi2",
        what: "die of 128 cores",
        mm2: 31.0,
        cores: 128.0,
        source: "Intel 2021; the core's 0.21 mm² sets its logic",
    },
];

/// Rows of areas, then of TrueNorth's hop.
pub(super) fn rows() -> Result<Vec<Row>> {
    let mut rows = AREAS.iter().map(row).collect::<Result<Vec<_>>>()?;
    rows.push(hop()?);
    Ok(rows)
}

fn row(area: &Area) -> Result<Row> {
    let arch = chip(area.chip)?;
    let whole = Chip::new(&arch, &Need::default())?.area_mm2().value;
    Ok(Row {
        chip: area.chip.into(),
        what: format!("area, {}", area.what),
        unit: "mm²",
        measured: area.mm2,
        ours: whole * area.cores / arch.cores_per_chip() as f64,
        standing: Predicted,
        source: area.source.into(),
    })
}

/// A spike through a router of TrueNorth and over the link to the next.
fn hop() -> Result<Row> {
    let arch = chip("truenorth")?;
    let table = Chip::new(&arch, &Need::default())?.table(&arch);
    let pj = |action| match table.actions.get(&action) {
        Some(Entry::Energy { value, .. }) => *value,
        _ => 0.0,
    };
    Ok(Row {
        chip: "truenorth".into(),
        what: "energy of a hop, sum of parts".into(),
        unit: "pJ",
        measured: 2.3,
        ours: pj(Action::RouterFlit) + f64::midpoint(pj(Action::LinkEastWest), pj(Action::LinkNorthSouth)),
        standing: Predicted,
        source: "Merolla 2014, supplement; the preset's buffers and widths are assumed".into(),
    })
}
