//! Quantization: its rules on worked examples, its properties on random networks, its width proof against the interpreter,
//! and a checker that rejects planned corruptions.

mod checker;
mod float;
mod fractions;
mod integers;
mod lists;
mod losses;
mod networks;
mod random;
mod rules;
