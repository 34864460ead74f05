//! What moves in footage, played as it was filmed or faster: the motion head's examples.

use normwatch::model::{InputSection, MOTION_FEATURES};
use normwatch::score::{MOTION_STEPS, MotionFeatures};

/// The numbers of a cell that moves.
pub type Features = [f32; MOTION_FEATURES];

/// Windows that are looked at, evenly spread: more would not change what is learnt.
const WINDOWS: usize = 2000;

/// Segments of consecutive frames, each window of which can be looked at.
pub struct Cells<'a> {
    segments: &'a [Vec<u8>],
    frame_len: usize,
    spacing: usize,
    features: MotionFeatures,
}

impl<'a> Cells<'a> {
    /// `None` where the network sees too few frames, or too small ones.
    pub fn new(segments: &'a [Vec<u8>], input: &InputSection) -> Option<Self> {
        if input.frames < MOTION_STEPS[2] || input.frame_spacing == 0 {
            return None;
        }
        let planes = input.channels.planes();
        Some(Self {
            segments,
            frame_len: input.spec().frame_len(),
            spacing: input.frame_spacing,
            features: MotionFeatures::new(input.width_px, input.height_px, planes)?,
        })
    }

    /// The change that the share `quantile` of all cells stays below.
    pub fn usual_change(&mut self, quantile: f64) -> Option<f32> {
        let mut changes = Vec::new();
        self.each_window(1, |features| {
            let (columns, rows) = features.grid();
            changes.extend((0..columns * rows).map(|cell| features.change(cell)));
        });
        let at = (changes.len() as f64 * quantile) as usize;
        let last = changes.len().checked_sub(1)?;
        Some(*changes.select_nth_unstable_by(at.min(last), f32::total_cmp).1)
    }

    /// All cells that change by more than `limit`, with the footage played `speed` times as
    /// fast.
    pub fn moving(&mut self, limit: f32, speed: usize) -> Vec<Features> {
        let mut cells = Vec::new();
        self.each_window(speed, |features| {
            let (columns, rows) = features.grid();
            let moving = (0..columns * rows).filter(|&cell| features.change(cell) > limit);
            cells.extend(moving.map(|cell| features.of(cell)));
        });
        cells
    }

    fn each_window(&mut self, speed: usize, mut look: impl FnMut(&MotionFeatures)) {
        let Self { segments, frame_len, spacing, ref mut features } = *self;
        let [one, two, four] = MOTION_STEPS.map(|step| step * speed * spacing);
        let windows = segments.iter().flat_map(|segment| {
            (four..segment.len() / frame_len).map(move |newest| (segment, newest))
        });
        let step = windows.clone().count().div_ceil(WINDOWS).max(1);
        for (segment, newest) in windows.step_by(step) {
            let frame = |back: usize| &segment[(newest - back) * frame_len..][..frame_len];
            features.measure([frame(0), frame(one), frame(two), frame(four)]);
            look(features);
        }
    }
}
