//! The network and its memory: four frames in, a prediction and a distance out.
//!
//! A [`Bundle`] is the folder that a training leaves behind; a [`Predictor`]
//! runs it. Encoder and decoder are ONNX graphs, the memory between them is
//! ours. `tract` is named in `network` and nowhere else.

mod arrays;
mod bundle;
mod folder;
mod golden;
pub mod graph;
mod learning;
mod manifest;
mod memory;
mod motion_memory;
mod network;
mod precision;
mod predictor;
mod signing;
mod update;
mod usual_view;

pub(crate) use arrays::Arrays;
pub use bundle::Bundle;
pub use folder::{BundleError, BundleErrorKind};
pub use learning::{MemoryUpdate, Normaliser};
pub use manifest::{
    DEFAULT_SMOOTHING_MS, DEFAULT_TEXTURE_FLOOR, FORMAT_VERSION, InputSection, MAX_PAST_FRAMES,
    MAX_SMOOTHING_MS, Manifest, MemorySection, ScoreSection, is_texture_floor,
};
pub use memory::{Memory, MemoryError, MemoryRead};
pub use motion_memory::{
    MOTION_FEATURES, MOTION_HIDDEN, MOTION_ITEMS, MOTION_WIDTH, MotionItems, MotionLayer,
    MotionMemory, MotionRead, squared_distance,
};
pub use network::{Backend, NetworkError, NetworkOptions};
pub use precision::Precision;
pub use predictor::{Predictor, StageNs};
pub use signing::Covers;
pub use update::update_items;
pub use usual_view::{UsualView, VIEW_BLOCK_PX};
