//! What an examination looks at.

use std::path::Path;

use crate::config::{Board, Site};

/// What to look at.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// `/` but in tests.
    pub root: &'a Path,
    /// The board in question: the site's, one that was named, or the one that
    /// this machine was recognised as.
    pub board: Option<&'a Board>,
    /// With a site, what it needs is an error where it is missing.
    pub site: Option<&'a Site>,
}
