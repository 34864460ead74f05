//! One node of a read graph to layers.

use anyhow::{Result, bail, ensure};
use normwatch::model::graph::{OnnxNode, Operand, Operator};
use tract_onnx::pb::{GraphProto, TensorProto};

use super::{Conv, Node, Op};

/// Operators that the runtime's kernels do not have and that stay in floating
/// point: what other exporters put behind the query head or the last layer.
const OTHER_FLOAT_OPS: [&str; 5] = ["Clip", "Min", "Mul", "Sigmoid", "Sqrt"];
const KNOWN_OPS: &str = "Add, Cast, Concat, Conv, ConvTranspose, DepthToSpace, Div, Identity, Max, \
     MaxPool, ReduceL2, Relu, Resize, Slice, Sub, Tanh";

impl Node {
    /// `file` is what the node was read from.
    pub(super) fn lower(node: OnnxNode, file: &GraphProto) -> Result<Vec<Self>> {
        let OnnxNode { op_type, operator, inputs, output, index, .. } = node;
        let given = inputs.len();
        let variable = |operand| match operand {
            Operand::Tensor(name) => Some(name),
            Operand::Scalar(_) | Operand::Constant(_) => None,
        };
        let inputs: Vec<String> = inputs.into_iter().filter_map(variable).collect();
        ensure!(!inputs.is_empty(), "computes from constants alone");
        let op = match operator {
            Operator::Conv(conv) => Op::Conv(Conv::new(conv)?),
            Operator::ConvTranspose(conv) => {
                let (conv, phases) = (Op::Conv(Conv::of_phases(conv)?), format!("{output}.phases"));
                let spread = Self { op: Op::DepthToSpace, inputs: vec![phases.clone()], output };
                return Ok(vec![Self { op: conv, inputs, output: phases }, spread]);
            }
            Operator::MaxPool => Op::MaxPool,
            Operator::Upsample => Op::Upsample,
            Operator::DepthToSpace => Op::DepthToSpace,
            Operator::Concat => {
                ensure!(inputs.len() == given, "joins a constant");
                Op::Concat
            }
            Operator::Relu
            | Operator::Tanh
            | Operator::Identity
            | Operator::CastToFloat
            | Operator::Sub
            | Operator::Add
            | Operator::LastChannels { .. }
            | Operator::Div
            | Operator::Max
            | Operator::ReduceL2 { .. } => float(file, index),
            Operator::Other if OTHER_FLOAT_OPS.contains(&op_type.as_str()) => float(file, index),
            Operator::Other => bail!(
                "operator `{op_type}` is not known here; known are {KNOWN_OPS}, {}",
                OTHER_FLOAT_OPS.join(", ")
            ),
            Operator::QLinearConv(_)
            | Operator::QuantizeLinear(_)
            | Operator::DequantizeLinear(_) => bail!("is quantised already: give the f32 bundle"),
        };
        Ok(vec![Self { op, inputs, output }])
    }
}

/// A node that is written as it was read, with its constants.
fn float(file: &GraphProto, index: usize) -> Op {
    let node = file.node[index].clone();
    let constants = node.input.iter().filter_map(|name| constant(file, name)).collect();
    Op::Float { node, constants }
}

fn constant(file: &GraphProto, name: &str) -> Option<TensorProto> {
    if let Some(stored) = file.initializer.iter().find(|tensor| tensor.name == name) {
        return Some(stored.clone());
    }
    let makes = |output: Option<&String>| output.is_some_and(|output| output == name);
    let mut constants = file.node.iter().filter(|node| node.op_type == "Constant");
    let node = constants.find(|node| makes(node.output.first()))?;
    let value = node.attribute.iter().find(|attribute| attribute.name == "value")?.t.clone()?;
    Some(TensorProto { name: name.into(), ..value })
}
