//! Whose bundle it is: a statement of all that it computes with, and a signature of that.

use std::io::ErrorKind;

use super::folder::{BundleError, Folder, is_background, is_calibration};
use super::manifest::Manifest;
use crate::checksum::sha256_hex;
use crate::signature::PublicKey;

/// What is signed.
pub(super) const STATEMENT: &str = "signed.txt";
/// By whom: a signature of minisign.
pub(super) const SIGNATURE: &str = "signed.txt.minisig";

/// Whether a signature covers the calibration that lies in the bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Covers {
    /// It, and its background. Another one needs another signature.
    Calibration,
    /// Neither: whoever may write to the bundle may calibrate it.
    NetworkAlone,
}

/// The statement of a bundle: a line for its precision, for the settings in its manifest
/// and for what is said of its calibration, and one for each file, sorted by name.
pub(super) fn statement(manifest: &Manifest, covers: Covers) -> String {
    let is_covered = |name: &str| {
        covers == Covers::Calibration || !(is_calibration(name) || is_background(name))
    };
    let files = manifest.files.iter().filter(|(name, _)| is_covered(name));
    let lines =
        files.map(|(name, checksum)| format!("{} {name:?}\n", checksum.to_ascii_lowercase()));
    let settings = sha256_hex(manifest.conditions().as_bytes());
    let precision = manifest.precision;
    // A bundle that has no calibration yet is not one that may get any.
    let calibration = if covers == Covers::Calibration { "covered" } else { "free" };
    let head = format!(
        "normwatch bundle 1\n{precision} precision\n{settings} settings\n{calibration} \
         calibration\n"
    );
    head + &lines.collect::<String>()
}

impl Folder<'_> {
    /// Whether one of the keys has signed this manifest. Nothing but the manifest has
    /// been read until then. Without keys nobody is asked.
    pub fn check_signature(
        &self,
        manifest: &Manifest,
        keys: &[PublicKey],
    ) -> Result<(), BundleError> {
        if keys.is_empty() {
            return Ok(());
        }
        let said = self.read_signed(STATEMENT)?;
        let signature = String::from_utf8(self.read_signed(SIGNATURE)?)
            .map_err(|e| self.refuse(SIGNATURE, e))?;
        let mut refusals = Vec::new();
        for key in keys {
            refusals.extend(key.verify(&said, &signature).err());
        }
        if refusals.len() == keys.len() {
            let what = format!(
                "is not a signature of {STATEMENT} by a key of the site's `bundle_keys` ({}): get \
                 the bundle again, or ask who signed it",
                refusals.join("; ")
            );
            return Err(self.refuse(SIGNATURE, what));
        }
        let fits = [Covers::Calibration, Covers::NetworkAlone]
            .into_iter()
            .any(|covers| statement(manifest, covers).as_bytes() == said);
        if fits {
            return Ok(());
        }
        let what = "is signed, but the manifest says something else by now: get the bundle \
                    again, or sign it again with `normwatch sign`";
        Err(self.refuse(STATEMENT, what))
    }

    fn read_signed(&self, file: &str) -> Result<Vec<u8>, BundleError> {
        let path = self.path.join(file);
        match std::fs::metadata(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let what = "is not there, and the site's `bundle_keys` takes signed bundles \
                            only: sign this one with `normwatch sign`";
                Err(self.refuse(file, what))
            }
            _ => self.read(file),
        }
    }
}

#[cfg(test)]
mod tests;
