//! A model bundle on disk: the folder is read, checked against its manifest and
//! tested before anything runs, and a calibration is put into it.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use ndarray::Array2;
use ndarray_npy::ReadNpyExt;
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::golden::Golden;
use super::manifest::Manifest;
use super::memory::Memory;
use super::network::{Network, NetworkOptions, Part};
use super::predictor::Predictor;
use super::usual_view::UsualView;

/// A bundle that was refused: which file, and what is wrong with it.
#[derive(Debug, Error)]
#[error("{}: {what}", file.display())]
pub struct BundleError {
    pub file: PathBuf,
    pub what: String,
}

/// A loaded, verified and self-tested model bundle.
#[derive(Clone, Debug)]
pub struct Bundle {
    network: Network,
    memory: Memory,
    view: Option<UsualView>,
    manifest: Manifest,
    path: PathBuf,
    model_sha256: String,
}

/// The files that make the model; a calibration belongs to exactly these.
const MODEL_FILES: [&str; 3] = ["encoder.onnx", "decoder.onnx", "memory.npy"];
/// What the camera usually shows; part of the model where it is listed.
const VIEW: &str = "view.npz";
const MANIFEST: &str = "manifest.toml";
const GOLDEN: &str = "golden.npz";
const CALIBRATION: &str = "calibration.toml";
/// A background is called by the beginning of its hash, so that a new one does not
/// touch the one that the manifest still vouches for.
const BACKGROUND: (&str, &str) = ("background-", ".npz");

impl Bundle {
    /// Loads a bundle folder: format version, checksums, shapes, self-test.
    ///
    /// # Errors
    /// The first file that is missing, damaged or does not fit the others.
    pub fn load(path: &Path) -> Result<Self, BundleError> {
        Self::load_with(path, NetworkOptions::default())
    }

    /// [`Bundle::load`] with a choice of what runs the network.
    ///
    /// # Errors
    /// As for [`Bundle::load`].
    pub fn load_with(path: &Path, options: NetworkOptions) -> Result<Self, BundleError> {
        let folder = Folder { path };
        let manifest = folder.manifest()?;
        folder.check_files(&manifest)?;
        let (encoder, decoder) = (folder.read("encoder.onnx")?, folder.read("decoder.onnx")?);
        let network = Network::from_onnx(&encoder, &decoder, options).map_err(|(part, e)| {
            let file = if part == Part::Encoder { "encoder.onnx" } else { "decoder.onnx" };
            folder.error(file, e)
        })?;
        drop((encoder, decoder));
        let memory = folder.memory(&manifest)?;
        let view = folder.view(&manifest)?;
        folder.check_shapes(&manifest, &network)?;
        let model_sha256 = model_sha256(&manifest);
        let bundle =
            Self { network, memory, view, manifest, path: path.to_path_buf(), model_sha256 };
        let golden =
            Golden::read(Cursor::new(folder.read(GOLDEN)?)).map_err(|e| folder.error(GOLDEN, e))?;
        golden
            .check(&bundle.manifest, &mut bundle.predictor())
            .map_err(|e| folder.error(GOLDEN, e))?;
        Ok(bundle)
    }

    /// Runs the bundle; every predictor has a memory of its own.
    pub fn predictor(&self) -> Predictor {
        Predictor::new(&self.network, &self.memory)
    }

    /// What its camera usually shows, if the bundle knows.
    pub fn view(&self) -> Option<&UsualView> {
        self.view.as_ref()
    }

    /// The same model with another usual view, of its input's size: to try one before it
    /// is stored.
    ///
    /// # Panics
    /// When the view has another size.
    #[must_use]
    pub fn with_view(self, view: UsualView) -> Self {
        let input = &self.manifest.input;
        let expected = [input.channels.planes(), input.height_px, input.width_px];
        assert_eq!(view.size(), expected, "the view does not fit the model");
        Self { view: Some(view), ..self }
    }

    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// One checksum over graphs and memory, the identity of the model.
    pub fn model_sha256(&self) -> &str {
        &self.model_sha256
    }

    /// Side lengths (h, w) of the query grid.
    pub fn query_grid(&self) -> (usize, usize) {
        let [_, h, w] = self.network.query_shape();
        (h, w)
    }

    /// The bundle's own calibration, if it carries one; its text was checked
    /// against the manifest's checksum.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn calibration_text(&self) -> Result<Option<String>, BundleError> {
        if !self.manifest.files.contains_key(CALIBRATION) {
            return Ok(None);
        }
        let folder = Folder { path: &self.path };
        let bytes = folder.read(CALIBRATION)?;
        String::from_utf8(bytes).map(Some).map_err(|e| folder.error(CALIBRATION, e))
    }

    /// The file of the calibration's background, if the bundle carries one.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn background_file(&self) -> Result<Option<(PathBuf, Vec<u8>)>, BundleError> {
        let Some(name) = self.manifest.files.keys().find(|name| is_background(name)) else {
            return Ok(None);
        };
        let bytes = Folder { path: &self.path }.read(name)?;
        Ok(Some((self.path.join(name), bytes)))
    }

    /// Puts a calibration, and its background where it has one, into the bundle on
    /// disk: the files first, then the manifest that vouches for them, each by
    /// rename, so that a power cut leaves a bundle that either loads or says what
    /// is wrong.
    ///
    /// # Errors
    /// The file that could not be written.
    pub fn store_calibration(
        &mut self,
        text: &str,
        background: Option<&[u8]>,
    ) -> Result<PathBuf, BundleError> {
        let folder = Folder { path: &self.path };
        let manifest_text = folder.read_text(MANIFEST)?;
        let mut document = manifest_text
            .parse::<toml_edit::DocumentMut>()
            .map_err(|e| folder.error(MANIFEST, e))?;
        let checksum = sha256_hex(text.as_bytes());
        document["files"][CALIBRATION] = toml_edit::value(checksum.as_str());
        let listed = self.manifest.files.keys().filter(|name| is_background(name));
        let mut old: Vec<String> = listed.cloned().collect();
        if let Some(bytes) = background {
            let checksum = sha256_hex(bytes);
            let name = [BACKGROUND.0, &checksum[..16], BACKGROUND.1].concat();
            folder.write(&name, bytes)?;
            old.retain(|old| *old != name);
            document["files"][&name] = toml_edit::value(checksum.as_str());
            self.manifest.files.insert(name, checksum);
        }
        for name in &old {
            document["files"].as_table_like_mut().map(|files| files.remove(name));
            self.manifest.files.remove(name);
        }
        folder.write(CALIBRATION, text.as_bytes())?;
        folder.write(MANIFEST, document.to_string().as_bytes())?;
        self.manifest.files.insert(CALIBRATION.into(), checksum);
        for name in old {
            let _ = fs::remove_file(self.path.join(name));
        }
        Ok(self.path.join(CALIBRATION))
    }
}

fn is_background(name: &str) -> bool {
    name.starts_with(BACKGROUND.0) && name.ends_with(BACKGROUND.1)
}

struct Folder<'a> {
    path: &'a Path,
}

impl Folder<'_> {
    fn error(&self, file: &str, what: impl ToString) -> BundleError {
        BundleError { file: self.path.join(file), what: what.to_string() }
    }

    fn read(&self, file: &str) -> Result<Vec<u8>, BundleError> {
        fs::read(self.path.join(file)).map_err(|e| self.error(file, format!("cannot be read: {e}")))
    }

    fn read_text(&self, file: &str) -> Result<String, BundleError> {
        String::from_utf8(self.read(file)?).map_err(|e| self.error(file, e))
    }

    fn write(&self, file: &str, bytes: &[u8]) -> Result<(), BundleError> {
        crate::fs::write_atomically(&self.path.join(file), bytes)
            .map_err(|e| self.error(file, format!("cannot be written: {e}")))
    }

    fn manifest(&self) -> Result<Manifest, BundleError> {
        if !self.path.is_dir() {
            let what = "is not a bundle: a bundle is a folder with a manifest.toml in it";
            return Err(BundleError { file: self.path.to_path_buf(), what: what.into() });
        }
        let text = self.read_text(MANIFEST)?;
        Manifest::parse(&text).map_err(|e| self.error(MANIFEST, e))
    }

    fn check_files(&self, manifest: &Manifest) -> Result<(), BundleError> {
        for required in MODEL_FILES.into_iter().chain([GOLDEN]) {
            if !manifest.files.contains_key(required) {
                return Err(self.error(MANIFEST, format!("`[files]` does not list {required}")));
            }
        }
        for (file, expected) in &manifest.files {
            if Path::new(file).components().count() != 1 || file == ".." {
                return Err(self.error(MANIFEST, format!("`[files]` names `{file}`, outside it")));
            }
            let bytes = self.read(file)?;
            let found = sha256_hex(&bytes);
            if !found.eq_ignore_ascii_case(expected) {
                return Err(self.error(
                    file,
                    format!(
                        "is damaged or was changed: {} bytes with SHA-256 {found}, \
                         but the manifest says {expected}; copy the bundle again",
                        bytes.len()
                    ),
                ));
            }
        }
        Ok(())
    }

    fn memory(&self, manifest: &Manifest) -> Result<Memory, BundleError> {
        const FILE: &str = "memory.npy";
        let items = Array2::<f32>::read_npy(Cursor::new(self.read(FILE)?))
            .map_err(|e| self.error(FILE, e))?;
        let expected = (manifest.memory.items, manifest.memory.channels);
        if items.dim() != expected {
            let what = format!("is {:?}, but the manifest says {expected:?}", items.dim());
            return Err(self.error(FILE, what));
        }
        Memory::new(items, manifest.memory.temperature).map_err(|e| self.error(FILE, e))
    }

    fn view(&self, manifest: &Manifest) -> Result<Option<UsualView>, BundleError> {
        if !manifest.files.contains_key(VIEW) {
            return Ok(None);
        }
        let view = UsualView::from_npz(&self.read(VIEW)?).map_err(|e| self.error(VIEW, e))?;
        let input = &manifest.input;
        let expected = [input.channels.planes(), input.height_px, input.width_px];
        if view.size() != expected {
            let what = format!("is {:?}, but the manifest says {expected:?}", view.size());
            return Err(self.error(VIEW, what));
        }
        Ok(Some(view))
    }

    fn check_shapes(&self, manifest: &Manifest, network: &Network) -> Result<(), BundleError> {
        let input = &manifest.input;
        let planes = input.channels.planes();
        let size = [input.height_px, input.width_px];
        let expected = [planes * input.frames, size[0], size[1]];
        let found = network.input_shape();
        if found != expected {
            let what = format!("takes {found:?}, but the manifest says {expected:?}");
            return Err(self.error("encoder.onnx", what));
        }
        if network.query_shape()[0] != manifest.memory.channels {
            let what = format!(
                "gives queries of {} channels, but the memory has {}",
                network.query_shape()[0],
                manifest.memory.channels
            );
            return Err(self.error("encoder.onnx", what));
        }
        let precision = network.precision();
        if precision != manifest.precision {
            let what = format!(
                "says precision {}, but the graphs compute in {precision}",
                manifest.precision
            );
            return Err(self.error(MANIFEST, what));
        }
        let expected = [planes, size[0], size[1]];
        if network.frame_shape() != expected {
            let what =
                format!("gives {:?}, but the manifest says {expected:?}", network.frame_shape());
            return Err(self.error("decoder.onnx", what));
        }
        Ok(())
    }
}

fn model_sha256(manifest: &Manifest) -> String {
    let mut hasher = Sha256::new();
    let view = manifest.files.contains_key(VIEW).then_some(VIEW);
    for file in MODEL_FILES.into_iter().chain(view) {
        hasher.update(manifest.files[file].to_ascii_lowercase());
    }
    hex(&hasher.finalize())
}

fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
