//! One node of the file to a typed operator.

use tract_onnx::pb::NodeProto;
use tract_onnx::pb::tensor_proto::DataType;

use super::Constants;
use super::attributes::{attribute, expect, expect_one, is_text, padded_by_hand};
use super::tensors::{floats, integers};
use crate::model::graph::{OnnxFault, OnnxNode, Operand, Operator};

/// The node's name, or that of its result.
pub(super) fn name(node: &NodeProto) -> &str {
    let output = node.output.first().map_or("", String::as_str);
    if node.name.is_empty() { output } else { &node.name }
}

fn casts_to_floats(node: &NodeProto) -> bool {
    let to = attribute(node, "to").map(|to| to.i);
    [DataType::Float, DataType::Float16].map(|float| Some(float as i64)).contains(&to)
}

impl Constants<'_> {
    pub(super) fn node(&self, index: usize, node: &NodeProto) -> Result<OnnxNode, OnnxFault> {
        if !matches!(node.domain.as_str(), "" | "ai.onnx") {
            return Err(OnnxFault::Domain(node.domain.clone()));
        }
        let [output] = &node.output[..] else { return Err(OnnxFault::Outputs(node.output.len())) };
        let operator = self.operator(node)?;
        // Behind the first input of these stands what the operator holds.
        let holds_the_rest = matches!(
            operator,
            Operator::Conv(_)
                | Operator::ConvTranspose(_)
                | Operator::QLinearConv(_)
                | Operator::QuantizeLinear(_)
                | Operator::DequantizeLinear(_)
                | Operator::Upsample
                | Operator::LastChannels { .. }
                | Operator::ReduceL2 { .. }
        );
        let count = if holds_the_rest { 1 } else { node.input.len() };
        let names = node.input.iter().take(count).filter(|name| !name.is_empty());
        Ok(OnnxNode {
            name: name(node).into(),
            op_type: node.op_type.clone(),
            operator,
            inputs: names.map(|name| self.operand(name)).collect(),
            output: output.clone(),
            index,
        })
    }

    fn operand(&self, name: &str) -> Operand {
        match self.get(name).map(floats) {
            None => Operand::Tensor(name.into()),
            Some(Ok(values)) if values.len() == 1 => Operand::Scalar(values[0]),
            Some(_) => Operand::Constant(name.into()),
        }
    }

    fn operator(&self, node: &NodeProto) -> Result<Operator, OnnxFault> {
        Ok(match node.op_type.as_str() {
            "Conv" => Operator::Conv(self.conv(node)?),
            "ConvTranspose" => Operator::ConvTranspose(self.transposed(node)?),
            "QLinearConv" => Operator::QLinearConv(self.integer_conv(node)?),
            "QuantizeLinear" => Operator::QuantizeLinear(self.quantisation(node, 1)?),
            "DequantizeLinear" => Operator::DequantizeLinear(self.quantisation(node, 1)?),
            "MaxPool" => {
                expect(node, "kernel_shape", &[2, 2], None)?;
                expect(node, "strides", &[2, 2], None)?;
                expect(node, "pads", &[0, 0, 0, 0], Some(&[0, 0, 0, 0]))?;
                expect(node, "dilations", &[1, 1], Some(&[1, 1]))?;
                expect_one(node, "ceil_mode", 0, 0)?;
                padded_by_hand(node)?;
                Operator::MaxPool
            }
            "Resize" => self.upsample(node)?,
            "DepthToSpace" => {
                expect_one(node, "blocksize", 2, 0)?;
                if !is_text(node, "mode", "CRD", "DCR") {
                    return Err(OnnxFault::NotCrd);
                }
                Operator::DepthToSpace
            }
            "Concat" => match attribute(node, "axis").map_or(0, |axis| axis.i) {
                // Of the four axes of a map, counted from either end.
                1 | -3 => Operator::Concat,
                axis => return Err(OnnxFault::JoinedAxis(axis)),
            },
            "Relu" => Operator::Relu,
            "Tanh" => Operator::Tanh,
            "Identity" => Operator::Identity,
            "Cast" if casts_to_floats(node) => Operator::CastToFloat,
            "Sub" => Operator::Sub,
            "Add" => Operator::Add,
            "Slice" => self.slice(node)?,
            "Div" => Operator::Div,
            "Max" => Operator::Max,
            "ReduceL2" => self.reduce_l2(node)?,
            _ => Operator::Other,
        })
    }

    fn upsample(&self, node: &NodeProto) -> Result<Operator, OnnxFault> {
        let nearest = is_text(node, "mode", "nearest", "nearest")
            && is_text(node, "coordinate_transformation_mode", "asymmetric", "half_pixel")
            && is_text(node, "nearest_mode", "floor", "round_prefer_floor");
        let scales = node.input.get(2).and_then(|name| self.get(name)).map(floats).transpose()?;
        let sizes = node.input.get(3).is_some_and(|name| !name.is_empty());
        if nearest && !sizes && scales.as_deref() == Some(&[1.0, 1.0, 2.0, 2.0]) {
            return Ok(Operator::Upsample);
        }
        Err(OnnxFault::OtherResize)
    }

    /// Starts, ends and axes are inputs, and the steps where they are not 1.
    fn slice(&self, node: &NodeProto) -> Result<Operator, OnnxFault> {
        let numbers = |index: usize| {
            let name = node.input.get(index).filter(|name| !name.is_empty());
            name.and_then(|name| self.get(name)).map(integers).transpose()
        };
        let (starts, ends, axes, steps) = (numbers(1)?, numbers(2)?, numbers(3)?, numbers(4)?);
        // Of the four axes of a map, counted from either end.
        let channels = matches!(axes.as_deref(), Some([1 | -3]));
        let to_the_end = matches!(ends.as_deref(), Some([i64::MAX]));
        let all = matches!(steps.as_deref(), None | Some([1]));
        match starts.as_deref() {
            Some(&[start @ ..0]) if channels && to_the_end && all => {
                let count = usize::try_from(start.unsigned_abs());
                Ok(count.map_or(Operator::Other, |count| Operator::LastChannels { count }))
            }
            _ => Ok(Operator::Other),
        }
    }

    /// The axes are an attribute or, from version 18 on, an input.
    fn reduce_l2(&self, node: &NodeProto) -> Result<Operator, OnnxFault> {
        let axes = match node.input.get(1).filter(|name| !name.is_empty()) {
            Some(name) => {
                let axes = self.get(name).ok_or_else(|| OnnxFault::NotConstant(name.clone()))?;
                integers(axes)?
            }
            None => attribute(node, "axes").map(|axes| axes.ints.clone()).unwrap_or_default(),
        };
        let keeps_dimensions = attribute(node, "keepdims").is_none_or(|keep| keep.i == 1);
        Ok(Operator::ReduceL2 { axes, keeps_dimensions })
    }
}
