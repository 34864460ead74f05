//! The rules that keep the house in order, checked on the sources' text alone:
//! nothing is compiled. ARCHITECTURE.md states them; a test runs them.

mod circles;
mod docs;
mod headers;
mod imports;
mod indices;
mod links;
mod modules;
mod pictures;
mod reference;
mod rooms;
#[cfg(test)]
mod tests;
mod walls;
mod wording;

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use normwatch_host::cross;

pub use docs::Document;
pub use links::{heading_names, plain};

use modules::Crate;

/// Checks what the compiler does not: the order of imports, circles between
/// files, a line of purpose on top of each file, which names stay in their
/// rooms, links, commands, keys, pictures and words in the documents.
#[derive(clap::Args, Default)]
pub struct TidyArgs {
    /// Print the findings as JSON.
    #[arg(long)]
    json: bool,
}

/// One place that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Finding {
    /// From the workspace's root.
    file: PathBuf,
    /// From 1.
    line: usize,
    /// What is wrong, and what to do.
    what: String,
}

impl Finding {
    fn new(file: &Path, line: usize, what: impl Into<String>) -> Self {
        Self { file: file.to_path_buf(), line, what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file.display(), self.line, self.what)
    }
}

/// # Errors
/// A rule is broken, or a file cannot be read or parsed.
pub fn run(args: &TidyArgs) -> Result<()> {
    let findings = check(&cross::root())?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&findings)?);
    } else {
        findings.iter().for_each(|finding| println!("{finding}"));
    }
    match findings.len() {
        0 => Ok(()),
        1 => bail!("tidy found 1 thing to mend"),
        count => bail!("tidy found {count} things to mend"),
    }
}

/// All findings in the workspace at `root`, in order of file and line.
///
/// # Errors
/// A file cannot be read or parsed.
pub fn check(root: &Path) -> Result<Vec<Finding>> {
    let crates = Crate::all(root)?;
    let mut findings = Vec::new();
    for one in &crates {
        let imports = imports::of(one);
        findings.extend(circles::check(one, &imports));
        if one.name == "normwatch" {
            findings.extend(rooms::check(root, one, &imports)?);
        }
        findings.extend(one.astray.iter().cloned());
        findings.extend(headers::check(one));
        findings.extend(walls::check(one));
    }
    let documents = Document::all(root)?;
    findings.extend(links::check(root, &documents));
    findings.extend(docs::check(root, &documents)?);
    findings.extend(reference::check(root)?);
    findings.extend(wording::check(root, &documents, &crates)?);
    findings.extend(pictures::check(root, &documents));
    findings.extend(indices::check(&documents));
    findings.sort();
    findings.dedup();
    Ok(findings)
}
