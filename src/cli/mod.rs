//! The commands: thin, each in a file of its own.

mod bench;
mod bundle;
mod calibrate;
mod check;
mod closed_output;
mod data_dirs;
mod demo;
mod doctor;
mod error;
mod events;
mod fall_back;
mod fault_injection;
#[cfg(feature = "gpio")]
mod guard_lines;
mod learn;
mod logger;
mod missed;
#[cfg(not(feature = "web-server"))]
mod no_replayed_page;
mod normal;
mod notify;
mod out_folder;
mod record;
mod reload;
mod replay;
mod replayed_events;
#[cfg(feature = "web-server")]
mod replayed_page;
mod report;
mod run;
mod run_summary;
mod setup;
mod signals;
mod site;
mod toolchain;
mod unit_network;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

pub use self::closed_output::end_quietly_on_closed_output;
use self::error::Error;
use self::signals::Held;

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  the program or the network failed
  2  wrong usage or configuration
  3  a model bundle or calibration was refused
  4  the camera or the footage cannot be read
  5  a file cannot be written or read
  6  the demonstration's alarms were not where the truth is
  7  a GPIO line or the watchdog cannot be had
  8  `doctor` found something that keeps normwatch from working
  9  `notify --test` did not reach every output";

/// Learns what is normal in front of one fixed camera and switches a GPIO line when
/// it sees something else.
#[derive(Debug, Parser)]
#[command(name = "normwatch", version, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Say more on standard error; twice for debugging.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    /// Say nothing but warnings and errors.
    #[arg(short, long, global = true)]
    quiet: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Plays the bundled clip through the bundled model on a simulated line
    /// and writes an HTML report.
    Demo(demo::DemoArgs),
    /// Asks about board, camera and lines, tries each, and writes the site file.
    Setup(setup::SetupArgs),
    /// Watches a camera as a site file says, until it is stopped.
    Run(run::RunArgs),
    /// Records footage of a site's camera, ready for training.
    Record(record::RecordArgs),
    /// Learns a site's camera on this board: observes it, trains a network
    /// (package normwatch-toolchain), proves it, and finds its levels.
    Learn(learn::LearnArgs),
    /// Lists the bundles that this board has learnt, and says which of them watches.
    Bundle(bundle::BundleArgs),
    /// Says that an alarm was normal: its like is not raised again, and learnt.
    Normal(normal::NormalArgs),
    /// Says that an alarm was missed: its time is not learnt as normal.
    Missed(missed::MissedArgs),
    /// Plays recorded footage through the same pipeline, without waiting.
    Replay(replay::ReplayArgs),
    /// Learns from normal footage which scores are usual.
    ///
    /// The footage must show what is normal and nothing else, and should not be
    /// what the model was trained on: a network knows that too well, and the
    /// levels come out too low.
    Calibrate(calibrate::CalibrateArgs),
    /// Shows what happened, with pictures and reasons.
    Events(events::EventsArgs),
    /// Checks a site file and the board file that it names.
    Check(check::CheckArgs),
    /// Lists who is told of events, and tries whether it arrives.
    Notify(notify::NotifyArgs),
    #[cfg(feature = "gpio")]
    #[command(hide = true)]
    GuardLines(guard_lines::GuardLinesArgs),
    /// Looks at the machine and says what is in the way.
    Doctor(doctor::DoctorArgs),
    /// Measures the time of every stage with a bundle on this machine.
    Bench(bench::BenchArgs),
    /// Trains a network on normal footage (package normwatch-toolchain).
    Train(toolchain::ToolchainArgs),
    /// Makes a bundle of what was trained (package normwatch-toolchain).
    Export(toolchain::ToolchainArgs),
    /// Takes over a PyTorch checkpoint (package normwatch-toolchain).
    Import(toolchain::ToolchainArgs),
    /// Makes an int8 or f16 bundle of an f32 one (package normwatch-toolchain).
    Quantize(toolchain::ToolchainArgs),
    /// Proves that bundles compute what they should (package
    /// normwatch-toolchain).
    Verify(toolchain::ToolchainArgs),
    /// Measures bundles on labelled footage (package normwatch-toolchain).
    Eval(toolchain::ToolchainArgs),
    /// Trains and judges on every scene of a folder (package
    /// normwatch-toolchain).
    Scenes(toolchain::ToolchainArgs),
    /// Signs a bundle, so that boards take it from you alone (package
    /// normwatch-toolchain).
    Sign(toolchain::ToolchainArgs),
    /// Renders synthetic footage of a walkway (package normwatch-toolchain).
    Scene(toolchain::ToolchainArgs),
}

/// The command line, for whoever documents it.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Parses the command line, runs the command, and says how it went.
pub fn main() -> ExitCode {
    end_quietly_on_closed_output();
    main_from(std::env::args_os())
}

/// The same for a command line that begins with the program's name.
pub fn main_from(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let signals = Held::all();
    let cli = Cli::parse_from(args);
    // What goes on for long tells of its every step; the others report at their end.
    let quiet = cli.quiet
        || !matches!(cli.command, Command::Run(_) | Command::Record(_) | Command::Learn(_));
    // What outlives the others holds signals in all its threads, this logger's too.
    if !matches!(cli.command, Command::Run(_)) && !is_guard(&cli.command) {
        signals.let_go();
    }
    let _last_lines = logger::install(cli.verbose, quiet);
    let result = match cli.command {
        Command::Demo(args) => demo::run(&args),
        Command::Setup(args) => setup::run(&args),
        Command::Run(args) => run::run(&args),
        Command::Record(args) => record::run(&args),
        Command::Learn(args) => learn::run(&args),
        Command::Bundle(args) => bundle::run(&args),
        Command::Normal(args) => normal::run(&args),
        Command::Missed(args) => missed::run(&args),
        Command::Replay(args) => replay::run(&args),
        Command::Calibrate(args) => calibrate::run(&args),
        Command::Events(args) => events::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Notify(args) => notify::run(&args),
        #[cfg(feature = "gpio")]
        Command::GuardLines(args) => guard_lines::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Train(args) => toolchain::run("train", &args),
        Command::Export(args) => toolchain::run("export", &args),
        Command::Import(args) => toolchain::run("import", &args),
        Command::Quantize(args) => toolchain::run("quantize", &args),
        Command::Verify(args) => toolchain::run("verify", &args),
        Command::Eval(args) => toolchain::run("eval", &args),
        Command::Scenes(args) => toolchain::run("scenes", &args),
        Command::Sign(args) => toolchain::run("sign", &args),
        Command::Scene(args) => toolchain::run("scene", &args),
    };
    match result.and_then(|()| closed_output::flush_output()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            logger::say(format!("error: {error}"));
            ExitCode::from(error.exit_code())
        }
    }
}

fn is_guard(command: &Command) -> bool {
    #[cfg(feature = "gpio")]
    return matches!(command, Command::GuardLines(_));
    #[cfg(not(feature = "gpio"))]
    return false;
}

/// Prints a value as one JSON document.
fn print_json(value: &impl serde::Serialize) -> Result<(), Error> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|e| Error::Internal(format!("cannot write JSON: {e}")))?;
    println!("{text}");
    Ok(())
}
