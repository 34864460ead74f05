//! Convolutions as layers, transposed ones as the convolution that gives their
//! four phases.

use anyhow::{Result, ensure};
use ndarray::Array4;
use normwatch::model::graph::Convolution;

use super::Conv;

impl Conv {
    pub(super) fn new(conv: Convolution) -> Result<Self> {
        let values = conv.weights.iter().chain(&conv.bias);
        ensure!(values.copied().all(f32::is_finite), "holds a value that is not a number");
        let name = conv.weight_name.strip_suffix(".weight").unwrap_or(&conv.weight_name);
        Ok(Self {
            name: name.into(),
            weight: Array4::from_shape_vec(conv.shape, conv.weights)?,
            bias: conv.bias,
            pads: conv.pads.map(|pad| pad as i64),
            relu: false,
        })
    }

    /// A 3×3 transposed convolution that doubles both sides, as the exact 2×2
    /// convolution that gives its four phases as channels. Output row 2i + a
    /// takes row i with kernel row 1 + a, and for a = 1 row i + 1 with kernel
    /// row 0; columns alike.
    pub(super) fn of_phases(conv: Convolution) -> Result<Self> {
        let Self { name, weight: kernel, bias, .. } = Self::new(conv)?;
        let (inputs, outputs, ..) = kernel.dim();
        let tap = |phase: usize, offset: usize| match (phase, offset) {
            (0, 0) => Some(1),
            (0, _) => None,
            (_, 0) => Some(2),
            _ => Some(0),
        };
        let weight = Array4::from_shape_fn((4 * outputs, inputs, 2, 2), |(o, i, dy, dx)| {
            let (channel, phase) = (o / 4, o % 4);
            match (tap(phase / 2, dy), tap(phase % 2, dx)) {
                (Some(ky), Some(kx)) => kernel[[i, channel, ky, kx]],
                _ => 0.0,
            }
        });
        let bias = bias.into_iter().flat_map(|b| [b; 4]).collect();
        Ok(Self { name, weight, bias, pads: [0, 0, 1, 1], relu: false })
    }
}
