//! Makes the disk of a board, which outlasts its resets.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use normwatch_host::shell;

/// Far more than a learning of minutes stores.
const SIZE: &str = "512M";

/// Makes an image with an empty ext4 at `path`; one that is there is replaced.
///
/// # Errors
/// `mke2fs` is missing, or cannot write there.
pub fn make(path: &Path) -> Result<()> {
    if path.exists() {
        fs::remove_file(path).with_context(|| format!("cannot remove {}", path.display()))?;
    }
    let image = path.to_string_lossy();
    // Debian keeps it where only root's shell looks.
    let places = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin";
    shell::run("mke2fs", &["-q", "-t", "ext4", &image, SIZE], &[("PATH", &places)])
        .context("the board's disk cannot be made: it needs the package e2fsprogs")
}
