//! Adam (Kingma, Ba 2015) with PyTorch's defaults and no weight decay: what
//! every engine's step has in common.

/// Share of the first moment that a step keeps.
pub const BETA_1: f64 = 0.9;
/// Share of the second moment that a step keeps.
pub const BETA_2: f64 = 0.999;
pub const EPSILON: f64 = 1e-8;

/// What the names of all moments in a checkpoint begin with.
pub const PREFIX: &str = "adam.";

/// Names of an array's two moments in a checkpoint.
pub fn moment_names(array: &str) -> [String; 2] {
    ["first", "second"].map(|moment| format!("{PREFIX}{moment}.{array}"))
}

/// The factors of one step.
#[derive(Clone, Copy)]
pub struct Rates {
    pub step_size: f64,
    /// Divides the root of the second moment.
    pub root_correction: f64,
}

impl Rates {
    /// `step` counts from 1.
    pub fn new(step: u64, learning_rate: f64) -> Self {
        let power = |beta: f64| 1.0 - beta.powf(step as f64);
        Self { step_size: learning_rate / power(BETA_1), root_correction: power(BETA_2).sqrt() }
    }
}
