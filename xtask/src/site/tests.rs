use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::tidy::plain;

/// Values of an attribute.
fn values<'a>(html: &'a str, attribute: &str) -> Vec<&'a str> {
    let start = format!(" {attribute}=\"");
    html.split(&start).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

/// Every page below a folder, by its path from there.
fn pages(folder: &Path) -> BTreeMap<PathBuf, String> {
    let (mut open, mut found) = (vec![folder.to_path_buf()], BTreeMap::new());
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "html") {
                let text = fs::read_to_string(&path).unwrap();
                found.insert(path.strip_prefix(folder).unwrap().to_path_buf(), text);
            }
        }
    }
    found
}

#[test]
fn every_link_of_every_page_leads_to_a_file_and_a_place() {
    let out = tempfile::tempdir().unwrap();
    let count = make(&cross::root(), out.path()).unwrap();
    let pages = pages(out.path());
    assert_eq!(pages.len(), count);
    assert!(count > 50, "{count}");
    let ids: BTreeMap<&Path, BTreeSet<&str>> = pages
        .iter()
        .map(|(path, html)| {
            let named = values(html, "id").into_iter().chain(values(html, "name"));
            (path.as_path(), named.collect())
        })
        .collect();
    let mut links = 0;
    for (page, html) in &pages {
        for link in values(html, "href").into_iter().chain(values(html, "src")) {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            links += 1;
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let folder = page.parent().unwrap();
            let path = if file.is_empty() { page.clone() } else { plain(&folder.join(file)) };
            assert!(out.path().join(&path).is_file(), "{}: {link}", page.display());
            let is_there =
                anchor.is_empty() || ids.get(path.as_path()).is_none_or(|ids| ids.contains(anchor));
            assert!(is_there, "{}: no place for {link}", page.display());
        }
        let title = html.split("<title>").nth(1).and_then(|rest| rest.split('<').next());
        assert!(title.is_some_and(|title| !title.is_empty()), "{}", page.display());
    }
    assert!(links > 500, "{links}");
}

#[test]
fn a_page_keeps_its_text_where_a_link_leads_to_a_folder() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("src")).unwrap();
    fs::write(root.path().join("a.toml"), "").unwrap();
    let text =
        "# A <b>\n\n[sources](src) [file](a.toml) [other](B.md#x) [out](https://x.example)\n";
    let document = Document::parse(Path::new("docs.md"), text);
    let all = ["docs.md", "B.md"].map(PathBuf::from).into_iter().collect();
    let made = Page { document: &document, pages: &all, root: root.path() }.render(text);
    assert!(made.html.contains("<p>sources <a href=\"a.toml\">file</a>"), "{}", made.html);
    assert!(made.html.contains("href=\"B.html#x\"") && made.html.contains("https://x.example"));
    assert_eq!(made.files.into_iter().collect::<Vec<_>>(), [PathBuf::from("a.toml")]);
}
