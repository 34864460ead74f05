//! A scene, its clips and their frames.

use super::actor::Actor;
use super::anomaly::{Event, plan};
use super::moth::{Moth, moths};
use super::number::{Concern, Stream};
use super::params::SceneParams;
use super::place::Place;
use super::raster::{Brush, Canvas, Part};
use super::sensor::{Daylight, Sensor, Shake, shift_px};
use super::sky::{SunPath, Weather};
use super::traffic::populate;
use anyhow::{Result, ensure};
use std::cell::RefCell;

/// A place with its camera, from which any number of clips can be drawn.
///
/// Clips of the same scene show the same place; their number selects traffic,
/// anomalies, light and noise.
pub struct Scene {
    params: SceneParams,
    place: Place,
    sensor: Sensor,
}

/// One picture with its ground truth.
#[derive(Clone, Debug, PartialEq)]
pub struct RenderedFrame {
    /// Interleaved 8-bit pixels: one grey or three colour channels.
    pub pixels: Vec<u8>,
    /// One byte per pixel, 1 where an anomaly is visible.
    pub mask: Vec<u8>,
    /// Number of pixels set in the mask.
    pub anomalous_px: u32,
    /// Whether the frame counts as anomalous.
    pub label: bool,
}

/// The plan of one clip, ready to render any of its frames.
pub struct Clip<'a> {
    scene: &'a Scene,
    number: u32,
    pub events: Vec<Event>,
    pub actors: Vec<Actor>,
    daylight: Daylight,
    shake: Shake,
    sun_path: SunPath,
    weather: Weather,
    moths: Vec<Moth>,
    scratch: RefCell<Scratch>,
}

/// Buffers that are kept from frame to frame.
struct Scratch {
    canvas: Canvas,
    shade: Vec<f32>,
    /// The shadows of the place for one step of the sun.
    turned: Option<(i64, Vec<f32>)>,
}

impl Scene {
    /// Builds the place of `params.seed`.
    pub fn new(params: &SceneParams) -> Result<Self> {
        ensure!(params.fps > 0, "the frame rate must be at least 1 frame/s");
        ensure!(
            (48..=4096).contains(&params.width_px) && (48..=4096).contains(&params.height_px),
            "a picture of {}x{} px is outside 48 to 4096 px a side",
            params.width_px,
            params.height_px
        );
        let place = Place::new(params.seed, params.camera, params.width_px, params.height_px);
        Ok(Self { params: params.clone(), place, sensor: Sensor::new(params) })
    }

    pub fn params(&self) -> &SceneParams {
        &self.params
    }

    /// Plans clip `number`. Fails where its anomalies do not fit into it.
    pub fn clip(&self, number: u32) -> Result<Clip<'_>> {
        let p = &self.params;
        let id = u64::from(number);
        let events = plan(&self.place, p, number)?;
        let mut actors: Vec<Actor> = events.iter().flat_map(|e| e.actors.clone()).collect();
        let seconds = f64::from(p.seconds);
        actors.extend(populate(&self.place.view, p.seed, id, seconds, p.density, &actors));
        Ok(Clip {
            scene: self,
            number,
            events,
            actors,
            daylight: Daylight::new(p, id),
            shake: Shake::new(p.seed, id, p.shake_px),
            sun_path: SunPath::new(self.place.to_sun, p),
            weather: Weather::new(&self.place, p, id),
            moths: moths(p, id),
            scratch: RefCell::new(Scratch {
                canvas: Canvas::new(self.place.view.width, self.place.view.height),
                shade: vec![0.0; self.place.occluders_m().len()],
                turned: None,
            }),
        })
    }
}

impl Clip<'_> {
    /// All frames of the clip in order.
    pub fn frames(&self) -> impl Iterator<Item = RenderedFrame> + '_ {
        (0..self.scene.params.frames()).map(|frame| self.render(frame))
    }

    /// Renders frame `frame`, whatever was rendered before.
    pub fn render(&self, frame: u32) -> RenderedFrame {
        let Scene { params, place, sensor } = self.scene;
        let t_s = f64::from(frame) / f64::from(params.fps);
        let exposure = self.daylight.at(t_s);
        let figures = self.figures(t_s);

        let step = self.sun_path.step(t_s);
        let to_sun = self.sun_path.to_sun(step);
        let Scratch { canvas, shade, turned } = &mut *self.scratch.borrow_mut();
        let still = if step == 0 {
            place.still_shade()
        } else {
            if turned.as_ref().is_none_or(|(at, _)| *at != step) {
                *turned = Some((step, place.shade_at(to_sun)));
            }
            turned.as_ref().map_or(place.still_shade(), |(_, shade)| shade)
        };
        shade.fill(0.0);
        for part in figures.iter().flat_map(|f| &f.parts) {
            place.catcher().cast(part, to_sun, shade);
        }
        let (sun, sky) = self.weather.daylight(exposure.sun, exposure.sky);
        place.backdrop(canvas, still, shade, sun, sky);
        self.weather.veil(canvas, sky);
        let light = place.light(to_sun, sun, sky);
        for mut figure in figures {
            let brush = Brush {
                view: &place.view,
                light,
                lit: place.lit(still, figure.at),
                mark: figure.mark,
                depth_m: figure.depth_m as f32,
                occluders_m: place.occluders_m(),
                haze: self.weather.haze(figure.depth_m as f32, sky),
            };
            canvas.draw(&mut figure.parts, &brush);
        }

        self.weather.fall(canvas, t_s, frame, sky);
        self.moths.iter().for_each(|moth| moth.draw(canvas, t_s));

        let shift = shift_px(&self.shake, t_s);
        let noise =
            Stream::new(params.seed, Concern::Noise, u64::from(self.number), u64::from(frame));
        let mask = sensor.mask(canvas, shift);
        let anomalous_px = mask.iter().map(|&m| u32::from(m)).sum();
        RenderedFrame {
            pixels: sensor.expose(canvas, shift, exposure.gain, noise),
            mask,
            anomalous_px,
            label: anomalous_px >= params.label_threshold_px(),
        }
    }

    /// Everybody who is present, the farthest first.
    fn figures(&self, t_s: f64) -> Vec<Figure> {
        let mut figures: Vec<Figure> = self
            .actors
            .iter()
            .filter_map(|actor| {
                let at = actor.at(t_s)?;
                let mut parts = Vec::new();
                actor.build(t_s, &mut parts);
                let depth_m = self.scene.place.view.depth_m([at[0], at[1], 0.0]);
                let mark = if actor.is_anomalous(t_s) { 1.0 } else { 0.0 };
                Some(Figure { parts, at, depth_m, mark })
            })
            .collect();
        figures.sort_by(|a, b| b.depth_m.total_cmp(&a.depth_m));
        figures
    }
}

struct Figure {
    parts: Vec<Part>,
    at: [f64; 2],
    depth_m: f64,
    mark: f32,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::Body;
    use crate::params::AnomalyKind;
    use crate::traffic::{LANE_M, LANES};
    use clap::ValueEnum;

    fn small() -> SceneParams {
        SceneParams { width_px: 160, height_px: 90, seconds: 30, ..SceneParams::default() }
    }

    fn digest(frames: impl Iterator<Item = RenderedFrame>) -> u64 {
        frames.flat_map(|f| f.pixels).fold(0xCBF2_9CE4_8422_2325, |h, byte| {
            (h ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
        })
    }

    fn clip_digest(params: &SceneParams, clip: u32) -> u64 {
        let scene = Scene::new(params).unwrap();
        digest(scene.clip(clip).unwrap().frames().take(12))
    }

    #[test]
    fn equal_parameters_give_equal_pixels() {
        let params = small();
        assert_eq!(clip_digest(&params, 1), clip_digest(&params, 1));
        assert_ne!(clip_digest(&params, 1), clip_digest(&params, 2));
        let elsewhere = SceneParams { seed: 2, ..small() };
        assert_ne!(clip_digest(&params, 1), clip_digest(&elsewhere, 1));
    }

    #[test]
    fn a_frame_does_not_depend_on_the_frames_before() {
        let scene = Scene::new(&small()).unwrap();
        let in_turn = scene.clip(1).unwrap().frames().nth(7).unwrap();
        assert_eq!(scene.clip(1).unwrap().render(7), in_turn);
    }

    #[test]
    fn normal_footage_has_no_label_and_no_mask() {
        let scene = Scene::new(&small()).unwrap();
        for frame in scene.clip(1).unwrap().frames().step_by(5) {
            assert!(!frame.label);
            assert!(frame.mask.iter().all(|&m| m == 0));
        }
    }

    #[test]
    fn pixels_and_masks_have_the_size_of_the_frame() {
        for colour in [false, true] {
            let params = SceneParams { colour, shake_px: 1.0, ..small() };
            let frame = Scene::new(&params).unwrap().clip(1).unwrap().render(3);
            assert_eq!(frame.mask.len(), 160 * 90);
            assert_eq!(frame.pixels.len(), 160 * 90 * if colour { 3 } else { 1 });
        }
    }

    #[test]
    fn every_kind_is_labelled_for_a_second_between_normal_stretches() {
        for seed in 1..=3 {
            for &kind in AnomalyKind::value_variants() {
                let params = SceneParams {
                    seed,
                    seconds: 40,
                    anomalies: vec![kind],
                    anomalies_per_clip: 1,
                    ..small()
                };
                check_labels(&params, seed as u32);
            }
        }
    }

    fn check_labels(params: &SceneParams, number: u32) {
        let case = format!("seed {}, {:?}", params.seed, params.anomalies);
        let scene = Scene::new(params).unwrap();
        let clip = scene.clip(number).unwrap();
        let [from_s, to_s] = clip.events[0].window_s;
        assert!(from_s >= params.lead_in_s, "{case}");
        let mut labelled = 0;
        for (k, frame) in clip.frames().enumerate() {
            let set: u32 = frame.mask.iter().map(|&m| u32::from(m)).sum();
            assert_eq!(frame.label, set >= params.label_threshold_px(), "{case}");
            let t_s = k as f64 / f64::from(params.fps);
            assert!(!frame.label || (from_s - 0.2..to_s + 0.2).contains(&t_s), "{case}");
            labelled += u32::from(frame.label);
        }
        assert!(labelled >= params.fps, "{case} shows in {labelled} frames");
    }

    #[test]
    fn normal_walkers_keep_to_their_lane_and_its_direction() {
        let scene = Scene::new(&SceneParams { density: 2.0, ..small() }).unwrap();
        for actor in scene.clip(3).unwrap().actors {
            let Body::Walker(walker) = &actor.body else { panic!("not a walker") };
            let lane = if walker.route.from[1] < 0.0 { LANES[0] } else { LANES[1] };
            assert_eq!(walker.route.heading, lane.heading());
            let mut t_s = actor.present_s[0];
            while t_s < actor.present_s[1] {
                assert!((0.0..2.0).contains(&walker.route.speed_mps(t_s)));
                let from_middle_m = walker.at(t_s)[1] * lane.side;
                assert!((LANE_M[0] - 0.06..LANE_M[1] + 0.06).contains(&from_middle_m));
                t_s += 0.1;
            }
        }
    }

    #[test]
    fn anomalies_that_do_not_fit_are_refused() {
        let params = SceneParams {
            anomalies: vec![AnomalyKind::LeftBehind],
            anomalies_per_clip: 5,
            ..small()
        };
        let error = Scene::new(&params).unwrap().clip(1).err().unwrap();
        assert!(error.to_string().contains("do not fit"));
    }
}
