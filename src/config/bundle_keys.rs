//! `bundle_keys`: whose bundles a site takes.

use super::reader::Item;
use crate::signature::PublicKey;

/// More than enough for a key and the one that follows it.
const MOST: usize = 8;

/// For a site that both learns and wants signatures.
pub(super) const EITHER: &str =
    "remove `bundle_keys`, or `[learn]`, and bring the bundles from where they are signed";

/// One to [`MOST`] keys; what is wrong is reported.
pub(super) fn read(item: Item<'_>) -> Vec<PublicKey> {
    let Some(items) = item.clone().items() else { return Vec::new() };
    if items.is_empty() || items.len() > MOST {
        let problem = format!("has {} keys", items.len());
        item.invalid(&problem, &format!("name 1 to {MOST} keys, or leave `bundle_keys` out"));
    }
    items.into_iter().filter_map(key).collect()
}

fn key(item: Item<'_>) -> Option<PublicKey> {
    let text = item.clone().text()?;
    let key = PublicKey::parse(&text);
    if let Err(why) = &key {
        let problem = format!("is not a public key of minisign: {why}");
        item.invalid(&problem, "copy the second line of the `.pub` file; it begins with `RW`");
    }
    key.ok()
}
