//! What each layer of a network gives, and what a frame costs.

use super::build::Network;
use super::layer::{Graph, Layer, Op, Shape};

/// A layer and what comes out of it.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    pub layer: &'a Layer,
    pub output: Shape,
    /// Multiply-accumulates of one sample, convolutions only.
    pub macs: u64,
}

impl Network {
    /// The layers of one graph with their shapes, in order.
    pub fn steps<'a>(&'a self, graph: Graph) -> Vec<Step<'a>> {
        let mut input = self.input_shape(graph);
        let step = |layer: &'a Layer| {
            let (op, output) = (layer.op, layer.op.output(input));
            let step = Step { layer, output, macs: op.macs(input) };
            input = step.output;
            step
        };
        self.layers(graph).iter().map(step).collect()
    }

    /// Levels and shapes of the skips, in the encoder's order; none where the
    /// network has none.
    pub fn skips(&self) -> Vec<(usize, Shape)> {
        let of = |step: Step<'_>| match step.layer.op {
            Op::Skip { level } => Some((level, step.output)),
            _ => None,
        };
        self.steps(Graph::Encoder).into_iter().filter_map(of).collect()
    }

    /// The shape of the newest frame, where it goes past the memory.
    pub fn newest(&self) -> Option<Shape> {
        let [_, height, width] = self.input_shape(Graph::Encoder);
        self.encoder.iter().find_map(|layer| match layer.op {
            Op::Newest { channels } => Some([channels, height, width]),
            _ => None,
        })
    }

    /// Multiply-accumulates of one frame's convolutions; the memory adds
    /// 2·M·C for each query.
    pub fn macs(&self) -> u64 {
        let graphs = [Graph::Encoder, Graph::Decoder];
        graphs.iter().flat_map(|&graph| self.steps(graph)).map(|step| step.macs).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::{Preset, Upsampling};

    fn network(preset: Preset) -> Network {
        let values = preset.values();
        Network::build(values.network, values.input).unwrap()
    }

    #[test]
    fn paper_has_the_published_size() {
        let paper = network(Preset::Paper);
        assert_eq!(paper.parameter_count(), 15_650_819);
        assert_eq!((paper.macs() as f64 / 1e8).round(), 465.0);
        let by_layer: Vec<u64> = paper.steps(Graph::Encoder).iter().map(|s| s.macs).collect();
        assert_eq!(by_layer.iter().filter(|&&m| m > 0).count(), 8);
        assert_eq!(by_layer[0], 9 * 12 * 64 * 256 * 256);
    }

    #[test]
    fn reconstruction_has_the_published_size() {
        let recon = network(Preset::PaperRecon);
        assert_eq!((recon.parameter_count() as f64 / 1e5).round(), 172.0);
        assert_eq!((recon.macs() as f64 / 1e8).round(), 498.0);
        assert!(recon.skips().is_empty());
    }

    #[test]
    fn nano_is_small() {
        assert!(network(Preset::Nano).macs() <= 200_000_000);
    }

    #[test]
    fn shapes_join_in_every_family_member() {
        for upsampling in [Upsampling::Transposed, Upsampling::Nearest, Upsampling::PixelShuffle] {
            for preset in [Preset::Paper, Preset::PaperRecon, Preset::Edge, Preset::Nano] {
                let mut values = preset.values();
                values.network.upsampling = upsampling;
                let network = Network::build(values.network, values.input).unwrap();
                let last = |graph| network.steps(graph).last().unwrap().output;
                assert_eq!(last(Graph::Encoder), network.query_shape());
                let input = network.input;
                let frame = [input.channels.planes(), input.height_px, input.width_px];
                assert_eq!(last(Graph::Decoder), frame);
                check_channels(&network);
            }
        }
    }

    fn check_channels(network: &Network) {
        let skips = network.skips();
        for graph in [Graph::Encoder, Graph::Decoder] {
            let mut input = network.input_shape(graph);
            for step in network.steps(graph) {
                let [found, height, width] = std::mem::replace(&mut input, step.output);
                match step.layer.op {
                    Op::Conv { inputs, .. } | Op::ConvTransposed { inputs, .. } => {
                        assert_eq!(inputs, found, "{}", step.layer.name);
                    }
                    Op::BatchNorm { channels } => assert_eq!(channels, found),
                    Op::Concat { level, channels } => {
                        assert!(skips.contains(&(level, [channels, height, width])));
                    }
                    _ => {}
                }
            }
        }
    }
}
