//! The body of a person in motion, built from round limbs.

use super::fixture::cuboid;
use super::number::{Colour, Stream, Vec3, add, cos_turns, mix, sin_cos, sin_turns};
use super::raster::{Part, Shape};

/// Size and clothes of one person.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    pub height_m: f64,
    /// Breadth relative to an average build.
    pub girth: f64,
    pub skin: Colour,
    pub hair: Colour,
    pub top: Colour,
    pub legs: Colour,
    pub shoes: Colour,
    /// How far a coat or skirt reaches down the thighs, from 0 to 1.
    pub hem: f64,
    pub backpack: Option<Colour>,
    pub bag: Colour,
}

/// What a body does at one moment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pose {
    /// Position in the gait cycle, in turns.
    pub phase: f64,
    /// Amplitude of the legs' swing, in radians.
    pub stride_rad: f64,
    /// 0 for walking, 1 for running.
    pub run: f64,
    /// 0 upright to 1 squatting.
    pub crouch: f64,
    /// Rotation of the whole body about the feet, forwards.
    pub topple_rad: f64,
    /// 0 swinging to 1 stretched forwards.
    pub reach: f64,
    /// Whether the left hand holds a bag.
    pub carries: bool,
}

const CLOTH: [Colour; 14] = [
    [0.02, 0.02, 0.025],
    [0.045, 0.045, 0.05],
    [0.03, 0.04, 0.09],
    [0.06, 0.09, 0.17],
    [0.12, 0.12, 0.125],
    [0.25, 0.25, 0.25],
    [0.55, 0.54, 0.52],
    [0.62, 0.58, 0.50],
    [0.28, 0.04, 0.04],
    [0.07, 0.13, 0.08],
    [0.30, 0.21, 0.12],
    [0.42, 0.33, 0.12],
    [0.13, 0.06, 0.04],
    [0.35, 0.42, 0.52],
];
const TROUSERS: [Colour; 7] = [
    [0.02, 0.02, 0.025],
    [0.035, 0.04, 0.06],
    [0.05, 0.07, 0.13],
    [0.10, 0.14, 0.22],
    [0.10, 0.09, 0.08],
    [0.30, 0.26, 0.19],
    [0.16, 0.16, 0.165],
];

impl Look {
    /// Draws a passer-by.
    pub fn new(stream: &mut Stream) -> Self {
        let child = stream.chance(0.08);
        let adult_m = stream.normal(1.72, 0.085).clamp(1.52, 1.95);
        let skin = stream.pick(&[[0.55, 0.36, 0.27], [0.40, 0.25, 0.17], [0.17, 0.10, 0.07]]);
        let coat = stream.chance(0.3);
        Self {
            height_m: if child { stream.range(1.2, 1.45) } else { adult_m },
            girth: stream.range(0.88, 1.2),
            skin,
            hair: stream.pick(&[[0.02, 0.016, 0.014], [0.07, 0.04, 0.02], [0.3, 0.29, 0.27]]),
            top: stream.pick(&CLOTH),
            legs: stream.pick(&TROUSERS),
            shoes: stream.pick(&[[0.02, 0.02, 0.02], [0.10, 0.06, 0.035], [0.5, 0.5, 0.48]]),
            hem: if coat { stream.range(0.3, 0.9) } else { 0.12 },
            backpack: stream.chance(0.25).then(|| stream.pick(&CLOTH)),
            bag: stream.pick(&[[0.02, 0.02, 0.025], [0.05, 0.06, 0.1], [0.22, 0.05, 0.04]]),
        }
    }
}

/// Length of a full gait cycle, two steps, in metres.
pub fn stride_m(height_m: f64, speed_mps: f64) -> f64 {
    height_m * (0.35 + 0.33 * speed_mps.min(4.5))
}

/// Swing of the legs that goes with a stride, in radians.
pub fn stride_rad(height_m: f64, stride_m: f64) -> f64 {
    (stride_m / 4.0 / (0.53 * height_m)).min(0.78)
}

/// Appends the parts of a body that stands at `at` and looks along `heading`.
pub fn body(look: &Look, pose: &Pose, at: [f64; 2], heading: [f64; 2], parts: &mut Vec<Part>) {
    let first = parts.len();
    let figure = Figure { look, pose, h: look.height_m, first };
    figure.build(parts);
    let (sin, cos) = sin_cos(pose.topple_rad);
    let turn = |p: Vec3| [p[0] * cos + p[2] * sin, p[1], p[2] * cos - p[0] * sin];
    for part in &mut parts[first..] {
        map(part, turn);
    }
    let lift = -parts[first..].iter().map(lowest).fold(f64::MAX, f64::min);
    let flight = pose.run * 0.05 * (1.0 + sin_turns(2.0 * pose.phase + 0.1));
    for part in &mut parts[first..] {
        map(part, |p| {
            let (f, l) = (p[0], p[1]);
            [
                at[0] + heading[0] * f - heading[1] * l,
                at[1] + heading[1] * f + heading[0] * l,
                p[2] + lift + flight,
            ]
        });
    }
    if pose.carries {
        let hand = figure.hand(parts);
        parts.extend(duffel([hand[0], hand[1], (hand[2] - 0.42).max(0.0)], heading, look.bag));
    }
}

/// A holdall of 0.55 m with its base at `at`.
pub fn duffel(at: Vec3, heading: [f64; 2], colour: Colour) -> Vec<Part> {
    let mut parts = cuboid(at, heading, [0.56, 0.30, 0.30], colour).to_vec();
    let p = |f: f64, z: f64| [at[0] + heading[0] * f, at[1] + heading[1] * f, at[2] + z];
    let strap = colour.map(|c| c * 0.6 + 0.03);
    parts.push(Part::limb(p(-0.14, 0.31), p(0.0, 0.40), 0.015, 0.015, strap));
    parts.push(Part::limb(p(0.0, 0.40), p(0.14, 0.31), 0.015, 0.015, strap));
    parts
}

/// Builds limbs in body coordinates: forwards, left, up from the hips.
struct Figure<'a> {
    look: &'a Look,
    pose: &'a Pose,
    h: f64,
    /// Index of the body's first part; the left hand follows at `HAND`.
    first: usize,
}

const HAND: usize = 2;

impl Figure<'_> {
    fn build(&self, parts: &mut Vec<Part>) {
        for side in [1.0, -1.0] {
            self.arm(side, parts);
            self.leg(side, parts);
        }
        self.trunk(parts);
    }

    fn hand(&self, parts: &[Part]) -> Vec3 {
        match parts[self.first + HAND].shape {
            Shape::Limb { b, .. } => b,
            Shape::Face { corners, .. } => corners[0],
        }
    }

    fn lean_rad(&self) -> f64 {
        0.04 + 0.16 * self.pose.run + 0.75 * self.pose.crouch
    }

    /// A point of the trunk, `up` and `left` in units of body height.
    fn on_trunk(&self, up: f64, left: f64) -> Vec3 {
        let (sin, cos) = sin_cos(self.lean_rad());
        let girth = 0.5 + 0.5 * self.look.girth;
        let twist = -0.25 * self.pose.stride_rad * sin_turns(self.pose.phase) * (up / 0.29);
        let l = left * self.h * girth;
        [up * self.h * sin - l * twist, l, up * self.h * cos]
    }

    fn leg(&self, side: f64, parts: &mut Vec<Part>) {
        let (h, pose, g) = (self.h, self.pose, self.look.girth);
        let phase = pose.phase + if side > 0.0 { 0.0 } else { 0.5 };
        let swing = cos_turns(phase + 0.07).max(0.0);
        let vigour = (pose.stride_rad / 0.4).min(1.0);
        let lift = mix(0.95, 1.75, pose.run);
        let knee_rad = 0.06 + vigour * lift * swing * swing + 0.25 * pose.run + 1.9 * pose.crouch;
        let hip_rad =
            pose.stride_rad * (sin_turns(phase) + 0.15) + 0.14 * pose.run + 1.25 * pose.crouch;
        let hip = [0.0, side * 0.052 * h * g, 0.0];
        let bend = |rad: f64, length: f64| {
            let (sin, cos) = sin_cos(rad);
            [length * sin, 0.0, -length * cos]
        };
        let knee = add(hip, bend(hip_rad, 0.245 * h));
        let ankle = add(knee, bend(hip_rad - knee_rad, 0.245 * h));
        let flat_rad = 0.55 * (hip_rad - knee_rad) * (1.0 - pose.crouch);
        let sole_rad = flat_rad - 0.75 * pose.topple_rad;
        let (ss, cs) = sin_cos(sole_rad);
        let toe = add(ankle, [0.125 * h * cs, side * 0.015 * h, 0.125 * h * ss]);
        let look = self.look;
        parts.push(Part::limb(hip, knee, 0.050 * h * g, 0.036 * h * g, look.legs));
        parts.push(Part::limb(knee, ankle, 0.035 * h * g, 0.024 * h, look.legs));
        parts.push(Part::limb(ankle, toe, 0.026 * h, 0.020 * h, look.shoes));
        if look.hem > 0.2 {
            let hem: Vec3 = std::array::from_fn(|k| mix(hip[k], knee[k], look.hem));
            parts.push(Part::limb(hip, hem, 0.062 * h * g, 0.066 * h * g, look.top));
        }
    }

    fn arm(&self, side: f64, parts: &mut Vec<Part>) {
        let (h, pose) = (self.h, self.pose);
        let phase = pose.phase + if side > 0.0 { 0.5 } else { 0.0 };
        let loaded = pose.carries && side > 0.0;
        let vigour = if loaded { 0.15 } else { 0.85 + 0.35 * pose.run };
        let swing = vigour * pose.stride_rad * sin_turns(phase);
        let shoulder_rad = mix(swing, 2.3, pose.reach) + 0.2 * pose.crouch;
        let elbow_rad = if loaded { 0.08 } else { 0.28 + 1.35 * pose.run } * (1.0 - pose.reach);
        let shoulder = self.on_trunk(0.275, side * 0.112);
        let splay = side * 0.03 * h;
        let bend = |rad: f64, length: f64| {
            let (sin, cos) = sin_cos(rad);
            [length * sin, splay, -length * cos]
        };
        let elbow = add(shoulder, bend(shoulder_rad, 0.17 * h));
        let wrist = add(elbow, bend(shoulder_rad + elbow_rad, 0.15 * h));
        let g = self.look.girth;
        parts.push(Part::limb(shoulder, elbow, 0.031 * h * g, 0.025 * h * g, self.look.top));
        parts.push(Part::limb(elbow, wrist, 0.025 * h * g, 0.018 * h, self.look.top));
        let hand = add(wrist, bend(shoulder_rad + elbow_rad, 0.035 * h));
        parts.push(Part::limb(wrist, hand, 0.02 * h, 0.017 * h, self.look.skin));
    }

    fn trunk(&self, parts: &mut Vec<Part>) {
        let (h, look, g) = (self.h, self.look, self.look.girth);
        for left in [-0.055, 0.0, 0.055] {
            let (hip, shoulder) = (self.on_trunk(0.0, left * 0.8), self.on_trunk(0.25, left));
            parts.push(Part::limb(hip, shoulder, 0.058 * h * g, 0.056 * h * g, look.top));
        }
        let shoulders = [self.on_trunk(0.277, -0.09), self.on_trunk(0.277, 0.09)];
        parts.push(Part::limb(shoulders[0], shoulders[1], 0.036 * h, 0.036 * h, look.top));
        let forward = |p: Vec3, f: f64| [p[0] + f * h, p[1], p[2]];
        let neck = self.on_trunk(0.30, 0.0);
        let chin = forward(self.on_trunk(0.375, 0.0), 0.012);
        let crown = forward(self.on_trunk(0.405, 0.0), 0.008);
        parts.push(Part::limb(neck, chin, 0.030 * h, 0.030 * h, look.skin));
        parts.push(Part::limb(chin, crown, 0.047 * h, 0.052 * h, look.skin));
        let (nape, top) = (self.on_trunk(0.39, 0.0), self.on_trunk(0.425, 0.0));
        parts.push(Part::limb(forward(nape, -0.016), top, 0.050 * h, 0.050 * h, look.hair));
        if let Some(colour) = look.backpack {
            let (low, high) = (self.on_trunk(0.09, 0.0), self.on_trunk(0.23, 0.0));
            let out = -0.085 * g;
            let (low, high) = (forward(low, out), forward(high, out));
            parts.push(Part::limb(low, high, 0.068 * h, 0.055 * h, colour));
        }
    }
}

fn map(part: &mut Part, change: impl Fn(Vec3) -> Vec3) {
    match &mut part.shape {
        Shape::Limb { a, b, .. } => {
            *a = change(*a);
            *b = change(*b);
        }
        Shape::Face { corners, .. } => *corners = corners.map(change),
    }
}

fn lowest(part: &Part) -> f64 {
    match part.shape {
        Shape::Limb { a, b, ra, rb } => (a[2] - ra).min(b[2] - rb),
        Shape::Face { corners, .. } => corners.iter().map(|c| c[2]).fold(f64::MAX, f64::min),
    }
}
