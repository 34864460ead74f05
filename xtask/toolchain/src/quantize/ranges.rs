//! Chooses the range of values that each tensor's 8 bits stand for.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use clap::ValueEnum;
use normwatch::model::Memory;

use super::network::{Key, Network, Side};
use super::plan::QuantParams;
use super::samples::Sample;
use super::statistics::{TensorStatistics, observe};

const BINS: usize = 4096;
/// Steps in which the mean-square search narrows a range, down to a fifth.
const NARROWINGS: usize = 80;

/// How the range of a tensor's 8 bits is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RangeMethod {
    /// From the smallest to the largest value seen.
    MinMax,
    /// Leaves out the rarest values, see `--percentile`.
    Percentile,
    /// The range with the least mean squared error of the values seen.
    Mse,
}

/// The tensors that must share scale and zero point, because operators that
/// only move values lie between them or because they are joined.
pub fn groups(network: &Network) -> Vec<BTreeSet<Key>> {
    let mut groups: Vec<BTreeSet<Key>> = Vec::new();
    let mut join = |keys: Vec<Key>| {
        let (touched, mut rest): (Vec<_>, Vec<_>) =
            groups.drain(..).partition(|group| keys.iter().any(|key| group.contains(key)));
        let mut joined: BTreeSet<Key> = keys.into_iter().collect();
        joined.extend(touched.into_iter().flatten());
        rest.push(joined);
        groups = rest;
    };
    for (side, node) in network.nodes() {
        let key = |name: &String| (side, name.clone());
        if node.op.moves_values() {
            join(node.inputs.iter().chain([&node.output]).map(key).collect());
        } else {
            node.inputs.iter().chain([&node.output]).for_each(|name| join(vec![key(name)]));
        }
    }
    for (output, input) in network.skips() {
        join(vec![(Side::Encoder, output.into()), (Side::Decoder, input.into())]);
    }
    groups
}

/// Scale and zero point of every tensor.
///
/// # Errors
/// A graph that cannot be run.
pub fn choose(
    network: &Network,
    memory: &Memory,
    samples: &[Sample],
    statistics: &BTreeMap<Key, TensorStatistics>,
    (method, percentile): (RangeMethod, f64),
) -> Result<BTreeMap<Key, QuantParams>> {
    let groups: Vec<BTreeSet<Key>> = groups(network)
        .into_iter()
        .filter(|group| group.iter().any(|key| statistics.contains_key(key)))
        .collect();
    let mut histograms: Vec<Histogram> =
        groups.iter().map(|g| Histogram::over(g, statistics)).collect();
    if method != RangeMethod::MinMax {
        let group_of: BTreeMap<&Key, usize> = groups
            .iter()
            .enumerate()
            .flat_map(|(i, g)| g.iter().map(move |key| (key, i)))
            .collect();
        let moved: BTreeSet<Key> = network
            .nodes()
            .filter(|(_, node)| node.op.moves_values())
            .map(|(side, node)| (side, node.output.clone()))
            .collect();
        observe(network, memory, samples, "distributions", |key, values, _| {
            if !moved.contains(key) {
                histograms[group_of[key]].add(values);
            }
        })?;
    }
    let mut params = BTreeMap::new();
    for (group, histogram) in groups.iter().zip(&histograms) {
        let (low, high) = match method {
            RangeMethod::MinMax => (histogram.low, histogram.high),
            RangeMethod::Percentile => histogram.percentile(percentile),
            RangeMethod::Mse => histogram.least_squares(),
        };
        let chosen = QuantParams::covering(low, high);
        params.extend(group.iter().map(|key| (key.clone(), chosen)));
    }
    let frames = (Side::Encoder, network.encoder.inputs[0].0.clone());
    params.insert(frames, QuantParams::FRAMES);
    Ok(params)
}

struct Histogram {
    low: f32,
    high: f32,
    counts: Vec<u64>,
}

impl Histogram {
    fn over(group: &BTreeSet<Key>, statistics: &BTreeMap<Key, TensorStatistics>) -> Self {
        let ranges =
            group.iter().filter_map(|key| statistics.get(key)).map(TensorStatistics::range);
        let (low, high) = ranges.fold((0.0f32, 0.0f32), |(l, h), r| (l.min(r.0), h.max(r.1)));
        Self { low, high: high.max(low + 1e-6), counts: vec![0; BINS] }
    }

    fn width(&self) -> f32 {
        (self.high - self.low) / BINS as f32
    }

    fn add(&mut self, values: &[f32]) {
        let per_unit = 1.0 / self.width();
        for value in values {
            let bin = ((value - self.low) * per_unit) as usize;
            self.counts[bin.min(BINS - 1)] += 1;
        }
    }

    fn centre(&self, bin: usize) -> f32 {
        self.low + (bin as f32 + 0.5) * self.width()
    }

    /// Exact zeros, which ReLU makes many of, say nothing about a range.
    fn without_zeros(&self) -> Vec<u64> {
        let mut counts = self.counts.clone();
        let zero = ((-self.low) / self.width()) as usize;
        counts[zero.min(BINS - 1)] = 0;
        counts
    }

    /// The range that leaves out 100 − `percentile` per cent of the values,
    /// half of them at each end that is not zero.
    fn percentile(&self, percentile: f64) -> (f32, f32) {
        let counts = self.without_zeros();
        let total: u64 = counts.iter().sum();
        let ends = if self.low < 0.0 && self.high > 0.0 { 2.0 } else { 1.0 };
        let out = total as f64 * (100.0 - percentile) / 100.0 / ends;
        let edge = |bin: usize| self.low + bin as f32 * self.width();
        let (mut below, mut above) = (0.0, 0.0);
        let low = (0..BINS).find(|&bin| {
            below += counts[bin] as f64;
            below > out
        });
        let high = (0..BINS).rev().find(|&bin| {
            above += counts[bin] as f64;
            above > out
        });
        let low = low.map_or(self.low, edge);
        let high = high.map_or(self.high, |bin| edge(bin + 1));
        (
            if self.low < 0.0 { low } else { self.low },
            if self.high > 0.0 { high } else { self.high },
        )
    }

    fn least_squares(&self) -> (f32, f32) {
        let counts = self.without_zeros();
        let mut best = (f64::INFINITY, (self.low, self.high));
        for step in 0..=NARROWINGS {
            let factor = 1.0 - 0.8 * step as f32 / NARROWINGS as f32;
            let range = (self.low * factor, self.high * factor);
            let error = self.squared_error(&counts, QuantParams::covering(range.0, range.1));
            if error < best.0 {
                best = (error, range);
            }
        }
        best.1
    }

    fn squared_error(&self, counts: &[u64], params: QuantParams) -> f64 {
        let zero_point = f32::from(params.zero_point);
        let error = |(bin, &count): (usize, &u64)| {
            let value = self.centre(bin);
            let q = (value / params.scale + zero_point).round_ties_even().clamp(-128.0, 127.0);
            let difference = f64::from((q - zero_point) * params.scale - value);
            count as f64 * difference * difference
        };
        counts.iter().enumerate().filter(|(_, count)| **count > 0).map(error).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram(values: &[f32]) -> Histogram {
        let (low, high) = values.iter().fold((0.0f32, 0.0f32), |(l, h), &v| (l.min(v), h.max(v)));
        let mut histogram = Histogram { low, high, counts: vec![0; BINS] };
        histogram.add(values);
        histogram
    }

    #[test]
    fn a_percentile_leaves_out_the_rare() {
        let mut values: Vec<f32> = (1..=9_999).map(|i| i as f32 / 9_999.0).collect();
        values.push(100.0);
        let (low, high) = histogram(&values).percentile(99.9);
        assert_eq!(low, 0.0);
        assert!((0.9..1.1).contains(&high), "{high}");
        assert_eq!(histogram(&values).percentile(100.0).1, 100.0);
    }

    #[test]
    fn least_squares_trades_the_rare_for_finer_steps() {
        let mut values: Vec<f32> = (1..=999_999).map(|i| i as f32 / 999_999.0).collect();
        values.push(2.0);
        let (low, high) = histogram(&values).least_squares();
        assert_eq!(low, 0.0);
        assert!((0.9..1.5).contains(&high), "{high}");
        let even: Vec<f32> = (0..1000).map(|i| i as f32 / 500.0 - 1.0).collect();
        let (low, high) = histogram(&even).least_squares();
        assert!(low < -0.95 && high > 0.95, "{low} {high}");
    }

    #[test]
    fn zero_lies_on_a_step() {
        for (low, high) in [(0.0, 3.0), (-1.0, 2.0), (-0.3, 0.1), (0.5, 2.0), (-2.0, -1.0)] {
            let params = QuantParams::covering(low, high);
            let back = |q: f32| (q - f32::from(params.zero_point)) * params.scale;
            assert!(back(-128.0) <= low.min(0.0) + params.scale);
            assert!(back(127.0) >= high.max(0.0) - params.scale);
            assert_eq!(params.zero_point == -128, low >= 0.0);
        }
    }
}
