//! The files of a bundle: each is read once, and what is used is what was checked.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::manifest::Manifest;
use crate::checksum::sha256_hex;

/// What is wrong with a bundle: in which file, and what.
#[derive(Debug, Error)]
#[error("{}: {what}", file.display())]
pub struct BundleError {
    pub file: PathBuf,
    pub what: String,
    pub kind: BundleErrorKind,
}

/// Whether trying again may help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BundleErrorKind {
    /// It cannot be read or written now: a disk that is not mounted yet, a fault.
    Io,
    /// It was read, and is not a bundle, or is damaged.
    Refused,
}

pub(super) const MANIFEST: &str = "manifest.toml";
pub(super) const GOLDEN: &str = "golden.npz";
/// What the camera usually shows; part of the model where it is listed.
pub(super) const VIEW: &str = "view.npz";
/// What moves as it does here, and what hurries; part of the model where it is listed.
pub(super) const MOTION: &str = "motion.npz";

/// The files that make the model; a calibration belongs to exactly these.
const MODEL_FILES: [&str; 3] = ["encoder.onnx", "decoder.onnx", "memory.npy"];

/// Calibrations and their backgrounds are called by the beginning of their hash, so
/// that a new one does not touch the one that the manifest still vouches for.
const CALIBRATION: (&str, &str) = ("calibration-", ".toml");
const BACKGROUND: (&str, &str) = ("background-", ".npz");

/// What releases before called every calibration.
const OLD_CALIBRATION: &str = "calibration.toml";

/// A file with its name in the bundle.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub name: String,
    pub bytes: Vec<u8>,
}

impl Kept {
    pub fn calibration(bytes: &[u8]) -> Self {
        Self::called_by_contents(CALIBRATION, bytes)
    }

    pub fn background(bytes: &[u8]) -> Self {
        Self::called_by_contents(BACKGROUND, bytes)
    }

    fn called_by_contents((before, after): (&str, &str), bytes: &[u8]) -> Self {
        let name = [before, &sha256_hex(bytes)[..16], after].concat();
        Self { name, bytes: bytes.to_vec() }
    }
}

pub(super) fn is_calibration(name: &str) -> bool {
    name == OLD_CALIBRATION || is_between(name, CALIBRATION)
}

pub(super) fn is_background(name: &str) -> bool {
    is_between(name, BACKGROUND)
}

fn is_between(name: &str, (before, after): (&str, &str)) -> bool {
    name.starts_with(before) && name.ends_with(after)
}

/// The files that compute something, as the manifest vouches for them.
pub(super) struct Files(BTreeMap<String, Vec<u8>>);

impl Files {
    /// One of the model's files, or [`GOLDEN`]; once.
    pub fn take(&mut self, name: &str) -> Vec<u8> {
        self.0.remove(name).unwrap_or_default()
    }

    /// The usual view, where there is one; once.
    pub fn view(&mut self) -> Option<Vec<u8>> {
        self.0.remove(VIEW)
    }

    /// The motion memory, where there is one; once.
    pub fn motion(&mut self) -> Option<Vec<u8>> {
        self.0.remove(MOTION)
    }

    /// The bundle's calibration. Where an older release has added its own, that is
    /// the newer one.
    pub fn calibration(&mut self) -> Option<Kept> {
        let old = self.0.contains_key(OLD_CALIBRATION).then(|| OLD_CALIBRATION.to_owned());
        let name = old.or_else(|| self.find(is_calibration))?;
        Some(Kept { bytes: self.take(&name), name })
    }

    pub fn background(&mut self) -> Option<Kept> {
        let name = self.find(is_background)?;
        Some(Kept { bytes: self.take(&name), name })
    }

    fn find(&self, is_it: fn(&str) -> bool) -> Option<String> {
        self.0.keys().find(|name| is_it(name)).cloned()
    }
}

pub(super) struct Folder<'a> {
    pub path: &'a Path,
}

impl Folder<'_> {
    pub fn refuse(&self, file: &str, what: impl ToString) -> BundleError {
        let (file, what) = (self.path.join(file), what.to_string());
        BundleError { file, what, kind: BundleErrorKind::Refused }
    }

    fn io(&self, file: &str, verb: &str, error: &io::Error) -> BundleError {
        let what = format!("cannot be {verb}: {error}");
        BundleError { file: self.path.join(file), what, kind: BundleErrorKind::Io }
    }

    pub(super) fn read(&self, file: &str) -> Result<Vec<u8>, BundleError> {
        fs::read(self.path.join(file)).map_err(|e| self.io(file, "read", &e))
    }

    /// For whoever may read the manifest.
    pub fn write(&self, file: &str, bytes: &[u8]) -> Result<(), BundleError> {
        let (path, like) = (self.path.join(file), self.path.join(MANIFEST));
        crate::fs::write_atomically_like(&path, bytes, &like)
            .map_err(|e| self.io(file, "written", &e))
    }

    /// The manifest, and its text.
    pub fn manifest(&self) -> Result<(Manifest, String), BundleError> {
        if !self.path.is_dir() {
            let what = "is not a bundle: a bundle is a folder with a manifest.toml in it";
            let kind =
                if self.path.exists() { BundleErrorKind::Refused } else { BundleErrorKind::Io };
            return Err(BundleError { file: self.path.to_path_buf(), what: what.into(), kind });
        }
        let text = String::from_utf8(self.read(MANIFEST)?).map_err(|e| self.refuse(MANIFEST, e))?;
        let manifest = Manifest::parse(&text).map_err(|e| self.refuse(MANIFEST, e))?;
        Ok((manifest, text))
    }

    /// Reads the files that the manifest lists. What computes nothing, and a background,
    /// without which the score does as well, is only warned of.
    pub fn files(&self, manifest: &Manifest) -> Result<Files, BundleError> {
        for required in MODEL_FILES.into_iter().chain([GOLDEN]) {
            if !manifest.files.contains_key(required) {
                return Err(self.refuse(MANIFEST, format!("`[files]` does not list {required}")));
            }
        }
        let mut files = BTreeMap::new();
        for (file, expected) in &manifest.files {
            if Path::new(file).components().count() != 1 || file == ".." {
                return Err(self.refuse(MANIFEST, format!("`[files]` names `{file}`, outside it")));
            }
            let is_models =
                MODEL_FILES.iter().chain(&[GOLDEN, VIEW, MOTION]).any(|name| file == name);
            let computes = is_models || is_calibration(file);
            match self.verified(file, expected) {
                Ok(bytes) if computes || is_background(file) => {
                    files.insert(file.clone(), bytes);
                }
                Ok(_) => {}
                Err(error) if computes => return Err(error),
                Err(error) => log::warn!("{error}; the watch does without"),
            }
        }
        Ok(Files(files))
    }

    fn verified(&self, file: &str, expected: &str) -> Result<Vec<u8>, BundleError> {
        let bytes = self.read(file)?;
        let found = sha256_hex(&bytes);
        if found.eq_ignore_ascii_case(expected) {
            return Ok(bytes);
        }
        let what = format!(
            "is damaged or was changed: {} bytes with SHA-256 {found}, but the manifest says \
             {expected}; copy the bundle again",
            bytes.len()
        );
        Err(self.refuse(file, what))
    }
}

/// The identity of the model: its graphs, its memory, and its view and its motion memory
/// where it has them.
pub(super) fn model_sha256(manifest: &Manifest) -> String {
    let checksum =
        |file: &str| manifest.files.get(file).map_or(String::new(), |c| c.to_ascii_lowercase());
    let checksums: String = MODEL_FILES.into_iter().chain([VIEW, MOTION]).map(checksum).collect();
    sha256_hex(checksums.as_bytes())
}
