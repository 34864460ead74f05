//! The number formats that a network can compute in. Boards name one, so this
//! file needs neither the network nor its bundle.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The number format of a bundle's graphs. Queries, the memory and the
/// predicted frame are f32 in all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    F32,
    F16,
    /// 8-bit weights and activations with 32-bit sums, see
    /// `docs/design/quantisation.md`. Single layers may be in f32.
    Int8,
}

impl Precision {
    /// Largest accepted absolute difference of a self-test's tensor from the
    /// stored one. Instruction sets round differently, and in int8 a value on
    /// the edge between two steps may fall to either side; a wrong weight or a
    /// wrong layout is off by far more.
    pub fn self_test_tolerance(self) -> f32 {
        match self {
            Self::F32 => 1e-3,
            Self::F16 => 2e-2,
            Self::Int8 => 1e-1,
        }
    }

    /// Largest accepted mean of those differences.
    pub fn self_test_mean_tolerance(self) -> f32 {
        match self {
            Self::F32 => 1e-3,
            Self::F16 => 2e-3,
            // Where a float layer comes first, every later step may differ.
            Self::Int8 => 1e-2,
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Int8 => "int8",
        })
    }
}
