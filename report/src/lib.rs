//! A report as data: what a command found, made once and written as text, JSON, CSV or a web page.
//!
//! ```text
//! Report ── title, provenance
//!        └─ sections ─┬─ verdicts      passed or not, and why
//!                     ├─ quantities    a name, a value (with its range), a unit
//!                     ├─ tables        columns with units; a table may say how it is drawn
//!                     ├─ rasters       spikes of one sample
//!                     ├─ galleries     small pictures
//!                     ├─ plates        pictures drawn elsewhere
//!                     └─ notes         what was assumed, left out, cut
//! ```
//!
//! Values are in base units (J, s, W, m², B): prefixes are chosen when they are written. A value that cannot be derived is a text
//! that says why, never 0. [`Report::VERSION`] changes whenever a reader of an older version could misread the JSON.
//!
//! | form | function |
//! |---|---|
//! | JSON, and its schema | [`Report::to_json`], [`Report::schema`] |
//! | one self-contained web page | [`html::page`] |
//! | plain text | [`plain::text`] |
//! | comma-separated values | [`csv::csv`] |
//!
//! The crate opens no file and prints nothing.

mod chart;
pub mod csv;
pub mod html;
pub mod number;
pub mod plain;
mod provenance;
mod section;
mod table;
pub mod text;
mod value;

pub use chart::{Chart, Mesh};
pub use provenance::{Input, Provenance};
pub use section::{Gallery, Picture, Plate, Quantity, Raster, RasterLayer, Section, Verdict};
pub use table::{Column, Table};
pub use value::Value;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a command found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Always `spikeloom-report`.
    pub format: String,
    /// Version of the format.
    pub version: u32,
    /// One line.
    pub title: String,
    /// What it was made by and from.
    pub provenance: Provenance,
    /// What was found, in the order in which it is read.
    pub sections: Vec<Section>,
}

impl Report {
    /// Name of the format.
    pub const FORMAT: &str = "spikeloom-report";
    /// Version of the format.
    pub const VERSION: u32 = 1;

    /// A report without sections.
    pub fn new(title: impl Into<String>, provenance: Provenance) -> Self {
        Self {
            format: Self::FORMAT.into(),
            version: Self::VERSION,
            title: title.into(),
            provenance,
            sections: Vec::new(),
        }
    }

    /// With one section more; an empty one is left out.
    #[must_use]
    pub fn with(mut self, section: Section) -> Self {
        if !section.is_empty() {
            self.sections.push(section);
        }
        self
    }

    /// The section with this id.
    pub fn section(&self, id: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.id == id)
    }

    /// As JSON.
    ///
    /// # Panics
    /// Never: every field has a form in JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("every field has a form in JSON")
    }

    /// The JSON Schema of [`Self::to_json`], generated from the types.
    pub fn schema() -> serde_json::Value {
        schemars::schema_for!(Report).to_value()
    }
}
