//! Model bundles as the toolchain sees them: files that are read, run in stock
//! tract step by step, and written so that a half-written one is never taken
//! for whole.

mod files;
mod pipeline;
mod write;

pub use files::{BundleFiles, Golden};
pub use pipeline::{Outcome, Pipeline};
pub use write::{BundleParts, on_grid, write_bundle};
