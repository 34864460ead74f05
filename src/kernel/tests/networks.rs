//! Graphs in floats against the oracle, on every instruction set, algorithm and
//! number of threads.

use std::sync::Arc;

use proptest::prelude::*;

use super::super::graph::{Filter, Graph, Op, Value};
use super::super::{
    Algorithm, Engine, Isa, MissingIsa, NodeError, Plan, PlanError, PlanOptions, Shape,
};
use super::oracle::evaluate;

/// Deterministic values in −1..1.
pub struct Noise(u64);

impl Noise {
    pub fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    pub fn value(&mut self) -> f32 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 40) as f32 / (1 << 23) as f32) - 1.0
    }

    pub fn values(&mut self, len: usize) -> Vec<f32> {
        (0..len).map(|_| self.value()).collect()
    }

    pub fn filter(&mut self, inputs: usize, outputs: usize) -> Filter {
        let scale = (1.0 / (inputs * 9) as f32).sqrt() * 1.7;
        let weights = (0..inputs * outputs * 9).map(|_| self.value() * scale).collect();
        Filter { weights, bias: self.values(outputs) }
    }
}

/// Runs a one-stage graph on everything that this machine has, with both
/// algorithms and with several threads, and compares with the oracle.
pub fn check(graph: &Graph, inputs: &[Vec<f32>], tolerance: f64) {
    let all = [Algorithm::Direct, Algorithm::Winograd, Algorithm::Cheapest];
    check_with(graph, inputs, tolerance, &all);
}

/// [`check`] with some of the algorithms.
pub fn check_with(graph: &Graph, inputs: &[Vec<f32>], tolerance: f64, algorithms: &[Algorithm]) {
    let expected = evaluate(graph, inputs);
    for isa in Isa::here() {
        for &algorithm in algorithms {
            for threads in [1, 3] {
                let options = PlanOptions { isa, threads, algorithm };
                let plan = Plan::new(graph.clone(), options).unwrap();
                let mut engine = Engine::new(Arc::new(plan));
                // The second run sees what the first one left.
                for _ in 0..2 {
                    for (input, values) in inputs.iter().enumerate() {
                        engine.write(input, std::iter::once(values.as_slice()));
                    }
                    engine.run(0);
                }
                for (index, map) in expected.iter().enumerate() {
                    assert_eq!(engine.plan().output_shape(index), map.shape);
                    let got = engine.output(index);
                    let size = map.values.iter().fold(1.0, |a: f64, b| a.max(b.abs()));
                    for (at, (a, b)) in got.iter().zip(&map.values).enumerate() {
                        let error = (f64::from(*a) - b).abs() / size;
                        assert!(
                            error <= tolerance,
                            "{options:?}: output {index} at {at}: {a}, not {b}"
                        );
                    }
                }
            }
        }
    }
}

fn conv(graph: &mut Graph, noise: &mut Noise, from: Value, outputs: usize, relu: bool) -> Value {
    let filter = noise.filter(graph.shape(from).channels, outputs);
    let value = graph.add("conv", Op::Conv(filter), &[from]).unwrap();
    if relu { graph.add("relu", Op::Relu, &[value]).unwrap() } else { value }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_convolution_agrees(
        inputs in 1usize..36,
        outputs in 1usize..40,
        height in 1usize..15,
        width in 1usize..27,
        relu: bool,
        seed: u64,
    ) {
        let (mut graph, mut noise) = (Graph::new(), Noise::new(seed));
        let shape = Shape::new(inputs, height, width);
        let input = graph.input("in", shape);
        let value = conv(&mut graph, &mut noise, input, outputs, relu);
        graph.output(value);
        check(&graph, &[noise.values(shape.len())], 1e-5);
    }

    #[test]
    fn pooling_upsampling_and_joining_agree(
        inputs in 1usize..8,
        middle in 1usize..34,
        outputs in 1usize..20,
        height in 1usize..7,
        width in 1usize..11,
        transposed: bool,
        seed: u64,
    ) {
        let (mut graph, mut noise) = (Graph::new(), Noise::new(seed));
        let shape = Shape::new(inputs, 2 * height, 2 * width);
        let input = graph.input("in", shape);
        let skip = conv(&mut graph, &mut noise, input, middle, true);
        let pooled = graph.add("pool", Op::MaxPool, &[skip]).unwrap();
        let deep = conv(&mut graph, &mut noise, pooled, outputs, true);
        let up = if transposed {
            let filter = noise.filter(outputs, middle);
            graph.add("up", Op::Transposed(filter), &[deep]).unwrap()
        } else {
            let large = graph.add("large", Op::Upsample, &[deep]).unwrap();
            conv(&mut graph, &mut noise, large, middle, false)
        };
        let up = graph.add("relu", Op::Relu, &[up]).unwrap();
        let joined = graph.add("join", Op::Concat, &[skip, up]).unwrap();
        let last = conv(&mut graph, &mut noise, joined, 1 + outputs % 5, false);
        let last = graph.add("tanh", Op::Tanh, &[last]).unwrap();
        graph.output(last);
        check(&graph, &[noise.values(shape.len())], 3e-5);
    }

    #[test]
    fn an_input_is_added_on_the_way_out(
        outputs in 1usize..8,
        height in 1usize..9,
        width in 1usize..19,
        bounded: bool,
        frame_first: bool,
        seed: u64,
    ) {
        let (mut graph, mut noise) = (Graph::new(), Noise::new(seed));
        let (shape, frame_shape) = (Shape::new(5, height, width), Shape::new(outputs, height, width));
        let input = graph.input("in", shape);
        let frame = graph.planar_input("frame", frame_shape);
        let value = conv(&mut graph, &mut noise, input, 9, true);
        let mut value = conv(&mut graph, &mut noise, value, outputs, false);
        if bounded {
            value = graph.add("tanh", Op::Tanh, &[value]).unwrap();
        }
        let parts = if frame_first { [frame, value] } else { [value, frame] };
        // Only a convolution to few channels takes tanh and sum with it.
        prop_assume!(!bounded || outputs <= 4);
        let sum = graph.add("sum", Op::Add, &parts).unwrap();
        graph.output(sum);
        check(&graph, &[noise.values(shape.len()), noise.values(frame_shape.len())], 1e-5);
    }

    #[test]
    fn odd_sizes_pool_as_defined(height in 2usize..14, width in 2usize..22, seed: u64) {
        let (mut graph, mut noise) = (Graph::new(), Noise::new(seed));
        let shape = Shape::new(5, height, width);
        let input = graph.input("in", shape);
        let value = conv(&mut graph, &mut noise, input, 18, true);
        let pooled = graph.add("pool", Op::MaxPool, &[value]).unwrap();
        let value = conv(&mut graph, &mut noise, pooled, 7, false);
        let unit = graph.add("unit", Op::UnitLength { floor: 1e-12 }, &[value]).unwrap();
        graph.output(unit);
        check(&graph, &[noise.values(shape.len())], 1e-4);
    }
}

/// Two stages: what the first one left is there for the second, whatever is
/// written in between.
#[test]
fn stages_share_the_arena() {
    let (mut graph, mut noise) = (Graph::new(), Noise::new(5));
    let shape = Shape::new(4, 8, 12);
    let input = graph.input("in", shape);
    let skip = conv(&mut graph, &mut noise, input, 9, true);
    let pooled = graph.add("pool", Op::MaxPool, &[skip]).unwrap();
    let query = conv(&mut graph, &mut noise, pooled, 6, false);
    let query = graph.add("unit", Op::UnitLength { floor: 1e-12 }, &[query]).unwrap();
    graph.output(query);
    graph.next_stage();
    let second = Shape::new(12, 4, 6);
    let read = graph.input("read", second);
    let deep = conv(&mut graph, &mut noise, read, 20, true);
    let large = graph.add("large", Op::Upsample, &[deep]).unwrap();
    let up = conv(&mut graph, &mut noise, large, 9, true);
    let joined = graph.add("join", Op::Concat, &[skip, up]).unwrap();
    let last = conv(&mut graph, &mut noise, joined, 3, false);
    graph.output(last);

    let inputs = [noise.values(shape.len()), noise.values(second.len())];
    let expected = evaluate(&graph, &inputs);
    for isa in Isa::here() {
        let options = PlanOptions { isa, threads: 2, algorithm: Algorithm::Cheapest };
        let mut engine = Engine::new(Arc::new(Plan::new(graph.clone(), options).unwrap()));
        for _ in 0..3 {
            for (stage, input) in inputs.iter().enumerate() {
                engine.write(stage, std::iter::once(input.as_slice()));
                engine.run(stage);
            }
            for (index, map) in expected.iter().enumerate() {
                for (a, b) in engine.output(index).iter().zip(&map.values) {
                    assert!((f64::from(*a) - b).abs() < 3e-5, "{isa}: {a}, not {b}");
                }
            }
        }
    }
}

/// Very large and very small values, and those that are no numbers, come out
/// as the definition has them.
#[test]
fn extreme_values_pass() {
    let (mut graph, mut noise) = (Graph::new(), Noise::new(11));
    let shape = Shape::new(3, 5, 9);
    let input = graph.input("in", shape);
    let value = conv(&mut graph, &mut noise, input, 17, false);
    graph.output(value);
    for scale in [1e30f32, 1e-30, 0.0] {
        let values = noise.values(shape.len()).into_iter().map(|v| v * scale).collect();
        check(&graph, &[values], 1e-5);
    }
    let options = PlanOptions { isa: Isa::Scalar, threads: 1, algorithm: Algorithm::Cheapest };
    for isa in Isa::here() {
        let plan = Plan::new(graph.clone(), PlanOptions { isa, ..options }).unwrap();
        let mut engine = Engine::new(Arc::new(plan));
        let mut values = vec![0.0; shape.len()];
        values[2 * 9 + 4] = f32::NAN;
        engine.write(0, std::iter::once(values.as_slice()));
        engine.run(0);
        let middle = engine.output(0)[2 * 9 + 4];
        assert!(middle.is_nan(), "{isa}: {middle}");
    }
}

#[test]
fn what_no_kernel_takes_is_named() {
    let mut graph = Graph::new();
    let input = graph.input("in", Shape::new(2, 4, 4));
    let relu = graph.add("lonely", Op::Relu, &[input]).unwrap();
    graph.output(relu);
    let options = PlanOptions { isa: Isa::Scalar, threads: 1, algorithm: Algorithm::Cheapest };
    let error = Plan::new(graph, options).err().unwrap();
    assert!(matches!(&error, PlanError::Node(NodeError { node, .. }) if node == "lonely"));
    assert!(error.to_string().contains("ReLU"), "{error}");
}

#[test]
fn what_a_planar_input_is_not_for_is_refused() {
    let options = PlanOptions { isa: Isa::Scalar, threads: 1, algorithm: Algorithm::Cheapest };
    let refusal = |build: &dyn Fn(&mut Graph, Value) -> Value| {
        let mut graph = Graph::new();
        let frame = graph.planar_input("frame", Shape::new(2, 4, 4));
        let value = build(&mut graph, frame);
        graph.output(value);
        Plan::new(graph, options).err().unwrap().to_string()
    };
    let twice = |graph: &mut Graph, frame| graph.add("sum", Op::Add, &[frame, frame]).unwrap();
    assert!(refusal(&twice).contains("`sum` adds something else"));
    let filtered = |graph: &mut Graph, frame| {
        graph.add("conv", Op::Conv(Noise::new(1).filter(2, 2)), &[frame]).unwrap()
    };
    assert!(refusal(&filtered).contains("`conv` takes an input that can only be added"));
    assert!(refusal(&|_, frame| frame).contains("no kernel writes"));
}

#[test]
fn a_sum_of_two_maps_is_refused() {
    let (mut graph, mut noise) = (Graph::new(), Noise::new(3));
    let input = graph.input("in", Shape::new(2, 4, 4));
    let maps = [(); 2].map(|()| conv(&mut graph, &mut noise, input, 2, false));
    let sum = graph.add("sum", Op::Add, &maps).unwrap();
    graph.output(sum);
    let options = PlanOptions { isa: Isa::Scalar, threads: 1, algorithm: Algorithm::Cheapest };
    let error = Plan::new(graph, options).err().unwrap().to_string();
    assert!(error.contains("`sum` adds something else"), "{error}");
}

#[test]
fn an_instruction_set_of_another_machine_is_an_error() {
    let away = Isa::ALL.into_iter().find(|isa| !isa.is_here()).expect("no machine has all");
    let options = PlanOptions { isa: away, threads: 1, algorithm: Algorithm::Cheapest };
    let error = Plan::new(Graph::new(), options).err().unwrap();
    assert_eq!(error, PlanError::Isa(MissingIsa(away)));
}
