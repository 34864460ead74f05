use std::collections::BTreeMap;

use anyhow::{Result, bail, ensure};
use tract_onnx::pb::{NodeProto, TensorProto};

use super::{Conv, Node, Op};
use crate::onnx::{Attributes, read_f32, read_i64};

/// Operators without weights that stay in floating point: the query head, the
/// last activation, and what other exporters put there.
const FLOAT_OPS: [&str; 14] = [
    "Add", "Cast", "Clip", "Div", "Identity", "Max", "Min", "Mul", "ReduceL2", "Relu", "Sigmoid",
    "Sqrt", "Sub", "Tanh",
];
const LAYER_OPS: &str = "Concat, Conv, ConvTranspose, DepthToSpace, MaxPool, Resize";

impl Node {
    pub(super) fn parse(
        node: &NodeProto,
        constants: &BTreeMap<&str, &TensorProto>,
    ) -> Result<Vec<Self>> {
        ensure!(
            node.domain.is_empty() || node.domain == "ai.onnx",
            "is of domain `{}`",
            node.domain
        );
        ensure!(node.output.len() == 1, "has {} outputs, not one", node.output.len());
        let output = node.output[0].clone();
        let attributes = Attributes(node);
        let one = |op: Op, inputs: &[String]| {
            vec![Self { op, inputs: inputs.into(), output: output.clone() }]
        };
        Ok(match node.op_type.as_str() {
            "Conv" => {
                let conv = Conv::parse(node, constants)?;
                one(Op::Conv(conv), &node.input[..1])
            }
            "ConvTranspose" => {
                let phases = format!("{output}.phases");
                let conv = Conv::from_transposed(node, constants)?;
                vec![
                    Self {
                        op: Op::Conv(conv),
                        inputs: node.input[..1].into(),
                        output: phases.clone(),
                    },
                    Self { op: Op::DepthToSpace, inputs: vec![phases], output },
                ]
            }
            "MaxPool" => {
                let two = Some(&[2, 2][..]);
                let plain = attributes.ints("pads").is_none_or(|p| p.iter().all(|&p| p == 0));
                let halves =
                    attributes.ints("kernel_shape") == two && attributes.ints("strides") == two;
                ensure!(halves && plain, "pools otherwise than 2×2 with stride 2");
                one(Op::MaxPool, &node.input[..1])
            }
            "Resize" => {
                check_resize(node, constants)?;
                one(Op::Upsample, &node.input[..1])
            }
            "DepthToSpace" => {
                let plain = attributes.int("blocksize") == Some(2)
                    && attributes.text("mode") == Some("CRD");
                ensure!(plain, "rearranges otherwise than in blocks of 2 in CRD mode");
                one(Op::DepthToSpace, &node.input[..1])
            }
            "Concat" => {
                ensure!(
                    matches!(attributes.int("axis"), Some(1 | -3)),
                    "joins another axis than the channels"
                );
                one(Op::Concat, &node.input)
            }
            op if FLOAT_OPS.contains(&op) => {
                let used = node.input.iter().filter_map(|i| constants.get(i.as_str()));
                let own = used.map(|&t| t.clone()).collect();
                let variable: Vec<String> = node
                    .input
                    .iter()
                    .filter(|i| !i.is_empty() && !constants.contains_key(i.as_str()))
                    .cloned()
                    .collect();
                one(Op::Float { node: node.clone(), constants: own }, &variable)
            }
            "QLinearConv" | "QuantizeLinear" | "DequantizeLinear" => {
                bail!("is quantised already: give the f32 bundle")
            }
            other => bail!(
                "operator `{other}` is not known here; known are {LAYER_OPS}, {}",
                FLOAT_OPS.join(", ")
            ),
        })
    }
}

fn check_resize(node: &NodeProto, constants: &BTreeMap<&str, &TensorProto>) -> Result<()> {
    let attributes = Attributes(node);
    let given = |index: usize| {
        node.input.get(index).filter(|n| !n.is_empty()).and_then(|n| constants.get(n.as_str()))
    };
    let doubles = match (given(2), given(3)) {
        (Some(scales), None) => read_f32(scales)?.1 == [1.0, 1.0, 2.0, 2.0],
        (_, Some(sizes)) => bail!("resizes to {:?}: give scales instead", read_i64(sizes)?),
        _ => false,
    };
    let nearest = attributes.text("mode").is_none_or(|m| m == "nearest")
        && attributes.text("coordinate_transformation_mode") == Some("asymmetric")
        && attributes.text("nearest_mode") == Some("floor");
    ensure!(doubles && nearest, "resizes otherwise than by two with the nearest neighbour");
    Ok(())
}
