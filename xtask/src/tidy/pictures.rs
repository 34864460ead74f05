//! Pictures of the documents: each is made by a command, and shown somewhere.

use std::fs;
use std::path::Path;

use super::Finding;
use super::docs::Document;
use super::links::plain;

const FOLDER: &str = "docs/pictures";

/// Pictures that no document shows, and pictures from elsewhere, which no command
/// makes. That they are small and of today's model, their own test checks.
pub fn check(root: &Path, documents: &[Document]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut shown = Vec::new();
    for document in documents {
        let parent = document.path.parent().unwrap_or(Path::new(""));
        for (link, line) in &document.pictures {
            let path = plain(&parent.join(link));
            if !path.starts_with(FOLDER) {
                let what =
                    format!("{link} is not in {FOLDER}: have `cargo xtask pictures` make it");
                findings.push(Finding::new(&document.path, *line, what));
            }
            shown.push(path);
        }
    }
    let there = fs::read_dir(root.join(FOLDER)).into_iter().flatten().flatten();
    for entry in there {
        let path = Path::new(FOLDER).join(entry.file_name());
        if !shown.contains(&path) {
            findings.push(Finding::new(&path, 1, "no document shows this picture: delete it"));
        }
    }
    findings
}
