//! Python environments under `target`, for what only Python has: the ONNX
//! checker and ONNX Runtime, which tests use, and the other runtimes of
//! `bench --peers`. No other command needs them.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::{cross, shell};

struct Environment {
    folder: &'static str,
    packages: &'static [&'static str],
    /// Left out where they cannot be had: not every machine has wheels.
    optional: &'static [&'static str],
}

const CHECKS: Environment = Environment {
    folder: "onnx-venv",
    packages: &["onnx==1.23.2", "onnxruntime==1.32.0"],
    optional: &[],
};

const PEERS: Environment = Environment {
    folder: "peers-venv",
    packages: &["numpy==2.4.6", "onnx==1.23.2"],
    optional: &[
        "onnxruntime==1.32.0",
        "openvino==2026.4.1",
        "ncnn==1.0.20261020",
        "ai-edge-litert==2.3.0",
    ],
};

/// Written last, so that an interrupted installation is begun again.
const DONE: &str = "packages.txt";

/// The interpreter of the tests, installed at the first call.
///
/// # Errors
/// Python 3 with `venv` is not there, or the packages cannot be had.
pub fn interpreter() -> Result<PathBuf> {
    CHECKS.interpreter()
}

/// The interpreter that sees the other runtimes, as many of them as can be had
/// here (500 MB), installed at the first call.
///
/// # Errors
/// Python 3 with `venv` is not there, or ONNX cannot be had.
pub fn peers() -> Result<PathBuf> {
    PEERS.interpreter()
}

/// What the runtimes need and the runtimes themselves, at their versions, for
/// whoever wants them for another architecture.
pub fn peer_packages() -> (&'static [&'static str], &'static [&'static str]) {
    (PEERS.packages, PEERS.optional)
}

impl Environment {
    fn interpreter(&self) -> Result<PathBuf> {
        let folder = cross::target_dir().join(self.folder);
        let python = folder.join("bin/python");
        let wanted = [self.packages, self.optional].concat().join("\n");
        if std::fs::read_to_string(folder.join(DONE)).is_ok_and(|found| found == wanted) {
            return Ok(python);
        }
        let path = folder.to_str().context("the target folder's name is not UTF-8")?;
        shell::run("python3", &["-m", "venv", "--clear", path], &[])
            .context("install python3 and python3-venv, then run this again")?;
        let program = python.to_str().context("the target folder's name is not UTF-8")?;
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
        shell::run(program, &[&pip[..], self.packages].concat(), &[])?;
        for package in self.optional {
            if let Err(error) = shell::run(program, &[&pip[..], &[package]].concat(), &[]) {
                eprintln!("{package} is left out: {error:#}");
            }
        }
        std::fs::write(folder.join(DONE), wanted)?;
        Ok(python)
    }
}
