//! Arrays from `.npy` and `.npz` files whose headers are not believed: what they claim
//! is compared with the bytes that there are, before memory is taken for it.

use std::io::{Cursor, Read};

use ndarray::{Array, Dimension};
use ndarray_npy::npy::header::Header;
use ndarray_npy::{ReadNpyExt, ReadableElement};
use zip::ZipArchive;
use zip::result::ZipError;

/// What one array of an archive may unpack to.
const LARGEST: u64 = 256 << 20;

/// Far more than a shape and a type need.
const LONGEST_HEADER: usize = 4096;
const MOST_BRACKETS: usize = 16;

/// Magic word and version of a `.npy` file.
const PREAMBLE: usize = 8;

/// Reads a `.npy` file that is in memory.
///
/// # Errors
/// One sentence: it is not such a file, holds other numbers, or claims more of them
/// than there are.
pub fn from_npy<A: ReadableElement, D: Dimension>(bytes: &[u8]) -> Result<Array<A, D>, String> {
    check::<A>(bytes)?;
    Array::read_npy(Cursor::new(bytes)).map_err(|e| e.to_string())
}

/// An archive of arrays, a `.npz` file in memory.
pub struct Arrays<'a>(ZipArchive<Cursor<&'a [u8]>>);

impl<'a> Arrays<'a> {
    /// # Errors
    /// One sentence: it is not an archive.
    pub fn new(bytes: &'a [u8]) -> Result<Self, String> {
        ZipArchive::new(Cursor::new(bytes)).map(Self).map_err(|e| e.to_string())
    }

    /// Reads one array.
    ///
    /// # Errors
    /// One sentence that names it: it is missing, or as for [`from_npy`].
    pub fn array<A: ReadableElement, D: Dimension>(
        &mut self,
        name: &str,
    ) -> Result<Array<A, D>, String> {
        let said = |what: String| format!("array `{name}`: {what}");
        let bytes = self.unpack(name).map_err(|e| said(e.to_string()))?;
        if bytes.len() as u64 > LARGEST {
            return Err(said(format!("it is larger than {} MiB", LARGEST >> 20)));
        }
        from_npy(&bytes).map_err(said)
    }

    fn unpack(&mut self, name: &str) -> Result<Vec<u8>, ZipError> {
        let numpys = format!("{name}.npy");
        let stored = if self.0.index_for_name(name).is_some() { name } else { &numpys };
        let file = self.0.by_name(stored)?;
        let mut bytes = Vec::new();
        file.take(LARGEST + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

fn check<A>(bytes: &[u8]) -> Result<(), String> {
    let length = |digits: &[u8]| digits.iter().rev().fold(0, |sum, &d| sum << 8 | usize::from(d));
    let digits = if bytes.get(6) == Some(&1) { 2 } else { 4 };
    let start = PREAMBLE + digits;
    let header = bytes
        .get(PREAMBLE..start)
        .map(length)
        .filter(|length| *length <= LONGEST_HEADER)
        .and_then(|length| bytes.get(start..start + length))
        .ok_or("its header is not that of an array")?;
    if header.iter().filter(|byte| b"([{".contains(byte)).count() > MOST_BRACKETS {
        return Err("its header is not that of an array".into());
    }
    let claimed =
        Header::from_reader(&mut &bytes[..start + header.len()]).map_err(|e| e.to_string())?.shape;
    let there = bytes.len() - start - header.len();
    let wanted =
        claimed.iter().try_fold(size_of::<A>(), |product, side| product.checked_mul(*side));
    if wanted == Some(there) {
        return Ok(());
    }
    Err(format!("it claims to be {claimed:?}, but there are {there} bytes of it"))
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Ix2};
    use ndarray_npy::{NpzWriter, WriteNpyExt};

    use super::*;

    fn npy(header: &str, data: usize) -> Vec<u8> {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.resize(bytes.len() + data, 0);
        bytes
    }

    fn claiming(shape: &str) -> Vec<u8> {
        npy(&format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}\n"), 24)
    }

    fn read(bytes: &[u8]) -> Result<Array2<f32>, String> {
        from_npy::<f32, Ix2>(bytes)
    }

    /// Without the check these are `memory allocation of … bytes failed`, which ends the
    /// process.
    #[test]
    fn what_a_header_claims_is_compared_with_what_there_is() {
        assert_eq!(read(&claiming("(2, 3)")).unwrap().dim(), (2, 3));
        for shape in [
            "(2, 4)",
            "(2, 2)",
            "(51200000000000, 1)",
            "(0, 51200000000000)",
            "(4294967296, 4294967296)",
            "(18446744073709551615, 1)",
        ] {
            assert!(read(&claiming(shape)).is_err(), "{shape}");
        }
        let deep = format!("{}{}", "(".repeat(3000), ")".repeat(900));
        assert!(read(&npy(&deep, 0)).unwrap_err().contains("header"));
        let mut long = b"\x93NUMPY\x02\x00".to_vec();
        long.extend(u32::MAX.to_le_bytes());
        for bytes in [&long[..], b"\x93NUMPY", b"", &claiming("(2, 3)")[..40]] {
            assert!(read(bytes).is_err());
        }
    }

    #[test]
    fn an_archive_gives_its_arrays_and_nothing_that_is_damaged() {
        let mut npz = NpzWriter::new(Cursor::new(Vec::new()));
        let wanted = Array2::<f32>::from_elem((3, 5), 0.5);
        npz.add_array("a", &wanted).unwrap();
        let bytes = npz.finish().unwrap().into_inner();
        let mut arrays = Arrays::new(&bytes).unwrap();
        assert_eq!(arrays.array::<f32, Ix2>("a").unwrap(), wanted);
        assert!(arrays.array::<f32, Ix2>("b").unwrap_err().contains("`b`"));
        assert!(arrays.array::<u8, Ix2>("a").unwrap_err().contains("`a`"));
        let mut plain = Vec::new();
        wanted.write_npy(&mut plain).unwrap();
        assert!(Arrays::new(&plain).is_err());
    }
}
