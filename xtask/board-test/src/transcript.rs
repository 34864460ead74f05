//! Writes down what happens on the board, with the time since its start.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use anyhow::{Context, Result};

/// What happened on the board, line by line with the time since its start: on
/// the terminal and in a file. Clones write to the same transcript.
#[derive(Clone)]
pub struct Transcript(Arc<Mutex<Inner>>);

/// Which of the terminal's two outputs hears the transcript.
#[derive(Clone, Copy)]
pub enum Ear {
    Output,
    /// Where standard output is for something else.
    Error,
}

struct Inner {
    file: File,
    ear: Ear,
    start: Instant,
}

impl Transcript {
    /// # Errors
    /// The file or its folder cannot be made.
    pub fn create(path: &Path, ear: Ear) -> Result<Transcript> {
        let make = || -> std::io::Result<File> {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            File::create(path)
        };
        let file = make().with_context(|| format!("cannot write {}", path.display()))?;
        let inner = Inner { file, ear, start: Instant::now() };
        Ok(Transcript(Arc::new(Mutex::new(inner))))
    }

    /// A line of the test itself.
    pub fn say(&self, text: &str) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let line = format!("[{:7.2}] {text}\n", inner.start.elapsed().as_secs_f64());
        match inner.ear {
            Ear::Output => print!("{line}"),
            Ear::Error => eprint!("{line}"),
        }
        // A transcript that cannot be stored must not fail the board.
        let _ = inner.file.write_all(line.as_bytes());
    }

    /// A line that the guest printed.
    pub fn guest(&self, text: &str) {
        self.say(&format!("    | {text}"));
    }
}
