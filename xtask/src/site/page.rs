//! A document as a web page.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use maud::{DOCTYPE, PreEscaped, html};
use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd};

use crate::tidy::{Document, heading_names, plain};

/// On top of each page.
const SHORTCUTS: [(&str, &str); 8] = [
    ("normwatch", "README.md"),
    ("Documentation", "docs/README.md"),
    ("Install", "docs/guide/install.md"),
    ("First camera", "docs/guide/first-camera.md"),
    ("Tuning", "docs/guide/tuning.md"),
    ("Troubleshooting", "docs/guide/troubleshooting.md"),
    ("Site file", "docs/ref/config.md"),
    ("Commands", "docs/ref/cli.md"),
];

/// A document among the others.
pub struct Page<'a> {
    pub document: &'a Document,
    /// All that become pages.
    pub pages: &'a BTreeSet<PathBuf>,
    pub root: &'a Path,
}

/// A page, and the files that it shows or links to.
pub struct Made {
    pub html: String,
    pub files: BTreeSet<PathBuf>,
}

/// Where a document's page is: `README.md` is the index of its folder.
pub fn html_of(document: &Path) -> PathBuf {
    match document.ends_with("README.md") {
        true => document.with_file_name("index.html"),
        false => document.with_extension("html"),
    }
}

/// What a link becomes.
enum Target {
    /// Another page, or a place outside.
    Address(String),
    /// A file that has to come along.
    File(PathBuf),
    /// Nothing that a page could show: a folder of sources.
    None,
}

impl Page<'_> {
    pub fn render(&self, text: &str) -> Made {
        let mut files = BTreeSet::new();
        let mut names = heading_names(self.document.headings.iter().map(|h| h.text.as_str()));
        names.reverse();
        // Of the links that are open, whether each is shown as one.
        let mut shown = Vec::new();
        let options = Options::ENABLE_TABLES | Options::ENABLE_GFM;
        let events = Parser::new_ext(text, options).filter_map(|event| match event {
            Event::Start(Tag::Heading { level, classes, attrs, .. }) => {
                let id = names.pop().map(CowStr::from);
                Some(Event::Start(Tag::Heading { level, id, classes, attrs }))
            }
            Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
                let dest_url = self.address(&dest_url, &mut files);
                shown.push(dest_url.is_some());
                let dest_url = CowStr::from(dest_url?);
                Some(Event::Start(Tag::Link { link_type, dest_url, title, id }))
            }
            Event::End(TagEnd::Link) => shown.pop().unwrap_or(false).then_some(event),
            Event::Start(Tag::Image { link_type, dest_url, title, id }) => {
                let dest_url = self.address(&dest_url, &mut files).unwrap_or_default().into();
                Some(Event::Start(Tag::Image { link_type, dest_url, title, id }))
            }
            event => Some(event),
        });
        let mut body = String::new();
        pulldown_cmark::html::push_html(&mut body, events);
        Made { html: self.frame(&body), files }
    }

    fn address(&self, link: &str, files: &mut BTreeSet<PathBuf>) -> Option<String> {
        match self.target(link) {
            Target::Address(address) => Some(address),
            Target::File(file) => {
                files.insert(file);
                Some(link.to_owned())
            }
            Target::None => None,
        }
    }

    fn target(&self, link: &str) -> Target {
        if link.contains("://") || link.starts_with('#') || link.starts_with("mailto:") {
            return Target::Address(link.to_owned());
        }
        let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
        let folder = self.document.path.parent().unwrap_or(Path::new(""));
        let path = plain(&folder.join(file));
        if self.pages.contains(&path) {
            let page = html_of(Path::new(file)).display().to_string();
            let anchor = if anchor.is_empty() { String::new() } else { format!("#{anchor}") };
            return Target::Address(page + &anchor);
        }
        if self.root.join(&path).is_file() { Target::File(path) } else { Target::None }
    }

    fn frame(&self, body: &str) -> String {
        let title = self.document.headings.first().map_or("normwatch", |h| h.text.as_str());
        let depth = self.document.path.components().count().saturating_sub(1);
        let up = "../".repeat(depth);
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (title) }
                    link rel="stylesheet" href={ (up) "style.css" };
                }
                body {
                    nav aria-label="Pages" {
                        @for (name, document) in SHORTCUTS {
                            a href={ (up) (html_of(Path::new(document)).display()) } { (name) }
                        }
                    }
                    main { (PreEscaped(body)) }
                }
            }
        };
        page.into_string()
    }
}
