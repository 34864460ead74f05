//! Surfaces that do not move: paving, kerbs, grass, a road and a building.

use super::number::{Colour, Vec3, fractal2, hash2, noise2};

/// Half the width of the paved path, in metres.
pub const PATH_HALF_M: f64 = 2.2;
const KERB_M: f64 = 0.22;

/// Materials and outlines of one place.
#[derive(Clone, Debug)]
pub struct Ground {
    pub salt: u64,
    /// Length and width of a paving slab, in metres.
    pub slab_m: [f64; 2],
    pub paving: Colour,
    pub grass: Colour,
    pub plaster: Colour,
    /// Line of the building's front.
    pub front_m: f64,
    /// The building's corner along the path, and the direction in which it
    /// extends from there: -1 or 1.
    pub corner_m: f64,
    pub extends: f64,
}

/// What a ray from the camera meets.
#[derive(Clone, Copy, Debug)]
pub struct Hit {
    pub albedo: Colour,
    pub normal: Vec3,
    /// Position, where it is on the ground.
    pub ground: Option<[f64; 2]>,
}

impl Ground {
    /// Follows a ray that points away from `eye`.
    pub fn hit(&self, eye: Vec3, ray: Vec3) -> Hit {
        let to_ground = if ray[2] < -1e-6 { -eye[2] / ray[2] } else { f64::MAX };
        let to_front = (self.front_m - eye[1]) / ray[1].max(1e-6);
        let front_u = eye[0] + ray[0] * to_front;
        if to_front < to_ground && (front_u - self.corner_m) * self.extends > 0.0 {
            return Hit {
                albedo: self.wall(front_u - self.corner_m, eye[2] + ray[2] * to_front),
                normal: [0.0, -1.0, 0.0],
                ground: None,
            };
        }
        let to_side = (self.corner_m - eye[0]) / ray[0];
        let side_v = eye[1] + ray[1] * to_side;
        if to_side > 0.0 && to_side < to_ground && side_v > self.front_m {
            return Hit {
                albedo: self.wall(side_v - self.front_m + 0.9, eye[2] + ray[2] * to_side),
                normal: [-self.extends, 0.0, 0.0],
                ground: None,
            };
        }
        if to_ground > 90.0 {
            return Hit { albedo: [0.3, 0.33, 0.36], normal: [0.0, 0.0, 1.0], ground: None };
        }
        let at = [eye[0] + ray[0] * to_ground, eye[1] + ray[1] * to_ground];
        Hit { albedo: self.surface(at[0], at[1]), normal: [0.0, 0.0, 1.0], ground: Some(at) }
    }

    fn surface(&self, u: f64, v: f64) -> Colour {
        let edge = v.abs() - PATH_HALF_M;
        if edge < 0.0 {
            return self.paving(u, v);
        }
        if edge < KERB_M {
            return self.kerb(u, v, edge);
        }
        if (15.0..21.0).contains(&v) {
            return self.road(u, v);
        }
        self.grass(u, v, edge)
    }

    fn paving(&self, u: f64, v: f64) -> Colour {
        let [length, width] = self.slab_m;
        let row = (v / width).floor();
        let shifted = u / length + 0.5 * (row.rem_euclid(2.0));
        let column = shifted.floor();
        let (along, across) = ((shifted - column) * length, v - row * width);
        let tint = hash2(column as i64, row as i64, self.salt) - 0.5;
        let seam = along.min(length - along).min(across).min(width - across);
        let joint = if seam < 0.011 { 0.62 } else { 1.0 };
        let dirt = fractal2(u * 0.45, v * 0.45, self.salt + 11) - 0.5;
        let speck = noise2(u * 45.0, v * 45.0, self.salt + 12) - 0.5;
        let gum = if noise2(u * 5.0, v * 5.0, self.salt + 13) > 0.955 { 0.8 } else { 1.0 };
        let gutter = 1.0 - 0.22 * ((v.abs() - 1.75) / 0.45).clamp(0.0, 1.0);
        let k = (1.0 + 0.26 * tint + 0.42 * dirt + 0.16 * speck) * joint * gum * gutter;
        tinted(self.paving, k)
    }

    fn kerb(&self, u: f64, v: f64, edge: f64) -> Colour {
        let stone = (u / 1.1).floor();
        let along = u - stone * 1.1;
        let side = if v > 0.0 { 1 } else { 0 };
        let tint = hash2(stone as i64, side, self.salt + 21);
        let joint = if along < 0.025 || edge < 0.025 { 0.55 } else { 1.0 };
        let speck = fractal2(u * 6.0, v * 6.0, self.salt + 22);
        tinted([0.40, 0.39, 0.37], (0.72 + 0.2 * tint + 0.25 * speck) * joint)
    }

    fn grass(&self, u: f64, v: f64, edge: f64) -> Colour {
        let blade = noise2(u * 26.0, v * 17.0, self.salt + 31) - 0.5;
        let tuft = fractal2(u * 2.6, v * 2.6, self.salt + 32) - 0.5;
        let patch = fractal2(u * 0.33, v * 0.33, self.salt + 33);
        let k = (1.0 + 0.55 * blade + 0.9 * tuft) * (0.8 + 0.4 * patch);
        let worn = ((0.9 - edge) / 0.9 + (patch - 0.55) * 2.0 + tuft).clamp(0.0, 0.75) as f32;
        let soil = [0.19, 0.15, 0.11];
        let blend = |c: usize| self.grass[c] + (soil[c] - self.grass[c]) * worn;
        tinted(std::array::from_fn(blend), k)
    }

    fn road(&self, u: f64, v: f64) -> Colour {
        let dash = (17.9..18.05).contains(&v) && (u / 6.0).rem_euclid(1.0) < 0.5;
        let rim = !(15.2..20.8).contains(&v);
        let grain = fractal2(u * 1.5, v * 1.5, self.salt + 41);
        let base = if dash {
            [0.45, 0.45, 0.43]
        } else if rim {
            [0.33, 0.32, 0.31]
        } else {
            [0.13, 0.13, 0.135]
        };
        tinted(base, 0.8 + 0.4 * grain)
    }

    fn wall(&self, along: f64, z: f64) -> Colour {
        let bay = (along / 3.1).floor();
        let x = (along / 3.1 - bay) * 3.1;
        let door = bay.rem_euclid(4.0) == 1.0;
        let storey = ((z - 0.0) / 3.4).floor();
        let y = z - storey * 3.4;
        let foot = if door && storey == 0.0 { 0.05 } else { 0.95 };
        let (left, right) = if door { (0.9, 2.2) } else { (0.55, 2.55) };
        let outside = (left - x).max(x - right).max(foot - y).max(y - 2.45);
        if outside < -0.07 {
            let bar = (x - 1.55).abs() < 0.035 || (y - 1.9).abs() < 0.03;
            let sheen = 0.05 + 0.09 * fractal2(along * 0.5, z * 0.8, self.salt + 51);
            return if bar { [0.38; 3] } else { tinted([0.8, 0.95, 1.1], sheen) };
        }
        if outside < 0.0 {
            return [0.42, 0.42, 0.40];
        }
        let stain = fractal2(along * 0.7, z * 0.35, self.salt + 52) - 0.5;
        let grit = noise2(along * 18.0, z * 18.0, self.salt + 53) - 0.5;
        let k = 1.0 + 0.3 * stain + 0.14 * grit;
        if z < 0.55 {
            return tinted([0.17, 0.165, 0.16], k);
        }
        let sill = storey == 0.0 && (3.05..3.25).contains(&z);
        tinted(if sill { [0.5, 0.49, 0.46] } else { self.plaster }, k)
    }
}

fn tinted(colour: Colour, k: f64) -> Colour {
    colour.map(|c| c * k as f32)
}
