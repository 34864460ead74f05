//! The RUN folder: what a training or an import leaves behind, and what export
//! reads. No framework's types appear here.
//!
//! | file | |
//! |---|---|
//! | `run.toml` | [`RunFile`]: format version, network, frames, how it was trained |
//! | `best.safetensors` | [`Checkpoint`]: arrays by name, `memory.items`, what validation said |
//! | `last.safetensors` | the trainer's own: all that a resumed training needs |
//! | `log.jsonl` | one line for each epoch |
//! | `view.npz` | what the footage usually shows; an import has none |

mod arrays;
mod checkpoint;
mod file;
mod view;

pub use arrays::ArrayFile;
pub use checkpoint::{BEST, Checkpoint, ITEMS, LAST, Validation};
pub use file::{
    FORMAT_VERSION, FootageRecord, RUN_FILE, RunFile, Schedule, TrainingRecord, UpdateNormaliser,
};
pub use view::{read_view, write_view};
