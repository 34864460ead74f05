//! Finding board files, and merging each with what it inherits.

use std::path::{Path, PathBuf};

use super::document::{self, Table};
use super::reader::{Item, similar};
use super::report::Report;

/// The board file that `item` names: a path from `base` if it has a `/` or
/// ends in `.toml`, else a name to look up in `board_dirs`.
pub(super) fn locate(item: &Item<'_>, base: &Path, board_dirs: &[PathBuf]) -> Option<PathBuf> {
    let text = item.clone().text()?;
    if text.contains('/') || text.ends_with(".toml") {
        let path = base.join(&text);
        if path.is_file() {
            return Some(path);
        }
        item.invalid(
            &format!("= \"{text}\" is not a file"),
            &format!("put one at {}", path.display()),
        );
        return None;
    }
    let candidates = board_dirs.iter().map(|dir| dir.join(format!("{text}.toml")));
    let found = candidates.into_iter().find(|path| path.is_file());
    if found.is_none() {
        let names = list(board_dirs);
        let dirs: Vec<_> = board_dirs.iter().map(|dir| dir.display().to_string()).collect();
        let remedy = match names.as_slice() {
            [] => format!("there are no boards in: {}", dirs.join(", ")),
            names => format!("boards available: {}", names.join(", ")),
        };
        let like = similar(&text, names.iter().map(String::as_str));
        item.unfit(&format!("= \"{text}\" was not found"), &remedy, like);
    }
    found
}

/// Names of the boards in these folders, sorted, each once.
pub(super) fn list(board_dirs: &[PathBuf]) -> Vec<String> {
    let entries = board_dirs.iter().filter_map(|dir| dir.read_dir().ok()).flatten().flatten();
    let files = entries.map(|entry| entry.path());
    let mut names: Vec<String> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_string()))
        .collect();
    names.sort();
    names.dedup();
    names
}

/// Reads a board file and merges into it what its `inherits` names, and so on
/// down the chain. Bases are looked up beside the file, then in `board_dirs`.
pub(super) fn read_with_bases(
    file: &Path,
    board_dirs: &[PathBuf],
    report: &Report,
) -> Option<Table> {
    let mut merged = document::read(file, report)?;
    let mut chain = vec![file.to_path_buf()];
    let mut inherits = merged.entry("inherits").map(|entry| entry.node.clone());
    while let Some(node) = inherits {
        let item = Item::new(&node, "inherits", report);
        let here = chain.last().and_then(|file| file.parent()).unwrap_or(Path::new(""));
        let mut dirs = vec![here.to_path_buf()];
        dirs.extend_from_slice(board_dirs);
        let base_file = locate(&item, here, &dirs)?;
        let comes_back = chain.iter().any(|file| same_file(file, &base_file));
        chain.push(base_file.clone());
        if comes_back {
            let names: Vec<_> = chain.iter().filter_map(|file| file.file_stem()).collect();
            let names: Vec<_> = names.iter().map(|name| name.to_string_lossy()).collect();
            let problem =
                format!("makes boards inherit each other in a loop: {}", names.join(" → "));
            item.invalid(&problem, "remove one of these `inherits`");
            return None;
        }
        let base = document::read(&base_file, report)?;
        inherits = base.entry("inherits").map(|entry| entry.node.clone());
        merged.inherit(base);
    }
    Some(merged)
}

fn same_file(a: &Path, b: &Path) -> bool {
    match (a.canonicalize(), b.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => a == b,
    }
}
