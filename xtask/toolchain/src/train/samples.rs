//! All windows of consecutive frames in some footage.

use normwatch::model::InputSection;
use rand::seq::SliceRandom;

use super::footage::ClipFrames;
use super::motion::motion_floor;
use super::random::{Purpose, stream};
use super::window::{Batch, WindowShape};

/// All windows of consecutive frames in some clips.
pub struct Samples {
    segments: Vec<Vec<u8>>,
    /// Segment and first frame of each window.
    windows: Vec<(usize, usize)>,
    shape: WindowShape,
    motion_floor: f64,
}

impl Samples {
    pub fn new(clips: Vec<ClipFrames>, shape: WindowShape) -> Self {
        let segments: Vec<Vec<u8>> = clips.into_iter().flat_map(|clip| clip.segments).collect();
        let mut windows = Vec::new();
        for (index, segment) in segments.iter().enumerate() {
            let frames = segment.len() / shape.frame_len();
            windows
                .extend((0..(frames + 1).saturating_sub(shape.span)).map(|first| (index, first)));
        }
        let motion_floor = motion_floor(&segments, &shape);
        Self { segments, windows, shape, motion_floor }
    }

    /// Consecutive frames, planar u8.
    pub fn segments(&self) -> &[Vec<u8>] {
        &self.segments
    }

    pub fn len(&self) -> usize {
        self.windows.len()
    }

    pub fn shape(&self) -> WindowShape {
        self.shape
    }

    /// All frames of a window, oldest first.
    pub fn window(&self, index: usize) -> &[u8] {
        let (segment, first) = self.windows[index];
        let start = first * self.shape.frame_len();
        &self.segments[segment][start..start + self.shape.window_len()]
    }

    /// The segment that a window is from: other moments of the same clip.
    pub fn surroundings(&self, index: usize) -> &[u8] {
        &self.segments[self.windows[index].0]
    }

    /// Grey levels above which a query's pixels show something that moves.
    pub fn motion_floor(&self) -> f64 {
        self.motion_floor
    }

    /// The input frames of a window as if its clip were played so many times as
    /// fast, up to the same last frame; none where the clip begins too late.
    pub fn played(&self, index: usize, speed: usize) -> Option<Vec<u8>> {
        let (segment, first) = self.windows[index];
        let InputSection { frames, frame_spacing, .. } = self.shape.input;
        let (len, stride) = (self.shape.frame_len(), frame_spacing * speed);
        let last = first + (frames - 1) * frame_spacing;
        let oldest = last.checked_sub((frames - 1) * stride)?;
        let frame = |at: usize| &self.segments[segment][at * len..(at + 1) * len];
        Some((0..frames).flat_map(|n| frame(oldest + n * stride)).copied().collect())
    }

    /// The order in which an epoch goes through the windows.
    pub fn order(&self, seed: u64, epoch: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.shuffle(&mut stream(seed, Purpose::Order, epoch as u64));
        order
    }

    /// The windows at `indices` as they are.
    pub fn batch(&self, indices: &[usize]) -> Batch {
        let (mut inputs, mut targets) = (Vec::new(), Vec::new());
        for &index in indices {
            self.shape.split(self.window(index), &mut inputs, &mut targets);
        }
        self.shape.batch(&inputs, &targets)
    }
}
