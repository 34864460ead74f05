//! A folder of numbered images, played back at a fixed rate.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use super::jpeg_header::{JpegHeader, JpegHeaderError};
use super::{
    Frame, FrameSource, PixelFormat, SourceError, check_rate, compare_natural, png_frame,
    timestamp_at_rate_ns,
};

/// Lends the images of one folder, `.jpg`, `.jpeg` and `.png` in any case, in
/// natural order: `frame2` before `frame10`. Hidden files are passed over; a Mac
/// leaves one beside every picture.
///
/// JPEG files are lent as they are, PNG files decoded; which of them a file is, its
/// contents say. A file that cannot be read, or is of another size than most, keeps
/// its place: it is a skipped frame, and the next one has the timestamp it would
/// have had anyway.
#[derive(Debug)]
pub struct FolderSource {
    folder: PathBuf,
    files: Vec<PathBuf>,
    hidden: usize,
    /// That of most of the pictures.
    size_px: Option<(u32, u32)>,
    fps: f64,
    next: usize,
    bytes: Vec<u8>,
    pixels: Vec<u8>,
}

impl FolderSource {
    /// Lists the folder. File number n gets the timestamp n / `fps` seconds
    /// and the sequence number n, from 0.
    ///
    /// # Errors
    /// [`Fatal`](super::SourceErrorKind::Fatal) for a rate that is not
    /// positive, and for a folder that cannot be read or holds no images.
    pub fn open(path: impl AsRef<Path>, fps: f64) -> Result<Self, SourceError> {
        let folder = path.as_ref().to_path_buf();
        check_rate(fps).map_err(|error| error.of(folder.display()))?;
        let listing = Listing::read(&folder)?;
        if listing.images.is_empty() {
            return Err(no_images(&folder, &listing));
        }
        let Listing { images: files, hidden, .. } = listing;
        let size_px = usual_size(&files);
        let (next, bytes, pixels) = (0, Vec::new(), Vec::new());
        Ok(Self { folder, files, hidden, size_px, fps, next, bytes, pixels })
    }

    /// Number of image files, unreadable ones included.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Hidden files with the ending of an image, which are not among them.
    pub fn hidden_files(&self) -> usize {
        self.hidden
    }

    /// Always false: a folder without images does not open.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The file that frame `sequence` was, or is to be, read from.
    pub fn frame_path(&self, sequence: u64) -> Option<&Path> {
        self.files.get(usize::try_from(sequence).ok()?).map(PathBuf::as_path)
    }

    /// Goes on with this frame next; past the last one the footage has ended.
    pub fn seek(&mut self, sequence: u64) {
        self.next = usize::try_from(sequence).map_or(self.files.len(), |n| n.min(self.files.len()));
    }

    /// Whether the last image was lent.
    pub fn at_end(&self) -> bool {
        self.next == self.files.len()
    }

    fn load(&mut self, index: usize) -> Result<Frame<'_>, SourceError> {
        let path = &self.files[index];
        self.bytes.clear();
        File::open(path)
            .and_then(|mut file| file.read_to_end(&mut self.bytes))
            .map_err(|error| unreadable(path, &error))?;
        let timestamp_ns = timestamp_at_rate_ns(index as u64, self.fps);
        let sequence = index as u64;
        if let Some(size) = picture_size(&self.bytes).filter(|_| self.size_px.is_some()) {
            let usual = self.size_px.unwrap_or(size);
            if size != usual {
                let what = format!("{}x{}, most are {}x{}", size.0, size.1, usual.0, usual.1);
                return Err(unreadable(path, &what));
            }
        }
        if png_frame::is_png(&self.bytes) {
            let image = png_frame::decode(&self.bytes, &mut self.pixels)
                .map_err(|error| unreadable(path, &error))?;
            let png_frame::Image { format, width_px, height_px, stride_bytes } = image;
            let data = &self.pixels[..];
            Ok(Frame { format, width_px, height_px, stride_bytes, data, timestamp_ns, sequence })
        } else {
            let header = JpegHeader::read(&self.bytes).map_err(|error| match error {
                JpegHeaderError::NotJpeg => {
                    unreadable(path, &"neither a JPEG nor a PNG, whatever its name says")
                }
                error => unreadable(path, &error),
            })?;
            Ok(Frame {
                format: PixelFormat::Mjpeg,
                width_px: header.width_px,
                height_px: header.height_px,
                stride_bytes: 0,
                data: &self.bytes,
                timestamp_ns,
                sequence,
            })
        }
    }
}

impl FrameSource for FolderSource {
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, SourceError> {
        let index = self.next;
        if index == self.files.len() {
            return Ok(None);
        }
        self.next += 1;
        self.load(index).map(Some)
    }

    fn describe(&self) -> String {
        let (folder, images, fps) = (self.folder.display(), self.files.len(), self.fps);
        match self.hidden {
            0 => format!("{folder}: {images} images at {fps} fps"),
            hidden => {
                format!("{folder}: {images} images at {fps} fps, {hidden} hidden files left out")
            }
        }
    }
}

/// Finds the clips under `path`, as names and folders in natural order.
///
/// If `path` holds images it is the one clip, named after the folder. Else
/// each subfolder that holds images is one; failing that, the same goes for a
/// subfolder `frames`, as datasets have it.
///
/// # Errors
/// [`Fatal`](super::SourceErrorKind::Fatal) for a folder that cannot be read
/// or holds no clips.
pub fn list_clips(path: impl AsRef<Path>) -> Result<Vec<(String, PathBuf)>, SourceError> {
    let path = path.as_ref();
    let listing = Listing::read(path)?;
    let mut clips = listing.clips_or_self(path);
    if clips.is_empty() {
        let frames = path.join("frames");
        if frames.is_dir() {
            clips = Listing::read(&frames)?.clips_or_self(&frames);
        }
    }
    if clips.is_empty() {
        return Err(no_images(path, &listing));
    }
    Ok(clips.into_iter().map(|clip| (clip_name(&clip), clip)).collect())
}

/// The folder's own name, also where the path is `.` or ends in `..`.
fn clip_name(folder: &Path) -> String {
    match folder.file_name() {
        Some(_) => file_name(folder),
        None => file_name(&fs::canonicalize(folder).unwrap_or_else(|_| folder.to_path_buf())),
    }
}

/// The images and the folders directly in a folder, both in natural order.
struct Listing {
    images: Vec<PathBuf>,
    /// Hidden files with the ending of an image.
    hidden: usize,
    folders: Vec<PathBuf>,
}

impl Listing {
    fn read(folder: &Path) -> Result<Self, SourceError> {
        let failed = |error: std::io::Error| {
            SourceError::fatal(format!("cannot list {}: {error}", folder.display()))
        };
        let (mut images, mut folders, mut hidden) = (Vec::new(), Vec::new(), 0);
        for entry in fs::read_dir(folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.is_dir() {
                folders.push(path);
            } else if is_image(&path) {
                match is_hidden(&path) {
                    true => hidden += 1,
                    false => images.push(path),
                }
            }
        }
        for list in [&mut images, &mut folders] {
            list.sort_by(|a, b| {
                let bytes = |path: &Path| path.as_os_str().as_encoded_bytes().to_vec();
                compare_natural(&bytes(a), &bytes(b))
            });
        }
        Ok(Self { images, hidden, folders })
    }

    fn clips_or_self(&self, folder: &Path) -> Vec<PathBuf> {
        if self.images.is_empty() { self.clips() } else { vec![folder.to_path_buf()] }
    }

    fn clips(&self) -> Vec<PathBuf> {
        let holds_images =
            |folder: &&PathBuf| Self::read(folder).is_ok_and(|inner| !inner.images.is_empty());
        self.folders.iter().filter(holds_images).cloned().collect()
    }
}

fn no_images(folder: &Path, listing: &Listing) -> SourceError {
    let clips: Vec<String> = listing.clips().iter().map(|clip| file_name(clip)).collect();
    let folder = folder.display();
    if clips.is_empty() {
        return SourceError::fatal(format!(
            "{folder} holds no images: name a folder of .jpg or .png files"
        ));
    }
    let more = if clips.len() > 12 { ", …" } else { "" };
    let names = clips[..clips.len().min(12)].join(", ");
    SourceError::fatal(format!(
        "{folder} holds no images itself; this is a folder of clips; name one of: {names}{more}"
    ))
}

fn unreadable(path: &Path, error: &dyn std::fmt::Display) -> SourceError {
    SourceError::frame_skipped(error.to_string()).of(path.display())
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

fn is_image(path: &Path) -> bool {
    has_extension(path, &["jpg", "jpeg", "png"])
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

/// Pictures whose headers tell the size of most.
const SAMPLES: usize = 33;
/// Where a header ends at the latest, but for a JPEG that carries a whole profile.
const HEADER_BYTES: u64 = 256 << 10;

/// The size of most of some pictures, so that one odd picture does not disable the
/// rest. `None` where none can be read.
fn usual_size(files: &[PathBuf]) -> Option<(u32, u32)> {
    let step = files.len().div_ceil(SAMPLES).max(1);
    let mut bytes = Vec::new();
    let mut sizes = Vec::new();
    for path in files.iter().step_by(step) {
        bytes.clear();
        let read =
            File::open(path).and_then(|file| file.take(HEADER_BYTES).read_to_end(&mut bytes));
        sizes.extend(read.ok().and_then(|_| picture_size(&bytes)));
    }
    let count = |size: &(u32, u32)| sizes.iter().filter(|other| *other == size).count();
    sizes.iter().rev().max_by_key(|size| count(size)).copied()
}

fn picture_size(bytes: &[u8]) -> Option<(u32, u32)> {
    png_frame::size(bytes).or_else(|| {
        let header = JpegHeader::read(bytes).ok()?;
        Some((header.width_px, header.height_px))
    })
}

fn has_extension(path: &Path, wanted: &[&str]) -> bool {
    let extension = path.extension().unwrap_or_default();
    wanted.iter().any(|name| extension.eq_ignore_ascii_case(name))
}
