//! What became of what each output was to tell.

use std::sync::Arc;

use crate::event::OutletCounts;

/// Counts what one output was to tell.
pub(super) type Counts = Arc<dyn Fn() -> OutletCounts + Send + Sync>;
