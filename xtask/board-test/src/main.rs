//! The virtual board: Debian's kernel in an emulator, with a virtual camera,
//! simulated lines and a watchdog, and the binary as it is released.

mod arch;
mod binaries;
mod cpio;
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
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use normwatch_host::cache::Cache;
use normwatch_host::{cross, shell};

use arch::Arch;
use running::Board;
use transcript::Transcript;

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
    /// Compares the scores of aarch64 and x86-64 on the demonstration's clip.
    Parity,
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::BoardTest(args) => run(&args),
        Command::Parity => parity::parity(),
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
}

/// # Errors
/// The first step that does not hold.
fn run(args: &BoardTestArgs) -> Result<()> {
    let arches = if args.arch.is_empty() { &Arch::ALL[..] } else { &args.arch };
    for arch in arches {
        let mut attempt = 1;
        while let Err(error) = test(*arch, args) {
            let error = error.context(format!("the virtual board {}", arch.name()));
            if attempt >= args.tries {
                return Err(error);
            }
            attempt += 1;
            eprintln!("{error:#}\ntry {attempt} of {} follows", args.tries);
        }
    }
    Ok(())
}

fn test(arch: Arch, args: &BoardTestArgs) -> Result<()> {
    let parts = packages::prepare(&Cache::open()?, arch, args.refresh)?;
    let programs = binaries::build(arch, args.release, args.binary.as_deref())?;
    if args.prepare {
        return Ok(());
    }
    let out = cross::root().join("out/board").join(arch.name());
    fs::create_dir_all(&out).with_context(|| format!("cannot make {}", out.display()))?;
    let initramfs = out.join("initramfs.cpio");
    initramfs::build(arch, &parts, &programs, &initramfs)?;
    let transcript = Transcript::create(&out.join("transcript.log"))?;
    transcript.say(&format!(
        "virtual board {}, emulated: qemu {}, Linux {} ({}), {}",
        arch.name(),
        parts.emulator_version,
        parts.release,
        parts.kernel_version,
        programs.normwatch.display()
    ));
    let mut board = Board::boot(arch, &parts, &initramfs, transcript.clone())?;
    let result = scenario::play(&mut board);
    transcript.say(if result.is_ok() { "all steps hold" } else { "the board does not hold" });
    result.with_context(|| format!("see {}", out.join("transcript.log").display()))
}
