use std::fs;
use std::path::Path;

use ndarray::Array3;
use normwatch::model::{Bundle, Memory};
use normwatch::output::JsonLines;
use normwatch::preprocess::Resize;
use normwatch::replay::{PlayError, PlayOptions, list_footage, play};
use normwatch::runtime::{FrameScore, Scoring, SlowViewOptions, UpdatePolicy};
use normwatch::runtime::{NO_LEVELS, default_alarm};
use normwatch::score::{ErrorMap, Mask, psnr_db};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::fixture::{command, footage, reference, refusal, text};
use crate::net::{
    NetworkSpec, Predicts, Preset, Upsampling, Weights, initial_items, initial_weights,
};
use crate::run::{FORMAT_VERSION as RUN_VERSION, RUN_FILE, RunFile};

/// A RUN with random weights and BatchNorm statistics that are not neutral.
fn store_run(folder: &Path, spec: NetworkSpec, channels: Channels) -> Checkpoint {
    let input = normwatch::model::InputSection {
        width_px: 24,
        height_px: 16,
        channels,
        relight: false,
        frames: if spec.task == Task::Prediction { 4 } else { 1 },
        frame_spacing: 1,
        fps: 10.0,
        resize: Resize::Bilinear,
    };
    let network = Network::build(spec, input).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut weights = initial_weights(&network, &mut rng);
    let items = initial_items(&network, &mut rng);
    unsettle(&mut weights);
    let run = RunFile {
        format_version: RUN_VERSION,
        preset: Preset::Edge,
        training_data: "Nothing.".into(),
        network: spec,
        input,
        training: None,
        footage: None,
    };
    let checkpoint = Checkpoint { run, network, weights, items, validation: None };
    fs::create_dir_all(folder).unwrap();
    checkpoint.store(folder).unwrap();
    checkpoint
}

fn unsettle(weights: &mut Weights) {
    for (name, tensor) in &mut weights.0 {
        // The convolution that gives a change starts at zero.
        if tensor.data.iter().all(|&v| v == 0.0) {
            let values = tensor.data.iter_mut().enumerate();
            values.for_each(|(index, value)| *value = 0.2 * (index as f32 * 2.3).sin());
        }
        if name.contains(".norm") {
            let shift = if name.ends_with("mean") || name.ends_with("bias") { 0.1 } else { 1.3 };
            for (index, value) in tensor.data.iter_mut().enumerate() {
                *value = shift * (1.0 + 0.3 * (index as f32 * 1.7).sin());
            }
        }
    }
}

fn spec(upsampling: Upsampling) -> NetworkSpec {
    let task = Task::Prediction;
    NetworkSpec {
        task,
        base_width: 2,
        upsampling,
        predicts: Predicts::Frame,
        skips: true,
        items: 4,
        temperature: 1.0,
    }
}

/// `export` itself compares the graphs with the forward pass that knows
/// neither ONNX nor folding, to 1e-4, and the runtime loads the result.
#[test]
fn every_kind_of_network_is_exported_exactly() {
    let work = tempfile::tempdir().unwrap();
    let kinds = [Upsampling::Transposed, Upsampling::Nearest, Upsampling::PixelShuffle];
    for (index, upsampling) in kinds.into_iter().enumerate() {
        let frame_of = [(Channels::Luma, Predicts::Frame), (Channels::Bgr, Predicts::Frame)];
        let change_of = [(Channels::Luma, Predicts::Change), (Channels::Bgr, Predicts::Change)];
        for (channels, predicts) in frame_of.into_iter().chain(change_of) {
            let name = format!("{index}-{}-{predicts:?}", channels.planes());
            let (run, out) = (work.path().join(format!("{name}-run")), work.path().join(&name));
            store_run(&run, NetworkSpec { predicts, ..spec(upsampling) }, channels);
            command(&["export", text(&run), "--out", text(&out)]).unwrap();
            let bundle = Bundle::load(&out).unwrap();
            assert_eq!(bundle.manifest().input.channels, channels);
            assert_eq!(bundle.manifest().name, format!("{name}-run"));
            let files = BundleFiles::read(&out).unwrap();
            let spread = files
                .golden
                .prediction
                .iter()
                .fold((1.0f32, -1.0f32), |(l, h), &v| (l.min(v), h.max(v)));
            assert!(spread.1 - spread.0 > 0.01, "{name}: a flat answer proves nothing");
        }
    }
}

#[test]
fn a_memory_that_was_taught_gets_a_weight() {
    #[derive(clap::Parser)]
    struct Training {
        #[command(flatten)]
        args: crate::train::TrainArgs,
    }
    let weight = |arguments: &[&str], name: &str, given: &[&str]| {
        let work = tempfile::tempdir().unwrap();
        let (run, out) = (work.path().join("run"), work.path().join(name));
        let mut checkpoint = store_run(&run, spec(Upsampling::Nearest), Channels::Luma);
        let usual = ["train", "--footage", "x", "--out", "y"];
        let Training { args } = clap::Parser::parse_from([&usual[..], arguments].concat());
        checkpoint.run.training = Some(args.training(Task::Prediction).unwrap());
        fs::remove_dir_all(&run).unwrap();
        fs::create_dir_all(&run).unwrap();
        checkpoint.store(&run).unwrap();
        command(&[&["export", text(&run), "--out", text(&out)], given].concat()).unwrap();
        Bundle::load(&out).unwrap().manifest().score.memory_weight
    };
    assert_eq!(weight(&[], "plain", &[]), 0.0);
    assert_eq!(weight(&["--skip-frames", "0.25"], "taught", &[]), 0.25);
    assert_eq!(weight(&["--skip-frames", "0.25"], "given", &["--memory-weight", "1.5"]), 1.5);
}

/// The plain forward pass against PyTorch's numbers, by way of graphs that
/// were exported by another program.
#[test]
fn the_plain_forward_pass_agrees_with_an_exported_graph() {
    let work = tempfile::tempdir().unwrap();
    let run = work.path().join("run");
    let checkpoint = store_run(&run, spec(Upsampling::Transposed), Channels::Luma);
    let (encoder, decoder) = graphs::emit(&checkpoint.network, &checkpoint.weights).unwrap();
    let theirs = BundleFiles::read(&reference("tiny-paper")).unwrap();
    let operators = |model: &tract_onnx::pb::ModelProto| -> Vec<String> {
        model.graph.as_ref().unwrap().node.iter().map(|n| n.op_type.clone()).collect()
    };
    assert_eq!(operators(&encoder), operators(&theirs.encoder));
    assert_eq!(operators(&decoder), operators(&theirs.decoder));
}

#[test]
fn grey_folding_changes_nothing_for_grey_frames() {
    let work = tempfile::tempdir().unwrap();
    let run = work.path().join("run");
    let colour = store_run(&run, spec(Upsampling::Nearest), Channels::Bgr);
    let mut grey = colour.clone();
    grey::fold(&mut grey).unwrap();
    let items = Array2::from_shape_vec((4, 16), colour.items.data.clone()).unwrap();
    let memory = Memory::new(items, 1.0).unwrap();
    let frames = Array3::from_shape_fn((4, 16, 24), |(t, y, x)| {
        ((t * 5 + y * 3 + x * 7) as f32 * 0.37).sin()
    });
    let thrice = Array3::from_shape_fn((12, 16, 24), |(c, y, x)| frames[[c / 3, y, x]]);
    let wanted = forward(&colour.network, &colour.weights, &memory, &thrice).unwrap();
    let got = forward(&grey.network, &grey.weights, &memory, &frames).unwrap();
    let far = |a: f32, b: f32| (a - b).abs() < 1e-5;
    assert!(wanted.query.iter().zip(&got.query).all(|(a, b)| far(*a, *b)));
    for ((y, x), value) in got.prediction.index_axis(ndarray::Axis(0), 0).indexed_iter() {
        let before_tanh = |c: usize| wanted.prediction[[c, y, x]].atanh();
        let mean = (0..3).map(before_tanh).sum::<f32>() / 3.0;
        assert!(far(mean.tanh(), *value));
    }
    let out = work.path().join("out");
    command(&["export", text(&run), "--out", text(&out), "--grey"]).unwrap();
    assert_eq!(Bundle::load(&out).unwrap().manifest().input.channels, Channels::Luma);
}

#[test]
fn runs_that_cannot_be_exported_are_refused() {
    let work = tempfile::tempdir().unwrap();
    let (run, out) = (work.path().join("run"), work.path().join("out"));
    let args = ["export", text(&run), "--out", text(&out)];
    assert!(refusal(&args).contains("is not a RUN"), "{}", refusal(&args));
    store_run(&run, spec(Upsampling::Nearest), Channels::Luma);
    let file = run.join(RUN_FILE);
    let original = fs::read_to_string(&file).unwrap();
    fs::write(&file, original.replace("format_version = 1", "format_version = 9")).unwrap();
    assert!(refusal(&args).contains("version 9"), "{}", refusal(&args));
    fs::write(&file, &original).unwrap();
    let grey = refusal(&[&args[..], &["--grey"]].concat());
    assert!(grey.contains("grey frames already"), "{grey}");
    let best = run.join("best.safetensors");
    let bytes = fs::read(&best).unwrap();
    fs::write(&best, &bytes[..bytes.len() / 2]).unwrap();
    assert!(refusal(&args).contains("best.safetensors is damaged"), "{}", refusal(&args));
    assert!(!out.exists());
}

/// The runtime shows a reconstruction network the frame that it judges and
/// compares the answer with that same frame: from the first frame on every one
/// has a score, and it is the plain forward pass's.
#[test]
fn a_reconstruction_is_compared_with_the_frame_that_was_shown() {
    let work = tempfile::tempdir().unwrap();
    let (run, out) = (work.path().join("run"), work.path().join("out"));
    let recon =
        NetworkSpec { task: Task::Reconstruction, skips: false, ..spec(Upsampling::Transposed) };
    let checkpoint = store_run(&run, recon, Channels::Bgr);
    let items = Array2::from_shape_vec((4, 16), checkpoint.items.data.clone()).unwrap();
    let memory = Memory::new(items, 1.0).unwrap();
    command(&["export", text(&run), "--out", text(&out)]).unwrap();
    let bundle = Bundle::load(&out).unwrap();
    let manifest = bundle.manifest();
    assert!(manifest.input.reconstructs());
    assert_eq!((manifest.score.lambda, manifest.score.gate_threshold), (0.7, 0.015));
    assert!(bundle.predictor().engine().is_ok(), "our own kernels take it");

    let footage = footage(6, 32);
    let judged = play_all(&bundle, footage.path());
    assert_eq!(judged.len(), 6);
    let mut map = ErrorMap::new(Mask::everything(24, 16), manifest.score.into());
    for (frame, score) in &judged {
        let shown = Array3::from_shape_vec((3, 16, 24), frame.clone()).unwrap();
        let shown = shown.mapv(|b| f32::from(b) / 127.5 - 1.0);
        let answer = forward(&checkpoint.network, &checkpoint.weights, &memory, &shown).unwrap();
        let psnr = psnr_db(&map.measure(answer.prediction.as_slice().unwrap(), frame, 0));
        assert!((psnr - score.psnr_db).abs() < 1e-3, "{psnr} and {}", score.psnr_db);
    }
    let int8 = work.path().join("int8");
    let given = ["--footage", text(footage.path())];
    command(&[&["quantize", text(&out), "--out", text(&int8)], &given[..]].concat()).unwrap();
    command(&[&["verify", text(&out), text(&int8)], &given[..]].concat()).unwrap();
}

/// Every judged frame as the model saw it, with its score.
fn play_all(bundle: &Bundle, footage: &Path) -> Vec<(Vec<u8>, FrameScore)> {
    let input = bundle.manifest().input;
    let options = PlayOptions {
        alarm: default_alarm(NO_LEVELS),
        mask: Mask::everything(input.width_px, input.height_px),
        scoring: Scoring::new(None, bundle),
        update: UpdatePolicy::Frozen,
        fps: input.fps,
        stabilise: true,
        motion_gate_levels: None,
        slow: SlowViewOptions::default(),
        pictures: None,
        trace: None,
    };
    let mut judged = Vec::new();
    let clips = list_footage(footage).unwrap();
    play(bundle, &clips, &options, None::<JsonLines<Vec<u8>>>, &mut |playing| {
        judged.push((playing.frame.to_vec(), playing.step.score.unwrap()));
        Ok::<(), PlayError>(())
    })
    .unwrap();
    judged
}
