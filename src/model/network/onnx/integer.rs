use tract_onnx::pb::NodeProto;

use super::tensors::{bytes, floats, words};
use super::{Known, Reader, expect, expect_one, layer_name, padded_by_hand};
use crate::kernel::{IntegerFilter, Op, Quantisation};

impl<'a> Reader<'a, '_> {
    /// The scale at an input and the zero point behind it.
    pub(super) fn quantisation(
        &self,
        node: &NodeProto,
        first: usize,
    ) -> Result<Quantisation, String> {
        let scale = self.scalar(node, first)?;
        match bytes(self.constant(node, first + 1)?)?[..] {
            [zero_point] => Ok(Quantisation { scale, zero_point }),
            _ => Err("has more than one zero point".into()),
        }
    }

    pub(super) fn quantise(&mut self, node: &'a NodeProto) -> Result<Known, String> {
        let to = self.quantisation(node, 1)?;
        let name = self.name(node, 0)?;
        let (map, shift) = match self.known.get(name) {
            Some(&Known::Shifted(map, shift)) => (map, shift),
            _ => (self.map(name)?, 0.0),
        };
        let name = format!("{} {}", self.part, layer_name(node));
        self.graph
            .add(&name, Op::Quantise { shift, to }, &[map])
            .map(Known::Map)
            .map_err(|e| e.to_string())
    }

    pub(super) fn integer_conv(&self, node: &NodeProto) -> Result<IntegerFilter, String> {
        expect(node, "strides", &[1, 1], Some(&[1, 1]))?;
        expect(node, "dilations", &[1, 1], Some(&[1, 1]))?;
        expect_one(node, "group", 1, 1)?;
        padded_by_hand(node)?;
        let weights = self.constant(node, 3)?;
        let (outputs, side, pads) = match weights.dims[..] {
            [outputs, _, 3, 3] => (outputs, 3, [1, 1, 1, 1]),
            [outputs, _, 2, 2] => (outputs, 2, [0, 0, 1, 1]),
            _ => return Err(format!("has weights of shape {:?}", weights.dims)),
        };
        expect(node, "pads", &pads, None)?;
        let sides = [side as i64; 2];
        expect(node, "kernel_shape", &sides, Some(&sides))?;
        let (input, output) = (self.quantisation(node, 1)?, self.quantisation(node, 6)?);
        if bytes(self.constant(node, 5)?)?.iter().any(|&zero| zero != 0) {
            return Err("has weights whose zero point is not 0".into());
        }
        let values = bytes(weights)?;
        let outputs = usize::try_from(outputs).unwrap_or(usize::MAX);
        if outputs > values.len() {
            return Err(format!("has weights of shape {:?}", weights.dims));
        }
        let scales = floats(self.constant(node, 4)?)?;
        let scale_of = |o: usize| match scales[..] {
            [scale] => Some(scale),
            _ => scales.get(o).copied(),
        };
        let multipliers: Option<Vec<f32>> =
            (0..outputs).map(|o| Some(input.scale * scale_of(o)? / output.scale)).collect();
        let bias = match node.input.get(8).filter(|name| !name.is_empty()) {
            Some(_) => words(self.constant(node, 8)?)?,
            None => vec![0; outputs],
        };
        if bias.len() != outputs || scales.len() != 1 && scales.len() != outputs {
            return Err(format!(
                "has {} biases and {} scales for {outputs} outputs",
                bias.len(),
                scales.len()
            ));
        }
        Ok(IntegerFilter {
            side,
            weights: values,
            bias,
            multipliers: multipliers.ok_or("has too few scales")?,
            input_zero: input.zero_point,
            output_zero: output.zero_point,
        })
    }
}
