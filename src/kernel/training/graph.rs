//! A network in training as a list of layers over maps.

use super::super::layout::Shape;
use super::super::lower::Form;

/// Index of a map.
pub type MapId = usize;
/// Index of a node.
pub type NodeId = usize;

/// How a 3×3 convolution reads its input and places its output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConvForm {
    /// Stride 1, padding 1; weights `[outputs, inputs, 3, 3]`.
    Plain,
    /// The same over an input that is read as if every pixel stood there four
    /// times: twice the size.
    Upsampled,
    /// Stride 2, padding 1, output padding 1: twice the size; weights
    /// `[inputs, outputs, 3, 3]`.
    Transposed,
}

impl ConvForm {
    pub(super) fn lowered(self) -> Form {
        match self {
            Self::Plain => Form::Plain,
            Self::Upsampled => Form::Upsampled,
            Self::Transposed => Form::Transposed,
        }
    }

    /// Output pixels for each input pixel and direction.
    pub(super) fn scale(self) -> usize {
        if self == Self::Plain { 1 } else { 2 }
    }
}

#[derive(Clone, Debug)]
pub(super) enum Op {
    Conv {
        sources: Vec<MapId>,
        form: ConvForm,
    },
    /// BatchNorm, then ReLU.
    NormRelu {
        source: MapId,
    },
    MaxPool {
        source: MapId,
    },
    /// Channel `4c + 2y + x` to pixel (y, x) of each 2×2 square of channel c.
    PixelShuffle {
        source: MapId,
    },
}

#[derive(Clone, Debug)]
pub(super) struct Node {
    pub op: Op,
    pub into: MapId,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Map {
    pub shape: Shape,
    /// Whether a gradient is wanted.
    pub gradient: bool,
}

/// The layers of a network in training, in order.
#[derive(Clone, Debug, Default)]
pub struct TrainingGraph {
    pub(super) nodes: Vec<Node>,
    pub(super) maps: Vec<Map>,
}

impl TrainingGraph {
    /// A map that is written from outside; `gradient` says whether the loss's
    /// gradient by it is wanted.
    pub fn input(&mut self, shape: Shape, gradient: bool) -> MapId {
        self.maps.push(Map { shape, gradient });
        self.maps.len() - 1
    }

    /// A 3×3 convolution with bias over the channels of all sources, one
    /// after the other.
    ///
    /// # Panics
    /// When the sources differ in size.
    pub fn conv(&mut self, sources: &[MapId], form: ConvForm, outputs: usize) -> (NodeId, MapId) {
        let Shape { height, width, .. } = self.maps[sources[0]].shape;
        for &source in sources {
            let shape = self.maps[source].shape;
            assert_eq!((shape.height, shape.width), (height, width), "sources of one size");
        }
        let scale = form.scale();
        let shape = Shape::new(outputs, scale * height, scale * width);
        self.push(Op::Conv { sources: sources.to_vec(), form }, shape)
    }

    /// BatchNorm, then ReLU; nothing else may read `source`.
    pub fn norm_relu(&mut self, source: MapId) -> (NodeId, MapId) {
        let shape = self.maps[source].shape;
        self.push(Op::NormRelu { source }, shape)
    }

    /// The maximum of each 2×2 square.
    ///
    /// # Panics
    /// When a side is odd.
    pub fn max_pool(&mut self, source: MapId) -> MapId {
        let Shape { channels, height, width } = self.maps[source].shape;
        assert!(height % 2 == 0 && width % 2 == 0, "pooling halves both sides");
        self.push(Op::MaxPool { source }, Shape::new(channels, height / 2, width / 2)).1
    }

    /// ONNX's DepthToSpace by 2 in CRD mode.
    ///
    /// # Panics
    /// When the channels are no multiple of four.
    pub fn pixel_shuffle(&mut self, source: MapId) -> MapId {
        let Shape { channels, height, width } = self.maps[source].shape;
        assert!(channels % 4 == 0, "four channels become one");
        self.push(Op::PixelShuffle { source }, Shape::new(channels / 4, 2 * height, 2 * width)).1
    }

    pub fn shape(&self, map: MapId) -> Shape {
        self.maps[map].shape
    }

    /// The node that the next call makes.
    pub fn next_node(&self) -> NodeId {
        self.nodes.len()
    }

    fn push(&mut self, op: Op, shape: Shape) -> (NodeId, MapId) {
        let (node, into) = (self.nodes.len(), self.maps.len());
        self.maps.push(Map { shape, gradient: true });
        self.nodes.push(Node { op, into });
        (node, into)
    }

    /// Nodes that read a map, in order.
    pub(super) fn readers(&self, map: MapId) -> impl Iterator<Item = NodeId> {
        self.nodes.iter().enumerate().filter(move |(_, node)| node.op.reads(map)).map(|(n, _)| n)
    }
}

impl Op {
    fn reads(&self, map: MapId) -> bool {
        match self {
            Self::Conv { sources, .. } => sources.contains(&map),
            Self::NormRelu { source }
            | Self::MaxPool { source }
            | Self::PixelShuffle { source } => *source == map,
        }
    }
}
