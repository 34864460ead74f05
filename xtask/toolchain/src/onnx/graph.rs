//! Writes one ONNX graph, node by node.

use prost::Message;
use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::tensor_shape_proto::{Dimension, dimension};
use tract_onnx::pb::{
    AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, StringStringEntryProto,
    TensorProto, TensorShapeProto, TypeProto, ValueInfoProto, type_proto,
};

/// At least 13 is needed for per-channel DequantizeLinear, at most 17 keeps the
/// axes of ReduceL2 an attribute.
pub const OPSET: i64 = 17;
/// The first version that may carry opset 17.
const IR_VERSION: i64 = 8;

/// Element type of a graph's input or output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElementType {
    F32,
    F16,
    I8,
}

/// An attribute's value.
#[derive(Clone, Debug)]
pub enum Attribute<'a> {
    Int(i64),
    Ints(&'a [i64]),
    Text(&'a str),
}

/// Writes one graph, node by node.
#[derive(Debug)]
pub struct GraphBuilder {
    graph: GraphProto,
    properties: Vec<StringStringEntryProto>,
}

impl GraphBuilder {
    pub fn new(name: &str) -> Self {
        Self { graph: GraphProto { name: name.into(), ..Default::default() }, properties: vec![] }
    }

    pub fn input(&mut self, name: &str, element: ElementType, shape: &[usize]) {
        self.graph.input.push(value_info(name, element, shape));
    }

    pub fn output(&mut self, name: &str, element: ElementType, shape: &[usize]) {
        self.graph.output.push(value_info(name, element, shape));
    }

    /// Adds a constant, unless there is one of its name, and returns the name.
    pub fn constant(&mut self, tensor: TensorProto) -> String {
        let name = tensor.name.clone();
        if !self.graph.initializer.iter().any(|t| t.name == name) {
            self.graph.initializer.push(tensor);
        }
        name
    }

    /// Adds a node with one output and returns the output's name. An empty
    /// input name leaves an optional input out.
    pub fn node(
        &mut self,
        op: &str,
        inputs: &[&str],
        output: &str,
        attributes: &[(&str, Attribute<'_>)],
    ) -> String {
        self.graph.node.push(NodeProto {
            name: format!("{output}/{op}"),
            op_type: op.into(),
            input: inputs.iter().map(|&i| i.into()).collect(),
            output: vec![output.into()],
            attribute: attributes.iter().map(|(name, value)| attribute(name, value)).collect(),
            ..NodeProto::default()
        });
        output.into()
    }

    /// Adds a node as it stands.
    pub fn raw_node(&mut self, node: NodeProto) {
        self.graph.node.push(node);
    }

    /// Adds a line to the model's metadata.
    pub fn property(&mut self, key: &str, value: String) {
        self.properties.push(StringStringEntryProto { key: key.into(), value });
    }

    pub fn finish(self) -> ModelProto {
        ModelProto {
            ir_version: IR_VERSION,
            opset_import: vec![OperatorSetIdProto { domain: String::new(), version: OPSET }],
            producer_name: "normwatch".into(),
            producer_version: env!("CARGO_PKG_VERSION").into(),
            graph: Some(self.graph),
            metadata_props: self.properties,
            ..ModelProto::default()
        }
    }
}

/// The bytes of an ONNX file.
pub fn encode(model: &ModelProto) -> Vec<u8> {
    model.encode_to_vec()
}

/// Describes an input or an output.
pub fn value_info(name: &str, element: ElementType, shape: &[usize]) -> ValueInfoProto {
    let elem_type = match element {
        ElementType::F32 => DataType::Float,
        ElementType::F16 => DataType::Float16,
        ElementType::I8 => DataType::Int8,
    } as i32;
    let side = |&d: &usize| Dimension {
        value: Some(dimension::Value::DimValue(d as i64)),
        ..Dimension::default()
    };
    let shape = TensorShapeProto { dim: shape.iter().map(side).collect() };
    let tensor = type_proto::Tensor { elem_type, shape: Some(shape) };
    ValueInfoProto {
        name: name.into(),
        r#type: Some(TypeProto {
            value: Some(type_proto::Value::TensorType(tensor)),
            ..TypeProto::default()
        }),
        ..ValueInfoProto::default()
    }
}

fn attribute(name: &str, value: &Attribute<'_>) -> AttributeProto {
    let mut proto = AttributeProto { name: name.into(), ..AttributeProto::default() };
    let kind = match value {
        Attribute::Int(i) => {
            proto.i = *i;
            AttributeType::Int
        }
        Attribute::Ints(ints) => {
            proto.ints = ints.to_vec();
            AttributeType::Ints
        }
        Attribute::Text(text) => {
            proto.s = text.as_bytes().to_vec();
            AttributeType::String
        }
    };
    proto.r#type = kind as i32;
    proto
}
