//! `view.npz` of a RUN: what its footage usually shows.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result};
use normwatch::fs::write_atomically;
use normwatch::model::UsualView;

const VIEW: &str = "view.npz";

/// # Errors
/// The file cannot be written.
pub fn write_view(run: &Path, view: &UsualView) -> Result<()> {
    let path = run.join(VIEW);
    write_atomically(&path, &view.to_npz())
        .with_context(|| format!("{} cannot be written", path.display()))
}

/// `None` for an import and for a RUN of an older release.
///
/// # Errors
/// A file that cannot be read, or is none.
pub fn read_view(run: &Path) -> Result<Option<UsualView>> {
    let path = run.join(VIEW);
    let bytes = match fs::read(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        bytes => bytes.with_context(|| format!("{} cannot be read", path.display()))?,
    };
    let view = UsualView::from_npz(&bytes);
    view.map(Some).map_err(|e| anyhow::anyhow!("{}: {e}: train again", path.display()))
}
