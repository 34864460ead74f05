//! Graphs in integers against the oracle, to the last bit, and filters that
//! must be refused.

use proptest::prelude::*;

use super::super::graph::{Graph, Op, Value};
use super::super::{Algorithm, Isa, NodeError, Plan, PlanOptions, Shape};
use super::super::{IntegerFilter, Quantisation};
use super::networks::{Noise, check};

impl Noise {
    /// A whole number within the range.
    fn whole(&mut self, least: i32, most: i32) -> i32 {
        let unit = f64::from(self.value()) * 0.5 + 0.5;
        least + (unit * f64::from(most - least + 1)) as i32
    }

    /// A filter whose results fill the range of a byte and leave it at times.
    pub fn integer_filter(
        &mut self,
        side: usize,
        inputs: usize,
        outputs: usize,
        (input_zero, output_zero): (i8, i8),
    ) -> IntegerFilter {
        let each = inputs * side * side;
        let multiplier = 1.0 / (each as f32).sqrt() / 80.0;
        IntegerFilter {
            side,
            weights: (0..each * outputs).map(|_| self.whole(-127, 127) as i8).collect(),
            bias: (0..outputs).map(|_| self.whole(-9000, 9000)).collect(),
            multipliers: (0..outputs).map(|_| multiplier * (1.5 + self.value())).collect(),
            input_zero,
            output_zero,
        }
    }
}

/// A scale whose reciprocal is exact, so that halves are ties.
fn quantisation(zero_point: i8) -> Quantisation {
    Quantisation { scale: 1.0 / 64.0, zero_point }
}

/// Inputs in quarters of a step, some out of range.
fn inputs(noise: &mut Noise, shape: Shape) -> Vec<f32> {
    (0..shape.len()).map(|_| noise.whole(-640, 640) as f32 / 256.0).collect()
}

fn quantised(graph: &mut Graph, shape: Shape, zero_point: i8) -> Value {
    let input = graph.input("in", shape);
    let op = Op::Quantise { shift: 0.0, to: quantisation(zero_point) };
    graph.add("in.i8", op, &[input]).unwrap()
}

fn leave(graph: &mut Graph, value: Value, zero_point: i8) {
    let from = Quantisation { scale: 0.37, zero_point };
    let value = graph.add("out.f32", Op::Dequantise(from), &[value]).unwrap();
    graph.output(value);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn an_input_in_floats_is_added_to_integers_exactly(
        outputs in 1usize..7,
        height in 1usize..9,
        width in 1usize..19,
        zero: i8,
        seed: u64,
    ) {
        let (mut graph, mut noise) = (Graph::new(), Noise::new(seed));
        let (shape, frame_shape) = (Shape::new(6, height, width), Shape::new(outputs, height, width));
        let frame = graph.planar_input("frame", frame_shape);
        let input = quantised(&mut graph, shape, zero);
        let filter = noise.integer_filter(3, 6, outputs, (zero, 5));
        let value = graph.add("conv", Op::IntegerConv(filter), &[input]).unwrap();
        let from = Quantisation { scale: 0.25, zero_point: 5 };
        let change = graph.add("change", Op::Dequantise(from), &[value]).unwrap();
        let sum = graph.add("sum", Op::Add, &[change, frame]).unwrap();
        graph.output(sum);
        let frame = inputs(&mut noise, frame_shape);
        check(&graph, &[frame, inputs(&mut noise, shape)], 0.0);
    }

    #[test]
    fn a_convolution_of_integers_is_exact(
        channels in 1usize..37,
        outputs in 1usize..52,
        height in 1usize..9,
        width in 1usize..37,
        zero: i8,
        relu: bool,
        seed: u64,
    ) {
        let (mut graph, mut noise) = (Graph::new(), Noise::new(seed));
        let shape = Shape::new(channels, height, width);
        let input = quantised(&mut graph, shape, zero);
        let out_zero = if relu { -128 } else { zero.wrapping_add(31) };
        let filter = noise.integer_filter(3, channels, outputs, (zero, out_zero));
        let value = graph.add("conv", Op::IntegerConv(filter), &[input]).unwrap();
        leave(&mut graph, value, out_zero);
        check(&graph, &[inputs(&mut noise, shape)], 0.0);
    }

    #[test]
    fn pooling_doubling_and_joining_integers_is_exact(
        channels in 1usize..8,
        middle in 1usize..36,
        outputs in 1usize..20,
        height in 1usize..6,
        width in 1usize..19,
        shuffled: bool,
        seed: u64,
    ) {
        let (mut graph, mut noise) = (Graph::new(), Noise::new(seed));
        let shape = Shape::new(channels, 2 * height, 2 * width);
        let input = quantised(&mut graph, shape, -3);
        let filter = noise.integer_filter(3, channels, middle, (-3, -128));
        let skip = graph.add("skip", Op::IntegerConv(filter), &[input]).unwrap();
        let pooled = graph.add("pool", Op::MaxPool, &[skip]).unwrap();
        let filter = noise.integer_filter(3, middle, outputs, (-128, 5));
        let deep = graph.add("deep", Op::IntegerConv(filter), &[pooled]).unwrap();
        let up = if shuffled {
            let filter = noise.integer_filter(2, outputs, 4 * middle, (5, -128));
            let up = graph.add("up", Op::IntegerConv(filter), &[deep]).unwrap();
            graph.add("spread", Op::DepthToSpace, &[up]).unwrap()
        } else {
            let large = graph.add("large", Op::Upsample, &[deep]).unwrap();
            let filter = noise.integer_filter(3, outputs, middle, (5, -128));
            graph.add("up", Op::IntegerConv(filter), &[large]).unwrap()
        };
        let joined = graph.add("join", Op::Concat, &[skip, up]).unwrap();
        let filter = noise.integer_filter(3, 2 * middle, 1 + outputs % 5, (-128, 17));
        let last = graph.add("last", Op::IntegerConv(filter), &[joined]).unwrap();
        leave(&mut graph, last, 17);
        check(&graph, &[inputs(&mut noise, shape)], 0.0);
    }

    #[test]
    fn odd_sizes_of_integers_pool_as_defined(
        height in 2usize..12,
        width in 2usize..22,
        seed: u64,
    ) {
        let (mut graph, mut noise) = (Graph::new(), Noise::new(seed));
        let shape = Shape::new(5, height, width);
        let input = quantised(&mut graph, shape, 9);
        let filter = noise.integer_filter(3, 5, 18, (9, -40));
        let value = graph.add("conv", Op::IntegerConv(filter), &[input]).unwrap();
        let pooled = graph.add("pool", Op::MaxPool, &[value]).unwrap();
        let filter = noise.integer_filter(3, 18, 7, (-40, 0));
        let value = graph.add("conv", Op::IntegerConv(filter), &[pooled]).unwrap();
        leave(&mut graph, value, 0);
        check(&graph, &[inputs(&mut noise, shape)], 0.0);
    }

    /// Floats on both sides of integers, and the other way round.
    #[test]
    fn floats_and_integers_meet(
        channels in 1usize..21,
        middle in 1usize..21,
        height in 1usize..6,
        width in 1usize..14,
        seed: u64,
    ) {
        let (mut graph, mut noise) = (Graph::new(), Noise::new(seed));
        let shape = Shape::new(channels, height, width);
        let input = quantised(&mut graph, shape, 1);
        let filter = noise.integer_filter(3, channels, middle, (1, -128));
        let value = graph.add("conv", Op::IntegerConv(filter), &[input]).unwrap();
        let from = Quantisation { scale: 1.0 / 32.0, zero_point: -128 };
        let floats = graph.add("f32", Op::Dequantise(from), &[value]).unwrap();
        let large = graph.add("large", Op::Upsample, &[floats]).unwrap();
        // Powers of two, so that sums of floats are exact in any order.
        let mut filter = noise.filter(middle, 6);
        let exact = |value: &mut f32| *value = (*value * 16.0).round() / 16.0;
        filter.weights.iter_mut().chain(&mut filter.bias).for_each(exact);
        let value = graph.add("float", Op::Conv(filter), &[large]).unwrap();
        let value = graph.add("relu", Op::Relu, &[value]).unwrap();
        let to = quantisation(-7);
        let value = graph.add("i8", Op::Quantise { shift: 0.25, to }, &[value]).unwrap();
        let filter = noise.integer_filter(3, 6, 3, (-7, 2));
        let value = graph.add("conv", Op::IntegerConv(filter), &[value]).unwrap();
        leave(&mut graph, value, 2);
        check_direct(&graph, &[inputs(&mut noise, shape)]);
    }
}

/// [`check`] without Winograd, whose transforms round.
fn check_direct(graph: &Graph, inputs: &[Vec<f32>]) {
    super::networks::check_with(graph, inputs, 0.0, &[Algorithm::Direct]);
}

/// The largest products everywhere, and multipliers that take every sum out of
/// range or to nothing.
#[test]
fn extreme_integers_are_exact() {
    for (byte, weight, multiplier) in [
        (-128, -127, 1e-7),
        (-128, 127, 3e-6),
        (127, 127, 1e30),
        (127, -127, 1e30),
        (-128, 127, f32::MIN_POSITIVE),
    ] {
        for zero in [-128, 0, 127] {
            let (mut graph, shape) = (Graph::new(), Shape::new(70, 3, 19));
            let input = quantised(&mut graph, shape, zero);
            let filter = IntegerFilter {
                side: 3,
                weights: vec![weight; 70 * 9 * 17],
                bias: (0..17).map(|o| (o - 8) << 24).collect(),
                multipliers: vec![multiplier; 17],
                input_zero: zero,
                output_zero: zero,
            };
            let value = graph.add("conv", Op::IntegerConv(filter), &[input]).unwrap();
            leave(&mut graph, value, zero);
            let value = (byte - i32::from(zero)) as f32 / 64.0;
            check(&graph, &[vec![value; shape.len()]], 0.0);
        }
    }
}

/// Halves go to the even integer on every unit.
#[test]
fn ties_go_to_the_even_integer() {
    let (mut graph, shape) = (Graph::new(), Shape::new(1, 4, 64));
    let input = quantised(&mut graph, shape, 0);
    let mut weights = vec![0; 9 * 16];
    weights.iter_mut().skip(4).step_by(9).for_each(|w| *w = 1);
    let filter = IntegerFilter {
        side: 3,
        weights,
        bias: (0..16).collect(),
        multipliers: vec![0.5; 16],
        input_zero: 0,
        output_zero: 0,
    };
    let value = graph.add("conv", Op::IntegerConv(filter), &[input]).unwrap();
    leave(&mut graph, value, 0);
    let values = (0..shape.len()).map(|i| (i as f32 - 128.0) / 64.0).collect();
    check(&graph, &[values], 0.0);
}

#[test]
fn what_integers_cannot_hold_is_refused() {
    let good = Noise::new(1).integer_filter(3, 4, 2, (0, 0));
    let refusal = |change: &dyn Fn(&mut IntegerFilter)| {
        let (mut graph, mut filter) = (Graph::new(), good.clone());
        change(&mut filter);
        let input = quantised(&mut graph, Shape::new(4, 4, 4), 0);
        graph.add("conv", Op::IntegerConv(filter), &[input]).unwrap_err()
    };
    let told = |error: NodeError, what: &str| assert!(error.to_string().contains(what), "{error}");
    told(refusal(&|f| f.side = 5), "5×5");
    told(refusal(&|f| f.weights.truncate(70)), "70 weights");
    told(refusal(&|f| f.weights[3] = -128), "−128");
    told(refusal(&|f| f.bias[1] = i32::MAX - 5), "32 bits");
    told(refusal(&|f| f.multipliers[0] = f32::NAN), "NaN");
    told(refusal(&|f| f.multipliers[0] = 0.0), "by 0");
    told(refusal(&|f| f.multipliers.truncate(1)), "1 scales");
    told(refusal(&|f| f.input_zero = 3), "zero point 3");
    let mut graph = Graph::new();
    let input = graph.input("in", Shape::new(4, 4, 4));
    for scale in [0.0, -1.0, f32::NAN, f32::INFINITY, 1e-45] {
        let to = Quantisation { scale, zero_point: 0 };
        let error = graph.add("q", Op::Quantise { shift: 0.0, to }, &[input]).unwrap_err();
        assert!(error.to_string().contains("scale"), "{error}");
    }
    let integers = quantised(&mut graph, Shape::new(4, 4, 4), 0);
    assert!(graph.add("relu", Op::Relu, &[integers]).is_err());
    graph.output(integers);
    let options = PlanOptions { isa: Isa::Scalar, threads: 1, algorithm: Algorithm::Cheapest };
    let error = Plan::new(graph, options).err().unwrap();
    assert!(error.to_string().contains("output"), "{error}");
}
