//! A graph as layers, ReLUs folded into the convolutions before them.

use anyhow::{Context, Result, bail, ensure};
use normwatch::model::Precision;
use normwatch::model::graph::{Boundary, OnnxGraph};
use tract_onnx::pb::ModelProto;

use super::{Graph, Node, Op};
use crate::onnx::{encode, graph_of};

impl Graph {
    pub(super) fn parse(model: &ModelProto) -> Result<Self> {
        let file = graph_of(model)?;
        let OnnxGraph { name, inputs, outputs, nodes: read, precision } =
            OnnxGraph::read(&encode(model))?;
        ensure!(precision == Precision::F32, "computes in {precision}: give the f32 bundle");
        let (inputs, outputs) = (shapes(inputs)?, shapes(outputs)?);
        ensure!(!inputs.is_empty() && !outputs.is_empty(), "the graph has no input or no output");
        let mut nodes = Vec::new();
        for node in read {
            let label = format!("node `{}`", node.name);
            nodes.extend(Node::lower(node, file).context(label)?);
        }
        let mut graph = Self { name, inputs, outputs, nodes };
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

/// Name and shape of each.
fn shapes(boundaries: Vec<Boundary>) -> Result<Vec<(String, Vec<usize>)>> {
    let fixed = |Boundary { name, shape, .. }| match shape {
        Some(shape) => Ok((name, shape)),
        None => bail!("`{name}` has a side that is not fixed: export it with fixed shapes"),
    };
    boundaries.into_iter().map(fixed).collect()
}
