//! What the fault table says of a fault.

use std::fmt;

use serde::{Deserialize, Serialize};

const ROWS: &str = include_str!("../rows.toml");

/// All rows, in the order of the page.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    #[serde(rename = "row")]
    pub rows: Vec<Row>,
}

/// One fault. Texts are cells of a Markdown table.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    pub id: String,
    /// The section of the page.
    pub group: String,
    pub fault: String,
    pub injected: String,
    /// What the program does; the first of it is what the time is measured to.
    pub does: String,
    pub alarm_line: Lines,
    pub fault_line: Lines,
    pub lost: String,
    /// Within what time it reacts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within_ms: Option<u64>,
    /// Within what time after the injection it vouches again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub again_within_ms: Option<u64>,
    /// The test of the package `normwatch` that measures it: its path in its binary,
    /// as `cargo test -- --list` prints it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test: Option<String>,
    /// Or the step of `cargo xtask board-test` that proves it, because it needs a kernel
    /// with the hardware.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub board: Option<String>,
}

/// What a line does in a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lines {
    /// It stays as it is.
    Stays,
    /// It becomes inactive, or is at its safe level.
    Safe,
    /// It becomes inactive, and active again when the fault is over.
    Drops,
    /// No line was taken yet, or the command has none.
    None,
    /// It cannot be driven any more: wiring and what is downstream decide.
    Undriven,
}

impl Table {
    /// # Panics
    /// `rows.toml` is not a table of rows, or two rows have one id.
    pub fn load() -> Self {
        let table: Self = toml::from_str(ROWS).unwrap_or_else(|e| panic!("rows.toml: {e}"));
        for (number, row) in table.rows.iter().enumerate() {
            row.check();
            assert!(
                table.rows[..number].iter().all(|other| other.id != row.id),
                "rows.toml: two rows are called `{}`",
                row.id
            );
        }
        table
    }

    /// # Panics
    /// There is no such row.
    pub fn row(id: &str) -> Row {
        let rows = Self::load().rows;
        let found = rows.into_iter().find(|row| row.id == id);
        found.unwrap_or_else(|| panic!("rows.toml has no row `{id}`"))
    }
}

impl Row {
    /// One proof each, and a limit where there is a test to measure.
    fn check(&self) {
        let id = &self.id;
        assert!(self.test.is_some() != self.board.is_some(), "rows.toml: `{id}` needs one proof");
        assert!(
            self.test.is_some() == self.within_ms.is_some(),
            "rows.toml: `{id}` needs a test that measures its time, or no time"
        );
        assert!(
            self.test.is_some() || self.again_within_ms.is_none(),
            "rows.toml: `{id}` has a time that nothing measures"
        );
    }
}

impl fmt::Display for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stays => "stays",
            Self::Safe => "safe",
            Self::Drops => "drops, returns",
            Self::None => "not taken",
            Self::Undriven => "not driven",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_reads_and_has_its_words() {
        for row in Table::load().rows {
            for text in [&row.group, &row.fault, &row.injected, &row.does, &row.lost] {
                assert!(!text.trim().is_empty(), "{}: a cell is empty", row.id);
                assert!(!text.contains(['|', '\n']), "{}: a cell breaks the table: {text}", row.id);
            }
        }
    }
}
