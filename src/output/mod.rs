//! What leaves the program: event log, score table, pictures.

mod capped_file;
mod events;
mod score_table;

pub mod report;
pub mod terminal;

pub use capped_file::CappedFile;
pub use events::{DatedLines, Event, EventLog, EventSink, JsonLines};
pub use score_table::{ScoreRow, ScoreTable};
