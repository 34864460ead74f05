//! A model bundle on disk: the folder is read once, checked against its manifest and
//! tested before anything runs, and a calibration is put into it.

use std::fs;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ndarray::Array2;

use super::arrays;
use super::folder::{self, BundleError, Folder, Kept};
use super::golden::Golden;
use super::manifest::Manifest;
use super::memory::Memory;
use super::motion_memory::MotionMemory;
use super::network::{Network, NetworkOptions, Part};
use super::predictor::Predictor;
use super::signing::{self, Covers};
use super::usual_view::UsualView;
use crate::checksum::sha256_hex;
use crate::signature::PublicKey;

/// A loaded, verified and self-tested model bundle.
#[derive(Clone, Debug)]
pub struct Bundle {
    network: Network,
    memory: Memory,
    view: Option<UsualView>,
    motion: Option<MotionMemory>,
    manifest: Manifest,
    path: PathBuf,
    model_sha256: String,
    calibration: Option<Kept>,
    background: Option<Kept>,
    self_test: Duration,
}

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
        Self::load_signed(path, options, &[])
    }

    /// [`Bundle::load_with`] for a bundle that one of the keys has signed. Nothing but
    /// the manifest is read before the signature. Without keys every bundle is taken.
    ///
    /// # Errors
    /// As for [`Bundle::load`], and a signature that is absent, another's or of another
    /// bundle.
    pub fn load_signed(
        path: &Path,
        options: NetworkOptions,
        keys: &[PublicKey],
    ) -> Result<Self, BundleError> {
        let folder = Folder { path };
        let (manifest, _) = folder.manifest()?;
        folder.check_signature(&manifest, keys)?;
        let mut files = folder.files(&manifest)?;
        let (encoder, decoder) = (files.take("encoder.onnx"), files.take("decoder.onnx"));
        let built = behind_a_wall(|| Network::from_onnx(&encoder, &decoder, options))
            .map_err(|e| folder.refuse("encoder.onnx", format!("with decoder.onnx, {e}")))?;
        let network = built.map_err(|(part, e)| {
            let file = if part == Part::Encoder { "encoder.onnx" } else { "decoder.onnx" };
            folder.refuse(file, e)
        })?;
        drop((encoder, decoder));
        let memory = folder.memory(&manifest, &files.take("memory.npy"))?;
        let view = folder.view(&manifest, files.view())?;
        let motion = folder.motion(files.motion())?;
        folder.check_shapes(&manifest, &network)?;
        let golden = Golden::read(&files.take(folder::GOLDEN))
            .map_err(|e| folder.refuse(folder::GOLDEN, e))?;
        let mut bundle = Self {
            network,
            memory,
            view,
            motion,
            path: path.to_path_buf(),
            model_sha256: folder::model_sha256(&manifest),
            calibration: files.calibration(),
            background: files.background(),
            manifest,
            self_test: Duration::ZERO,
        };
        let begun = Instant::now();
        behind_a_wall(|| golden.check(&bundle.manifest, &mut bundle.predictor()))
            .and_then(|checked| checked)
            .map_err(|e| folder.refuse(folder::GOLDEN, e))?;
        bundle.self_test = begun.elapsed();
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

    /// What moves as it does before its camera, if the bundle knows.
    pub fn motion(&self) -> Option<&MotionMemory> {
        self.motion.as_ref()
    }

    /// The same model with another motion memory: to try one before it is stored.
    #[must_use]
    pub fn with_motion(self, motion: MotionMemory) -> Self {
        Self { motion: Some(motion), ..self }
    }

    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// How long the self-test took on this machine: one run of the network, its first.
    pub fn self_test(&self) -> Duration {
        self.self_test
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

    /// One checksum over what the manifest says of the frames, the memory and the
    /// score: with another rate or size the same network means something else.
    pub fn conditions_sha256(&self) -> String {
        sha256_hex(self.manifest.conditions().as_bytes())
    }

    /// The bundle's own calibration, if it carries one: the text that was checked
    /// against the manifest's checksum, whatever the disk holds by now.
    ///
    /// # Errors
    /// It is not text.
    pub fn calibration_text(&self) -> Result<Option<String>, BundleError> {
        let Some(kept) = &self.calibration else { return Ok(None) };
        let folder = Folder { path: &self.path };
        let text = String::from_utf8(kept.bytes.clone());
        text.map(Some).map_err(|e| folder.refuse(&kept.name, e))
    }

    /// Where the bundle's own calibration lies, if it carries one.
    pub fn calibration_file(&self) -> Option<PathBuf> {
        self.calibration.as_ref().map(|kept| self.path.join(&kept.name))
    }

    /// The file of the calibration's background, if the bundle carries one that is
    /// as the manifest says.
    pub fn background_file(&self) -> Option<(PathBuf, &[u8])> {
        self.background.as_ref().map(|kept| (self.path.join(&kept.name), &kept.bytes[..]))
    }

    /// What a signature of this bundle is of.
    pub fn statement(&self, covers: Covers) -> String {
        signing::statement(&self.manifest, covers)
    }

    /// Where the statement lies that a signature is of, and where the signature.
    pub fn signature_files(&self) -> [PathBuf; 2] {
        [signing::STATEMENT, signing::SIGNATURE].map(|name| self.path.join(name))
    }

    /// Puts a calibration, and its background where it has one, into the bundle on
    /// disk: as files that are called by their contents, and then in the manifest,
    /// in one rename. Whenever the power is cut, the bundle has the old calibration
    /// or the new one.
    ///
    /// # Errors
    /// The file that could not be written, or a manifest that says something else by
    /// now.
    pub fn store_calibration(
        &mut self,
        text: &str,
        background: Option<&[u8]>,
    ) -> Result<PathBuf, BundleError> {
        let folder = Folder { path: &self.path };
        let (mut manifest, manifest_text) = folder.manifest()?;
        let is_same = folder::model_sha256(&manifest) == self.model_sha256
            && manifest.conditions() == self.manifest.conditions();
        if !is_same {
            let what = "was changed since it was read: run `normwatch calibrate` again";
            return Err(folder.refuse(folder::MANIFEST, what));
        }
        let calibration = Kept::calibration(text.as_bytes());
        let background = background.map(Kept::background);
        let mut document = manifest_text
            .parse::<toml_edit::DocumentMut>()
            .map_err(|e| folder.refuse(folder::MANIFEST, e))?;
        let listed = document["files"].as_table_like_mut();
        let listed = listed.ok_or_else(|| folder.refuse(folder::MANIFEST, "no `[files]`"))?;
        let replaced = |name: &&String| folder::is_calibration(name) || folder::is_background(name);
        let mut old: Vec<String> = manifest.files.keys().filter(replaced).cloned().collect();
        for name in &old {
            listed.remove(name);
            manifest.files.remove(name);
        }
        for kept in [Some(&calibration), background.as_ref()].into_iter().flatten() {
            folder.write(&kept.name, &kept.bytes)?;
            let checksum = sha256_hex(&kept.bytes);
            listed.insert(&kept.name, toml_edit::value(checksum.as_str()));
            manifest.files.insert(kept.name.clone(), checksum);
            old.retain(|old| *old != kept.name);
        }
        folder.write(folder::MANIFEST, document.to_string().as_bytes())?;
        let written = self.path.join(&calibration.name);
        (self.manifest, self.calibration, self.background) =
            (manifest, Some(calibration), background);
        for name in old {
            let _ = fs::remove_file(self.path.join(name));
        }
        Ok(written)
    }
}

/// What computes a network panics on graphs that nobody has foreseen; here that is a
/// refusal, as of any other file.
fn behind_a_wall<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    panic::catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let said = panic.downcast_ref::<String>().map(String::as_str);
        let said = said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no reason");
        format!("it is not a network that can be run: {said}")
    })
}

impl Folder<'_> {
    fn memory(&self, manifest: &Manifest, bytes: &[u8]) -> Result<Memory, BundleError> {
        const FILE: &str = "memory.npy";
        let items: Array2<f32> = arrays::from_npy(bytes).map_err(|e| self.refuse(FILE, e))?;
        let expected = (manifest.memory.items, manifest.memory.channels);
        if items.dim() != expected {
            let what = format!("is {:?}, but the manifest says {expected:?}", items.dim());
            return Err(self.refuse(FILE, what));
        }
        Memory::new(items, manifest.memory.temperature).map_err(|e| self.refuse(FILE, e))
    }

    fn view(
        &self,
        manifest: &Manifest,
        bytes: Option<Vec<u8>>,
    ) -> Result<Option<UsualView>, BundleError> {
        const FILE: &str = folder::VIEW;
        let Some(bytes) = bytes else { return Ok(None) };
        let view = UsualView::from_npz(&bytes).map_err(|e| self.refuse(FILE, e))?;
        let input = &manifest.input;
        let expected = [input.channels.planes(), input.height_px, input.width_px];
        if view.size() != expected {
            let what = format!("is {:?}, but the manifest says {expected:?}", view.size());
            return Err(self.refuse(FILE, what));
        }
        Ok(Some(view))
    }

    fn motion(&self, bytes: Option<Vec<u8>>) -> Result<Option<MotionMemory>, BundleError> {
        let memory = bytes.map(|bytes| MotionMemory::from_npz(&bytes)).transpose();
        memory.map_err(|e| self.refuse(folder::MOTION, e))
    }

    fn check_shapes(&self, manifest: &Manifest, network: &Network) -> Result<(), BundleError> {
        let input = &manifest.input;
        let planes = input.channels.planes();
        let size = [input.height_px, input.width_px];
        let expected = [planes * input.frames, size[0], size[1]];
        let found = network.input_shape();
        if found != expected {
            let what = format!("takes {found:?}, but the manifest says {expected:?}");
            return Err(self.refuse("encoder.onnx", what));
        }
        if network.query_shape()[0] != manifest.memory.channels {
            let what = format!(
                "gives queries of {} channels, but the memory has {}",
                network.query_shape()[0],
                manifest.memory.channels
            );
            return Err(self.refuse("encoder.onnx", what));
        }
        let precision = network.precision();
        if precision != manifest.precision {
            let what = format!(
                "says precision {}, but the graphs compute in {precision}",
                manifest.precision
            );
            return Err(self.refuse(folder::MANIFEST, what));
        }
        let expected = [planes, size[0], size[1]];
        if network.frame_shape() != expected {
            let what =
                format!("gives {:?}, but the manifest says {expected:?}", network.frame_shape());
            return Err(self.refuse("decoder.onnx", what));
        }
        Ok(())
    }
}
