//! The rows of the fault table, and how a test says what it has measured for one.
//!
//! `rows.toml` states what the program promises. The test that a row names calls
//! [`took`] with the time that it has measured: a time above the promise fails the
//! test. `cargo xtask faults` runs these tests and prints their times.

mod measure;
mod row;

pub use measure::{FOLDER, Measured, Times, gather, took, took_and_again};
pub use row::{Lines, Row, Table};
