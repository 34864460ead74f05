//! Secrets in files of their own: read at each attempt, so that a new one counts at once.

use std::fs::File;
use std::io::Read;
use std::path::Path;

/// No secret is longer, and no file of headers.
const LIMIT_BYTES: u64 = 16 * 1024;

/// The lines of the file that are not empty, without blanks at their ends.
///
/// # Errors
/// The file cannot be read or holds nothing; the text names it and what to do.
pub(super) fn lines(path: &Path) -> Result<Vec<String>, String> {
    let shown = path.display();
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(LIMIT_BYTES).read_to_string(&mut text));
    read.map_err(|e| {
        format!("cannot read the secret in {shown}: {e}: let normwatch's user read the file")
    })?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let lines: Vec<String> = lines.map(String::from).collect();
    if lines.is_empty() {
        return Err(format!("{shown} is empty: put the secret into it, in a line of its own"));
    }
    Ok(lines)
}

/// The first of them, fit for a header.
///
/// # Errors
/// As [`lines`], or it holds characters that no token has.
pub(super) fn token(path: &Path) -> Result<String, String> {
    let token = lines(path)?.swap_remove(0);
    if token.chars().all(|c| c.is_ascii_graphic()) {
        return Ok(token);
    }
    Err(format!("{} holds no token: write it into the first line, alone", path.display()))
}

/// Headers, one `Name: value` a line.
///
/// # Errors
/// As [`lines`], or a line is none; the text does not quote it.
pub(super) fn headers(path: &Path) -> Result<Vec<(String, String)>, String> {
    let lines = lines(path)?;
    let header = |(at, line): (usize, &String)| {
        let parts = line.split_once(':').map(|(name, value)| (name.trim(), value.trim()));
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let fits = |(name, value): &(&str, &str)| {
            !name.is_empty() && name.chars().all(is_name) && !value.chars().any(char::is_control)
        };
        let parts = parts.filter(fits).map(|(name, value)| (name.to_string(), value.to_string()));
        parts.ok_or_else(|| {
            let shown = path.display();
            format!("{shown}: header {} is not one: write `Name: value`", at + 1)
        })
    };
    lines.iter().enumerate().map(header).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_holds_is_not_quoted_where_it_does_not_fit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        assert!(lines(&path).unwrap_err().starts_with("cannot read the secret in "));
        for (text, expected) in [("", "is empty"), ("hunter two", "holds no token")] {
            std::fs::write(&path, text).unwrap();
            let told = token(&path).unwrap_err();
            assert!(told.contains(expected) && !told.contains("hunter"), "{told}");
        }
        std::fs::write(&path, "X-Key: a: b\n\nhunter2\n").unwrap();
        let told = headers(&path).unwrap_err();
        assert!(told.contains("header 2 is not one") && !told.contains("hunter"), "{told}");
        std::fs::write(&path, " X-Key: a: b\n").unwrap();
        assert_eq!(headers(&path).unwrap(), [("X-Key".to_string(), "a: b".to_string())]);
        std::fs::write(&path, "\n tk_1 \r\n").unwrap();
        assert_eq!(token(&path).unwrap(), "tk_1");
    }
}
