//! A report as one web page: no script, no network access, light and dark, printable.
//!
//! Every number stands in a `<data value="…">` element with the number of the JSON; every mark of a chart has a `<title>`, which
//! browsers show under the pointer and screen readers read, and every chart a table behind it. The page holds the report's JSON.

mod axis;
mod bars;
mod gallery;
mod histogram;
mod lines;
mod matrix;
mod mesh;
mod plate;
mod raster;
mod scatter;
mod svg;
mod tables;

use crate::{Chart, Report, Section, Table, plain::shown};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use tables::data;

const STYLE: &str = include_str!("page.css");

/// Rows of a table beyond which it is folded.
const LONG: usize = 16;

/// The page.
pub fn page(report: &Report) -> String {
    let made = &report.provenance;
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="generator" content={ "spikeloom " (made.spikeloom) };
                // Without an icon of its own a browser asks for one.
                link rel="icon" href="data:,";
                title { (report.title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { (report.title) }
                    nav aria-label="Sections" {
                        @for section in &report.sections { a href={ "#" (section.id) } { (section.title) } " " }
                        a href="#provenance" { "Provenance" }
                    }
                }
                main { @for section in &report.sections { (self::section(section)) } }
                (provenance(report))
                // `</` would end the element early.
                script type="application/json" id="report" { (PreEscaped(compact(report).replace("</", "<\\/"))) }
            }
        }
    };
    page.into_string()
}

fn section(section: &Section) -> Markup {
    html! {
        section id=(section.id) {
            h2 { (section.title) }
            @for verdict in &section.verdicts {
                p class={ "verdict " (if verdict.passed { "passed" } else { "failed" }) } {
                    strong { (if verdict.passed { "Passed" } else { "Failed" }) } " " (verdict.text)
                }
            }
            @if !section.quantities.is_empty() {
                dl class="quantities" {
                    @for q in &section.quantities {
                        div {
                            dt { (q.name) }
                            dd {
                                (data(&q.value, &q.unit))
                                @if let Some(note) = &q.note { span class="note" { (note) } }
                            }
                        }
                    }
                }
            }
            div class="figures" {
                @for table in section.tables.iter().filter(|table| table.chart.is_some()) { (figure(table, section)) }
                @for raster in &section.rasters { (raster::figure(raster)) }
                @for gallery in &section.galleries { (gallery::figure(gallery)) }
                @for plate in &section.plates { (plate::figure(plate)) }
            }
            @for table in section.tables.iter().filter(|table| table.chart.is_none()) {
                @if table.rows.len() > LONG {
                    details { summary { (table.title) ", " (table.rows.len()) " rows" } (tables::table(table)) }
                } @else {
                    h3 { (table.title) }
                    (tables::table(table))
                }
            }
            @if !section.notes.is_empty() { ul class="notes" { @for note in &section.notes { li { (note) } } } }
        }
    }
}

/// The report without blanks.
fn compact(report: &Report) -> String {
    serde_json::to_string(report).expect("every field has a form in JSON")
}

/// A drawn table with the table behind it. Tables of links are drawn with the mesh that names them.
fn figure(table: &Table, section: &Section) -> Markup {
    let drawn = match table.chart.as_ref() {
        None => return html! {},
        Some(Chart::Bars { label, parts }) => bars::draw(table, label, parts),
        Some(Chart::Lines { x, y }) => lines::draw(table, x, y),
        Some(Chart::Scatter { x, y, label, group }) => scatter::draw(table, [x, y], label, group.as_deref()),
        Some(Chart::Histogram { from, to, count }) => histogram::draw(table, [from, to, count]),
        Some(Chart::Matrix { row, column, value }) => matrix::draw(table, [row, column, value]),
        Some(Chart::Mesh(mesh)) => {
            let links = mesh.links.as_ref().and_then(|id| section.tables.iter().find(|table| table.id == *id));
            mesh::draw(table, mesh, links)
        }
    };
    html! {
        figure id=(table.id) {
            figcaption { (table.title) }
            (drawn)
            details { summary { "Table" } (tables::table(table)) }
        }
    }
}

fn provenance(report: &Report) -> Markup {
    let made = &report.provenance;
    html! {
        footer id="provenance" {
            h2 { "Provenance" }
            p { "Made by spikeloom " (made.spikeloom) @if let Some(seed) = made.seed { ", seed " (seed) } ". The same again:" }
            pre tabindex="0" { code { (made.command) } }
            @if !made.inputs.is_empty() {
                div class="scroll" tabindex="0" {
                    table {
                        thead { tr { th scope="col" { "input" } th scope="col" { "name" } th scope="col" { "SHA-256" } } }
                        tbody {
                            @for input in &made.inputs {
                                tr {
                                    th scope="row" { (input.what) }
                                    td { (input.name) }
                                    td class="hash" { (input.sha256.as_deref().unwrap_or("–")) }
                                }
                            }
                        }
                    }
                }
            }
            p class="note" { "The report as data stands in this page: element " code { "#report" } ", schema in docs/report.schema.json." }
        }
    }
}

/// What a mark says under the pointer: name and value.
fn says(name: &str, value: f64, unit: &str) -> String {
    format!("{name}: {}", shown(&value.into(), unit))
}
