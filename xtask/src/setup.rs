//! Installs what the other commands need on this machine, or says how to.

use anyhow::{Result, bail};

use normwatch_host::cross::{TARGETS, has_rust_target, is_complete};
use normwatch_host::{python, shell};

/// The target that proves that the alarm room fits a microcontroller.
pub const MICROCONTROLLER: &str = "thumbv7em-none-eabihf";

/// A program that is called, and the Debian package it comes with.
type Program = (&'static str, &'static [&'static str], &'static str);

const PROGRAMS: [Program; 11] = [
    ("cc", &["--version"], "gcc"),
    ("ffmpeg", &["-version"], "ffmpeg"),
    // The JPEG decoder is compared with libjpeg-turbo.
    ("cjpeg", &["-version"], "libjpeg-turbo-progs"),
    ("djpeg", &["-version"], "libjpeg-turbo-progs"),
    // MQTT is tried with it. Debian has the broker where only root looks.
    ("sh", &["-c", "PATH=$PATH:/usr/sbin command -v mosquitto"], "mosquitto"),
    // The page is looked at in a browser.
    ("chromium", &["--version"], "chromium"),
    ("chromedriver", &["--version"], "chromium-driver"),
    // A package source is made, signed and read.
    ("apt-ftparchive", &["--version"], "apt-utils"),
    ("gpg", &["--version"], "gnupg"),
    ("python3", &["--version"], "python3"),
    ("python3", &["-c", "import ensurepip"], "python3-venv"),
];

const PACKAGING: [Program; 2] =
    [("dpkg-deb", &["--version"], "dpkg"), ("lintian", &["--version"], "lintian")];

const VIRTUAL_BOARD: [Program; 4] = [
    ("make", &["--version"], "make"),
    ("xz", &["--version"], "xz-utils"),
    ("setpriv", &["--version"], "util-linux"),
    // Debian keeps it where only root's shell looks.
    ("sh", &["-c", "PATH=$PATH:/usr/sbin:/sbin mke2fs -V"], "e2fsprogs"),
];

const COMPONENTS: [(&str, &str); 2] = [("fmt", "rustfmt"), ("clippy", "clippy")];

/// Installs what is missing on this machine, or names it with the command that
/// brings it, and fetches the crates of the lock file.
///
/// This is the one step of the tests that needs a network.
#[derive(clap::Args, Default)]
pub struct SetupArgs {
    /// What release builds, packages and the virtual board need, too: Rust
    /// targets, Debian's cross compilers and user-mode emulators, lintian, make.
    #[arg(long)]
    pub cross: bool,
}

/// Makes sure that all is there; installs what it may.
///
/// # Errors
/// Names the first thing that is missing and the command that brings it.
pub fn run(args: &SetupArgs) -> Result<()> {
    for (command, component) in COMPONENTS {
        if shell::output("cargo", &[command, "--version"]).is_none() {
            install("rustup", &["component", "add", component])?;
        }
    }
    let mut triples = vec![MICROCONTROLLER];
    let mut packages = missing_packages(&PROGRAMS);
    if args.cross {
        triples.extend(TARGETS.iter().map(|target| target.triple));
        packages.extend(missing_packages(&PACKAGING));
        packages.extend(missing_packages(&VIRTUAL_BOARD));
        packages.extend(TARGETS.iter().filter(|t| !is_complete(t)).flat_map(|t| t.packages));
    }
    triples.retain(|triple| !has_rust_target(triple));
    if !triples.is_empty() {
        install("rustup", &[&["target", "add"], &triples[..]].concat())?;
    }
    packages.sort_unstable();
    packages.dedup();
    install_packages(&packages)?;
    fetch_crates(args.cross)?;
    python::interpreter().map(|_| ())
}

/// Fetches what the lock file names for this machine and, where asked, for the
/// boards.
fn fetch_crates(cross: bool) -> Result<()> {
    let mut targets = vec!["--target", "x86_64-unknown-linux-gnu", "--target", MICROCONTROLLER];
    if cross {
        targets.extend(TARGETS.iter().flat_map(|target| ["--target", target.triple]));
    }
    shell::run("cargo", &[&["fetch", "--locked"], &targets[..]].concat(), &[])
}

/// What this machine has of all that the commands may need, one line each.
pub fn found() -> Vec<String> {
    let programs = PROGRAMS.iter().chain(&PACKAGING).chain(&VIRTUAL_BOARD);
    let there = programs.filter(|(program, args, _)| shell::output(program, args).is_some());
    let mut lines: Vec<String> =
        there.map(|(_, _, package)| format!("Debian's package {package}")).collect();
    for target in TARGETS.iter().filter(|target| is_complete(target)) {
        lines.push(format!("compiler and emulator for {}", target.triple));
    }
    let triples = TARGETS.iter().map(|target| target.triple).chain([MICROCONTROLLER]);
    lines.extend(triples.filter(|t| has_rust_target(t)).map(|t| format!("Rust's library for {t}")));
    for (command, component) in COMPONENTS {
        if shell::output("cargo", &[command, "--version"]).is_some() {
            lines.push(format!("Rust's component {component}"));
        }
    }
    lines.dedup();
    lines
}

fn missing_packages(programs: &[Program]) -> Vec<&'static str> {
    let missing =
        programs.iter().filter(|(program, args, _)| shell::output(program, args).is_none());
    missing.map(|(_, _, package)| *package).collect()
}

fn install_packages(packages: &[&str]) -> Result<()> {
    if packages.is_empty() {
        return Ok(());
    }
    let root = shell::output("id", &["-u"]).is_some_and(|id| id.trim() == "0");
    if !root || shell::output("apt-get", &["--version"]).is_none() {
        bail!(
            "missing: {0}; run `apt-get install {0}` as root, then this again",
            packages.join(" ")
        );
    }
    let quiet = [("DEBIAN_FRONTEND", "noninteractive")];
    shell::run("apt-get", &["-q", "update"], &quiet)?;
    let args = ["-qy", "--no-install-recommends", "install"];
    shell::run("apt-get", &[&args[..], packages].concat(), &quiet)
}

fn install(program: &str, args: &[&str]) -> Result<()> {
    if let Err(error) = shell::run(program, args, &[]) {
        bail!("{error:#}; run `{program} {}` yourself, then this again", args.join(" "));
    }
    Ok(())
}
