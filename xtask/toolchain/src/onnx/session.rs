//! Runs an ONNX graph in plain tract.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, ensure};
use tract_onnx::pb::{ModelProto, ValueInfoProto};
use tract_onnx::prelude::*;

use super::read::graph_of;

/// How much tract may change before it runs a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fidelity {
    /// Node by node as the file says: the oracle.
    Plain,
    /// As the runtime's fallback runs it.
    Optimised,
}

/// A graph that is ready to run in stock tract, with any of its inner tensors
/// as further outputs.
#[derive(Debug)]
pub struct Session {
    plan: Arc<TypedRunnableModel>,
    outputs: Vec<String>,
}

impl Session {
    /// `also` names inner tensors that [`Session::run`] returns beside the
    /// graph's own outputs.
    ///
    /// # Errors
    /// What tract cannot run, or a tensor that is not there.
    pub fn new(model: &ModelProto, also: &[String], fidelity: Fidelity) -> Result<Self> {
        let mut model = model.clone();
        let mut outputs: Vec<String> =
            graph_of(&model)?.output.iter().map(|o| o.name.clone()).collect();
        let graph = model.graph.as_mut().context("no graph")?;
        for name in also.iter().filter(|name| !outputs.contains(name)).collect::<Vec<_>>() {
            let made = |n: &tract_onnx::pb::NodeProto| n.output.contains(name);
            ensure!(graph.node.iter().any(made), "no node makes `{name}`");
            graph.output.push(ValueInfoProto { name: name.clone(), ..Default::default() });
        }
        outputs.extend(graph.output[outputs.len()..].iter().map(|o| o.name.clone()));
        let parsed = onnx().model_for_proto_model(&model).map_err(unusable)?;
        let typed = match fidelity {
            Fidelity::Plain => parsed.into_typed(),
            Fidelity::Optimised => parsed.into_optimized(),
        };
        let plan = typed.and_then(IntoRunnable::into_runnable).map_err(unusable)?;
        Ok(Self { plan, outputs })
    }

    /// Runs the graph. Its inputs come in the file's order.
    ///
    /// # Errors
    /// A wrong input, or a node that fails.
    pub fn run(&self, inputs: Vec<Tensor>) -> Result<BTreeMap<String, Tensor>> {
        let inputs = inputs.into_iter().map(IntoTValue::into_tvalue).collect();
        let outputs = self.plan.run(inputs).map_err(|e| anyhow!("the network failed: {e:#}"))?;
        let named = self.outputs.iter().cloned();
        Ok(named.zip(outputs.into_iter().map(|value| value.into_tensor())).collect())
    }
}

/// An input tensor.
///
/// # Errors
/// More or fewer values than the shape says.
pub fn f32_tensor(shape: &[usize], values: &[f32]) -> Result<Tensor> {
    Tensor::from_shape(shape, values).map_err(|e| anyhow!("{e:#}"))
}

/// The values of an output, whatever number type it has.
///
/// # Errors
/// Not a tensor of numbers.
pub fn as_f32(tensor: &Tensor) -> Result<Vec<f32>> {
    let cast = tensor.cast_to::<f32>().map_err(|e| anyhow!("{e:#}"))?;
    let view = cast.to_plain_array_view::<f32>().map_err(|e| anyhow!("{e:#}"))?;
    Ok(view.iter().copied().collect())
}

fn unusable(error: TractError) -> anyhow::Error {
    anyhow!("cannot be run: {error:#}")
}
