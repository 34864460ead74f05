//! Insects that cross close before the lens, in the light of the camera's own infrared
//! lamp: large, bright, blurred, and gone in a fraction of a second.

use super::number::{Concern, Stream, smoothstep};
use super::params::SceneParams;
use super::raster::{Canvas, Haze};

/// The shutter is open for so long: what is this near smears.
const SHUTTER_S: f64 = 1.0 / 30.0;

/// Light that comes back, as a multiple of white in daylight: the lamp is centimetres away.
const LIT: [f64; 2] = [1.2, 2.5];

/// One insect. Lengths are in parts of the picture's height.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moth {
    /// When it is somewhere before the lens, in seconds from the start of the clip.
    pub shown_s: [f64; 2],
    from: [f64; 2],
    to: [f64; 2],
    /// How far its way bends aside.
    bend: [f64; 2],
    /// Of the blurred disc, up to where nothing of it is left.
    radius: f64,
    light: f32,
}

/// The insects of one clip, the earliest first: so many a minute, none while there should be
/// nothing odd yet.
pub fn moths(params: &SceneParams, clip: u64) -> Vec<Moth> {
    let SceneParams { seed, moths, lead_in_s, .. } = *params;
    let span_s = f64::from(params.seconds) - lead_in_s;
    let count = (moths * span_s / 60.0).round().max(0.0) as u64;
    let aspect = f64::from(params.width_px) / f64::from(params.height_px);
    let each = |k: u64| {
        let mut stream = Stream::new(seed, Concern::Moth, clip, k);
        // Each has its share of the time for itself.
        let share = (k as f64 + stream.range(0.1, 0.6)) / count as f64;
        Moth::new(lead_in_s + span_s * share, aspect, &mut stream)
    };
    (0..count).map(each).collect()
}

impl Moth {
    /// From one side of the picture through its middle part to the other.
    fn new(start_s: f64, aspect: f64, stream: &mut Stream) -> Self {
        let radius = stream.range(0.18, 0.40);
        let ends = [-radius, aspect + radius];
        let (from, to) = if stream.chance(0.5) { (0, 1) } else { (1, 0) };
        let from = [ends[from], stream.range(0.2, 0.8)];
        let to = [ends[to], stream.range(0.2, 0.8)];
        Self {
            shown_s: [start_s, start_s + stream.range(0.25, 0.5)],
            from,
            to,
            bend: [stream.range(-0.1, 0.1), stream.range(-0.2, 0.2)],
            radius,
            light: stream.range(LIT[0], LIT[1]) as f32,
        }
    }

    fn at(&self, t_s: f64) -> [f64; 2] {
        let [from_s, to_s] = self.shown_s;
        let way = (t_s - from_s) / (to_s - from_s);
        let aside = 4.0 * way * (1.0 - way);
        [0, 1].map(|k| self.from[k] + (self.to[k] - self.from[k]) * way + self.bend[k] * aside)
    }

    /// Draws it in front of everything. The mask stays as it is: nothing has happened.
    pub fn draw(&self, canvas: &mut Canvas, t_s: f64) {
        if t_s + SHUTTER_S <= self.shown_s[0] || self.shown_s[1] <= t_s {
            return;
        }
        let height = canvas.height as f64;
        let [a, b] = [t_s, t_s + SHUTTER_S].map(|t_s| self.at(t_s).map(|part| part * height));
        let radius = self.radius * height;
        // What smears is as much dimmer as it is longer.
        let drawn = distance([b[0] - a[0], b[1] - a[1]]);
        let light = [self.light * (radius / (radius + 0.5 * drawn)) as f32; 3];
        let rows = [a[1].min(b[1]) - radius, a[1].max(b[1]) + radius];
        let columns = [a[0].min(b[0]) - radius, a[0].max(b[0]) + radius];
        let inside = |v: f64, size: usize| v.clamp(0.0, size as f64) as usize;
        for y in inside(rows[0], canvas.height)..inside(rows[1], canvas.height) {
            for x in inside(columns[0], canvas.width)..inside(columns[1], canvas.width) {
                let off = aside([x as f64 + 0.5, y as f64 + 0.5], a, b) / radius;
                let share = 1.0 - smoothstep(0.25, 1.0, off);
                let pixel = &mut canvas.rgb[y * canvas.width + x];
                *pixel = Haze { share: share as f32, air: light }.over(*pixel);
            }
        }
    }
}

fn distance(v: [f64; 2]) -> f64 {
    (v[0] * v[0] + v[1] * v[1]).sqrt()
}

/// Distance of a point from the line between two others.
fn aside(point: [f64; 2], a: [f64; 2], b: [f64; 2]) -> f64 {
    let way = [b[0] - a[0], b[1] - a[1]];
    let off = [point[0] - a[0], point[1] - a[1]];
    let square = way[0] * way[0] + way[1] * way[1];
    let along = if square > 0.0 {
        ((off[0] * way[0] + off[1] * way[1]) / square).clamp(0.0, 1.0)
    } else {
        0.0
    };
    distance([off[0] - way[0] * along, off[1] - way[1] * along])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clip::Scene;

    fn night() -> SceneParams {
        SceneParams {
            width_px: 160,
            height_px: 90,
            seconds: 30,
            lead_in_s: 4.0,
            light: -0.6,
            light_drift: 0.0,
            noise_sigma: 0.0,
            density: 0.0,
            moths: 12.0,
            ..SceneParams::default()
        }
    }

    #[test]
    fn a_moth_is_large_bright_and_gone_within_half_a_second() {
        let params = night();
        let empty = SceneParams { moths: 0.0, ..night() };
        let (with, without) = (Scene::new(&params).unwrap(), Scene::new(&empty).unwrap());
        let (with, without) = (with.clip(3).unwrap(), without.clip(3).unwrap());
        let all = moths(&params, 3);
        assert_eq!(all.len(), 5, "twelve a minute, from the fourth second on");
        for moth in &all {
            let [from_s, to_s] = moth.shown_s;
            assert!(from_s >= params.lead_in_s && (0.25..=0.5).contains(&(to_s - from_s)));
            let mut largest = 0;
            for frame in (from_s * 10.0) as u32 - 2..(to_s * 10.0) as u32 + 4 {
                let (seen, usual) = (with.render(frame), without.render(frame));
                assert!(!seen.label && seen.mask == usual.mask, "it is nothing that happened");
                let brighter = |(a, b): (&u8, &u8)| a.saturating_sub(*b) > 40;
                let px = seen.pixels.iter().zip(&usual.pixels).filter(|p| brighter(*p)).count();
                let t_s = f64::from(frame) / 10.0;
                assert!(px == 0 || (from_s - SHUTTER_S..to_s).contains(&t_s), "{moth:?} at {t_s}");
                largest = largest.max(px);
            }
            assert!(largest > 160 * 90 / 20, "{largest} px of {moth:?}");
        }
    }

    #[test]
    fn equal_seeds_have_equal_moths_and_other_clips_have_others() {
        assert_eq!(moths(&night(), 3), moths(&night(), 3));
        assert_ne!(moths(&night(), 3), moths(&night(), 4));
        assert!(moths(&SceneParams { moths: 0.0, ..night() }, 3).is_empty());
    }
}
