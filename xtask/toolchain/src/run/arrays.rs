//! Arrays by name in a safetensors file.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow, ensure};
use normwatch::fs::write_atomically;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors, serialize};

use crate::net::{Tensor, Weights};

/// A safetensors file: f32 arrays by name, and text by key.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ArrayFile {
    pub arrays: Weights,
    pub metadata: HashMap<String, String>,
}

impl ArrayFile {
    /// # Errors
    /// The file cannot be read, is damaged, or holds other numbers than f32.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
        Self::parse(&bytes).with_context(|| format!("{} is damaged", path.display()))
    }

    fn parse(bytes: &[u8]) -> Result<Self> {
        let (_, header) = SafeTensors::read_metadata(bytes)?;
        let metadata = header.metadata().clone().unwrap_or_default();
        let mut arrays = Weights::default();
        for (name, view) in SafeTensors::deserialize(bytes)?.iter() {
            ensure!(view.dtype() == Dtype::F32, "`{name}` holds {:?}, not F32", view.dtype());
            let number =
                |bytes: &[u8]| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
            let data = view.data().chunks_exact(4).map(number).collect();
            arrays.insert(name, Tensor::new(view.shape(), data));
        }
        Ok(Self { arrays, metadata })
    }

    /// Replaces the file at once or not at all, and waits until it is stored.
    ///
    /// # Errors
    /// The file system's, a full disk for instance; an older file is then
    /// untouched.
    pub fn write(&self, path: &Path) -> Result<()> {
        let bytes: Vec<(&String, &[usize], Vec<u8>)> = self
            .arrays
            .0
            .iter()
            .map(|(name, tensor)| {
                let bytes = tensor.data.iter().flat_map(|v| v.to_le_bytes()).collect();
                (name, tensor.shape.as_slice(), bytes)
            })
            .collect();
        let views = bytes
            .iter()
            .map(|(name, shape, bytes)| {
                Ok((name.as_str(), TensorView::new(Dtype::F32, shape.to_vec(), bytes)?))
            })
            .collect::<Result<Vec<_>>>()?;
        let file = serialize(views, Some(self.metadata.clone()))?;
        write_atomically(path, &file).map_err(|error| {
            anyhow!(
                "{} cannot be written: {error}; what was there before is untouched: make room \
                 ({} bytes and as many again) and run the same command to go on",
                path.display(),
                file.len()
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(value: f32) -> ArrayFile {
        let mut file = ArrayFile::default();
        file.arrays.insert("a.weight", Tensor::filled(&[2, 3], value));
        file.arrays.insert("b", Tensor::filled(&[], f32::MIN_POSITIVE));
        file.metadata.insert("note".into(), "\"quoted\"".into());
        file
    }

    #[test]
    fn comes_back_bit_for_bit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.safetensors");
        file(0.1).write(&path).unwrap();
        assert_eq!(ArrayFile::read(&path).unwrap(), file(0.1));
    }

    #[test]
    fn a_full_disk_keeps_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.safetensors");
        file(1.0).write(&path).unwrap();
        // Whatever is written to this device finds the disk full.
        let part = folder.path().join("x.safetensors.part");
        std::os::unix::fs::symlink("/dev/full", part).unwrap();
        let error = file(2.0).write(&path).unwrap_err().to_string();
        assert!(error.contains("No space left") && error.contains("untouched"), "{error}");
        assert_eq!(ArrayFile::read(&path).unwrap(), file(1.0));
    }

    #[test]
    fn damage_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.safetensors");
        file(1.0).write(&path).unwrap();
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
        let error = ArrayFile::read(&path).unwrap_err().to_string();
        assert!(error.contains("x.safetensors is damaged"), "{error}");
    }
}
