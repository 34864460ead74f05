//! The motion that a prediction foresees, as a part of the block term's divisor.

use crate::kernel::Work;

/// A prediction (planar, about −1..=1) and the newest frame that it was made from
/// (planar u8), of equal length.
#[derive(Clone, Copy, Debug)]
pub struct PredictedMotion<'a> {
    pub prediction: &'a [f32],
    pub newest: &'a [u8],
}

/// Adds `factor` times the squared motion, mean over planes on the 0..=1 scale of
/// grey levels, to a map of one plane.
pub(super) struct AddedMotion<'a> {
    pub motion: PredictedMotion<'a>,
    pub factor: f32,
    pub out: &'a mut [f32],
}

impl Work for AddedMotion<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { motion: PredictedMotion { prediction, newest }, factor, out } = self;
        let pixels = out.len();
        let share = factor * pixels as f32 / newest.len() as f32;
        let planes = prediction.chunks_exact(pixels).zip(newest.chunks_exact(pixels));
        for (prediction, newest) in planes {
            for ((out, &value), &before) in out.iter_mut().zip(prediction).zip(newest) {
                let motion = (value + 1.0) * 0.5 - f32::from(before) * (1.0 / 255.0);
                *out += share * motion * motion;
            }
        }
    }
}
