//! `[[zone]]`: parts of the picture with a name.

use super::mask::read_points;
use super::reader::Section;
use crate::score::{MaskMode, Polygon};

/// A part of the picture with a name; events say which ones they lie in.
#[derive(Clone, Debug, PartialEq)]
pub struct Zone {
    /// 1 to 40 characters; no two zones have the same.
    pub name: String,
    /// Its mode says nothing.
    pub area: Polygon,
}

const LONGEST_NAME: usize = 40;

/// `[[zone]]`s, in the order of the file.
pub(super) fn read_all(sections: Vec<Section<'_>>) -> Vec<Zone> {
    let mut zones: Vec<Zone> = Vec::new();
    for mut section in sections {
        let item = section.required("name", "\"gate\"");
        let name = item.clone().and_then(|item| item.text());
        let points = section
            .required("points", "[[0.0, 0.0], [0.3, 0.0], [0.3, 0.2]]")
            .and_then(read_points);
        let (Some(item), Some(name), Some(points)) = (item, name, points) else { continue };
        if name.is_empty() || name.chars().count() > LONGEST_NAME {
            item.invalid("is not a name", &format!("give it 1 to {LONGEST_NAME} characters"));
        } else if zones.iter().any(|zone| zone.name == name) {
            item.invalid("is another zone's name, too", "give each zone a name of its own");
        } else {
            zones.push(Zone { name, area: Polygon { mode: MaskMode::Include, points } });
        }
    }
    zones
}
