//! One prediction after the other: the encoder, the read of the memory, the
//! decoder, and the results until the next one.

use std::time::Instant;

use ndarray::{Array2, ArrayView2};

use super::learning::Normaliser;
use super::memory::{Memory, MemoryRead};
use super::network::{Network, NetworkError, Session};
use super::update::update_items;
use crate::kernel::Engine;

/// Time that the stages of one prediction took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StageNs {
    pub encode_ns: u64,
    pub memory_ns: u64,
    pub decode_ns: u64,
}

/// Runs the bundle that made it: past frames in, the predicted next frame and
/// the memory's view of them out; or one frame in, and its reconstruction out.
/// All results are held here until the next prediction.
#[derive(Clone, Debug)]
pub struct Predictor {
    session: Session,
    memory: Memory,
    byte_values: [f32; 256],
    query: Array2<f32>,
    read: MemoryRead,
    prediction: Vec<f32>,
}

impl Predictor {
    /// With a copy of the memory, so that it may learn.
    pub(super) fn new(network: &Network, memory: &Memory) -> Self {
        let memory = memory.clone();
        let [channels, height, width] = network.query_shape();
        let query = Array2::zeros((channels, height * width));
        let read = memory.read(query.view());
        let prediction = vec![0.0; network.frame_shape().iter().product()];
        let session = network.session();
        let byte_values = std::array::from_fn(|byte| byte as f32 / 127.5 - 1.0);
        Self { session, memory, byte_values, query, read, prediction }
    }

    /// Predicts the frame that follows `past`: t frames, oldest first, each
    /// planar u8 as preprocessing leaves it; x/127.5 − 1 happens here.
    ///
    /// # Errors
    /// The runtime's own, which is a fault of the graph.
    ///
    /// # Panics
    /// When `past` does not hold what the encoder's input takes.
    pub fn predict<'a>(
        &mut self,
        past: impl Iterator<Item = &'a [u8]>,
    ) -> Result<StageNs, NetworkError> {
        let start = Instant::now();
        self.session.encode(past, &self.byte_values, &mut self.query)?;
        let encoded = Instant::now();
        self.memory.read_into(self.query.view(), &mut self.read);
        let read = Instant::now();
        self.session.decode(self.query.view(), self.read.read.view(), &mut self.prediction)?;
        Ok(StageNs {
            encode_ns: (encoded - start).as_nanos() as u64,
            memory_ns: (read - encoded).as_nanos() as u64,
            decode_ns: read.elapsed().as_nanos() as u64,
        })
    }

    /// Says that nothing moves: the prediction is `last`, planar u8, and the read
    /// stays as it was. The network does not run.
    ///
    /// # Panics
    /// When `last` is no frame of this bundle's.
    pub fn hold(&mut self, last: &[u8]) {
        assert_eq!(last.len(), self.prediction.len(), "one frame");
        for (value, &byte) in self.prediction.iter_mut().zip(last) {
            *value = self.byte_values[usize::from(byte)];
        }
    }

    /// The engine of our own kernels, or why tract runs this bundle's graphs.
    pub fn engine(&mut self) -> Result<&mut Engine, &str> {
        self.session.engine()
    }

    /// The queries of the last prediction, C×N, unit columns.
    pub fn query(&self) -> ArrayView2<'_, f32> {
        self.query.view()
    }

    /// The read of the last prediction.
    pub fn memory_read(&self) -> &MemoryRead {
        &self.read
    }

    /// The last prediction, c·H·W values of about −1..=1; a change has no bounds.
    pub fn prediction(&self) -> &[f32] {
        &self.prediction
    }

    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Moves the memory towards the queries of the last prediction.
    pub fn update_memory(&mut self, normaliser: Normaliser) {
        update_items(&mut self.memory, self.query.view(), &self.read, normaliser);
    }
}
