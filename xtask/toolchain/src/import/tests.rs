//! Checkpoints of both of PyTorch's containers, whole and damaged.

use std::fs;
use std::path::Path;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::net::{initial_items, initial_weights};

const MAGIC: [u8; 10] = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

/// Writes the container of PyTorch 0.1.10 to 1.5: pickles of magic number,
/// protocol, system, object and keys, then the storages.
struct Legacy {
    object: Vec<u8>,
    storages: Vec<Vec<f32>>,
}

impl Legacy {
    fn text(&mut self, text: &str) {
        self.object.push(b'X');
        self.object.extend((text.len() as u32).to_le_bytes());
        self.object.extend(text.as_bytes());
    }

    fn number(&mut self, number: usize) {
        self.object.push(b'J');
        self.object.extend((number as i32).to_le_bytes());
    }

    fn tuple(&mut self, numbers: impl Iterator<Item = usize>) {
        self.object.push(b'(');
        numbers.for_each(|n| self.number(n));
        self.object.push(b't');
    }

    fn tensor(&mut self, tensor: &Tensor) {
        self.object.extend(b"ctorch._utils\n_rebuild_tensor_v2\n((");
        self.text("storage");
        self.object.extend(b"ctorch\nFloatStorage\n");
        let key = self.storages.len().to_string();
        self.text(&key);
        self.text("cpu");
        self.number(tensor.data.len());
        self.object.extend(b"NtQ");
        self.number(0);
        self.tuple(tensor.shape.iter().copied());
        let strides = (0..tensor.shape.len()).map(|i| tensor.shape[i + 1..].iter().product());
        self.tuple(strides);
        self.object.extend(b"\x89ccollections\nOrderedDict\n)RtR");
        self.storages.push(tensor.data.clone());
    }

    fn write(mut self, path: &Path) {
        let mut bytes = b"\x80\x02\x8a\x0a".to_vec();
        bytes.extend(MAGIC);
        bytes.extend(b".\x80\x02M\xe9\x03.\x80\x02}(X\x0d\0\0\0little_endian\x88u.");
        bytes.extend(b"\x80\x02");
        bytes.append(&mut self.object);
        bytes.extend(b".\x80\x02](");
        for key in 0..self.storages.len() {
            let key = key.to_string();
            bytes.push(b'X');
            bytes.extend((key.len() as u32).to_le_bytes());
            bytes.extend(key.as_bytes());
        }
        bytes.extend(b"e.");
        for storage in &self.storages {
            bytes.extend((storage.len() as u64).to_le_bytes());
            bytes.extend(storage.iter().flat_map(|v| v.to_le_bytes()));
        }
        fs::write(path, bytes).unwrap();
    }
}

fn state_dict(weights: &Weights, path: &Path) {
    let mut file = Legacy { object: b"}(".to_vec(), storages: Vec::new() };
    for (name, tensor) in &weights.0 {
        file.text(&names::published_name(name).unwrap());
        file.tensor(tensor);
    }
    // What the released code carries along and never uses.
    file.text("encoder.moduleBatchNorm.weight");
    file.tensor(&Tensor::filled(&[16], 1.0));
    file.object.push(b'u');
    file.write(path);
}

fn lone_tensor(tensor: &Tensor, path: &Path) {
    let mut file = Legacy { object: Vec::new(), storages: Vec::new() };
    file.tensor(tensor);
    file.write(path);
}

fn network(task: Task, frames: usize) -> Network {
    let spec = NetworkSpec {
        task,
        base_width: 2,
        upsampling: Upsampling::Transposed,
        predicts: Predicts::Frame,
        skips: task == Task::Prediction,
        items: 5,
        temperature: 1.0,
    };
    let input = InputSection {
        width_px: 16,
        height_px: 16,
        channels: Channels::Bgr,
        frames,
        frame_spacing: 1,
        fps: 10.0,
        resize: Resize::Bilinear,
        relight: false,
    };
    Network::build(spec, input).unwrap()
}

fn arguments(folder: &Path) -> ImportArgs {
    ImportArgs {
        pytorch: folder.join("model.pth"),
        keys: folder.join("keys.pt"),
        out: folder.join("run"),
        side_px: 16,
        fps: 10.0,
        training_data: "Nothing.".into(),
        json: false,
    }
}

fn refusal(folder: &Path) -> String {
    format!("{:#}", run(&arguments(folder)).unwrap_err())
}

#[test]
fn a_checkpoint_comes_back_array_by_array() {
    for (task, frames) in [(Task::Prediction, 4), (Task::Reconstruction, 1)] {
        let network = network(task, frames);
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let weights = initial_weights(&network, &mut rng);
        let items = initial_items(&network, &mut rng);
        let folder = tempfile::tempdir().unwrap();
        state_dict(&weights, &folder.path().join("model.pth"));
        lone_tensor(&items, &folder.path().join("keys.pt"));
        run(&arguments(folder.path())).unwrap();
        let imported = Checkpoint::load(&folder.path().join("run")).unwrap();
        assert_eq!(imported.weights, weights);
        assert_eq!(imported.items, items);
        assert_eq!(imported.network, network);
    }
}

#[test]
fn wrong_files_are_refused_with_the_reason() {
    let network = network(Task::Prediction, 4);
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let weights = initial_weights(&network, &mut rng);
    let items = initial_items(&network, &mut rng);
    let folder = tempfile::tempdir().unwrap();
    let (model, keys) = (folder.path().join("model.pth"), folder.path().join("keys.pt"));
    lone_tensor(&items, &keys);

    fs::write(&model, b"not a checkpoint").unwrap();
    assert!(
        refusal(folder.path()).contains("not a PyTorch checkpoint"),
        "{}",
        refusal(folder.path())
    );

    let mut missing = weights.clone();
    missing.0.remove("dec3.conv2.bias");
    state_dict(&missing, &model);
    assert!(refusal(folder.path()).contains("dec3.conv2.bias"), "{}", refusal(folder.path()));

    state_dict(&weights, &model);
    let whole = fs::read(&model).unwrap();
    fs::write(&model, &whole[..whole.len() - 1000]).unwrap();
    assert!(refusal(folder.path()).contains("model.pth"), "{}", refusal(folder.path()));

    fs::write(&model, &whole).unwrap();
    fs::write(&keys, &fs::read(&keys).unwrap()[..300]).unwrap();
    assert!(refusal(folder.path()).contains("cut short"), "{}", refusal(folder.path()));
    lone_tensor(&Tensor::filled(&[5, 16], 1.0), &keys);
    assert!(refusal(folder.path()).contains("item 0 has length"), "{}", refusal(folder.path()));
    assert!(!folder.path().join("run").exists());
}

/// A checkpoint that torch 2.15 wrote (docs/research/published_checkpoint.py),
/// and what torch answers with it.
#[test]
fn a_checkpoint_of_todays_pytorch_answers_as_there() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/pytorch");
    let folder = tempfile::tempdir().unwrap();
    let args = ImportArgs {
        pytorch: fixture.join("model.pth"),
        keys: fixture.join("keys.pt"),
        ..arguments(folder.path())
    };
    run(&args).unwrap();
    let imported = Checkpoint::load(&args.out).unwrap();
    let (items, channels) = (imported.network.spec.items, imported.network.spec.query_channels());
    let items = ndarray::Array2::from_shape_vec((items, channels), imported.items.data.clone());
    let memory = normwatch::model::Memory::new(items.unwrap(), 1.0).unwrap();
    let file = fs::File::open(fixture.join("answer.npz")).unwrap();
    let mut answer = ndarray_npy::NpzReader::new(file).unwrap();
    let mut array = |name: &str| -> ndarray::ArrayD<f32> { answer.by_name(name).unwrap() };
    let frames = array("frames").into_dimensionality().unwrap();
    let ours =
        crate::export::forward(&imported.network, &imported.weights, &memory, &frames).unwrap();
    let near = |name: &str, ours: ndarray::ArrayViewD<'_, f32>, theirs: ndarray::ArrayD<f32>| {
        assert_eq!(ours.shape(), theirs.shape(), "{name}");
        let far = ours.iter().zip(&theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(far < 1e-5, "{name} is {far} away");
    };
    near("query", ours.query.view().into_dyn(), array("query"));
    near("read", ours.read.view().into_dyn(), array("read"));
    near("prediction", ours.prediction.view().into_dyn(), array("prediction"));
}

/// Bytes changed, lost or doubled, in both containers: an error or an answer,
/// and neither a panic nor an allocation of what a damaged size claims.
#[test]
fn damaged_files_are_read_or_refused() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/pytorch");
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let network = network(Task::Prediction, 4);
    let rng = &mut ChaCha8Rng::seed_from_u64(5);
    state_dict(&initial_weights(&network, rng), &path("legacy.pth"));
    let items = initial_items(&network, rng);
    lone_tensor(&items, &path("legacy.pt"));
    let (channels, mut refused) = (items.shape[1], 0);
    for (file, is_model) in [
        (fixture.join("model.pth"), true),
        (path("legacy.pth"), true),
        (fixture.join("keys.pt"), false),
        (path("legacy.pt"), false),
    ] {
        let whole = fs::read(file).unwrap();
        for round in 0..150 {
            let mut bytes = whole.clone();
            // The structure is at both ends, the arrays between them.
            let end = rng.random_range(1..=bytes.len().min(3000));
            let at = if round % 2 == 0 { end - 1 } else { bytes.len() - end };
            match round % 5 {
                0 => bytes.truncate(at),
                1 => drop(bytes.remove(at)),
                2 => bytes.insert(at, bytes[at]),
                _ => bytes[at] ^= 1 << rng.random_range(0..8),
            }
            let damaged = path("damaged");
            fs::write(&damaged, bytes).unwrap();
            refused += usize::from(match is_model {
                true => read_arrays(&damaged).is_err(),
                false => items::read(&damaged, channels).is_err(),
            });
        }
    }
    assert!(refused > 200, "only {refused} of 600 were refused");
}
