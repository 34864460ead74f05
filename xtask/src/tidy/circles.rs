//! No two files of a crate use each other, directly or by way of others. A
//! module and its own children are one thing and may.

use std::collections::BTreeSet;

use super::Finding;
use super::imports::Import;
use super::modules::Crate;

/// One finding for each circle, at an import that closes it.
pub fn check(krate: &Crate, imports: &[Import]) -> Vec<Finding> {
    let below = |child: usize, parent: usize| {
        krate.files[child].module.starts_with(&krate.files[parent].module)
    };
    let edges: Vec<&Import> = imports.iter().filter(|i| !below(i.from, i.to)).collect();
    let count = krate.files.len();
    let reached: Vec<BTreeSet<usize>> = (0..count).map(|file| reach(file, &edges)).collect();
    let mut told: BTreeSet<usize> = BTreeSet::new();
    let mut findings = Vec::new();
    for file in 0..count {
        if !reached[file].contains(&file) || told.contains(&file) {
            continue;
        }
        let circle: Vec<usize> = (0..count)
            .filter(|&o| reached[file].contains(&o) && reached[o].contains(&file))
            .collect();
        told.extend(&circle);
        let names: Vec<String> =
            circle.iter().map(|&file| krate.files[file].path.display().to_string()).collect();
        let within = |import: &&&Import| import.from == file && circle.contains(&import.to);
        let line = edges.iter().find(within).map_or(1, |import| import.line);
        let what = format!(
            "these files use each other: {}; move what two of them share to a third",
            names.join(", ")
        );
        findings.push(Finding::new(&krate.files[file].path, line, what));
    }
    findings
}

/// All files that `file` uses, directly or by way of others.
fn reach(file: usize, edges: &[&Import]) -> BTreeSet<usize> {
    let mut reached = BTreeSet::new();
    let mut waiting = vec![file];
    while let Some(from) = waiting.pop() {
        for import in edges.iter().filter(|import| import.from == from) {
            if reached.insert(import.to) {
                waiting.push(import.to);
            }
        }
    }
    reached
}
