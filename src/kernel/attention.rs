//! The memory read in one pass over the queries, sixteen at a time, a cache
//! line of every channel: similarities, softmax, ranking and weighted sums.

mod exp;
mod line;
#[cfg(test)]
mod tests;

use self::exp::exp;
use self::line::{CHUNK, Line};
use super::integer::Dot;
use super::isa::{Isa, UnitWork};
use super::simd::{Kernel, Simd};

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
    isa.with_units(pass).expect("this machine has the instruction set");
}

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

impl UnitWork for Pass<'_> {
    type Output = ();

    #[inline]
    fn run<S: Simd, D: Dot>(self, simd: S, _dot: D) {
        simd.vectorise(self);
    }
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
