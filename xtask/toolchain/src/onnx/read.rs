//! Reads ONNX files: graphs, shapes and attributes.

use anyhow::{Context, Result, anyhow, bail};
use prost::Message;
use tract_onnx::pb::tensor_shape_proto::dimension;
use tract_onnx::pb::{GraphProto, ModelProto, NodeProto, ValueInfoProto, type_proto};

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

/// A node's attributes, looked up by name.
#[derive(Clone, Copy, Debug)]
pub struct Attributes<'a>(pub &'a NodeProto);

impl Attributes<'_> {
    pub fn ints(&self, name: &str) -> Option<&[i64]> {
        self.0.attribute.iter().find(|a| a.name == name).map(|a| a.ints.as_slice())
    }

    pub fn int(&self, name: &str) -> Option<i64> {
        self.0.attribute.iter().find(|a| a.name == name).map(|a| a.i)
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        let attribute = self.0.attribute.iter().find(|a| a.name == name)?;
        std::str::from_utf8(&attribute.s).ok()
    }
}
