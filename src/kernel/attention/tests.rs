//! The memory read on every instruction set of this machine against sums in
//! double precision.

use proptest::prelude::*;

use super::*;

#[derive(Debug, Default)]
struct Owned {
    similarities: Vec<f32>,
    weights: Vec<f32>,
    read: Vec<f32>,
    nearest: Vec<usize>,
    second: Vec<usize>,
    nearest_distance_sq: Vec<f32>,
    margin: Vec<f32>,
}

fn read(isa: Isa, items: Items<'_>, queries: &[f32]) -> Owned {
    let (rows, count) = (items.values.len() / items.channels, queries.len() / items.channels);
    let mut out = Owned {
        similarities: vec![0.0; rows * count],
        weights: vec![0.0; rows * count],
        read: vec![0.0; queries.len()],
        nearest: vec![0; count],
        second: vec![0; count],
        nearest_distance_sq: vec![0.0; count],
        margin: vec![0.0; count],
    };
    let reading = Reading {
        similarities: &mut out.similarities,
        weights: &mut out.weights,
        read: &mut out.read,
        nearest: &mut out.nearest,
        second: &mut out.second,
        nearest_distance_sq: &mut out.nearest_distance_sq,
        margin: &mut out.margin,
    };
    // What another read left must not matter.
    let mut scratch =
        ReadScratch { queries: vec![Line([f32::NAN; CHUNK]); 70], ..Default::default() };
    scratch.fit(items, rows);
    scratch.queries.iter_mut().for_each(|line| line.0 = [f32::NAN; CHUNK]);
    read_memory(isa, items, queries, &mut scratch, reading);
    out
}

/// Unit vectors, one after the other.
fn unit(count: usize, channels: usize, seed: u32) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    };
    let mut values: Vec<f32> = (0..count * channels).map(|_| next()).collect();
    for vector in values.chunks_exact_mut(channels) {
        let length = vector.iter().map(|v| v * v).sum::<f32>().sqrt().max(1e-6);
        vector.iter_mut().for_each(|v| *v /= length);
    }
    values
}

fn transposed(values: &[f32], channels: usize) -> Vec<f32> {
    let count = values.len() / channels;
    (0..values.len()).map(|i| values[i % count * channels + i / count]).collect()
}

fn check(isa: Isa, items: Items<'_>, vectors: &[f32]) {
    let channels = items.channels;
    let (rows, count) = (items.values.len() / channels, vectors.len() / channels);
    let got = read(isa, items, &transposed(vectors, channels));
    let close = |name: &str, got: f32, wanted: f64| {
        assert!((f64::from(got) - wanted).abs() < 2e-6, "{isa} {name}: {got} {wanted}");
    };
    for (n, query) in vectors.chunks_exact(channels).enumerate() {
        let item = |m: usize| &items.values[m * channels..][..channels];
        let pairs =
            |m: usize| query.iter().zip(item(m)).map(|(&q, &p)| (f64::from(q), f64::from(p)));
        let products: Vec<f64> = (0..rows).map(|m| pairs(m).map(|(q, p)| q * p).sum()).collect();
        let powers: Vec<f64> =
            products.iter().map(|s| ((s - 1.0) / f64::from(items.temperature)).exp()).collect();
        let sum: f64 = powers.iter().sum();
        for m in 0..rows {
            close("product", got.similarities[m * count + n], products[m]);
            close("weight", got.weights[m * count + n], powers[m] / sum);
        }
        for c in 0..channels {
            let wanted: f64 = (0..rows).map(|m| powers[m] / sum * f64::from(item(m)[c])).sum();
            close("read", got.read[c * count + n], wanted);
        }
        let (nearest, second) = (got.nearest[n], got.second[n]);
        assert_ne!(nearest, second);
        for m in (0..rows).filter(|&m| m != nearest) {
            assert!(got.similarities[nearest * count + n] >= got.similarities[m * count + n]);
            let third = m == second
                || got.similarities[second * count + n] >= got.similarities[m * count + n];
            assert!(third);
        }
        let apart = |m: usize, by: f64| pairs(m).map(|(q, p)| (q - p + by).powi(2)).sum::<f64>();
        close("distance", got.nearest_distance_sq[n], apart(nearest, 0.0));
        let by = f64::from(PAIRWISE_EPS);
        let margin = apart(second, by).sqrt() - apart(nearest, by).sqrt();
        assert!((f64::from(got.margin[n]) - margin).abs() < 1e-4, "{} {margin}", got.margin[n]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn every_unit_reads_as_sums_in_double_precision(
        rows in 2usize..12, channels in 1usize..70, count in 1usize..60, seed in any::<u32>(),
        sharp in any::<bool>(),
    ) {
        let values = unit(rows, channels, seed);
        let temperature = if sharp { 0.1 } else { 1.0 };
        let items = Items { values: &values, channels, temperature };
        let queries = unit(count, channels, !seed);
        Isa::here().for_each(|isa| check(isa, items, &queries));
    }
}

#[test]
fn a_tie_goes_to_the_lowest_item_and_a_nan_stays() {
    let values = [1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0];
    let items = Items { values: &values, channels: 2, temperature: 1.0 };
    for isa in Isa::here() {
        let got = read(isa, items, &[1.0, 0.0, f32::NAN, 0.0, 1.0, 0.0]);
        assert_eq!((got.nearest[0], got.second[0]), (0, 1));
        assert_eq!((got.nearest[1], got.second[1]), (3, 0));
        assert!(got.read[2].is_nan() && got.nearest_distance_sq[2].is_nan());
    }
}
