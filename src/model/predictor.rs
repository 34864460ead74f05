use std::time::Instant;

use ndarray::{Array2, ArrayView2};

use super::bundle::Bundle;
use super::memory::{Memory, MemoryRead};
use super::network::{Decoder, Encoder, NetworkError};
use super::update::{Normaliser, update_items};

/// Time that the stages of one prediction took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StageNs {
    pub encode_ns: u64,
    pub memory_ns: u64,
    pub decode_ns: u64,
}

/// Runs a bundle: past frames in, the predicted next frame and the memory's
/// view of them out. All results are held here until the next prediction.
#[derive(Clone, Debug)]
pub struct Predictor {
    encoder: Encoder,
    decoder: Decoder,
    memory: Memory,
    byte_values: [f32; 256],
    query: Array2<f32>,
    read: MemoryRead,
    prediction: Vec<f32>,
}

impl Predictor {
    pub fn new(bundle: &Bundle) -> Self {
        Self::from_parts(bundle.encoder.clone(), bundle.decoder.clone(), bundle.memory.clone())
    }

    pub(super) fn from_parts(encoder: Encoder, decoder: Decoder, memory: Memory) -> Self {
        let [channels, height, width] = encoder.query_shape();
        let query = Array2::zeros((channels, height * width));
        let read = memory.read(query.view());
        let prediction = vec![0.0; decoder.frame_shape().iter().product()];
        let byte_values = std::array::from_fn(|byte| byte as f32 / 127.5 - 1.0);
        Self { encoder, decoder, memory, byte_values, query, read, prediction }
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
        let values = &self.byte_values;
        let fill = |input: &mut [f32]| {
            let mut rest = input;
            for frame in past {
                let (head, tail) = rest.split_at_mut(frame.len());
                for (to, &byte) in head.iter_mut().zip(frame) {
                    *to = values[usize::from(byte)];
                }
                rest = tail;
            }
            assert!(rest.is_empty(), "fewer past frames than the encoder takes");
        };
        let skips = self.encoder.run(fill, &mut self.query)?;
        let encoded = Instant::now();
        self.memory.read_into(self.query.view(), &mut self.read);
        let read = Instant::now();
        self.decoder.run(self.query.view(), self.read.read.view(), skips, &mut self.prediction)?;
        Ok(StageNs {
            encode_ns: (encoded - start).as_nanos() as u64,
            memory_ns: (read - encoded).as_nanos() as u64,
            decode_ns: read.elapsed().as_nanos() as u64,
        })
    }

    /// The queries of the last prediction, C×N, unit columns.
    pub fn query(&self) -> ArrayView2<'_, f32> {
        self.query.view()
    }

    /// The read of the last prediction.
    pub fn memory_read(&self) -> &MemoryRead {
        &self.read
    }

    /// The last prediction, c·H·W values in −1..=1.
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
