//! One layer: what it does, its arrays, its output's shape and its cost.

/// Channels, height and width of one sample's value.
pub type Shape = [usize; 3];

/// One step of a graph. Parameters are named `{name}.weight`, `{name}.bias`,
/// `{name}.running_mean` and `{name}.running_var`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// `block.step`, for instance `enc1.conv1`; unique within the network.
    pub name: String,
    pub op: Op,
}

/// What a layer does to C×H×W. Every kernel is 3×3 with padding 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// Stride 1; weight `[outputs, inputs, 3, 3]`.
    Conv {
        inputs: usize,
        outputs: usize,
        bias: bool,
    },
    /// Stride 2, output padding 1: doubles both sides; weight
    /// `[inputs, outputs, 3, 3]`.
    ConvTransposed {
        inputs: usize,
        outputs: usize,
        bias: bool,
    },
    /// Weight, bias and running statistics of `channels` each; ε is 1e-5.
    BatchNorm {
        channels: usize,
    },
    Relu,
    /// The maximum of each 2×2 square.
    MaxPool,
    /// Every pixel four times.
    Nearest,
    /// Channel `4c + 2y + x` becomes pixel (y, x) of each 2×2 square of channel
    /// c: ONNX's DepthToSpace in CRD mode.
    PixelShuffle,
    /// Hands the value to the decoder as [`skip_name`]`(level)`, and goes on.
    Skip {
        level: usize,
    },
    /// `[skip; value]` along the channels; `channels` are the skip's.
    Concat {
        level: usize,
        channels: usize,
    },
    /// Every pixel's channels to unit length, by max(length, 1e-12).
    L2Norm,
    Tanh,
    /// Hands the newest frame, the input's last `channels`, to the decoder as
    /// [`NEWEST`], and goes on.
    Newest {
        channels: usize,
    },
    /// Adds the newest frame.
    AddNewest,
}

/// The name of the newest frame on its way past the memory.
pub const NEWEST: &str = "newest";

/// The name of the value that joins block `level` of encoder and decoder.
pub fn skip_name(level: usize) -> String {
    format!("skip{level}")
}

/// The two halves of the network; the memory lies between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Graph {
    /// Frames to unit-length queries and skips.
    Encoder,
    /// `[query; read]` and skips to a frame.
    Decoder,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterKind {
    /// Changed by gradients.
    Trained,
    /// Changed by the forward pass of training: BatchNorm's running statistics.
    Statistic,
}

/// A named array of a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    pub name: String,
    pub shape: Vec<usize>,
    pub kind: ParameterKind,
}

/// ε of BatchNorm.
pub const BATCH_NORM_EPSILON: f32 = 1e-5;
/// ε of the L2 normalisation.
pub const L2_EPSILON: f32 = 1e-12;

impl Layer {
    /// The layer's arrays, in a fixed order.
    pub fn parameters(&self) -> Vec<Parameter> {
        use ParameterKind::{Statistic, Trained};
        let parameter = |part: &str, shape: &[usize], kind| Parameter {
            name: format!("{}.{part}", self.name),
            shape: shape.to_vec(),
            kind,
        };
        let conv = |shape: &[usize], outputs: usize, bias: bool| {
            let mut list = vec![parameter("weight", shape, Trained)];
            list.extend(bias.then(|| parameter("bias", &[outputs], Trained)));
            list
        };
        match self.op {
            Op::Conv { inputs, outputs, bias } => conv(&[outputs, inputs, 3, 3], outputs, bias),
            Op::ConvTransposed { inputs, outputs, bias } => {
                conv(&[inputs, outputs, 3, 3], outputs, bias)
            }
            Op::BatchNorm { channels } => vec![
                parameter("weight", &[channels], Trained),
                parameter("bias", &[channels], Trained),
                parameter("running_mean", &[channels], Statistic),
                parameter("running_var", &[channels], Statistic),
            ],
            _ => Vec::new(),
        }
    }
}

impl Op {
    /// The shape that comes out where `input` goes in.
    pub fn output(self, input: Shape) -> Shape {
        let [channels, height, width] = input;
        match self {
            Self::Conv { outputs, .. } => [outputs, height, width],
            Self::ConvTransposed { outputs, .. } => [outputs, 2 * height, 2 * width],
            Self::MaxPool => [channels, height / 2, width / 2],
            Self::Nearest => [channels, 2 * height, 2 * width],
            Self::PixelShuffle => [channels / 4, 2 * height, 2 * width],
            Self::Concat { channels: skip, .. } => [channels + skip, height, width],
            Self::BatchNorm { .. }
            | Self::Relu
            | Self::Skip { .. }
            | Self::L2Norm
            | Self::Tanh
            | Self::Newest { .. }
            | Self::AddNewest => [channels, height, width],
        }
    }

    /// Multiply-accumulates of one sample; 0 for all but convolutions.
    pub fn macs(self, input: Shape) -> u64 {
        let [_, height, width] = input;
        match self {
            Self::Conv { inputs, outputs, .. } | Self::ConvTransposed { inputs, outputs, .. } => {
                (9 * inputs * outputs * height * width) as u64
            }
            _ => 0,
        }
    }
}
