//! One event's folder as one file, to be taken along.

use std::fs;
use std::io::{self, Read};
use std::time::UNIX_EPOCH;

use crate::event::{Archived, DESCRIPTION, REVIEW};
use crate::fs::open_regular;

/// What a parcel may take of a board's memory.
const MOST_BYTES: u64 = 32 << 20;

/// Of the archive: headers, and what fills a file up.
const BLOCK_BYTES: usize = 512;

/// Packs the description, the review, and the pictures that the event names, as a tape
/// archive (ustar). What is not there is left out.
///
/// # Errors
/// It would be larger than 32 MiB, or a file cannot be read.
pub(super) fn pack(event: &Archived) -> io::Result<Vec<u8>> {
    let pictures = event.situation.pictures.iter().map(|picture| picture.file.as_str());
    let mut names: Vec<&str> = [DESCRIPTION, REVIEW].into_iter().chain(pictures).collect();
    names.dedup();
    let mut parcel = Vec::new();
    for name in names.into_iter().filter(|name| !name.contains('/')) {
        let (bytes, unix_s) = match read(event, name, MOST_BYTES - parcel.len() as u64) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        parcel.extend_from_slice(&header(&event.situation.id, name, bytes.len(), unix_s)?);
        parcel.extend_from_slice(&bytes);
        parcel.resize(parcel.len().next_multiple_of(BLOCK_BYTES), 0);
        if parcel.len() as u64 > MOST_BYTES {
            return Err(too_large());
        }
    }
    parcel.resize(parcel.len() + 2 * BLOCK_BYTES, 0);
    Ok(parcel)
}

fn too_large() -> io::Error {
    io::Error::other("it is larger than 32 MB: copy the event's folder instead")
}

/// The bytes of a file, and when it was changed.
fn read(event: &Archived, name: &str, most_bytes: u64) -> io::Result<(Vec<u8>, u64)> {
    let file = open_regular(&event.folder.join(name))?;
    let about: fs::Metadata = file.metadata()?;
    if about.len() > most_bytes {
        return Err(too_large());
    }
    let since = about.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut bytes = Vec::new();
    file.take(most_bytes).read_to_end(&mut bytes)?;
    Ok((bytes, since.as_secs()))
}

/// What stands before a file `folder/name`, as POSIX.1-1988 has it.
fn header(folder: &str, name: &str, bytes: usize, unix_s: u64) -> io::Result<[u8; BLOCK_BYTES]> {
    let mut block = [0; BLOCK_BYTES];
    let fields: [(usize, usize, &str); 9] = [
        (0, 100, name),
        (100, 8, "0000644"),
        (108, 8, "0000000"),
        (116, 8, "0000000"),
        (124, 12, &format!("{bytes:011o}")),
        (136, 12, &format!("{unix_s:011o}")),
        // Eight spaces while the sum is taken, then a regular file.
        (148, 9, "        0"),
        (257, 8, "ustar\x0000"),
        (345, 155, folder),
    ];
    for (from, room, text) in fields {
        if text.len() > room {
            return Err(io::Error::other("a name in it is too long for an archive"));
        }
        block[from..from + text.len()].copy_from_slice(text.as_bytes());
    }
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    Ok(block)
}
