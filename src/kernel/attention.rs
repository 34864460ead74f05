use super::isa::Isa;
use super::simd::{self, Kernel, Simd};

/// Queries that are read together: a cache line of every channel.
const CHUNK: usize = 16;
/// Items whose sums are in registers together.
const TILE: usize = 3;
/// Channels of the result whose sums are in registers together.
const CHANNELS: usize = 4;
/// Vectors of a chunk on the narrowest unit.
const VECTORS: usize = 4;
/// What the reference's distances add to every channel.
const PAIRWISE_EPS: f32 = 1e-6;

/// M unit rows of C channels.
#[derive(Clone, Copy, Debug)]
pub struct Items<'a> {
    /// M×C.
    pub values: &'a [f32],
    pub channels: usize,
    pub temperature: f32,
}

/// Where the results of [`read_memory`] go.
#[derive(Debug)]
pub struct Reading<'a> {
    /// ⟨item, query⟩, M×N.
    pub similarities: &'a mut [f32],
    /// Softmax over the items of similarity / temperature, M×N.
    pub weights: &'a mut [f32],
    /// Weighted sums of the items, C×N.
    pub read: &'a mut [f32],
    /// The most similar item of each query; the lowest on a tie.
    pub nearest: &'a mut [usize],
    /// The second most similar.
    pub second: &'a mut [usize],
    /// Squared distance to the nearest.
    pub nearest_distance_sq: &'a mut [f32],
    /// Distance to the second minus distance to the nearest, 1e-6 added to
    /// every channel.
    pub margin: &'a mut [f32],
}

/// Memory that one read after the other needs.
#[derive(Clone, Debug, Default)]
pub struct ReadScratch {
    queries: Vec<Line>,
    similarities: Vec<Line>,
    weights: Vec<Line>,
    distances_sq: Vec<Line>,
    item_sums: Vec<f32>,
}

#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
struct Line([f32; CHUNK]);

/// Reads a memory for N queries (C×N) in one pass over them.
///
/// # Panics
/// When this machine lacks the instruction set, or a length does not fit.
pub fn read_memory(
    isa: Isa,
    items: Items<'_>,
    queries: &[f32],
    scratch: &mut ReadScratch,
    out: Reading<'_>,
) {
    let (count, rows) = (out.nearest.len(), items.values.len() / items.channels);
    assert!(rows > 1 && items.values.len() == rows * items.channels, "items are no rows");
    assert_eq!(queries.len(), items.channels * count, "queries and items do not fit");
    assert!(out.weights.len() == rows * count && out.similarities.len() == rows * count);
    assert!(out.read.len() == queries.len() && out.second.len() == count);
    assert!(out.nearest_distance_sq.len() == count && out.margin.len() == count);
    scratch.fit(items, rows);
    let pass = Pass { items, rows, queries, count, scratch, out };
    match isa {
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512Vnni | Isa::Avx512 => simd::Avx512::detect().expect(HERE).vectorise(pass),
        #[cfg(target_arch = "x86_64")]
        Isa::AvxVnni | Isa::Avx2 => simd::Avx2::detect().expect(HERE).vectorise(pass),
        #[cfg(any(target_arch = "aarch64", target_arch = "arm"))]
        Isa::NeonMatrix | Isa::NeonDot | Isa::Neon => {
            simd::Neon::detect().expect(HERE).vectorise(pass)
        }
        _ => simd::Scalar::detect().vectorise(pass),
    }
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "arm"))]
const HERE: &str = "this machine has the instruction set";

impl ReadScratch {
    fn fit(&mut self, items: Items<'_>, rows: usize) {
        self.queries.resize(items.channels, Line::default());
        for lines in [&mut self.similarities, &mut self.weights, &mut self.distances_sq] {
            lines.resize(rows, Line::default());
        }
        self.item_sums.clear();
        let sums = items.values.chunks_exact(items.channels).map(|item| item.iter().sum::<f32>());
        self.item_sums.extend(sums);
    }
}

struct Pass<'a> {
    items: Items<'a>,
    rows: usize,
    queries: &'a [f32],
    count: usize,
    scratch: &'a mut ReadScratch,
    out: Reading<'a>,
}

impl<S: Simd> Kernel<S> for Pass<'_> {
    #[inline(always)]
    fn run(mut self, simd: S) {
        let mut first = 0;
        while first < self.count {
            let len = CHUNK.min(self.count - first);
            self.take(first, len);
            let mut row = 0;
            while row + TILE <= self.rows {
                self.compare::<S, TILE>(simd, row);
                row += TILE;
            }
            while row < self.rows {
                self.compare::<S, 1>(simd, row);
                row += 1;
            }
            self.rank(first, len);
            self.share();
            for row in 0..self.rows {
                let at = row * self.count + first;
                let (similarities, weights) = (&self.scratch.similarities, &self.scratch.weights);
                self.out.similarities[at..at + len].copy_from_slice(&similarities[row].0[..len]);
                self.out.weights[at..at + len].copy_from_slice(&weights[row].0[..len]);
            }
            let mut channel = 0;
            while channel + CHANNELS <= self.items.channels {
                self.sum::<S, CHANNELS>(simd, channel, first, len);
                channel += CHANNELS;
            }
            while channel < self.items.channels {
                self.sum::<S, 1>(simd, channel, first, len);
                channel += 1;
            }
            first += len;
        }
    }
}

impl Pass<'_> {
    /// Brings a chunk of the queries together; there is none in the lanes
    /// beyond the last.
    #[inline(always)]
    fn take(&mut self, first: usize, len: usize) {
        for (channel, line) in self.scratch.queries.iter_mut().enumerate() {
            let at = channel * self.count + first;
            line.0[..len].copy_from_slice(&self.queries[at..at + len]);
        }
    }

    /// Products with `T` items from `row` on, and squared distances to them.
    #[inline(always)]
    fn compare<S: Simd, const T: usize>(&mut self, simd: S, row: usize) {
        let channels = self.items.channels;
        let queries = &self.scratch.queries[..channels];
        let mut items = [&self.items.values[..0]; T];
        for (t, item) in items.iter_mut().enumerate() {
            *item = &self.items.values[(row + t) * channels..][..channels];
        }
        let mut products = [[simd.splat(0.0); VECTORS]; T];
        let mut squares = products;
        for c in 0..channels {
            for v in 0..CHUNK / S::LANES {
                let query = queries[c].load(simd, v);
                for t in 0..T {
                    let item = simd.splat(items[t][c]);
                    products[t][v] = simd.mul_add(item, query, products[t][v]);
                    let apart = simd.sub(query, item);
                    squares[t][v] = simd.mul_add(apart, apart, squares[t][v]);
                }
            }
        }
        for t in 0..T {
            for v in 0..CHUNK / S::LANES {
                self.scratch.similarities[row + t].store(simd, v, products[t][v]);
                self.scratch.distances_sq[row + t].store(simd, v, squares[t][v]);
            }
        }
    }

    /// Nearest and second nearest item, and how far they are.
    #[inline(always)]
    fn rank(&mut self, first: usize, len: usize) {
        let (mut best, mut next) = ([0u32; CHUNK], [1u32; CHUNK]);
        let mut best_value = self.scratch.similarities[0].0;
        let mut next_value = [f32::NEG_INFINITY; CHUNK];
        for row in 1..self.rows {
            let values = &self.scratch.similarities[row].0;
            for lane in 0..CHUNK {
                let value = values[lane];
                let (is_best, is_next) = (value > best_value[lane], value > next_value[lane]);
                next[lane] = if is_best {
                    best[lane]
                } else if is_next {
                    row as u32
                } else {
                    next[lane]
                };
                next_value[lane] = if is_best {
                    best_value[lane]
                } else if is_next {
                    value
                } else {
                    next_value[lane]
                };
                best[lane] = if is_best { row as u32 } else { best[lane] };
                best_value[lane] = if is_best { value } else { best_value[lane] };
            }
        }
        let mut sums = [0.0f32; CHUNK];
        for line in &self.scratch.queries {
            for lane in 0..CHUNK {
                sums[lane] += line.0[lane];
            }
        }
        for lane in 0..len {
            let (nearest, second) = (best[lane] as usize, next[lane] as usize);
            let distance_sq = self.scratch.distances_sq[nearest].0[lane];
            let further_sq = self.scratch.distances_sq[second].0[lane];
            let length = |distance_sq: f32, item: usize| {
                // Σ (d + ε)² over the channels.
                let sum = sums[lane] - self.scratch.item_sums[item];
                let channels = self.items.channels as f32;
                let offset = PAIRWISE_EPS * (2.0 * sum + channels * PAIRWISE_EPS);
                (distance_sq + offset).max(0.0).sqrt()
            };
            self.out.nearest[first + lane] = nearest;
            self.out.second[first + lane] = second;
            self.out.nearest_distance_sq[first + lane] = distance_sq;
            self.out.margin[first + lane] =
                length(further_sq, second) - length(distance_sq, nearest);
        }
    }

    /// Softmax over the items.
    #[inline(always)]
    fn share(&mut self) {
        let temperature = self.items.temperature;
        let similarities = &self.scratch.similarities[..self.rows];
        let mut most = similarities[0].0;
        for line in similarities {
            for lane in 0..CHUNK {
                most[lane] = if line.0[lane] > most[lane] { line.0[lane] } else { most[lane] };
            }
        }
        let mut sums = [0.0f32; CHUNK];
        for (to, line) in self.scratch.weights.iter_mut().zip(similarities) {
            for lane in 0..CHUNK {
                to.0[lane] = exp((line.0[lane] - most[lane]) / temperature);
                sums[lane] += to.0[lane];
            }
        }
        for line in &mut self.scratch.weights {
            for lane in 0..CHUNK {
                line.0[lane] /= sums[lane];
            }
        }
    }

    /// `T` channels of the result from `channel` on.
    #[inline(always)]
    fn sum<S: Simd, const T: usize>(&mut self, simd: S, channel: usize, first: usize, len: usize) {
        let mut sums = [[simd.splat(0.0); VECTORS]; T];
        for row in 0..self.rows {
            let item = &self.items.values[row * self.items.channels + channel..][..T];
            for v in 0..CHUNK / S::LANES {
                let weight = self.scratch.weights[row].load(simd, v);
                for t in 0..T {
                    sums[t][v] = simd.mul_add(simd.splat(item[t]), weight, sums[t][v]);
                }
            }
        }
        for t in 0..T {
            let mut line = Line::default();
            for v in 0..CHUNK / S::LANES {
                line.store(simd, v, sums[t][v]);
            }
            let at = (channel + t) * self.count + first;
            self.out.read[at..at + len].copy_from_slice(&line.0[..len]);
        }
    }
}

impl Line {
    #[inline(always)]
    fn load<S: Simd>(&self, simd: S, vector: usize) -> S::V {
        let lanes = &self.0[vector * S::LANES..][..S::LANES];
        // SAFETY: `LANES` floats; a line lies at a multiple of 64 bytes, which
        // the vectors divide.
        unsafe { simd.load(lanes.as_ptr()) }
    }

    #[inline(always)]
    fn store<S: Simd>(&mut self, simd: S, vector: usize, value: S::V) {
        let lanes = &mut self.0[vector * S::LANES..][..S::LANES];
        // SAFETY: as above, and borrowed exclusively.
        unsafe { simd.store(lanes.as_mut_ptr(), value) }
    }
}

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
fn exp(x: f32) -> f32 {
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
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Default)]
    struct Owned {
        similarities: Vec<f32>,
        weights: Vec<f32>,
        read: Vec<f32>,
        nearest: Vec<usize>,
        second: Vec<usize>,
        nearest_distance_sq: Vec<f32>,
        margin: Vec<f32>,
    }

    fn read(isa: Isa, items: Items<'_>, queries: &[f32]) -> Owned {
        let (rows, count) = (items.values.len() / items.channels, queries.len() / items.channels);
        let mut out = Owned {
            similarities: vec![0.0; rows * count],
            weights: vec![0.0; rows * count],
            read: vec![0.0; queries.len()],
            nearest: vec![0; count],
            second: vec![0; count],
            nearest_distance_sq: vec![0.0; count],
            margin: vec![0.0; count],
        };
        let reading = Reading {
            similarities: &mut out.similarities,
            weights: &mut out.weights,
            read: &mut out.read,
            nearest: &mut out.nearest,
            second: &mut out.second,
            nearest_distance_sq: &mut out.nearest_distance_sq,
            margin: &mut out.margin,
        };
        // What another read left must not matter.
        let mut scratch =
            ReadScratch { queries: vec![Line([f32::NAN; CHUNK]); 70], ..Default::default() };
        scratch.fit(items, rows);
        scratch.queries.iter_mut().for_each(|line| line.0 = [f32::NAN; CHUNK]);
        read_memory(isa, items, queries, &mut scratch, reading);
        out
    }

    /// Unit vectors, one after the other.
    fn unit(count: usize, channels: usize, seed: u32) -> Vec<f32> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 8_388_608.0 - 1.0
        };
        let mut values: Vec<f32> = (0..count * channels).map(|_| next()).collect();
        for vector in values.chunks_exact_mut(channels) {
            let length = vector.iter().map(|v| v * v).sum::<f32>().sqrt().max(1e-6);
            vector.iter_mut().for_each(|v| *v /= length);
        }
        values
    }

    fn transposed(values: &[f32], channels: usize) -> Vec<f32> {
        let count = values.len() / channels;
        (0..values.len()).map(|i| values[i % count * channels + i / count]).collect()
    }

    fn check(isa: Isa, items: Items<'_>, vectors: &[f32]) {
        let channels = items.channels;
        let (rows, count) = (items.values.len() / channels, vectors.len() / channels);
        let got = read(isa, items, &transposed(vectors, channels));
        let close = |name: &str, got: f32, wanted: f64| {
            assert!((f64::from(got) - wanted).abs() < 2e-6, "{isa} {name}: {got} {wanted}");
        };
        for (n, query) in vectors.chunks_exact(channels).enumerate() {
            let item = |m: usize| &items.values[m * channels..][..channels];
            let pairs =
                |m: usize| query.iter().zip(item(m)).map(|(&q, &p)| (f64::from(q), f64::from(p)));
            let products: Vec<f64> =
                (0..rows).map(|m| pairs(m).map(|(q, p)| q * p).sum()).collect();
            let powers: Vec<f64> =
                products.iter().map(|s| ((s - 1.0) / f64::from(items.temperature)).exp()).collect();
            let sum: f64 = powers.iter().sum();
            for m in 0..rows {
                close("product", got.similarities[m * count + n], products[m]);
                close("weight", got.weights[m * count + n], powers[m] / sum);
            }
            for c in 0..channels {
                let wanted: f64 = (0..rows).map(|m| powers[m] / sum * f64::from(item(m)[c])).sum();
                close("read", got.read[c * count + n], wanted);
            }
            let (nearest, second) = (got.nearest[n], got.second[n]);
            assert_ne!(nearest, second);
            for m in (0..rows).filter(|&m| m != nearest) {
                assert!(got.similarities[nearest * count + n] >= got.similarities[m * count + n]);
                let third = m == second
                    || got.similarities[second * count + n] >= got.similarities[m * count + n];
                assert!(third);
            }
            let apart =
                |m: usize, by: f64| pairs(m).map(|(q, p)| (q - p + by).powi(2)).sum::<f64>();
            close("distance", got.nearest_distance_sq[n], apart(nearest, 0.0));
            let by = f64::from(PAIRWISE_EPS);
            let margin = apart(second, by).sqrt() - apart(nearest, by).sqrt();
            assert!((f64::from(got.margin[n]) - margin).abs() < 1e-4, "{} {margin}", got.margin[n]);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn every_unit_reads_as_sums_in_double_precision(
            rows in 2usize..12, channels in 1usize..70, count in 1usize..60, seed in any::<u32>(),
            sharp in any::<bool>(),
        ) {
            let values = unit(rows, channels, seed);
            let temperature = if sharp { 0.1 } else { 1.0 };
            let items = Items { values: &values, channels, temperature };
            let queries = unit(count, channels, !seed);
            Isa::here().for_each(|isa| check(isa, items, &queries));
        }
    }

    #[test]
    fn a_tie_goes_to_the_lowest_item_and_a_nan_stays() {
        let values = [1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0];
        let items = Items { values: &values, channels: 2, temperature: 1.0 };
        for isa in Isa::here() {
            let got = read(isa, items, &[1.0, 0.0, f32::NAN, 0.0, 1.0, 0.0]);
            assert_eq!((got.nearest[0], got.second[0]), (0, 1));
            assert_eq!((got.nearest[1], got.second[1]), (3, 0));
            assert!(got.read[2].is_nan() && got.nearest_distance_sq[2].is_nan());
        }
    }

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
