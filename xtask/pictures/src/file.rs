//! Canvases as PNG files: one alone, or many as an animated PNG, of which each
//! stores only the rectangle that differs from the one before.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use png::{BitDepth, BlendOp, ColorType, Compression, DisposeOp, Encoder};

use crate::canvas::Canvas;
use crate::palette::{UNCHANGED, colours};

/// Where the file says what it was made from.
pub const SOURCE: &str = "Source";

/// Writes `frames`, shown for `delay_ms` each and the last one for `last_ms`.
///
/// # Errors
/// There are none, their sizes differ, or the file cannot be written.
pub fn write(
    path: &Path,
    frames: &[Canvas],
    delay_ms: u16,
    last_ms: u16,
    from: &str,
) -> Result<()> {
    let first = frames.first().context("a picture needs a frame")?;
    let size = (first.width_px as u32, first.height_px as u32);
    let same = |frame: &Canvas| (frame.width_px as u32, frame.height_px as u32) == size;
    ensure!(frames.iter().all(same), "the frames have different sizes");
    let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    let mut encoder = Encoder::new(BufWriter::new(file), size.0, size.1);
    encoder.set_color(ColorType::Indexed);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_palette(colours());
    encoder.set_compression(Compression::High);
    encoder.add_text_chunk(SOURCE.into(), from.into())?;
    if frames.len() > 1 {
        // Only the number that stands for "as before" lets through what was there.
        encoder.set_trns(vec![0]);
        encoder.set_animated(u32::try_from(frames.len())?, 0)?;
        encoder.set_blend_op(BlendOp::Over)?;
        encoder.set_dispose_op(DisposeOp::None)?;
        encoder.set_frame_delay(delay_ms, 1000)?;
    }
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&first.pixels)?;
    for (at, pair) in frames.windows(2).enumerate() {
        let change = Change::between(&pair[0], &pair[1]);
        if at + 2 == frames.len() {
            writer.set_frame_delay(last_ms, 1000)?;
        }
        // Checked against the place, which is still that of the part before.
        writer.reset_frame_position()?;
        writer.set_frame_dimension(change.width_px as u32, change.height_px as u32)?;
        writer.set_frame_position(change.left as u32, change.top as u32)?;
        writer.write_image_data(&change.pixels)?;
    }
    writer.finish().with_context(|| format!("cannot write {}", path.display()))
}

/// The rectangle that differs, and its pixels; those that do not are
/// [`UNCHANGED`].
struct Change {
    left: usize,
    top: usize,
    width_px: usize,
    height_px: usize,
    pixels: Vec<u8>,
}

impl Change {
    fn between(before: &Canvas, after: &Canvas) -> Self {
        let width = after.width_px;
        let differs = |at: &usize| before.pixels[*at] != after.pixels[*at];
        let places: Vec<usize> = (0..after.pixels.len()).filter(differs).collect();
        let columns = || places.iter().map(|at| at % width);
        let (left, right) = (columns().min().unwrap_or(0), columns().max().unwrap_or(0));
        let top = places.first().map_or(0, |at| at / width);
        let bottom = places.last().map_or(0, |at| at / width);
        let mut pixels = Vec::new();
        for y in top..=bottom {
            let row = y * width + left..=y * width + right;
            pixels.extend(row.map(|at| if differs(&at) { after.pixels[at] } else { UNCHANGED }));
        }
        Self { left, top, width_px: right - left + 1, height_px: bottom - top + 1, pixels }
    }
}
