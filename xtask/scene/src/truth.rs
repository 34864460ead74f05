//! Ground truth as written to disk: labels, masks and the list of events.

use super::anomaly::Event;
use super::params::{AnomalyKind, SceneParams};
use anyhow::{Context, Result};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

/// Frame labels by clip name, in the layout of `labels.json`.
pub type Labels = BTreeMap<String, Vec<u8>>;

/// One anomaly as it turned out in the footage.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Record {
    pub clip: String,
    pub kind: AnomalyKind,
    /// First and last frame that carry its label.
    pub first_frame: u32,
    pub last_frame: u32,
}

/// The contents of `scene.toml`.
#[derive(Debug, Serialize)]
pub struct Summary<'a> {
    pub first_clip: u32,
    pub clips: u32,
    pub jpeg_quality: Option<u8>,
    pub label_threshold_px: u32,
    pub params: &'a SceneParams,
    #[serde(rename = "event", skip_serializing_if = "<[_]>::is_empty")]
    pub events: &'a [Record],
}

/// Finds the labelled frames of each event; one that never shows is left out.
pub fn records(clip: &str, fps: u32, events: &[Event], labels: &[u8]) -> Vec<Record> {
    let shown = |event: &Event| {
        let slack_s = 0.5;
        let window = |frame: &u32| {
            let t_s = f64::from(*frame) / f64::from(fps);
            event.window_s[0] - slack_s <= t_s && t_s <= event.window_s[1] + slack_s
        };
        let mut frames =
            (0..labels.len() as u32).filter(window).filter(|&frame| labels[frame as usize] == 1);
        let first_frame = frames.next()?;
        let last_frame = frames.next_back().unwrap_or(first_frame);
        Some(Record { clip: clip.to_owned(), kind: event.kind, first_frame, last_frame })
    };
    events.iter().filter_map(shown).collect()
}

/// Writes a mask of one byte per pixel as a 1-bit grey PNG.
pub fn write_mask(path: &Path, mask: &[u8], width_px: u32, height_px: u32) -> Result<()> {
    let file = File::create(path).with_context(|| format!("cannot create {}", path.display()))?;
    let mut encoder = png::Encoder::new(BufWriter::new(file), width_px, height_px);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let packed: Vec<u8> =
        mask.chunks(width_px as usize).flat_map(|row| row.chunks(8).map(pack)).collect();
    let mut writer = encoder.write_header()?;
    writer
        .write_image_data(&packed)
        .and_then(|()| writer.finish())
        .with_context(|| format!("cannot write {}", path.display()))
}

fn pack(bits: &[u8]) -> u8 {
    bits.iter().enumerate().fold(0, |byte, (k, bit)| byte | bit << (7 - k))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_pack_the_first_pixel_into_the_highest_bit() {
        assert_eq!(pack(&[1, 0, 0, 0, 0, 0, 0, 1]), 0x81);
        assert_eq!(pack(&[1, 1]), 0xC0);
    }

    #[test]
    fn records_give_the_labelled_frames_of_each_event() {
        let event = |from_s, to_s| Event {
            kind: AnomalyKind::Cart,
            window_s: [from_s, to_s],
            actors: Vec::new(),
        };
        let labels = [0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 0, 1, 0];
        let found = records("01", 1, &[event(2.0, 5.0), event(9.0, 12.0)], &labels);
        let frames: Vec<_> = found.iter().map(|r| (r.first_frame, r.last_frame)).collect();
        assert_eq!(frames, [(3, 4), (9, 11)]);
    }
}
