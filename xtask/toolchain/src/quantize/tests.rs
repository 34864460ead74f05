use std::fs;
use std::path::Path;

use ndarray::Array4;
use normwatch::model::{Bundle, Precision};
use tract_onnx::prelude::{DatumType, Tensor};

use super::network::{Conv, Op};
use super::plan::{QuantParams, QuantisedConv};
use super::*;
use crate::bundle::Outcome;
use crate::fixture::{command, footage, reference, refusal, text};
use crate::onnx::{Session, as_f32, decode, graph_of};

fn largest<'a>(a: impl IntoIterator<Item = &'a f32>, b: impl IntoIterator<Item = &'a f32>) -> f32 {
    a.into_iter().zip(b).fold(0.0, |max, (a, b)| max.max((a - b).abs()))
}

fn parsed(name: &str) -> (BundleFiles, Network) {
    let files = BundleFiles::read(&reference(name)).unwrap();
    let network = Network::parse(&files.encoder, &files.decoder).unwrap();
    (files, network)
}

fn answer(files: &BundleFiles, network: &Network, style: Style<'_>) -> Outcome {
    let (encoder, decoder) = emit(network, style).unwrap();
    let graphs = (&encoder, &decoder);
    let pipeline = Pipeline::new(graphs, &files.memory, [&[], &[]], Fidelity::Plain).unwrap();
    pipeline.run(&files.golden.frames.iter().copied().collect::<Vec<u8>>()).unwrap()
}

/// ReLU folding, transposed convolutions as phases, and equalisation change
/// nothing of what PyTorch computed.
#[test]
fn rewriting_keeps_what_the_trainer_computed() {
    for name in ["tiny-paper", "tiny-nearest", "tiny-bgr", "tiny-change"] {
        let (files, mut network) = parsed(name);
        let before = answer(&files, &network, Style::F32);
        assert!(largest(&before.query, &files.golden.query) < 1e-4, "{name}");
        assert!(largest(&before.prediction, &files.golden.prediction) < 1e-4, "{name}");
        let planes = files.manifest.input.channels.planes();
        let frame: Vec<u8> = files.golden.frames.iter().copied().collect();
        let next = frame[..frame.len() / files.manifest.input.frames].to_vec();
        assert!(next.len().is_multiple_of(planes));
        let samples = [Sample { past: frame, next }];
        let statistics = statistics::collect(&network, &files.memory, &samples).unwrap();
        let factors = equalise::equalise(&mut network, &statistics);
        assert!(factors.len() >= 13, "{name}: {} tensors", factors.len());
        let after = answer(&files, &network, Style::F32);
        assert!(largest(&after.prediction, &files.golden.prediction) < 1e-4, "{name}");
        let levelled = statistics::collect(&network, &files.memory, &samples).unwrap();
        for key in factors.keys() {
            let high = levelled[key].range().1;
            assert!(high <= 1.0 + 1e-3 && (high > 0.9 || high == 0.0), "{name} {key:?}: {high}");
        }
    }
}

#[test]
fn every_byte_of_a_frame_is_stored_exactly() {
    let conv = Conv {
        name: "first".into(),
        weight: Array4::from_elem((1, 1, 1, 1), 1.0),
        bias: vec![0.0],
        pads: [0; 4],
        relu: false,
    };
    let (_, mut network) = parsed("tiny-nearest");
    let node = |op, input: &str, output: &str| network::Node {
        op,
        inputs: vec![input.into()],
        output: output.into(),
    };
    let mut plan = Int8Plan::default();
    let key = |name: &str| (network::Side::Encoder, name.to_owned());
    plan.params.insert(key("frames"), QuantParams::FRAMES);
    let unit = QuantParams { scale: 1.0 / 127.5, zero_point: 0, offset: 0.0 };
    plan.params.insert(key("y"), unit);
    let mut quantised = QuantisedConv { weight: vec![1], scales: vec![1.0], bias: vec![0] };
    plan.layers.insert(key("first"), quantised.clone());
    let graph = &mut network.encoder;
    graph.nodes = vec![node(Op::Conv(conv.clone()), "frames", "y")];
    let tanh = tract_onnx::pb::NodeProto {
        op_type: "Tanh".into(),
        input: vec!["y".into()],
        output: vec!["query".into()],
        ..Default::default()
    };
    graph.nodes.push(node(Op::Float { node: tanh, constants: vec![] }, "y", "query"));
    graph.inputs = vec![("frames".into(), vec![1, 1, 16, 16])];
    graph.outputs = vec![("query".into(), vec![1, 1, 16, 16])];
    network.decoder = network.encoder.clone();
    network.decoder.nodes.remove(0);
    network.decoder.inputs[0].0 = "y".into();
    let (encoder, _) = emit(&network, Style::Int8(&plan)).unwrap();
    let bytes: Vec<f32> = (0..=255u8).map(|b| f32::from(b) / 127.5 - 1.0).collect();
    for fidelity in [Fidelity::Plain, Fidelity::Optimised] {
        let session = Session::new(&encoder, &["frames.i8".into()], fidelity).unwrap();
        let input = Tensor::from_shape(&[1, 1, 16, 16], &bytes).unwrap();
        let stored = as_f32(&session.run(vec![input]).unwrap()["frames.i8"]).unwrap();
        assert!(stored.iter().enumerate().all(|(b, q)| *q == b as f32 - 128.0), "{stored:?}");
    }
    // The half step comes back through the bias.
    let options = WeightOptions { per_channel: true, correct_bias: false };
    quantised = quantise_conv(&conv, QuantParams::FRAMES, None, options);
    let step = QuantParams::FRAMES.scale * quantised.scales[0];
    assert!((quantised.bias[0] as f32 * step - 0.5 / 127.5).abs() <= step);
}

/// The page on quantisation says how integers are computed: plain Rust by that
/// page gives what tract gives, bit for bit where scales are per channel.
#[test]
fn integers_follow_the_documented_arithmetic() {
    let (files, network) = parsed("tiny-nearest");
    let frames: Vec<u8> = files.golden.frames.iter().copied().collect();
    let samples = [Sample { past: frames.clone(), next: frames[..1024].to_vec() }];
    let statistics = statistics::collect(&network, &files.memory, &samples).unwrap();
    let method = (RangeMethod::MinMax, 0.0);
    let params = ranges::choose(&network, &files.memory, &samples, &statistics, method).unwrap();
    let (side, node, conv) = network.convs().nth(1).unwrap();
    let key = |name: &str| (side, name.to_owned());
    let (x, y) = (params[&key(&node.inputs[0])], params[&key(&node.output)]);
    assert_eq!(y.zero_point, -128);
    let options = WeightOptions { per_channel: true, correct_bias: false };
    let q = quantise_conv(conv, x, None, options);
    let mut plan = Int8Plan { params: params.clone(), ..Int8Plan::default() };
    let (first_side, first_node, first) = network.convs().next().unwrap();
    let first_x = params[&(first_side, first_node.inputs[0].clone())];
    plan.layers.insert((side, first.name.clone()), quantise_conv(first, first_x, None, options));
    plan.layers.insert(key(&conv.name), q.clone());
    let (encoder, decoder) = emit(&network, Style::Int8(&plan)).unwrap();
    let names = [node.inputs[0].clone(), node.output.clone()];
    let pipeline =
        Pipeline::new((&encoder, &decoder), &files.memory, [&names, &[]], Fidelity::Plain);
    let outcome = pipeline.unwrap().run(&frames).unwrap();
    let (input, got) = (&outcome.encoder[&names[0]], &outcome.encoder[&names[1]]);
    assert_eq!((input.datum_type(), got.datum_type()), (DatumType::I8, DatumType::I8));
    let (input, got) = (as_f32(input).unwrap(), as_f32(got).unwrap());
    let (outputs, inputs, _, _) = conv.weight.dim();
    let side_px = 32i32;
    for (index, got) in got.iter().enumerate() {
        let (o, at) = (index / 1024, (index % 1024) as i32);
        let mut sum = q.bias[o];
        for tap in 0..inputs * 9 {
            let (i, ky, kx) = (tap / 9, (tap % 9 / 3) as i32, (tap % 3) as i32);
            let (row, column) = (at / side_px + ky - 1, at % side_px + kx - 1);
            if (0..side_px).contains(&row) && (0..side_px).contains(&column) {
                let pixel = input[i * 1024 + (row * side_px + column) as usize] as i32;
                let weight = i32::from(q.weight[o * inputs * 9 + tap]);
                sum += (pixel - i32::from(x.zero_point)) * weight;
            }
        }
        let multiplier = x.scale * q.scales[o] / y.scale;
        let rounded = (sum as f32 * multiplier).round_ties_even();
        let wanted = (rounded + f32::from(y.zero_point)).clamp(-128.0, 127.0);
        assert_eq!(*got, wanted, "output {index} of {}", outputs * 1024);
    }
}

#[test]
fn an_int8_bundle_comes_out_in_integers_and_runs() {
    let footage = footage(60, 32);
    let work = tempfile::tempdir().unwrap();
    for name in ["tiny-nearest", "tiny-paper", "tiny-change"] {
        let bundle = reference(name);
        for weights in ["per-channel", "per-tensor"] {
            let out = work.path().join(format!("{name}-{weights}"));
            let args = ["quantize", text(&bundle), "--out", text(&out), "--weights", weights];
            let with = ["--footage", text(footage.path()), "--samples", "24", "--max-drift", "1"];
            command(&[&args[..], &with].concat()).unwrap();
            let loaded = Bundle::load(&out).unwrap();
            assert_eq!(loaded.manifest().precision, Precision::Int8);
            let files = BundleFiles::read(&out).unwrap();
            for graph in [&files.encoder, &files.decoder] {
                let nodes = &graph_of(graph).unwrap().node;
                let count = |op: &str| nodes.iter().filter(|n| n.op_type == op).count();
                assert_eq!((count("Conv"), count("ConvTranspose"), count("Relu")), (0, 0, 0));
                assert!(count("QLinearConv") >= 8, "{name}");
                assert_eq!(count("QuantizeLinear"), 1, "{name}: one way in");
                assert_eq!(count("DequantizeLinear"), 1, "{name}: one way out");
            }
        }
    }
}

#[test]
fn quantising_twice_gives_the_same_bytes() {
    let footage = footage(30, 32);
    let work = tempfile::tempdir().unwrap();
    let bundle = reference("tiny-nearest");
    let make = |name: &str| {
        let out = work.path().join(name);
        let args = ["quantize", text(&bundle), "--out", text(&out), "--samples", "8"];
        command(&[&args[..], &["--footage", text(footage.path()), "--max-drift", "1"]].concat())
            .unwrap();
        ["encoder.onnx", "decoder.onnx", "golden.npz"].map(|f| fs::read(out.join(f)).unwrap())
    };
    assert!(make("a") == make("b"));
}

#[test]
fn layers_asked_for_stay_in_float_and_pairs_follow() {
    let footage = footage(30, 32);
    let work = tempfile::tempdir().unwrap();
    let bundle = reference("tiny-nearest");
    let (out, qdq) = (work.path().join("mixed"), work.path().join("qdq"));
    let args = ["quantize", text(&bundle), "--out", text(&out), "--qdq", text(&qdq)];
    let with = ["--footage", text(footage.path()), "--samples", "8", "--max-drift", "1"];
    let float = ["--float-layer", "encoder4.2", "--float-layer", "decoder2.0"];
    command(&[&args[..], &with, &float].concat()).unwrap();
    let mixed = BundleFiles::read(&out).unwrap();
    let convs =
        |model| graph_of(model).unwrap().node.iter().filter(|n| n.op_type == "Conv").count();
    assert_eq!((convs(&mixed.encoder), convs(&mixed.decoder)), (1, 1));
    let card = mixed.card.unwrap();
    assert!(card.contains("Left in f32: encoder4.2, decoder2.0"), "{card}");

    let read = |name: &str| decode(&fs::read(qdq.join(name)).unwrap()).unwrap();
    let (encoder, decoder) = (read("encoder.onnx"), read("decoder.onnx"));
    let pairs = Pipeline::new((&encoder, &decoder), &mixed.memory, [&[], &[]], Fidelity::Plain);
    let frames: Vec<u8> = mixed.golden.frames.iter().copied().collect();
    let outcome = pipeline_answer(pairs, &frames);
    let far = largest(&outcome.prediction, &mixed.golden.prediction);
    assert!(far < 0.1, "pairs and integers differ by {far}");

    let said = refusal(&[&args[..], &with, &["--float-layer", "nonsense"]].concat());
    assert!(said.contains("exists"), "{said}");
    let args = ["quantize", text(&bundle), "--out", text(&work.path().join("x")).to_owned().leak()];
    let said = refusal(&[&args[..], &with, &["--float-layer", "nonsense"]].concat());
    assert!(said.contains("no such layer") && said.contains("encoder4.2"), "{said}");
}

fn pipeline_answer(pipeline: Result<Pipeline>, frames: &[u8]) -> Outcome {
    pipeline.unwrap().run(frames).unwrap()
}

/// The prediction for a window of one pattern.
fn on_the_kernels(path: &Path) -> Vec<f32> {
    let bundle = Bundle::load(path).unwrap();
    let input = bundle.manifest().input;
    let frame: Vec<u8> = (0..input.spec().frame_len()).map(|i| (i * i / 5 % 256) as u8).collect();
    let mut predictor = bundle.predictor();
    predictor.engine().expect("no layer is left to tract");
    predictor.predict(std::iter::repeat_n(frame.as_slice(), input.frames)).unwrap();
    predictor.prediction().to_vec()
}

#[test]
fn f16_bundles_are_half_as_large_and_run_on_the_kernels() {
    let work = tempfile::tempdir().unwrap();
    for name in ["tiny-nearest", "tiny-paper", "tiny-change"] {
        let (bundle, out) = (reference(name), work.path().join(name));
        command(&["quantize", text(&bundle), "--out", text(&out), "--to", "f16"]).unwrap();
        assert_eq!(Bundle::load(&out).unwrap().manifest().precision, Precision::F16);
        let size = |folder: &Path| fs::metadata(folder.join("decoder.onnx")).unwrap().len();
        assert!(size(&out) * 10 < size(&bundle) * 8, "{name}");
        if name == "tiny-nearest" {
            let [half, whole] = [&out, &bundle].map(|path| on_the_kernels(path));
            let worst = half.iter().zip(&whole).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(worst > 0.0 && worst < 2e-3, "{name}: {worst}");
        }
    }
}

#[test]
fn what_cannot_be_quantised_is_refused_by_name() {
    let footage = footage(12, 32);
    let work = tempfile::tempdir().unwrap();
    let copy = work.path().join("copy");
    fs::create_dir(&copy).unwrap();
    for entry in fs::read_dir(reference("tiny-nearest")).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, copy.join(path.file_name().unwrap())).unwrap();
    }
    let out = work.path().join("out");
    let args = ["quantize", text(&copy), "--out", text(&out), "--footage", text(footage.path())];
    let original = fs::read(copy.join("decoder.onnx")).unwrap();

    fs::write(copy.join("decoder.onnx"), &original[..original.len() / 2]).unwrap();
    let said = refusal(&args);
    assert!(said.contains("decoder.onnx") && said.contains("cut short"), "{said}");

    let mut strange = decode(&original).unwrap();
    strange.graph.as_mut().unwrap().node[1].op_type = "Erf".into();
    fs::write(copy.join("decoder.onnx"), encode(&strange)).unwrap();
    let said = refusal(&args);
    assert!(said.contains("`Erf` is not known") && said.contains("relu_0"), "{said}");

    fs::write(copy.join("decoder.onnx"), &original).unwrap();
    let said = refusal(&args[..4]);
    assert!(said.contains("needs footage"), "{said}");
    let short = crate::fixture::footage(3, 32);
    let said = refusal(&[&args[..5], &[text(short.path())]].concat());
    assert!(said.contains("5 frames"), "{said}");
    assert!(!out.exists());

    let manifest = fs::read_to_string(copy.join("manifest.toml")).unwrap();
    fs::write(copy.join("manifest.toml"), manifest.replace("\"f32\"", "\"int8\"")).unwrap();
    let said = refusal(&args);
    assert!(said.contains("is int8 already"), "{said}");
}
