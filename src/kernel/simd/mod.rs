//! One vector type per instruction set, and the way to run code with it.

mod scalar;

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;
#[cfg(target_arch = "arm")]
mod neon32;

#[cfg(target_arch = "x86_64")]
pub(super) use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
pub(super) use avx512::Avx512;
#[cfg(target_arch = "aarch64")]
pub(super) use neon::Neon;
#[cfg(target_arch = "arm")]
pub(super) use neon32::Neon;
pub(super) use scalar::Scalar;

/// A vector unit. A value of the type is the proof that this CPU has it, so
/// each is made by a `detect` of its own and nowhere else.
pub(super) trait Simd: Copy + Send + Sync + 'static {
    /// Channels in a vector, and so in a block of the layout.
    const LANES: usize;
    /// Accumulators of the widest tile: output blocks times pixels.
    const TILE: usize;
    type V: Copy;

    /// Calls the kernel from a function compiled for this instruction set;
    /// whatever is inlined into [`Kernel::run`] is compiled for it too.
    fn vectorise<K: Kernel<Self>>(self, kernel: K);

    fn splat(self, value: f32) -> Self::V;
    fn add(self, a: Self::V, b: Self::V) -> Self::V;
    fn sub(self, a: Self::V, b: Self::V) -> Self::V;
    fn max(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a` in the lanes where `by` > 0, and 0 in the others.
    #[cfg(feature = "training")]
    fn where_positive(self, a: Self::V, by: Self::V) -> Self::V;
    /// a·b + c, fused where the unit can.
    fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// The sum of all lanes.
    fn sum(self, a: Self::V) -> f32;

    /// Vectors lie at multiples of their size: everything that is loaded or
    /// stored as one is a block's pixel or a packed weight.
    ///
    /// # Safety
    /// `from` points to `LANES` readable floats, aligned to their size.
    unsafe fn load(self, from: *const f32) -> Self::V;
    /// One float in all lanes.
    ///
    /// # Safety
    /// `from` points to a readable float.
    unsafe fn broadcast(self, from: *const f32) -> Self::V;
    /// # Safety
    /// `to` points to `LANES` writable floats, aligned to their size.
    unsafe fn store(self, to: *mut f32, value: Self::V);

    /// The inner loop of every convolution: for `O` output blocks and `P`
    /// pixels, `acc[o][p] += Σₖ pixels[p·LANES + k] · weights[k][o]`.
    ///
    /// # Safety
    /// `pixels` has `P` readable pixels of `LANES` floats, `depth` ≤ `LANES`,
    /// and `weights` has `depth`·`O` readable vectors; both are aligned.
    #[inline(always)]
    unsafe fn accumulate<const O: usize, const P: usize>(
        self,
        acc: &mut [[Self::V; P]; O],
        pixels: *const f32,
        weights: *const f32,
        depth: usize,
    ) {
        for k in 0..depth {
            let mut w = [self.splat(0.0); O];
            for (o, w) in w.iter_mut().enumerate() {
                // SAFETY: k < depth and o < O.
                *w = unsafe { self.load(weights.wrapping_add((k * O + o) * Self::LANES)) };
            }
            for p in 0..P {
                // SAFETY: p < P and k < LANES.
                let value = unsafe { self.broadcast(pixels.wrapping_add(p * Self::LANES + k)) };
                for o in 0..O {
                    acc[o][p] = self.mul_add(value, w[o], acc[o][p]);
                }
            }
        }
    }

    /// [`Simd::accumulate`] over `count` whole blocks, their pixels `stride`
    /// floats apart and their weights one after the other.
    ///
    /// # Safety
    /// As there, for every block.
    #[inline(always)]
    unsafe fn accumulate_blocks<const O: usize, const P: usize>(
        self,
        acc: &mut [[Self::V; P]; O],
        pixels: *const f32,
        stride: usize,
        weights: *const f32,
        count: usize,
    ) {
        // SAFETY: the caller's promise.
        unsafe { block_by_block(self, acc, pixels, stride, weights, count) };
    }
}

/// [`Simd::accumulate_blocks`] for a tile that a unit has nothing better for.
///
/// # Safety
/// As there.
#[inline(always)]
unsafe fn block_by_block<S: Simd, const O: usize, const P: usize>(
    simd: S,
    acc: &mut [[S::V; P]; O],
    pixels: *const f32,
    stride: usize,
    weights: *const f32,
    count: usize,
) {
    for block in 0..count {
        let pixels = pixels.wrapping_add(block * stride);
        let weights = weights.wrapping_add(block * S::LANES * O * S::LANES);
        // SAFETY: the caller's promise.
        unsafe { simd.accumulate::<O, P>(acc, pixels, weights, S::LANES) };
    }
}

/// Work that [`Simd::vectorise`] compiles for an instruction set. `run` and
/// all that it calls in its loops must be `#[inline(always)]`.
pub(super) trait Kernel<S: Simd> {
    fn run(self, simd: S);
}
