//! Two training steps against PyTorch's: tests/fixtures/reference/training.npz.

use std::fs::File;
use std::path::PathBuf;

use ndarray::ArrayD;
use ndarray_npy::{NpzReader, ReadableElement};
use normwatch::model::InputSection;
use normwatch::preprocess::{Channels, Resize};

use super::*;
use crate::net::{NetworkSpec, Parameter, ParameterKind, Predicts, Task, Upsampling, Weights};
use crate::train::window::WindowShape;

const TOLERANCE: f32 = 1e-4;
const LEARNING_RATE: f64 = 2e-4;

struct Reference {
    file: NpzReader<File>,
    case: &'static str,
}

impl Reference {
    fn open(case: &'static str) -> Self {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/reference");
        let file = NpzReader::new(File::open(root.join("training.npz")).unwrap()).unwrap();
        Self { file, case }
    }

    fn array<T: ReadableElement>(&mut self, name: &str) -> ArrayD<T> {
        let name = format!("{}/{name}", self.case);
        self.file.by_name(&name).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    fn numbers(&mut self, name: &str) -> Vec<f32> {
        self.array(name).into_raw_vec_and_offset().0
    }

    fn items(&mut self, name: &str) -> Tensor {
        let items = self.array::<f32>(name);
        Tensor::new(items.shape(), items.clone().into_raw_vec_and_offset().0)
    }

    fn losses(&mut self, step: usize) -> [f32; 3] {
        self.numbers(&format!("losses{step}")).try_into().unwrap()
    }
}

/// Cuts a stored vector into the network's arrays, in order of name.
fn unflatten(network: &Network, flat: &[f32], wanted: impl Fn(&Parameter) -> bool) -> Weights {
    let mut parameters: Vec<Parameter> = network.parameters().into_iter().filter(wanted).collect();
    parameters.sort_by(|a, b| a.name.cmp(&b.name));
    let (mut weights, mut rest) = (Weights::default(), flat);
    for Parameter { name, shape, .. } in parameters {
        let (data, left) = rest.split_at(shape.iter().product());
        weights.insert(name, Tensor::new(&shape, data.to_vec()));
        rest = left;
    }
    assert!(rest.is_empty(), "{} numbers are left over", rest.len());
    weights
}

fn network(task: Task, base_width: usize, items: usize, upsampling: Upsampling) -> Network {
    let prediction = task == Task::Prediction;
    let spec = NetworkSpec {
        task,
        base_width,
        upsampling,
        predicts: Predicts::Frame,
        skips: prediction,
        items,
        temperature: 1.0,
    };
    let input = InputSection {
        width_px: 16,
        height_px: 16,
        relight: false,
        channels: if prediction { Channels::Luma } else { Channels::Bgr },
        frames: if prediction { 4 } else { 1 },
        frame_spacing: 1,
        fps: 10.0,
        resize: Resize::Bilinear,
    };
    Network::build(spec, input).unwrap()
}

fn assert_near(name: &str, ours: &[f32], theirs: &[f32], tolerance: f32) {
    assert_eq!(ours.len(), theirs.len(), "{name}");
    for (index, (a, b)) in ours.iter().zip(theirs).enumerate() {
        assert!((a - b).abs() <= tolerance, "{name}[{index}]: {a}, PyTorch has {b}");
    }
}

/// The CPU and, where burn is there, what it is tested against.
fn places() -> Vec<Place> {
    vec![
        Place::Cpu,
        #[cfg(feature = "burn")]
        Place::Device(burn::tensor::Device::flex()),
    ]
}

fn check(case: &'static str, network: Network, auxiliary: f64) {
    for place in places() {
        check_at(case, &network, auxiliary, &place);
    }
}

fn check_at(case: &'static str, network: &Network, auxiliary: f64, place: &Place) {
    let mut reference = Reference::open(case);
    let weights = unflatten(network, &reference.numbers("weights"), |_| true);
    let items = reference.items("items0");
    let objective = Objective {
        motion: 0.0,
        compact: auxiliary,
        separate: auxiliary,
        normaliser: Normaliser::Released,
        keep: None,
    };
    let learner = || {
        let engine = place.engine(network.clone(), &weights, Mode::Training).unwrap();
        Learner { engine, items: items.clone(), objective, teacher: None }
    };
    let shape = WindowShape::new(&network.spec, network.input);
    let mut batch = |step: usize| {
        let pixels = reference.array::<u8>(&format!("pixels{step}")).into_raw_vec_and_offset().0;
        let (mut inputs, mut targets) = (Vec::new(), Vec::new());
        let windows = pixels.chunks_exact(shape.window_len());
        windows.for_each(|window| shape.split(window, &mut inputs, &mut targets));
        shape.batch(&inputs, &targets)
    };
    let batches = [batch(1), batch(2)];

    let mut untrained = learner();
    let (_, matched) = untrained.backward(&batches[0], None).unwrap();
    let trained = |p: &Parameter| p.kind == ParameterKind::Trained;
    let gradients = unflatten(network, &reference.numbers("gradients"), trained);
    for (name, expected) in &gradients.0 {
        let ours = untrained.engine.gradient(name).unwrap();
        let largest = expected.data.iter().fold(0f32, |largest, v| largest.max(v.abs()));
        assert_near(&format!("{case} gradient of {name}"), &ours, &expected.data, TOLERANCE);
        // Weak for small gradients, so relative to the array's largest too.
        let relative = (1e-3 * largest).max(1e-5);
        assert_near(&format!("{case} gradient of {name}"), &ours, &expected.data, relative);
    }
    let by_paper = matched.update(Normaliser::Paper, 1.0, None);
    let expected = reference.numbers("items_paper");
    assert_near(&format!("{case} items by the paper"), &by_paper.data, &expected, TOLERANCE);

    let mut learner = learner();
    for (step, batch) in (1..).zip(&batches) {
        let losses = learner.step(batch, None, LEARNING_RATE).unwrap();
        let ours = [losses.pixel, losses.compact, losses.separate].map(|loss| loss as f32);
        let theirs = reference.losses(step);
        assert_near(&format!("{case} losses of step {step}"), &ours, &theirs, TOLERANCE);
        let items = reference.numbers(&format!("items{step}"));
        assert_near(
            &format!("{case} items of step {step}"),
            &learner.items.data,
            &items,
            TOLERANCE,
        );
    }
    let after = unflatten(network, &reference.numbers("after"), |_| true);
    check_weights(case, &learner.engine.weights().unwrap(), &after, &gradients);
}

/// Adam divides by the gradient's own size, so where that is nothing but
/// rounding (a bias before BatchNorm) the step is as well, and only its length
/// is known: at most the learning rate each time.
fn check_weights(case: &str, ours: &Weights, theirs: &Weights, gradients: &Weights) {
    let mut compared = 0;
    for (name, expected) in &theirs.0 {
        let ours = &ours.0[name].data;
        let Some(gradient) = gradients.0.get(name) else {
            assert_near(&format!("{case} {name}"), ours, &expected.data, 1e-4);
            continue;
        };
        for (index, ((a, b), gradient)) in
            ours.iter().zip(&expected.data).zip(&gradient.data).enumerate()
        {
            let known = gradient.abs() > 1e-4;
            compared += usize::from(known);
            let tolerance = if known { 2e-5 } else { 4.0 * LEARNING_RATE as f32 };
            assert!((a - b).abs() <= tolerance, "{case} {name}[{index}]: {a}, PyTorch has {b}");
        }
    }
    assert!(compared > 1000, "only {compared} weights had a gradient to speak of");
}

#[test]
fn prediction_with_transposed_convolutions_steps_as_in_pytorch() {
    check("transposed", network(Task::Prediction, 2, 10, Upsampling::Transposed), 0.1);
}

#[test]
fn prediction_with_nearest_upsampling_steps_as_in_pytorch() {
    check("nearest", network(Task::Prediction, 1, 4, Upsampling::Nearest), 0.1);
}

#[test]
fn reconstruction_steps_as_in_pytorch() {
    check("recon", network(Task::Reconstruction, 1, 4, Upsampling::Transposed), 0.01);
}
