//! The graphs that are exported and quantised, checked by ONNX's own checker
//! and run by ONNX Runtime.

use std::fs::{self, File};
use std::path::Path;

use ndarray::ArrayD;
use ndarray_npy::NpzWriter;
use tract_onnx::prelude::{DatumType, Tensor};

use crate::bundle::{BundleFiles, Pipeline};
use crate::fixture::{command, footage, reference, text};
use crate::onnx::{Fidelity, as_f32, encode, graph_of};

/// Runs `script` with arguments and returns what it prints.
fn python(script: &str, args: &[&str]) -> String {
    let mut command = std::process::Command::new(normwatch_host::python::interpreter().unwrap());
    let output = command.args(["-c", script]).args(args).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

fn add(npz: &mut NpzWriter<File>, name: &str, tensor: &Tensor) {
    let shape = tensor.shape();
    let values = as_f32(tensor).unwrap();
    if tensor.datum_type() == DatumType::I8 {
        let values = values.iter().map(|&v| v as i8).collect();
        npz.add_array(name, &ArrayD::from_shape_vec(shape, values).unwrap()).unwrap();
    } else {
        npz.add_array(name, &ArrayD::from_shape_vec(shape, values).unwrap()).unwrap();
    }
}

/// Writes graphs and what tract makes of them, node by node.
fn store(bundle: &Path, folder: &Path) {
    let files = BundleFiles::read(bundle).unwrap();
    let graphs = (&files.encoder, &files.decoder);
    let pipeline = Pipeline::new(graphs, &files.memory, [&[], &[]], Fidelity::Plain).unwrap();
    let past: Vec<u8> = files.golden.frames.iter().copied().collect();
    let outcome = pipeline.run(&past).unwrap();
    fs::create_dir_all(folder).unwrap();
    let npz = |name: &str| NpzWriter::new(File::create(folder.join(name)).unwrap());
    let (mut encoder, mut decoder) = (npz("encoder.npz"), npz("decoder.npz"));
    let frames = files.golden.frames.mapv(|b| f32::from(b) / 127.5 - 1.0);
    let frames = frames.insert_axis(ndarray::Axis(0));
    let input = &graph_of(&files.encoder).unwrap().input[0].name;
    encoder.add_array(format!("in_{input}"), &frames).unwrap();
    let (given, taken) = (graph_of(&files.encoder).unwrap(), graph_of(&files.decoder).unwrap());
    for output in &given.output {
        add(&mut encoder, &format!("out_{}", output.name), &outcome.encoder[&output.name]);
    }
    for (output, input) in given.output.iter().zip(&taken.input).skip(1) {
        add(&mut decoder, &format!("in_{}", input.name), &outcome.encoder[&output.name]);
    }
    let joined = ndarray::concatenate(
        ndarray::Axis(0),
        &[files.golden.query.view(), files.golden.read.view()],
    );
    let joined = joined.unwrap().insert_axis(ndarray::Axis(0));
    let joined = joined.as_standard_layout();
    decoder.add_array(format!("in_{}", taken.input[0].name), &joined).unwrap();
    let mut inputs = vec![Tensor::from_shape(joined.shape(), joined.as_slice().unwrap()).unwrap()];
    inputs.extend(given.output.iter().skip(1).map(|o| outcome.encoder[&o.name].clone()));
    let session = crate::onnx::Session::new(&files.decoder, &[], Fidelity::Plain).unwrap();
    let answers = session.run(inputs).unwrap();
    for output in &taken.output {
        add(&mut decoder, &format!("out_{}", output.name), &answers[&output.name]);
    }
    encoder.finish().unwrap();
    decoder.finish().unwrap();
    fs::write(folder.join("encoder.onnx"), encode(&files.encoder)).unwrap();
    fs::write(folder.join("decoder.onnx"), encode(&files.decoder)).unwrap();
}

#[test]
fn the_checker_and_onnx_runtime_agree_with_tract() {
    let work = tempfile::tempdir().unwrap();
    let footage = footage(60, 32);
    let mut folders = Vec::new();
    for name in ["tiny-paper", "tiny-nearest", "tiny-change"] {
        let bundle = reference(name);
        let out = |kind: &str| work.path().join(format!("{name}-{kind}"));
        let (int8, f16) = (out("int8"), out("f16"));
        let quantize = ["quantize", text(&bundle), "--out"];
        let with = ["--footage", text(footage.path()), "--max-drift", "1"];
        command(&[&quantize[..], &[text(&int8)], &with].concat()).unwrap();
        command(&[&quantize[..], &[text(&f16), "--to", "f16"]].concat()).unwrap();
        for (kind, bundle) in [("f32", &bundle), ("int8", &int8), ("f16", &f16)] {
            let folder = work.path().join("check").join(format!("{name}-{kind}"));
            store(bundle, &folder);
            folders.push(folder);
        }
    }
    let folders: Vec<&str> = folders.iter().map(|f| text(f)).collect();
    let said = python(include_str!("check_onnx.py"), &folders);
    assert_eq!(said.lines().count(), 6 * 5 + 3 * 6, "{said}");
}

#[test]
fn onnx_runtime_runs_the_qdq_graphs() {
    let work = tempfile::tempdir().unwrap();
    let footage = footage(60, 32);
    let mut folders = Vec::new();
    for name in ["tiny-paper", "tiny-nearest", "tiny-change"] {
        for activations in ["u8", "i8"] {
            let bundle = reference(name);
            let (int8, qdq) = (work.path().join("int8"), work.path().join("qdq"));
            let args = ["quantize", text(&bundle), "--out", text(&int8), "--qdq", text(&qdq)];
            let how = ["--qdq-activations", activations, "--max-drift", "1"];
            command(&[&args[..], &how, &["--footage", text(footage.path())]].concat()).unwrap();
            let folder = work.path().join(format!("{name}-{activations}"));
            store(&bundle, &folder);
            for graph in ["encoder.onnx", "decoder.onnx"] {
                fs::copy(qdq.join(graph), folder.join(graph)).unwrap();
            }
            fs::remove_dir_all(&int8).unwrap();
            fs::remove_dir_all(&qdq).unwrap();
            folders.push(folder);
        }
    }
    let folders: Vec<&str> = folders.iter().map(|f| text(f)).collect();
    let said = python(include_str!("check_qdq.py"), &folders);
    assert_eq!(said.lines().count(), 6 * 2, "{said}");
}
