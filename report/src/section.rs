//! Sections: what belongs together under one heading.

use crate::{table::Table, value::Value};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What belongs together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// Its name for programs, unique in its report.
    pub id: String,
    /// Its heading.
    pub title: String,
    /// What passed, and what did not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub verdicts: Vec<Verdict>,
    /// Single figures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quantities: Vec<Quantity>,
    /// Tables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<Table>,
    /// Spikes of samples.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rasters: Vec<Raster>,
    /// Small pictures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub galleries: Vec<Gallery>,
    /// Pictures that were drawn elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plates: Vec<Plate>,
    /// What was assumed, left out, cut.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// Whether something is as it should be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// Whether it is.
    pub passed: bool,
    /// What was looked at, and what to do about it.
    pub text: String,
}

/// A single figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quantity {
    /// Its name for programs, unique in its section.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// The figure, or why there is none.
    pub value: Value,
    /// Its unit, as of a column.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// What it is made of, assumed or compared with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Spikes of one sample.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Raster {
    /// Its name for programs.
    pub id: String,
    /// Which sample.
    pub title: String,
    /// Number of timesteps.
    pub timesteps: u32,
    /// The layers, in order.
    pub layers: Vec<RasterLayer>,
}

/// Spikes of a layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RasterLayer {
    /// The layer.
    pub name: String,
    /// Its neurons.
    pub neurons: u32,
    /// Timestep and neuron (channel-major) of every spike that is shown.
    pub spikes: Vec<[u32; 2]>,
    /// Spikes in every timestep, those that are not shown included.
    pub counts: Vec<u64>,
}

/// Small pictures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Gallery {
    /// Its name for programs.
    pub id: String,
    /// What they show.
    pub title: String,
    /// The pictures.
    pub pictures: Vec<Picture>,
}

/// A small picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Picture {
    /// What it shows.
    pub caption: String,
    /// Pixels of a column.
    pub height: u32,
    /// Pixels of a row.
    pub width: u32,
    /// 1 (grey) or 3 (red, green, blue), plane by plane.
    pub channels: u32,
    /// The pixels, base 64 of one byte each.
    pub pixels: String,
}

/// A picture that was drawn elsewhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plate {
    /// Its name for programs.
    pub id: String,
    /// What it shows.
    pub title: String,
    /// The picture, as SVG.
    pub svg: String,
}

impl Section {
    /// An empty section.
    pub fn new(id: &str, title: &str) -> Self {
        Self { id: id.into(), title: title.into(), ..Self::default() }
    }

    /// With one figure more.
    #[must_use]
    pub fn quantity(mut self, id: &str, name: &str, value: impl Into<Value>, unit: &str) -> Self {
        self.quantities.push(Quantity {
            id: id.into(),
            name: name.into(),
            value: value.into(),
            unit: unit.into(),
            note: None,
        });
        self
    }

    /// Says more about the last figure.
    #[must_use]
    pub fn because(mut self, note: impl Into<String>) -> Self {
        if let Some(quantity) = self.quantities.last_mut() {
            quantity.note = Some(note.into());
        }
        self
    }

    /// With one table more; one without rows is left out.
    #[must_use]
    pub fn table(mut self, table: Table) -> Self {
        if !table.rows.is_empty() {
            self.tables.push(table);
        }
        self
    }

    /// With one verdict more.
    #[must_use]
    pub fn verdict(mut self, passed: bool, text: impl Into<String>) -> Self {
        self.verdicts.push(Verdict { passed, text: text.into() });
        self
    }

    /// With one note more.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// With these notes.
    #[must_use]
    pub fn notes(mut self, notes: impl IntoIterator<Item = String>) -> Self {
        self.notes.extend(notes);
        self
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        let Self { id: _, title: _, verdicts, quantities, tables, rasters, galleries, plates, notes } = self;
        verdicts.is_empty()
            && quantities.is_empty()
            && tables.is_empty()
            && rasters.is_empty()
            && galleries.is_empty()
            && plates.is_empty()
            && notes.is_empty()
    }
}
