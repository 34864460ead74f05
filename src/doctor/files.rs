//! Small files and folders of the kernel, below any root folder.

use std::path::Path;

/// A file's text without the white space and NULs around it.
pub(super) fn read(root: &Path, path: impl AsRef<Path>) -> Option<String> {
    let text = std::fs::read_to_string(root.join(path)).ok()?;
    Some(text.trim_matches(|c: char| c.is_whitespace() || c == '\0').to_owned())
}

/// Names in a folder that begin with `prefix`, sorted; empty for no folder.
pub(super) fn names(root: &Path, folder: &str, prefix: &str) -> Vec<String> {
    let entries = std::fs::read_dir(root.join(folder)).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<_> = names.filter(|name| name.starts_with(prefix)).collect();
    names.sort_by_key(|name| (name.len(), name.clone()));
    names
}
