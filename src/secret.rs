//! Files of secrets: opened in one way, read at each use, kept nowhere, told to nobody.

use std::fs;
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::fs::open_regular;

/// No file of secrets is larger.
const LARGEST: u64 = 16 * 1024;

/// A password has so many bytes at most.
const LONGEST_PASSWORD: usize = 1024;

/// A token that whoever asks must send has so many characters at least.
const SHORTEST_TOKEN: usize = 16;

const OTHERS: u32 = 0o007;

/// What a file of secrets holds. It never waits, whatever lies at the path: a FIFO, a
/// device and a folder are refused.
///
/// # Errors
/// It cannot be read, is not a regular file, everybody may use it, or it is empty or
/// larger than 16 KiB. The text says what to do, and neither names nor quotes the file.
pub fn contents(path: &Path) -> io::Result<Vec<u8>> {
    refuse_unfit(&fs::metadata(path).map_err(remedied)?)?;
    let file = open_regular(path).map_err(remedied)?;
    // Something else may lie there by now.
    refuse_unfit(&file.metadata()?)?;
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(remedied)?;
    match bytes.len() as u64 {
        0 => refuse("it is empty: write the secret into its first line"),
        length if length > LARGEST => {
            refuse("it is larger than 16 KiB: give the secret a file of its own")
        }
        _ => Ok(bytes),
    }
}

/// The first line of a password file.
///
/// # Errors
/// As [`contents`], or the line is empty or longer than 1024 bytes.
pub fn password(path: &Path) -> io::Result<Vec<u8>> {
    let bytes = contents(path)?;
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match line.len() {
        0 => refuse("its first line is empty: write the password into it"),
        length if length > LONGEST_PASSWORD => refuse("its first line has more than 1024 bytes"),
        _ => Ok(line.to_vec()),
    }
}

/// The first line of a token file: what an address and a cookie can hold.
///
/// # Errors
/// As [`contents`], or the line is too short or holds something else.
pub fn token(path: &Path) -> io::Result<String> {
    let bytes = contents(path)?;
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let token = line.trim_ascii();
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(byte);
    match std::str::from_utf8(token) {
        Ok(text) if token.len() >= SHORTEST_TOKEN && token.iter().all(is_plain) => {
            Ok(text.to_owned())
        }
        _ => refuse("its first line must be 16 or more letters, digits or `-_.~`"),
    }
}

fn refuse_unfit(about: &fs::Metadata) -> io::Result<()> {
    if !about.is_file() {
        return refuse("it is not a regular file: put the secret into one");
    }
    if about.mode() & OTHERS != 0 {
        return refuse("everybody may use it: take that away with `chmod o= FILE`");
    }
    Ok(())
}

fn refuse<T>(problem: &str) -> io::Result<T> {
    Err(io::Error::new(ErrorKind::InvalidData, problem))
}

/// The system's words, and what to do.
fn remedied(error: io::Error) -> io::Error {
    let remedy = match error.kind() {
        ErrorKind::NotFound => "make it, with the secret in its first line",
        ErrorKind::PermissionDenied => {
            "let normwatch's user read it, with `chgrp normwatch FILE` and `chmod 640 FILE`"
        }
        _ => return error,
    };
    io::Error::new(error.kind(), format!("{error}: {remedy}"))
}

#[cfg(test)]
mod tests;
