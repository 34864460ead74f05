//! How far a frame is from what was expected.
//!
//! Two scores come from one pass over the prediction error: the paper's, for
//! comparison with the literature, and the deployed one, which is causal and
//! speaks in surprise, −log10 of the probability of seeing such a value in
//! normal footage.

mod auc;
mod background;
mod block;
mod block_term;
mod cells;
mod deployed;
mod distribution;
mod error_map;
mod mask;
mod motion;
mod motion_features;
mod motion_term;
mod paper;
mod places;
mod polygon;
mod rows;
mod smooth;
mod stays;
mod tamper;
mod view_term;
mod weighting;

pub use auc::auc;
pub use background::{Background, Reduction};
pub use block::{Block, BlockRule};
pub use block_term::BlockTerm;
pub use cells::{ByCell, CELL_COUNT, CELLS_SIDE, Cells};
pub use deployed::{DeployedScore, Origin, Surprise, Weights};
pub use distribution::{Distribution, MAX_SURPRISE, Tail, quantile};
pub use error_map::{ErrorMap, FrameError};
pub use mask::Mask;
pub use motion::PredictedMotion;
pub use motion_features::{MOTION_CELL_PX, MOTION_STEPS, MOTION_STRIDE_PX, MotionFeatures};
pub use motion_term::{Motion, MotionTerm};
pub use paper::{gate_error, normality, psnr_db};
pub use places::Places;
pub use polygon::{MaskMode, Polygon};
pub use smooth::Smoothed;
pub use stays::{Area, LOOK_NS, SEEN_AFTER_MS, Staying, Stays};
pub use tamper::{PartValues, Parts, Tamper, usual_agreement, usual_detail};
pub use view_term::ViewTerm;
pub use weighting::{InForce, WeightedZone, Weighting};
