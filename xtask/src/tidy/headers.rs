//! Each file says on top what it is for, and fits a reader's head.

use super::Finding;
use super::modules::Crate;

/// Longest file, tests included.
const MAX_LINES: usize = 350;

pub fn check(krate: &Crate) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in &krate.files {
        let first = file.text.lines().find(|line| !line.trim().is_empty());
        if !file.is_test && !first.is_some_and(|line| line.starts_with("//!")) {
            let what = "the file does not say what it is for: begin it with `//! …`";
            findings.push(Finding::new(&file.path, 1, what));
        }
        let lines = file.text.lines().count();
        if lines > MAX_LINES {
            let what = format!("{lines} lines are too many for one file (at most {MAX_LINES})");
            findings.push(Finding::new(&file.path, MAX_LINES, what));
        }
    }
    findings
}
