//! The readings of Lemaire et al. 2022 as term tables.
//!
//! The paper gives one equation per term and kind of layer. The `paper` and `qualia` tables differ where the published
//! implementation departs from the equations; `exact` counts the same machine without the approximations.

mod exact;
mod paper;
mod qualia;

use super::network::{Layer, Mode, Shape};
use super::options::Reading;
use super::term::Term;

/// The kind of layer a table is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Case {
    /// Formal convolution.
    AnnConv,
    /// Formal fully connected layer.
    AnnFc,
    /// Spiking convolution.
    SnnConv,
    /// Spiking fully connected layer.
    SnnFc,
    /// Spiking convolution fed with a real-valued input (direct encoding).
    AnalogConv,
    /// Spiking fully connected layer fed with a real-valued input (direct encoding).
    AnalogFc,
}

impl Case {
    /// Every case.
    pub const ALL: [Self; 6] =
        [Self::AnnConv, Self::AnnFc, Self::SnnConv, Self::SnnFc, Self::AnalogConv, Self::AnalogFc];

    /// The case `layer` falls in.
    pub fn of(mode: Mode, layer: &Layer) -> Self {
        match (mode, &layer.shape, layer.analog) {
            (Mode::Ann, Shape::Conv(_), _) => Self::AnnConv,
            (Mode::Ann, Shape::Fc { .. }, _) => Self::AnnFc,
            (Mode::Snn, Shape::Conv(_), false) => Self::SnnConv,
            (Mode::Snn, Shape::Fc { .. }, false) => Self::SnnFc,
            (Mode::Snn, Shape::Conv(_), true) => Self::AnalogConv,
            (Mode::Snn, Shape::Fc { .. }, true) => Self::AnalogFc,
        }
    }
}

impl Reading {
    /// The model as data: the terms of this reading for one kind of layer.
    pub fn terms(self, case: Case) -> &'static [Term] {
        match self {
            Self::Paper => paper::terms(case),
            Self::Qualia => qualia::terms(case),
            Self::Exact => exact::terms(case),
        }
    }
}

/// A table row: name, group, unit, count formula, source.
macro_rules! terms {
    ($($name:literal, $group:ident, $unit:ident, $q:ident => $formula:expr, $source:literal;)*) => {
        &[$($crate::analytic::term::Term {
            name: $name,
            group: $crate::analytic::term::Group::$group,
            unit: $crate::analytic::term::Unit::$unit,
            count: $crate::analytic::term::count!($q => $formula),
            source: $source,
        }),*]
    };
}
pub(crate) use terms;
