//! Plain English, as far as a program can tell: words that readers with another
//! first language stumble over, in the documents of users, in messages and in
//! help texts; and what a line is, where one is first mentioned.

use std::fs;
use std::path::Path;
use std::str::FromStr;

use anyhow::{Context, Result};
use proc_macro2::{TokenStream, TokenTree};

use super::Finding;
use super::docs::Document;
use super::modules::Crate;

/// Words, and what to write instead.
const WORDS: [(&str, &str); 7] = [
    ("anew", "again"),
    ("vouch", "prove, report"),
    ("vouches", "proves, reports"),
    ("heed", "obey, use"),
    ("heeds", "obeys, uses"),
    ("thereby", "by this"),
    ("departs", "differs"),
];
/// `is no` is right before these, and after *there*.
const AFTER_IS_NO: [&str; 5] = ["longer", "more", "less", "later", "better"];
/// Names of lines, of which a page says that they are GPIO lines.
const LINES: [&str; 2] = ["alarm line", "fault line"];
/// Crates whose messages users read.
const SPOKEN: [&str; 2] = ["normwatch", "normwatch-toolchain"];

/// # Errors
/// A document or a source cannot be read.
pub fn check(root: &Path, documents: &[Document], crates: &[Crate]) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for document in documents.iter().filter(|one| is_for_users(&one.path)) {
        let path = root.join(&document.path);
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        for (at, line) in text.lines().enumerate() {
            findings
                .extend(objections(line).map(|what| Finding::new(&document.path, at + 1, what)));
        }
        findings.extend(unexplained_line(&document.path, &text));
    }
    for one in crates.iter().filter(|one| SPOKEN.contains(&one.name.as_str())) {
        for file in one.files.iter().filter(|file| !file.is_test) {
            let Ok(tokens) = TokenStream::from_str(&file.text) else { continue };
            let helps = file.path.components().any(|part| part.as_os_str() == "cli");
            let mut said = Vec::new();
            collect(tokens, helps, &mut said);
            for (text, line) in said {
                findings.extend(objections(&text).map(|what| Finding::new(&file.path, line, what)));
            }
        }
    }
    Ok(findings)
}

/// What somebody reads who installs or uses the program.
fn is_for_users(path: &Path) -> bool {
    let folders = ["docs/develop", "docs/research", "changelog"];
    let elsewhere = folders.iter().any(|folder| path.starts_with(folder));
    let here = ["README.md", "SECURITY.md"].iter().any(|file| path == Path::new(file));
    here || (path.starts_with("docs") && !elsewhere)
}

/// What is wrong with the words of a text.
fn objections(text: &str) -> impl Iterator<Item = String> {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower
        .split(|c: char| !c.is_alphanumeric() && c != '\'')
        .filter(|w| !w.is_empty())
        .collect();
    let mut out = Vec::new();
    for (word, instead) in WORDS.iter().filter(|(word, _)| words.contains(word)) {
        out.push(format!("`{word}` is hard to read: write {instead}"));
    }
    for (at, pair) in words.windows(2).enumerate() {
        let there = at.checked_sub(1).is_some_and(|before| words[before] == "there");
        let next = words.get(at + 2).is_none_or(|word| AFTER_IS_NO.contains(word));
        if pair == ["is", "no"] && !there && !next {
            out.push("`is no …` is hard to read: write `is not a …`".into());
        }
    }
    out.into_iter()
}

/// A guide that names a line before it says `GPIO`.
fn unexplained_line(path: &Path, text: &str) -> Option<Finding> {
    if path != Path::new("README.md") && !path.starts_with("docs/guide") {
        return None;
    }
    let lower = text.to_lowercase();
    let first = LINES.iter().filter_map(|name| lower.find(name)).min()?;
    if lower[..first].contains("gpio") {
        return None;
    }
    let line = lower[..first].lines().count().max(1);
    Some(Finding::new(path, line, "say at the first mention that it is a GPIO line"))
}

/// The strings of a source with their lines; those of doc comments only where
/// they are help texts.
fn collect(tokens: TokenStream, helps: bool, out: &mut Vec<(String, usize)>) {
    let mut last = [String::new(), String::new()];
    for token in tokens {
        let shown = match &token {
            TokenTree::Group(group) => {
                collect(group.stream(), helps, out);
                String::new()
            }
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                let documents = last == ["doc", "="];
                if text.starts_with(['"', 'r']) && (helps || !documents) {
                    out.push((text, literal.span().start().line));
                }
                String::new()
            }
            TokenTree::Ident(ident) => ident.to_string(),
            TokenTree::Punct(punct) => punct.to_string(),
        };
        last = [std::mem::take(&mut last[1]), shown];
    }
}
