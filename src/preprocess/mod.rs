//! From a frame as the camera gives it to the planes that the network takes.
//!
//! Colour conversion comes first, at full resolution; then each plane is
//! resized. Scaling to the network's number range is the model's business.

mod blocks;
mod convert;
mod edges;
mod error;
mod input;
mod jpeg;
mod light;
mod plane;
mod preprocessor;
mod relight;
mod resize;
mod source;
mod stabiliser;
mod steady;
mod yuv;

pub use edges::Edges;
pub use error::PreprocessError;
pub use input::{Channels, InputSpec, Resize};
pub use light::Light;
pub use preprocessor::Preprocessor;
