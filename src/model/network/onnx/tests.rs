//! What the reader takes and refuses, on a small bundle's graphs changed in
//! one place.

use std::path::Path;

use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::{AttributeProto, NodeProto};

use super::*;
use crate::model::graph::{Operand, Operator};

fn model(file: &str) -> Model {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/reference");
    parse(&std::fs::read(folder.join("tiny-nearest").join(file)).unwrap()).unwrap()
}

/// The first node of a kind.
fn node<'m>(model: &'m mut Model, op_type: &str) -> &'m mut NodeProto {
    let nodes = &mut model.graph.as_mut().unwrap().node;
    nodes.iter_mut().find(|node| node.op_type == op_type).unwrap()
}

fn set(node: &mut NodeProto, name: &str, value: AttributeProto) {
    node.attribute.retain(|attribute| attribute.name != name);
    node.attribute.push(AttributeProto { name: name.into(), ..value });
}

fn int(i: i64) -> AttributeProto {
    AttributeProto { r#type: AttributeType::Int as i32, i, ..AttributeProto::default() }
}

#[test]
fn channels_may_be_counted_from_either_end() {
    let mut decoder = model("decoder.onnx");
    for (axis, taken) in [(1, true), (-3, true), (2, false), (-1, false)] {
        set(node(&mut decoder, "Concat"), "axis", int(axis));
        assert_eq!(read(&decoder).is_ok(), taken, "axis {axis}");
    }
}

#[test]
fn a_max_pool_that_is_told_anything_else_is_refused() {
    let text = |s: &str| AttributeProto { s: s.into(), ..AttributeProto::default() };
    let ints = AttributeProto { ints: vec![2, 2], ..AttributeProto::default() };
    let cases = [
        ("ceil_mode", int(1), "ceil_mode [1], not [0]"),
        ("dilations", ints, "dilations [2, 2], not [1, 1]"),
        ("auto_pad", text("SAME_UPPER"), "padded automatically"),
    ];
    for (name, value, said) in cases {
        let mut encoder = model("encoder.onnx");
        set(node(&mut encoder, "MaxPool"), name, value);
        let error = read(&encoder).unwrap_err().to_string();
        assert!(error.contains("(MaxPool)") && error.contains(said), "{error}");
    }
}

#[test]
fn a_constant_may_be_a_node() {
    let mut encoder = model("encoder.onnx");
    let before = read(&encoder).unwrap();
    let graph = encoder.graph.as_mut().unwrap();
    for tensor in std::mem::take(&mut graph.initializer) {
        let mut constant = NodeProto { op_type: "Constant".into(), ..NodeProto::default() };
        constant.output.push(tensor.name.clone());
        set(&mut constant, "value", AttributeProto { t: Some(tensor), ..int(0) });
        graph.node.insert(0, constant);
    }
    let after = read(&encoder).unwrap();
    assert_eq!(before.inputs, after.inputs);
    for (before, after) in before.nodes.iter().zip(&after.nodes) {
        assert_eq!((&before.name, &before.inputs), (&after.name, &after.inputs));
        assert!(after.inputs.iter().any(|input| matches!(input, Operand::Tensor(_))));
        if let (Operator::Conv(a), Operator::Conv(b)) = (&before.operator, &after.operator) {
            assert!(a.weights == b.weights && a.bias == b.bias, "{}", before.name);
        }
    }
}

#[test]
fn a_node_says_where_it_stood_in_the_file() {
    let file = model("decoder.onnx");
    let nodes = &file.graph.as_ref().unwrap().node;
    for node in read(&file).unwrap().nodes {
        assert_eq!(node.op_type, nodes[node.index].op_type);
        assert_eq!(node.output, nodes[node.index].output[0]);
    }
}
