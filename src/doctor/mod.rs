//! What a machine has for normwatch, and what is in the way.
//!
//! One file a subject; each looks, below a root folder that is `/` but in
//! tests, and adds findings to the report. Nothing is changed, no line is
//! requested, and no watchdog opened: opening one would start it.

mod board;
mod cameras;
mod cpu;
mod lines;
mod machine;
mod report;
mod storage;
mod thermal;
mod time;
mod watchdogs;

use std::path::Path;

pub use machine::{Machine, matching_board};
pub use report::{Finding, Report, Severity};
pub use watchdogs::WatchdogReport;

use crate::config::{Board, Site};

/// What to look at.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// `/` but in tests.
    pub root: &'a Path,
    /// The board in question: the site's, one that was named, or the one that
    /// this machine was recognised as.
    pub board: Option<&'a Board>,
    /// With a site, what it needs is an error where it is missing.
    pub site: Option<&'a Site>,
}

/// Looks at everything but the bundle.
pub fn examine(scope: Scope<'_>, machine: &Machine) -> Report {
    let mut report = Report::default();
    board::examine(scope, machine, &mut report);
    cpu::examine(scope, &mut report);
    cameras::examine(scope, &mut report);
    lines::examine(scope, &mut report);
    watchdogs::examine(scope, &mut report);
    time::examine(scope, &mut report);
    thermal::examine(scope, &mut report);
    storage::examine(scope, &mut report);
    report
}

/// A file's text without the white space and NULs around it.
fn read(root: &Path, path: impl AsRef<Path>) -> Option<String> {
    let text = std::fs::read_to_string(root.join(path)).ok()?;
    Some(text.trim_matches(|c: char| c.is_whitespace() || c == '\0').to_owned())
}

/// Names in a folder that begin with `prefix`, sorted; empty for no folder.
fn names(root: &Path, folder: &str, prefix: &str) -> Vec<String> {
    let entries = std::fs::read_dir(root.join(folder)).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<_> = names.filter(|name| name.starts_with(prefix)).collect();
    names.sort_by_key(|name| (name.len(), name.clone()));
    names
}
