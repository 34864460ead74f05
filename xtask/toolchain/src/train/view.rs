//! Learns the usual view: the median of the footage, and how far its pictures are
//! from that by place.

use anyhow::{Result, anyhow};
use normwatch::model::{InputSection, UsualView};
use normwatch::preprocess::Edges;
use normwatch::score::{ErrorMap, Mask, ViewTerm};

use super::footage::ClipFrames;

/// Pictures that it takes, evenly spread: more would not change a median.
const PICTURES: usize = 200;
/// What is usual is what this share of them stays below.
const USUAL: f64 = 0.95;

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

fn usual(pictures: &[&[u8]], median: &[u8], input: &InputSection) -> Vec<f32> {
    let mask = Mask::everything(input.width_px, input.height_px);
    let mut map = ErrorMap::new(mask, ViewTerm::RULE);
    let prediction: Vec<f32> = median.iter().map(|&level| f32::from(level) / 127.5 - 1.0).collect();
    let mut ratios: Vec<Vec<f32>> = Vec::new();
    for picture in pictures {
        map.measure_within(&prediction, picture, None, (Edges::default(), 0));
        ratios.push(map.ratios().0.to_vec());
    }
    let at = ((pictures.len() - 1) as f64 * USUAL).round() as usize;
    let mut values = vec![0.0; pictures.len()];
    let quantile = |block: usize| {
        values.iter_mut().zip(&ratios).for_each(|(value, ratios)| *value = ratios[block]);
        *values.select_nth_unstable_by(at, f32::total_cmp).1
    };
    (0..ratios[0].len()).map(quantile).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Preset;

    /// Texture, with a place that flickers and somebody who passes once.
    #[test]
    fn the_median_forgets_a_passer_by_and_a_flicker_is_usual() {
        let mut input = Preset::Nano.values().input;
        (input.width_px, input.height_px) = (32, 32);
        let frame = |n: usize| {
            let level = move |i: usize| {
                let (x, y) = (i % 32, i / 32);
                let flickers = x >= 20 && y >= 20 && (x + y + n).is_multiple_of(2);
                let passes = n == 7 && x < 12 && y < 12 && (x + y).is_multiple_of(3);
                (80 + x / 3 * 5) as u8 + u8::from(flickers) * 60 + u8::from(passes) * 100
            };
            (0..32 * 32).map(level)
        };
        let segments = vec![(0..40).flat_map(frame).collect()];
        let clips = [ClipFrames { name: "clip".into(), segments }];
        let view = learn_view(&clips, &input).unwrap();
        assert_eq!(view.picture()[5 * 32 + 5], 85);
        let usual = view.usual();
        assert!(usual[0] < 1e-3, "{}", usual[0]);
        assert!(*usual.last().unwrap() > 1.0, "{:?}", usual.last());
    }
}
