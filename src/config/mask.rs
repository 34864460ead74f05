//! `[[mask]]`: which parts of the picture are watched.

use super::reader::{Item, Section};
use crate::score::{MaskMode, Polygon};

/// `[[mask]]`: one polygon. Its points lie in the picture, and not all on one
/// line.
pub(super) fn read(mut section: Section<'_>) -> Option<Polygon> {
    let mode = section.required("mode", "\"ignore\"").and_then(|item| {
        item.choice(&[("ignore", MaskMode::Ignore), ("include", MaskMode::Include)])
    });
    let points =
        section.required("points", "[[0.0, 0.0], [0.3, 0.0], [0.3, 0.2]]").and_then(read_points);
    Some(Polygon { mode: mode?, points: points? })
}

pub(super) fn read_points(item: Item<'_>) -> Option<Vec<[f32; 2]>> {
    let items = item.clone().items()?;
    let count = items.len();
    let points: Vec<_> = items.into_iter().map(read_point).collect();
    let points: Vec<_> = points.into_iter().collect::<Option<_>>()?;
    if count < 3 {
        let problem = match count {
            1 => "has 1 point, too few for a polygon".to_string(),
            _ => format!("has {count} points, too few for a polygon"),
        };
        item.invalid(&problem, "give at least three corners");
        return None;
    }
    if on_one_line(&points) {
        item.invalid("has no area: its points lie on one line", "give corners around an area");
        return None;
    }
    Some(points)
}

fn read_point(item: Item<'_>) -> Option<[f32; 2]> {
    let coordinates = item.clone().items()?;
    if coordinates.len() != 2 {
        let problem = format!("must be [x, y], not an array of {}", coordinates.len());
        item.invalid(&problem, "give two numbers, each from 0 to 1");
        return None;
    }
    let values: Vec<_> = coordinates.into_iter().map(|item| item.real(0.0..=1.0)).collect();
    Some([values[0]? as f32, values[1]? as f32])
}

fn on_one_line(points: &[[f32; 2]]) -> bool {
    let origin = points[0];
    let Some(far) = points.iter().find(|point| **point != origin) else { return true };
    let direction = [far[0] - origin[0], far[1] - origin[1]];
    points.iter().all(|p| direction[0] * (p[1] - origin[1]) == direction[1] * (p[0] - origin[0]))
}
