//! Reads ONNX files: graphs and shapes.

use anyhow::{Context, Result, anyhow, bail};
use prost::Message;
use tract_onnx::pb::tensor_shape_proto::dimension;
use tract_onnx::pb::{GraphProto, ModelProto, ValueInfoProto, type_proto};

/// Parses an ONNX file.
///
/// # Errors
/// Not ONNX, cut short, or without a graph.
pub fn decode(bytes: &[u8]) -> Result<ModelProto> {
    let model = ModelProto::decode(bytes)
        .map_err(|e| anyhow!("is not an ONNX file, or was cut short: {e}; copy it again"))?;
    graph_of(&model)?;
    Ok(model)
}

/// # Errors
/// The model has no graph, or an empty one.
pub fn graph_of(model: &ModelProto) -> Result<&GraphProto> {
    match &model.graph {
        Some(graph) if !graph.node.is_empty() => Ok(graph),
        _ => bail!("holds no graph: is not an ONNX file, or was cut short; copy it again"),
    }
}

/// Name and shape of each.
///
/// # Errors
/// A shape that is not fixed.
pub fn value_infos(values: &[ValueInfoProto]) -> Result<Vec<(String, Vec<usize>)>> {
    values.iter().map(|v| Ok((v.name.clone(), shape_of(v)?))).collect()
}

fn shape_of(value: &ValueInfoProto) -> Result<Vec<usize>> {
    let kind = value.r#type.as_ref().and_then(|t| t.value.as_ref());
    let Some(type_proto::Value::TensorType(tensor)) = kind else {
        bail!("`{}` is not a tensor", value.name);
    };
    let shape = tensor.shape.as_ref().with_context(|| format!("`{}` has no shape", value.name))?;
    let side = |d: &tract_onnx::pb::tensor_shape_proto::Dimension| match d.value {
        Some(dimension::Value::DimValue(v)) => {
            usize::try_from(v).map_err(|_| anyhow!("`{}` has a side of {v}", value.name))
        }
        _ => bail!("`{}` has a side that is not fixed: export it with fixed shapes", value.name),
    };
    shape.dim.iter().map(side).collect()
}
