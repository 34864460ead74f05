//! Writes a bundle whole or not at all.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use ndarray::{Array2, Array3, ArrayView2};
use ndarray_npy::{NpzWriter, WriteNpyExt};
use normwatch::model::{Bundle, Manifest, MotionMemory, UsualView};
use sha2::{Digest, Sha256};
use tract_onnx::pb::ModelProto;

use super::files::Golden;
use crate::onnx::encode;

/// All that a bundle is made of; checksums are added when it is written.
#[derive(Clone, Debug)]
pub struct BundleParts {
    pub manifest: Manifest,
    pub encoder: ModelProto,
    pub decoder: ModelProto,
    /// M×C.
    pub items: Array2<f32>,
    /// `view.npz`, where there is one.
    pub view: Option<UsualView>,
    /// `motion.npz`, where there is one.
    pub motion: Option<MotionMemory>,
    pub golden: Golden,
    pub card: String,
}

/// Writes a bundle beside `out`, loads it as the runtime does, self-test
/// included, and only then gives it its name.
///
/// # Errors
/// `out` exists, a file cannot be written, or the runtime refuses the bundle.
pub fn write_bundle(out: &Path, parts: &BundleParts) -> Result<Bundle> {
    ensure!(!out.exists(), "{} exists: remove it or choose another name", out.display());
    let part = sibling(out);
    if part.exists() {
        fs::remove_dir_all(&part).with_context(|| part.display().to_string())?;
    }
    let written = write_files(&part, parts).and_then(|()| Ok(Bundle::load(&part)?));
    if let Err(error) = written {
        let _ = fs::remove_dir_all(&part);
        return Err(error.context(format!("{} was not written", out.display())));
    }
    fs::rename(&part, out).with_context(|| format!("{} cannot be written", out.display()))?;
    Ok(Bundle::load(out)?)
}

fn sibling(out: &Path) -> PathBuf {
    let mut name = out.file_name().unwrap_or_default().to_os_string();
    name.push(".part");
    out.with_file_name(name)
}

fn write_files(folder: &Path, parts: &BundleParts) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let mut memory = Vec::new();
    parts.items.as_standard_layout().write_npy(&mut memory)?;
    let view = parts.view.as_ref().map(|view| ("view.npz", view.to_npz()));
    let motion = parts.motion.as_ref().map(|motion| ("motion.npz", motion.to_npz()));
    let files: Vec<(&str, Vec<u8>)> = [
        ("MODEL_CARD.md", parts.card.clone().into_bytes()),
        ("decoder.onnx", encode(&parts.decoder)),
        ("encoder.onnx", encode(&parts.encoder)),
        ("golden.npz", golden_bytes(&parts.golden)?),
        ("memory.npy", memory),
    ]
    .into_iter()
    .chain(view)
    .chain(motion)
    .collect();
    let mut manifest = parts.manifest.clone();
    manifest.files.clear();
    for (name, bytes) in &files {
        write(folder, name, bytes)?;
        let checksum = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        manifest.files.insert((*name).into(), checksum);
    }
    write(folder, "manifest.toml", toml::to_string(&manifest)?.as_bytes())
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    let path = folder.join(name);
    normwatch::fs::write_atomically(&path, bytes)
        .with_context(|| format!("{} cannot be written", path.display()))
}

fn golden_bytes(golden: &Golden) -> Result<Vec<u8>> {
    let mut bytes = Cursor::new(Vec::new());
    let mut npz = NpzWriter::new(&mut bytes);
    npz.add_array("frames", &golden.frames)?;
    npz.add_array("query", &golden.query)?;
    npz.add_array("read", &golden.read)?;
    npz.add_array("prediction", &golden.prediction)?;
    npz.finish()?;
    Ok(bytes.into_inner())
}

/// C×N as C×h×w.
pub fn on_grid(values: ArrayView2<'_, f32>, height: usize, width: usize) -> Result<Array3<f32>> {
    let channels = values.nrows();
    let shape = (channels, height, width);
    Ok(values.as_standard_layout().into_owned().into_shape_with_order(shape)?)
}
