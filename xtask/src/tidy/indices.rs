//! Each folder of documents has an index, each index leads to every page of its
//! folder, and from the README it is never far to a page for users.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::Finding;
use super::docs::Document;
use super::links::plain;

const INDEX: &str = "README.md";
/// Folders of pages for users, and how many clicks they may be from the README.
const FOR_USERS: [&str; 3] = ["docs/guide", "docs/ref", "docs/boards"];
const CLICKS: usize = 2;

pub fn check(documents: &[Document]) -> Vec<Finding> {
    let mut folders: BTreeMap<PathBuf, Vec<&Document>> = BTreeMap::new();
    for document in documents.iter().filter(|one| one.path.starts_with("docs")) {
        let folder = document.path.parent().unwrap_or(Path::new("")).to_path_buf();
        folders.entry(folder).or_default().push(document);
    }
    let mut findings = Vec::new();
    for (folder, pages) in &folders {
        let path = folder.join(INDEX);
        let Some(index) = pages.iter().find(|page| page.path == path) else {
            findings.push(Finding::new(&path, 1, "the folder has no index: list its pages here"));
            continue;
        };
        let linked = targets(index);
        for page in pages.iter().filter(|page| page.path != path && !linked.contains(&page.path)) {
            let what = format!("{} is not in the index of its folder", page.path.display());
            findings.push(Finding::new(&path, 1, what));
        }
    }
    findings.extend(far_away(documents));
    findings
}

/// Pages for users that take more clicks than they may.
fn far_away(documents: &[Document]) -> Vec<Finding> {
    let mut near = BTreeSet::from([PathBuf::from(INDEX)]);
    for _ in 0..CLICKS {
        let leading = documents.iter().filter(|one| near.contains(&one.path));
        let next: Vec<PathBuf> = leading.flat_map(targets).collect();
        near.extend(next);
    }
    let for_users = |one: &&Document| FOR_USERS.iter().any(|folder| one.path.starts_with(folder));
    let far = documents.iter().filter(for_users).filter(|one| !near.contains(&one.path));
    let what = format!("more than {CLICKS} clicks from the README: link it nearer");
    far.map(|one| Finding::new(&one.path, 1, what.as_str())).collect()
}

/// The files that a document's links lead to.
fn targets(document: &Document) -> Vec<PathBuf> {
    let folder = document.path.parent().unwrap_or(Path::new(""));
    let file = |link: &str| plain(&folder.join(link.split('#').next().unwrap_or(link)));
    document.links.iter().map(|(link, _)| file(link)).collect()
}
