//! The kernels against tract, on the same graphs, and graphs that are refused.

use std::path::Path;
use std::sync::Arc;

use ndarray::Array2;
use tract_onnx::pb::TensorProto;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::prelude::*;

use super::lower::lower;
use super::refusal::Refusal;
use super::{Backend, Network, NetworkOptions, onnx};
use crate::kernel::{Algorithm, Isa, PlanOptions};

struct Models {
    encoder: onnx::Model,
    decoder: onnx::Model,
}

fn models(name: &str) -> Models {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let model = |file: &str| onnx::parse(&std::fs::read(folder.join(file)).unwrap()).unwrap();
    Models { encoder: model("encoder.onnx"), decoder: model("decoder.onnx") }
}

impl Models {
    fn network(&self, backend: Backend, threads: usize) -> Network {
        let options = NetworkOptions { backend, threads };
        Network::from_models(&self.encoder, &self.decoder, options)
            .unwrap_or_else(|(_, e)| panic!("{e}"))
    }

    /// Why the kernels do not take them.
    fn refusal(&self) -> String {
        let read = |model| onnx::read(model).map_err(Refusal::from);
        let lowered = read(&self.encoder).and_then(|encoder| lower(encoder, read(&self.decoder)?));
        lowered.unwrap_err().to_string()
    }
}

/// Query and prediction of some frames; the query stands for the read too.
fn run(network: &Network) -> (Array2<f32>, Vec<f32>) {
    let [channels, height, width] = network.input_shape();
    let len = channels * height * width;
    let frames: Vec<u8> = (0..len).map(|i| (i * i / 7 + i / 64) as u8).collect();
    let values: [f32; 256] = std::array::from_fn(|byte| byte as f32 / 127.5 - 1.0);
    let [channels, height, width] = network.query_shape();
    let mut query = Array2::zeros((channels, height * width));
    let mut frame = vec![0.0; network.frame_shape().iter().product()];
    let mut session = network.session();
    session.encode(frames.chunks(len / 4), &values, &mut query).unwrap();
    session.decode(query.view(), query.view(), &mut frame).unwrap();
    (query, frame)
}

fn assert_same(a: &(Array2<f32>, Vec<f32>), b: &(Array2<f32>, Vec<f32>), what: &str) {
    let worst = |a: &mut dyn Iterator<Item = (&f32, &f32)>| {
        a.fold(0.0, |worst: f32, (a, b)| worst.max((a - b).abs()))
    };
    let query = worst(&mut a.0.iter().zip(&b.0));
    let frame = worst(&mut a.1.iter().zip(&b.1));
    assert!(query < 1e-4 && frame < 1e-4, "{what}: off by {query:e} and {frame:e}");
}

const NETWORKS: [&str; 5] = [
    "tests/fixtures/reference/tiny-paper",
    "tests/fixtures/reference/tiny-nearest",
    "tests/fixtures/reference/tiny-bgr",
    "tests/fixtures/reference/tiny-change",
    "models/walkway-edge",
];

#[test]
fn kernels_and_tract_agree() {
    for name in NETWORKS {
        let models = models(name);
        let tract = run(&models.network(Backend::Tract, 1));
        for threads in [1, 2] {
            let ours = models.network(Backend::Kernels, threads);
            assert!(ours.session().engine().is_ok(), "{name} runs in tract");
            assert_same(&run(&ours), &tract, name);
        }
    }
}

impl Models {
    fn on(&self, isa: Isa) -> Network {
        let options = PlanOptions { isa, threads: 2, algorithm: Algorithm::default() };
        Network::on_kernels(&self.encoder, &self.decoder, options).unwrap_or_else(|e| panic!("{e}"))
    }
}

/// What stock tract computes node by node, as the file says.
struct Oracle {
    encoder: Arc<TypedRunnableModel>,
    decoder: Arc<TypedRunnableModel>,
}

impl Oracle {
    fn new(models: &Models) -> Self {
        let plan = |model: &onnx::Model| {
            let model = onnx().model_for_proto_model(model).unwrap();
            model.into_typed().unwrap().into_runnable().unwrap()
        };
        Self { encoder: plan(&models.encoder), decoder: plan(&models.decoder) }
    }

    /// Query, and the frame for it in the place of the read.
    fn run(&self, network: &Network, frames: &[u8]) -> (Array2<f32>, Vec<f32>) {
        let [channels, height, width] = network.input_shape();
        let values: Vec<f32> = frames.iter().map(|&byte| value(byte)).collect();
        let input = Tensor::from_shape(&[1, channels, height, width], &values).unwrap();
        let mut skips = self.encoder.run(tvec!(input.into())).unwrap();
        let query = skips.remove(0);
        let query = query.to_plain_array_view::<f32>().unwrap();
        let twice: Vec<f32> = query.iter().chain(query.iter()).copied().collect();
        let [channels, height, width] = network.query_shape();
        let input = Tensor::from_shape(&[1, 2 * channels, height, width], &twice).unwrap();
        let inputs = std::iter::once(input.into()).chain(skips).collect();
        let frame = self.decoder.run(inputs).unwrap().remove(0);
        let frame = frame.to_plain_array_view::<f32>().unwrap().iter().copied().collect();
        let query = query.iter().copied().collect();
        (Array2::from_shape_vec((channels, height * width), query).unwrap(), frame)
    }
}

fn value(byte: u8) -> f32 {
    f32::from(byte) / 127.5 - 1.0
}

/// Query, and the frame for another one in the place of it and of the read.
fn run_with(network: &Network, frames: &[u8], given: &Array2<f32>) -> (Array2<f32>, Vec<f32>) {
    let values: [f32; 256] = std::array::from_fn(|byte| value(byte as u8));
    let mut query = given.clone();
    let mut frame = vec![0.0; network.frame_shape().iter().product()];
    let mut session = network.session();
    session.encode(frames.chunks(frames.len() / 4), &values, &mut query).unwrap();
    session.decode(given.view(), given.view(), &mut frame).unwrap();
    (query, frame)
}

fn noise(seed: usize, network: &Network) -> Vec<u8> {
    let mut state = seed as u32;
    let len = network.input_shape().iter().product();
    std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    })
    .take(len)
    .collect()
}

/// Every layer is in integers. Queries are equal to the last bit: they are
/// integers over a length that is summed up in the same order. Frames are
/// integers behind a tanh that is computed in another way.
#[test]
fn integers_are_those_of_tract() {
    for name in ["tiny-nearest", "tiny-paper", "tiny-change"] {
        let name = &format!("tests/fixtures/int8/{name}");
        let models = models(name);
        let oracle = Oracle::new(&models);
        for isa in Isa::here() {
            let network = models.on(isa);
            for seed in 0..24 {
                let frames = noise(seed, &network);
                let expected = oracle.run(&network, &frames);
                let ours = run_with(&network, &frames, &expected.0);
                let same = ours.0.iter().zip(&expected.0).all(|(a, b)| a.to_bits() == b.to_bits());
                assert!(same, "{name} on {isa}, {seed}");
                for (a, b) in ours.1.iter().zip(&expected.1) {
                    assert!((a - b).abs() < 1e-6, "{name} on {isa}, {seed}: {a}, not {b}");
                }
            }
        }
    }
}

/// Some layers are in floats, which no two programs add up in one order. A
/// value next to a tie may then become another integer, so that a few values
/// are a step off.
#[test]
fn integers_between_floats_are_those_of_tract() {
    let models = models("tests/fixtures/int8/tiny-mixed");
    let oracle = Oracle::new(&models);
    for isa in Isa::here() {
        let network = models.on(isa);
        let (mut far, mut all) = (0, 0);
        for seed in 0..24 {
            let frames = noise(seed, &network);
            let expected = oracle.run(&network, &frames);
            let ours = run_with(&network, &frames, &expected.0);
            let pairs = ours.0.iter().zip(&expected.0).chain(ours.1.iter().zip(&expected.1));
            for (a, b) in pairs {
                assert!((a - b).abs() < 0.05, "{isa}, {seed}: {a}, not {b}");
                far += usize::from((a - b).abs() > 1e-5);
                all += 1;
            }
        }
        assert!(far * 20 < all, "{isa}: {far} of {all} are off");
    }
}

/// Values that no kernel takes lead to tract or to an error, never to a panic.
#[test]
fn integers_that_make_no_sense_are_refused() {
    type Change<'a> = &'a dyn Fn(&mut TensorProto);
    let constants: [(&str, Change<'_>, &str); 5] = [
        (".scale", &|t| set_floats(t, 0.0), "scale"),
        (".scale", &|t| set_floats(t, f32::NAN), "scale"),
        (".zero_point", &|t| (t.raw_data, t.int32_data) = (vec![], vec![]), "values"),
        (".weight", &|t| set_integers(t, -128), "−128"),
        (".bias", &|t| set_integers(t, i32::MAX), "32 bits"),
    ];
    for (suffix, change, told) in constants {
        let mut models = models("tests/fixtures/int8/tiny-nearest");
        let graph = models.encoder.graph.as_mut().unwrap();
        graph.initializer.iter_mut().filter(|t| t.name.ends_with(suffix)).for_each(change);
        let error = models.refusal();
        assert!(error.contains(told), "{suffix}: {error}");
    }
}

fn set_integers(tensor: &mut TensorProto, value: i32) {
    let bytes = value.to_le_bytes();
    let width = if tensor.data_type == DataType::Int8 as i32 { 1 } else { 4 };
    tensor.raw_data.chunks_exact_mut(width).for_each(|to| to.copy_from_slice(&bytes[..width]));
    tensor.int32_data.fill(value);
}

fn set_floats(tensor: &mut TensorProto, value: f32) {
    let bytes = value.to_le_bytes();
    tensor.raw_data.chunks_exact_mut(4).for_each(|to| to.copy_from_slice(&bytes));
    tensor.float_data.fill(value);
}

#[test]
fn a_graph_with_another_operator_runs_in_tract_and_says_why() {
    let mut models = models(NETWORKS[1]);
    let ours = run(&models.network(Backend::Kernels, 1));
    let nodes = &mut models.decoder.graph.as_mut().unwrap().node;
    let relu = nodes.iter_mut().find(|node| node.op_type == "Relu").unwrap();
    relu.op_type = "Elu".into();
    let network = models.network(Backend::Kernels, 1);
    let mut session = network.session();
    let why = session.engine().err().expect("it runs in tract");
    assert!(why.contains("Elu"), "{why}");
    let (query, frame) = run(&network);
    assert_eq!(frame.len(), ours.1.len());
    assert!(frame.iter().zip(&ours.1).any(|(a, b)| (a - b).abs() > 1e-3), "an ELU is no ReLU");
    assert!(query.iter().zip(&ours.0).all(|(a, b)| (a - b).abs() < 1e-4));
}

#[test]
fn what_differs_from_the_family_is_named() {
    let refusal = |change: &dyn Fn(&mut Models)| {
        let mut models = models(NETWORKS[1]);
        change(&mut models);
        models.refusal()
    };
    let first = |model: &mut onnx::Model, op: &str| -> usize {
        model.graph.as_ref().unwrap().node.iter().position(|node| node.op_type == op).unwrap()
    };
    let error = refusal(&|models| {
        let at = first(&mut models.encoder, "Conv");
        let node = &mut models.encoder.graph.as_mut().unwrap().node[at];
        let pads = node.attribute.iter_mut().find(|attribute| attribute.name == "pads").unwrap();
        pads.ints = vec![0, 0, 2, 2];
    });
    assert!(error.contains("pads [0, 0, 2, 2]"), "{error}");
    let error = refusal(&|models| {
        let at = first(&mut models.decoder, "Resize");
        let node = &mut models.decoder.graph.as_mut().unwrap().node[at];
        node.attribute.iter_mut().find(|a| a.name == "mode").unwrap().s = b"linear".to_vec();
    });
    assert!(error.contains("nearest doubling"), "{error}");
    let error = refusal(&|models| {
        models.decoder.graph.as_mut().unwrap().input.pop();
    });
    assert!(error.contains("skips"), "{error}");
}
