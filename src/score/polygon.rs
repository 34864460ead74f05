//! The shapes that a mask is drawn with. Site files list them, so this file
//! needs no picture.

/// What a polygon does to the pixels inside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaskMode {
    /// Only what some include polygon holds is watched.
    Include,
    /// Never watched, also inside an include polygon.
    Ignore,
}

/// A polygon in normalised picture coordinates: (0, 0) is the top left corner,
/// (1, 1) the bottom right one. At least three points; may be concave.
#[derive(Clone, Debug, PartialEq)]
pub struct Polygon {
    pub mode: MaskMode,
    pub points: Vec<[f32; 2]>,
}

impl Polygon {
    /// Whether the point (x, y) lies inside.
    pub fn holds(&self, x: f32, y: f32) -> bool {
        let mut inside = false;
        let mut previous = match self.points.last() {
            Some(point) => point,
            None => return false,
        };
        for point in &self.points {
            let (a, b) = (previous, point);
            if (a[1] > y) != (b[1] > y) && x < (b[0] - a[0]) * (y - a[1]) / (b[1] - a[1]) + a[0] {
                inside = !inside;
            }
            previous = point;
        }
        inside
    }
}
