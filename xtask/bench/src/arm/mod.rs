//! Instructions of one prediction on the boards' cores, ours and those of the
//! other runtimes, counted in an emulator: a stand-in for time where no board
//! is at hand. It knows no caches, no latencies and no clock.

mod cores;
mod emulator;
mod loops;
mod python;
mod report;
mod throughput;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use normwatch::model::{Backend, Precision};

use self::emulator::{Counts, Emulator};
use self::python::Python;
use self::report::{Missing, Report, Row};
use self::throughput::Estimate;
use super::BenchArgs;
use super::contender::{Contender, OURS, TRACT};
use super::models::{Activations, Models, scripts};
use super::peer::{RUNTIMES, Runtime, Worker};
use super::report::{difference, is_rounding};
use normwatch_host::cache::Cache;
use normwatch_host::cross;
use normwatch_progress::busy;

pub(super) use self::cores::Core;

/// The package of the program that runs in the emulator.
const HAND: &str = "bench-hand";

/// Predictions that are counted; the fewest instructions hold.
const PREDICTIONS: usize = 2;

/// What every count needs.
struct Bench {
    models: Models,
    emulator: Emulator,
    /// Where a core of 64 bits is among those to count.
    python: Option<Python>,
    /// Our own predictions, on this machine.
    expected: [(Precision, Vec<f32>); 2],
}

/// # Errors
/// Something that the emulator needs is missing, or ours does not run in it or
/// predicts something else there.
pub(super) fn run(args: &BenchArgs) -> Result<()> {
    let cores = if args.cores.is_empty() { &Core::USUAL[..] } else { &args.cores };
    let cache = Cache::open()?;
    let estimates = estimate_loops(&cache, cores)?;
    if args.loops {
        ensure!(!estimates.is_empty(), "LLVM models none of these cores");
        match args.json {
            true => println!("{}", serde_json::to_string_pretty(&estimates)?),
            false => report::print_loops(&estimates),
        }
        return Ok(());
    }
    let emulator = Emulator::prepare()?;
    let host = normwatch_host::python::peers()?;
    let python = match cores.iter().any(|core| core.is_aarch64()) {
        true => Some(python::prepare(&cache, &host)?),
        false => None,
    };
    // ONNX Runtime has kernels for SDOT, and needs fewest instructions with them.
    let models = Models::make(args, Some(&host), Activations::Signed)?;
    let expected = [expected(&models, Precision::F32)?, expected(&models, Precision::Int8)?];
    let bench = Bench { models, emulator, python, expected };
    let (mut rows, mut missing) = (Vec::new(), Vec::new());
    for &core in cores {
        bench.count(core, &mut rows, &mut missing)?;
    }
    let report = Report::new(&bench.models, rows, missing, estimates);
    if args.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        report.print();
    }
    Ok(())
}

/// Of the cores that LLVM has models of.
fn estimate_loops(cache: &Cache, cores: &[Core]) -> Result<Vec<Estimate>> {
    let modelled: Vec<Core> =
        cores.iter().copied().filter(|core| Core::MODELLED.contains(core)).collect();
    let Some(core) = modelled.first() else { return Ok(Vec::new()) };
    let target = cross::target(core.triple())?;
    throughput::estimate(cache, target, &target.build_program(HAND)?, &modelled)
}

fn name(backend: Backend) -> &'static str {
    match backend {
        Backend::Kernels => OURS,
        _ => TRACT,
    }
}

fn expected(models: &Models, precision: Precision) -> Result<(Precision, Vec<f32>)> {
    let prediction = Contender::own(models, precision, 1, Backend::Kernels)?.predict()?;
    Ok((precision, prediction))
}

impl Bench {
    /// Ours on a core, and beside it the other runtimes, or plain tract where
    /// they have no wheels.
    fn count(&self, core: Core, rows: &mut Vec<Row>, missing: &mut Vec<Missing>) -> Result<()> {
        let target = cross::target(core.triple())?;
        let hand = target.build_program(HAND)?;
        let python = self.python.as_ref().filter(|_| core.is_aarch64());
        let system = match python {
            Some(python) => &python.system,
            None => Path::new(target.library().context("a C library for the emulator")?),
        };
        let root = core.root(system)?;
        for (precision, expected) in &self.expected {
            let what = |runtime| format!("{} {precision} {runtime}", core.name());
            let own = |backend| {
                let count = || self.own(core, &root, &hand, (*precision, backend), expected);
                busy(&what(name(backend)), count)
            };
            rows.push(own(Backend::Kernels)?);
            let Some(python) = python else {
                rows.push(own(Backend::Tract)?);
                continue;
            };
            for runtime in RUNTIMES {
                let count = || self.peer(core, &root, python, runtime, (*precision, expected));
                match busy(&what(runtime.name), count)? {
                    Ok(row) => rows.push(row),
                    Err(reason) => {
                        missing.push(Missing { core, precision: *precision, runtime, reason });
                    }
                }
            }
        }
        Ok(())
    }

    /// The runtime's own, on our kernels or in tract.
    fn own(
        &self,
        core: Core,
        root: &Path,
        hand: &Path,
        (precision, backend): (Precision, Backend),
        expected: &[f32],
    ) -> Result<Row> {
        let runtime = name(backend);
        let log = self.log(core, runtime, precision);
        let (frames, prediction) =
            (self.models.folder.join("frames.u8"), log.with_extension("f32"));
        fs::write(&frames, &self.models.frames)?;
        let mut command = self.emulator.command(core, root, &log, hand);
        command.arg(self.models.bundle(precision)).args([&frames, &prediction]);
        let output = command.args([&PREDICTIONS.to_string(), runtime]).output();
        let output = output.with_context(|| format!("cannot start {}", hand.display()))?;
        ensure!(
            output.status.success(),
            "{runtime} fails on {}: {}",
            core.name(),
            String::from_utf8_lossy(&output.stderr).trim_end()
        );
        let counts = emulator::counted(&log, PREDICTIONS)?;
        let (off, limit) = difference(precision, &super::peer::floats(&prediction)?, expected);
        ensure!(off <= limit, "{runtime} is off by {off:.1e} on {}", core.name());
        let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Ok(row(core, precision, runtime, version, counts, off))
    }

    /// What another runtime executes, or why it cannot be counted.
    fn peer(
        &self,
        core: Core,
        root: &Path,
        python: &Python,
        runtime: &'static Runtime,
        (precision, expected): (Precision, &[f32]),
    ) -> Result<Result<Row, String>> {
        let log = self.log(core, runtime.module, precision);
        let name = log.file_stem().and_then(|name| name.to_str()).context("a name")?;
        let program = root.join(&python.program);
        let mut command = self.emulator.command(core, root, &log, &program);
        command.env("PYTHONPATH", &python.site).env_remove("PYTHONHOME");
        command.arg(scripts().join("worker.py"));
        let started = Worker::start(command, name, &self.models, runtime, precision, 1)?;
        let (mut worker, version) = match started {
            Ok(started) => started,
            Err(reason) => return Ok(Err(reason)),
        };
        let predicted = worker.predict().and_then(|prediction| {
            worker.count(PREDICTIONS)?;
            Ok(prediction)
        });
        drop(worker);
        let prediction = match predicted {
            Ok(prediction) => prediction,
            Err(error) => return Ok(Err(format!("{error:#}"))),
        };
        let (off, limit) = difference(precision, &prediction, expected);
        if off > limit {
            let reason = format!("computes something else: off by {off:.1e}, at most {limit:.0e}");
            return Ok(Err(reason));
        }
        let counts = emulator::counted(&log, PREDICTIONS)?;
        Ok(Ok(row(core, precision, runtime.name, version, counts, off)))
    }

    /// Where the marks go.
    fn log(&self, core: Core, runtime: &str, precision: Precision) -> PathBuf {
        self.models.folder.join(format!("{}-{runtime}-{precision}.marks", core.name()))
    }
}

fn row(
    core: Core,
    precision: Precision,
    runtime: &'static str,
    version: String,
    instructions: Counts,
    off: f32,
) -> Row {
    let agrees = is_rounding(precision, off);
    Row { core, precision, runtime, version, instructions, off, agrees }
}
