//! Each folder of documents has an index, and each index leads to every page of
//! its folder.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::Finding;
use super::docs::Document;
use super::links::plain;

const INDEX: &str = "README.md";

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
        let file = |link: &str| plain(&folder.join(link.split('#').next().unwrap_or(link)));
        let linked: BTreeSet<_> = index.links.iter().map(|(link, _)| file(link)).collect();
        for page in pages.iter().filter(|page| page.path != path && !linked.contains(&page.path)) {
            let what = format!("{} is not in the index of its folder", page.path.display());
            findings.push(Finding::new(&path, 1, what));
        }
    }
    findings
}
