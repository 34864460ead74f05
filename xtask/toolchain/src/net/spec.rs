//! The few numbers that describe one network of the family.

use anyhow::{Result, ensure};
use clap::ValueEnum;
use normwatch::model::{DEFAULT_TEXTURE_FLOOR, InputSection, MAX_PAST_FRAMES};
use serde::{Deserialize, Serialize};

/// What the decoder is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// The frame that follows the input frames.
    Prediction,
    /// The input frame itself; the input is then one frame.
    Reconstruction,
}

/// What comes out of the decoder's last convolution.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Predicts {
    /// The frame, by tanh, as published.
    #[default]
    Frame,
    /// What is added to the newest frame. The convolution starts at zero, so that
    /// learning starts where subtracting two frames ends.
    Change,
}

impl Predicts {
    /// c and k of the block term's relative error that suit the prediction:
    /// `score::BlockRule`'s `texture_floor` and `motion_factor`. Those of a change
    /// were chosen on held-out training footage with pasted patches and hurried
    /// playback (docs/results.md).
    pub fn block_constants(self) -> (f32, f32) {
        match self {
            Self::Frame => (DEFAULT_TEXTURE_FLOOR, 0.0),
            Self::Change => (0.003, 16.0),
        }
    }

    fn is_frame(&self) -> bool {
        *self == Self::Frame
    }
}

/// How the decoder doubles its resolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Upsampling {
    /// The paper's transposed convolution, 3×3 with stride 2.
    Transposed,
    /// Every pixel four times, then a 3×3 convolution.
    Nearest,
    /// A 3×3 convolution to four times the channels, folded into 2×2 pixels.
    PixelShuffle,
}

/// The family of networks, without the frames that they take: those are in
/// [`InputSection`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkSpec {
    pub task: Task,
    /// Channels of the first block; queries have 8 times as many.
    pub base_width: usize,
    pub upsampling: Upsampling,
    /// The frame where it is left out.
    #[serde(default, skip_serializing_if = "Predicts::is_frame")]
    pub predicts: Predicts,
    /// Whether the decoder sees the encoder's blocks besides the queries.
    pub skips: bool,
    /// M, the number of memory items.
    pub items: usize,
    /// Divides the cosine similarities before both softmaxes; 1 in the paper.
    pub temperature: f32,
}

impl NetworkSpec {
    /// C, the channels of a query and of an item.
    pub fn query_channels(&self) -> usize {
        8 * self.base_width
    }

    /// Consecutive frames in one sample: the input's, and the one to predict.
    pub fn span(&self, input: &InputSection) -> usize {
        match self.task {
            Task::Prediction => input.past_span() + 1,
            Task::Reconstruction => input.frames,
        }
    }

    /// # Errors
    /// One sentence that names the value and what it must be.
    pub fn check(&self, input: &InputSection) -> Result<()> {
        let sides = [("width", input.width_px), ("height", input.height_px)];
        for (name, side) in sides {
            ensure!(
                side >= 16 && side.is_multiple_of(8) && side <= 4096,
                "a {name} of {side} px does not fit: three poolings halve it, so it must be a \
                 multiple of 8 from 16 to 4096"
            );
        }
        ensure!((1..=512).contains(&self.base_width), "the width must lie between 1 and 512");
        ensure!(
            input.frame_spacing >= 1 && (1..=MAX_PAST_FRAMES).contains(&input.past_span()),
            "the number of frames times their spacing must lie between 1 and {MAX_PAST_FRAMES}"
        );
        ensure!((2..=4096).contains(&self.items), "the memory needs 2 to 4096 items");
        ensure!(
            self.temperature > 0.0 && self.temperature.is_finite(),
            "the temperature must be above 0"
        );
        ensure!(
            input.fps > 0.0 && input.fps <= 1000.0,
            "the rate must be above 0 and at most 1000"
        );
        ensure!(
            self.task == Task::Prediction || input.frames == 1,
            "reconstruction takes one frame, not {}",
            input.frames
        );
        ensure!(
            self.task == Task::Prediction || self.predicts == Predicts::Frame,
            "reconstruction gives a frame, not a change"
        );
        Ok(())
    }
}
