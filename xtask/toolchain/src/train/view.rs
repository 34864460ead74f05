//! Learns the usual view: the median of the footage, and how far its pictures are
//! from that by place.

use anyhow::{Result, anyhow};
use normwatch::model::{InputSection, UsualView};
use normwatch::preprocess::{Edges, Light};
use normwatch::score::{ErrorMap, Mask, ViewTerm};

use super::footage::ClipFrames;

/// Pictures that it takes, evenly spread: more would not change a median.
const PICTURES: usize = 200;
/// A picture with less than this share of the median's contrast is black, dazzled or
/// covered, and shows nothing that could be usual.
const LEAST_CONTRAST: f32 = 1.0 / 3.0;
/// Ways that a camera slips by half a pixel: right, down, and whether to the other side.
const SLIPS: [(isize, isize); 8] =
    [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1)];

/// # Errors
/// An input too small for blocks.
pub fn learn_view(clips: &[ClipFrames], input: &InputSection) -> Result<UsualView> {
    let frame_len = input.spec().frame_len();
    let segments = clips.iter().flat_map(|clip| &clip.segments);
    let all: Vec<&[u8]> = segments.flat_map(|segment| segment.chunks_exact(frame_len)).collect();
    let spread = |at: usize| at * all.len() / PICTURES.min(all.len());
    let pictures: Vec<&[u8]> = (0..PICTURES.min(all.len())).map(|at| all[spread(at)]).collect();
    let median = median(&pictures, frame_len);
    let usual = usual(&pictures, &median, input);
    let size = [input.channels.planes(), input.height_px, input.width_px];
    UsualView::new(size, median, usual).map_err(|e| anyhow!("the usual view: {e}"))
}

fn median(pictures: &[&[u8]], frame_len: usize) -> Vec<u8> {
    let mut levels = vec![0; pictures.len()];
    let median = |at: usize| {
        levels.iter_mut().zip(pictures).for_each(|(level, picture)| *level = picture[at]);
        *levels.select_nth_unstable(pictures.len() / 2).1
    };
    (0..frame_len).map(median).collect()
}

/// By block, the largest difference of the pictures from their median, or the median's own
/// where the camera has slipped by half a pixel: on another day it will have.
fn usual(pictures: &[&[u8]], median: &[u8], input: &InputSection) -> Vec<f32> {
    let mask = Mask::everything(input.width_px, input.height_px);
    let mut map = ErrorMap::new(mask, ViewTerm::RULE);
    let prediction: Vec<f32> = median.iter().map(|&level| f32::from(level) / 127.5 - 1.0).collect();
    let mut most = Vec::new();
    let mut see = |picture: &[u8]| {
        map.measure_within(&prediction, picture, None, (Edges::default(), 0));
        let ratios = map.ratios().0;
        most.resize(ratios.len(), 0.0);
        most.iter_mut().zip(ratios).for_each(|(most, ratio)| *most = f32::max(*most, *ratio));
    };
    let least = LEAST_CONTRAST * Light::of(median).spread;
    let shown = pictures.iter().filter(|picture| Light::of(picture).spread >= least);
    shown.for_each(|picture| see(picture));
    SLIPS.iter().for_each(|&slip| see(&slipped(median, input, slip)));
    most
}

/// A picture that has slipped by half a pixel, to the right and down.
fn slipped(picture: &[u8], input: &InputSection, (right, down): (isize, isize)) -> Vec<u8> {
    let (width, height) = (input.width_px, input.height_px);
    let beside = |at: usize, by: isize, end: usize| at.saturating_add_signed(-by).min(end - 1);
    let of_plane = |plane: &[u8]| -> Vec<u8> {
        let slip = |at: usize| {
            let (x, y) = (at % width, at / width);
            let (x2, y2) = (beside(x, right, width), beside(y, down, height));
            let level = |x: usize, y: usize| u16::from(plane[y * width + x]);
            ((level(x, y) + level(x2, y) + level(x, y2) + level(x2, y2) + 2) / 4) as u8
        };
        (0..plane.len()).map(slip).collect()
    };
    picture.chunks_exact(width * height).flat_map(of_plane).collect()
}

#[cfg(test)]
mod tests {
    use normwatch::model::VIEW_BLOCK_PX;

    use super::*;
    use crate::net::Preset;

    /// Flat, with a striped wall, a place that flickers, somebody who passes once,
    /// and two pictures that are black.
    #[test]
    fn a_passer_by_a_flicker_and_half_a_pixel_are_usual() {
        let mut input = Preset::Nano.values().input;
        (input.width_px, input.height_px) = (48, 48);
        let frame = |n: usize| {
            let level = move |i: usize| {
                let (x, y) = (i % 48, i / 48);
                let flickers = x >= 36 && y >= 36 && (x + y + n).is_multiple_of(2);
                let passes = n == 7 && x < 12 && y < 12 && (x + y).is_multiple_of(3);
                let stripes = x >= 36 && y < 12 && x % 8 < 4;
                let level = 80 + u8::from(flickers) * 60 + u8::from(passes) * 100;
                if n == 20 || n == 30 { 0 } else { level + u8::from(stripes) * 90 }
            };
            (0..48 * 48).map(level)
        };
        let segments = vec![(0..40).flat_map(frame).collect()];
        let clips = [ClipFrames { name: "clip".into(), segments }];
        let view = learn_view(&clips, &input).unwrap();
        assert_eq!(view.picture()[5 * 48 + 5], 80, "the median forgets who passed");
        let columns = 48 + 1 - VIEW_BLOCK_PX;
        let usual = |x: usize, y: usize| view.usual()[y * columns + x];
        let of = [usual(36, 36), usual(0, 0), usual(36, 0), usual(0, 36)];
        let [flicker, passer_by, stripes, wall] = of;
        assert!(flicker > 1.0 && passer_by > 0.1 && wall < 1e-3, "{of:?}");
        assert!((0.1..1.5).contains(&stripes), "half a pixel, and not the black one: {of:?}");
    }

    #[test]
    fn a_slip_moves_each_plane_by_half_a_pixel() {
        let mut input = Preset::Nano.values().input;
        (input.width_px, input.height_px) = (3, 2);
        let picture = [0, 40, 80, 0, 40, 80, 9, 9, 9, 9, 9, 9];
        assert_eq!(slipped(&picture, &input, (1, 0))[..6], [0, 20, 60, 0, 20, 60]);
        assert_eq!(slipped(&picture, &input, (-1, -1))[..6], [20, 60, 80, 20, 60, 80]);
        assert_eq!(slipped(&picture, &input, (0, 1)), picture);
    }
}
