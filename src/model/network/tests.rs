use std::path::Path;

use ndarray::Array2;

use super::{Backend, Network, NetworkOptions, onnx};
use crate::kernel::{Algorithm, Isa, PlanOptions};
use crate::model::Precision;

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

const NETWORKS: [&str; 4] = [
    "tests/fixtures/reference/tiny-paper",
    "tests/fixtures/reference/tiny-nearest",
    "tests/fixtures/reference/tiny-bgr",
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
        Network::on_kernels(&self.encoder, &self.decoder, Precision::Int8, options)
            .unwrap_or_else(|e| panic!("{e}"))
    }
}

/// The frame that is predicted from the query of another run.
fn decoded(network: &Network, query: &Array2<f32>) -> Vec<f32> {
    let [channels, height, width] = network.input_shape();
    let frames = vec![0; channels * height * width];
    let mut session = network.session();
    let mut own = query.clone();
    session.encode(std::iter::once(&frames[..]), &[0.25; 256], &mut own).unwrap();
    let mut frame = vec![0.0; network.frame_shape().iter().product()];
    session.decode(query.view(), query.view(), &mut frame).unwrap();
    frame
}

fn bits(values: impl IntoIterator<Item = f32>) -> Vec<u32> {
    values.into_iter().map(f32::to_bits).collect()
}

/// Every layer is in integers, so that queries are equal to the last bit: they
/// are integers, lengths are summed up in tract's order. Frames are integers
/// behind a tanh, which is computed in another way.
#[test]
fn integers_are_those_of_tract() {
    for name in ["tests/fixtures/int8/tiny-nearest", "tests/fixtures/int8/tiny-paper"] {
        let models = models(name);
        let tract = models.network(Backend::Tract, 1);
        let (query, frame) = run(&tract);
        for isa in Isa::here() {
            let ours = run(&models.on(isa));
            assert_eq!(bits(ours.0), bits(query.iter().copied()), "{name} on {isa}");
            for (a, b) in ours.1.iter().zip(&frame) {
                assert!((a - b).abs() < 1e-6, "{name} on {isa}: {a}, not {b}");
            }
        }
        assert!(frame.iter().any(|a| (a - frame[0]).abs() > 1e-2), "{name}: one colour");
    }
}

/// Some layers are in floats, which round differently on every unit; a value
/// on a tie may then become another integer, but none did with this input.
#[test]
fn integers_between_floats_are_those_of_tract() {
    let models = models("tests/fixtures/int8/tiny-mixed");
    let tract = models.network(Backend::Tract, 1);
    let expected = run(&tract);
    for isa in Isa::here() {
        let network = models.on(isa);
        assert_same(&run(&network), &expected, isa.name());
        let frame = decoded(&network, &expected.0);
        let same = decoded(&tract, &expected.0);
        assert!(frame.iter().zip(&same).all(|(a, b)| (a - b).abs() < 1e-4), "{isa}");
    }
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
        onnx::graph(&models.encoder, &models.decoder).unwrap_err()
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
