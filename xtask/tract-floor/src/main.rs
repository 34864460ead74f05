//! Loads an ONNX graph, optimises it and runs it on zeros: what a binary weighs
//! with tract and nothing else.

use tract_onnx::prelude::*;

fn main() -> TractResult<()> {
    let file = std::env::args().nth(1).unwrap_or_default();
    let model = onnx().model_for_path(file)?.into_optimized()?.into_runnable()?;
    let fact = model.model().input_fact(0)?.clone();
    let shape = fact.shape.as_concrete().unwrap_or(&[]).to_vec();
    let outputs = model.run(tvec!(Tensor::zero_dt(fact.datum_type, &shape)?.into()))?;
    println!("{outputs:?}");
    Ok(())
}
