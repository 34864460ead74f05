//! What a training asks of whatever does the network's arithmetic.

use anyhow::Result;

use crate::net::{Graph, Network, Weights};

/// Whether a network learns, or is only asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mode {
    /// BatchNorm goes by its batch and moves its running statistics; gradients
    /// can be had.
    Training,
    /// BatchNorm goes by its running statistics.
    Inference,
}

/// A network with its arrays, and in training Adam's moments.
///
/// Numbers come and go in host memory. Frames and predictions are planar,
/// within −1..=1, one window after the other. Queries, and what they read, are
/// rows of C channels: by window, then through the grid row by row.
pub trait Engine {
    fn network(&self) -> &Network;

    /// `frames`: B×(t·c)×H×W, oldest frame first. Gives the queries, rows of
    /// unit length.
    ///
    /// # Errors
    /// The device's.
    fn encode(&mut self, frames: &[f32]) -> Result<Vec<f32>>;

    /// Predicts from the batch that was encoded last and what its queries
    /// read. Gives B×c×H×W.
    ///
    /// # Errors
    /// The device's.
    fn decode(&mut self, read: &[f32]) -> Result<Vec<f32>>;

    /// Takes the loss's gradients by the last prediction and, past the
    /// decoder, by its queries back to the arrays.
    ///
    /// # Errors
    /// The device's.
    fn backward(&mut self, by_prediction: Vec<f32>, by_query: Vec<f32>) -> Result<()>;

    /// One step of Adam down the gradients of the last [`Engine::backward`].
    ///
    /// # Errors
    /// The device's.
    fn descend(&mut self, learning_rate: f64) -> Result<()>;

    /// A copy of all arrays.
    ///
    /// # Errors
    /// The device's.
    fn weights(&self) -> Result<Weights>;

    /// A copy of Adam's moments, by their names in a checkpoint.
    ///
    /// # Errors
    /// The device's.
    fn moments(&self) -> Result<Weights>;

    /// Goes on with a checkpoint's moments after so many steps.
    ///
    /// # Errors
    /// Moments that are missing or misshapen.
    fn restore(&mut self, steps: u64, moments: Weights) -> Result<()>;

    /// The same weights for inference.
    ///
    /// # Errors
    /// The device's.
    fn inference(&self) -> Result<Box<dyn Engine>>;

    /// The last gradient by one array.
    #[cfg(test)]
    fn gradient(&mut self, name: &str) -> Result<Vec<f32>>;
}

/// The newest frame of each of the windows, B×c×H×W.
pub fn newest_frames(network: &Network, frames: &[f32]) -> Vec<f32> {
    let [planes, height, width] = network.input_shape(Graph::Encoder);
    let window = planes * height * width;
    let frame = network.input.channels.planes() * height * width;
    let windows = frames.chunks_exact(window);
    windows.flat_map(|window| &window[window.len() - frame..]).copied().collect()
}
