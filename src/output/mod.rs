//! What leaves the program: event log, score table, pictures.

mod capped_file;
mod event_writer;
mod events;
mod score_table;

pub mod report;
pub mod terminal;

pub use capped_file::CappedFile;
pub use event_writer::EventWriter;
pub use events::{Event, EventLog, EventSink, JsonLines};
pub use score_table::{ScoreRow, ScoreTable};
