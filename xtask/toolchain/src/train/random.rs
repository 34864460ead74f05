//! Random numbers by purpose and place, so that no generator's state has to be
//! stored: what is drawn at a step depends on the seed and the step alone.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// What a stream is for.
#[derive(Clone, Copy, Debug)]
pub enum Purpose {
    Weights = 1,
    Items = 2,
    /// One stream for each epoch.
    Order = 3,
    /// One stream for each step.
    Augmentation = 4,
    Settling = 5,
    Pasting = 6,
    /// One stream for each step.
    Outliers = 7,
    Motion = 8,
}

/// The stream of one purpose; `index` tells epochs or steps apart.
pub fn stream(seed: u64, purpose: Purpose, index: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    for (part, value) in key.chunks_exact_mut(8).zip([seed, purpose as u64, index]) {
        part.copy_from_slice(&value.to_le_bytes());
    }
    ChaCha8Rng::from_seed(key)
}
