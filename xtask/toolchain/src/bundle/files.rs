//! Reads a bundle's files without running them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use ndarray::{Array2, Array3};
use ndarray_npy::{NpzReader, ReadNpyExt};
use normwatch::model::{Manifest, Memory, MotionMemory, UsualView};
use tract_onnx::pb::ModelProto;

use crate::onnx::decode;

/// A bundle's files, parsed but not yet run.
#[derive(Clone, Debug)]
pub struct BundleFiles {
    pub path: PathBuf,
    pub manifest: Manifest,
    pub encoder: ModelProto,
    pub decoder: ModelProto,
    pub memory: Memory,
    pub golden: Golden,
    /// What the camera usually shows, where the bundle knows.
    pub view: Option<UsualView>,
    /// What moves as it does before the camera, where the bundle knows.
    pub motion: Option<MotionMemory>,
    /// `MODEL_CARD.md`, where there is one.
    pub card: Option<String>,
}

/// `golden.npz`: one input and what the network made of it at export.
#[derive(Clone, Debug)]
pub struct Golden {
    /// (t·c)×H×W.
    pub frames: Array3<u8>,
    pub query: Array3<f32>,
    pub read: Array3<f32>,
    pub prediction: Array3<f32>,
}

impl BundleFiles {
    /// # Errors
    /// The first file that cannot be read or makes no sense, by name.
    pub fn read(path: &Path) -> Result<Self> {
        let at = |file: &str| path.join(file);
        let bytes = |file: &str| {
            fs::read(at(file)).with_context(|| format!("{} cannot be read", at(file).display()))
        };
        let text = |file: &str| -> Result<String> {
            String::from_utf8(bytes(file)?).with_context(|| at(file).display().to_string())
        };
        let manifest = Manifest::parse(&text("manifest.toml")?)
            .map_err(|e| anyhow::anyhow!("{}: {e}", at("manifest.toml").display()))?;
        let graph = |file: &str| -> Result<ModelProto> {
            decode(&bytes(file)?).with_context(|| at(file).display().to_string())
        };
        let items = Array2::<f32>::read_npy(&bytes("memory.npy")?[..])
            .with_context(|| at("memory.npy").display().to_string())?;
        let memory = Memory::new(items, manifest.memory.temperature)
            .with_context(|| at("memory.npy").display().to_string())?;
        let golden = Golden::read(&bytes("golden.npz")?)
            .with_context(|| at("golden.npz").display().to_string())?;
        let view = match manifest.files.contains_key("view.npz") {
            true => Some(
                UsualView::from_npz(&bytes("view.npz")?)
                    .map_err(|e| anyhow::anyhow!("{}: {e}", at("view.npz").display()))?,
            ),
            false => None,
        };
        let motion = match manifest.files.contains_key("motion.npz") {
            true => Some(
                MotionMemory::from_npz(&bytes("motion.npz")?)
                    .map_err(|e| anyhow::anyhow!("{}: {e}", at("motion.npz").display()))?,
            ),
            false => None,
        };
        Ok(Self {
            path: path.to_path_buf(),
            manifest,
            encoder: graph("encoder.onnx")?,
            decoder: graph("decoder.onnx")?,
            memory,
            golden,
            view,
            motion,
            card: text("MODEL_CARD.md").ok(),
        })
    }
}

impl Golden {
    fn read(bytes: &[u8]) -> Result<Self> {
        let mut npz = NpzReader::new(std::io::Cursor::new(bytes))?;
        Ok(Self {
            frames: npz.by_name("frames")?,
            query: npz.by_name("query")?,
            read: npz.by_name("read")?,
            prediction: npz.by_name("prediction")?,
        })
    }
}
