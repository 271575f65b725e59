//! The tests that look at the work tree as a whole.

mod breaking;
mod placeholders;
mod postgres;
mod tidy;
