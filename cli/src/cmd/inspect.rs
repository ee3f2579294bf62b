//! `spikeloom inspect`: what a program uses of its chip, per core and memory, or its disassembly.

use crate::{
    args::InspectArgs,
    files,
    report::{
        WithReport,
        mapping::{self, MappingReport},
        number::count,
        sections,
        text::{Table, align_right, wrapped},
    },
    source,
};
use anyhow::Result;
use compiler::{Activity, program_cost};
use isa::{CoreId, Resource, usage::CoreUsage, usages};
use serde::Serialize;
use spikeloom::{
    Rates,
    report::{Report, Section},
};
use std::process::ExitCode;

#[derive(Serialize)]
struct Inspection<'a> {
    network: &'a str,
    arch: &'a str,
    timesteps: u32,
    mapping: MappingReport,
    cores: Vec<CoreReport>,
}

#[derive(Serialize)]
struct CoreReport {
    core: CoreId,
    router: (u32, u32),
    layers: Vec<String>,
    uses: Vec<(Resource, isa::Use)>,
}

/// Prints utilization or disassembly.
pub(crate) fn run(args: &InspectArgs) -> Result<ExitCode> {
    let executable = source::program(&args.program)?;
    let (program, arch) = (&executable.program, &executable.chip.arch);
    if args.disassemble {
        anyhow::ensure!(!args.report.wanted(), "--report: a disassembly has none; leave out --disassemble");
        print!("{}", isa::asm::disassemble(program, isa::asm::Style::Short));
        return Ok(ExitCode::SUCCESS);
    }
    let (activity, origin) = match &args.activity {
        None => (Activity::assumed_of(program), "the assumed activity".to_owned()),
        Some(path) => {
            let name = path.display().to_string();
            let rates = Rates::parse(&name, &files::read_text(path)?)?;
            (rates.activity(program, &name)?, format!("the activity of {}", rates.origin))
        }
    };
    let mapping = MappingReport::new("as compiled", &program_cost(program, arch, &activity));
    let usages = usages(program, arch);
    let cores: Vec<CoreReport> = usages
        .iter()
        .zip(&program.cores)
        .map(|(usage, image)| {
            let mut layers: Vec<String> = image
                .descriptors
                .iter()
                .filter_map(|d| match d {
                    isa::Descriptor::Neurons(d) => Some(program.layer(d.layer).name.clone()),
                    _ => None,
                })
                .collect();
            layers.dedup();
            CoreReport {
                core: usage.core,
                router: arch.position(arch.router(usage.core)),
                layers,
                uses: usage.iter().filter(|(_, u)| u.used > 0 || u.max.is_some()).collect(),
            }
        })
        .collect();
    let mappings = sections::mappings("mapping", "mapping", std::slice::from_ref(&mapping), &origin);
    let name = args.program.program.display().to_string();
    let bytes = files::read(&args.program.program)?;
    let made = sections::made(None, vec![sections::digest("program", &name, [bytes.as_slice()])]);
    let summary = Section::new("summary", "Summary")
        .quantity("cores", "cores in use", program.cores.len(), "")
        .because(format!("of {}", arch.n_cores()))
        .quantity("layers", "layers", program.layers.len(), "")
        .quantity("timesteps", "timesteps", program.timesteps, "");
    let report = Report::new(format!("{} for {}", program.name, arch.name), made)
        .with(summary)
        .with(sections::cores(program, arch, None))
        .with(Section::new("mapping", "Mapping").table(mappings));
    args.report.write(&report)?;
    if args.json {
        let (network, arch) = (&program.name, &arch.name);
        let inspection = Inspection { network, arch, timesteps: program.timesteps, mapping, cores };
        let both = WithReport { found: &inspection, report: &report };
        println!("{}", serde_json::to_string_pretty(&both)?);
        return Ok(ExitCode::SUCCESS);
    }
    println!(
        "{} for {}: {} layers, {} timesteps, {} cores in use of {}",
        program.name,
        arch.name,
        program.layers.len(),
        program.timesteps,
        program.cores.len(),
        arch.n_cores()
    );
    println!("\n{}", per_core(&usages, &cores));
    println!("{}", per_resource(&usages));
    print!("{}", wrapped(&mapping::table("mapping", &[mapping], &origin)));
    Ok(ExitCode::SUCCESS)
}

/// Resources that are limited here, or used and worth a column.
fn shown(usages: &[CoreUsage]) -> Vec<Resource> {
    let always = [Resource::Neurons, Resource::Synapses, Resource::Weights, Resource::State];
    Resource::ALL.into_iter().filter(|r| always.contains(r) || usages.iter().any(|u| u[*r].max.is_some())).collect()
}

fn per_core(usages: &[CoreUsage], cores: &[CoreReport]) -> String {
    let resources = shown(usages);
    let mut header = vec!["core", "router", "layers"];
    header.extend(resources.iter().map(|r| r.name()));
    let mut table = Table::new(&header);
    for (usage, core) in usages.iter().zip(cores) {
        let mut row =
            vec![core.core.to_string(), format!("{},{}", core.router.0, core.router.1), core.layers.join(" ")];
        row.extend(resources.iter().map(|&r| {
            let u = usage[r];
            match u.max {
                Some(max) => format!("{}/{}", count(u.used as f64), count(max as f64)),
                None => count(u.used as f64),
            }
        }));
        table.row(row);
    }
    align_right(table, 3)
}

/// The fullest core of each limited resource, and the mean over the cores in use.
fn per_resource(usages: &[CoreUsage]) -> String {
    let mut table = Table::new(&["resource", "fullest core", "used/max", "mean use"]);
    for resource in shown(usages) {
        let share = |u: &CoreUsage| u[resource].max.map(|max| u[resource].used as f64 / max.max(1) as f64);
        let Some(fullest) = usages.iter().max_by(|a, b| share(a).partial_cmp(&share(b)).expect("shares are finite"))
        else {
            continue;
        };
        let Some(max) = fullest[resource].max else { continue };
        let mean = usages.iter().filter_map(share).sum::<f64>() / usages.len() as f64;
        table.row(vec![
            resource.name().into(),
            fullest.core.to_string(),
            format!("{}/{}", count(fullest[resource].used as f64), count(max as f64)),
            format!("{:.1} %", 100.0 * mean),
        ]);
    }
    align_right(table, 2)
}
