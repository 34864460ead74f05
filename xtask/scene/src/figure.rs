//! Flat figures and distances to them.

/// A tapered bar in the plane.
pub struct Bar {
    a: [f64; 2],
    along: [f64; 2],
    inverse_square: f64,
    ra: f64,
    rb: f64,
}

impl Bar {
    pub fn new(a: [f64; 2], b: [f64; 2], ra: f64, rb: f64) -> Self {
        let along = [b[0] - a[0], b[1] - a[1]];
        let square = along[0] * along[0] + along[1] * along[1];
        Self { a, along, inverse_square: 1.0 / square.max(1e-9), ra, rb }
    }

    /// Offset of a point from the axis, and the radius there.
    pub fn offset(&self, x: f64, y: f64) -> ([f64; 2], f64) {
        let p = [x - self.a[0], y - self.a[1]];
        let t = (p[0] * self.along[0] + p[1] * self.along[1]) * self.inverse_square;
        let t = t.clamp(0.0, 1.0);
        let offset = [p[0] - self.along[0] * t, p[1] - self.along[1] * t];
        (offset, self.ra + (self.rb - self.ra) * t)
    }
}

/// A convex quadrilateral in the plane, of either orientation.
pub struct Quad {
    edges: [[f64; 3]; 4],
}

impl Quad {
    pub fn new(p: [[f64; 2]; 4]) -> Self {
        let cross = |a: [f64; 2], b: [f64; 2]| a[0] * b[1] - a[1] * b[0];
        let area: f64 = (0..4).map(|k| cross(p[k], p[(k + 1) % 4])).sum();
        let side = if area < 0.0 { -1.0 } else { 1.0 };
        let edges = std::array::from_fn(|k| {
            let (a, b) = (p[k], p[(k + 1) % 4]);
            let d = [b[0] - a[0], b[1] - a[1]];
            let inverse = side / length(d).max(1e-9);
            let n = [d[1] * inverse, -d[0] * inverse];
            [n[0], n[1], -(n[0] * a[0] + n[1] * a[1])]
        });
        Self { edges }
    }

    /// Signed distance to the outline, negative inside.
    pub fn distance(&self, x: f64, y: f64) -> f64 {
        self.edges.iter().map(|e| e[0] * x + e[1] * y + e[2]).fold(f64::MIN, f64::max)
    }
}

pub fn length(v: [f64; 2]) -> f64 {
    (v[0] * v[0] + v[1] * v[1]).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quad_distance_does_not_depend_on_orientation() {
        let corners = [[0.0, 0.0], [4.0, 0.0], [4.0, 2.0], [0.0, 2.0]];
        let mut reversed = corners;
        reversed.reverse();
        for quad in [Quad::new(corners), Quad::new(reversed)] {
            assert_eq!(quad.distance(2.0, 1.0), -1.0);
            assert_eq!(quad.distance(2.0, 3.0), 1.0);
        }
    }
}
