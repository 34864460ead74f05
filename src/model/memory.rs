use ndarray::{Array2, ArrayView2};
use thiserror::Error;

/// Why an array cannot serve as a memory.
#[derive(Debug, Error)]
pub enum MemoryError {
    #[error("{0} items: a memory needs at least two")]
    TooFewItems(usize),
    #[error("item {item} has length {norm:.4}, not 1")]
    NotUnit { item: usize, norm: f32 },
    #[error("temperature {0} is not above 0")]
    Temperature(f32),
}

/// M prototypical normal patterns of C channels each, as unit rows (M×C).
#[derive(Clone, Debug)]
pub struct Memory {
    items: Array2<f32>,
    temperature: f32,
}

/// What a read of N queries returns. Reused from frame to frame.
#[derive(Clone, Debug)]
pub struct MemoryRead {
    /// Softmax over the items for each query, M×N.
    pub weights: Array2<f32>,
    /// Weighted sum of the items for each query, C×N.
    pub read: Array2<f32>,
    /// Index of the most similar item for each query; the lowest on a tie.
    pub nearest: Vec<usize>,
    /// Index of the second most similar item for each query.
    pub second: Vec<usize>,
    /// Squared Euclidean distance of each query to its nearest item.
    pub nearest_distance_sq: Vec<f32>,
    /// Euclidean distance of each query to its second item minus that to its
    /// nearest, with the 1e-6 that the reference's distance adds to every
    /// channel; the separateness loss is mean(max(0, 1 − margin)).
    pub margin: Vec<f32>,
    /// Squared distances to the nearest and the second item, 1e-6 added to
    /// every channel.
    offset_distances_sq: [Vec<f32>; 2],
}

const PAIRWISE_EPS: f32 = 1e-6;

impl MemoryRead {
    fn new(items: usize, channels: usize, queries: usize) -> Self {
        Self {
            weights: Array2::zeros((items, queries)),
            read: Array2::zeros((channels, queries)),
            nearest: vec![0; queries],
            second: vec![0; queries],
            nearest_distance_sq: vec![0.0; queries],
            margin: vec![0.0; queries],
            offset_distances_sq: [vec![0.0; queries], vec![0.0; queries]],
        }
    }

    /// Compactness as the released code has it: the mean over all N·C elements
    /// of (q − p₁)². It is also the per-frame distance term of the score.
    pub fn compactness(&self) -> f64 {
        let sum: f64 = self.nearest_distance_sq.iter().map(|&d| f64::from(d)).sum();
        sum / (self.nearest.len() * self.read.nrows()) as f64
    }

    /// Separateness: a triplet loss with margin 1 on plain distances.
    pub fn separateness(&self) -> f64 {
        let sum: f64 = self.margin.iter().map(|&m| f64::from((1.0 - m).max(0.0))).sum();
        sum / self.margin.len() as f64
    }
}

impl Memory {
    /// Takes M×C unit rows.
    ///
    /// # Errors
    /// Fewer than two items, a row whose length is off by more than 1e-3, or a
    /// temperature that is not above 0.
    pub fn new(items: Array2<f32>, temperature: f32) -> Result<Self, MemoryError> {
        if items.nrows() < 2 {
            return Err(MemoryError::TooFewItems(items.nrows()));
        }
        if !(temperature > 0.0 && temperature.is_finite()) {
            return Err(MemoryError::Temperature(temperature));
        }
        for (item, row) in items.rows().into_iter().enumerate() {
            let norm = row.dot(&row).sqrt();
            if norm.is_nan() || (norm - 1.0).abs() > 1e-3 {
                return Err(MemoryError::NotUnit { item, norm });
            }
        }
        Ok(Self { items: items.as_standard_layout().into_owned(), temperature })
    }

    /// M×C.
    pub fn items(&self) -> ArrayView2<'_, f32> {
        self.items.view()
    }

    pub fn temperature(&self) -> f32 {
        self.temperature
    }

    pub(super) fn replace_items(&mut self, items: Array2<f32>) {
        self.items = items;
    }

    /// Reads the memory for N queries, given as columns (C×N, unit length):
    /// w = softmax over items of ⟨q, p⟩ / temperature, read = Σ w p
    /// (the paper's eq. 1 to 3).
    ///
    /// # Panics
    /// When the channels of queries and items differ.
    pub fn read(&self, queries: ArrayView2<'_, f32>) -> MemoryRead {
        let mut out = MemoryRead::new(self.items.nrows(), self.items.ncols(), queries.ncols());
        self.read_into(queries, &mut out);
        out
    }

    /// [`Memory::read`] into buffers that a former read with the same N left.
    pub fn read_into(&self, queries: ArrayView2<'_, f32>, out: &mut MemoryRead) {
        assert_eq!(queries.nrows(), self.items.ncols(), "channels of query and memory differ");
        if out.nearest.len() != queries.ncols() || out.weights.nrows() != self.items.nrows() {
            *out = MemoryRead::new(self.items.nrows(), self.items.ncols(), queries.ncols());
        }
        self.similarities(queries, &mut out.weights);
        rank(&out.weights, &mut out.nearest, &mut out.second);
        softmax_over_items(&mut out.weights, self.temperature);
        self.weighted_sum(&out.weights, &mut out.read);
        self.distances(queries, out);
    }

    /// ⟨item, query⟩ for every pair, M×N.
    pub(super) fn similarities(&self, queries: ArrayView2<'_, f32>, out: &mut Array2<f32>) {
        out.fill(0.0);
        for (item, mut row) in self.items.rows().into_iter().zip(out.rows_mut()) {
            for (&p, channel) in item.iter().zip(queries.rows()) {
                row.scaled_add(p, &channel);
            }
        }
    }

    fn weighted_sum(&self, weights: &Array2<f32>, out: &mut Array2<f32>) {
        out.fill(0.0);
        for (item, weight) in self.items.rows().into_iter().zip(weights.rows()) {
            for (&p, mut channel) in item.iter().zip(out.rows_mut()) {
                channel.scaled_add(p, &weight);
            }
        }
    }

    fn distances(&self, queries: ArrayView2<'_, f32>, out: &mut MemoryRead) {
        out.nearest_distance_sq.fill(0.0);
        let [first, second] = &mut out.offset_distances_sq;
        first.fill(0.0);
        second.fill(0.0);
        for (c, channel) in queries.rows().into_iter().enumerate() {
            for (n, &q) in channel.iter().enumerate() {
                let d1 = q - self.items[[out.nearest[n], c]];
                let d2 = q - self.items[[out.second[n], c]];
                out.nearest_distance_sq[n] += d1 * d1;
                first[n] += (d1 + PAIRWISE_EPS) * (d1 + PAIRWISE_EPS);
                second[n] += (d2 + PAIRWISE_EPS) * (d2 + PAIRWISE_EPS);
            }
        }
        for (margin, (d1, d2)) in out.margin.iter_mut().zip(first.iter().zip(second.iter())) {
            *margin = d2.sqrt() - d1.sqrt();
        }
    }
}

fn rank(similarities: &Array2<f32>, nearest: &mut [usize], second: &mut [usize]) {
    for n in 0..similarities.ncols() {
        let (mut best, mut next) = (0, usize::MAX);
        for m in 1..similarities.nrows() {
            let value = similarities[[m, n]];
            if value > similarities[[best, n]] {
                (best, next) = (m, best);
            } else if next == usize::MAX || value > similarities[[next, n]] {
                next = m;
            }
        }
        (nearest[n], second[n]) = (best, next);
    }
}

fn softmax_over_items(values: &mut Array2<f32>, temperature: f32) {
    for mut column in values.columns_mut() {
        let max = column.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let mut sum = 0.0;
        for value in &mut column {
            *value = ((*value - max) / temperature).exp();
            sum += *value;
        }
        column.mapv_inplace(|value| value / sum);
    }
}
