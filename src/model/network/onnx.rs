//! ONNX files to typed graphs. The file format's own types, which are tract's,
//! stay below.

mod attributes;
mod convolutions;
mod node;
mod tensors;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::io::Cursor;

use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::tensor_shape_proto::dimension::Value as Dimension;
use tract_onnx::pb::type_proto::Value as TypeValue;
use tract_onnx::pb::{GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto};
use tract_onnx::prelude::Framework;

use self::attributes::attribute;
use crate::model::Precision;
use crate::model::graph::{Boundary, BoundaryElement, OnnxError, OnnxGraph};

pub(super) type Model = ModelProto;

impl OnnxGraph {
    /// Reads the bytes of an ONNX file.
    ///
    /// # Errors
    /// Not an ONNX file, or the first node that is told what no operator of the
    /// family can be told.
    pub fn read(bytes: &[u8]) -> Result<Self, OnnxError> {
        read(&parse(bytes)?)
    }
}

/// # Errors
/// Not the protocol buffer of an ONNX model.
pub(super) fn parse(bytes: &[u8]) -> Result<Model, OnnxError> {
    tract_onnx::onnx()
        .proto_model_for_read(&mut Cursor::new(bytes))
        .map_err(|e| OnnxError::Undecodable(format!("{e:#}")))
}

/// # Errors
/// As for [`OnnxGraph::read`].
pub(super) fn read(model: &Model) -> Result<OnnxGraph, OnnxError> {
    let file = model.graph.as_ref().ok_or(OnnxError::NoGraph)?;
    let constants = Constants::of(file);
    let mut nodes = Vec::new();
    for (index, node) in file.node.iter().enumerate().filter(|(_, node)| !is_constant(node)) {
        let read = constants.node(index, node).map_err(|fault| OnnxError::Node {
            node: node::name(node).into(),
            op_type: node.op_type.clone(),
            fault,
        })?;
        nodes.push(read);
    }
    let inputs = file.input.iter().filter(|input| constants.get(&input.name).is_none());
    Ok(OnnxGraph {
        name: file.name.clone(),
        inputs: inputs.map(boundary).collect(),
        outputs: file.output.iter().map(boundary).collect(),
        nodes,
        precision: precision(model),
    })
}

/// What the convolutions of a model compute in, also where they are none of the
/// family's: one quantised layer makes the graph int8.
pub(super) fn precision(model: &Model) -> Precision {
    let Some(GraphProto { node, initializer, .. }) = &model.graph else { return Precision::F32 };
    if node.iter().any(|n| n.op_type == "QLinearConv") {
        return Precision::Int8;
    }
    let half = |name: &String| {
        let f16 = DataType::Float16 as i32;
        initializer.iter().any(|t| t.name == *name && t.data_type == f16)
    };
    let f16 = node.iter().any(|n| n.op_type.starts_with("Conv") && n.input.iter().any(half));
    if f16 { Precision::F16 } else { Precision::F32 }
}

fn is_constant(node: &NodeProto) -> bool {
    node.op_type == "Constant"
}

/// The constants of a file by their names.
struct Constants<'a>(HashMap<&'a str, &'a TensorProto>);

impl<'a> Constants<'a> {
    fn of(file: &'a GraphProto) -> Self {
        let mut constants: HashMap<&str, &TensorProto> =
            file.initializer.iter().map(|tensor| (tensor.name.as_str(), tensor)).collect();
        for node in file.node.iter().filter(|node| is_constant(node)) {
            let value = attribute(node, "value").and_then(|a| a.t.as_ref());
            if let (Some(value), [name]) = (value, &node.output[..]) {
                constants.insert(name, value);
            }
        }
        Self(constants)
    }

    fn get(&self, name: &str) -> Option<&'a TensorProto> {
        self.0.get(name).copied()
    }
}

fn boundary(info: &ValueInfoProto) -> Boundary {
    let name = info.name.clone();
    let Some(TypeValue::TensorType(tensor)) = info.r#type.as_ref().and_then(|t| t.value.as_ref())
    else {
        return Boundary { name, element: BoundaryElement::Other, shape: None };
    };
    let element = match DataType::try_from(tensor.elem_type) {
        Ok(DataType::Float) => BoundaryElement::F32,
        Ok(DataType::Float16) => BoundaryElement::F16,
        Ok(DataType::Int8) => BoundaryElement::I8,
        _ => BoundaryElement::Other,
    };
    let side = |value: &Option<Dimension>| match value {
        Some(Dimension::DimValue(side)) => usize::try_from(*side).ok(),
        _ => None,
    };
    let shape = tensor.shape.as_ref();
    let shape = shape.and_then(|shape| shape.dim.iter().map(|dim| side(&dim.value)).collect());
    Boundary { name, element, shape }
}
