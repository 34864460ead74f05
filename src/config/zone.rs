//! `[[zone]]`: parts of the picture with a name, and how much counts what is seen there.

use super::mask::read_points;
use super::reader::Section;
use super::schedule::Schedule;
use crate::score::{MaskMode, Polygon};

/// A part of the picture with a name; events say which ones they lie in.
#[derive(Clone, Debug, PartialEq)]
pub struct Zone {
    /// 1 to 40 characters; no two zones have the same.
    pub name: String,
    /// Its mode says nothing.
    pub area: Polygon,
    /// What is seen there counts so many times: 0, which is not at all, to 4; 1 by
    /// default.
    pub weight: f32,
    /// When the weight holds; always without one.
    pub schedule: Option<Schedule>,
}

impl Zone {
    /// How much it counts, as a site file says it: no line, or some.
    pub fn keys_of_weight(&self) -> String {
        if self.weight == 1.0 {
            return String::new();
        }
        let schedule = self.schedule.map_or_else(String::new, |schedule| schedule.keys());
        format!("weight = {}\n{schedule}", self.weight)
    }
}

/// More have no place where it is kept which of them weigh now.
const MOST_WEIGHTED: usize = 64;

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
        let weight = section.optional("weight");
        let factor = weight.clone().and_then(|item| item.real(0.0..=4.0)).unwrap_or(1.0);
        let schedule = Schedule::read(&mut section);
        if weight.is_none() && schedule.is_some() {
            let (key, because) =
                (if section.has("hours") { "hours" } else { "days" }, "without a weight");
            section.refuse(&[key], because, "add `weight = 0`, or another than 1, that holds then");
        }
        let (Some(item), Some(name), Some(points)) = (item, name, points) else { continue };
        if name.is_empty() || name.chars().count() > LONGEST_NAME {
            item.invalid("is not a name", &format!("give it 1 to {LONGEST_NAME} characters"));
        } else if zones.iter().any(|zone| zone.name == name) {
            item.invalid("is another zone's name, too", "give each zone a name of its own");
        } else {
            let area = Polygon { mode: MaskMode::Include, points };
            zones.push(Zone { name, area, weight: factor as f32, schedule });
            let weighted = zones.iter().filter(|zone| zone.weight != 1.0).count();
            if let Some(item) = weight.filter(|_| weighted == MOST_WEIGHTED + 1) {
                let remedy = "take several areas together, or use [[mask]] for those with 0";
                item.invalid(&format!("is one more than {MOST_WEIGHTED} weights"), remedy);
            }
        }
    }
    zones
}
