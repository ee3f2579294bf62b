//! Tables with units.

use crate::{chart::Chart, value::Value};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Its name for programs, unique in its report.
    pub id: String,
    /// What it shows.
    pub title: String,
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows, each with one value per column.
    pub rows: Vec<Vec<Value>>,
    /// Units of the rows' numbers where they differ from row to row; for columns without a unit of their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub row_units: Vec<String>,
    /// How it is drawn; a table alone where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chart: Option<Chart>,
    /// What the figures are, and what is not in them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Its name for programs.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// Unit of its numbers: `J`, `s`, `W`, `B`, `%`, …; `1` for ratios; empty for counts and texts.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
}

impl Table {
    /// A table without columns.
    pub fn new(id: impl Into<String>, title: impl Into<String>) -> Self {
        Self { id: id.into(), title: title.into(), ..Self::default() }
    }

    /// With one column more.
    #[must_use]
    pub fn column(mut self, id: impl Into<String>, name: impl Into<String>, unit: &str) -> Self {
        self.columns.push(Column { id: id.into(), name: name.into(), unit: unit.into() });
        self
    }

    /// With these rows.
    ///
    /// # Panics
    /// If a row has another number of values than there are columns.
    #[must_use]
    pub fn rows(mut self, rows: impl IntoIterator<Item = Vec<Value>>) -> Self {
        self.rows.extend(rows);
        assert!(self.rows.iter().all(|row| row.len() == self.columns.len()), "{}: a value per column", self.id);
        self
    }

    /// With a unit for every row.
    ///
    /// # Panics
    /// If there are not as many units as rows.
    #[must_use]
    pub fn units(mut self, units: Vec<String>) -> Self {
        assert_eq!(self.rows.len(), units.len(), "{}: a unit per row", self.id);
        self.row_units = units;
        self
    }

    /// The unit of a cell.
    pub fn unit(&self, row: usize, column: usize) -> &str {
        let own = self.columns[column].unit.as_str();
        if own.is_empty() { self.row_units.get(row).map_or("", String::as_str) } else { own }
    }

    /// Drawn so.
    #[must_use]
    pub fn drawn(mut self, chart: Chart) -> Self {
        self.chart = Some(chart);
        self
    }

    /// With a note.
    #[must_use]
    pub fn noted(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    /// Place of the column with this id.
    pub fn at(&self, id: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.id == id)
    }

    /// The numbers of a column; those of rows without one are `None`.
    pub fn numbers(&self, id: &str) -> Vec<Option<f64>> {
        let at = self.at(id);
        self.rows.iter().map(|row| at.and_then(|at| row[at].number())).collect()
    }

    /// The texts of a column.
    pub fn texts(&self, id: &str) -> Vec<String> {
        let at = self.at(id);
        self.rows.iter().map(|row| at.map_or_else(String::new, |at| row[at].plain())).collect()
    }

    /// Whether a column holds no text, so that it is aligned to the right.
    pub(crate) fn is_numeric(&self, column: usize) -> bool {
        !self.rows.iter().any(|row| matches!(row[column], Value::Text(_)))
    }
}
