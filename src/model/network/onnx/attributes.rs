use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::tensor_shape_proto::dimension::Value as Dimension;
use tract_onnx::pb::type_proto::Value as TypeValue;
use tract_onnx::pb::{AttributeProto, NodeProto, ValueInfoProto};

use crate::kernel::{Element, Shape};

/// The node's name without the operator that the exporter put behind it.
pub(super) fn layer_name(node: &NodeProto) -> String {
    let suffix = format!("/{}", node.op_type);
    let name = node.name.strip_suffix(&suffix).unwrap_or(&node.name);
    let fallback = node.output.first().map_or("", String::as_str);
    if name.is_empty() { fallback.into() } else { name.into() }
}

pub(super) fn attribute<'n>(node: &'n NodeProto, name: &str) -> Option<&'n AttributeProto> {
    node.attribute.iter().find(|attribute| attribute.name == name)
}

pub(super) fn casts_to_float(node: &NodeProto) -> bool {
    let to = attribute(node, "to").map(|attribute| attribute.i);
    [DataType::Float, DataType::Float16].map(|float| Some(float as i64)).contains(&to)
}

pub(super) fn expect(
    node: &NodeProto,
    name: &str,
    wanted: &[i64],
    default: Option<&[i64]>,
) -> Result<(), String> {
    let found = attribute(node, name).map(|attribute| attribute.ints.as_slice()).or(default);
    if found == Some(wanted) {
        return Ok(());
    }
    Err(format!("has {name} {:?}, not {wanted:?}", found.unwrap_or_default()))
}

pub(super) fn expect_one(
    node: &NodeProto,
    name: &str,
    wanted: i64,
    default: i64,
) -> Result<(), String> {
    let found = attribute(node, name).map_or(default, |attribute| attribute.i);
    if found == wanted { Ok(()) } else { Err(format!("has {name} {found}, not {wanted}")) }
}

pub(super) fn padded_by_hand(node: &NodeProto) -> Result<(), String> {
    match attribute(node, "auto_pad") {
        Some(attribute) if attribute.s != b"NOTSET" => Err("is padded automatically".into()),
        _ => Ok(()),
    }
}

/// The shape of a 1×C×H×W tensor.
pub(super) fn shape(info: &ValueInfoProto, element: Element) -> Result<Shape, String> {
    let other = || format!("`{}` is no tensor of 1×C×H×W values of {element:?}", info.name);
    let wanted = match element {
        Element::F32 => [DataType::Float, DataType::Float16],
        Element::I8 { .. } => [DataType::Int8; 2],
    };
    let Some(TypeValue::TensorType(tensor)) = info.r#type.as_ref().and_then(|t| t.value.as_ref())
    else {
        return Err(other());
    };
    let dimensions: Option<Vec<usize>> = tensor
        .shape
        .iter()
        .flat_map(|s| &s.dim)
        .map(|dim| match dim.value {
            Some(Dimension::DimValue(value)) => usize::try_from(value).ok(),
            _ => None,
        })
        .collect();
    match (wanted.map(|t| t as i32).contains(&tensor.elem_type), dimensions.as_deref()) {
        (true, Some(&[1, channels, height, width])) if channels * height * width > 0 => {
            Ok(Shape { channels, height, width })
        }
        _ => Err(other()),
    }
}
