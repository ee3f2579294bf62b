//! Tables of a page.

use crate::{
    Value,
    plain::{number, shown},
    table::Table,
};
use maud::{Markup, html};

/// A value: for people, and unrounded for programs.
pub(super) fn data(value: &Value, unit: &str) -> Markup {
    match value {
        Value::Number(v) => html! { data value=(v) { (number(*v, unit)) } },
        Value::Range { value: v, low, high } => html! {
            data value=(v) { (number(*v, unit)) }
            span class="range" { " (" data value=(low) { (number(*low, unit)) } " to " data value=(high) { (number(*high, unit)) } ")" }
        },
        Value::Text(_) | Value::Missing => html! { (shown(value, unit)) },
    }
}

/// The table, in a box that scrolls where it is wider than the page.
pub(super) fn table(table: &Table) -> Markup {
    let numeric: Vec<bool> = (0..table.columns.len()).map(|i| table.is_numeric(i)).collect();
    html! {
        div class="scroll" tabindex="0" role="region" aria-label=(table.title) {
            table {
                thead {
                    tr {
                        @for (column, numeric) in table.columns.iter().zip(&numeric) {
                            th scope="col" class=[numeric.then_some("n")] { (column.name) }
                        }
                    }
                }
                tbody {
                    @for (r, row) in table.rows.iter().enumerate() {
                        tr {
                            @for (c, (value, numeric)) in row.iter().zip(&numeric).enumerate() {
                                td class=[numeric.then_some("n")] { (data(value, table.unit(r, c))) }
                            }
                        }
                    }
                }
            }
        }
        @if let Some(note) = &table.note { p class="note" { (note) } }
    }
}
