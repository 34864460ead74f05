//! Windows of consecutive frames, and batches of them.

use normwatch::model::InputSection;
use rand::seq::SliceRandom;

use super::augment::Augmentation;
use super::footage::ClipFrames;
use super::outliers::{OutlierChoice, Outliers, motion_floor};
use super::random::{Purpose, stream};
use crate::net::{NetworkSpec, Task};

/// All windows of consecutive frames in some clips.
pub struct Samples {
    segments: Vec<Vec<u8>>,
    /// Segment and first frame of each window.
    windows: Vec<(usize, usize)>,
    shape: WindowShape,
    motion_floor: f64,
}

/// What a window is cut into.
#[derive(Clone, Copy, Debug)]
pub struct WindowShape {
    pub task: Task,
    pub input: InputSection,
    /// Frames of a window.
    pub span: usize,
}

/// Windows as the network takes them.
pub struct Batch {
    /// B.
    pub windows: usize,
    /// B×(t·c)×H×W within −1..=1, oldest frame first.
    pub input: Vec<f32>,
    /// B×c×H×W.
    pub target: Vec<f32>,
}

impl WindowShape {
    pub fn new(network: &NetworkSpec, input: InputSection) -> Self {
        Self { task: network.task, input, span: network.span(&input) }
    }

    pub fn frame_len(&self) -> usize {
        self.input.spec().frame_len()
    }

    pub fn window_len(&self) -> usize {
        self.span * self.frame_len()
    }

    /// Windows of input frames, and the frame that the network should answer
    /// with for each.
    pub fn batch(&self, inputs: &[u8], targets: &[u8]) -> Batch {
        let numbers = |pixels: &[u8]| pixels.iter().map(|&v| f32::from(v) / 127.5 - 1.0).collect();
        Batch {
            windows: targets.len() / self.frame_len(),
            input: numbers(inputs),
            target: numbers(targets),
        }
    }
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

    /// The windows at `indices`, changed as `augmentation` says. `step` counts
    /// through the whole training. With outliers they come last.
    pub fn augmented(
        &self,
        indices: &[usize],
        augmentation: &Augmentation,
        (seed, step): (u64, u64),
    ) -> (Batch, Option<Outliers>) {
        let mut rng = stream(seed, Purpose::Augmentation, step);
        let mut choice = OutlierChoice::new(augmentation, indices.len(), (seed, step));
        let (mut inputs, mut targets) = (Vec::new(), Vec::new());
        for &index in indices {
            let mut window = self.window(index).to_vec();
            let before = rng.clone();
            augmentation.change(&mut window, &self.shape, &mut rng);
            let from = inputs.len();
            self.shape.split(&window, &mut inputs, &mut targets);
            let surroundings = self.surroundings(index);
            augmentation.intrude(&mut inputs[from..], surroundings, &self.shape, &mut rng);
            if let Some(choice) = &mut choice {
                let change =
                    |fast: &mut [u8]| augmentation.change(fast, &self.shape, &mut before.clone());
                choice.consider(self, index, &mut inputs[from..], change);
            }
        }
        let outliers = choice.map(|choice| choice.finish(&mut inputs, &mut targets));
        (self.shape.batch(&inputs, &targets), outliers)
    }
}

impl WindowShape {
    /// Appends a window's input frames and its target.
    pub fn split(&self, window: &[u8], inputs: &mut Vec<u8>, targets: &mut Vec<u8>) {
        let seen = window.chunks_exact(self.frame_len()).step_by(self.input.frame_spacing);
        seen.take(self.input.frames).for_each(|frame| inputs.extend_from_slice(frame));
        targets.extend_from_slice(&window[window.len() - self.frame_len()..]);
    }
}
