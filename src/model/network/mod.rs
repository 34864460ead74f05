//! Encoder and decoder, on our own kernels where they take the graphs, and on
//! tract where they do not. `tract` is named in this folder and nowhere else.

mod amx;
mod lower;
mod onnx;
mod refusal;
#[cfg(test)]
mod tests;
mod tract;

use std::fmt;
use std::sync::Arc;

use ndarray::{Array2, ArrayView2};
use thiserror::Error;

use self::lower::lower;
use self::refusal::Refusal;
use super::precision::Precision;
use crate::kernel::{Algorithm, Engine, Isa, Plan, PlanOptions, Shape};
use crate::model::graph::OnnxError;

/// A graph that cannot be used, or a run of it that failed.
#[derive(Debug, Error)]
pub enum NetworkError {
    #[error("is not an ONNX graph that can be run: {0}")]
    Unusable(String),
    #[error("{0}")]
    Shape(String),
    #[error("the network failed: {0}")]
    Run(String),
}

/// What runs a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetworkOptions {
    pub backend: Backend,
    /// Threads that share every layer on our own kernels; 1 is the caller alone.
    pub threads: usize,
}

/// Who computes the layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// Our own kernels for graphs that they take, tract for others.
    Kernels,
    /// tract for all graphs.
    Tract,
}

impl Default for NetworkOptions {
    fn default() -> Self {
        Self { backend: Backend::Kernels, threads: 1 }
    }
}

/// The graph that an error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Encoder,
    Decoder,
}

/// A loaded encoder and decoder. Immutable; a [`Session`] runs it.
#[derive(Clone, Debug)]
pub(super) struct Network {
    compiled: Compiled,
    /// (t·c, H, W), (C, h, w) and (c, H, W).
    input_shape: [usize; 3],
    query_shape: [usize; 3],
    frame_shape: [usize; 3],
    precision: Precision,
}

#[derive(Clone)]
enum Compiled {
    Kernels(Arc<Plan>),
    Tract { encoder: tract::Encoder, decoder: tract::Decoder, why: String },
}

impl fmt::Debug for Compiled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kernels(plan) => write!(f, "Kernels({:?})", plan.options()),
            Self::Tract { why, .. } => write!(f, "Tract({why})"),
        }
    }
}

impl Network {
    /// Reads two ONNX graphs: one with the input 1×(t·c)×H×W and the outputs
    /// `query`, 1×C×h×w, and any number of skips; one with the inputs 1×2C×h×w
    /// and these skips, and the output 1×c×H×W.
    ///
    /// # Errors
    /// Not ONNX, operators that nobody knows, or other shapes, and in which
    /// of the two.
    pub(super) fn from_onnx(
        encoder: &[u8],
        decoder: &[u8],
        options: NetworkOptions,
    ) -> Result<Self, (Part, NetworkError)> {
        let unusable = |e: OnnxError| NetworkError::Unusable(e.to_string());
        let encoder = onnx::parse(encoder).map_err(|e| (Part::Encoder, unusable(e)))?;
        let decoder = onnx::parse(decoder).map_err(|e| (Part::Decoder, unusable(e)))?;
        Self::from_models(&encoder, &decoder, options)
    }

    fn from_models(
        encoder: &onnx::Model,
        decoder: &onnx::Model,
        options: NetworkOptions,
    ) -> Result<Self, (Part, NetworkError)> {
        let in_encoder = |e| (Part::Encoder, e);
        let in_decoder = |e| (Part::Decoder, e);
        let isa = Isa::choose().map_err(|e| in_encoder(NetworkError::Run(e.to_string())))?;
        let why = if options.backend == Backend::Tract {
            "as was asked for".into()
        } else {
            let plan =
                PlanOptions { isa, threads: options.threads, algorithm: Algorithm::default() };
            match Self::on_kernels(encoder, decoder, plan) {
                Ok(network) => return Ok(network),
                Err(why) => why.to_string(),
            }
        };
        let precision = onnx::precision(encoder).max(onnx::precision(decoder));
        let encoder = tract::Encoder::from_proto(encoder).map_err(in_encoder)?;
        let decoder = tract::Decoder::from_proto(decoder).map_err(in_decoder)?;
        let input_shape = encoder.input_shape().map_err(in_encoder)?;
        let (query_shape, frame_shape) = (encoder.query_shape(), decoder.frame_shape());
        if !decoder.fits(&encoder) {
            let what = "does not take what encoder.onnx gives: they are not of one export";
            return Err(in_decoder(NetworkError::Shape(what.into())));
        }
        let compiled = Compiled::Tract { encoder, decoder, why };
        Ok(Self { compiled, input_shape, query_shape, frame_shape, precision })
    }

    fn on_kernels(
        encoder: &onnx::Model,
        decoder: &onnx::Model,
        options: PlanOptions,
    ) -> Result<Self, Refusal> {
        let (encoder, decoder) = (onnx::read(encoder)?, onnx::read(decoder)?);
        let precision = encoder.precision.max(decoder.precision);
        let plan = Plan::new(lower(encoder, decoder)?, options)?;
        let of = |shape: Shape| [shape.channels, shape.height, shape.width];
        Ok(Self {
            input_shape: of(plan.input_shape(0)),
            query_shape: of(plan.output_shape(0)),
            frame_shape: of(plan.output_shape(1)),
            precision,
            compiled: Compiled::Kernels(Arc::new(plan)),
        })
    }

    pub(super) fn input_shape(&self) -> [usize; 3] {
        self.input_shape
    }

    pub(super) fn query_shape(&self) -> [usize; 3] {
        self.query_shape
    }

    pub(super) fn frame_shape(&self) -> [usize; 3] {
        self.frame_shape
    }

    /// What the graphs compute in.
    pub(super) fn precision(&self) -> Precision {
        self.precision
    }

    pub(super) fn session(&self) -> Session {
        match &self.compiled {
            Compiled::Kernels(plan) => Session::Kernels(Box::new(Engine::new(Arc::clone(plan)))),
            Compiled::Tract { encoder, decoder, why } => Session::Tract(Box::new(OnTract {
                encoder: encoder.clone(),
                decoder: decoder.clone(),
                skips: None,
                why: why.clone(),
            })),
        }
    }
}

/// A network with the memory that one run after the other needs.
#[derive(Clone)]
pub(super) enum Session {
    Kernels(Box<Engine>),
    Tract(Box<OnTract>),
}

#[derive(Clone)]
pub(super) struct OnTract {
    encoder: tract::Encoder,
    decoder: tract::Decoder,
    skips: Option<tract::Skips>,
    why: String,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kernels(engine) => write!(f, "Kernels({:?})", engine.plan().options()),
            Self::Tract(session) => write!(f, "Tract({})", session.why),
        }
    }
}

impl Session {
    /// Runs the encoder over t frames, oldest first, each planar u8 whose
    /// bytes stand for `values`; `query` receives C×(h·w).
    ///
    /// # Errors
    /// The runtime's own, which is a fault of the graph.
    ///
    /// # Panics
    /// When `past` does not hold what the encoder's input takes.
    pub(super) fn encode<'a>(
        &mut self,
        past: impl Iterator<Item = &'a [u8]>,
        values: &[f32; 256],
        query: &mut Array2<f32>,
    ) -> Result<(), NetworkError> {
        let query = query.as_slice_mut().expect("standard layout");
        match self {
            Self::Kernels(engine) => {
                let mut newest: &[u8] = &[];
                engine.write_bytes(0, past.inspect(|frame| newest = frame), values);
                if let Some(input) = engine.plan().planar_input() {
                    let newest = &newest[newest.len() - engine.plan().input_shape(input).len()..];
                    engine.write_bytes(input, std::iter::once(newest), values);
                }
                engine.run(0);
                query.copy_from_slice(engine.output(0));
                Ok(())
            }
            Self::Tract(session) => {
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
                session.skips = Some(session.encoder.run(fill, query)?);
                Ok(())
            }
        }
    }

    /// Predicts the frame that follows those that were encoded last, values of
    /// about −1..=1, into `frame` (c·H·W). `query` and `read` are C×(h·w).
    ///
    /// # Errors
    /// The runtime's own, which is a fault of the graph.
    ///
    /// # Panics
    /// When nothing was encoded since the last prediction.
    pub(super) fn decode(
        &mut self,
        query: ArrayView2<'_, f32>,
        read: ArrayView2<'_, f32>,
        frame: &mut [f32],
    ) -> Result<(), NetworkError> {
        match self {
            Self::Kernels(engine) => {
                let parts = [query, read].map(|part| part.to_slice().expect("standard layout"));
                // The only input of the second stage.
                let query_read = engine.plan().inputs() - 1;
                engine.write(query_read, parts.into_iter());
                engine.run(1);
                frame.copy_from_slice(engine.output(1));
                Ok(())
            }
            Self::Tract(session) => {
                let skips = session.skips.take().expect("encoded before");
                session.decoder.run(query, read, skips, frame)
            }
        }
    }

    /// The engine of our own kernels, or why tract runs these graphs.
    pub(super) fn engine(&mut self) -> Result<&mut Engine, &str> {
        match self {
            Self::Kernels(engine) => Ok(engine),
            Self::Tract(session) => Err(&session.why),
        }
    }
}
