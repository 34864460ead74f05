//! Evens out the ranges of channels across neighbouring layers, which changes
//! nothing but the rounding.

use std::collections::BTreeMap;

use ndarray::{Axis, s};

use super::network::{Conv, Key, Network, Op, Side};
use super::statistics::TensorStatistics;

/// A convolution that reads a tensor, perhaps after operators that move
/// values, and the channel at which it finds the tensor's first.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Reader {
    side: Side,
    node: usize,
    offset: usize,
}

/// Cross-layer equalisation: divides every channel of a ReLU's output by a
/// factor and multiplies the weights that read it, which changes nothing in
/// exact arithmetic. A channel of range a that is read with weights up to w
/// gets the factor √(a/w), so that activations and weights use their 8 bits
/// alike; then every tensor reaches 1, so that joined tensors need no common,
/// coarser scale. Returns the factors by tensor.
pub fn equalise(
    network: &mut Network,
    statistics: &BTreeMap<Key, TensorStatistics>,
) -> BTreeMap<Key, Vec<f32>> {
    let shapes = network.shapes();
    let mut all = BTreeMap::new();
    for side in [Side::Encoder, Side::Decoder] {
        for node in 0..network.graph(side).nodes.len() {
            let output = network.graph(side).nodes[node].output.clone();
            let Op::Conv(Conv { relu: true, .. }) = network.graph(side).nodes[node].op else {
                continue;
            };
            let key = (side, output);
            let Some((spread, readers)) = readers(network, &key, &shapes) else { continue };
            let Some(seen) = statistics.get(&key) else { continue };
            let factors = factors(network, seen, spread, &readers);
            apply(network, (side, node), &factors, spread, &readers);
            let by_channel = (0..factors.len() * spread).map(|c| factors[c / spread]).collect();
            all.insert(key, by_channel);
        }
    }
    all
}

/// All that reads a tensor, and how many of its channels DepthToSpace makes
/// one of; `None` where something else than a convolution reads it.
fn readers(
    network: &Network,
    key: &Key,
    shapes: &BTreeMap<Key, [usize; 3]>,
) -> Option<(usize, Vec<Reader>)> {
    let graph = network.graph(key.0);
    let spreads =
        |n: &super::network::Node| matches!(n.op, Op::DepthToSpace) && n.inputs[0] == key.1;
    let mut found = Vec::new();
    match graph.nodes.iter().find(|n| spreads(n)) {
        Some(_) if graph.uses(&key.1) > 1 => None,
        Some(node) => {
            follow(network, (key.0, node.output.clone()), 0, shapes, &mut found)?;
            Some((4, found))
        }
        None => {
            follow(network, key.clone(), 0, shapes, &mut found)?;
            Some((1, found))
        }
    }
}

fn follow(
    network: &Network,
    key: Key,
    offset: usize,
    shapes: &BTreeMap<Key, [usize; 3]>,
    found: &mut Vec<Reader>,
) -> Option<()> {
    let (side, name) = &key;
    let graph = network.graph(*side);
    if graph.outputs.iter().any(|(output, _)| output == name) {
        let skip = network.skips().find(|(output, _)| *side == Side::Encoder && output == name);
        follow(network, (Side::Decoder, skip?.1.into()), offset, shapes, found)?;
    }
    for (index, node) in graph.nodes.iter().enumerate() {
        for (position, _) in node.inputs.iter().enumerate().filter(|(_, input)| *input == name) {
            let next = (*side, node.output.clone());
            match &node.op {
                Op::Conv(_) => found.push(Reader { side: *side, node: index, offset }),
                Op::MaxPool | Op::Upsample => follow(network, next, offset, shapes, found)?,
                Op::Concat => {
                    let before = node.inputs[..position].iter();
                    let skipped: usize = before.map(|i| shapes[&(*side, i.clone())][0]).sum();
                    follow(network, next, offset + skipped, shapes, found)?;
                }
                Op::DepthToSpace | Op::Float { .. } => return None,
            }
        }
    }
    Some(())
}

fn factors(
    network: &Network,
    seen: &TensorStatistics,
    spread: usize,
    readers: &[Reader],
) -> Vec<f32> {
    let count = seen.max.len() / spread;
    let reach =
        |c: usize| seen.max[c * spread..(c + 1) * spread].iter().copied().fold(0.0, f32::max);
    let reach: Vec<f32> = (0..count).map(reach).collect();
    let largest = reach.iter().copied().fold(0.0, f32::max);
    if largest <= 0.0 {
        return vec![1.0; count];
    }
    let read = |c: usize| {
        let largest_weight = readers.iter().map(|reader| {
            let Op::Conv(conv) = &network.graph(reader.side).nodes[reader.node].op else {
                unreachable!("a reader is a convolution")
            };
            let column = conv.weight.index_axis(Axis(1), reader.offset + c);
            column.iter().fold(0.0f32, |max, v| max.max(v.abs()))
        });
        largest_weight.fold(0.0, f32::max)
    };
    let product = |c: usize| (reach[c] * read(c)).sqrt();
    let products: Vec<f32> = (0..count).map(product).collect();
    let top = products.iter().copied().fold(0.0, f32::max);
    // Channels that hardly matter are not blown up to matter.
    let factor = |c: usize| {
        let wanted = (products[c] / top).max(1.0 / 64.0);
        if reach[c] > 0.0 { reach[c] / wanted } else { largest }
    };
    if top > 0.0 { (0..count).map(factor).collect() } else { vec![largest; count] }
}

fn apply(
    network: &mut Network,
    (side, node): (Side, usize),
    factors: &[f32],
    spread: usize,
    readers: &[Reader],
) {
    let conv = |network: &mut Network, side: Side, node: usize, with: &dyn Fn(&mut Conv)| {
        if let Op::Conv(conv) = &mut network.graph_mut(side).nodes[node].op {
            with(conv);
        }
    };
    conv(network, side, node, &|conv| {
        for (o, bias) in conv.bias.iter_mut().enumerate() {
            let factor = factors[o / spread];
            *bias /= factor;
            conv.weight.index_axis_mut(Axis(0), o).mapv_inplace(|w| w / factor);
        }
    });
    for reader in readers {
        conv(network, reader.side, reader.node, &|conv| {
            for (c, factor) in factors.iter().enumerate() {
                let column = reader.offset + c;
                conv.weight.slice_mut(s![.., column, .., ..]).mapv_inplace(|w| w * factor);
            }
        });
    }
}
