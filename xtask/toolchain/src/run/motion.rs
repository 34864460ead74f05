//! `motion.npz` of a RUN: what moves as it does in its footage.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result};
use normwatch::fs::write_atomically;
use normwatch::model::MotionMemory;

const MOTION: &str = "motion.npz";

/// Without a memory, one of an earlier training goes.
///
/// # Errors
/// The file cannot be written or removed.
pub fn write_motion(run: &Path, memory: Option<&MotionMemory>) -> Result<()> {
    let path = run.join(MOTION);
    let done = match memory {
        Some(memory) => write_atomically(&path, &memory.to_npz()),
        None => match fs::remove_file(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            removed => removed,
        },
    };
    done.with_context(|| format!("{} cannot be written", path.display()))
}

/// `None` for an import, for a RUN of an older release, and for footage from which no
/// such memory was learnt.
///
/// # Errors
/// A file that cannot be read, or is none.
pub fn read_motion(run: &Path) -> Result<Option<MotionMemory>> {
    let path = run.join(MOTION);
    let bytes = match fs::read(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        bytes => bytes.with_context(|| format!("{} cannot be read", path.display()))?,
    };
    let memory = MotionMemory::from_npz(&bytes);
    memory.map(Some).map_err(|e| anyhow::anyhow!("{}: {e}: train again", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_has_the_memory_of_its_last_training_or_none() {
        let run = tempfile::tempdir().unwrap();
        let mut memory = MotionMemory { limit: 0.01, ..MotionMemory::default() };
        (memory.spread, memory.speeds) = ([1.0; 9], [2.0; 10]);
        write_motion(run.path(), None).unwrap();
        assert_eq!(read_motion(run.path()).unwrap(), None);
        write_motion(run.path(), Some(&memory)).unwrap();
        assert_eq!(read_motion(run.path()).unwrap(), Some(memory));
        fs::write(run.path().join(MOTION), b"no archive").unwrap();
        let error = format!("{:#}", read_motion(run.path()).unwrap_err());
        assert!(error.contains("motion.npz") && error.contains("train again"), "{error}");
        write_motion(run.path(), None).unwrap();
        assert_eq!(read_motion(run.path()).unwrap(), None);
    }
}
