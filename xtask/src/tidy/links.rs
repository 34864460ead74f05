//! Links between the documents lead somewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use super::Finding;
use super::docs::Document;

pub fn check(root: &Path, documents: &[Document]) -> Vec<Finding> {
    let anchors: BTreeMap<&Path, BTreeSet<String>> =
        documents.iter().map(|one| (one.path.as_path(), anchors(one))).collect();
    let mut findings = Vec::new();
    for document in documents {
        for (link, line) in document.links.iter().filter(|(link, _)| !link.contains("://")) {
            if link.starts_with("mailto:") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let parent = document.path.parent().unwrap_or(Path::new(""));
            let path =
                if file.is_empty() { document.path.clone() } else { plain(&parent.join(file)) };
            if !root.join(&path).exists() {
                let what = format!("the link leads nowhere: there is no {}", path.display());
                findings.push(Finding::new(&document.path, *line, what));
            } else if !anchor.is_empty()
                && anchors.get(path.as_path()).is_some_and(|known| !known.contains(anchor))
            {
                let what = format!("{} has no heading for `#{anchor}`", path.display());
                findings.push(Finding::new(&document.path, *line, what));
            }
        }
    }
    findings
}

/// Without `.` and `..`.
pub fn plain(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(out.pop()),
            Component::CurDir => {}
            part => out.push(part),
        }
    }
    out
}

/// Names of the headings as code hosts make them, and of places that the text names.
fn anchors(document: &Document) -> BTreeSet<String> {
    let names = heading_names(document.headings.iter().map(|heading| heading.text.as_str()));
    document.places.iter().cloned().chain(names).collect()
}

/// What a code host calls each heading of a page, in their order.
pub fn heading_names<'a>(headings: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for heading in headings {
        let kept = heading.to_lowercase();
        let kept = kept.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
        let name: String = kept.map(|c| if c == ' ' { '-' } else { c }).collect();
        let again = (1..).map(|n| format!("{name}-{n}"));
        let mut candidates = std::iter::once(name.clone()).chain(again);
        names.push(candidates.find(|name| !names.contains(name)).unwrap_or(name));
    }
    names
}
