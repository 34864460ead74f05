//! Drawing of limbs and faces with covered-area edges, and of their shadows.

use super::figure::{Bar, Quad, length};
use super::number::{Colour, Vec3, add, dot, scale, smoothstep};
use super::view::{Projected, View};

/// A solid of the scene, in metres.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// A round bar whose radius changes from `ra` at `a` to `rb` at `b`.
    Limb { a: Vec3, b: Vec3, ra: f64, rb: f64 },
    /// A flat convex quadrilateral, seen only from the side of its normal.
    Face { corners: [Vec3; 4], normal: Vec3 },
}

/// A solid and its colour.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    pub shape: Shape,
    pub colour: Colour,
}

impl Part {
    pub fn limb(a: Vec3, b: Vec3, ra: f64, rb: f64, colour: Colour) -> Self {
        Self { shape: Shape::Limb { a, b, ra, rb }, colour }
    }

    fn centre(&self) -> Vec3 {
        match self.shape {
            Shape::Limb { a, b, .. } => scale(add(a, b), 0.5),
            Shape::Face { corners: [a, b, c, d], .. } => scale(add(add(a, b), add(c, d)), 0.25),
        }
    }
}

/// The light of one moment: direction to the sun, strength of sun and sky.
#[derive(Clone, Copy, Debug)]
pub struct Light {
    pub to_sun: Vec3,
    pub sun: Colour,
    pub sky: Colour,
}

impl Light {
    /// Light that a surface of normal `n` receives; `lit` is 0 in full shade.
    fn on(&self, n: Vec3, lit: f32) -> Colour {
        let direct = dot(n, self.to_sun).max(0.0) as f32 * lit;
        let sky = (0.68 + 0.32 * n[2]) as f32;
        std::array::from_fn(|c| self.sky[c] * sky + self.sun[c] * direct)
    }
}

/// A super-sampled picture under construction.
#[derive(Clone, Debug)]
pub struct Canvas {
    pub width: usize,
    pub height: usize,
    pub rgb: Vec<Colour>,
    /// Share of each pixel that shows something anomalous.
    pub mask: Vec<f32>,
}

/// How one object is to be drawn.
#[derive(Clone, Copy)]
pub struct Brush<'a> {
    pub view: &'a View,
    pub light: Light,
    /// Share of the sunlight that reaches the object.
    pub lit: f32,
    /// Value that the object leaves in the mask.
    pub mark: f32,
    /// Distance of the object, in metres.
    pub depth_m: f32,
    /// Distance of what stands in front, per pixel.
    pub occluders_m: &'a [f32],
    /// What the air in front of it adds and takes.
    pub haze: Option<Haze>,
}

/// Air between an object and the camera: a share of its colour is replaced.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Haze {
    pub share: f32,
    pub air: Colour,
}

impl Haze {
    /// The colour as the camera sees it.
    pub fn over(self, colour: Colour) -> Colour {
        std::array::from_fn(|c| colour[c] + (self.air[c] - colour[c]) * self.share)
    }
}

impl Canvas {
    pub fn new(width: usize, height: usize) -> Self {
        let n = width * height;
        Self { width, height, rgb: vec![[0.0; 3]; n], mask: vec![0.0; n] }
    }

    /// Draws the parts of one object, the farthest first; sorts `parts`.
    pub fn draw(&mut self, parts: &mut [Part], brush: &Brush) {
        let far_first = |p: &Part| -brush.view.depth_m(p.centre());
        parts.sort_by(|a, b| far_first(a).total_cmp(&far_first(b)));
        for part in parts {
            match part.shape {
                Shape::Limb { a, b, ra, rb } => self.limb([a, b], [ra, rb], part.colour, brush),
                Shape::Face { corners, normal } => self.face(corners, normal, part.colour, brush),
            }
        }
    }

    fn limb(&mut self, ends: [Vec3; 2], radii_m: [f64; 2], colour: Colour, brush: &Brush) {
        let [Some(a), Some(b)] = ends.map(|p| brush.view.project(p)) else { return };
        let (ra, rb) = (radii_m[0] * a.px_per_m, radii_m[1] * b.px_per_m);
        let bar = Bar::new([a.x, a.y], [b.x, b.y], ra.max(0.5), rb.max(0.5));
        let thin = (2.0 * ra.max(rb)).min(1.0) as f32;
        let reach = ra.max(rb) + 1.0;
        self.fill(around(&[a, b], reach), brush, |x, y| {
            let (offset, radius) = bar.offset(x, y);
            let distance = length(offset);
            let cover = (radius - distance + 0.5).clamp(0.0, 1.0) as f32 * thin;
            if cover <= 0.0 {
                return None;
            }
            let reach = radius.max(distance);
            let (nx, ny) = (offset[0] / reach, -offset[1] / reach);
            let toward = (1.0 - nx * nx - ny * ny).max(0.0).sqrt();
            let light = brush.light.on(brush.view.facing(nx, ny, toward), brush.lit);
            Some((cover, std::array::from_fn(|c| colour[c] * light[c])))
        });
    }

    fn face(&mut self, corners: [Vec3; 4], normal: Vec3, colour: Colour, brush: &Brush) {
        let eye = brush.view.eye();
        if dot(normal, eye) <= dot(normal, corners[0]) {
            return;
        }
        let projected = corners.map(|p| brush.view.project(p));
        let [Some(a), Some(b), Some(c), Some(d)] = projected else { return };
        let quad = Quad::new([a, b, c, d].map(|p| [p.x, p.y]));
        let light = brush.light.on(normal, brush.lit);
        let shown = std::array::from_fn(|c| colour[c] * light[c]);
        self.fill(around(&[a, b, c, d], 1.0), brush, |x, y| {
            let cover = (0.5 - quad.distance(x, y)).clamp(0.0, 1.0) as f32;
            (cover > 0.0).then_some((cover, shown))
        });
    }

    fn fill<F>(&mut self, bounds: [f64; 4], brush: &Brush, paint: F)
    where
        F: Fn(f64, f64) -> Option<(f32, Colour)>,
    {
        let Some([x0, y0, x1, y1]) = clip(bounds, self.width, self.height) else { return };
        for y in y0..=y1 {
            for x in x0..=x1 {
                let i = y * self.width + x;
                if brush.occluders_m[i] < brush.depth_m {
                    continue;
                }
                let Some((cover, colour)) = paint(x as f64 + 0.5, y as f64 + 0.5) else { continue };
                let colour = brush.haze.map_or(colour, |haze| haze.over(colour));
                for (old, new) in self.rgb[i].iter_mut().zip(colour) {
                    *old += (new - *old) * cover;
                }
                self.mask[i] += (brush.mark - self.mask[i]) * cover;
            }
        }
    }
}

/// The ground as the camera sees it, for casting shadows on it.
pub struct Ground<'a> {
    pub view: &'a View,
    /// Position of each pixel on the ground in metres; NaN where it is hidden.
    pub at: &'a [[f32; 2]],
}

impl Ground<'_> {
    /// Adds the shadow of `part` to `shade`, where 1 is the full core shadow.
    /// Edges blur with the height from which the shadow falls.
    pub fn cast(&self, part: &Part, to_sun: Vec3, shade: &mut [f32]) {
        let drop = |p: Vec3| {
            let k = p[2].max(0.0) / to_sun[2];
            [p[0] - to_sun[0] * k, p[1] - to_sun[1] * k]
        };
        let soft_m = 0.025 + 0.045 * part.centre()[2].max(0.0);
        match part.shape {
            Shape::Limb { a, b, ra, rb } => {
                let bar = Bar::new(drop(a), drop(b), ra, rb);
                self.stain(&[drop(a), drop(b)], ra.max(rb) + soft_m, shade, |u, v| {
                    let (offset, radius) = bar.offset(u, v);
                    smoothstep(soft_m, -soft_m, length(offset) - radius)
                });
            }
            Shape::Face { corners, .. } => {
                let fallen = corners.map(drop);
                let quad = Quad::new(fallen);
                self.stain(&fallen, 2.0 * soft_m, shade, |u, v| {
                    smoothstep(2.0 * soft_m, 0.0, quad.distance(u, v))
                });
            }
        }
    }

    fn stain<F: Fn(f64, f64) -> f64>(
        &self,
        outline: &[[f64; 2]],
        reach_m: f64,
        shade: &mut [f32],
        depth: F,
    ) {
        let projected: Option<Vec<_>> =
            outline.iter().map(|p| self.view.project([p[0], p[1], 0.0])).collect();
        let Some(projected) = projected else { return };
        let px_per_m = projected.iter().map(|p| p.px_per_m).fold(0.0, f64::max);
        let bounds = around(&projected, reach_m * px_per_m * 1.1 + 1.0);
        let Some([x0, y0, x1, y1]) = clip(bounds, self.view.width, self.view.height) else {
            return;
        };
        for y in y0..=y1 {
            let row = y * self.view.width + x0..=y * self.view.width + x1;
            for ([u, v], shade) in self.at[row.clone()].iter().zip(&mut shade[row]) {
                if !u.is_nan() {
                    *shade = shade.max(depth(f64::from(*u), f64::from(*v)) as f32);
                }
            }
        }
    }
}

fn around(points: &[Projected], reach: f64) -> [f64; 4] {
    let wide = [f64::MAX, f64::MAX, f64::MIN, f64::MIN];
    let b = points
        .iter()
        .fold(wide, |b, p| [b[0].min(p.x), b[1].min(p.y), b[2].max(p.x), b[3].max(p.y)]);
    [b[0] - reach, b[1] - reach, b[2] + reach, b[3] + reach]
}

fn clip(b: [f64; 4], width: usize, height: usize) -> Option<[usize; 4]> {
    let (right, bottom) = (width as f64 - 1.0, height as f64 - 1.0);
    if b[2] < 0.0 || b[3] < 0.0 || b[0] > right || b[1] > bottom {
        return None;
    }
    let inner = [b[0].max(0.0), b[1].max(0.0), b[2].min(right), b[3].min(bottom)];
    Some(inner.map(|v| v as usize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_outside_the_picture_are_skipped() {
        assert_eq!(clip([-9.0, 0.0, -1.0, 5.0], 10, 10), None);
        assert_eq!(clip([-9.0, 2.5, 3.0, 50.0], 10, 10), Some([0, 2, 3, 9]));
    }
}
