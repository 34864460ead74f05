//! Encoder and decoder in tract, for graphs that the kernels do not take, and
//! for comparisons.

use std::sync::Arc;

use ndarray::ArrayView2;
use tract_onnx::pb::ModelProto;
use tract_onnx::prelude::*;

use super::NetworkError;

/// The encoder's intermediate maps on their way to the decoder, opaque.
#[derive(Clone, Debug)]
pub(super) struct Skips(TVec<TValue>);

/// t frames → unit queries and skips.
#[derive(Clone, Debug)]
pub(super) struct Encoder {
    plan: Arc<TypedRunnableModel>,
    input_shape: Vec<usize>,
    query_shape: [usize; 3],
    skips: Vec<Boundary>,
}

/// [query; read] and skips → the next frame.
#[derive(Clone, Debug)]
pub(super) struct Decoder {
    plan: Arc<TypedRunnableModel>,
    input_shape: Vec<usize>,
    skips: Vec<Boundary>,
    frame_shape: [usize; 3],
}

/// A tensor that enters or leaves a graph.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Boundary {
    datum_type: DatumType,
    shape: Vec<usize>,
}

impl Encoder {
    /// Reads and optimises an ONNX graph with one input, 1×(t·c)×H×W, and the
    /// outputs `query`, 1×C×h×w, and any number of skips. All are f32, but
    /// skips, which may be f16 or i8 as well.
    ///
    /// # Errors
    /// Not ONNX, operators that tract does not know, or other shapes.
    pub(super) fn from_proto(proto: &ModelProto) -> Result<Self, NetworkError> {
        let Loaded { plan, inputs, outputs } = load(proto)?;
        if inputs.len() != 1 || outputs.is_empty() {
            return Err(NetworkError::Shape(format!(
                "has {} inputs and {} outputs; an encoder has one input and a query output",
                inputs.len(),
                outputs.len()
            )));
        }
        Ok(Self {
            plan,
            input_shape: inputs[0].f32_shape("frames")?,
            query_shape: image_shape(&outputs[0].f32_shape("query")?, "query")?,
            skips: outputs[1..].to_vec(),
        })
    }

    /// (t·c, H, W).
    pub(super) fn input_shape(&self) -> Result<[usize; 3], NetworkError> {
        image_shape(&self.input_shape, "input")
    }

    /// (C, h, w).
    pub(super) fn query_shape(&self) -> [usize; 3] {
        self.query_shape
    }

    /// Runs the encoder. `fill` writes the input in place, (t·c)·H·W values
    /// in −1..=1, oldest frame first; `query` receives C×(h·w).
    ///
    /// # Errors
    /// The runtime's own, which is a fault of the graph.
    pub(super) fn run(
        &self,
        fill: impl FnOnce(&mut [f32]),
        query: &mut [f32],
    ) -> Result<Skips, NetworkError> {
        let input = filled(&self.input_shape, fill)?;
        let mut outputs = self.plan.run(tvec!(input.into())).map_err(run_error)?;
        let skips = outputs.drain(1..).collect();
        let [c, h, w] = self.query_shape;
        copy_out(&outputs[0], query, c * h * w)?;
        Ok(Skips(skips))
    }
}

impl Decoder {
    /// Reads and optimises an ONNX graph whose first input is 1×2C×h×w, whose
    /// other inputs are the encoder's skips, and whose output is 1×c×H×W.
    ///
    /// # Errors
    /// Not ONNX, operators that tract does not know, or other shapes.
    pub(super) fn from_proto(proto: &ModelProto) -> Result<Self, NetworkError> {
        let Loaded { plan, inputs, outputs } = load(proto)?;
        if inputs.is_empty() || outputs.len() != 1 {
            return Err(NetworkError::Shape(format!(
                "has {} inputs and {} outputs; a decoder has one output",
                inputs.len(),
                outputs.len()
            )));
        }
        Ok(Self {
            plan,
            input_shape: inputs[0].f32_shape("query and read")?,
            skips: inputs[1..].to_vec(),
            frame_shape: image_shape(&outputs[0].f32_shape("frame")?, "frame")?,
        })
    }

    /// (c, H, W).
    pub(super) fn frame_shape(&self) -> [usize; 3] {
        self.frame_shape
    }

    /// Whether this decoder takes what that encoder gives.
    pub(super) fn fits(&self, encoder: &Encoder) -> bool {
        let [c, h, w] = encoder.query_shape;
        self.input_shape == [1, 2 * c, h, w] && self.skips == encoder.skips
    }

    /// Predicts the next frame, values in −1..=1, into `frame` (c·H·W).
    /// `query` and `read` are C×(h·w).
    ///
    /// # Errors
    /// The runtime's own, which is a fault of the graph.
    pub(super) fn run(
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

struct Loaded {
    plan: Arc<TypedRunnableModel>,
    inputs: Vec<Boundary>,
    outputs: Vec<Boundary>,
}

fn load(proto: &ModelProto) -> Result<Loaded, NetworkError> {
    let unusable = |e: TractError| NetworkError::Unusable(format!("{e:#}"));
    let onnx = onnx();
    let model = onnx
        .model_for_proto_model(proto)
        .and_then(|model| model.into_optimized())
        .map_err(unusable)?;
    let boundaries = |outlets: &[OutletId]| -> Result<Vec<Boundary>, NetworkError> {
        outlets
            .iter()
            .map(|outlet| {
                let fact = model.outlet_fact(*outlet).map_err(unusable)?;
                let shape = fact.shape.as_concrete().ok_or_else(|| {
                    NetworkError::Shape("has a boundary tensor without a fixed shape".into())
                })?;
                Ok(Boundary { datum_type: fact.datum_type, shape: shape.to_vec() })
            })
            .collect()
    };
    let inputs = boundaries(model.input_outlets().map_err(unusable)?)?;
    let outputs = boundaries(model.output_outlets().map_err(unusable)?)?;
    for skip in inputs.iter().skip(1).chain(outputs.iter().skip(1)) {
        let taken = [f32::datum_type(), f16::datum_type(), i8::datum_type()];
        if !taken.contains(&skip.datum_type) {
            return Err(NetworkError::Shape(format!(
                "has a skip of type {:?}, not F32, F16 or I8",
                skip.datum_type
            )));
        }
    }
    let plan = model.into_runnable().map_err(unusable)?;
    Ok(Loaded { plan, inputs, outputs })
}

impl Boundary {
    fn f32_shape(&self, what: &str) -> Result<Vec<usize>, NetworkError> {
        if self.datum_type == f32::datum_type() {
            return Ok(self.shape.clone());
        }
        let datum_type = self.datum_type;
        Err(NetworkError::Shape(format!("has a {what} tensor of type {datum_type:?}, not F32")))
    }
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
