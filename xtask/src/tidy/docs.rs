//! The documents: commands that they name exist, and headings that quote a
//! message quote one that the sources have.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser as _};
use normwatch_host::shell;
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use super::Finding;

const TROUBLESHOOTING: &str = "docs/guide/troubleshooting.md";
/// What a message's changing parts are written as in a heading.
const GAP: char = '…';
/// Shorter pieces of a heading than this prove nothing.
const PIECE: usize = 4;
/// What must be left of a piece whose ends are values that a message inserts.
const CORE: usize = 12;

/// A Markdown file.
#[derive(Default)]
pub struct Document {
    /// From the workspace's root.
    pub path: PathBuf,
    /// Targets of links and pictures, with their lines.
    pub links: Vec<(String, usize)>,
    /// Those of pictures alone.
    pub pictures: Vec<(String, usize)>,
    pub headings: Vec<Heading>,
    /// Names that the text gives to places of its own.
    pub places: Vec<String>,
    /// Lines of code blocks, but for those of a language that no shell reads.
    pub commands: Vec<(String, usize)>,
}

pub struct Heading {
    pub text: String,
    /// The parts that are set as code.
    pub code: Vec<String>,
    pub line: usize,
}

impl Document {
    /// All that are tracked or new, but for what git ignores.
    ///
    /// # Errors
    /// Git does not answer, or a file cannot be read.
    pub fn all(root: &Path) -> Result<Vec<Self>> {
        let folder = root.to_string_lossy();
        let ask = ["-C", &folder, "ls-files", "--cached", "--others", "--exclude-standard", "*.md"];
        let Some(list) = shell::output("git", &ask) else {
            bail!("`git ls-files` fails in {folder}: the documents are found by git");
        };
        let paths = list.lines().filter(|path| !path.starts_with("models/"));
        let there = paths.filter(|path| root.join(path).is_file());
        let read = |path: &str| {
            let text = fs::read_to_string(root.join(path)).with_context(|| path.to_string())?;
            Ok(Self::parse(Path::new(path), &text))
        };
        there.map(read).collect()
    }

    pub fn parse(path: &Path, text: &str) -> Self {
        let mut document = Self { path: path.to_path_buf(), ..Self::default() };
        let (mut heading, mut code): (Option<Heading>, bool) = (None, false);
        let line_of =
            |at: usize| text[..at].lines().count().max(1) + usize::from(text[..at].ends_with('\n'));
        for (event, range) in Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter() {
            let line = line_of(range.start);
            match event {
                Event::Start(Tag::Link { dest_url, .. }) => {
                    document.links.push((dest_url.to_string(), line));
                }
                Event::Start(Tag::Image { dest_url, .. }) => {
                    document.links.push((dest_url.to_string(), line));
                    document.pictures.push((dest_url.to_string(), line));
                }
                Event::Start(Tag::Heading { .. }) => {
                    heading = Some(Heading { text: String::new(), code: Vec::new(), line });
                }
                Event::End(TagEnd::Heading(_)) => document.headings.extend(heading.take()),
                Event::Html(part) | Event::InlineHtml(part) => {
                    let place = part.split_once("id=\"").and_then(|(_, rest)| rest.split_once('"'));
                    document.places.extend(place.map(|(name, _)| name.to_string()));
                }
                Event::Start(Tag::CodeBlock(kind)) => code = is_shell(&kind),
                Event::End(TagEnd::CodeBlock) => code = false,
                Event::Text(part) if code => {
                    let lines = part.lines().enumerate();
                    document.commands.extend(lines.map(|(n, one)| (one.to_string(), line + n)));
                }
                Event::Text(part) => heading.iter_mut().for_each(|h| h.text += &part),
                Event::Code(part) => heading.iter_mut().for_each(|h| {
                    h.text += &part;
                    h.code.push(part.to_string());
                }),
                _ => {}
            }
        }
        document
    }
}

fn is_shell(kind: &CodeBlockKind<'_>) -> bool {
    match kind {
        CodeBlockKind::Indented => true,
        CodeBlockKind::Fenced(language) => ["", "sh", "console"].contains(&&**language),
    }
}

/// # Errors
/// The sources cannot be read.
pub fn check(root: &Path, documents: &[Document]) -> Result<Vec<Finding>> {
    let known = Known::read(root)?;
    let mut findings = Vec::new();
    for document in documents {
        for (command, line) in &document.commands {
            if let Some(what) = known.objection(command).or_else(|| other_version(command)) {
                findings.push(Finding::new(&document.path, *line, what));
            }
        }
    }
    let sources = sources(root)?;
    let quoting = documents.iter().filter(|one| one.path == Path::new(TROUBLESHOOTING));
    for heading in quoting.flat_map(|one| &one.headings) {
        for missing in heading.code.iter().flat_map(|code| unknown_pieces(code, &sources)) {
            let what = format!("no message in the sources says `{missing}`: quote one that does");
            findings.push(Finding::new(Path::new(TROUBLESHOOTING), heading.line, what));
        }
    }
    Ok(findings)
}

/// The commands of each program.
struct Known {
    xtask: BTreeSet<String>,
    normwatch: BTreeSet<String>,
}

impl Known {
    fn read(root: &Path) -> Result<Self> {
        let xtask = crate::Cli::command();
        let xtask = xtask.get_subcommands().map(|one| one.get_name().to_string()).collect();
        let mut normwatch = BTreeSet::new();
        for file in ["src/cli/mod.rs", "xtask/toolchain/src/cli/mod.rs"] {
            normwatch.extend(variants(&fs::read_to_string(root.join(file))?, "Command")?);
        }
        Ok(Self { xtask, normwatch })
    }

    /// What is wrong with a line of a code block, if it calls one of ours.
    fn objection(&self, line: &str) -> Option<String> {
        let words: Vec<&str> =
            line.split_whitespace().skip_while(|w| ["$", "sudo"].contains(w)).collect();
        if let Some(what) = own_objection(&words) {
            return Some(what);
        }
        let (program, name, known) = match words[..] {
            ["cargo", "xtask", name, ..] => ("cargo xtask", name, &self.xtask),
            ["normwatch", name, ..] => ("normwatch", name, &self.normwatch),
            ["cargo", "run", ..] => {
                let at = words.iter().position(|word| *word == "--")?;
                if words[..at].iter().any(|word| ["-p", "--package"].contains(word)) {
                    return None;
                }
                ("normwatch", *words.get(at + 1)?, &self.normwatch)
            }
            _ => return None,
        };
        let is_name = name.chars().all(|c| c.is_ascii_lowercase() || c == '-');
        let wrong = is_name && !name.starts_with('-') && !known.contains(name);
        wrong.then(|| format!("there is no command `{program} {name}`"))
    }
}

/// What this program itself has against a call of it. Commands that it hands on
/// are other programs' to read.
fn own_objection(words: &[&str]) -> Option<String> {
    let ["cargo", "xtask", rest @ ..] = words else { return None };
    let end = rest.iter().position(|word| word.starts_with('#') || ["|", ">", "&&"].contains(word));
    let rest = &rest[..end.unwrap_or(rest.len())];
    let error = crate::Cli::try_parse_from(["cargo xtask"].iter().chain(rest)).err()?;
    let kinds = [ErrorKind::UnknownArgument, ErrorKind::InvalidValue, ErrorKind::ArgumentConflict];
    let told = || error.to_string().lines().next().unwrap_or_default().to_string();
    kinds.contains(&error.kind()).then(told)
}

/// A package file of another version than this one's.
fn other_version(line: &str) -> Option<String> {
    let files = line.split_whitespace().filter(|word| word.ends_with(".deb"));
    let version = |file: &str| file.split('_').nth(1).map(String::from);
    let mut others = files.filter_map(version).filter(|one| one != env!("CARGO_PKG_VERSION"));
    others
        .next()
        .map(|one| format!("there is no package {one}: write {}", env!("CARGO_PKG_VERSION")))
}

/// The variants of an enum as clap names them.
fn variants(text: &str, name: &str) -> Result<Vec<String>> {
    let file = syn::parse_file(text)?;
    let found = file.items.iter().find_map(|item| match item {
        syn::Item::Enum(item) if item.ident == name => Some(item),
        _ => None,
    });
    let variants = &found.with_context(|| format!("no enum {name}"))?.variants;
    Ok(variants.iter().map(|variant| kebab(&variant.ident.to_string())).collect())
}

pub(super) fn kebab(name: &str) -> String {
    let mut out = String::new();
    for (at, c) in name.chars().enumerate() {
        if c.is_uppercase() && at > 0 {
            out.push('-');
        }
        out.extend(c.to_lowercase());
    }
    out
}

/// The text of all sources, strings in one piece.
fn sources(root: &Path) -> Result<String> {
    let mut text = String::new();
    for krate in super::modules::Crate::all(root)? {
        for file in krate.files.iter().filter(|file| !file.is_test) {
            let mut rest = file.text.as_str();
            while let Some((before, after)) = rest.split_once("\\\n") {
                text += before;
                rest = after.trim_start();
            }
            text += rest;
        }
    }
    Ok(plain(&text))
}

/// Without the quotes that a heading cannot show.
fn plain(text: &str) -> String {
    text.replace('`', "").replace("\\\"", "\"")
}

/// The pieces of a quoted message, between its changing parts, that no source
/// has.
fn unknown_pieces(quoted: &str, sources: &str) -> Vec<String> {
    let ends = |c: char| c.is_whitespace() || ";:,()=/".contains(c);
    let quoted = plain(quoted);
    let pieces = quoted.split(GAP).map(|piece| piece.trim_matches(ends));
    let pieces = pieces.filter(|piece| piece.chars().count() >= PIECE);
    pieces.filter(|piece| !is_said(piece, sources)).map(String::from).collect()
}

/// Whether a source has the piece, or its core without a first or last word: a
/// file's name, a program's, a unit.
fn is_said(piece: &str, sources: &str) -> bool {
    let without_first = piece.split_once(' ').map(|(_, rest)| rest);
    let without_last = piece.rsplit_once(' ').map(|(rest, _)| rest);
    let cores = [without_first, without_last].into_iter().flatten();
    sources.contains(piece)
        || cores.filter(|core| core.len() >= CORE).any(|core| sources.contains(core))
}
