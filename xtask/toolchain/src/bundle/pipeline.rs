//! Runs encoder, memory and decoder of a bundle in plain tract.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use ndarray::{Array2, Array3};
use normwatch::model::Memory;
use tract_onnx::pb::ModelProto;
use tract_onnx::prelude::Tensor;

use super::files::Golden;
use super::write::on_grid;
use crate::onnx::{Fidelity, Session, as_f32, graph_of, session_input, value_infos};

/// Encoder, memory and decoder in stock tract.
#[derive(Debug)]
pub struct Pipeline {
    encoder: Session,
    decoder: Session,
    memory: Memory,
    input_shape: Vec<usize>,
    query: (String, Vec<usize>),
    skips: Vec<String>,
    read_shape: Vec<usize>,
    frame: String,
}

/// What came of one sample.
#[derive(Debug)]
pub struct Outcome {
    /// The encoder's outputs and the tensors asked for, by name.
    pub encoder: BTreeMap<String, Tensor>,
    pub decoder: BTreeMap<String, Tensor>,
    /// C×N, unit columns.
    pub query: Array2<f32>,
    /// C×N.
    pub read: Array2<f32>,
    /// Mean squared distance of the queries to their nearest items.
    pub distance: f64,
    /// Within −1..=1.
    pub prediction: Vec<f32>,
}

impl Pipeline {
    /// `also` names inner tensors of encoder and decoder that come out too.
    ///
    /// # Errors
    /// Graphs that tract cannot run, or that are not an encoder and a decoder.
    pub fn new(
        (encoder, decoder): (&ModelProto, &ModelProto),
        memory: &Memory,
        also: [&[String]; 2],
        fidelity: Fidelity,
    ) -> Result<Self> {
        let inputs = value_infos(&graph_of(encoder)?.input)?;
        let outputs = value_infos(&graph_of(encoder)?.output)?;
        let taken = value_infos(&graph_of(decoder)?.input)?;
        let frame = graph_of(decoder)?.output.first().context("the decoder has no output")?;
        let [(_, input_shape)] = &inputs[..] else {
            anyhow::bail!("the encoder has {} inputs, not one", inputs.len())
        };
        ensure!(!outputs.is_empty() && taken.len() == outputs.len(), "the graphs do not fit");
        Ok(Self {
            encoder: Session::new(encoder, also[0], fidelity).context("encoder.onnx")?,
            decoder: Session::new(decoder, also[1], fidelity).context("decoder.onnx")?,
            memory: memory.clone(),
            input_shape: input_shape.clone(),
            query: outputs[0].clone(),
            skips: outputs[1..].iter().map(|(name, _)| name.clone()).collect(),
            read_shape: taken[0].1.clone(),
            frame: frame.name.clone(),
        })
    }

    /// Runs t frames, planar u8, oldest first.
    ///
    /// # Errors
    /// A wrong number of bytes, or a graph that fails.
    pub fn run(&self, past: &[u8]) -> Result<Outcome> {
        let values: Vec<f32> = past.iter().map(|&b| f32::from(b) / 127.5 - 1.0).collect();
        let encoder = self.encoder.run(vec![session_input(&self.input_shape, &values)?])?;
        let channels = self.query.1.get(1).copied().context("the query is not an image")?;
        let query = as_f32(&encoder[&self.query.0])?;
        let query = Array2::from_shape_vec((channels, query.len() / channels), query)?;
        let memory_read = self.memory.read(query.view());
        let joined: Vec<f32> = query.iter().chain(&memory_read.read).copied().collect();
        let mut inputs = vec![session_input(&self.read_shape, &joined)?];
        inputs.extend(self.skips.iter().map(|name| encoder[name].clone()));
        let decoder = self.decoder.run(inputs)?;
        let prediction = as_f32(&decoder[&self.frame])?;
        let distance = memory_read.compactness();
        Ok(Outcome { encoder, decoder, query, read: memory_read.read, distance, prediction })
    }

    /// The self-test's arrays for one input, (t·c)×H×W.
    ///
    /// # Errors
    /// As [`Pipeline::run`].
    pub fn golden(&self, frames: &Array3<u8>) -> Result<Golden> {
        let past: Vec<u8> = frames.iter().copied().collect();
        let outcome = self.run(&past)?;
        let [_, _, height, width] = self.query.1[..] else {
            anyhow::bail!("the query is not an image")
        };
        let side = (frames.dim().1, frames.dim().2);
        let planes = outcome.prediction.len() / (side.0 * side.1);
        Ok(Golden {
            frames: frames.clone(),
            query: on_grid(outcome.query.view(), height, width)?,
            read: on_grid(outcome.read.view(), height, width)?,
            prediction: Array3::from_shape_vec((planes, side.0, side.1), outcome.prediction)?,
        })
    }
}
