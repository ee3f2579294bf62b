//! `spikeloom reproduce`: published tables and figures, made again from this program's own computations.

mod all;
mod silicon;

use crate::{
    args::{
        AblateArgs, ImageArgs, ModelArgs,
        reproduce::{
            ClassArgs, Fig2Args, Fig3Args, Fig4Args, Fig4Vary, Fig5Args, OutArgs, ReproduceCommand, Table1Args,
            Table2Args,
        },
    },
    cmd::ablate,
    data, files,
    progress::Bars,
    report::{folder::Folder, sections},
    source,
};
use anyhow::{Result, bail, ensure};
use datasets::{Dataset, DatasetName, Split};
use experiments::{Exhibit, Fig1, Fig2, Fig3, Fig5, Provenance, Table1, Table2, Vary};
use std::{path::Path, process::ExitCode, time::Instant};
use training::ffgaf::Network;

/// Runs a reproduction.
pub(crate) fn run(command: &ReproduceCommand) -> Result<ExitCode> {
    match command {
        ReproduceCommand::Table1(args) => table1(args),
        ReproduceCommand::Table2(args) => table2(args),
        ReproduceCommand::Fig1(args) => fig1(args),
        ReproduceCommand::Fig2(args) => fig2(args),
        ReproduceCommand::Fig3(args) => fig3(args),
        ReproduceCommand::Fig4(args) => fig4(args),
        ReproduceCommand::Fig5(args) => fig5(args),
        ReproduceCommand::Silicon(args) => silicon::run(args),
        ReproduceCommand::All(args) => all::run(args),
    }
}

/// Writes the files of an exhibit and prints it.
fn show(exhibit: &impl Exhibit, name: &str, begun: Instant, out: &OutArgs) -> Result<ExitCode> {
    let (made_by, folder) = (Provenance::new(None, begun), Folder::create(&out.out, out.force)?);
    if out.json {
        println!("{}", serde_json::to_string_pretty(exhibit)?);
    } else {
        print!("{}\n{made_by}\n", exhibit.text());
    }
    if out.report.wanted() {
        let section = sections::exhibit(name, name, exhibit, &made_by)?;
        out.report.write(&sections::exhibited(&format!("FFGAF-SNN, {name}"), None, vec![section]))?;
    }
    folder.write(name, &made_by, exhibit)?;
    Ok(ExitCode::SUCCESS)
}

fn table1(args: &Table1Args) -> Result<ExitCode> {
    let begun = Instant::now();
    let read = |name: &String| Ok((name.clone(), files::read(Path::new(name))?));
    let models: Vec<(String, Vec<u8>)> = args.models.iter().map(read).collect::<Result<_>>()?;
    show(&Table1::new(&models)?, "table1", begun, &args.out)
}

fn table2(args: &Table2Args) -> Result<ExitCode> {
    let begun = Instant::now();
    let mut table = Table2::new("no trained network of this geometry ships yet; give one with --model".into());
    if let Some(name) = args.model.as_deref().or(Table2::bundled()) {
        let model = source::model(name)?;
        Table2::ensure_fit(&model)?;
        match datasets::load(DatasetName::Cifar10, Split::Test, &args.data.dir()) {
            Ok(test) => {
                let images = test.subset(0..test.len().min(args.limit as usize));
                table.simulate(&model, &images, &mut Bars::new())?;
            }
            // Nobody asked for a simulation; the rest of the table needs no images.
            Err(error) if args.model.is_none() => table = Table2::new(error.to_string()),
            Err(error) => return Err(error.into()),
        }
    }
    show(&table, "table2", begun, &args.out)
}

/// A trained network and images that it takes.
struct Subject {
    name: String,
    network: Network,
    images: Dataset,
}

/// The trained network and the images asked for; `what` of it is to be shown.
fn subject(model: &ModelArgs, images: &ImageArgs, what: &str) -> Result<Subject> {
    let model = source::model_of(model)?;
    let dataset = model.dataset();
    let Some((network, _)) = model.trained else {
        bail!("{}: is a graph; {what} need a trained network (.safetensors or a bundled one)", model.name);
    };
    let images = data::images(images, dataset)?;
    if let Err(why) = network.accepts(&images) {
        bail!("{}: {why}; use the data set that it was trained on", model.name);
    }
    Ok(Subject { name: model.name, network, images })
}

fn fig1(args: &ClassArgs) -> Result<ExitCode> {
    by_class(args, "fig1", &|name, images| Fig1::of(name, images))
}

fn fig2(args: &Fig2Args) -> Result<ExitCode> {
    ensure!(args.phi > 0.0, "--phi {}: must be above 0", args.phi);
    by_class(&args.classes, "fig2", &|name, images| Fig2::of(name, images, args.phi))
}

/// A figure of every data set asked for.
fn by_class<E: Exhibit>(args: &ClassArgs, figure: &str, of: &dyn Fn(DatasetName, &Dataset) -> E) -> Result<ExitCode> {
    let (mut shown, folder) = (Vec::new(), Folder::create(&args.out.out, args.out.force)?);
    for &name in &args.dataset {
        let begun = Instant::now();
        let exhibit = of(name, &datasets::load(name, Split::Train, &args.data.dir())?);
        let made_by = Provenance::new(None, begun);
        if args.out.json {
            println!("{}", serde_json::to_string_pretty(&exhibit)?);
        } else {
            print!("{}{made_by}\n\n", exhibit.text());
        }
        let file = format!("{figure}-{name}");
        shown.push(sections::exhibit(&file, &file, &exhibit, &made_by)?);
        folder.write(&file, &made_by, &exhibit)?;
    }
    args.out.report.write(&sections::exhibited(&format!("FFGAF-SNN, {figure}"), None, shown))?;
    Ok(ExitCode::SUCCESS)
}

fn fig3(args: &Fig3Args) -> Result<ExitCode> {
    let begun = Instant::now();
    let Subject { name, network, images } = subject(&args.model, &args.images, "groups and goodness")?;
    show(&Fig3::new(&name, &network, &images), "fig3", begun, &args.out)
}

/// The two studies of the figure. Trains every network it shows.
fn fig4(args: &Fig4Args) -> Result<ExitCode> {
    let (vary, title) = match args.vary {
        Fig4Vary::Allocation => (Vary::Allocation, "FFGAF-SNN, figure 4a: allocation strategies against accuracy"),
        Fig4Vary::Channels => {
            (Vary::Channels, "FFGAF-SNN, figure 4b: channels of a one-layer network against accuracy")
        }
    };
    let study = AblateArgs {
        vary,
        dataset: args.dataset,
        epochs: args.epochs,
        limit: args.limit,
        channels: args.channels.clone(),
        settings: Vec::new(),
        seeds: args.seeds.clone(),
        resume: args.resume,
        threads: args.threads,
        data: args.data.clone(),
        out: args.out.out.clone(),
        energy: Vec::new(),
        energy_images: 0,
        force: args.out.force,
        report: args.out.report.clone(),
        json: args.out.json,
    };
    ablate::study(&study, title.to_owned(), &format!("fig4-{}", vary.name()))
}

fn fig5(args: &Fig5Args) -> Result<ExitCode> {
    let begun = Instant::now();
    let images = ImageArgs { data: args.data.clone(), ..ImageArgs::default() };
    let Subject { name, network, images } = subject(&args.model, &images, "feature maps")?;
    let figure = Fig5::new(&name, &network, &images, args.image, args.channels as usize)?;
    show(&figure, "fig5", begun, &args.out)
}
