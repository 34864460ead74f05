//! The memory of normal patterns, and its read: which items each query is
//! nearest to, and what the decoder gets for it.

use ndarray::{Array2, ArrayView2, ArrayViewMut2};
use thiserror::Error;

use crate::kernel::{Isa, Items, ReadScratch, Reading, read_memory};

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
    isa: Isa,
}

/// What a read of N queries returns. Reused from frame to frame.
#[derive(Clone, Debug)]
pub struct MemoryRead {
    /// ⟨item, query⟩ for every pair, M×N.
    pub similarities: Array2<f32>,
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
    scratch: ReadScratch,
}

impl MemoryRead {
    fn new(items: usize, channels: usize, queries: usize) -> Self {
        Self {
            similarities: Array2::zeros((items, queries)),
            weights: Array2::zeros((items, queries)),
            read: Array2::zeros((channels, queries)),
            nearest: vec![0; queries],
            second: vec![0; queries],
            nearest_distance_sq: vec![0.0; queries],
            margin: vec![0.0; queries],
            scratch: ReadScratch::default(),
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
        // Whoever named an instruction set that is not here is told by the network.
        let isa = Isa::choose().unwrap_or(Isa::Scalar);
        Ok(Self { items: items.as_standard_layout().into_owned(), temperature, isa })
    }

    /// M×C.
    pub fn items(&self) -> ArrayView2<'_, f32> {
        self.items.view()
    }

    pub fn temperature(&self) -> f32 {
        self.temperature
    }

    pub(super) fn items_mut(&mut self) -> ArrayViewMut2<'_, f32> {
        self.items.view_mut()
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
        let queries = queries.as_standard_layout();
        let items = Items {
            values: values(&self.items),
            channels: self.items.ncols(),
            temperature: self.temperature,
        };
        let reading = Reading {
            similarities: values_mut(&mut out.similarities),
            weights: values_mut(&mut out.weights),
            read: values_mut(&mut out.read),
            nearest: &mut out.nearest,
            second: &mut out.second,
            nearest_distance_sq: &mut out.nearest_distance_sq,
            margin: &mut out.margin,
        };
        let queries = queries.as_slice().expect("standard layout");
        read_memory(self.isa, items, queries, &mut out.scratch, reading);
    }
}

fn values(array: &Array2<f32>) -> &[f32] {
    array.as_slice().expect("standard layout")
}

fn values_mut(array: &mut Array2<f32>) -> &mut [f32] {
    array.as_slice_mut().expect("standard layout")
}
