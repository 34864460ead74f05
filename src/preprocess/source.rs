//! The size of the frames that come, and the resizer for it.

use super::error::PreprocessError;
use super::input::InputSpec;
use super::plane::Plane;
use super::resize::Resizer;

/// The size that the first good frame fixed, and the way from it to the input.
#[derive(Debug)]
pub(super) struct Source {
    pub size_px: (u32, u32),
    pub resizer: Resizer,
}

impl Source {
    pub fn new(size_px: (u32, u32), spec: InputSpec) -> Self {
        let target = (spec.width_px, spec.height_px);
        Self { size_px, resizer: Resizer::new(size_px, target, spec.resize) }
    }

    /// Resizes each plane into its part of `out`.
    pub fn resize(&mut self, planes: [Option<Plane<'_>>; 3], out: &mut [u8]) {
        let outs = out.chunks_exact_mut(self.resizer.target_len());
        for (plane, out) in planes.into_iter().flatten().zip(outs) {
            self.resizer.resize(plane, out);
        }
    }
}

/// Refuses a frame of another size than those before it.
pub(super) fn check_size(
    expected: Option<(u32, u32)>,
    found: (u32, u32),
) -> Result<(), PreprocessError> {
    match expected {
        Some(from) if from != found => Err(PreprocessError::SizeChanged { from, to: found }),
        _ => Ok(()),
    }
}
