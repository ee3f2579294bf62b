//! Decisions: which classes were taken for which, and the samples that were.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use isa::Program;
use spikeloom::{
    Run, Samples,
    report::{Chart, Gallery, Picture, Section, Table},
};
use std::collections::BTreeMap;

/// Pictures of wrong samples, and rows of them in the table.
const MOST: [usize; 2] = [24, 200];

/// Classes of which a matrix is drawn.
const MOST_CLASSES: usize = 100;

/// The section.
pub(super) fn section(program: &Program, samples: &dyn Samples, run: &Run) -> Section {
    let [one, many] = samples.noun();
    let mut section = Section::new("decisions", "Decisions").table(confusion(run, many)).table(wrong(run, one, many));
    let shape = program.layer(program.input.layer).shape;
    let pictures: Vec<Picture> = wrong_samples(run)
        .take(MOST[0])
        .filter_map(|(s, label)| {
            Some(picture(samples.image(s.index)?, shape, format!("{one} {}: {label} taken for {}", s.index, s.class)))
        })
        .collect();
    if !pictures.is_empty() {
        let n = wrong_samples(run).count();
        let which = if n > pictures.len() {
            format!("the first {} of {n} wrong {many}", pictures.len())
        } else {
            format!("wrong {many}")
        };
        section.galleries.push(Gallery { id: "wrong_images".into(), title: which, pictures });
    }
    section
}

/// Samples whose class is known, with it.
fn labelled(run: &Run) -> impl Iterator<Item = (&spikeloom::Sample, u32)> {
    run.samples.iter().filter_map(|sample| Some((sample, sample.label?)))
}

fn wrong_samples(run: &Run) -> impl Iterator<Item = (&spikeloom::Sample, u32)> {
    labelled(run).filter(|(sample, label)| sample.class != *label)
}

fn picture(pixels: &[u8], (c, h, w): (u16, u16, u16), caption: String) -> Picture {
    let (channels, height, width) = (u32::from(c), u32::from(h), u32::from(w));
    Picture { caption, height, width, channels, pixels: STANDARD.encode(pixels) }
}

/// How often each class was taken for each.
fn confusion(run: &Run, many: &str) -> Table {
    let mut counts: BTreeMap<(u32, u32), u64> = BTreeMap::new();
    for (sample, label) in labelled(run) {
        *counts.entry((label, sample.class)).or_default() += 1;
    }
    let classes = counts.keys().map(|(label, class)| label.max(class) + 1).max().unwrap_or(0) as usize;
    let table = Table::new("confusion", format!("{many} of a class (row) by the class decided on (column)"))
        .column("label", "class", "")
        .column("class", "decision", "")
        .column("images", many, "")
        .rows(
            counts
                .into_iter()
                .map(|((label, class), n)| vec![label.to_string().into(), class.to_string().into(), n.into()]),
        );
    if classes > MOST_CLASSES {
        return table;
    }
    table.drawn(Chart::Matrix { row: "label".into(), column: "class".into(), value: "images".into() })
}

fn wrong(run: &Run, one: &str, many: &str) -> Table {
    let n = wrong_samples(run).count();
    let table =
        Table::new("wrong", format!("wrong {many}"))
            .column("index", one, "")
            .column("label", "class", "")
            .column("class", "decision", "")
            .column("spikes", "spikes", "")
            .column("seconds", "latency", "s")
            .rows(wrong_samples(run).take(MOST[1]).map(|(s, label)| {
                vec![s.index.into(), label.into(), s.class.into(), s.spikes.into(), s.seconds.into()]
            }));
    if n > MOST[1] { table.noted(format!("The first {} of {n}; --per-image writes all.", MOST[1])) } else { table }
}
