//! A scene on disk: its parts, its pictures, and what it lacks.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use normwatch::capture::{FrameSource, SourceErrorKind};
use normwatch::preprocess::{Channels, InputSpec, Preprocessor, Resize};
use normwatch::replay::Clip;

use super::ScenesArgs;
use super::rate::{RateSource, rate_of};
use crate::eval::dataset::{Dataset, TestClip};

/// How a folder must look to be a scene.
pub const LAYOUT: &str = "a scene holds training/frames/CLIP/*.jpg, testing/frames/CLIP/*.jpg and \
                          testing/labels.json";

/// Mean difference of the colours, in 8-bit levels, up to which a picture is
/// grey: lossy compression colours a grey one a little.
const GREY_LEVELS: f64 = 2.0;

/// A scene that can be trained on and judged.
#[derive(Debug)]
pub struct Scene {
    pub name: String,
    pub fps: f64,
    pub fps_from: RateSource,
    pub pictures: Pictures,
    pub dataset: Dataset,
    /// What a reader of its figures must know.
    pub notes: Vec<String>,
}

/// What a camera's pictures are like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pictures {
    pub width_px: usize,
    pub height_px: usize,
    /// No colour in them, as from a grey or an infrared camera.
    pub grey: bool,
}

/// The scenes under `data` by name, or `data` itself if it is one.
///
/// # Errors
/// None there, or none of a name in `only`.
pub fn list(data: &Path, only: &[String]) -> Result<BTreeMap<String, PathBuf>> {
    let is_scene = |path: &Path| path.join("training").is_dir() || path.join("testing").is_dir();
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let unread = || format!("{} cannot be read", data.display());
    let mut scenes = BTreeMap::new();
    if is_scene(data) {
        let whole = fs::canonicalize(data).with_context(unread)?;
        scenes.insert(name(&whole), whole);
    } else {
        for entry in fs::read_dir(data).with_context(unread)? {
            let path = entry.with_context(unread)?.path();
            if is_scene(&path) {
                scenes.insert(name(&path), path);
            }
        }
    }
    ensure!(!scenes.is_empty(), "{} holds no scene: {LAYOUT}", data.display());
    if let Some(unknown) = only.iter().find(|name| !scenes.contains_key(*name)) {
        let known: Vec<&str> = scenes.keys().map(String::as_str).collect();
        bail!("--only {unknown}: there is no such scene; there are {}", known.join(", "));
    }
    scenes.retain(|name, _| only.is_empty() || only.contains(name));
    Ok(scenes)
}

impl Scene {
    /// Reads all but the frames; `assumed_fps` is for a scene whose rate nobody
    /// says.
    ///
    /// # Errors
    /// What the scene lacks.
    pub fn read(name: &str, path: &Path, args: &ScenesArgs, assumed_fps: f64) -> Result<Self> {
        for (part, what) in [("training", "training"), ("testing", "test")] {
            let frames = path.join(part).join("frames");
            ensure!(
                frames.is_dir(),
                "it has no {what} part: {} is missing; {LAYOUT}",
                frames.display()
            );
        }
        let mut dataset = Dataset::open(path, true)?;
        let (fps, fps_from) = rate_of(name, path, &args.fps, assumed_fps)?;
        let pictures = pictures(&dataset.training)?;
        let mut notes = Vec::new();
        if fps_from == RateSource::Assumed {
            notes.push(format!(
                "nobody says its rate, {fps} frames a second are assumed: --fps {name}=RATE"
            ));
        }
        notes.extend(leave_out_other_cameras(&mut dataset.testing, pictures)?);
        Ok(Self { name: name.to_owned(), fps, fps_from, pictures, dataset, notes })
    }

    /// Whether any frame of the test part is abnormal.
    pub fn has_anomalies(&self) -> bool {
        self.dataset.testing.iter().any(|test| test.truth.contains(&true))
    }
}

/// Those of the training part, which must be of one size.
fn pictures(training: &[Clip]) -> Result<Pictures> {
    let mut first: Option<(&Clip, Pictures)> = None;
    for clip in training {
        let found = pictures_of(clip)?;
        match first {
            None => first = Some((clip, found)),
            Some((of, expected)) => ensure!(
                same_size(expected, found),
                "its training clips differ in size, {} in `{}` and {} in `{}`: leave the others \
                 out, or make scenes of them",
                size(expected),
                of.name,
                size(found),
                clip.name
            ),
        }
    }
    first.map(|(_, pictures)| pictures).context("its training part holds no clip")
}

/// A camera does not change its pictures' size: test clips of another one are
/// of another camera, and say nothing about this one. Gives a note on them.
fn leave_out_other_cameras(
    testing: &mut Vec<TestClip>,
    expected: Pictures,
) -> Result<Option<String>> {
    let mut others = Vec::new();
    let mut kept = Vec::new();
    for test in testing.drain(..) {
        let found = pictures_of(&test.clip)?;
        if same_size(expected, found) {
            kept.push(test);
        } else {
            others.push(format!("{} ({})", test.clip.name, size(found)));
        }
    }
    *testing = kept;
    let note = format!(
        "left out: test clips of another size than the training's {}: {}",
        size(expected),
        others.join(", ")
    );
    ensure!(!testing.is_empty(), "no test clip is left: {note}");
    Ok((!others.is_empty()).then_some(note))
}

fn same_size(a: Pictures, b: Pictures) -> bool {
    (a.width_px, a.height_px) == (b.width_px, b.height_px)
}

fn size(pictures: Pictures) -> String {
    format!("{}×{}", pictures.width_px, pictures.height_px)
}

/// Of a clip's first frame that can be read.
fn pictures_of(clip: &Clip) -> Result<Pictures> {
    let mut source = clip.open(1.0)?;
    loop {
        match look(source.as_mut()) {
            Ok(Some(pictures)) => return Ok(pictures),
            Ok(None) => bail!("clip `{}`: no frame of it can be read", clip.name),
            Err(Unseen::Skipped) => {}
            Err(Unseen::Fatal(error)) => return Err(error),
        }
    }
}

enum Unseen {
    Skipped,
    Fatal(anyhow::Error),
}

fn look(source: &mut (dyn FrameSource + Send)) -> Result<Option<Pictures>, Unseen> {
    let frame = match source.next_frame() {
        Ok(Some(frame)) => frame,
        Ok(None) => return Ok(None),
        Err(error) if error.kind() == SourceErrorKind::FrameSkipped => return Err(Unseen::Skipped),
        Err(error) => return Err(Unseen::Fatal(error.into())),
    };
    let (width_px, height_px) = (frame.width_px as usize, frame.height_px as usize);
    let spec = InputSpec {
        width_px,
        height_px,
        channels: Channels::Rgb,
        resize: Resize::Bilinear,
        relight: false,
    };
    let mut planes = vec![0; spec.frame_len()];
    let processed = Preprocessor::new(spec).process(&frame, &mut planes);
    processed.map_err(|_| Unseen::Skipped)?;
    Ok(Some(Pictures { width_px, height_px, grey: is_grey(&planes, width_px * height_px) }))
}

/// Whether three planes of so many pixels show no colour.
fn is_grey(planes: &[u8], pixels: usize) -> bool {
    let [red, green, blue] = [0, 1, 2].map(|plane| &planes[plane * pixels..(plane + 1) * pixels]);
    let difference = |a: &[u8], b: &[u8]| -> f64 {
        a.iter().zip(b).map(|(&a, &b)| f64::from(a.abs_diff(b))).sum::<f64>() / pixels as f64
    };
    difference(red, green).max(difference(green, blue)) < GREY_LEVELS
}
