//! The checkers: one per lowering, sharing no code with the pass it checks.
