//! The tests that look at the work tree as a whole.

mod tidy;
