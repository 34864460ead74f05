//! Multiplies BatchNorm into the convolution before it.

use anyhow::{Context, Result};

use crate::net::{BATCH_NORM_EPSILON, Layer, Op, Tensor, Weights};

/// A convolution's arrays with the BatchNorm behind it multiplied in, in f64
/// on the way.
#[derive(Clone, Debug)]
pub struct Folded {
    /// As the layer has it: outputs first, or second where transposed.
    pub weight: Tensor,
    pub bias: Vec<f32>,
}

/// # Errors
/// An array that is missing.
pub fn fold(convolution: &Layer, norm: Option<&Layer>, weights: &Weights) -> Result<Folded> {
    let array = |layer: &Layer, part: &str| weights.get(&format!("{}.{part}", layer.name));
    let mut weight = array(convolution, "weight")?.clone();
    let (transposed, outputs, has_bias) = match convolution.op {
        Op::Conv { outputs, bias, .. } => (false, outputs, bias),
        Op::ConvTransposed { outputs, bias, .. } => (true, outputs, bias),
        _ => anyhow::bail!("`{}` is not a convolution", convolution.name),
    };
    let mut bias: Vec<f64> = if has_bias {
        array(convolution, "bias")?.data.iter().map(|&b| f64::from(b)).collect()
    } else {
        vec![0.0; outputs]
    };
    if let Some(norm) = norm {
        let value = |part: &str, o: usize| -> Result<f64> {
            let data = &array(norm, part)?.data;
            Ok(f64::from(*data.get(o).with_context(|| format!("`{}.{part}` is short", norm.name))?))
        };
        let mut factors = Vec::with_capacity(outputs);
        for (o, bias) in bias.iter_mut().enumerate() {
            let factor = value("weight", o)?
                / (value("running_var", o)? + f64::from(BATCH_NORM_EPSILON)).sqrt();
            *bias = (*bias - value("running_mean", o)?) * factor + value("bias", o)?;
            factors.push(factor);
        }
        let taps: usize = weight.shape[2..].iter().product();
        let inner = weight.shape[1];
        for (index, w) in weight.data.iter_mut().enumerate() {
            let (first, second) = (index / (taps * inner), index / taps % inner);
            let output = if transposed { second } else { first };
            *w = (f64::from(*w) * factors[output]) as f32;
        }
    }
    Ok(Folded { weight, bias: bias.into_iter().map(|b| b as f32).collect() })
}
