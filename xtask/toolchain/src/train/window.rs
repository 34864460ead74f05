//! The shape of a window of consecutive frames, and batches of them.

use normwatch::model::InputSection;

use crate::net::{NetworkSpec, Task};

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

    /// Appends a window's input frames and its target.
    pub fn split(&self, window: &[u8], inputs: &mut Vec<u8>, targets: &mut Vec<u8>) {
        let seen = window.chunks_exact(self.frame_len()).step_by(self.input.frame_spacing);
        seen.take(self.input.frames).for_each(|frame| inputs.extend_from_slice(frame));
        targets.extend_from_slice(&window[window.len() - self.frame_len()..]);
    }
}
