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
//! | `motion.npz` | what moves as it does there; only where it could be learnt |

mod arrays;
mod checkpoint;
mod file;
mod motion;
mod view;

pub use arrays::ArrayFile;
pub use checkpoint::{BEST, Checkpoint, ITEMS, LAST, Validation};
pub use file::{
    FORMAT_VERSION, FootageRecord, RUN_FILE, RunFile, Schedule, TrainingRecord, UpdateNormaliser,
};
pub use motion::{read_motion, write_motion};
pub use view::{read_view, write_view};
