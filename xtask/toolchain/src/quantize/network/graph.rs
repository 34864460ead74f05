use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use tract_onnx::pb::{ModelProto, NodeProto, TensorProto};

use super::{Graph, Node, Op};
use crate::onnx::{graph_of, value_infos};

impl Graph {
    pub(super) fn parse(model: &ModelProto) -> Result<Self> {
        let proto = graph_of(model)?;
        let constants: BTreeMap<&str, &TensorProto> =
            proto.initializer.iter().map(|t| (t.name.as_str(), t)).collect();
        let variable: Vec<_> = proto
            .input
            .iter()
            .filter(|i| !constants.contains_key(i.name.as_str()))
            .cloned()
            .collect();
        let (inputs, outputs) = (value_infos(&variable)?, value_infos(&proto.output)?);
        ensure!(!inputs.is_empty() && !outputs.is_empty(), "the graph has no input or no output");
        let mut nodes = Vec::new();
        for node in &proto.node {
            let parsed = Node::parse(node, &constants);
            nodes.extend(parsed.with_context(|| format!("node `{}`", label(node)))?);
        }
        let mut graph = Self { name: proto.name.clone(), inputs, outputs, nodes };
        graph.fold_relu();
        graph.move_relu_before_depth_to_space();
        Ok(graph)
    }

    /// How many nodes and graph outputs read a tensor.
    pub fn uses(&self, name: &str) -> usize {
        let nodes = self.nodes.iter().flat_map(|n| &n.inputs).filter(|i| *i == name).count();
        nodes + self.outputs.iter().filter(|(output, _)| output == name).count()
    }

    /// The node that makes a tensor; `None` for the graph's inputs.
    pub fn maker(&self, name: &str) -> Option<usize> {
        self.nodes.iter().position(|n| n.output == name)
    }

    fn fold_relu(&mut self) {
        for relu in (0..self.nodes.len()).rev() {
            if !self.is_relu(relu) {
                continue;
            }
            let input = self.nodes[relu].inputs[0].clone();
            let Some(maker) = self.maker(&input) else { continue };
            if self.uses(&input) == 1
                && let Op::Conv(conv) = &mut self.nodes[maker].op
            {
                conv.relu = true;
                self.nodes[maker].output = self.nodes.remove(relu).output;
            }
        }
    }

    /// ReLU and rearrangement commute; behind the convolution it can be folded.
    fn move_relu_before_depth_to_space(&mut self) {
        for relu in (0..self.nodes.len()).rev() {
            if !self.is_relu(relu) {
                continue;
            }
            let input = self.nodes[relu].inputs[0].clone();
            let Some(spread) = self.maker(&input) else { continue };
            let is_spread = matches!(self.nodes[spread].op, Op::DepthToSpace);
            let phases = self.nodes[spread].inputs[0].clone();
            if is_spread
                && self.uses(&input) == 1
                && let Some(maker) = self.maker(&phases)
                && let Op::Conv(conv) = &mut self.nodes[maker].op
            {
                conv.relu = true;
                self.nodes[spread].output = self.nodes.remove(relu).output;
            }
        }
    }

    fn is_relu(&self, index: usize) -> bool {
        matches!(&self.nodes[index].op, Op::Float { node, .. } if node.op_type == "Relu")
    }
}

fn label(node: &NodeProto) -> &str {
    if node.name.is_empty() { node.output.first().map_or("?", String::as_str) } else { &node.name }
}
