use std::path::{Path, PathBuf};

use super::reader::{Item, Section};

const SIZE: [&str; 3] = ["width_px", "height_px", "stride_bytes"];
const V4L2_UNTIL_THEN: &str = "until then use `source = \"pipe\"` with `command = [\"ffmpeg\", \
    \"-f\", \"v4l2\", \"-i\", \"/dev/video0\", \"-f\", \"rawvideo\", \"-pix_fmt\", \"gray\", \"-\"]`";

/// `[camera]`: where frames come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CameraSection {
    pub source: CameraSource,
    /// Without a frame for this long the camera counts as lost: 100 to
    /// 600 000, 3000 by default.
    pub read_timeout_ms: u32,
}

/// The kinds of source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CameraSource {
    /// JPEG and PNG pictures in natural order; `repeat` (the key `loop`)
    /// starts again after the last.
    Folder { path: PathBuf, repeat: bool },
    /// A video file, decoded by `ffmpeg`.
    Video { path: PathBuf },
    /// A child process that writes frames to its standard output. The program
    /// comes first and is never empty; no shell is involved.
    Pipe { command: Vec<String>, stream: RawStream },
    /// Frames on our own standard input.
    Stdin { stream: RawStream },
}

/// What a pipe delivers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RawStream {
    /// A YUV4MPEG2 stream, which says its own size.
    Y4m,
    /// Frame after frame without any header.
    Raw {
        layout: PixelLayout,
        /// 2 to 8192.
        width_px: u32,
        /// 2 to 8192.
        height_px: u32,
        /// Bytes from one row of the first plane to the next, at least a row's
        /// own; `None` for rows without padding.
        stride_bytes: Option<u32>,
    },
}

/// How the bytes of a headerless frame are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PixelLayout {
    Grey,
    Yuyv,
    Uyvy,
    Nv12,
    I420,
    Rgb24,
}

impl PixelLayout {
    /// The word of the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Grey => "grey",
            Self::Yuyv => "yuyv",
            Self::Uyvy => "uyvy",
            Self::Nv12 => "nv12",
            Self::I420 => "i420",
            Self::Rgb24 => "rgb24",
        }
    }

    /// Bytes of one row of the first plane, without padding.
    fn row_bytes(self, width_px: u32) -> u32 {
        match self {
            Self::Grey | Self::Nv12 | Self::I420 => width_px,
            Self::Yuyv | Self::Uyvy => width_px.div_ceil(2) * 4,
            Self::Rgb24 => width_px * 3,
        }
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Folder,
    Video,
    Pipe,
    Stdin,
    V4l2,
}

impl CameraSection {
    /// Reads the section; relative paths are taken from `base`.
    pub(super) fn read(mut section: Section<'_>, base: &Path) -> Option<Self> {
        let read_timeout_ms = section
            .optional("read_timeout_ms")
            .and_then(|item| item.whole(100..=600_000))
            .unwrap_or(3000);
        let item = section.required("source", "\"pipe\"");
        let kind = item.clone().and_then(|item| {
            item.choice(&[
                ("folder", Kind::Folder),
                ("video", Kind::Video),
                ("pipe", Kind::Pipe),
                ("stdin", Kind::Stdin),
                ("v4l2", Kind::V4l2),
            ])
        });
        let source = match kind {
            Some(Kind::Folder) => read_folder(&mut section, base),
            Some(Kind::Video) => read_video(&mut section, base),
            Some(Kind::Pipe) => read_pipe(&mut section, base),
            Some(Kind::Stdin) => read_stdin(&mut section),
            Some(Kind::V4l2) | None => {
                section.ignore(&["path", "command", "format", "loop"]);
                section.ignore(&SIZE);
                None
            }
        };
        if let (Some(Kind::V4l2), Some(item)) = (kind, item) {
            item.invalid("= \"v4l2\" comes with a later version", V4L2_UNTIL_THEN);
        }
        Some(Self { source: source?, read_timeout_ms })
    }
}

fn read_folder(section: &mut Section<'_>, base: &Path) -> Option<CameraSource> {
    let path = section.required("path", "\"frames\"").and_then(|item| item.path(base));
    let repeat = section.optional("loop").and_then(Item::flag).unwrap_or(false);
    refuse_stream(section, "with `source = \"folder\"`");
    Some(CameraSource::Folder { path: path?, repeat })
}

fn read_video(section: &mut Section<'_>, base: &Path) -> Option<CameraSource> {
    let path = section.required("path", "\"clip.mp4\"").and_then(|item| item.path(base));
    refuse_stream(section, "with `source = \"video\"`");
    section.refuse(&["loop"], "with `source = \"video\"`", "remove it");
    Some(CameraSource::Video { path: path? })
}

fn read_pipe(section: &mut Section<'_>, base: &Path) -> Option<CameraSource> {
    let example = "[\"rpicam-vid\", \"--codec\", \"yuv420\", \"-t\", \"0\", \"-o\", \"-\"]";
    let command = section.required("command", example).and_then(|item| read_command(item, base));
    let stream = read_stream(section);
    section.refuse(&["path", "loop"], "with `source = \"pipe\"`", "remove it");
    Some(CameraSource::Pipe { command: command?, stream: stream? })
}

fn read_stdin(section: &mut Section<'_>) -> Option<CameraSource> {
    let stream = read_stream(section);
    let because = "with `source = \"stdin\"`";
    section.refuse(&["command"], because, "remove it, or use `source = \"pipe\"`");
    section.refuse(&["path", "loop"], because, "remove it");
    Some(CameraSource::Stdin { stream: stream? })
}

fn refuse_stream(section: &mut Section<'_>, because: &str) {
    section.refuse(&["command"], because, "remove it, or use `source = \"pipe\"`");
    section.refuse(&["format"], because, "remove it: the files say their own");
    section.refuse(&SIZE, because, "remove it: the files say their own");
}

/// A program and its arguments. A program with a folder in its name is a path
/// from `base`; any other is looked up in `PATH`.
fn read_command(item: Item<'_>, base: &Path) -> Option<Vec<String>> {
    let mut command = item.clone().texts()?;
    let Some(program) = command.first_mut() else {
        item.invalid("is empty", "name a program and its arguments, each a string of its own");
        return None;
    };
    if program.contains('/') {
        *program = base.join(&*program).to_string_lossy().into_owned();
    }
    Some(command)
}

fn read_stream(section: &mut Section<'_>) -> Option<RawStream> {
    let format = section.required("format", "\"i420\"").and_then(|item| {
        item.choice(&[
            ("grey", Some(PixelLayout::Grey)),
            ("yuyv", Some(PixelLayout::Yuyv)),
            ("uyvy", Some(PixelLayout::Uyvy)),
            ("nv12", Some(PixelLayout::Nv12)),
            ("i420", Some(PixelLayout::I420)),
            ("rgb24", Some(PixelLayout::Rgb24)),
            ("y4m", None),
        ])
    });
    match format {
        Some(Some(layout)) => read_raw(section, layout),
        Some(None) => {
            section.refuse(&SIZE, "with `format = \"y4m\"`", "remove it: the stream says its own");
            Some(RawStream::Y4m)
        }
        None => {
            section.ignore(&SIZE);
            None
        }
    }
}

fn read_raw(section: &mut Section<'_>, layout: PixelLayout) -> Option<RawStream> {
    let width_px = section.required("width_px", "640").and_then(|item| item.whole(2..=8192));
    let height_px = section.required("height_px", "480").and_then(|item| item.whole(2..=8192));
    let stride = section.optional("stride_bytes");
    let stride_bytes = stride.clone().and_then(|item| item.whole(1..=65_536));
    let width_px = width_px?;
    let row_bytes = layout.row_bytes(width_px);
    if let (Some(item), Some(bytes)) = (stride, stride_bytes)
        && bytes < row_bytes
    {
        let problem = format!("is {bytes}, less than a row of {width_px} px {}", layout.name());
        item.invalid(&problem, &format!("use {row_bytes} or more, or remove it"));
    }
    Some(RawStream::Raw { layout, width_px, height_px: height_px?, stride_bytes })
}
