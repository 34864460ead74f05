//! A Python environment under `target`, for what only Python has: the ONNX
//! checker and ONNX Runtime. Tests use it; no command needs it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::shell;

const PACKAGES: [&str; 2] = ["onnx==1.23.2", "onnxruntime==1.32.0"];
/// Written last, so that an interrupted installation is begun again.
const DONE: &str = "packages.txt";

/// The environment's interpreter, installed at the first call.
///
/// # Errors
/// Python 3 with `venv` is not there, or the packages cannot be had.
pub fn interpreter() -> Result<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/onnx-venv");
    let python = folder.join("bin/python");
    let wanted = PACKAGES.join("\n");
    if std::fs::read_to_string(folder.join(DONE)).is_ok_and(|found| found == wanted) {
        return Ok(python);
    }
    let path = folder.to_str().context("the target folder's name is not UTF-8")?;
    shell::run("python3", &["-m", "venv", "--clear", path], &[])
        .context("install python3 and python3-venv, then run this again")?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    shell::run(
        python.to_str().context("the target folder's name is not UTF-8")?,
        &[&pip[..], &PACKAGES[..]].concat(),
        &[],
    )?;
    std::fs::write(folder.join(DONE), wanted)?;
    Ok(python)
}

#[cfg(test)]
mod tests;
