//! Plain Rust of other rooms, compiled for the vectors that this machine has.

/// Work in plain Rust that is worth compiling for wider vectors than every
/// machine of its kind has.
pub trait Work {
    type Output;

    /// [`wide`] compiles what is inlined here, so mark it `#[inline(always)]`.
    fn run(self) -> Self::Output;
}

/// Runs `work`, compiled for AVX2 where the machine has it; the baseline of
/// x86-64 has vectors of half the width, that of AArch64 the widest there are.
/// Nobody may reorder or fuse floating-point operations that are written out, so
/// the result is the same to the bit.
pub fn wide<W: Work>(work: W) -> W::Output {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2")]
        fn avx2<W: Work>(work: W) -> W::Output {
            work.run()
        }
        if std::is_x86_feature_detected!("avx2") {
            // SAFETY: the machine has AVX2.
            return unsafe { avx2(work) };
        }
    }
    work.run()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// a·b + b, in two roundings.
    struct Sums<'a>(&'a [f32], &'a [f32]);

    impl Work for Sums<'_> {
        type Output = Vec<f32>;

        #[inline(always)]
        fn run(self) -> Vec<f32> {
            self.0.iter().zip(self.1).map(|(a, b)| a * b + b).collect()
        }
    }

    #[test]
    fn nothing_is_fused() {
        let a: Vec<f32> = (0..1000).map(|i| (i as f32 * 0.37).sin() * 1e3).collect();
        let b: Vec<f32> = a.iter().map(|a| 1.0 / (a + 0.1)).collect();
        let bits = |values: Vec<f32>| values.into_iter().map(f32::to_bits).collect::<Vec<_>>();
        assert_eq!(bits(wide(Sums(&a, &b))), bits(Sums(&a, &b).run()));
    }
}
