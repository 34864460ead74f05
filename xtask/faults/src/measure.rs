//! The time that a test has measured, held against its row and kept for the table.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::row::{Row, Table};

/// The variable that names the folder for measured times. Without it nothing is
/// written.
pub const FOLDER: &str = "NORMWATCH_FAULTS";

/// One measurement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    pub id: String,
    /// The test that has measured.
    pub test: String,
    pub reacted_ms: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again_ms: Option<u64>,
}

/// The longest that was measured for each row.
pub type Times = BTreeMap<String, Measured>;

/// To be called by the test that a row names, as often as it has measured.
///
/// # Panics
/// There is no such row, another test is its proof, or it took longer than the row
/// says.
pub fn took(id: &str, reacted: Duration) {
    note(&Table::row(id), reacted, None);
}

/// [`took`] for a row that also says when the program vouches again.
///
/// # Panics
/// As [`took`].
pub fn took_and_again(id: &str, reacted: Duration, again: Duration) {
    note(&Table::row(id), reacted, Some(again));
}

fn note(row: &Row, reacted: Duration, again: Option<Duration>) {
    let test = row.test.clone().unwrap_or_default();
    // With `--test-threads=1` tests run in the main thread.
    let caller = thread::current().name().unwrap_or("main").to_owned();
    assert!(caller == "main" || caller == test, "rows.toml: `{}` names `{test}`", row.id);
    let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let (reacted_ms, again_ms) = (ms(reacted), again.map(ms));
    let limit_ms = row.within_ms.expect("rows with tests have one");
    assert!(reacted_ms <= limit_ms, "{}: {reacted_ms} ms, not within {limit_ms} ms", row.id);
    assert_eq!(again_ms.is_some(), row.again_within_ms.is_some(), "{}: one time too few", row.id);
    if let (Some(again_ms), Some(limit_ms)) = (again_ms, row.again_within_ms) {
        assert!(again_ms <= limit_ms, "{}: again {again_ms} ms, not {limit_ms} ms", row.id);
    }
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let measured = Measured { id: row.id.clone(), test, reacted_ms, again_ms };
    keep(Path::new(&folder), &measured).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
}

fn keep(folder: &Path, measured: &Measured) -> io::Result<()> {
    let path = folder.join(format!("{}.jsonl", measured.id));
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    file.write_all(format!("{}\n", serde_json::to_string(measured)?).as_bytes())
}

/// What tests have left in a folder: the longest times of each row.
///
/// # Errors
/// The folder or a file of it cannot be read.
pub fn gather(folder: &Path) -> io::Result<Times> {
    let mut times = Times::new();
    for entry in fs::read_dir(folder)? {
        for line in fs::read_to_string(entry?.path())?.lines() {
            let new: Measured = serde_json::from_str(line)?;
            let old = times.entry(new.id.clone()).or_insert_with(|| new.clone());
            old.reacted_ms = old.reacted_ms.max(new.reacted_ms);
            old.again_ms = old.again_ms.max(new.again_ms);
        }
    }
    Ok(times)
}
