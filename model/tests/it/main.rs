//! The model's own tests.

mod mutants;
mod saga;
