use std::path::Path;

use ndarray::Array2;

use super::{Backend, Network, NetworkOptions, onnx};

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
