//! The attributes of a node, and those that must have one value and no other.

use tract_onnx::pb::{AttributeProto, NodeProto};

use crate::model::graph::OnnxFault;

pub(super) fn attribute<'n>(node: &'n NodeProto, name: &str) -> Option<&'n AttributeProto> {
    node.attribute.iter().find(|attribute| attribute.name == name)
}

pub(super) fn is_text(node: &NodeProto, name: &str, wanted: &str, default: &str) -> bool {
    let found = attribute(node, name).map_or(default.as_bytes(), |attribute| &attribute.s);
    found == wanted.as_bytes()
}

/// Refuses other values, and a missing attribute without a default.
pub(super) fn expect(
    node: &NodeProto,
    name: &'static str,
    wanted: &[i64],
    default: Option<&[i64]>,
) -> Result<(), OnnxFault> {
    let found = attribute(node, name).map(|attribute| attribute.ints.as_slice()).or(default);
    if found == Some(wanted) {
        return Ok(());
    }
    let found = found.unwrap_or_default().to_vec();
    Err(OnnxFault::Attribute { name, found, wanted: wanted.to_vec() })
}

/// [`expect`] of a single number.
pub(super) fn expect_one(
    node: &NodeProto,
    name: &'static str,
    wanted: i64,
    default: i64,
) -> Result<(), OnnxFault> {
    let found = attribute(node, name).map_or(default, |attribute| attribute.i);
    if found == wanted {
        return Ok(());
    }
    Err(OnnxFault::Attribute { name, found: vec![found], wanted: vec![wanted] })
}

pub(super) fn padded_by_hand(node: &NodeProto) -> Result<(), OnnxFault> {
    if is_text(node, "auto_pad", "NOTSET", "NOTSET") {
        return Ok(());
    }
    Err(OnnxFault::AutomaticPads)
}

/// Top, left, bottom, right; none where the file says nothing.
pub(super) fn pads(node: &NodeProto) -> Result<[usize; 4], OnnxFault> {
    let Some(found) = attribute(node, "pads") else { return Ok([0; 4]) };
    let pads: Option<Vec<usize>> =
        found.ints.iter().map(|&pad| usize::try_from(pad).ok()).collect();
    let pads = pads.and_then(|pads| pads.try_into().ok());
    pads.ok_or_else(|| OnnxFault::Pads(found.ints.clone()))
}
