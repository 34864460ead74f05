//! What is known of a convolution in integers before it has a place: weights,
//! biases and scales, and the check that no sum leaves 32 bits.

use super::super::arena::Aligned;
use super::super::error::NodeFault;
use super::super::layout::INTEGER_LANES;

/// The numbers that 8-bit values stand for: scale · (q − zero point).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantisation {
    pub scale: f32,
    pub zero_point: i8,
}

impl Quantisation {
    pub(in crate::kernel) fn check(self) -> Result<(), NodeFault> {
        let scale = self.scale;
        if scale > 0.0 && scale.is_finite() && scale.recip().is_finite() {
            return Ok(());
        }
        Err(NodeFault::Scale(scale))
    }

    /// The nearest integer, ties to even. Multiplies by the scale's reciprocal
    /// as stock tract does.
    pub fn integer(self, value: f32) -> i8 {
        // Beyond 255 steps every value saturates, whatever the zero point.
        let steps = (value * self.scale.recip()).clamp(-256.0, 256.0);
        (nearest(steps) + i32::from(self.zero_point)).clamp(-128, 127) as i8
    }

    pub fn value(self, integer: i8) -> f32 {
        (i32::from(integer) - i32::from(self.zero_point)) as f32 * self.scale
    }
}

/// Added and taken off again, it leaves no bits behind the point.
const ROUNDER: f32 = 12_582_912.0;

/// The nearest integer, ties to even, of a value within ±2²². The standard
/// library's way is a call on x86-64 and ARMv7.
#[inline(always)]
pub(super) fn nearest(value: f32) -> i32 {
    ((value + ROUNDER) - ROUNDER) as i32
}

/// A convolution of integers, with sums of 32 bits.
#[derive(Clone, Debug)]
pub struct IntegerFilter {
    /// Rows and columns: 3, which reads one pixel around its own, or 2, which
    /// reads its own, the next ones right and below, and the one between.
    pub side: usize,
    /// out × in × rows × columns, row-major, none of them −128.
    pub weights: Vec<i8>,
    /// One for each output channel, in steps of the sums.
    pub bias: Vec<i32>,
    /// What a sum of each output channel is multiplied by: input scale times
    /// weight scale over output scale.
    pub multipliers: Vec<f32>,
    pub input_zero: i8,
    pub output_zero: i8,
}

impl IntegerFilter {
    pub fn outputs(&self) -> usize {
        self.bias.len()
    }

    pub(in crate::kernel) fn taps(&self) -> usize {
        self.side * self.side
    }

    /// Biases and multipliers of some outputs, filled up to whole blocks. The
    /// input's zero point, and what its cells are off by, are taken off the
    /// biases, so that nothing has to be taken off the cells.
    pub(super) fn constants(
        &self,
        outputs: impl Iterator<Item = usize> + Clone,
        offset: i32,
    ) -> (Aligned<i32>, Aligned<f32>) {
        let each = self.weights.len() / self.outputs();
        let stored_zero = i32::from(self.input_zero) + offset;
        let bias = |o: usize| {
            let weights = &self.weights[o * each..][..each];
            self.bias[o] - stored_zero * weights.iter().map(|&w| i32::from(w)).sum::<i32>()
        };
        let count = outputs.clone().count();
        let spare = count.next_multiple_of(INTEGER_LANES) - count;
        let biases = outputs.clone().map(bias).chain(std::iter::repeat_n(0, spare));
        let multipliers = outputs.map(|o| self.multipliers[o]);
        (biases.collect(), multipliers.chain(std::iter::repeat_n(0.0, spare)).collect())
    }

    /// Whether it can be computed exactly: then no sum leaves 32 bits, on any
    /// vector unit and in any order.
    pub(in crate::kernel) fn check(&self, inputs: usize) -> Result<(), NodeFault> {
        if !matches!(self.side, 2 | 3) {
            return Err(NodeFault::FilterSide(self.side));
        }
        let (outputs, each) = (self.outputs(), inputs * self.taps());
        if outputs == 0 || each == 0 || self.weights.len() != outputs * each {
            let weights = self.weights.len();
            return Err(NodeFault::Weights { weights, inputs, outputs });
        }
        let multipliers = self.multipliers.len();
        if multipliers != outputs {
            return Err(NodeFault::Multipliers { multipliers, outputs });
        }
        if let Some(&bad) = self.multipliers.iter().find(|m| !(m.is_finite() && **m > 0.0)) {
            return Err(NodeFault::Multiplier(bad));
        }
        if self.weights.contains(&i8::MIN) {
            return Err(NodeFault::LowestWeight);
        }
        for (weights, &bias) in self.weights.chunks_exact(each).zip(&self.bias) {
            let reach: i64 = weights.iter().map(|&w| i64::from(w).abs()).sum();
            // 256 for a byte, as much again for the zero point in the bias.
            if i64::from(bias).abs() + 512 * reach > i64::from(i32::MAX) {
                return Err(NodeFault::WideSums);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_is_what_the_standard_library_says() {
        for quarter in -2100i32..=2100 {
            let value = quarter as f32 / 4.0;
            assert_eq!(nearest(value), value.round_ties_even() as i32, "{value}");
        }
        assert_eq!(nearest(0.499_999_97), 0);
        assert_eq!(nearest(-127.500_01), -128);
    }

    #[test]
    fn values_become_integers_as_defined() {
        for zero_point in [-128i8, -3, 0, 127] {
            let way = Quantisation { scale: 0.25, zero_point };
            let extremes = [f32::MAX, f32::MIN, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, 1e-30];
            for value in (-900..900).map(|i| i as f32 / 8.0).chain(extremes) {
                let steps = (value * 4.0).round_ties_even() as i32;
                let expected = steps.saturating_add(zero_point.into()).clamp(-128, 127);
                assert_eq!(i32::from(way.integer(value)), expected, "{value} {zero_point}");
            }
            assert_eq!(way.value(zero_point), 0.0);
        }
    }
}
