//! The virtual board: Debian's kernel in an emulator, with a virtual camera,
//! simulated lines and a watchdog, and the binary as it is released.

mod arch;
mod binaries;
mod cpio;
mod disk;
mod emulator;
mod gpio_sim;
mod guest;
mod initramfs;
mod modules;
mod packages;
mod parity;
mod patience;
mod qmp;
mod running;
mod scenario;
mod transcript;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use normwatch_host::cache::Cache;
use normwatch_host::{cross, shell};
use serde::Serialize;

use arch::Arch;
use emulator::Equipment;
use running::{Board, StepReport};
use scenario::Scenario;
use transcript::{Ear, Transcript};

/// Runs the release binary on emulated machines.
#[derive(Parser)]
#[command(name = "normwatch-board-test", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    BoardTest(BoardTestArgs),
    Parity(parity::ParityArgs),
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::BoardTest(args) => run(&args),
        Command::Parity(args) => parity::run(&args),
    };
    shell::exit_code(done)
}

/// Boots a virtual board and runs normwatch on it: camera, lines, watchdog, and
/// what can go wrong with each.
///
/// Needs Debian's apt, and once some 350 MB of its packages, which stay in
/// `$NORMWATCH_BOARD_CACHE` or `~/.cache/normwatch/board`. Everything is
/// emulated, so times in the transcript say nothing about a real board.
#[derive(clap::Args)]
struct BoardTestArgs {
    /// The board's architecture; may be given twice [default: both].
    #[arg(long, value_enum)]
    arch: Vec<Arch>,
    /// What is done with the board; may be given twice.
    #[arg(long, value_enum, default_value = "watch")]
    scenario: Vec<Scenario>,
    /// Run the release binary on x86_64 too, not the one that the tests built.
    #[arg(long)]
    release: bool,
    /// Run this `normwatch` instead of building one.
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
    /// Look for newer versions of Debian's packages.
    #[arg(long)]
    refresh: bool,
    /// Download and build all parts, and boot nothing.
    #[arg(long)]
    prepare: bool,
    /// Boots before a failure counts: an emulator that other work starves of
    /// time loses frames. Every failure is shown.
    #[arg(long, value_name = "N", default_value_t = 1)]
    tries: u32,
    /// Print what each boot came to as JSON; the transcript goes to standard
    /// error.
    #[arg(long)]
    json: bool,
}

/// What one boot of a board came to.
#[derive(Serialize)]
struct BoardReport {
    board: &'static str,
    scenario: &'static str,
    /// From 1.
    attempt: u32,
    holds: bool,
    steps: Vec<StepReport>,
    transcript: PathBuf,
}

/// # Errors
/// The first step that does not hold.
fn run(args: &BoardTestArgs) -> Result<()> {
    let arches = if args.arch.is_empty() { &Arch::ALL[..] } else { &args.arch };
    let mut reports = Vec::new();
    let boots = arches.iter().flat_map(|&arch| args.scenario.iter().map(move |&s| (arch, s)));
    let done = boots
        .into_iter()
        .try_for_each(|(arch, scenario)| try_board(arch, scenario, args, &mut reports));
    if args.json {
        println!("{}", serde_json::to_string_pretty(&reports)?);
    }
    done
}

/// Boots a board until every step holds, as often as is allowed.
fn try_board(
    arch: Arch,
    scenario: Scenario,
    args: &BoardTestArgs,
    reports: &mut Vec<BoardReport>,
) -> Result<()> {
    let mut attempt = 1;
    while let Err(error) = test(arch, scenario, args, attempt, reports) {
        let error = error.context(format!(
            "the virtual board {}, scenario {}",
            arch.name(),
            scenario.name()
        ));
        if attempt >= args.tries {
            return Err(error);
        }
        attempt += 1;
        eprintln!("{error:#}\ntry {attempt} of {} follows", args.tries);
    }
    Ok(())
}

fn test(
    arch: Arch,
    scenario: Scenario,
    args: &BoardTestArgs,
    attempt: u32,
    reports: &mut Vec<BoardReport>,
) -> Result<()> {
    let parts = packages::prepare(&Cache::open()?, arch, args.refresh)?;
    let programs = binaries::build(arch, args.release, scenario.learns(), args.binary.as_deref())?;
    if args.prepare {
        return Ok(());
    }
    let out = cross::root().join("out/board").join(arch.name()).join(scenario.name());
    fs::create_dir_all(&out).with_context(|| format!("cannot make {}", out.display()))?;
    let initramfs = out.join("initramfs.cpio");
    initramfs::build(arch, &parts, &programs, &initramfs)?;
    let equipment = Equipment { memory_mib: scenario.memory_mib(), disk: disk(scenario, &out)? };
    let path = out.join("transcript.log");
    let ear = if args.json { Ear::Error } else { Ear::Output };
    let transcript = Transcript::create(&path, ear)?;
    transcript.say(&format!(
        "virtual board {}, scenario {}, emulated: qemu {}, Linux {} ({}), {}",
        arch.name(),
        scenario.name(),
        parts.emulator_version,
        parts.release,
        parts.kernel_version,
        programs.normwatch.display()
    ));
    let mut board = Board::boot(arch, &parts, &initramfs, &equipment, transcript.clone())?;
    let result = scenario.play(&mut board);
    let holds = result.is_ok();
    transcript.say(if holds { "all steps hold" } else { "the board does not hold" });
    let steps = std::mem::take(&mut board.steps);
    let transcript = path.clone();
    let (board, scenario) = (arch.name(), scenario.name());
    reports.push(BoardReport { board, scenario, attempt, holds, steps, transcript });
    result.with_context(|| format!("see {}", path.display()))
}

/// An empty disk, for what is to outlast a reset.
fn disk(scenario: Scenario, out: &Path) -> Result<Option<PathBuf>> {
    if !scenario.learns() {
        return Ok(None);
    }
    let image = out.join("disk.img");
    disk::make(&image)?;
    Ok(Some(image))
}
