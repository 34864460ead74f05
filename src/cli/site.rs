//! Site files, as the commands take them.

use std::path::Path;

use super::data_dirs::board_dirs;
use super::error::Error;
use crate::config::{self, Site};
use crate::model::Bundle;
use crate::station::View;

/// Reads a site file, all problems in one error.
pub(super) fn load(path: &Path) -> Result<Site, Error> {
    config::load_site(path, &board_dirs(path)).map_err(|e| Error::config(&e, e.to_string()))
}

/// The view of a site file, for this bundle's input; the whole picture, held
/// still, without one.
pub(super) fn view(path: Option<&Path>, bundle: &Bundle) -> Result<View, Error> {
    match path {
        Some(path) => Ok(View::of(&load(path)?, bundle)?),
        None => Ok(View::whole(bundle)),
    }
}
