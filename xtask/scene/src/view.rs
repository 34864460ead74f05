//! The fixed camera: a pinhole above the path that looks down at an angle.

use super::number::{Vec3, add, dot, scale, sin_cos, sub};

/// A pinhole camera in super-sampled pixels.
#[derive(Clone, Debug)]
pub struct View {
    pub width: usize,
    pub height: usize,
    focal_px: f64,
    eye: Vec3,
    right: Vec3,
    up: Vec3,
    forward: Vec3,
}

/// Where a point of the scene falls in the picture.
#[derive(Clone, Copy, Debug)]
pub struct Projected {
    pub x: f64,
    pub y: f64,
    /// Pixels per metre at its distance.
    pub px_per_m: f64,
}

/// How a camera is mounted.
#[derive(Clone, Copy, Debug)]
pub struct Mount {
    pub height_m: f64,
    pub pitch_rad: f64,
    pub yaw_rad: f64,
    /// The point of the ground at the centre of the picture.
    pub target: [f64; 2],
    /// Focal length as a multiple of the picture's width.
    pub focal: f64,
}

impl View {
    /// A camera of `width` by `height` pixels at `mount`.
    pub fn new(width: usize, height: usize, mount: Mount) -> Self {
        let (sp, cp) = sin_cos(mount.pitch_rad);
        let (sy, cy) = sin_cos(mount.yaw_rad);
        let reach_m = mount.height_m * cp / sp;
        let long_edge = (width as f64).max(height as f64 * 16.0 / 9.0);
        Self {
            width,
            height,
            focal_px: mount.focal * long_edge,
            eye: [mount.target[0] - reach_m * sy, mount.target[1] - reach_m * cy, mount.height_m],
            right: [cy, -sy, 0.0],
            up: [sy * sp, cy * sp, cp],
            forward: [sy * cp, cy * cp, -sp],
        }
    }

    /// Projects `p`; `None` where it is beside or behind the lens.
    pub fn project(&self, p: Vec3) -> Option<Projected> {
        let d = sub(p, self.eye);
        let depth_m = dot(d, self.forward);
        if depth_m < 0.5 {
            return None;
        }
        let px_per_m = self.focal_px / depth_m;
        Some(Projected {
            x: self.width as f64 / 2.0 + dot(d, self.right) * px_per_m,
            y: self.height as f64 / 2.0 - dot(d, self.up) * px_per_m,
            px_per_m,
        })
    }

    /// Distance of `p` along the optical axis, in metres.
    pub fn depth_m(&self, p: Vec3) -> f64 {
        dot(sub(p, self.eye), self.forward)
    }

    pub fn eye(&self) -> Vec3 {
        self.eye
    }

    /// Direction of the ray through a point of the picture, not normalised.
    pub fn ray(&self, x: f64, y: f64) -> Vec3 {
        let across = scale(self.right, (x - self.width as f64 / 2.0) / self.focal_px);
        let above = scale(self.up, (self.height as f64 / 2.0 - y) / self.focal_px);
        add(self.forward, add(across, above))
    }

    /// The direction that appears as `(x, y, towards the viewer)`.
    pub fn facing(&self, x: f64, y: f64, toward: f64) -> Vec3 {
        add(add(scale(self.right, x), scale(self.up, y)), scale(self.forward, -toward))
    }

    /// Whether anything within `margin_m` of the ground point `at` shows.
    pub fn sees(&self, at: [f64; 2], margin_m: f64) -> bool {
        self.project([at[0], at[1], 0.9]).is_some_and(|p| {
            let m = margin_m * p.px_per_m;
            let inside = |v: f64, size: usize| v > -m && v < size as f64 + m;
            inside(p.x, self.width) && inside(p.y, self.height)
        })
    }

    /// First and last visible position along the line `across_m` of the path.
    pub fn span_m(&self, across_m: f64, margin_m: f64) -> [f64; 2] {
        let steps = (-160..=160).map(|k| f64::from(k) * 0.25);
        let mut seen = steps.filter(|&u| self.sees([u, across_m], margin_m));
        let first = seen.next().unwrap_or(-5.0);
        [first, seen.next_back().unwrap_or(5.0)]
    }
}
