//! Another runtime in a Python process, which answers line by line.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use normwatch::model::Precision;

use super::models::{INPUT, Models};
use super::time::Time;

/// A runtime that Python has.
#[derive(Debug)]
pub(super) struct Runtime {
    pub name: &'static str,
    /// Of `peers/peer_MODULE.py`.
    pub module: &'static str,
}

pub(super) const RUNTIMES: &[Runtime] = &[
    Runtime { name: "ONNX Runtime", module: "onnxruntime" },
    Runtime { name: "ONNX Runtime, exact", module: "onnxruntime_exact" },
    Runtime { name: "OpenVINO", module: "openvino" },
    Runtime { name: "ncnn", module: "ncnn" },
    Runtime { name: "LiteRT", module: "litert" },
];

/// Threads of OpenMP that wait spin for so many milliseconds, less than the
/// pause between two turns.
const OPENMP_SPIN_MS: &str = "10";

/// A Python process that runs one network and answers line by line.
pub(super) struct Worker {
    process: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    prediction: PathBuf,
    log: PathBuf,
}

impl Worker {
    /// The process and the runtime's version, or why the network does not run.
    /// `command` runs `worker.py`; files that belong to the process have `name`.
    ///
    /// # Errors
    /// Python does not start.
    pub(super) fn start(
        mut command: Command,
        name: &str,
        models: &Models,
        runtime: &Runtime,
        precision: Precision,
        threads: usize,
    ) -> Result<Result<(Self, String), String>> {
        let (log, prediction) =
            (models.folder.join(format!("{name}.log")), models.folder.join(format!("{name}.f32")));
        let mut process = command
            .args([runtime.module.as_ref(), models.graph(precision).as_os_str()])
            .args([models.folder.join(INPUT).as_os_str(), threads.to_string().as_ref()])
            .env("KMP_BLOCKTIME", OPENMP_SPIN_MS)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&log)?)
            .spawn()
            .with_context(|| format!("cannot start {command:?}"))?;
        let requests = process.stdin.take();
        let answers = BufReader::new(process.stdout.take().context("a pipe from the worker")?);
        let mut worker = Self { process, requests, answers, prediction, log };
        let first = match worker.line() {
            Ok(first) => first,
            Err(error) => return Ok(Err(format!("{error:#}"))),
        };
        Ok(match first.split_once(' ') {
            Some(("ready", version)) => Ok((worker, version.into())),
            Some(("missing", reason)) => Err(reason.into()),
            _ => Err(format!("said `{first}`")),
        })
    }

    pub(super) fn predict(&mut self) -> Result<Vec<f32>> {
        let file = self.prediction.display().to_string();
        let answer = self.ask(&format!("predict {file}"))?;
        ensure!(answer == "done", "the worker said `{answer}`");
        floats(&self.prediction)
    }

    /// Predicts so many times between marks.
    ///
    /// # Errors
    /// The network failed.
    pub(super) fn count(&mut self, count: usize) -> Result<()> {
        let answer = self.ask(&format!("count {count}"))?;
        ensure!(answer == "done", "the worker said `{answer}`");
        Ok(())
    }

    pub(super) fn turn(&mut self, count: usize) -> Result<Vec<Time>> {
        let answer = self.ask(&format!("run {count}"))?;
        let numbers: Vec<f64> = answer
            .split_whitespace()
            .map(|word| word.parse().with_context(|| format!("the worker said `{word}`")))
            .collect::<Result<_>>()?;
        ensure!(numbers.len() == 2 * count, "the worker said {} numbers", numbers.len());
        let pairs = numbers.chunks_exact(2);
        Ok(pairs.map(|pair| Time { wall_ms: pair[0], cpu_ms: pair[1] }).collect())
    }

    fn ask(&mut self, request: &str) -> Result<String> {
        let requests = self.requests.as_mut().expect("open until the end");
        writeln!(requests, "{request}").and_then(|()| requests.flush())?;
        self.line()
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.answers.read_line(&mut line)? == 0 {
            let log = fs::read_to_string(&self.log).unwrap_or_default();
            bail!("ended: {}", log.lines().last().unwrap_or("it said nothing"));
        }
        Ok(line.trim_end().into())
    }
}

/// A file of raw floats.
///
/// # Errors
/// It cannot be read.
pub(super) fn floats(file: &Path) -> Result<Vec<f32>> {
    let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let float = |bytes: &[u8]| f32::from_le_bytes(bytes.try_into().expect("four bytes"));
    Ok(bytes.chunks_exact(size_of::<f32>()).map(float).collect())
}

/// The end of its requests ends it.
impl Drop for Worker {
    fn drop(&mut self) {
        drop(self.requests.take());
        let _ = self.process.wait();
    }
}
