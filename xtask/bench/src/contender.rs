//! Whoever takes turns in the benchmark: our kernels, tract, or another runtime.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::Result;
use normwatch::model::{Backend, Bundle, NetworkOptions, Precision, Predictor};

use super::models::{Models, scripts};
use super::peer::{Runtime, Worker};
use super::time::{Time, cpu_ms};

pub(super) const OURS: &str = "normwatch";
pub(super) const TRACT: &str = "tract";

/// Somebody who runs the network: a runtime, a precision and a number of threads.
pub(super) struct Contender {
    pub runtime: &'static str,
    pub version: String,
    pub precision: Precision,
    pub threads: usize,
    engine: Engine,
}

enum Engine {
    Own { predictor: Box<Predictor>, frames: Vec<u8>, frame_len: usize },
    Peer(Worker),
}

impl Contender {
    /// The runtime's own, on our kernels or in tract.
    ///
    /// # Errors
    /// The bundle does not load.
    pub(super) fn own(
        models: &Models,
        precision: Precision,
        threads: usize,
        backend: Backend,
    ) -> Result<Self> {
        let options = NetworkOptions { backend, threads };
        let bundle = Bundle::load_with(models.bundle(precision), options)?;
        let mut predictor = Box::new(bundle.predictor());
        let kernels = backend == Backend::Kernels;
        let version = match predictor.engine() {
            Ok(engine) => engine.plan().options().isa.to_string(),
            Err(why) if kernels => anyhow::bail!("our kernels do not take it: {why}"),
            Err(_) => tract_version(),
        };
        let engine =
            Engine::Own { predictor, frames: models.frames.clone(), frame_len: models.frame_len };
        let runtime = if kernels { OURS } else { TRACT };
        Ok(Self { runtime, version, precision, threads, engine })
    }

    /// Another runtime, or why it cannot be run.
    ///
    /// # Errors
    /// Python does not start.
    pub(super) fn peer(
        python: &Path,
        models: &Models,
        runtime: &'static Runtime,
        precision: Precision,
        threads: usize,
    ) -> Result<Result<Self, String>> {
        let name = format!("{}-{precision}-{threads}", runtime.module);
        let mut command = Command::new(python);
        command.arg(scripts().join("worker.py"));
        let started = Worker::start(command, &name, models, runtime, precision, threads)?;
        Ok(started.map(|(worker, version)| Self {
            runtime: runtime.name,
            version,
            precision,
            threads,
            engine: Engine::Peer(worker),
        }))
    }

    /// The frame that it predicts, values in −1..=1.
    ///
    /// # Errors
    /// The network failed.
    pub(super) fn predict(&mut self) -> Result<Vec<f32>> {
        match &mut self.engine {
            Engine::Own { predictor, frames, frame_len } => {
                predictor.predict(frames.chunks_exact(*frame_len))?;
                Ok(predictor.prediction().to_vec())
            }
            Engine::Peer(worker) => worker.predict(),
        }
    }

    /// Predicts so many times.
    ///
    /// # Errors
    /// The network failed.
    pub(super) fn turn(&mut self, count: usize) -> Result<Vec<Time>> {
        match &mut self.engine {
            Engine::Own { predictor, frames, frame_len } => {
                let once = |_| {
                    let (before_ms, wall) = (cpu_ms(), Instant::now());
                    predictor.predict(frames.chunks_exact(*frame_len))?;
                    let wall_ms = wall.elapsed().as_secs_f64() * 1e3;
                    Ok(Time { wall_ms, cpu_ms: cpu_ms() - before_ms })
                };
                (0..count).map(once).collect()
            }
            Engine::Peer(worker) => worker.turn(count),
        }
    }
}

/// As the lock file has it.
fn tract_version() -> String {
    let lock = include_str!("../../../Cargo.lock");
    let after = lock.split_once("name = \"tract-onnx\"").map_or("", |(_, after)| after);
    after.split('"').nth(1).unwrap_or("unknown").to_owned()
}
