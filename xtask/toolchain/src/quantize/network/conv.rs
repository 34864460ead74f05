use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use ndarray::Array4;
use tract_onnx::pb::{NodeProto, TensorProto};

use super::Conv;
use crate::onnx::{Attributes, read_f32};

impl Conv {
    pub(super) fn parse(
        node: &NodeProto,
        constants: &BTreeMap<&str, &TensorProto>,
    ) -> Result<Self> {
        let attributes = Attributes(node);
        check_common(attributes, &[1, 1])?;
        let (name, shape, values) = weight(node, constants)?;
        let weight = Array4::from_shape_vec(shape, values)?;
        let bias = bias(node, constants, weight.dim().0)?;
        let pads = match attributes.ints("pads") {
            None => [0; 4],
            Some(pads) => pads.try_into().context("pads are not four")?,
        };
        Ok(Self { name, weight, bias, pads, relu: false })
    }

    /// A 3×3 transposed convolution that doubles both sides, as the exact 2×2
    /// convolution that gives its four phases as channels. Output row 2i + a
    /// takes row i with kernel row 1 + a, and for a = 1 row i + 1 with kernel
    /// row 0; columns alike.
    pub(super) fn from_transposed(
        node: &NodeProto,
        constants: &BTreeMap<&str, &TensorProto>,
    ) -> Result<Self> {
        let attributes = Attributes(node);
        check_common(attributes, &[2, 2])?;
        let (name, shape, values) = weight(node, constants)?;
        let kernel = Array4::from_shape_vec(shape, values)?;
        let ones = attributes.ints("pads") == Some(&[1; 4])
            && attributes.ints("output_padding") == Some(&[1, 1]);
        let (inputs, outputs, rows, columns) = kernel.dim();
        ensure!(
            ones && (rows, columns) == (3, 3),
            "a transposed convolution can be rewritten where it is 3×3 with stride 2, pads 1 and \
             output_padding 1; train with nearest-neighbour upsampling instead"
        );
        let tap = |phase: usize, offset: usize| match (phase, offset) {
            (0, 0) => Some(1),
            (0, _) => None,
            (_, 0) => Some(2),
            _ => Some(0),
        };
        let weight = Array4::from_shape_fn((4 * outputs, inputs, 2, 2), |(o, i, dy, dx)| {
            let (channel, phase) = (o / 4, o % 4);
            match (tap(phase / 2, dy), tap(phase % 2, dx)) {
                (Some(ky), Some(kx)) => kernel[[i, channel, ky, kx]],
                _ => 0.0,
            }
        });
        let bias = bias(node, constants, outputs)?;
        let bias = bias.into_iter().flat_map(|b| [b; 4]).collect();
        Ok(Self { name, weight, bias, pads: [0, 0, 1, 1], relu: false })
    }
}

fn check_common(attributes: Attributes<'_>, strides: &[i64]) -> Result<()> {
    let ones = |name: &str| attributes.ints(name).is_none_or(|v| v.iter().all(|&v| v == 1));
    ensure!(ones("dilations"), "is dilated");
    ensure!(attributes.int("group").is_none_or(|g| g == 1), "has groups");
    ensure!(attributes.text("auto_pad").is_none_or(|p| p == "NOTSET"), "has automatic pads");
    let found = attributes.ints("strides").unwrap_or(&[1, 1]);
    ensure!(found == strides, "has strides {found:?}, not {strides:?}");
    Ok(())
}

type Weight = (String, (usize, usize, usize, usize), Vec<f32>);

fn weight(node: &NodeProto, constants: &BTreeMap<&str, &TensorProto>) -> Result<Weight> {
    let name = node.input.get(1).context("has no weight")?;
    let tensor = constants.get(name.as_str()).context("its weight is not a constant")?;
    let (dims, values) = read_f32(tensor)?;
    let [a, b, c, d] = dims[..] else { bail!("its weight is not of rank 4") };
    Ok((name.strip_suffix(".weight").unwrap_or(name).into(), (a, b, c, d), values))
}

fn bias(
    node: &NodeProto,
    constants: &BTreeMap<&str, &TensorProto>,
    channels: usize,
) -> Result<Vec<f32>> {
    let Some(name) = node.input.get(2).filter(|n| !n.is_empty()) else {
        return Ok(vec![0.0; channels]);
    };
    let tensor = constants.get(name.as_str()).context("its bias is not a constant")?;
    let (_, values) = read_f32(tensor)?;
    ensure!(values.len() == channels, "its bias has {} values, not {channels}", values.len());
    Ok(values)
}
