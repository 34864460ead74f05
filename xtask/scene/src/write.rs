//! Writing footage with its ground truth to a folder.

use super::clip::{RenderedFrame, Scene};
use super::params::SceneParams;
use super::truth::{Labels, Record, Summary, records, write_mask};
use anyhow::{Context, Result, ensure};
use jpeg_encoder::{ColorType, Encoder};
use normwatch_progress::ProgressBar;
use serde::Serialize;
use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};

/// How frames are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    Jpeg { quality: u8 },
    Png,
}

/// Which clips go where.
#[derive(Clone, Debug)]
pub struct Job {
    pub out: PathBuf,
    pub first_clip: u32,
    pub clips: u32,
    pub storage: Storage,
    /// Replace footage that is already there.
    pub force: bool,
}

/// What was rendered.
#[derive(Debug, Serialize)]
pub struct Rendered {
    pub out: PathBuf,
    pub clips: u32,
    /// In all clips.
    pub frames: u64,
    pub events: Vec<Record>,
}

/// Renders all clips of `job`. `scene.toml` is written last: a directory that
/// has one is complete.
pub fn write(scene: &Scene, job: &Job) -> Result<Rendered> {
    prepare(job)?;
    let params = scene.params();
    let frames = u64::from(params.frames()) * u64::from(job.clips);
    let bar = normwatch_progress::bar("", "frames", frames);
    let (mut labels, mut events) = (Labels::new(), Vec::new());
    for number in job.first_clip..job.first_clip + job.clips {
        let name = format!("{number:02}");
        bar.set_message(format!("clip {name}"));
        let (marks, found) = write_clip(scene, job, number, &name, &bar)?;
        labels.insert(name, marks);
        events.extend(found);
    }
    let json = serde_json::to_string(&labels)?;
    put(&job.out.join("labels.json"), &json)?;
    let jpeg_quality = match job.storage {
        Storage::Jpeg { quality } => Some(quality),
        Storage::Png => None,
    };
    let summary = Summary {
        first_clip: job.first_clip,
        clips: job.clips,
        jpeg_quality,
        label_threshold_px: params.label_threshold_px(),
        params,
        events: &events,
    };
    put(&job.out.join("scene.toml"), &toml::to_string(&summary)?)?;
    bar.finish();
    Ok(Rendered { out: job.out.clone(), clips: job.clips, frames, events })
}

fn write_clip(
    scene: &Scene,
    job: &Job,
    number: u32,
    name: &str,
    bar: &ProgressBar,
) -> Result<(Vec<u8>, Vec<Record>)> {
    let params = scene.params();
    let clip = scene.clip(number)?;
    let frames = make_dir(job.out.join("frames").join(name))?;
    let masks = if clip.events.is_empty() {
        None
    } else {
        Some(make_dir(job.out.join("masks").join(name))?)
    };
    let mut labels = Vec::with_capacity(params.frames() as usize);
    for (index, frame) in clip.frames().enumerate() {
        write_frame(&frames, index, &frame, params, job.storage)?;
        if let Some(masks) = &masks {
            let path = masks.join(format!("{index:06}.png"));
            write_mask(&path, &frame.mask, params.width_px, params.height_px)?;
        }
        labels.push(u8::from(frame.label));
        bar.inc(1);
    }
    let found = records(name, params.fps, &clip.events, &labels);
    if found.len() < clip.events.len() {
        let hidden = clip.events.len() - found.len();
        bar.println(format!("clip {name}: {hidden} of its anomalies stayed out of sight"));
    }
    Ok((labels, found))
}

fn write_frame(
    dir: &Path,
    index: usize,
    frame: &RenderedFrame,
    params: &SceneParams,
    storage: Storage,
) -> Result<()> {
    match storage {
        Storage::Jpeg { quality } => {
            let path = dir.join(format!("{index:06}.jpg"));
            let bytes = jpeg(frame, params, quality)
                .with_context(|| format!("cannot compress {}", path.display()))?;
            put(&path, bytes)
        }
        Storage::Png => {
            let path = dir.join(format!("{index:06}.png"));
            let failed = || format!("cannot write {}", path.display());
            let file = File::create(&path).with_context(failed)?;
            let mut encoder =
                png::Encoder::new(BufWriter::new(file), params.width_px, params.height_px);
            let grey = if params.colour { png::ColorType::Rgb } else { png::ColorType::Grayscale };
            encoder.set_color(grey);
            let mut writer = encoder.write_header().with_context(failed)?;
            writer
                .write_image_data(&frame.pixels)
                .and_then(|()| writer.finish())
                .with_context(failed)
        }
    }
}

/// A frame as the bytes of its JPEG file.
pub fn jpeg(frame: &RenderedFrame, params: &SceneParams, quality: u8) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let kind = if params.colour { ColorType::Rgb } else { ColorType::Luma };
    let (width, height) = (params.width_px as u16, params.height_px as u16);
    Encoder::new(&mut bytes, quality).encode(&frame.pixels, width, height, kind)?;
    Ok(bytes)
}

/// Makes sure that `job.out` is an empty directory, or clears footage from it.
fn prepare(job: &Job) -> Result<()> {
    make_dir(job.out.clone())?;
    let failed = || format!("cannot read {}", job.out.display());
    let occupied = fs::read_dir(&job.out).with_context(failed)?.next().is_some();
    ensure!(
        !occupied || job.force,
        "{} is not empty; give --force to replace the footage in it",
        job.out.display()
    );
    for name in ["scene.toml", "labels.json", "frames", "masks"] {
        let path = job.out.join(name);
        let removed = if path.is_dir() {
            fs::remove_dir_all(&path)
        } else if path.exists() {
            fs::remove_file(&path)
        } else {
            Ok(())
        };
        removed.with_context(|| format!("cannot remove {}", path.display()))?;
    }
    Ok(())
}

fn make_dir(path: PathBuf) -> Result<PathBuf> {
    fs::create_dir_all(&path).with_context(|| format!("cannot create {}", path.display()))?;
    Ok(path)
}

fn put(path: &Path, contents: impl AsRef<[u8]>) -> Result<()> {
    fs::write(path, contents).with_context(|| format!("cannot write {}", path.display()))
}
