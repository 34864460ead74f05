//! Computes a network in plain loops, as the reference for everything that is
//! faster.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use ndarray::{Array2, Array3, Axis, Zip, s};
use normwatch::model::Memory;

use crate::net::{BATCH_NORM_EPSILON, Graph, L2_EPSILON, Layer, Network, Op, Weights};

/// What a network answers.
#[derive(Clone, Debug)]
pub struct Answer {
    /// C×N, unit columns.
    pub query: Array2<f32>,
    /// C×N.
    pub read: Array2<f32>,
    /// c×H×W of about −1..=1.
    pub prediction: Array3<f32>,
}

/// The network by its layer list, BatchNorm unfolded, in plain loops: slow, and
/// independent of trainer, ONNX and tract. `frames` is (t·c)×H×W in −1..=1.
///
/// # Errors
/// An array that is missing.
pub fn forward(
    network: &Network,
    weights: &Weights,
    memory: &Memory,
    frames: &Array3<f32>,
) -> Result<Answer> {
    let mut skips = BTreeMap::new();
    let (planes, ..) = frames.dim();
    let newest = frames.slice(s![planes - network.input.channels.planes().., .., ..]);
    let mut value = frames.clone();
    for layer in network.layers(Graph::Encoder) {
        value = apply(layer, weights, value, &mut skips)?;
    }
    let (channels, height, width) = value.dim();
    let query = value.into_shape_with_order((channels, height * width))?;
    let read = memory.read(query.view()).read;
    let joined = ndarray::concatenate(Axis(0), &[query.view(), read.view()])?;
    let mut value = joined.into_shape_with_order((2 * channels, height, width))?;
    for layer in network.layers(Graph::Decoder) {
        value = match layer.op {
            Op::AddNewest => value + newest,
            _ => apply(layer, weights, value, &mut skips)?,
        };
    }
    Ok(Answer { query, read, prediction: value })
}

fn apply(
    layer: &Layer,
    weights: &Weights,
    input: Array3<f32>,
    skips: &mut BTreeMap<usize, Array3<f32>>,
) -> Result<Array3<f32>> {
    let (channels, height, width) = input.dim();
    let array =
        |part: &str| Ok::<_, anyhow::Error>(&weights.get(&format!("{}.{part}", layer.name))?.data);
    Ok(match layer.op {
        Op::Conv { outputs, bias, .. } => {
            let bias = if bias { array("bias")?.clone() } else { vec![0.0; outputs] };
            convolve(&input, array("weight")?, &bias)
        }
        Op::ConvTransposed { outputs, bias, .. } => {
            let bias = if bias { array("bias")?.clone() } else { vec![0.0; outputs] };
            convolve_transposed(&input, array("weight")?, &bias)
        }
        Op::BatchNorm { .. } => {
            let (weight, bias) = (array("weight")?, array("bias")?);
            let (mean, variance) = (array("running_mean")?, array("running_var")?);
            let mut output = input;
            for (c, mut plane) in output.outer_iter_mut().enumerate() {
                let deviation = (variance[c] + BATCH_NORM_EPSILON).sqrt();
                plane.mapv_inplace(|v| (v - mean[c]) / deviation * weight[c] + bias[c]);
            }
            output
        }
        Op::Relu => input.mapv(|v| v.max(0.0)),
        Op::Tanh => input.mapv(f32::tanh),
        Op::MaxPool => Array3::from_shape_fn((channels, height / 2, width / 2), |(c, y, x)| {
            let square = input.slice(s![c, 2 * y..2 * y + 2, 2 * x..2 * x + 2]);
            square.fold(f32::NEG_INFINITY, |a, &b| a.max(b))
        }),
        Op::Nearest => Array3::from_shape_fn((channels, 2 * height, 2 * width), |(c, y, x)| {
            input[[c, y / 2, x / 2]]
        }),
        Op::PixelShuffle => {
            Array3::from_shape_fn((channels / 4, 2 * height, 2 * width), |(c, y, x)| {
                input[[4 * c + 2 * (y % 2) + x % 2, y / 2, x / 2]]
            })
        }
        Op::Skip { level } => {
            skips.insert(level, input.clone());
            input
        }
        Op::Concat { level, .. } => {
            let skip = skips.get(&level).with_context(|| format!("no skip of level {level}"))?;
            ndarray::concatenate(Axis(0), &[skip.view(), input.view()])?
        }
        Op::Newest { .. } => input,
        Op::AddNewest => anyhow::bail!("`{}` is not in the decoder", layer.name),
        Op::L2Norm => {
            let length = input.map_axis(Axis(0), |v| v.dot(&v).sqrt().max(L2_EPSILON));
            let mut output = input;
            for mut plane in output.outer_iter_mut() {
                Zip::from(&mut plane).and(&length).for_each(|v, &l| *v /= l);
            }
            output
        }
    })
}

/// 3×3, padding 1; weight [out, in, 3, 3].
fn convolve(input: &Array3<f32>, weight: &[f32], bias: &[f32]) -> Array3<f32> {
    let (inputs, height, width) = input.dim();
    let mut output = Array3::zeros((bias.len(), height, width));
    for (o, mut plane) in output.outer_iter_mut().enumerate() {
        plane.fill(bias[o]);
        for i in 0..inputs {
            for (tap, &w) in weight[(o * inputs + i) * 9..][..9].iter().enumerate() {
                // Output rows and columns whose tap lies inside the picture.
                let range = |step: usize, size: usize| {
                    (1usize.saturating_sub(step), size.min(size + 1 - step))
                };
                let ((y0, y1), (x0, x1)) = (range(tap / 3, height), range(tap % 3, width));
                let (dy, dx) = (y0 + tap / 3 - 1, x0 + tap % 3 - 1);
                let from = input.slice(s![i, dy..dy + y1 - y0, dx..dx + x1 - x0]);
                plane.slice_mut(s![y0..y1, x0..x1]).scaled_add(w, &from);
            }
        }
    }
    output
}

/// 3×3, stride 2, padding 1, output padding 1; weight [in, out, 3, 3]: every
/// input pixel (y, x) adds to the outputs (2y − 1 + ky, 2x − 1 + kx).
fn convolve_transposed(input: &Array3<f32>, weight: &[f32], bias: &[f32]) -> Array3<f32> {
    let (inputs, height, width) = input.dim();
    let outputs = bias.len();
    let mut output = Array3::from_shape_fn((outputs, 2 * height, 2 * width), |(o, _, _)| bias[o]);
    for i in 0..inputs {
        for o in 0..outputs {
            for (tap, &w) in weight[(i * outputs + o) * 9..][..9].iter().enumerate() {
                let (ky, kx) = (tap / 3, tap % 3);
                for y in 0..height {
                    for x in 0..width {
                        let (row, column) = (2 * y + ky, 2 * x + kx);
                        if (1..=2 * height).contains(&row) && (1..=2 * width).contains(&column) {
                            output[[o, row - 1, column - 1]] += w * input[[i, y, x]];
                        }
                    }
                }
            }
        }
    }
    output
}
