//! Scales, zero points and integer weights of each layer.

use std::collections::BTreeMap;

use super::network::{Conv, Key};

/// How a tensor is stored in 8 bits: x = scale · (q − zero point) + offset.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QuantParams {
    pub scale: f32,
    pub zero_point: i8,
    /// 0 everywhere but at the frames, see [`QuantParams::FRAMES`].
    pub offset: f32,
}

impl QuantParams {
    /// The network's input x = b / 127.5 − 1 as q = b − 128, exact for every
    /// byte b. No integer stands for x = 0, hence half a step of offset, which
    /// goes into the first layer's bias.
    pub const FRAMES: Self = Self { scale: 1.0 / 127.5, zero_point: 0, offset: 0.5 / 127.5 };

    /// The finest steps that reach from `low` to `high`, 0 between them exactly
    /// on a step. A `low` of 0 gives zero point −128, where saturation is ReLU.
    pub fn covering(low: f32, high: f32) -> Self {
        let (low, high) = (low.min(0.0), high.max(0.0));
        let scale = ((high - low) / 255.0).max(f32::MIN_POSITIVE * 1e6);
        let zero_point = (-128.0 - low / scale).round_ties_even().clamp(-128.0, 127.0) as i8;
        Self { scale, zero_point, offset: 0.0 }
    }
}

/// A convolution in integers: weights with 0 as zero point, one scale for each
/// output channel or one for all, and the bias in steps of the sums.
#[derive(Clone, Debug)]
pub struct QuantisedConv {
    /// Out, in, rows, columns, row-major.
    pub weight: Vec<i8>,
    pub scales: Vec<f32>,
    pub bias: Vec<i32>,
}

/// What is computed in integers and how; everything else is in f32.
#[derive(Clone, Debug, Default)]
pub struct Int8Plan {
    pub params: BTreeMap<Key, QuantParams>,
    /// By graph and layer name.
    pub layers: BTreeMap<Key, QuantisedConv>,
    /// By tensor: what each channel of the original was divided by.
    pub equalised: BTreeMap<Key, Vec<f32>>,
}

/// How weights are quantised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeightOptions {
    pub per_channel: bool,
    pub correct_bias: bool,
}

/// Quantises one convolution for inputs stored as `input`. `input_mean` is the
/// mean of each input channel on normal footage; what rounding the weights does
/// to the mean output is taken off the bias. The weights that read the frames
/// are rounded together, see [`round_together`].
pub fn quantise_conv(
    conv: &Conv,
    input: QuantParams,
    input_mean: Option<&[f64]>,
    options: WeightOptions,
) -> QuantisedConv {
    let (outputs, inputs, rows, columns) = conv.weight.dim();
    let taps = rows * columns;
    let weight = conv.weight.as_standard_layout();
    let values = weight.as_slice().expect("standard layout");
    let largest = |w: &[f32]| w.iter().fold(0.0f32, |max, v| max.max(v.abs()));
    // Below this a bias would leave the range of the sums.
    let floor = |bias: f32| bias.abs() / (input.scale * (1 << 28) as f32);
    let row = |o: usize| &values[o * inputs * taps..(o + 1) * inputs * taps];
    let mut scales: Vec<f32> = (0..outputs)
        .map(|o| (largest(row(o)) / 127.0).max(floor(conv.bias[o])).max(1e-12))
        .collect();
    if !options.per_channel {
        scales = vec![scales.iter().copied().fold(0.0, f32::max)];
    }
    let scale = |o: usize| scales[if scales.len() == 1 { 0 } else { o }];
    let mut quantised = vec![0i8; values.len()];
    let mut bias = Vec::with_capacity(outputs);
    for o in 0..outputs {
        let steps: Vec<f32> = row(o).iter().map(|w| w / scale(o)).collect();
        let rounded =
            if input == QuantParams::FRAMES { round_together(&steps, taps) } else { round(&steps) };
        let mut exact = f64::from(conv.bias[o]);
        for (index, (&w, &q)) in row(o).iter().zip(&rounded).enumerate() {
            let error = f64::from(q) * f64::from(scale(o)) - f64::from(w);
            exact += f64::from(input.offset) * f64::from(w);
            if let Some(mean) = input_mean.filter(|_| options.correct_bias) {
                exact -= error * (mean[index / taps] - f64::from(input.offset));
            }
        }
        quantised[o * inputs * taps..][..rounded.len()].copy_from_slice(&rounded);
        let step = f64::from(input.scale) * f64::from(scale(o));
        bias.push((exact / step).round_ties_even() as i32);
    }
    QuantisedConv { weight: quantised, scales, bias }
}

fn round(steps: &[f32]) -> Vec<i8> {
    steps.iter().map(|s| s.round_ties_even().clamp(-127.0, 127.0) as i8).collect()
}

/// Rounds so that the errors of a filter add up to nothing, first over the
/// frames at one tap, then over neighbouring taps: what lies there is almost
/// the same, and a filter that looks for differences must not see the rest.
fn round_together(steps: &[f32], taps: usize) -> Vec<i8> {
    let mut rounded = vec![0; steps.len()];
    let mut carried = 0.0;
    for tap in 0..taps {
        for index in (tap..steps.len()).step_by(taps) {
            let q = (steps[index] - carried).round_ties_even().clamp(-127.0, 127.0);
            carried += q - steps[index];
            rounded[index] = q as i8;
        }
    }
    rounded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_one_filter_cancel() {
        let steps: Vec<f32> = (0..36).map(|i| (i as f32 * 1.37).sin() * 9.0).collect();
        let sum = |rounded: &[i8]| rounded.iter().map(|&q| f32::from(q)).sum::<f32>();
        let exact: f32 = steps.iter().sum();
        let together = round_together(&steps, 9);
        assert!((sum(&together) - exact).abs() <= 0.5 + 1e-3);
        assert!(steps.iter().zip(&together).all(|(s, &q)| (s - f32::from(q)).abs() <= 1.0 + 1e-3));
        assert_eq!(round(&[0.5, 1.5, -300.0]), [0, 2, -127]);
    }
}
