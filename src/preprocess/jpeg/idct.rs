//! From the coefficients of a block to its pixels.
//!
//! The arithmetic is that of the IJG library's accurate integer method, to the
//! bit: pictures must not differ from those that the network was trained on.

use crate::kernel::{Work, wide};

/// Coefficients row by row, ready multiplied.
pub(super) type Block = [[i32; 8]; 8];

/// Past it a coefficient is damaged; it only has to stay within the arithmetic.
const COEFFICIENT_LIMIT: i32 = 16_383;
const CONST_BITS: u32 = 13;
const PASS1_BITS: u32 = 2;

/// A coefficient, multiplied.
#[inline]
pub(super) fn scale(value: i32, quant: u16) -> i32 {
    (value * i32::from(quant)).clamp(-COEFFICIENT_LIMIT, COEFFICIENT_LIMIT)
}

/// Writes eight rows of eight pixels, `stride` apart, from the start of `out`.
pub(super) fn write(block: &Block, out: &mut [u8], stride: usize) {
    wide(Transform { block, out, stride });
}

/// As `write` for a block of which only the first coefficient is not zero.
pub(super) fn write_even(first: i32, out: &mut [u8], stride: usize) {
    let level = (((first << PASS1_BITS) + (1 << (PASS1_BITS + 2))) >> (PASS1_BITS + 3)) + 128;
    let level = level.clamp(0, 255) as u8;
    for row in out.chunks_mut(stride).take(8) {
        row[..8].fill(level);
    }
}

struct Transform<'a> {
    block: &'a Block,
    out: &'a mut [u8],
    stride: usize,
}

impl Work for Transform<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let mut rows = self.block.map(Lanes);
        transform(&mut rows, CONST_BITS - PASS1_BITS);
        transpose(&mut rows);
        transform(&mut rows, CONST_BITS + PASS1_BITS + 3);
        transpose(&mut rows);
        for (row, out) in rows.iter().zip(self.out.chunks_mut(self.stride)) {
            for (out, &level) in out[..8].iter_mut().zip(&row.0) {
                *out = level.wrapping_add(128).clamp(0, 255) as u8;
            }
        }
    }
}

/// Eight columns side by side.
#[derive(Clone, Copy)]
struct Lanes([i32; 8]);

impl Lanes {
    #[inline(always)]
    fn with(self, other: Self, f: impl Fn(i32, i32) -> i32) -> Self {
        Self(std::array::from_fn(|lane| f(self.0[lane], other.0[lane])))
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        self.with(other, i32::wrapping_add)
    }

    #[inline(always)]
    fn less(self, other: Self) -> Self {
        self.with(other, i32::wrapping_sub)
    }

    #[inline(always)]
    fn times(self, factor: i32) -> Self {
        Self(self.0.map(|value| value.wrapping_mul(factor)))
    }

    #[inline(always)]
    fn descale(self, bits: u32) -> Self {
        Self(self.0.map(|value| value.wrapping_add(1 << (bits - 1)) >> bits))
    }
}

/// The one-dimensional transform of Loeffler, Ligtenberg and Moschytz down each
/// column, with factors in 8192ths.
#[inline(always)]
fn transform(rows: &mut [Lanes; 8], descale_bits: u32) {
    let [s0, s1, s2, s3, s4, s5, s6, s7] = *rows;
    let z1 = s2.plus(s6).times(4433);
    let (t2, t3) = (z1.plus(s6.times(-15137)), z1.plus(s2.times(6270)));
    let (t0, t1) = (s0.plus(s4).times(1 << CONST_BITS), s0.less(s4).times(1 << CONST_BITS));
    let even = [t0.plus(t3), t1.plus(t2), t1.less(t2), t0.less(t3)];

    let z5 = s7.plus(s3).plus(s5.plus(s1)).times(9633);
    let z1 = s7.plus(s1).times(-7373);
    let z2 = s5.plus(s3).times(-20995);
    let z3 = s7.plus(s3).times(-16069).plus(z5);
    let z4 = s5.plus(s1).times(-3196).plus(z5);
    let odd = [
        s1.times(12299).plus(z1).plus(z4),
        s3.times(25172).plus(z2).plus(z3),
        s5.times(16819).plus(z2).plus(z4),
        s7.times(2446).plus(z1).plus(z3),
    ];
    for (place, (even, odd)) in even.into_iter().zip(odd).enumerate() {
        rows[place] = even.plus(odd).descale(descale_bits);
        rows[7 - place] = even.less(odd).descale(descale_bits);
    }
}

#[inline(always)]
fn transpose(rows: &mut [Lanes; 8]) {
    let from = *rows;
    for (y, row) in rows.iter_mut().enumerate() {
        *row = Lanes(std::array::from_fn(|x| from[x].0[y]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The transform as the standard writes it.
    fn real(block: &Block) -> [[f64; 8]; 8] {
        let c = |u: usize| if u == 0 { 0.5f64.sqrt() } else { 1.0 };
        let cos = |x: usize, u: usize| {
            ((2 * x + 1) as f64 * u as f64 * std::f64::consts::PI / 16.0).cos()
        };
        let mut pixels = [[0.0; 8]; 8];
        for (y, row) in pixels.iter_mut().enumerate() {
            for (x, pixel) in row.iter_mut().enumerate() {
                let mut sum = 0.0;
                for (v, coefficients) in block.iter().enumerate() {
                    for (u, &s) in coefficients.iter().enumerate() {
                        sum += c(u) * c(v) * f64::from(s) * cos(x, u) * cos(y, v);
                    }
                }
                *pixel = (sum / 4.0 + 128.0).clamp(0.0, 255.0);
            }
        }
        pixels
    }

    #[test]
    fn pixels_are_those_of_the_standards_transform() {
        let mut seed = 1u32;
        for _ in 0..200 {
            let mut block = [[0; 8]; 8];
            for value in block.iter_mut().flatten() {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                *value = if seed >> 29 == 0 { (seed >> 20) as i32 % 300 - 150 } else { 0 };
            }
            let mut pixels = [0; 64];
            write(&block, &mut pixels, 8);
            for (found, expected) in pixels.iter().zip(real(&block).iter().flatten()) {
                assert!((f64::from(*found) - expected).abs() < 1.01, "{found} {expected}");
            }
        }
    }

    #[test]
    fn an_even_block_is_the_whole_transform_of_its_first_coefficient() {
        for first in -1100..1100 {
            let mut block = [[0; 8]; 8];
            block[0][0] = first;
            let (mut whole, mut even) = ([0; 64], [0; 64]);
            write(&block, &mut whole, 8);
            write_even(first, &mut even, 8);
            assert_eq!(whole, even, "{first}");
        }
    }

    #[test]
    fn wild_coefficients_stay_within_the_arithmetic() {
        let block = [[scale(i32::from(i16::MIN), u16::MAX); 8]; 8];
        write(&block, &mut [0; 64], 8);
        write_even(block[0][0], &mut [0; 64], 8);
    }
}
