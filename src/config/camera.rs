//! `[camera]`: where frames come from. Which keys there are depends on the kind
//! of source.

use std::path::{Path, PathBuf};

use super::command::read_argv;
use super::reader::{Item, Section};
use super::rtsp::{RTSP_ONLY, RtspSection};
use crate::capture::{ControlSetting, ControlValue, PipeCommand, PipeContent, PixelFormat};

const SIZE: [&str; 3] = ["width_px", "height_px", "stride_bytes"];
const V4L2_ONLY: [&str; 4] = ["device", "fps", "settle_frames", "controls"];

/// Frames dropped after each opening where the site does not say.
const SETTLE_FRAMES: u32 = 5;

/// `[camera]`: where frames come from.
#[derive(Clone, Debug, PartialEq)]
pub struct CameraSection {
    pub source: CameraSource,
    /// Without a frame for this long the camera counts as lost: 100 to
    /// 600 000, 3000 by default.
    pub read_timeout_ms: u32,
    /// Whether pictures of a swaying camera are moved back, and another light
    /// than the calibration's is evened; yes by default.
    pub stabilise: bool,
}

/// The kinds of source.
#[derive(Clone, Debug, PartialEq)]
pub enum CameraSource {
    /// JPEG and PNG pictures in natural order; `repeat` (the key `loop`)
    /// starts again after the last.
    Folder { path: PathBuf, repeat: bool },
    /// A video file, decoded by `ffmpeg`.
    Video { path: PathBuf },
    /// A child process that writes frames to its standard output; it names a
    /// program.
    Pipe { command: PipeCommand, content: PipeContent },
    /// Frames on our own standard input.
    Stdin { content: PipeContent },
    /// A camera that the kernel drives.
    V4l2(V4l2Section),
    /// A network camera, received and decoded by `ffmpeg`.
    Rtsp(RtspSection),
}

/// The keys of a camera that the kernel drives.
#[derive(Clone, Debug, PartialEq)]
pub struct V4l2Section {
    /// A path under `/dev`, a card name or a bus; `None` for the only camera.
    pub device: Option<String>,
    /// `None` for the cheapest that the camera offers.
    pub format: Option<PixelFormat>,
    /// Width and height, each 2 to 8192; `None` for the smallest that covers
    /// the network's input.
    pub size_px: Option<(u32, u32)>,
    /// 0.1 to 1000; `None` for what suits the network's rate.
    pub fps: Option<f64>,
    /// 0 to 1000.
    pub settle_frames: u32,
    /// In the order of the file.
    pub controls: Vec<ControlSetting>,
}

#[derive(Clone, Copy)]
enum Kind {
    Folder,
    Video,
    Pipe,
    Stdin,
    V4l2,
    Rtsp,
}

impl CameraSection {
    /// Reads the section; relative paths are taken from `base`.
    pub(super) fn read(mut section: Section<'_>, base: &Path) -> Option<Self> {
        let read_timeout_ms = section
            .optional("read_timeout_ms")
            .and_then(|item| item.whole(100..=600_000))
            .unwrap_or(3000);
        let stabilise = section.optional("stabilise").and_then(Item::flag).unwrap_or(true);
        let item = section.required("source", "\"pipe\"");
        let kind = item.clone().and_then(|item| {
            item.choice(&[
                ("folder", Kind::Folder),
                ("video", Kind::Video),
                ("pipe", Kind::Pipe),
                ("stdin", Kind::Stdin),
                ("v4l2", Kind::V4l2),
                ("rtsp", Kind::Rtsp),
            ])
        });
        let source = match kind {
            Some(Kind::Folder) => read_folder(&mut section, base),
            Some(Kind::Video) => read_video(&mut section, base),
            Some(Kind::Pipe) => read_pipe(&mut section, base),
            Some(Kind::Stdin) => read_stdin(&mut section),
            Some(Kind::V4l2) => read_v4l2(&mut section, item.as_ref()),
            Some(Kind::Rtsp) => read_rtsp(&mut section, base),
            None => {
                section.ignore(&["path", "command", "format", "loop"]);
                section.ignore(&SIZE);
                section.ignore(&V4L2_ONLY);
                section.ignore(&RTSP_ONLY);
                None
            }
        };
        Some(Self { source: source?, read_timeout_ms, stabilise })
    }
}

fn read_folder(section: &mut Section<'_>, base: &Path) -> Option<CameraSource> {
    let path = section.required("path", "\"frames\"").and_then(|item| item.path(base));
    let repeat = section.optional("loop").and_then(Item::flag).unwrap_or(false);
    refuse_stream(section, "with `source = \"folder\"`");
    refuse_live(section, "with `source = \"folder\"`");
    Some(CameraSource::Folder { path: path?, repeat })
}

fn read_video(section: &mut Section<'_>, base: &Path) -> Option<CameraSource> {
    let path = section.required("path", "\"clip.mp4\"").and_then(|item| item.path(base));
    refuse_stream(section, "with `source = \"video\"`");
    section.refuse(&["loop"], "with `source = \"video\"`", "remove it");
    refuse_live(section, "with `source = \"video\"`");
    Some(CameraSource::Video { path: path? })
}

fn read_pipe(section: &mut Section<'_>, base: &Path) -> Option<CameraSource> {
    let example = "[\"rpicam-vid\", \"--codec\", \"yuv420\", \"-t\", \"0\", \"-o\", \"-\"]";
    let argv = section.required("command", example).and_then(|item| read_argv(item, base));
    let content = read_content(section);
    section.refuse(&["path", "loop"], "with `source = \"pipe\"`", "remove it");
    refuse_live(section, "with `source = \"pipe\"`");
    Some(CameraSource::Pipe { command: PipeCommand { argv: argv? }, content: content? })
}

fn read_stdin(section: &mut Section<'_>) -> Option<CameraSource> {
    let content = read_content(section);
    let because = "with `source = \"stdin\"`";
    section.refuse(&["command"], because, "remove it, or use `source = \"pipe\"`");
    section.refuse(&["path", "loop"], because, "remove it");
    refuse_live(section, because);
    Some(CameraSource::Stdin { content: content? })
}

fn read_v4l2(section: &mut Section<'_>, source: Option<&Item<'_>>) -> Option<CameraSource> {
    let because = "with `source = \"v4l2\"`";
    let formats = PixelFormat::ALL.map(|format| (format.name(), format));
    let settings = V4l2Section {
        device: section.optional("device").and_then(Item::text),
        format: section.optional("format").and_then(|item| item.choice(&formats)),
        size_px: read_size(section),
        fps: section.optional("fps").and_then(|item| item.real(0.1..=1000.0)),
        settle_frames: section
            .optional("settle_frames")
            .and_then(|item| item.whole(0..=1000))
            .unwrap_or(SETTLE_FRAMES),
        controls: section.optional("controls").map(read_controls).unwrap_or_default(),
    };
    section.refuse(&["path"], because, "remove it, or name the camera with `device`");
    section.refuse(&["command"], because, "remove it, or use `source = \"pipe\"`");
    section.refuse(&["stride_bytes"], because, "remove it: the driver says its own");
    section.refuse(&["loop"], because, "remove it");
    refuse_rtsp(section, because);
    if cfg!(all(feature = "runtime", not(feature = "v4l2"))) {
        let remedy = "build with the feature `v4l2`, or use `source = \"pipe\"` with a command \
            that reads the camera";
        source?.invalid("= \"v4l2\" is not in this build", remedy);
    }
    Some(CameraSource::V4l2(settings))
}

/// Width and height, or neither.
fn read_size(section: &mut Section<'_>) -> Option<(u32, u32)> {
    if !section.has("width_px") && !section.has("height_px") {
        section.ignore(&["width_px", "height_px"]);
        return None;
    }
    let side = |section: &mut Section<'_>, key, example| {
        section.required(key, example).and_then(|item| item.whole(2..=8192))
    };
    let width_px = side(section, "width_px", "640");
    let height_px = side(section, "height_px", "480");
    Some((width_px?, height_px?))
}

/// `[camera.controls]`: which there are, only the camera knows.
fn read_controls(item: Item<'_>) -> Vec<ControlSetting> {
    let pairs = item.pairs().unwrap_or_default();
    pairs.into_iter().filter_map(|(name, item)| read_control(name, item)).collect()
}

fn read_control(name: &str, item: Item<'_>) -> Option<ControlSetting> {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if name.is_empty() || !name.chars().all(is_plain) {
        let remedy =
            "write it in lower case with `_` between words, as `normwatch doctor` lists it";
        item.invalid("is not the name of a control", remedy);
        return None;
    }
    let value = if item.is_flag() {
        ControlValue::Flag(item.flag()?)
    } else if item.is_text() {
        ControlValue::Word(item.text()?)
    } else {
        ControlValue::Whole(item.signed("a whole number, true or false, or a string")?.into())
    };
    Some(ControlSetting { name: name.to_string(), value })
}

fn read_rtsp(section: &mut Section<'_>, base: &Path) -> Option<CameraSource> {
    let settings = RtspSection::read(section, base);
    let because = "with `source = \"rtsp\"`";
    section.refuse(&["path"], because, "remove it, or name the stream with `url`");
    section.refuse(&["command"], because, "remove it, or use `source = \"pipe\"`");
    section.refuse(&["format"], because, "remove it: the stream says its own");
    section.refuse(&SIZE, because, "remove it: the stream says its own");
    section.refuse(&["loop"], because, "remove it");
    refuse_v4l2(section, because);
    Some(CameraSource::Rtsp(settings?))
}

/// What only cameras have.
fn refuse_live(section: &mut Section<'_>, because: &str) {
    refuse_v4l2(section, because);
    refuse_rtsp(section, because);
}

fn refuse_v4l2(section: &mut Section<'_>, because: &str) {
    section.refuse(&V4L2_ONLY, because, "remove it, or use `source = \"v4l2\"`");
}

fn refuse_rtsp(section: &mut Section<'_>, because: &str) {
    section.refuse(&RTSP_ONLY, because, "remove it, or use `source = \"rtsp\"`");
}

fn refuse_stream(section: &mut Section<'_>, because: &str) {
    section.refuse(&["command"], because, "remove it, or use `source = \"pipe\"`");
    section.refuse(&["format"], because, "remove it: the files say their own");
    section.refuse(&SIZE, because, "remove it: the files say their own");
}

/// Sides are 2 to 8192; a row's stride is at least the row's own length.
fn read_content(section: &mut Section<'_>) -> Option<PipeContent> {
    let raw = PixelFormat::ALL.into_iter().filter(|format| *format != PixelFormat::Mjpeg);
    let choices: Vec<_> =
        raw.map(|format| (format.name(), Some(format))).chain([("y4m", None)]).collect();
    let format = section.required("format", "\"i420\"").and_then(|item| item.choice(&choices));
    match format {
        Some(Some(format)) => read_raw(section, format),
        Some(None) => {
            section.refuse(&SIZE, "with `format = \"y4m\"`", "remove it: the stream says its own");
            Some(PipeContent::Y4m)
        }
        None => {
            section.ignore(&SIZE);
            None
        }
    }
}

fn read_raw(section: &mut Section<'_>, format: PixelFormat) -> Option<PipeContent> {
    let width_px = section.required("width_px", "640").and_then(|item| item.whole(2..=8192));
    let height_px = section.required("height_px", "480").and_then(|item| item.whole(2..=8192));
    let stride = section.optional("stride_bytes");
    let stride_bytes = stride.clone().and_then(|item| item.whole(1..=65_536));
    let stride_bytes = stride_bytes.map(|bytes| bytes as usize);
    let width_px = width_px?;
    let row_bytes = format.row_bytes(width_px).unwrap_or_default();
    if let (Some(item), Some(bytes)) = (stride, stride_bytes)
        && bytes < row_bytes
    {
        let problem = format!("is {bytes}, less than a row of {width_px} px {format}");
        item.invalid(&problem, &format!("use {row_bytes} or more, or remove it"));
    }
    Some(PipeContent::Raw { format, width_px, height_px: height_px?, stride_bytes })
}
