//! The site file that was there before: usual answers, and all that is not asked for.

use std::fs;
use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, Item, TableLike};

use super::draft::Draft;
use crate::config::{ConfigError, Site, load_site, parse_site};

/// What is said further down than everything new.
const LATER: isize = 10_000;

/// A site file that was there before, and is in order.
#[derive(Clone, Debug)]
pub struct Former {
    document: DocumentMut,
    pub site: Site,
}

impl Former {
    /// `None` where there is no file; otherwise it, or why it cannot be used.
    pub fn read(file: &Path, board_dirs: &[PathBuf]) -> Option<Result<Self, String>> {
        file.symlink_metadata().ok()?;
        let read = || -> Result<Self, String> {
            let site = load_site(file, board_dirs).map_err(|error| error.to_string())?;
            let text = fs::read_to_string(file).map_err(|error| error.to_string())?;
            let document = text.parse::<DocumentMut>().map_err(|error| error.to_string())?;
            Ok(Self { document, site })
        };
        Some(read())
    }

    /// The text at a path of keys, as it stands in the file.
    pub fn text(&self, path: &[&str]) -> Option<String> {
        let mut item = self.document.as_item();
        for key in path {
            item = item.get(key)?;
        }
        item.as_str().map(str::to_owned)
    }

    /// A new document with whatever of this one is not said in it, and is not contradicted
    /// by it.
    fn carried_into(&self, mut fresh: DocumentMut, draft: &Draft) -> DocumentMut {
        let mut old = self.document.clone();
        let same_source = match draft.camera.first() {
            Some((_, source)) => self.text(&["camera", "source"]).as_deref() == source.as_str(),
            None => false,
        };
        if !same_source {
            old.remove("camera");
        }
        // What a camera was named by, and what a stream is made of, is said as a whole.
        if let Some(camera) = old.get_mut("camera").and_then(Item::as_table_like_mut) {
            let said = ["device", "url", "user", "password_file", "path", "command", "format"];
            said.iter().for_each(|key| drop(camera.remove(key)));
            if draft.camera.iter().any(|(key, _)| *key == "command") {
                let size = ["width_px", "height_px", "stride_bytes"];
                size.iter().for_each(|key| drop(camera.remove(key)));
            }
        }
        if self.text(&["bundle"]).as_deref() != Some(&draft.bundle) {
            old.remove("calibration");
        }
        if draft.learn.is_none() {
            old.remove("learn");
        }
        if let Some(output) = old.get_mut("output").and_then(Item::as_table_like_mut) {
            if draft.fault.is_none() {
                output.remove("fault");
            }
            let steady = draft.fault.as_ref().is_none_or(|fault| fault.heartbeat_ms.is_some());
            if let Some(fault) = output.get_mut("fault").and_then(Item::as_table_like_mut)
                && steady
            {
                fault.remove("pattern");
            }
        }
        place_later(old.as_table_mut());
        carry(fresh.as_table_mut(), old.as_table());
        fresh
    }
}

/// The text of the site file that a draft and what was there before come to.
pub(super) fn text_of(draft: &Draft, former: Option<&Former>) -> String {
    let fresh = draft.fresh();
    match (former, fresh.parse::<DocumentMut>()) {
        (Some(former), Ok(document)) => former.carried_into(document, draft).to_string(),
        _ => fresh,
    }
}

/// Reads that text as `check` would read the file.
///
/// # Errors
/// All that is wrong with it.
pub(super) fn site_of(
    draft: &Draft,
    former: Option<&Former>,
    board_dirs: &[PathBuf],
) -> Result<Site, ConfigError> {
    parse_site(&draft.file, &text_of(draft, former), board_dirs)
}

/// Sections of the old file follow those of the new one.
fn place_later(table: &mut toml_edit::Table) {
    let later = |position: Option<isize>| position.map(|position| position + LATER);
    table.set_position(later(table.position()));
    for (_, item) in table.iter_mut() {
        match item {
            Item::Table(table) => place_later(table),
            Item::ArrayOfTables(tables) => tables.iter_mut().for_each(place_later),
            _ => {}
        }
    }
}

/// Adds what is missing, table by table.
fn carry(fresh: &mut dyn TableLike, old: &dyn TableLike) {
    let keys: Vec<String> = old.iter().map(|(key, _)| key.to_owned()).collect();
    for name in keys {
        let Some((key, item)) = old.get_key_value(&name) else { continue };
        match (fresh.get_mut(&name), item.as_table_like()) {
            (None, _) => {
                fresh.entry_format(key).or_insert(item.clone());
            }
            (Some(ours), Some(theirs)) => {
                if let Some(ours) = ours.as_table_like_mut() {
                    carry(ours, theirs);
                }
            }
            (Some(_), None) => {}
        }
    }
}
