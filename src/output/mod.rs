//! What leaves the program: event log, score table, pictures.

mod both;
mod capped_file;
mod event_writer;
mod events;
mod image;
mod score_table;

pub mod report;
pub mod terminal;

pub use both::Both;
pub use capped_file::CappedFile;
pub use event_writer::EventWriter;
pub use events::{Event, EventLog, EventSink, JsonLines};
pub use image::{ImageFormat, encode_for_people};
pub use score_table::{ScoreRow, ScoreTable};
