//! What every crate may use and none owns: a budget of memory ([`budget`]), and files that appear whole or not at all ([`output`]).

#![cfg_attr(
    not(test),
    warn(
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss
    )
)]

pub mod budget;
pub mod output;
