//! A graph evaluated as its operators are defined, in double precision, nothing
//! fused.

use super::super::graph::{Filter, Graph, Op, Value};
use super::super::integer::IntegerFilter;
use super::super::layout::Shape;

/// A C×H×W map in double precision.
#[derive(Clone, Debug)]
pub struct Map {
    pub shape: Shape,
    pub values: Vec<f64>,
}

impl Map {
    fn zeros(shape: Shape) -> Self {
        Self { shape, values: vec![0.0; shape.len()] }
    }

    fn index(&self, c: usize, y: usize, x: usize) -> usize {
        (c * self.shape.height + y) * self.shape.width + x
    }

    fn padded(&self, c: usize, y: isize, x: isize) -> f64 {
        let inside = (0..self.shape.height as isize).contains(&y)
            && (0..self.shape.width as isize).contains(&x);
        if inside { self.values[self.index(c, y as usize, x as usize)] } else { 0.0 }
    }
}

/// Evaluates a graph as its operators are defined, nothing fused.
pub fn evaluate(graph: &Graph, inputs: &[Vec<f32>]) -> Vec<Map> {
    let mut inputs = inputs.iter();
    let mut maps: Vec<Map> = Vec::new();
    for node in &graph.nodes {
        let of = |index: usize| -> &Map { &maps[node.inputs[index] as Value] };
        let map = match &node.op {
            Op::Input | Op::PlanarInput => {
                let values = inputs.next().expect("an input").iter().map(|&v| v.into());
                Map { shape: node.shape, values: values.collect() }
            }
            Op::Conv(filter) => conv(of(0), filter, node.shape),
            Op::Transposed(filter) => transposed(of(0), filter, node.shape),
            Op::Relu => each(of(0), |v| v.max(0.0)),
            Op::Tanh => each(of(0), f64::tanh),
            Op::MaxPool => pixels(node.shape, |c, y, x| {
                let square = [(0, 0), (0, 1), (1, 0), (1, 1)];
                let values =
                    square.map(|(dy, dx)| of(0).values[of(0).index(c, 2 * y + dy, 2 * x + dx)]);
                values.into_iter().fold(f64::NEG_INFINITY, f64::max)
            }),
            Op::Upsample => {
                pixels(node.shape, |c, y, x| of(0).values[of(0).index(c, y / 2, x / 2)])
            }
            Op::Quantise { shift, to } => each(of(0), |v| {
                let steps = (v as f32 - shift) * to.scale.recip();
                f64::from(steps.round_ties_even() + f32::from(to.zero_point)).clamp(-128.0, 127.0)
            }),
            Op::Dequantise(from) => {
                each(of(0), |q| ((q as f32 - f32::from(from.zero_point)) * from.scale).into())
            }
            Op::IntegerConv(filter) => integer_conv(of(0), filter, node.shape),
            Op::DepthToSpace => pixels(node.shape, |c, y, x| {
                let channel = 4 * c + 2 * (y % 2) + x % 2;
                of(0).values[of(0).index(channel, y / 2, x / 2)]
            }),
            Op::Concat => {
                let parts = node.inputs.iter().flat_map(|&input| maps[input].values.clone());
                Map { shape: node.shape, values: parts.collect() }
            }
            Op::Add => {
                let values = of(0).values.iter().zip(&of(1).values).map(|(a, b)| a + b);
                Map { shape: node.shape, values: values.collect() }
            }
            Op::UnitLength { floor } => {
                let map = of(0);
                pixels(node.shape, |c, y, x| {
                    let square = |c: usize| map.values[map.index(c, y, x)].powi(2);
                    let length = (0..map.shape.channels).map(square).sum::<f64>().sqrt();
                    map.values[map.index(c, y, x)] / length.max(f64::from(*floor))
                })
            }
        };
        maps.push(map);
    }
    graph.outputs.iter().map(|&value| maps[value].clone()).collect()
}

fn pixels(shape: Shape, value: impl Fn(usize, usize, usize) -> f64) -> Map {
    let mut map = Map::zeros(shape);
    for c in 0..shape.channels {
        for y in 0..shape.height {
            for x in 0..shape.width {
                let index = map.index(c, y, x);
                map.values[index] = value(c, y, x);
            }
        }
    }
    map
}

fn each(map: &Map, f: impl Fn(f64) -> f64) -> Map {
    Map { shape: map.shape, values: map.values.iter().map(|&v| f(v)).collect() }
}

fn weight(filter: &Filter, inputs: usize, o: usize, i: usize, ky: usize, kx: usize) -> f64 {
    filter.weights[((o * inputs + i) * 3 + ky) * 3 + kx].into()
}

fn conv(map: &Map, filter: &Filter, shape: Shape) -> Map {
    let inputs = map.shape.channels;
    pixels(shape, |o, y, x| {
        let mut sum = f64::from(filter.bias[o]);
        for i in 0..inputs {
            for (ky, kx) in (0..9).map(|k| (k / 3, k % 3)) {
                let value = map.padded(i, (y + ky) as isize - 1, (x + kx) as isize - 1);
                sum += weight(filter, inputs, o, i, ky, kx) * value;
            }
        }
        sum
    })
}

/// As `docs/design/quantisation.md` defines it, rounded before it is clamped.
fn integer_conv(map: &Map, filter: &IntegerFilter, shape: Shape) -> Map {
    let (inputs, side) = (map.shape.channels, filter.side);
    let before = if side == 3 { 1 } else { 0 };
    pixels(shape, |o, y, x| {
        let mut sum = i64::from(filter.bias[o]);
        for i in 0..inputs {
            for (ky, kx) in (0..side * side).map(|k| (k / side, k % side)) {
                let (y, x) = ((y + ky) as isize - before, (x + kx) as isize - before);
                let inside = (0..map.shape.height as isize).contains(&y)
                    && (0..map.shape.width as isize).contains(&x);
                if inside {
                    let value = map.values[map.index(i, y as usize, x as usize)] as i64;
                    let weight = filter.weights[((o * inputs + i) * side + ky) * side + kx];
                    sum += (value - i64::from(filter.input_zero)) * i64::from(weight);
                }
            }
        }
        let steps = (sum as f32 * filter.multipliers[o]).round_ties_even();
        (f64::from(steps) + f64::from(filter.output_zero)).clamp(-128.0, 127.0)
    })
}

/// Scatters, as the operator is defined: y_out = 2·y − 1 + ky.
fn transposed(map: &Map, filter: &Filter, shape: Shape) -> Map {
    let inputs = map.shape.channels;
    let mut out = pixels(shape, |o, _, _| f64::from(filter.bias[o]));
    for (o, i) in (0..shape.channels).flat_map(|o| (0..inputs).map(move |i| (o, i))) {
        for (y, x) in (0..map.shape.height).flat_map(|y| (0..map.shape.width).map(move |x| (y, x)))
        {
            for (ky, kx) in (0..9).map(|k| (k / 3, k % 3)) {
                let (Some(to_y), Some(to_x)) =
                    ((2 * y + ky).checked_sub(1), (2 * x + kx).checked_sub(1))
                else {
                    continue;
                };
                if to_y < shape.height && to_x < shape.width {
                    let index = out.index(o, to_y, to_x);
                    out.values[index] +=
                        weight(filter, inputs, o, i, ky, kx) * map.values[map.index(i, y, x)];
                }
            }
        }
    }
    out
}
