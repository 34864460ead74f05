//! A clip of the demonstration's place, as its camera would give it.

use std::path::{Path, PathBuf};

use normwatch::alarm::AlarmConfig;
use normwatch::calibrate::{BackgroundFootage, Budget, Calibration};
use normwatch::capture::{Frame, FrameSource, PixelFormat, SourceError};
use normwatch::model::Bundle;
use normwatch::output::{EventSink, JsonLines};
use normwatch::preprocess::Preprocessor;
use normwatch::replay::{Clip, ClipTrace, PlayError, PlayOptions, Playing, play_from};
use normwatch::runtime::{Scoring, SlowViewOptions, UpdatePolicy, default_alarm};
use normwatch::score::Mask;
use normwatch_scene::clip::Scene;
use normwatch_scene::params::{AnomalyKind, SceneParams};

/// Nothing that happens in a clip begins before it.
pub const LEAD_IN_S: u32 = 8;

/// The place, with these in it.
pub fn scene(seconds: u32, moths: f64, anomalies: &[AnomalyKind]) -> SceneParams {
    SceneParams {
        seed: 7,
        seconds,
        moths,
        anomalies: anomalies.to_vec(),
        anomalies_per_clip: anomalies.len() as u32,
        lead_in_s: f64::from(LEAD_IN_S),
        ..SceneParams::default()
    }
}

pub fn bundle() -> Bundle {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/walkway-edge");
    Bundle::load(&path).unwrap()
}

/// The bundle's calibration, with a background of the place, as `calibrate` makes it today.
pub fn calibration(bundle: &Bundle) -> Calibration {
    let spec = bundle.manifest().input.spec();
    let (width, height) = (spec.width_px, spec.height_px);
    let mut calibration = Calibration::parse(&bundle.calibration_text().unwrap().unwrap()).unwrap();
    let mut footage = BackgroundFootage::new(width, height).unwrap();
    let mut preprocessor = Preprocessor::new(spec);
    let mut frame = vec![0; spec.frame_len()];
    let mut source = rendered(&scene(40, 0.0, &[]), 300);
    while let Some(picture) = source.next_frame().unwrap() {
        preprocessor.process(&picture, &mut frame).unwrap();
        footage.see(&frame, picture.timestamp_ns);
    }
    calibration.stays = Some(footage.learn(&Mask::everything(width, height)).unwrap().0);
    calibration
}

/// One false alarm a day, raised after so long.
pub fn options(bundle: &Bundle, calibration: Calibration, min_duration_ms: u32) -> PlayOptions {
    let budget = Budget { alarms_per_day: 1.0, min_duration_ms }.levels(&calibration);
    let input = bundle.manifest().input;
    PlayOptions {
        alarm: AlarmConfig { min_duration_ms, ..default_alarm(budget.levels()) },
        mask: Mask::everything(input.width_px, input.height_px),
        scoring: Scoring::deployed(calibration),
        update: UpdatePolicy::Frozen,
        fps: input.fps,
        stabilise: false,
        motion_gate_levels: None,
        slow: SlowViewOptions::default(),
        pictures: None,
        trace: None,
    }
}

struct Rendered {
    params: SceneParams,
    /// Each with its number: some may be missing.
    pictures: Vec<(u64, Vec<u8>)>,
    next: usize,
}

impl FrameSource for Rendered {
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, SourceError> {
        let Some((sequence, data)) = self.pictures.get(self.next) else { return Ok(None) };
        let sequence = *sequence;
        self.next += 1;
        Ok(Some(Frame {
            format: PixelFormat::Grey,
            width_px: self.params.width_px,
            height_px: self.params.height_px,
            stride_bytes: self.params.width_px as usize,
            data,
            timestamp_ns: sequence * 1_000_000_000 / u64::from(self.params.fps),
            sequence,
        }))
    }

    fn describe(&self) -> String {
        "rendered".into()
    }
}

fn rendered(params: &SceneParams, number: u32) -> Rendered {
    let scene = Scene::new(params).unwrap();
    let clip = scene.clip(number).unwrap();
    let pictures = (0..).zip(clip.frames().map(|frame| frame.pixels)).collect();
    Rendered { params: params.clone(), pictures, next: 0 }
}

/// Plays a clip; `observe` sees every judged frame.
pub fn play(
    params: &SceneParams,
    number: u32,
    played: (&Bundle, &PlayOptions),
    sink: Option<impl EventSink>,
    observe: &mut dyn FnMut(&Playing<'_>),
) -> ClipTrace {
    play_pictures(&|| rendered(params, number), played, sink, observe)
}

/// Plays a clip whose pictures `change` alters, by number, and leaves out where it says so.
pub fn play_changed(
    params: &SceneParams,
    number: u32,
    played: (&Bundle, &PlayOptions),
    change: &dyn Fn(u64, &mut [u8]) -> bool,
) -> ClipTrace {
    let changed = || {
        let mut source = rendered(params, number);
        source.pictures.retain_mut(|(number, picture)| change(*number, picture));
        source
    };
    play_pictures(&changed, played, None::<JsonLines<Vec<u8>>>, &mut |_| ())
}

fn play_pictures(
    source: &dyn Fn() -> Rendered,
    (bundle, options): (&Bundle, &PlayOptions),
    sink: Option<impl EventSink>,
    observe: &mut dyn FnMut(&Playing<'_>),
) -> ClipTrace {
    let open = |_: &Clip| Ok(Box::new(source()) as Box<dyn FrameSource + Send>);
    let clip = Clip { name: "clip".into(), path: PathBuf::from("rendered") };
    let mut each = |playing: &Playing<'_>| {
        observe(playing);
        Ok::<_, PlayError>(())
    };
    let played = play_from(bundle, &[clip], options, &open, sink, &mut each).unwrap();
    played.traces.into_iter().next().unwrap()
}
