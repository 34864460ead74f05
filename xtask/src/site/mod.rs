//! The documents as a folder of web pages.

mod page;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use normwatch_host::cross;

use crate::tidy::Document;
use page::{Page, html_of};

const STYLE: &str = include_str!("style.css");

/// Makes web pages of README and docs, with their pictures, in a folder that any web
/// server can hand out, or a browser can open from the disk.
#[derive(clap::Args)]
pub struct SiteArgs {
    /// Where they go.
    #[arg(long, value_name = "DIR", default_value = "out/site")]
    out: PathBuf,
}

/// # Errors
/// A document cannot be read, or a page cannot be written.
pub fn run(args: &SiteArgs) -> Result<()> {
    let count = make(&cross::root(), &args.out)?;
    println!("{count} pages: open {}", args.out.join("index.html").display());
    Ok(())
}

/// How many pages it made.
fn make(root: &Path, out: &Path) -> Result<usize> {
    let documents: Vec<Document> =
        Document::all(root)?.into_iter().filter(|document| is_public(&document.path)).collect();
    let pages: BTreeSet<PathBuf> = documents.iter().map(|one| one.path.clone()).collect();
    for document in &documents {
        let text = fs::read_to_string(root.join(&document.path))
            .with_context(|| document.path.display().to_string())?;
        let page = Page { document, pages: &pages, root };
        let made = page.render(&text);
        write(&out.join(html_of(&document.path)), made.html.as_bytes())?;
        for file in made.files {
            let bytes = fs::read(root.join(&file)).with_context(|| file.display().to_string())?;
            write(&out.join(&file), &bytes)?;
        }
    }
    write(&out.join("style.css"), STYLE.as_bytes())?;
    Ok(documents.len())
}

/// Notes for the next changelog and templates of a code host are no pages.
fn is_public(path: &Path) -> bool {
    let is_note = path.starts_with("changelog") && !path.ends_with("README.md");
    !path.starts_with(".github") && !is_note
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    fs::write(path, bytes).with_context(|| path.display().to_string())
}
