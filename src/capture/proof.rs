//! Whether raw frames have the layout that was stated, by the pictures themselves.
//!
//! A pipe has no headers. Where rows are longer than stated every row leans: bytes
//! below each other differ more than they should, and since frames are longer, too, each
//! picture of a fixed camera is the one before, moved on. Where a few bytes were lost or
//! put in, each picture is torn: its two edges were neighbours, and the end of each row
//! goes on at the start of the next.

use super::PixelFormat;
use super::layout::Layout;

/// Differences below it tell nothing, in grey levels.
const LEAST_LEVELS: f32 = 2.0;
/// Rows of another length have to fit so much better.
const FITS_BETTER: f32 = 0.5;
/// How alike the fine texture of the two edges is where a row goes on in the next,
/// and how much less so within a row. At the edges of whole pictures it is alike by
/// chance, or because of something that lies across the picture, within a row.
const GOES_ON: f32 = 0.5;
const GOES_ON_MORE: f32 = 0.4;
/// How much less so a row goes on in any other than the next. In stripes that are not
/// quite level one row is like many.
const GOES_ON_ALONE: f32 = 0.25;
/// How far those are looked for, in rows.
const FAR_ROWS: isize = 64;
/// Of two frames in a row this share has to be comparable.
const LEAST_SHARE: usize = 8;
/// Rows that it takes to tell chance apart.
const LEAST_ROWS: usize = 64;
/// Pictures that have to say the same, in a row or among the first.
const CERTAIN: u32 = 3;
/// Pictures at the start whose rows are tried with other lengths.
const TRIALS: u32 = 25;

/// Looks at the pictures of one opening.
#[derive(Debug, Default)]
pub(super) struct Proof {
    seen: u32,
    found: Option<Flaw>,
    agreeing: u32,
    /// The last frame, while rows are tried with other lengths.
    before: Vec<u8>,
}

/// What is wrong with the layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// Rows seem to be so many bytes long.
    Stride(usize),
    /// The stream is out of step.
    OutOfStep,
}

impl std::fmt::Display for Flaw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Stride(bytes) => {
                write!(f, "rows lean: they seem to be {bytes} bytes long: set the row stride")
            }
            Self::OutOfStep => f.write_str(
                "pictures are torn: bytes that are no picture came through the pipe, or some were lost",
            ),
        }
    }
}

impl Proof {
    /// What is wrong with a frame, and whether that is certain by now.
    pub fn flaw(&mut self, layout: &Layout, frame: &[u8]) -> Option<(Flaw, bool)> {
        self.seen = self.seen.saturating_add(1);
        let luma = Luma::of(layout, frame)?;
        let stride = (self.seen <= TRIALS).then(|| luma.better_stride(layout)).flatten();
        let stride = stride.filter(|fit| moves_on(layout, fit, (&self.before, frame)));
        if self.seen < TRIALS {
            frame.clone_into(&mut self.before);
        } else {
            self.before = Vec::new();
        }
        let torn = || luma.is_torn(layout).then_some(Flaw::OutOfStep);
        let found = stride.map(|fit| Flaw::Stride(fit.stride)).or_else(torn);
        match found {
            Some(_) if found == self.found => self.agreeing += 1,
            Some(_) => (self.found, self.agreeing) = (found, 1),
            // Leaning frames drift: some show their colours where luma should be.
            None if self.seen > TRIALS => (self.found, self.agreeing) = (None, 0),
            None => {}
        }
        found.map(|flaw| (flaw, self.agreeing >= CERTAIN))
    }
}

/// A row length that fits better than the stated one, and by how much rows differ at
/// that.
struct Fit {
    stride: usize,
    stated_levels: f32,
}

/// Whether the later of two frames is the earlier one, moved on by what frames with such
/// rows are longer. A camera's picture with level stripes leans, too, where the camera
/// hangs askew, but it stays where it is.
fn moves_on(layout: &Layout, fit: &Fit, (before, frame): (&[u8], &[u8])) -> bool {
    let true_bytes = layout.format.padded_bytes(layout.height_px, fit.stride).unwrap_or(0);
    if before.len() != frame.len() {
        return false;
    }
    let still = mean_difference(before, frame);
    let (longer, shorter) =
        (true_bytes.saturating_sub(frame.len()), frame.len().saturating_sub(true_bytes));
    let both = frame.len().saturating_sub(longer + shorter);
    if both < frame.len() / LEAST_SHARE {
        return still >= FITS_BETTER * fit.stated_levels;
    }
    let moved = mean_difference(&before[shorter..][..both], &frame[longer..][..both]);
    moved < FITS_BETTER * still
}

/// In levels, of every seventh byte.
fn mean_difference(a: &[u8], b: &[u8]) -> f32 {
    let pairs = a.iter().zip(b).step_by(7);
    let sum: u64 = pairs.map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    sum as f32 / a.len().min(b.len()).div_ceil(7).max(1) as f32
}

/// The luma samples of a frame, or something like them.
struct Luma<'a> {
    data: &'a [u8],
    /// From one pixel to the next, and from one row to the next.
    step: usize,
    stride: usize,
    width: usize,
    height: usize,
}

impl<'a> Luma<'a> {
    /// `None` for a picture too small to tell.
    fn of(layout: &Layout, frame: &'a [u8]) -> Option<Self> {
        let (step, first) = match layout.format {
            PixelFormat::Yuyv => (2, 0),
            PixelFormat::Uyvy => (2, 1),
            PixelFormat::Rgb24 => (3, 1),
            _ => (1, 0),
        };
        let (width, height) = (layout.width_px as usize, layout.height_px as usize);
        let data = frame.get(first..)?;
        let is_large = width >= 32 && height >= 32;
        is_large.then_some(Self { data, step, stride: layout.stride_bytes, width, height })
    }

    fn at(&self, row: usize, column: usize) -> f32 {
        f32::from(self.data[row * self.stride + column * self.step])
    }

    /// A row length at which rows are far more alike than at the stated one. Only the
    /// upper half is looked at: planes of colour lie below, where rows are longer.
    fn better_stride(&self, layout: &Layout) -> Option<Fit> {
        let row_bytes = layout.format.row_bytes(layout.width_px)?;
        let stated = self.difference(self.stride);
        if stated < LEAST_LEVELS {
            return None;
        }
        let units = [16, 32, 64, 128, 256].map(|unit| row_bytes.next_multiple_of(unit));
        let shorter = [16, 32, 64].map(|unit| row_bytes.saturating_sub(unit));
        let candidates = units.into_iter().chain(shorter).chain([row_bytes]);
        let candidates = candidates.filter(|&bytes| bytes > 0 && bytes.abs_diff(self.stride) >= 8);
        let rated = candidates.map(|bytes| (bytes, self.difference(bytes)));
        let best = rated.min_by(|a, b| a.1.total_cmp(&b.1))?;
        (best.1 < FITS_BETTER * stated).then_some(Fit { stride: best.0, stated_levels: stated })
    }

    /// Mean difference of bytes that would lie below each other in rows so long.
    fn difference(&self, stride: usize) -> f32 {
        let end = self.data.len().min(self.stride * self.height) / 2;
        let (mut sum, mut count) = (0u32, 0u32);
        for at in (0..end.saturating_sub(stride)).step_by(7 * self.step) {
            sum += u32::from(self.data[at].abs_diff(self.data[at + stride]));
            count += 1;
        }
        sum as f32 / count.max(1) as f32
    }

    /// Whether the end of each row goes on at the start of the next, and at no other's:
    /// of a whole picture it goes on at none.
    fn is_torn(&self, layout: &Layout) -> bool {
        let is_tight = layout.format.row_bytes(layout.width_px) == Some(self.stride);
        if !is_tight || self.height < LEAST_ROWS {
            return false;
        }
        let next = self.goes_on_at(1);
        if next <= GOES_ON || next - self.goes_on_at(0) <= GOES_ON_MORE {
            return false;
        }
        let far = FAR_ROWS.min(self.height as isize / 4);
        let others = (-far..=far).filter(|rows| *rows != 1);
        others.into_iter().all(|rows| next - self.goes_on_at(rows) > GOES_ON_ALONE)
    }

    /// How alike the end of each row and the start of the one so far below it are.
    fn goes_on_at(&self, rows_below: isize) -> f32 {
        let textured = 1..self.height - 1;
        let pairs = textured.clone().filter_map(|row| {
            let other = row.checked_add_signed(rows_below)?;
            textured
                .contains(&other)
                .then(|| (self.texture(row, self.width - 1), self.texture(other, 0)))
        });
        likeness(pairs)
    }

    /// What a pixel has beyond those above and below it.
    fn texture(&self, row: usize, column: usize) -> f32 {
        let beside = self.at(row - 1, column) + self.at(row + 1, column);
        self.at(row, column) - beside / 2.0
    }
}

/// The correlation of pairs of which neither side is constant; else 0.
fn likeness(pairs: impl Iterator<Item = (f32, f32)>) -> f32 {
    let (mut count, mut sums, mut squares, mut product) = (0.0, [0.0; 2], [0.0; 2], 0.0);
    for (a, b) in pairs {
        count += 1.0;
        sums = [sums[0] + a, sums[1] + b];
        squares = [squares[0] + a * a, squares[1] + b * b];
        product += a * b;
    }
    let spread = |side: usize| (squares[side] - sums[side] * sums[side] / count).max(0.0);
    let (first, second) = (spread(0), spread(1));
    if first.min(second) < count * LEAST_LEVELS {
        return 0.0;
    }
    (product - sums[0] * sums[1] / count) / (first * second).sqrt()
}

/// The length of a line of text at the start of raw frames, its end included: camera
/// programs announce themselves on standard output.
pub(super) fn text_line(frame: &[u8]) -> Option<usize> {
    const LEAST: usize = 8;
    let end = frame.iter().take(512).position(|&byte| byte == b'\n')?;
    let line = &frame[..end];
    let is_text =
        |byte: &u8| byte.is_ascii_graphic() || matches!(byte, b' ' | b'\t' | b'\r' | 0x1b);
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b' ';
    let words = line.iter().filter(|byte| is_word(byte)).count();
    // A dark picture may have such bytes; its neighbours are alike.
    let steps: u32 = line.windows(2).map(|two| u32::from(two[0].abs_diff(two[1]))).sum();
    let is_rough = steps as usize >= 8 * line.len().saturating_sub(1);
    (end >= LEAST && line.iter().all(is_text) && 4 * words >= 3 * end && is_rough)
        .then_some(end + 1)
}

#[cfg(test)]
mod tests;
