//! Memory items: a NumPy array, or a lone tensor that PyTorch saved.

use std::fs;
use std::io::{Cursor, Read};
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use ndarray::Array2;
use ndarray_npy::ReadNpyExt;

use crate::net::Tensor;

/// Reads M×C memory items: a NumPy array, or a lone tensor that PyTorch saved,
/// whose numbers are stored in one piece.
///
/// # Errors
/// Another kind of file, another number of channels, or rows that are not of
/// unit length.
pub fn read(path: &Path, channels: usize) -> Result<Tensor> {
    let bytes = fs::read(path)?;
    let data = if bytes.starts_with(b"\x93NUMPY") {
        let array = Array2::<f32>::read_npy(&bytes[..])?;
        ensure!(array.ncols() == channels, "has {} channels, not {channels}", array.ncols());
        array.into_iter().collect()
    } else if bytes.starts_with(b"PK") {
        floats(&archived(&bytes)?)?
    } else {
        floats(trailing(&bytes, channels)?)?
    };
    ensure!(
        data.len() >= 2 * channels && data.len().is_multiple_of(channels),
        "holds {} numbers, which are no items of {channels} channels",
        data.len()
    );
    for (item, row) in data.chunks_exact(channels).enumerate() {
        let length = row.iter().map(|v| v * v).sum::<f32>().sqrt();
        ensure!((length - 1.0).abs() < 1e-3, "item {item} has length {length}, not 1");
    }
    Ok(Tensor::new(&[data.len() / channels, channels], data))
}

fn floats(bytes: &[u8]) -> Result<Vec<f32>> {
    ensure!(bytes.len().is_multiple_of(4), "holds {} bytes, which are no f32 numbers", bytes.len());
    Ok(bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect())
}

/// The only storage of a file of PyTorch 1.6 or later.
fn archived(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes))?;
    let storages: Vec<String> =
        archive.file_names().filter(|name| name.contains("/data/")).map(String::from).collect();
    let [storage] = &storages[..] else {
        bail!("holds {} tensors, not one: save the items alone, as .pt or .npy", storages.len())
    };
    let mut data = Vec::new();
    archive.by_name(storage)?.read_to_end(&mut data)?;
    Ok(data)
}

/// The only storage of an older file: at the end, behind the number of values.
fn trailing(bytes: &[u8], channels: usize) -> Result<&[u8]> {
    const LEGACY_MAGIC: [u8; 10] = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
    let head = &bytes[..bytes.len().min(32)];
    ensure!(
        head.windows(LEGACY_MAGIC.len()).any(|w| w == LEGACY_MAGIC),
        "is neither a .npy array nor a tensor that PyTorch saved"
    );
    (2..=4096)
        .map(|items| items * channels)
        .filter(|count| bytes.len() > 4 * count + 8)
        .find_map(|count| {
            let (rest, data) = bytes.split_at(bytes.len() - 4 * count);
            let announced = rest.last_chunk::<8>().map(|b| u64::from_le_bytes(*b));
            (announced == Some(count as u64)).then_some(data)
        })
        .with_context(|| format!("does not end in items of {channels} channels, or was cut short"))
}
