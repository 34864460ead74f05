//! Things that stand still beside the path: lamp, bench, bin, trees, shrubs.

use super::ground::PATH_HALF_M;
use super::number::{Colour, Concern, Stream, Vec3, unit};
use super::raster::{Part, Shape};
use super::view::View;

/// A static object that occludes and casts a shadow.
#[derive(Clone, Debug)]
pub struct Fixture {
    pub at: [f64; 2],
    pub parts: Vec<Part>,
}

/// Furnishes the verges of the visible part of the path.
pub fn furnish(seed: u64, view: &View, stream: &mut Stream) -> Vec<Fixture> {
    let far = PATH_HALF_M + 0.75;
    let [first, last] = view.span_m(far, 0.0);
    let along = |t: f64| first + (last - first) * t;
    let mirror = stream.chance(0.5);
    let place = |t: f64| along(if mirror { 1.0 - t } else { t });

    let mut foliage = Stream::new(seed, Concern::Foliage, 0, 0);
    let lamp_at = [place(stream.range(0.30, 0.40)), far - 0.1];
    let bench_at = [place(stream.range(0.60, 0.74)), far + 0.45];
    let bin_at = [bench_at[0] + 1.7 * stream.sign(), far + 0.2];
    let tree_at = [place(stream.range(0.08, 0.2)), stream.range(5.2, 6.4)];
    let mut fixtures = vec![
        lamp(lamp_at),
        bench(bench_at),
        bin(bin_at),
        tree(tree_at, stream.range(1.7, 2.2), &mut foliage),
    ];
    let [near_first, near_last] = view.span_m(-PATH_HALF_M - 0.5, 0.0);
    let post = near_first + (near_last - near_first) * stream.range(0.55, 0.85);
    fixtures.push(bollard([post, -PATH_HALF_M - 0.5]));
    for k in 0..9 {
        let u = along(f64::from(k) / 8.0) + stream.range(-0.6, 0.6);
        if stream.chance(0.7) {
            fixtures.push(shrub([u, 8.0 + stream.range(-0.2, 0.3)], &mut foliage));
        }
    }
    fixtures
}

fn lamp(at: [f64; 2]) -> Fixture {
    let steel = [0.12, 0.125, 0.13];
    let p = |z: f64| [at[0], at[1], z];
    let head = [at[0], at[1] - 0.9, 4.7];
    let parts = vec![
        Part::limb(p(0.0), p(0.9), 0.10, 0.09, steel),
        Part::limb(p(0.9), p(4.6), 0.06, 0.045, steel),
        Part::limb(p(4.6), head, 0.04, 0.05, steel),
        Part::limb(head, [head[0], head[1] - 0.3, 4.7], 0.1, 0.08, [0.5, 0.5, 0.47]),
    ];
    Fixture { at, parts }
}

fn bollard(at: [f64; 2]) -> Fixture {
    let p = |z: f64| [at[0], at[1], z];
    let parts = vec![
        Part::limb(p(0.0), p(0.78), 0.075, 0.075, [0.09, 0.09, 0.1]),
        Part::limb(p(0.80), p(0.86), 0.08, 0.08, [0.5, 0.5, 0.48]),
        Part::limb(p(0.93), p(0.96), 0.07, 0.05, [0.09, 0.09, 0.1]),
    ];
    Fixture { at, parts }
}

fn bin(at: [f64; 2]) -> Fixture {
    let p = |z: f64| [at[0], at[1], z];
    let parts = vec![
        Part::limb(p(0.15), p(0.75), 0.20, 0.23, [0.06, 0.10, 0.075]),
        Part::limb(p(0.86), p(0.9), 0.24, 0.2, [0.03, 0.035, 0.03]),
    ];
    Fixture { at, parts }
}

fn bench(at: [f64; 2]) -> Fixture {
    let wood = [0.27, 0.17, 0.09];
    let iron = [0.05, 0.05, 0.055];
    let p = |u: f64, v: f64, z: f64| [at[0] + u, at[1] + v, z];
    let mut parts = Vec::new();
    for side in [-0.7, 0.7] {
        parts.push(Part::limb(p(side, -0.2, 0.0), p(side, -0.2, 0.43), 0.03, 0.03, iron));
        parts.push(Part::limb(p(side, 0.2, 0.0), p(side, 0.27, 0.86), 0.03, 0.03, iron));
    }
    for v in [-0.2, -0.07, 0.06, 0.19] {
        parts.push(Part::limb(p(-0.9, v, 0.45), p(0.9, v, 0.45), 0.05, 0.05, wood));
    }
    for (v, z) in [(0.24, 0.62), (0.26, 0.79)] {
        parts.push(Part::limb(p(-0.9, v, z), p(0.9, v, z), 0.055, 0.055, wood));
    }
    Fixture { at, parts }
}

fn tree(at: [f64; 2], crown_m: f64, foliage: &mut Stream) -> Fixture {
    let bark = [0.13, 0.10, 0.075];
    let top = [at[0] + 0.15, at[1], 3.4];
    let mut parts = vec![
        Part::limb([at[0], at[1], 0.0], [at[0], at[1], 0.5], 0.24, 0.16, bark),
        Part::limb([at[0], at[1], 0.5], top, 0.16, 0.12, bark),
        Part::limb(top, [at[0] - 1.0, at[1] - 0.3, 4.4], 0.08, 0.05, bark),
        Part::limb(top, [at[0] + 1.1, at[1] + 0.2, 4.5], 0.08, 0.05, bark),
    ];
    let centre = [at[0], at[1], 4.3];
    cloud(&mut parts, foliage, centre, [crown_m, crown_m, 1.5], 420, [0.10, 0.165, 0.055]);
    Fixture { at, parts }
}

fn shrub(at: [f64; 2], foliage: &mut Stream) -> Fixture {
    let size = foliage.range(0.5, 0.85);
    let mut parts = Vec::new();
    let centre = [at[0], at[1], size * 0.55];
    cloud(
        &mut parts,
        foliage,
        centre,
        [size * 1.3, size * 0.7, size * 0.6],
        90,
        [0.07, 0.12, 0.05],
    );
    Fixture { at, parts }
}

fn cloud(
    parts: &mut Vec<Part>,
    foliage: &mut Stream,
    centre: Vec3,
    radii_m: [f64; 3],
    leaves: u32,
    green: Colour,
) {
    for _ in 0..leaves {
        let way = unit(std::array::from_fn(|_| foliage.range(-1.0, 1.0)));
        let reach = 0.35 + 0.65 * foliage.unit().sqrt();
        let at: Vec3 = std::array::from_fn(|k| centre[k] + way[k] * radii_m[k] * reach);
        let size = radii_m[2] * foliage.range(0.06, 0.17);
        let tone = foliage.range(0.55, 1.5) as f32 * (0.65 + 0.35 * (way[2] as f32 + 1.0));
        let leaf = [at[0] + size * foliage.range(-0.8, 0.8), at[1], at[2] + size * 0.4];
        parts.push(Part::limb(at, leaf, size, size * 0.7, green.map(|c| c * tone)));
    }
}

/// A box with its base at `at`, turned so that its length lies along `along`.
pub fn cuboid(at: Vec3, along: [f64; 2], size_m: Vec3, colour: Colour) -> [Part; 5] {
    let (f, l) = (along, [-along[1], along[0]]);
    let corner = |x: f64, y: f64, z: f64| {
        let (x, y) = (x * size_m[0] / 2.0, y * size_m[1] / 2.0);
        [at[0] + f[0] * x + l[0] * y, at[1] + f[1] * x + l[1] * y, at[2] + z * size_m[2]]
    };
    let side = |sx: f64, sy: f64| {
        let normal = [f[0] * sx + l[0] * sy, f[1] * sx + l[1] * sy, 0.0];
        let (a, b) = if sx == 0.0 { ((-1.0, sy), (1.0, sy)) } else { ((sx, -1.0), (sx, 1.0)) };
        let corners = [
            corner(a.0, a.1, 0.0),
            corner(b.0, b.1, 0.0),
            corner(b.0, b.1, 1.0),
            corner(a.0, a.1, 1.0),
        ];
        Part { shape: Shape::Face { corners, normal }, colour }
    };
    let lid = [
        corner(-1.0, -1.0, 1.0),
        corner(1.0, -1.0, 1.0),
        corner(1.0, 1.0, 1.0),
        corner(-1.0, 1.0, 1.0),
    ];
    let lid = Part { shape: Shape::Face { corners: lid, normal: [0.0, 0.0, 1.0] }, colour };
    [side(1.0, 0.0), side(-1.0, 0.0), side(0.0, 1.0), side(0.0, -1.0), lid]
}
