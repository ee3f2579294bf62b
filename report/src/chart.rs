//! How tables are drawn. A chart names columns of its table, so picture, table and JSON hold the same numbers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A way of drawing a table; the texts are ids of its columns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Chart {
    /// A horizontal bar per row, made of parts that add up.
    Bars {
        /// Names of the rows.
        label: String,
        /// Parts, in order.
        parts: Vec<String>,
    },
    /// Lines over a common axis.
    Lines {
        /// The horizontal axis.
        x: String,
        /// The lines.
        y: Vec<String>,
    },
    /// Points.
    Scatter {
        /// The horizontal axis.
        x: String,
        /// The vertical axis.
        y: String,
        /// Names of the points.
        label: String,
        /// Rows of a group have marks of their own.
        group: Option<String>,
    },
    /// How often values occurred.
    Histogram {
        /// Lower ends of the bins.
        from: String,
        /// Upper ends.
        to: String,
        /// How many.
        count: String,
    },
    /// A matrix: one row of the table per cell.
    Matrix {
        /// Row of the cell.
        row: String,
        /// Column of the cell.
        column: String,
        /// What the cell shows.
        value: String,
    },
    /// The cores of a chip where they lie.
    Mesh(Mesh),
}

/// The cores of a chip where they lie, and the links between their routers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mesh {
    /// Columns and rows of routers.
    pub size: [u32; 2],
    /// Columns and rows of routers on one chip.
    pub chip: [u32; 2],
    /// Cores of a router.
    pub slots: u32,
    /// Column of the router.
    pub x: String,
    /// Row of the router.
    pub y: String,
    /// Which of the router's cores.
    pub slot: String,
    /// What the core is called.
    pub label: String,
    /// What colours the core: a share, from 0 to 100 %.
    pub value: String,
    /// Table of links, with columns `from_x`, `from_y`, `to_x`, `to_y`, `load`.
    pub links: Option<String>,
}
