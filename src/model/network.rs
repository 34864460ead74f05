use std::io::Cursor;
use std::sync::Arc;

use ndarray::{Array2, ArrayView2};
use thiserror::Error;
use tract_onnx::prelude::*;

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

/// The encoder's intermediate maps on their way to the decoder, opaque.
#[derive(Clone, Debug)]
pub struct Skips(TVec<TValue>);

/// t frames → unit queries and skips.
#[derive(Clone, Debug)]
pub struct Encoder {
    plan: Arc<TypedRunnableModel>,
    input_shape: Vec<usize>,
    query_shape: [usize; 3],
    skip_shapes: Vec<Vec<usize>>,
}

/// [query; read] and skips → the next frame.
#[derive(Clone, Debug)]
pub struct Decoder {
    plan: Arc<TypedRunnableModel>,
    input_shape: Vec<usize>,
    skip_shapes: Vec<Vec<usize>>,
    frame_shape: [usize; 3],
}

impl Encoder {
    /// Reads and optimises an ONNX graph with one input, 1×(t·c)×H×W, and the
    /// outputs `query`, 1×C×h×w, and any number of skips.
    ///
    /// # Errors
    /// Not ONNX, operators that tract does not know, or other shapes.
    pub fn from_onnx(bytes: &[u8]) -> Result<Self, NetworkError> {
        let (plan, inputs, outputs) = load(bytes)?;
        if inputs.len() != 1 || outputs.is_empty() {
            return Err(NetworkError::Shape(format!(
                "has {} inputs and {} outputs; an encoder has one input and a query output",
                inputs.len(),
                outputs.len()
            )));
        }
        Ok(Self {
            plan,
            input_shape: inputs[0].clone(),
            query_shape: image_shape(&outputs[0], "query")?,
            skip_shapes: outputs[1..].to_vec(),
        })
    }

    /// (t·c, H, W).
    pub fn input_shape(&self) -> Result<[usize; 3], NetworkError> {
        image_shape(&self.input_shape, "input")
    }

    /// (C, h, w).
    pub fn query_shape(&self) -> [usize; 3] {
        self.query_shape
    }

    /// Runs the encoder. `fill` writes the input in place, (t·c)·H·W values
    /// in −1..=1, oldest frame first; `query` receives C×(h·w).
    ///
    /// # Errors
    /// The runtime's own, which is a fault of the graph.
    pub fn run(
        &self,
        fill: impl FnOnce(&mut [f32]),
        query: &mut Array2<f32>,
    ) -> Result<Skips, NetworkError> {
        let input = filled(&self.input_shape, fill)?;
        let mut outputs = self.plan.run(tvec!(input.into())).map_err(run_error)?;
        let skips = outputs.drain(1..).collect();
        let [c, h, w] = self.query_shape;
        copy_out(&outputs[0], query.as_slice_mut().expect("standard layout"), c * h * w)?;
        Ok(Skips(skips))
    }
}

impl Decoder {
    /// Reads and optimises an ONNX graph whose first input is 1×2C×h×w, whose
    /// other inputs are the encoder's skips, and whose output is 1×c×H×W.
    ///
    /// # Errors
    /// Not ONNX, operators that tract does not know, or other shapes.
    pub fn from_onnx(bytes: &[u8]) -> Result<Self, NetworkError> {
        let (plan, inputs, outputs) = load(bytes)?;
        if inputs.is_empty() || outputs.len() != 1 {
            return Err(NetworkError::Shape(format!(
                "has {} inputs and {} outputs; a decoder has one output",
                inputs.len(),
                outputs.len()
            )));
        }
        Ok(Self {
            plan,
            input_shape: inputs[0].clone(),
            skip_shapes: inputs[1..].to_vec(),
            frame_shape: image_shape(&outputs[0], "frame")?,
        })
    }

    /// (2C, h, w).
    pub fn input_shape(&self) -> Result<[usize; 3], NetworkError> {
        image_shape(&self.input_shape, "input")
    }

    /// (c, H, W).
    pub fn frame_shape(&self) -> [usize; 3] {
        self.frame_shape
    }

    /// Whether this decoder takes what that encoder gives.
    pub fn fits(&self, encoder: &Encoder) -> bool {
        let [c, h, w] = encoder.query_shape;
        self.input_shape == [1, 2 * c, h, w] && self.skip_shapes == encoder.skip_shapes
    }

    /// Predicts the next frame, values in −1..=1, into `frame` (c·H·W).
    /// `query` and `read` are C×(h·w).
    ///
    /// # Errors
    /// The runtime's own, which is a fault of the graph.
    pub fn run(
        &self,
        query: ArrayView2<'_, f32>,
        read: ArrayView2<'_, f32>,
        skips: Skips,
        frame: &mut [f32],
    ) -> Result<(), NetworkError> {
        let input = filled(&self.input_shape, |data| {
            let (first, last) = data.split_at_mut(query.len());
            first.copy_from_slice(query.as_slice().expect("standard layout"));
            last.copy_from_slice(read.as_slice().expect("standard layout"));
        })?;
        let mut inputs = tvec!(input.into());
        inputs.extend(skips.0);
        let outputs = self.plan.run(inputs).map_err(run_error)?;
        let [c, h, w] = self.frame_shape;
        copy_out(&outputs[0], frame, c * h * w)
    }
}

type Loaded = (Arc<TypedRunnableModel>, Vec<Vec<usize>>, Vec<Vec<usize>>);

fn load(bytes: &[u8]) -> Result<Loaded, NetworkError> {
    let unusable = |e: TractError| NetworkError::Unusable(format!("{e:#}"));
    let model = tract_onnx::onnx()
        .model_for_read(&mut Cursor::new(bytes))
        .and_then(|model| model.into_optimized())
        .map_err(unusable)?;
    let shapes = |outlets: &[OutletId]| -> Result<Vec<Vec<usize>>, NetworkError> {
        outlets
            .iter()
            .map(|outlet| {
                let fact = model.outlet_fact(*outlet).map_err(unusable)?;
                if fact.datum_type != f32::datum_type() {
                    return Err(NetworkError::Shape(format!(
                        "has a boundary tensor of type {:?}, not f32",
                        fact.datum_type
                    )));
                }
                fact.shape.as_concrete().map(<[usize]>::to_vec).ok_or_else(|| {
                    NetworkError::Shape("has a boundary tensor without a fixed shape".into())
                })
            })
            .collect()
    };
    let inputs = shapes(model.input_outlets().map_err(unusable)?)?;
    let outputs = shapes(model.output_outlets().map_err(unusable)?)?;
    let plan = model.into_runnable().map_err(unusable)?;
    Ok((plan, inputs, outputs))
}

fn image_shape(shape: &[usize], what: &str) -> Result<[usize; 3], NetworkError> {
    match shape {
        [1, c, h, w] => Ok([*c, *h, *w]),
        other => Err(NetworkError::Shape(format!("has a {what} of shape {other:?}, not 1×C×H×W"))),
    }
}

fn filled(shape: &[usize], fill: impl FnOnce(&mut [f32])) -> Result<Tensor, NetworkError> {
    let mut tensor = Tensor::zero::<f32>(shape).map_err(run_error)?;
    let mut view = tensor.to_plain_array_view_mut::<f32>().map_err(run_error)?;
    fill(view.as_slice_mut().expect("a fresh tensor is contiguous"));
    Ok(tensor)
}

fn copy_out(value: &TValue, into: &mut [f32], len: usize) -> Result<(), NetworkError> {
    let view = value.to_plain_array_view::<f32>().map_err(run_error)?;
    if view.len() != len || into.len() != len {
        return Err(NetworkError::Run(format!("{} values came, {len} were expected", view.len())));
    }
    match view.as_slice() {
        Some(slice) => into.copy_from_slice(slice),
        None => into.iter_mut().zip(view.iter()).for_each(|(to, from)| *to = *from),
    }
    Ok(())
}

fn run_error(error: TractError) -> NetworkError {
    NetworkError::Run(format!("{error:#}"))
}
