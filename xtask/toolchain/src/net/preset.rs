//! The named networks, from the paper's size to one for small boards.

use clap::ValueEnum;
use normwatch::model::InputSection;
use normwatch::preprocess::{Channels, Resize};
use serde::{Deserialize, Serialize};

use super::spec::{NetworkSpec, Predicts, Task, Upsampling};

/// A named member of the family, with the frames that it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// MNAD's prediction network as released: four colour frames of 256×256.
    Paper,
    /// MNAD's reconstruction network as released: one colour frame of 256×256.
    PaperRecon,
    /// Four grey frames of 128×128 and a quarter of the paper's width: for
    /// boards with NEON.
    Edge,
    /// Four grey frames of 96×96 and an eighth of the paper's width: trains
    /// within minutes on two cores.
    Nano,
}

/// What a preset stands for; flags change single values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PresetValues {
    pub network: NetworkSpec,
    pub input: InputSection,
}

impl Preset {
    pub fn name(self) -> &'static str {
        match self {
            Self::Paper => "paper",
            Self::PaperRecon => "paper-recon",
            Self::Edge => "edge",
            Self::Nano => "nano",
        }
    }

    /// Whether losses, memory and schedule are the publication's.
    pub fn is_paper(self) -> bool {
        matches!(self, Self::Paper | Self::PaperRecon)
    }

    /// Adam's step size at the start.
    pub fn learning_rate(self) -> f64 {
        match self {
            Self::Paper | Self::PaperRecon => 2e-4,
            Self::Edge => 4e-4,
            Self::Nano => 2e-3,
        }
    }

    /// How much more a pixel counts in the loss where something moves; none as
    /// published.
    pub fn motion_weight(self) -> Option<f64> {
        match self {
            Self::Paper | Self::PaperRecon => None,
            Self::Edge | Self::Nano => Some(4.0),
        }
    }

    pub fn values(self) -> PresetValues {
        let paper = NetworkSpec {
            task: Task::Prediction,
            base_width: 64,
            upsampling: Upsampling::Transposed,
            predicts: Predicts::Frame,
            skips: true,
            items: 10,
            temperature: 1.0,
        };
        let small = |base_width| NetworkSpec {
            base_width,
            upsampling: Upsampling::Nearest,
            predicts: Predicts::Change,
            ..paper
        };
        let input = |side_px, channels, frames| InputSection {
            width_px: side_px,
            height_px: side_px,
            channels,
            frames,
            frame_spacing: 1,
            fps: 10.0,
            resize: Resize::Bilinear,
            relight: false,
        };
        let relit = |side_px| InputSection { relight: true, ..input(side_px, Channels::Luma, 4) };
        let (network, input) = match self {
            Self::Paper => (paper, input(256, Channels::Bgr, 4)),
            Self::PaperRecon => {
                let recon = NetworkSpec { task: Task::Reconstruction, skips: false, ..paper };
                (recon, input(256, Channels::Bgr, 1))
            }
            Self::Edge => (small(16), relit(128)),
            Self::Nano => (small(8), relit(96)),
        };
        PresetValues { network, input }
    }
}
