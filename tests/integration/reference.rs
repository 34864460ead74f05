//! Agreement with an independent implementation in PyTorch, whose tensors lie
//! under `tests/fixtures/reference` (written by `docs/research/fixtures.py`).

use std::fs::File;
use std::path::{Path, PathBuf};

use ndarray::{Array, Array1, Array2, Array3, ArrayD, Dimension, Ix0, Ix1, Ix2, Ix3};
use ndarray_npy::{NpzReader, ReadableElement};
use normwatch::model::{Bundle, Memory, Normaliser, update_items};
use normwatch::score::{BlockRule, ErrorMap, Mask, auc, gate_error, normality, psnr_db};

const TOLERANCE: f64 = 1e-4;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/reference")
}

fn read<T: ReadableElement, D: Dimension>(name: &str) -> Array<T, D> {
    let file = File::open(folder().join("reference.npz")).unwrap();
    let mut npz = NpzReader::new(file).unwrap();
    npz.by_name(name).unwrap_or_else(|e| panic!("array {name}: {e}"))
}

fn scalar(name: &str) -> f64 {
    read::<f64, Ix0>(name).into_scalar()
}

fn assert_close<'a>(
    name: &str,
    got: impl IntoIterator<Item = &'a f32>,
    expected: impl IntoIterator<Item = &'a f32>,
) {
    let (mut n, mut worst) = (0, 0.0f64);
    let mut expected = expected.into_iter();
    for a in got {
        let b = expected.next().expect("as many values");
        worst = worst.max((f64::from(*a) - f64::from(*b)).abs());
        n += 1;
    }
    assert!(expected.next().is_none() && n > 0, "{name}: another number of values");
    assert!(worst <= TOLERANCE, "{name}: off by {worst:e} over {n} values");
}

fn memory_case(temperature: f32) -> (Memory, Array2<f32>) {
    let items: Array2<f32> = read::<f32, Ix2>("memory_items");
    let queries: Array2<f32> = read::<f32, Ix2>("memory_queries");
    let columns = queries.t().as_standard_layout().into_owned();
    (Memory::new(items, temperature).unwrap(), columns)
}

#[test]
fn memory_read_agrees() {
    for (temperature, tag) in [(1.0, "t1"), (0.1, "t01")] {
        let (memory, queries) = memory_case(temperature);
        let got = memory.read(queries.view());
        let weights: Array2<f32> = read::<f32, Ix2>(&format!("memory_weights_{tag}"));
        let expected: Array2<f32> = read::<f32, Ix2>(&format!("memory_read_{tag}"));
        assert_close("weights", got.weights.t().iter(), weights.iter());
        assert_close("read", got.read.t().iter(), expected.iter());
        let nearest: Array1<i32> = read::<i32, Ix1>("memory_nearest");
        let second: Array1<i32> = read::<i32, Ix1>("memory_second");
        assert!(got.nearest.iter().zip(&nearest).all(|(a, b)| *a == *b as usize));
        assert!(got.second.iter().zip(&second).all(|(a, b)| *a == *b as usize));
        let squared: Array1<f32> = read::<f32, Ix1>("memory_squared_distance");
        assert_close("distance", &got.nearest_distance_sq, squared.iter());
        let compactness = f64::from(read::<f32, Ix0>("memory_compactness").into_scalar());
        let separateness = f64::from(read::<f32, Ix0>("memory_separateness").into_scalar());
        assert!((got.compactness() - compactness).abs() <= TOLERANCE);
        assert!((got.separateness() - separateness).abs() <= TOLERANCE);
    }
}

#[test]
fn memory_update_agrees_for_both_normalisers() {
    for (temperature, tag) in [(1.0, "t1"), (0.1, "t01")] {
        for (normaliser, name) in [(Normaliser::Released, "released"), (Normaliser::Paper, "paper")]
        {
            let (mut memory, queries) = memory_case(temperature);
            let before = memory.items().to_owned();
            let result = memory.read(queries.view());
            update_items(&mut memory, queries.view(), &result, normaliser);
            let expected: Array2<f32> = read::<f32, Ix2>(&format!("memory_updated_{name}_{tag}"));
            assert_close(name, memory.items().iter(), expected.iter());
            assert_eq!(memory.items().row(5), before.row(5), "item 5 is nobody's nearest");
        }
    }
}

#[test]
fn error_terms_agree() {
    let prediction: ArrayD<f32> = read("error_prediction");
    let target: ArrayD<f32> = read("error_target");
    let expect = |name: &str| -> Vec<f64> { read::<f64, Ix1>(name).to_vec() };
    let (mse, psnr, gate, block) = (
        expect("error_mse"),
        expect("error_psnr"),
        expect("error_weighted"),
        expect("error_block5"),
    );
    let (height, width) = (prediction.shape()[2], prediction.shape()[3]);
    let mut map = ErrorMap::new(Mask::everything(width, height), BlockRule::plain(5));
    for frame in 0..prediction.shape()[0] {
        let values = prediction.index_axis(ndarray::Axis(0), frame);
        let values: Vec<f32> = values.iter().copied().collect();
        let bytes: Vec<u8> = target
            .index_axis(ndarray::Axis(0), frame)
            .iter()
            .map(|v| ((v + 1.0) * 127.5).round() as u8)
            .collect();
        let error = map.measure(&values, &bytes, frame as u64);
        assert!((error.mse - mse[frame]).abs() <= TOLERANCE);
        assert!((psnr_db(&error) - psnr[frame]).abs() <= 1e-3, "{frame}");
        assert!((f64::from(error.worst_block.mean_sq) - block[frame]).abs() <= TOLERANCE);
        assert!((gate_error(&values, &bytes) - gate[frame]).abs() <= TOLERANCE);
    }
}

#[test]
fn auc_agrees() {
    let labels: Array1<u8> = read::<u8, Ix1>("auc_labels");
    let scores: Array1<f64> = read::<f64, Ix1>("auc_scores");
    let truth: Vec<bool> = labels.iter().map(|&l| l == 1).collect();
    let got = auc(scores.as_slice().unwrap(), &truth).unwrap();
    assert!((got - scalar("auc_value")).abs() < 1e-12);
}

/// Loading compares encoder, read and decoder with PyTorch's golden vectors;
/// here the same comparison is made with the tighter tolerance.
#[test]
fn every_network_form_agrees_with_pytorch() {
    for name in ["tiny-paper", "tiny-nearest", "tiny-bgr"] {
        let path = folder().join(name);
        let bundle = Bundle::load(&path).unwrap_or_else(|e| panic!("{e}"));
        let mut npz = NpzReader::new(File::open(path.join("golden.npz")).unwrap()).unwrap();
        let frames: Array3<u8> = npz.by_name("frames").unwrap();
        let (query, recalled, prediction): (Array3<f32>, Array3<f32>, Array3<f32>) = (
            npz.by_name("query").unwrap(),
            npz.by_name("read").unwrap(),
            npz.by_name("prediction").unwrap(),
        );
        let mut predictor = bundle.predictor();
        let frame_len = bundle.manifest().input.spec().frame_len();
        predictor.predict(frames.as_slice().unwrap().chunks_exact(frame_len)).unwrap();
        assert_close("query", predictor.query().iter(), query.iter());
        assert_close("read", predictor.memory_read().read.iter(), recalled.iter());
        assert_close("prediction", predictor.prediction(), prediction.iter());
    }
}

/// The released evaluation, to the letter: score first, update after, the
/// memory carried over from clip to clip, each clip min-max normalised.
#[test]
fn evaluation_with_updates_agrees() {
    let bundle = Bundle::load(&folder().join("tiny-paper")).unwrap();
    let clips: ArrayD<u8> = read("eval_clips");
    let labels: Array2<u8> = read::<u8, Ix2>("eval_labels");
    let threshold = scalar("eval_gate_threshold");
    for (mode, normaliser) in [
        ("frozen", None),
        ("released", Some(Normaliser::Released)),
        ("paper", Some(Normaliser::Paper)),
    ] {
        let expected = |term: &str| read::<f64, Ix2>(&format!("eval_{mode}_{term}"));
        let (psnr, distance) = (expected("psnr"), expected("distance"));
        let (gate, score) = (expected("weighted_error"), expected("score"));
        let passes: Array2<u8> = read::<u8, Ix2>(&format!("eval_{mode}_gate"));
        let memories: Array3<f32> = read::<f32, Ix3>(&format!("eval_{mode}_memory"));
        let mut predictor = bundle.predictor();
        let mut map = ErrorMap::new(Mask::everything(32, 32), BlockRule::plain(5));
        let (mut abnormality, mut truth) = (Vec::new(), Vec::new());
        for clip in 0..clips.shape()[0] {
            let frames: Vec<u8> =
                clips.index_axis(ndarray::Axis(0), clip).iter().copied().collect();
            let frames: Vec<&[u8]> = frames.chunks_exact(32 * 32).collect();
            let (mut clip_psnr, mut clip_distance) = (Vec::new(), Vec::new());
            for (k, window) in frames.windows(5).enumerate() {
                predictor.predict(window[..4].iter().copied()).unwrap();
                let error = map.measure(predictor.prediction(), window[4], k as u64);
                let weighted = gate_error(predictor.prediction(), window[4]);
                clip_psnr.push(psnr_db(&error));
                clip_distance.push(predictor.memory_read().compactness());
                let at = [clip, k];
                assert!((clip_psnr[k] - psnr[at]).abs() <= 1e-3, "{mode} psnr {at:?}");
                assert!((clip_distance[k] - distance[at]).abs() <= TOLERANCE, "{mode} {at:?}");
                assert!((weighted - gate[at]).abs() <= TOLERANCE, "{mode} gate {at:?}");
                assert_eq!(weighted < threshold, passes[at] == 1, "{mode} gate {at:?}");
                if let Some(normaliser) = normaliser.filter(|_| weighted < threshold) {
                    predictor.update_memory(normaliser);
                }
                truth.push(labels[[clip, k + 4]] == 1);
            }
            let items = memories.index_axis(ndarray::Axis(0), clip);
            assert_close(mode, predictor.memory().items().iter(), items.iter());
            let normal = normality(&clip_psnr, &clip_distance, 0.6);
            for (k, s) in normal.iter().enumerate() {
                assert!((1.0 - s - score[[clip, k]]).abs() <= 1e-3, "{mode} score {clip} {k}");
                abnormality.push(1.0 - s);
            }
        }
        let got = auc(&abnormality, &truth).unwrap();
        assert!((got - scalar(&format!("eval_{mode}_auc"))).abs() <= 1e-9, "{mode} AUC");
    }
}
