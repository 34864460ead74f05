//! Convolutions in floats and in integers, with their constants.

use tract_onnx::pb::{NodeProto, TensorProto};

use super::Constants;
use super::attributes::{attribute, expect, expect_one, padded_by_hand, pads};
use super::tensors::{bytes, floats, words};
use crate::kernel::Quantisation;
use crate::model::graph::{Convolution, IntegerConvolution, OnnxFault};

impl Constants<'_> {
    pub(super) fn conv(&self, node: &NodeProto) -> Result<Convolution, OnnxFault> {
        expect(node, "strides", &[1, 1], Some(&[1, 1]))?;
        self.convolution(node, |[outputs, ..]| outputs)
    }

    pub(super) fn transposed(&self, node: &NodeProto) -> Result<Convolution, OnnxFault> {
        expect(node, "strides", &[2, 2], None)?;
        expect(node, "pads", &[1, 1, 1, 1], None)?;
        expect(node, "output_padding", &[1, 1], None)?;
        if attribute(node, "output_shape").is_some() {
            return Err(OnnxFault::OutputShape);
        }
        let conv = self.convolution(node, |[_, outputs, ..]| outputs)?;
        match conv.shape {
            [_, _, 3, 3] => Ok(conv),
            shape => Err(OnnxFault::WeightShape(shape.map(|side| side as i64).into())),
        }
    }

    fn convolution(
        &self,
        node: &NodeProto,
        outputs: impl FnOnce([usize; 4]) -> usize,
    ) -> Result<Convolution, OnnxFault> {
        let weights = self.constant(node, 1)?;
        let shape = weight_shape(node, weights)?;
        let outputs = outputs(shape);
        let (weight_name, weights) = (node.input[1].clone(), floats(weights)?);
        let bias = match self.optional(node, 2)? {
            Some(bias) => floats(bias)?,
            None => vec![0.0; outputs],
        };
        if bias.len() != outputs {
            return Err(OnnxFault::Biases { biases: bias.len(), outputs });
        }
        Ok(Convolution { weight_name, shape, weights, bias, pads: pads(node)? })
    }

    pub(super) fn integer_conv(&self, node: &NodeProto) -> Result<IntegerConvolution, OnnxFault> {
        expect(node, "strides", &[1, 1], Some(&[1, 1]))?;
        let weights = self.constant(node, 3)?;
        let shape = weight_shape(node, weights)?;
        let outputs = shape[0];
        let (input, output) = (self.quantisation(node, 1)?, self.quantisation(node, 6)?);
        if bytes(self.constant(node, 5)?)?.iter().any(|&zero| zero != 0) {
            return Err(OnnxFault::WeightZero);
        }
        let (weights, scales) = (bytes(weights)?, floats(self.constant(node, 4)?)?);
        let bias = match self.optional(node, 8)? {
            Some(bias) => words(bias)?,
            None => vec![0; outputs],
        };
        if bias.len() != outputs || scales.len() != 1 && scales.len() != outputs {
            return Err(OnnxFault::PerOutput { biases: bias.len(), scales: scales.len(), outputs });
        }
        Ok(IntegerConvolution { shape, weights, scales, bias, pads: pads(node)?, input, output })
    }

    /// The scale at an input and the zero point behind it.
    pub(super) fn quantisation(
        &self,
        node: &NodeProto,
        first: usize,
    ) -> Result<Quantisation, OnnxFault> {
        let single = |index: usize| OnnxFault::NotOneValue(node.input[index].clone());
        let [scale] = floats(self.constant(node, first)?)?[..] else { return Err(single(first)) };
        let [zero_point] = bytes(self.constant(node, first + 1)?)?[..] else {
            return Err(single(first + 1));
        };
        Ok(Quantisation { scale, zero_point })
    }

    fn constant(&self, node: &NodeProto, index: usize) -> Result<&TensorProto, OnnxFault> {
        let name = node.input.get(index).ok_or(OnnxFault::TooFewInputs)?;
        self.get(name).ok_or_else(|| OnnxFault::NotConstant(name.clone()))
    }

    fn optional(&self, node: &NodeProto, index: usize) -> Result<Option<&TensorProto>, OnnxFault> {
        match node.input.get(index) {
            Some(name) if !name.is_empty() => self.constant(node, index).map(Some),
            _ => Ok(None),
        }
    }
}

/// The four sides of the weights, none of them 0, where all else that a
/// convolution is told is usual.
fn weight_shape(node: &NodeProto, weights: &TensorProto) -> Result<[usize; 4], OnnxFault> {
    expect(node, "dilations", &[1, 1], Some(&[1, 1]))?;
    expect_one(node, "group", 1, 1)?;
    padded_by_hand(node)?;
    let sides: Option<Vec<usize>> =
        weights.dims.iter().map(|&side| usize::try_from(side).ok().filter(|&s| s > 0)).collect();
    let shape: Option<[usize; 4]> = sides.and_then(|sides| sides.try_into().ok());
    let shape = shape.ok_or_else(|| OnnxFault::WeightShape(weights.dims.clone()))?;
    let kernel = &weights.dims[2..];
    expect(node, "kernel_shape", kernel, Some(kernel))?;
    Ok(shape)
}
