//! Time of one prediction on our kernels, beside whatever else a user could
//! run the same weights with. Everybody takes turns in one run, so that what
//! the machine does meanwhile meets all alike.

mod arm;
mod contender;
mod machine;
mod models;
mod peer;
mod report;
mod statistics;
mod time;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, ensure};
use clap::Parser;
use normwatch::model::{Backend, Precision};

use contender::Contender;
use models::{Activations, Models};
use report::{Missing, Report};
use time::Time;

/// Predictions on our own kernels against plain tract and, with `--peers`,
/// against ONNX Runtime, OpenVINO, ncnn and LiteRT, in f32 and in int8: times
/// and paired ratios of alternating turns. Outputs are compared before anything
/// is timed. What cannot be run is listed with the reason.
#[derive(Parser)]
#[command(name = "normwatch-bench", version)]
struct BenchArgs {
    /// The other runtimes too, from their Python wheels (500 MB under `target`).
    #[arg(long)]
    peers: bool,
    /// Count executed instructions on emulated ARM cores instead, ours and
    /// those of the other runtimes, or of plain tract on Cortex-A7 (Debian's
    /// packages and wheels for ARM, 150 MB, go to the cache of the virtual
    /// boards).
    #[arg(long, conflicts_with_all = ["peers", "precision", "threads", "rounds", "frames"])]
    arm: bool,
    /// Cores to count on [default: all but max].
    #[arg(long, value_enum, value_delimiter = ',', requires = "arm", value_name = "CORE")]
    cores: Vec<arm::Core>,
    /// Only estimate our inner loops, and count nothing.
    #[arg(long, requires = "arm")]
    loops: bool,
    /// An f32 bundle.
    #[arg(long, value_name = "DIR", default_value = "models/walkway-edge")]
    bundle: PathBuf,
    /// Footage that the ranges of the integers come from.
    #[arg(long, value_name = "PATH", default_value = "models/walkway-clip/frames")]
    footage: PathBuf,
    /// What to compare. Quantising a network of the paper's size takes hours.
    #[arg(long, value_delimiter = ',', default_value = "f32,int8", value_parser = precision)]
    precision: Vec<Precision>,
    /// Numbers of threads.
    #[arg(long, value_delimiter = ',', default_value = "1", value_parser = threads)]
    threads: Vec<usize>,
    /// Turns of everybody.
    #[arg(long, default_value_t = 15)]
    rounds: usize,
    /// Predictions in a turn, after one that does not count.
    #[arg(long, default_value_t = 8)]
    frames: usize,
    /// Print the result as JSON.
    #[arg(long)]
    json: bool,
}

/// Until the threads of whoever was at work sleep.
const PAUSE: Duration = Duration::from_millis(30);

fn precision(text: &str) -> Result<Precision, String> {
    match text {
        "f32" => Ok(Precision::F32),
        "int8" => Ok(Precision::Int8),
        _ => Err("is neither f32 nor int8".into()),
    }
}

fn threads(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (1..=64).contains(number));
    number.ok_or_else(|| "is not a number from 1 to 64".into())
}

fn main() -> ExitCode {
    normwatch_host::shell::exit_code(run(&BenchArgs::parse()))
}

/// # Errors
/// The bundle cannot be read or quantised, or a runtime failed in its turn.
fn run(args: &BenchArgs) -> Result<()> {
    if args.arm {
        return arm::run(args);
    }
    ensure!(args.rounds > 0 && args.frames > 0, "--rounds and --frames must be above 0");
    let python = if args.peers { Some(normwatch_host::python::peers()?) } else { None };
    let models = Models::make(args, python.as_deref(), Activations::native())?;
    let (mut contenders, mut missing) = line_up(args, &models, python.as_deref())?;
    let off = report::compare(&mut contenders, &mut missing)?;
    let mut times = vec![Vec::with_capacity(args.rounds); contenders.len()];
    for round in 0..args.rounds {
        for turn in 0..contenders.len() {
            // Nobody always follows the same one.
            let which = (turn + round) % contenders.len();
            std::thread::sleep(PAUSE);
            times[which].push(turn_of(&mut contenders[which], args.frames)?);
        }
        eprint!("\rround {} of {}", round + 1, args.rounds);
    }
    eprintln!();
    let report = Report::new(args, &models, &contenders, &off, &times, missing);
    if args.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        report.print();
    }
    Ok(())
}

/// The median of a turn.
fn turn_of(contender: &mut Contender, frames: usize) -> Result<Time> {
    let mut times = contender.turn(frames + 1)?;
    times.remove(0);
    let median = |of: fn(&Time) -> f64| statistics::median(times.iter().map(of));
    Ok(Time { wall_ms: median(|time| time.wall_ms), cpu_ms: median(|time| time.cpu_ms) })
}

/// Everybody who can run, and who cannot.
fn line_up(
    args: &BenchArgs,
    models: &Models,
    python: Option<&Path>,
) -> Result<(Vec<Contender>, Vec<Missing>)> {
    let (mut contenders, mut missing) = (Vec::new(), Vec::new());
    for &threads in &args.threads {
        for &precision in &args.precision {
            let ours = Contender::own(models, precision, threads, Backend::Kernels)?;
            contenders.push(ours);
            if threads == 1 {
                contenders.push(Contender::own(models, precision, threads, Backend::Tract)?);
            } else {
                let reason = "its matrix products are built for one thread here";
                missing.push(Missing::new(contender::TRACT, precision, threads, reason));
            }
            let Some(python) = python else { continue };
            for runtime in peer::RUNTIMES {
                match Contender::peer(python, models, runtime, precision, threads)? {
                    Ok(contender) => contenders.push(contender),
                    Err(reason) => {
                        missing.push(Missing::new(runtime.name, precision, threads, &reason));
                    }
                }
            }
        }
    }
    Ok((contenders, missing))
}
