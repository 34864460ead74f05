//! What is said with secrets from files: read at each attempt, so that a new one counts at once.

use std::path::Path;

use crate::secret::contents;

/// The lines of the file that are not empty, without blanks at their ends.
///
/// # Errors
/// The file cannot be read or holds nothing; the text names it and what to do.
pub(super) fn lines(path: &Path) -> Result<Vec<String>, String> {
    let shown = path.display();
    let bytes = contents(path).map_err(|e| format!("cannot use the secret in {shown}: {e}"))?;
    let text = String::from_utf8(bytes).map_err(|_| {
        format!("cannot use the secret in {shown}: it is not UTF-8: write it again")
    })?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let lines: Vec<String> = lines.map(String::from).collect();
    if lines.is_empty() {
        return Err(format!("cannot use the secret in {shown}: it has no line: write one"));
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
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_a_file_holds_is_not_quoted_where_it_does_not_fit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        assert!(lines(&path).unwrap_err().starts_with("cannot use the secret in "));
        fs::write(&path, "hunter two").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        assert!(token(&path).unwrap_err().contains("`chmod o= FILE`"), "one rule for all secrets");
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        for (text, expected) in
            [("", "is empty"), (" \n\n", "has no line"), ("hunter two", "holds no token")]
        {
            fs::write(&path, text).unwrap();
            let told = token(&path).unwrap_err();
            assert!(told.contains(expected) && !told.contains("hunter"), "{told}");
        }
        fs::write(&path, "X-Key: a: b\n\nhunter2\n").unwrap();
        let told = headers(&path).unwrap_err();
        assert!(told.contains("header 2 is not one") && !told.contains("hunter"), "{told}");
        fs::write(&path, " X-Key: a: b\n").unwrap();
        assert_eq!(headers(&path).unwrap(), [("X-Key".to_string(), "a: b".to_string())]);
        fs::write(&path, "\n tk_1 \r\n").unwrap();
        assert_eq!(token(&path).unwrap(), "tk_1");
    }
}
