//! The cores of a chip where they lie: how full they are, how busy, and what their links carry.

use isa::{Arch, Program, Resource, usages};
use spikeloom::{
    Closeup,
    report::{Chart, Mesh, Section, Table, Value},
};

/// Links in the table.
const MOST_LINKS: usize = 400;

/// The section of a program, and of one sample on it.
pub(crate) fn section(program: &Program, arch: &Arch, close: Option<(&Closeup, &str)>) -> Section {
    let section = Section::new("cores", "Cores").table(fullness(program, arch));
    let Some((close, what)) = close else { return section };
    let section = if close.ticks > 0 { section.table(busy(program, arch, close, what)) } else { section };
    section.table(links(close, what))
}

fn mesh(arch: &Arch, value: &str, links: Option<&str>) -> Chart {
    Chart::Mesh(Mesh {
        size: [arch.columns(), arch.rows()],
        chip: [arch.mesh.width, arch.mesh.height],
        slots: arch.mesh.cores_per_router,
        x: "x".into(),
        y: "y".into(),
        slot: "slot".into(),
        label: "core".into(),
        value: value.into(),
        links: links.map(Into::into),
    })
}

/// Core, place and layers: what every row begins with.
fn begin(table: Table) -> Table {
    table.column("core", "core", "").column("x", "column", "").column("y", "row", "").column("slot", "slot", "")
}

fn place(arch: &Arch, image: &isa::CoreImage, program: &Program) -> Vec<Value> {
    let (x, y) = arch.position(arch.router(image.core));
    let slot = image.core.0 % arch.mesh.cores_per_router.max(1);
    let layers = crate::report::bounds::layers_of(program, image.core);
    vec![format!("{} ({layers})", image.core).into(), x.into(), y.into(), slot.into()]
}

/// The fullest resource of every core.
fn fullness(program: &Program, arch: &Arch) -> Table {
    let rows = usages(program, arch).into_iter().zip(&program.cores).map(|(usage, image)| {
        let share = |r: &Resource| Some(100.0 * usage[*r].used as f64 / usage[*r].max?.max(1) as f64);
        let fullest =
            Resource::ALL.into_iter().max_by(|a, b| share(a).unwrap_or(-1.0).total_cmp(&share(b).unwrap_or(-1.0)));
        let fullest = fullest.filter(|r| share(r).is_some());
        let mut row = place(arch, image, program);
        let all = [Resource::Neurons, Resource::Synapses, Resource::Weights, Resource::State];
        row.push(Value::from(fullest.and_then(|r| share(&r))));
        row.push(fullest.map_or_else(|| "nothing is limited".into(), |r| r.name().into()));
        row.extend(all.map(|r| Value::from(usage[r].used)));
        row
    });
    let table = begin(Table::new("core_resources", "the fullest resource of every core"))
        .column("fullest", "fullest resource", "%")
        .column("resource", "which", "")
        .column("neurons", "neurons", "")
        .column("synapses", "synapses", "")
        .column("weights", "weight memory", "bit")
        .column("state", "state memory", "bit")
        .rows(rows);
    if arch.noc.is_none() && arch.columns() * arch.rows() == 1 {
        return table;
    }
    table.drawn(mesh(arch, "fullest", None))
}

/// How long every core worked on one sample.
fn busy(program: &Program, arch: &Arch, close: &Closeup, what: &str) -> Table {
    let seconds = |ticks: u64| ticks as f64 * arch.tick_ps.value as f64 * 1e-12;
    let rows = program.cores.iter().map(|image| {
        let load = close.cores.get(&image.core).copied().unwrap_or_default();
        let mut row = place(arch, image, program);
        row.extend([
            (100.0 * load.busy as f64 / close.ticks as f64).into(),
            seconds(load.busy).into(),
            load.events.into(),
            load.spikes.into(),
            load.peak_queue.map_or_else(|| "not followed".into(), Value::from),
        ]);
        row
    });
    begin(Table::new("core_times", format!("share of the time of {what} that every core works, and packets on links")))
        .column("busy", "busy", "%")
        .column("time", "time", "s")
        .column("events", "events in", "")
        .column("spikes", "spikes", "")
        .column("queue", "most events in the queue", "")
        .rows(rows)
        .drawn(mesh(arch, "busy", Some("links")))
        .noted("Queues are followed where they are limited, with --mode cycle.")
}

/// The busiest links.
fn links(close: &Closeup, what: &str) -> Table {
    let table = Table::new("links", format!("packets on the links between routers, {what}"))
        .column("from_x", "from column", "")
        .column("from_y", "from row", "")
        .column("to_x", "to column", "")
        .column("to_y", "to row", "")
        .column("load", "packets", "");
    let rows = close.links.iter().take(MOST_LINKS).map(|link| {
        vec![link.from.0.into(), link.from.1.into(), link.to.0.into(), link.to.1.into(), link.packets.into()]
    });
    let table = table.rows(rows);
    if close.links.len() <= MOST_LINKS {
        return table;
    }
    let n = close.links.len();
    table.noted(format!("The {MOST_LINKS} busiest of {n} links in use; the others are neither drawn nor listed."))
}
