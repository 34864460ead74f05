//! The exponential function of the memory's softmax, in plain arithmetic that
//! the compiler vectorises.

const LN_2_HIGH: f32 = 0.693_359_4;
const LN_2_LOW: f32 = -2.121_944_4e-4;
/// Adding it leaves a number rounded to an integer in the lowest bits.
const ROUNDING: f32 = 12_582_912.0;
/// Below, the result is as good as 0 and its exponent would not fit.
const EXP_LIMIT: f32 = -87.0;
const EXP: [f32; 6] =
    [1.987_569_2e-4, 1.398_2e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5];

/// eˣ for x ≤ 0, off by a unit or two in the last place; NaN stays NaN.
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    let x = if x < EXP_LIMIT { EXP_LIMIT } else { x };
    let shifted = x * std::f32::consts::LOG2_E + ROUNDING;
    let whole = shifted - ROUNDING;
    let rest = x - whole * LN_2_HIGH - whole * LN_2_LOW;
    let mut sum = EXP[0];
    for coefficient in &EXP[1..] {
        sum = sum * rest + coefficient;
    }
    let fraction = sum * (rest * rest) + rest + 1.0;
    // 2^whole: the integer moves to the exponent's place.
    fraction * f32::from_bits((shifted.to_bits() << 23).wrapping_add(1.0f32.to_bits()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_off_by_two_units_in_the_last_place() {
        for step in 0..=87_000 {
            let x = -(step as f32) / 1000.0;
            let wanted = f64::from(x).exp();
            assert!((f64::from(exp(x)) - wanted).abs() <= 2.4e-7 * wanted, "{x}: {}", exp(x));
        }
        assert!(exp(-1e9) < 1e-37 && exp(f32::NAN).is_nan());
    }
}
