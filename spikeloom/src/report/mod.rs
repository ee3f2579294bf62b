//! How results are written for people: numbers with units, and plain tables. Nothing is printed here.

pub mod number;
pub mod text;
