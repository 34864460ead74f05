//! The virtual board: Debian's kernel in an emulator, with a virtual camera,
//! simulated lines and a watchdog, and the binary as it is released.

mod apt;
mod arch;
mod cache;
mod cpio;
mod emulator;
mod gpio_sim;
mod guest;
mod initramfs;
mod modules;
mod packages;
mod qmp;
mod transcript;
mod unpack;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use indicatif::ProgressBar;

use self::arch::Arch;
use self::cache::Cache;
use self::emulator::Emulator;
use self::guest::Guest;
use self::initramfs::Programs;
use self::transcript::Transcript;
use crate::{cross, shell};

/// Boots a virtual board and runs normwatch on it: camera, lines, watchdog, and
/// what can go wrong with each.
///
/// Needs Debian's apt, and once some 400 MB of its packages, which stay in
/// `$NORMWATCH_BOARD_CACHE` or `~/.cache/normwatch/board`. Everything is
/// emulated, so times in the transcript say nothing about a real board.
#[derive(clap::Args)]
pub struct BoardTestArgs {
    /// The board's architecture [default: one after the other].
    #[arg(long, value_enum)]
    arch: Vec<Arch>,
    /// Run this binary instead of building one.
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
    /// Look for newer versions of Debian's packages.
    #[arg(long)]
    refresh: bool,
    /// Download and build all parts, and boot nothing.
    #[arg(long)]
    prepare: bool,
}

/// # Errors
/// The first step that does not hold.
pub fn run(args: &BoardTestArgs) -> Result<()> {
    let arches = if args.arch.is_empty() { &Arch::ALL[..] } else { &args.arch };
    for arch in arches {
        one(*arch, args).with_context(|| format!("the virtual board {}", arch.name()))?;
    }
    Ok(())
}
fn one(arch: Arch, args: &BoardTestArgs) -> Result<()> {
    let parts = packages::prepare(&Cache::open()?, arch, args.refresh)?;
    if args.prepare {
        return Ok(());
    }
    let out = cross::root().join("out/board").join(arch.name());
    fs::create_dir_all(&out).with_context(|| format!("cannot make {}", out.display()))?;
    let bin = args.binary.clone().unwrap();
    let programs = Programs { normwatch: &bin, hand: &bin };
    let initramfs = out.join("initramfs.cpio");
    initramfs::build(arch, &parts, &programs, &initramfs)?;
    let transcript = Transcript::create(&out.join("transcript.log"))?;
    let (mut emulator, input, output) = Emulator::start(arch, &parts, &initramfs)?;
    let mut guest = Guest::new(input, output, transcript.clone());
    let system = guest.wait_ready(Duration::from_secs(120))?;
    transcript.say(&system);
    for cmd in std::env::var("CMDS").unwrap_or_default().lines() {
        guest.run(cmd, Duration::from_secs(60))?;
    }
    if let Some(r) = arch.gpio_register() { transcript.say(&format!("{:x}", emulator.qmp.physical_word(r)?)); }
    Ok(())
}

/// Shows a spinner and what is being done while `work` runs.
fn busy<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let spinner = ProgressBar::new_spinner().with_message(what.to_string());
    if spinner.is_hidden() {
        eprintln!("{what}");
    }
    spinner.enable_steady_tick(Duration::from_millis(120));
    let result = work();
    spinner.finish_and_clear();
    result
}
