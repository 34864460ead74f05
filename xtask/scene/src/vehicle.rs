//! A bicycle with its rider, and a small electric cart with its driver.

use super::fixture::cuboid;
use super::gait::Look;
use super::number::{Colour, Vec3, add, cos_turns, scale, sin_cos, sin_turns, sub};
use super::raster::{Part, Shape};

/// A vehicle's own axes on the ground.
#[derive(Clone, Copy)]
struct Axes {
    at: [f64; 2],
    heading: [f64; 2],
}

impl Axes {
    /// The point `f` ahead, `l` to the left and `z` above.
    fn p(&self, f: f64, l: f64, z: f64) -> Vec3 {
        let [hu, hv] = self.heading;
        [self.at[0] + hu * f - hv * l, self.at[1] + hv * f + hu * l, z]
    }

    fn bar(&self, a: Vec3, b: Vec3, r_m: f64, colour: Colour) -> Part {
        Part::limb(self.p(a[0], a[1], a[2]), self.p(b[0], b[1], b[2]), r_m, r_m, colour)
    }
}

const WHEEL_M: f64 = 0.34;
const AXLE_M: f64 = 0.53;

/// Appends a bicycle and its rider after `distance_m` of travel.
pub fn bicycle(
    look: &Look,
    distance_m: f64,
    at: [f64; 2],
    heading: [f64; 2],
    parts: &mut Vec<Part>,
) {
    let axes = Axes { at, heading };
    for f in [-AXLE_M, AXLE_M] {
        wheel(&axes, f, 0.0, WHEEL_M, 0.022, parts);
        let turns = -distance_m / (WHEEL_M * std::f64::consts::TAU);
        for spoke in 0..3 {
            let turns = turns + f64::from(spoke) / 6.0;
            let (s, c) = (sin_turns(turns) * WHEEL_M, cos_turns(turns) * WHEEL_M);
            let steel = [0.2, 0.2, 0.2];
            parts.push(axes.bar(
                [f + c, 0.0, WHEEL_M + s],
                [f - c, 0.0, WHEEL_M - s],
                0.005,
                steel,
            ));
        }
    }
    let (crank, saddle) = ([-0.08, 0.0, 0.30], [-0.28, 0.0, 0.92]);
    let (stem, fork) = ([0.40, 0.0, 0.92], [AXLE_M, 0.0, WHEEL_M]);
    let tubes = [
        (crank, saddle),
        (crank, [0.36, 0.0, 0.78]),
        ([-0.22, 0.0, 0.76], [0.36, 0.0, 0.82]),
        (stem, fork),
        (crank, [-AXLE_M, 0.0, WHEEL_M]),
        ([-0.24, 0.0, 0.80], [-AXLE_M, 0.0, WHEEL_M]),
        ([0.42, -0.27, 1.02], [0.42, 0.27, 1.02]),
        (stem, [0.42, 0.0, 1.02]),
    ];
    for (a, b) in tubes {
        parts.push(axes.bar(a, b, 0.022, look.bag));
    }
    rider(&axes, look, crank, distance_m / 4.2, parts);
}

fn rider(axes: &Axes, look: &Look, crank: Vec3, turns: f64, parts: &mut Vec<Part>) {
    let (h, g) = (look.height_m, look.girth);
    let hip_z = 0.98;
    for side in [1.0, -1.0] {
        let phase = turns + if side > 0.0 { 0.0 } else { 0.5 };
        let pedal = add(crank, [0.17 * cos_turns(phase), side * 0.10, -0.17 * sin_turns(phase)]);
        let ankle = add(pedal, [-0.05, 0.0, 0.09]);
        let hip = [-0.25, side * 0.09, hip_z];
        let knee = joint(hip, ankle, 0.245 * h, [0.9, 0.0, 0.43]);
        parts.push(axes.bar(hip, knee, 0.046 * h * g, look.legs));
        parts.push(axes.bar(knee, ankle, 0.030 * h * g, look.legs));
        parts.push(axes.bar(ankle, add(pedal, [0.1, 0.0, 0.03]), 0.024 * h, look.shoes));
        let shoulder = [0.10, side * 0.19, hip_z + 0.25 * h];
        let grip = [0.40, side * 0.24, 1.04];
        let elbow = joint(shoulder, grip, 0.16 * h, [-0.2, side * 0.5, -0.8]);
        parts.push(axes.bar(shoulder, elbow, 0.028 * h * g, look.top));
        parts.push(axes.bar(elbow, grip, 0.022 * h * g, look.top));
    }
    for l in [-0.09, 0.0, 0.09] {
        let back = [0.09, l * 1.2, hip_z + 0.24 * h];
        parts.push(axes.bar([-0.25, l, hip_z + 0.02], back, 0.057 * h * g, look.top));
    }
    let neck = [0.15, 0.0, hip_z + 0.29 * h];
    let head = [0.23, 0.0, hip_z + 0.36 * h];
    parts.push(axes.bar(neck, head, 0.04 * h, look.skin));
    parts.push(axes.bar(head, add(head, [-0.02, 0.0, 0.045]), 0.055 * h, look.hair));
}

/// The middle joint of two equal limbs of `length_m` between `a` and `b` that
/// bends towards `way`.
fn joint(a: Vec3, b: Vec3, length_m: f64, way: Vec3) -> Vec3 {
    let half = scale(sub(b, a), 0.5);
    let square = half.iter().map(|c| c * c).sum::<f64>();
    let bow = (length_m * length_m - square).max(0.0).sqrt();
    let along = half.iter().zip(way).map(|(h, w)| h * w).sum::<f64>() / square.max(1e-9);
    let across = super::number::unit(sub(way, scale(half, along)));
    add(add(a, half), scale(across, bow))
}

fn wheel(axes: &Axes, f: f64, l: f64, radius_m: f64, tyre_m: f64, parts: &mut Vec<Part>) {
    let rim = |k: u32| {
        let (sin, cos) = sin_cos(f64::from(k) / 16.0 * std::f64::consts::TAU);
        [f + radius_m * cos, l, radius_m + tyre_m + radius_m * sin]
    };
    for k in 0..16 {
        parts.push(axes.bar(rim(k), rim(k + 1), tyre_m, [0.02, 0.02, 0.022]));
    }
}

/// Appends a cart of 2.2 m with an open cabin and its driver.
pub fn cart(look: &Look, paint: Colour, at: [f64; 2], heading: [f64; 2], parts: &mut Vec<Part>) {
    let axes = Axes { at, heading };
    for (f, l) in [(-0.7, 0.52), (0.72, 0.52), (-0.7, -0.52), (0.72, -0.52)] {
        let rubber = [0.02, 0.02, 0.022];
        parts.push(Part::limb(axes.p(f, l, 0.24), axes.p(f, l * 0.85, 0.24), 0.24, 0.24, rubber));
    }
    let block = |f: f64, z: f64, size_m: Vec3, colour: Colour| {
        cuboid(axes.p(f, 0.0, z), heading, size_m, colour)
    };
    let dark = paint.map(|c| c * 0.35);
    parts.extend(block(0.0, 0.24, [2.2, 1.08, 0.22], dark));
    parts.extend(block(-0.72, 0.46, [0.76, 1.1, 0.42], paint));
    parts.extend(block(0.85, 0.46, [0.46, 1.04, 0.36], paint));
    parts.extend(block(-0.2, 0.46, [0.34, 0.9, 0.26], [0.06, 0.055, 0.05]));
    for (f, l) in [(-0.62, 0.48), (0.66, 0.48), (-0.62, -0.48), (0.66, -0.48)] {
        parts.push(axes.bar([f, l, 0.8], [f * 0.95, l, 1.75], 0.022, [0.08, 0.08, 0.085]));
    }
    driver(&axes, look, parts);
    let roof = paint.map(|c| (c * 0.5 + 0.3).min(0.7));
    parts.extend(block(0.0, 1.74, [1.55, 1.1, 0.08], roof));
    let underside = [
        axes.p(-0.75, -0.5, 1.74),
        axes.p(0.75, -0.5, 1.74),
        axes.p(0.75, 0.5, 1.74),
        axes.p(-0.75, 0.5, 1.74),
    ];
    let shape = Shape::Face { corners: underside, normal: [0.0, 0.0, -1.0] };
    parts.push(Part { shape, colour: dark });
}

fn driver(axes: &Axes, look: &Look, parts: &mut Vec<Part>) {
    for side in [0.11, -0.11] {
        parts.push(axes.bar([-0.15, side, 0.82], [0.28, side, 0.86], 0.08, look.legs));
        parts.push(axes.bar([0.28, side, 0.86], [0.42, side, 0.5], 0.06, look.legs));
        parts.push(axes.bar([-0.15, side * 1.7, 1.28], [0.35, side * 1.4, 1.08], 0.045, look.top));
    }
    parts.push(axes.bar([-0.2, 0.0, 0.85], [-0.18, 0.0, 1.26], 0.16, look.top));
    parts.push(axes.bar([-0.15, 0.0, 1.42], [-0.14, 0.0, 1.5], 0.085, look.skin));
    parts.push(axes.bar([-0.17, 0.0, 1.5], [-0.16, 0.0, 1.54], 0.088, look.hair));
}
