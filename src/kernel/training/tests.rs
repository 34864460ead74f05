//! Against plain loops in double precision, over odd shapes.

use proptest::prelude::*;

use super::*;
use crate::kernel::{Isa, Shape};

fn noise(seed: usize, count: usize) -> Vec<f32> {
    let value = |i: usize| ((i * 7919 + seed * 104_729) as f64 * 0.618_033_988_7).fract() - 0.5;
    (0..count).map(|i| value(i) as f32).collect()
}

/// Contributions of a convolution: output, input and weight index of every
/// product.
fn products(
    form: ConvForm,
    inputs: usize,
    outputs: usize,
    [height, width]: [usize; 2],
    mut each: impl FnMut(usize, usize, usize),
) {
    let scale = if form == ConvForm::Plain { 1 } else { 2 };
    let (tall, wide) = (scale * height, scale * width);
    for o in 0..outputs {
        for i in 0..inputs {
            for (y, x, k) in (0..tall * wide * 9).map(|n| (n / 9 / wide, n / 9 % wide, n % 9)) {
                let weight = match form {
                    ConvForm::Transposed => (i * outputs + o) * 9 + k,
                    _ => (o * inputs + i) * 9 + k,
                };
                let (ky, kx) = (k / 3, k % 3);
                let from = match form {
                    // out = 2·in − 1 + k.
                    ConvForm::Transposed => {
                        let (y, x) = (y + 1, x + 1);
                        let even = |v: usize, k: usize| {
                            (v >= k && (v - k).is_multiple_of(2)).then(|| (v - k) / 2)
                        };
                        even(y, ky).zip(even(x, kx))
                    }
                    _ => {
                        let inside = |v: usize, k: usize, side: usize| {
                            (v + k >= 1 && v + k - 1 < side).then(|| (v + k - 1) / scale)
                        };
                        inside(y, ky, tall).zip(inside(x, kx, wide))
                    }
                };
                if let Some((from_y, from_x)) = from.filter(|&(y, x)| y < height && x < width) {
                    let input = (i * height + from_y) * width + from_x;
                    each((o * tall + y) * wide + x, input, weight);
                }
            }
        }
    }
}

fn near(name: &str, ours: &[f32], wanted: &[f64]) {
    assert_eq!(ours.len(), wanted.len(), "{name}");
    let largest = wanted.iter().fold(1e-3f64, |a, v| a.max(v.abs()));
    for (index, (a, b)) in ours.iter().zip(wanted).enumerate() {
        assert!(
            (f64::from(*a) - b).abs() < 2e-6 * largest.max(1.0) * 4.0,
            "{name}[{index}]: {a}, not {b}"
        );
    }
}

fn forms() -> impl Strategy<Value = ConvForm> {
    prop_oneof![Just(ConvForm::Plain), Just(ConvForm::Upsampled), Just(ConvForm::Transposed)]
}

fn check_conv(form: ConvForm, sources: &[usize], outputs: usize, size: [usize; 2], batch: usize) {
    let [height, width] = size;
    let inputs: usize = sources.iter().sum();
    for (isa, threads) in Isa::here().flat_map(|isa| [(isa, 1), (isa, 3)]) {
        let mut graph = TrainingGraph::default();
        let maps: Vec<MapId> = sources
            .iter()
            .map(|&channels| graph.input(Shape::new(channels, height, width), true))
            .collect();
        let (node, out) = graph.conv(&maps, form, outputs);
        let mut network = TrainingNetwork::new(&graph, isa, batch, threads).unwrap();
        let weights = noise(1, 9 * inputs * outputs);
        let bias = noise(2, outputs);
        network.parameter_mut(node, Part::Weight).copy_from_slice(&weights);
        network.parameter_mut(node, Part::Bias).copy_from_slice(&bias);
        let (pixels, out_len) = (height * width, graph.shape(out).len());
        let values = noise(3, batch * inputs * pixels);
        let gradient = noise(4, batch * out_len);
        let mut first = 0;
        for (&map, &channels) in maps.iter().zip(sources) {
            let mut part = Vec::new();
            for sample in values.chunks_exact(inputs * pixels) {
                part.extend_from_slice(&sample[first * pixels..(first + channels) * pixels]);
            }
            network.write(map, &part);
            first += channels;
        }
        network.forward(0..1, batch, Statistics::Batch);
        network.write_gradient(out, &gradient);
        network.backward(0..1, batch);

        let mut result: Vec<f64> = Vec::new();
        for _ in 0..batch {
            for b in &bias {
                result.extend(std::iter::repeat_n(f64::from(*b), out_len / outputs));
            }
        }
        let mut by_input = vec![0.0; values.len()];
        let mut by_weight = vec![0.0; weights.len()];
        products(form, inputs, outputs, size, |o, i, w| {
            for n in 0..batch {
                let (o, i) = (n * out_len + o, n * inputs * pixels + i);
                let [value, weight, back] = [values[i], weights[w], gradient[o]].map(f64::from);
                result[o] += value * weight;
                by_input[i] += back * weight;
                by_weight[w] += back * value;
            }
        });
        let by_bias: Vec<f64> = (0..outputs)
            .map(|o| {
                let plane = out_len / outputs;
                let planes = gradient.chunks_exact(plane).skip(o).step_by(outputs);
                planes.flatten().map(|&v| f64::from(v)).sum()
            })
            .collect();
        near("result", &network.read(out, batch), &result);
        near("by weight", network.with_gradient(node, Part::Weight).1, &by_weight);
        near("by bias", network.with_gradient(node, Part::Bias).1, &by_bias);
        let mut first = 0;
        for (&map, &channels) in maps.iter().zip(sources) {
            let mut part = Vec::new();
            for sample in by_input.chunks_exact(inputs * pixels) {
                part.extend_from_slice(&sample[first * pixels..(first + channels) * pixels]);
            }
            near("by input", &network.read_gradient(map, batch), &part);
            first += channels;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn convolutions_and_their_gradients_are_exact(
        form in forms(),
        sources in prop::collection::vec(1usize..40, 1..3),
        outputs in 1usize..50,
        height in 1usize..8,
        width in 1usize..20,
        batch in 1usize..6,
    ) {
        check_conv(form, &sources, outputs, [height, width], batch);
    }
}

#[test]
fn many_channels_fill_every_kind_of_tile() {
    for form in [ConvForm::Plain, ConvForm::Upsampled, ConvForm::Transposed] {
        check_conv(form, &[33, 64], 40, [9, 31], 2);
    }
}

/// BatchNorm, ReLU, pooling and shuffling against differences of the loss.
#[test]
fn the_way_back_is_the_slope_of_the_way_there() {
    let (batch, shape) = (3, Shape::new(5, 6, 10));
    let mut graph = TrainingGraph::default();
    let input = graph.input(shape, true);
    let (first, raw) = graph.conv(&[input], ConvForm::Plain, 8);
    let (norm, skip) = graph.norm_relu(raw);
    let small = graph.max_pool(skip);
    let (second, wide) = graph.conv(&[small], ConvForm::Upsampled, 3);
    let (last, joined) = graph.conv(&[skip, wide], ConvForm::Plain, 8);
    let (_, joined) = graph.norm_relu(joined);
    let out = graph.pixel_shuffle(joined);
    let nodes = 0..graph.next_node();
    for isa in Isa::here() {
        let mut network = TrainingNetwork::new(&graph, isa, batch, 2).unwrap();
        for (node, seed) in [(first, 1), (second, 2), (last, 3)] {
            let weight = network.parameter_mut(node, Part::Weight);
            let values = noise(seed, weight.len());
            weight.copy_from_slice(&values);
        }
        network.parameter_mut(norm, Part::Bias).fill(0.3);
        let values = noise(5, batch * shape.len());
        let slope = noise(6, batch * graph.shape(out).len());
        let loss = |network: &mut TrainingNetwork| -> f64 {
            network.write(input, &values);
            network.forward(nodes.clone(), batch, Statistics::Batch);
            let result = network.read(out, batch);
            result.iter().zip(&slope).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
        };
        loss(&mut network);
        network.write_gradient(out, &slope);
        network.backward(nodes.clone(), batch);
        for (node, part) in [(first, Part::Weight), (norm, Part::Weight), (norm, Part::Bias)] {
            let gradient = network.with_gradient(node, part).1.to_vec();
            let (mut apart, mut size) = (0.0, 0.0);
            for index in (0..gradient.len()).step_by(7) {
                let step = 1e-3;
                let mut moved = |by: f32| {
                    network.parameter_mut(node, part)[index] += by;
                    let loss = loss(&mut network);
                    network.parameter_mut(node, part)[index] -= by;
                    loss
                };
                let slope = (moved(step) - moved(-step)) / (2.0 * f64::from(step));
                apart += (slope - f64::from(gradient[index])).abs();
                size += slope.abs();
            }
            // Single ones are further apart: kinks of ReLU and pooling lie
            // within the step.
            assert!(apart < 0.03 * size, "{isa} {part:?}: {apart} of {size}");
        }
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let mut graph = TrainingGraph::default();
    let input = graph.input(Shape::new(4, 24, 24), false);
    let (first, raw) = graph.conv(&[input], ConvForm::Plain, 20);
    let (_, value) = graph.norm_relu(raw);
    let (last, out) = graph.conv(&[value], ConvForm::Transposed, 7);
    let nodes = 0..graph.next_node();
    let run = |threads| {
        let mut network = TrainingNetwork::new(&graph, Isa::choose().unwrap(), 5, threads).unwrap();
        for node in [first, last] {
            let weight = network.parameter_mut(node, Part::Weight);
            let values = noise(node, weight.len());
            weight.copy_from_slice(&values);
        }
        network.write(input, &noise(7, 5 * 4 * 24 * 24));
        network.forward(nodes.clone(), 5, Statistics::Batch);
        network.write_gradient(out, &noise(8, 5 * graph.shape(out).len()));
        network.backward(nodes.clone(), 5);
        let mut all = network.read(out, 5);
        for node in [first, last] {
            all.extend(network.with_gradient(node, Part::Weight).1);
        }
        all.into_iter().map(f32::to_bits).collect::<Vec<_>>()
    };
    let alone = run(1);
    assert!([2, 3, 5].into_iter().all(|threads| run(threads) == alone));
}
