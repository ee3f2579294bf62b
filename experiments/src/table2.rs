//! Table 2: energies on CIFAR-10, cell by cell.

use crate::exhibit::{Exhibit, Provenance, quoted};
use anyhow::{Result, ensure};
use datasets::Dataset;
use energy::{
    analytic::{Options, Reading, evaluate},
    published::{Cell, Claim, Quantity, Row, Verdict, claims, table2},
};
use serde::Serialize;
use spikeloom::report::text::{Table, align_right};
use spikeloom::{Model, Progress};
use std::fmt::Write as _;
use training::{ffgaf::Network, zoo};

const PJ_PER_MJ: f64 = 1e9;

/// Energies on CIFAR-10, cell by cell.
#[derive(Debug, Serialize)]
pub struct Table2 {
    title: &'static str,
    simulation: String,
    rows: Vec<Row>,
    /// The ratios that the paper's text draws from the table.
    claims: [Claim; 3],
}

impl Table2 {
    /// Every printed cell re-derived; the last row's network is not simulated, as `why` says.
    pub fn new(why: String) -> Self {
        Self {
            title: "FFGAF-SNN, table 2: memory, compute and total energy of seven networks on CIFAR-10 [mJ]",
            simulation: format!("not simulated: {why}"),
            rows: table2(),
            claims: claims(),
        }
    }

    /// The name of a shipped network of the last row's geometry, if there is one.
    pub fn bundled() -> Option<&'static str> {
        zoo::ENTRIES.iter().find(|e| e.load().is_ok_and(|(network, _)| is_ffgaf(&network))).map(|e| e.name)
    }

    /// Checks that a model can stand in the table's last row.
    ///
    /// # Errors
    /// If it is no trained network of that geometry.
    pub fn ensure_fit(model: &Model) -> Result<()> {
        ensure!(
            model.trained.as_ref().is_some_and(|(network, _)| is_ffgaf(network)),
            "{}: is not a trained network of FFGAF-SNN's geometry (3×32×32, channels 40-120-120-240, strides 1,2,1,2); \
             train one with `spikeloom train --dataset cifar10 --set strides=[1,2,1,2]`",
            model.name
        );
        Ok(())
    }

    /// Simulates the last row's network on images and fills its cells.
    ///
    /// # Errors
    /// If the model is no trained network of that geometry, or cannot be measured.
    pub fn simulate(&mut self, model: &Model, images: &Dataset, progress: &mut dyn Progress) -> Result<()> {
        Self::ensure_fit(model)?;
        let measured = model.measure_analytic(images, progress)?;
        let options = Options { direct: measured.direct, ..Options::new(Reading::Exact) };
        let total = evaluate(&measured.network, &options)?.total;
        let row = self.rows.iter_mut().find(|row| row.name == "FFGAF-SNN").expect("the table ends with it");
        row.set_simulated(Quantity::Memory, total.mem_total / PJ_PER_MJ);
        row.set_simulated(Quantity::Compute, total.opsaddr / PJ_PER_MJ);
        row.set_simulated(Quantity::Total, total.total / PJ_PER_MJ);
        self.simulation = format!(
            "FFGAF-SNN: {}; counts of the ideal machine, priced as reading `exact`, 32 bits, memory line `{}`, T = {}",
            measured.origin,
            options.ram().name(),
            measured.network.timesteps
        );
        Ok(())
    }
}

impl Exhibit for Table2 {
    fn text(&self) -> String {
        text(self)
    }

    fn csv(&self) -> String {
        csv(&self.rows)
    }

    fn picture(&self, made_by: &Provenance) -> String {
        picture(self, made_by)
    }
}

/// Whether a network has the geometry of the table's last row.
fn is_ffgaf(network: &Network) -> bool {
    network.input == [3, 32, 32]
        && network.layers.iter().map(|l| (l.channels, l.stride, l.kernel)).eq([
            (40, 1, 3),
            (120, 2, 3),
            (120, 1, 3),
            (240, 2, 3),
        ])
}

fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Reproduced => "reproduced",
        Verdict::ReproducedUnderWrongGeometry => "reproduced under a wrong geometry",
        Verdict::NotDerivable => "not derivable",
    }
}

fn quantity(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::Parameters => "parameters",
        Quantity::Memory => "memory [mJ]",
        Quantity::Compute => "compute [mJ]",
        Quantity::Total => "total [mJ]",
    }
}

fn figure(cell: &Cell, value: Option<f64>) -> String {
    match (value, cell.quantity) {
        (None, _) => "–".into(),
        (Some(v), Quantity::Parameters) => format!("{v:.0}"),
        (Some(v), _) if v.abs() >= 1.0 => format!("{v:.3}"),
        // Below the digits shown a residual has no sign.
        (Some(v), _) if v.abs() < 5e-5 => "0.0000".into(),
        (Some(v), _) => format!("{v:.4}"),
    }
}

/// With the digits printed.
fn printed(cell: &Cell) -> String {
    let decimals = cell.quantity.decimals() as usize;
    format!("{:.decimals$}", cell.printed)
}

fn text(result: &Table2) -> String {
    let mut table = Table::new(&[
        "network",
        "cell",
        "verdict",
        "printed",
        "re-derived",
        "residual",
        "cited model, line qualia",
        "cited, clamped",
        "simulated",
    ]);
    for row in &result.rows {
        for cell in &row.cells {
            let derived = cell.derivations.first().map(|d| d.value);
            let cited = |of: fn(&energy::published::Cited) -> f64| figure(cell, cell.cited.as_ref().map(of));
            table.row(vec![
                row.name.into(),
                quantity(cell.quantity).into(),
                verdict(cell.verdict).into(),
                printed(cell),
                figure(cell, derived),
                figure(cell, cell.residual()),
                cited(|c| c.qualia_line),
                cited(|c| c.clamped),
                figure(cell, cell.simulated),
            ]);
        }
    }
    let mut out = format!("{}\n\n{}\n", result.title, align_right(table, 3));
    for row in &result.rows {
        let _ = writeln!(out, "{}: {}", row.name, row.note);
        for cell in &row.cells {
            for d in &cell.derivations {
                let wrong = if d.other_geometry { " (not this network)" } else { "" };
                let value = figure(cell, Some(d.value));
                let _ = writeln!(out, "  {} = {value}: {}{wrong}", quantity(cell.quantity), d.assumption);
            }
            if let Some(r) = &cell.remainder {
                let _ = writeln!(
                    out,
                    "  {}: {} explains {:.4}; {:.0} to {:.0} accesses remain",
                    quantity(cell.quantity),
                    r.assumption,
                    r.value,
                    r.missing_accesses[0],
                    r.missing_accesses[1]
                );
            }
        }
    }
    let energies = || {
        let cells = result.rows.iter().flat_map(|row| &row.cells);
        cells.filter(|c| matches!(c.quantity, Quantity::Memory | Quantity::Compute))
    };
    let with = |v: Verdict| energies().filter(|c| c.verdict == v).count();
    let (right, wrong) = (with(Verdict::Reproduced), with(Verdict::ReproducedUnderWrongGeometry));
    let _ = writeln!(
        out,
        "\n{} of {} energy cells reproduce to the printed digit, {wrong} of them under a wrong geometry; \
         totals are sums of the two printed cells\n{}",
        right + wrong,
        energies().count(),
        result.simulation
    );
    for claim in &result.claims {
        let verdict = if claim.holds() { "agrees" } else { "does not agree" };
        let _ = writeln!(
            out,
            "text: {} % of the {}; the cells give {:.2} %: {verdict}",
            claim.stated_percent, claim.what, claim.cells_percent
        );
    }
    out
}

fn csv(rows: &[Row]) -> String {
    let mut out = String::from(
        "network,cell,printed,derived,assumption,other_geometry,residual,cited_qualia_line,cited_clamped,simulated,verdict\n",
    );
    let number = |v: Option<f64>| v.map(|v| v.to_string()).unwrap_or_default();
    for row in rows {
        for cell in &row.cells {
            let first = cell.derivations.first();
            let _ = writeln!(
                out,
                "{},{},{},{},{},{},{},{},{},{},{}",
                quoted(row.name),
                quantity(cell.quantity),
                cell.printed,
                number(first.map(|d| d.value)),
                first.map(|d| quoted(&d.assumption)).unwrap_or_default(),
                first.map(|d| d.other_geometry.to_string()).unwrap_or_default(),
                number(cell.residual()),
                number(cell.cited.map(|c| c.qualia_line)),
                number(cell.cited.map(|c| c.clamped)),
                number(cell.simulated),
                verdict(cell.verdict)
            );
        }
    }
    out
}

/// Total energies; bars of their decimal logarithm, since they span four decades.
fn picture(result: &Table2, made_by: &Provenance) -> String {
    let of = |value: &dyn Fn(&Cell) -> Option<f64>| {
        let totals = result.rows.iter().filter_map(|row| Some((row.name, value(row.cell(Quantity::Total))?)));
        totals.map(|(name, mj)| (format!("{name}: {mj:.3} mJ"), mj.log10())).collect()
    };
    charts::Bars {
        title: "Total energy of an inference on CIFAR-10 (table 2), decimal logarithm of mJ",
        groups: &[
            charts::Group { name: "printed", rows: of(&|c| Some(c.printed)) },
            charts::Group { name: "cited model, line qualia", rows: of(&|c| c.cited.map(|c| c.qualia_line)) },
            charts::Group { name: "cited model, clamped", rows: of(&|c| c.cited.map(|c| c.clamped)) },
            charts::Group { name: "simulated on the ideal machine, reading exact", rows: of(&|c| c.simulated) },
        ],
        quantity: "log10(energy [mJ])",
        from: -2.0,
        decimals: 2,
        note: &made_by.still(),
    }
    .svg()
}
