//! The weights and memory items that a training starts from.

use rand::{Rng, RngExt};

use super::build::Network;
use super::layer::{Layer, Op};
use super::weights::{Tensor, Weights};

/// PyTorch's defaults: weights and biases of convolutions uniform within
/// ±1/√fan-in (Kaiming with a = √5), those of a last convolution that gives a
/// change 0, BatchNorm 1 and 0 with statistics 0 and 1.
pub fn initial_weights(network: &Network, rng: &mut impl Rng) -> Weights {
    let mut weights = Weights::default();
    let last = last_of_change(network);
    for layer in network.encoder.iter().chain(&network.decoder) {
        for parameter in layer.parameters() {
            let tensor = match bound(layer) {
                _ if Some(&layer.name) == last => Tensor::filled(&parameter.shape, 0.0),
                Some(bound) => uniform(&parameter.shape, -bound, bound, rng),
                None => {
                    let part = parameter.name.rsplit('.').next().unwrap_or_default();
                    let one = matches!(part, "weight" | "running_var");
                    Tensor::filled(&parameter.shape, f32::from(u8::from(one)))
                }
            };
            weights.insert(parameter.name, tensor);
        }
    }
    weights
}

/// The convolution that gives a change; it starts with none.
fn last_of_change(network: &Network) -> Option<&String> {
    let [.., convolution, end] = &network.decoder[..] else { return None };
    (end.op == Op::AddNewest).then_some(&convolution.name)
}

/// 1/√fan-in of a convolution. PyTorch takes a transposed one's fan-in from
/// its weight's second axis, which are its outputs.
fn bound(layer: &Layer) -> Option<f32> {
    let fan_in = match layer.op {
        Op::Conv { inputs, .. } => 9 * inputs,
        Op::ConvTransposed { outputs, .. } => 9 * outputs,
        _ => return None,
    };
    Some(1.0 / (fan_in as f32).sqrt())
}

/// Uniform in 0..1, then rows of unit length: every item starts in the
/// positive orthant. M×C.
pub fn initial_items(network: &Network, rng: &mut impl Rng) -> Tensor {
    let shape = [network.spec.items, network.spec.query_channels()];
    let mut items = uniform(&shape, 0.0, 1.0, rng);
    for row in items.data.chunks_exact_mut(shape[1]) {
        let length = row.iter().map(|v| v * v).sum::<f32>().sqrt().max(1e-12);
        row.iter_mut().for_each(|v| *v /= length);
    }
    items
}

fn uniform(shape: &[usize], from: f32, to: f32, rng: &mut impl Rng) -> Tensor {
    let data = (0..shape.iter().product()).map(|_| from + (to - from) * rng.random::<f32>());
    Tensor::new(shape, data.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::{NetworkSpec, Predicts, Preset};
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn weights_fit_the_network_and_follow_the_seed() {
        let values = Preset::Nano.values();
        let network = Network::build(values.network, values.input).unwrap();
        let draw = |seed| initial_weights(&network, &mut ChaCha8Rng::seed_from_u64(seed));
        draw(1).check(&network).unwrap();
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        let bound = 1.0 / 36f32.sqrt();
        let first = draw(3);
        let largest =
            first.get("enc1.conv1.weight").unwrap().data.iter().fold(0f32, |a, v| a.max(v.abs()));
        assert!(largest <= bound && largest > 0.9 * bound, "{largest}");
    }

    #[test]
    fn a_change_starts_with_none() {
        let values = Preset::Nano.values();
        assert_eq!(values.network.predicts, Predicts::Change);
        for predicts in [Predicts::Frame, Predicts::Change] {
            let spec = NetworkSpec { predicts, ..values.network };
            let network = Network::build(spec, values.input).unwrap();
            let weights = initial_weights(&network, &mut ChaCha8Rng::seed_from_u64(1));
            let last = ["weight", "bias"].map(|part| format!("gen.conv3.{part}"));
            let zero = last.map(|name| weights.get(&name).unwrap().data.iter().all(|&v| v == 0.0));
            assert_eq!(zero, [predicts == Predicts::Change; 2]);
        }
    }

    #[test]
    fn items_are_unit_rows() {
        let values = Preset::Nano.values();
        let network = Network::build(values.network, values.input).unwrap();
        let items = initial_items(&network, &mut ChaCha8Rng::seed_from_u64(1));
        assert_eq!(items.shape, [10, 64]);
        for row in items.data.chunks_exact(64) {
            assert!((row.iter().map(|v| v * v).sum::<f32>() - 1.0).abs() < 1e-5);
            assert!(row.iter().all(|&v| v >= 0.0));
        }
    }
}
