//! The demonstration's clip, judged as `normwatch demo` judges it, and what of it
//! a picture shows.

use std::path::Path;

use anyhow::{Context, Result};
use normwatch::alarm::{Levels, State};
use normwatch::model::Bundle;
use normwatch::output::JsonLines;
use normwatch::replay::{Clip, PlayError, PlayOptions, Playing, list_footage, play};
use normwatch::runtime::{
    DEFAULT_MIN_DURATION_MS, Scoring, SlowViewOptions, UpdatePolicy, default_alarm,
};
use normwatch::station::{levels, require_calibration, whole_picture};

/// One frame of the clip after it was judged.
pub struct Judged {
    /// Its number in the clip.
    pub frame: u64,
    pub time_s: f64,
    pub score: Option<f32>,
    pub state: State,
    /// Electrical levels.
    pub alarm_high: bool,
    pub fault_high: bool,
    /// Squared error by model pixel.
    pub error: Vec<f32>,
    /// The block that decided: left, top and side, in model pixels.
    pub worst_block: [usize; 3],
}

/// The whole clip.
pub struct Demonstration {
    pub clip: Clip,
    pub fps: f64,
    pub levels: Levels,
    /// Width and height of the error maps.
    pub map: (usize, usize),
    pub frames: Vec<Judged>,
    /// What the pictures come from: the model's checksum, in short.
    pub model: String,
}

impl Demonstration {
    /// # Errors
    /// The bundle or the clip cannot be read, or the network fails.
    pub fn play(root: &Path) -> Result<Self> {
        let bundle = Bundle::load(&root.join("models/walkway-edge"))?;
        let clips = list_footage(&root.join("models/walkway-clip"))?;
        let mask = whole_picture(&bundle);
        let calibration = require_calibration(&bundle, None, &mask)?;
        let levels = levels(&calibration, 1.0, DEFAULT_MIN_DURATION_MS)?.levels();
        let input = bundle.manifest().input;
        let options = PlayOptions {
            alarm: default_alarm(levels),
            mask,
            scoring: Scoring::deployed(calibration),
            update: UpdatePolicy::Frozen,
            fps: input.fps,
            stabilise: true,
            motion_gate_levels: None,
            slow: SlowViewOptions::default(),
            pictures: None,
            trace: None,
        };
        let mut frames = Vec::new();
        let mut keep = |playing: &Playing<'_>| {
            frames.extend(judged(playing, input.fps));
            Ok::<(), PlayError>(())
        };
        play(&bundle, &clips, &options, None::<JsonLines<Vec<u8>>>, &mut keep)?;
        let clip = clips.into_iter().next().context("the demonstration has no clip")?;
        let map = (input.width_px, input.height_px);
        let model = bundle.model_sha256().chars().take(16).collect();
        Ok(Self { clip, fps: input.fps, levels, map, frames, model })
    }
}

/// `None` for a frame without a score.
fn judged(playing: &Playing<'_>, fps: f64) -> Option<Judged> {
    let score = playing.step.score.as_ref()?;
    let block = score.error.worst_block;
    Some(Judged {
        frame: score.sequence,
        time_s: score.sequence as f64 / fps,
        score: score.surprise.map(|surprise| surprise.score),
        state: playing.step.state,
        alarm_high: playing.alarm_line == Some(true),
        fault_high: playing.fault_line == Some(true),
        error: playing.error_map.map().to_vec(),
        worst_block: [block.x_px, block.y_px, block.size_px],
    })
}
