//! Builds the programs that the board runs.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::arch::Arch;
use normwatch_host::{cross, shell};

/// The programs of a board, built.
pub struct Binaries {
    pub normwatch: PathBuf,
    /// What trains, where the board is to learn.
    pub toolchain: Option<PathBuf>,
    /// The test's own hand in the guest.
    pub hand: PathBuf,
}

/// Builds what the board runs, `trains` says whether with the program that trains: for ARM the release binary as `dist` packs it.
/// The x86-64 board runs the binary of the tests, unless `release` asks for the
/// other: both have their dependencies at the same optimisation level, and a
/// second build of those would cost the test command eight minutes. A
/// `normwatch` that is given is taken as it is.
///
/// # Errors
/// The toolchain is incomplete, or cargo fails.
pub fn build(
    arch: Arch,
    release: bool,
    trains: bool,
    normwatch: Option<&Path>,
) -> Result<Binaries> {
    let build = |name: &str| match arch {
        Arch::X86_64 if !release => of_the_tests(name),
        _ => cross::target(arch.triple())?.build_program(name),
    };
    let normwatch = match normwatch {
        Some(given) => given.to_path_buf(),
        None => build("normwatch")?,
    };
    let toolchain = trains.then(|| build("normwatch-toolchain")).transpose()?;
    Ok(Binaries { normwatch, toolchain, hand: build("board-hand")? })
}

/// A program of this machine in the profile of the tests.
///
/// # Errors
/// Cargo fails.
pub fn of_the_tests(name: &str) -> Result<PathBuf> {
    // Of the whole workspace, or its dependencies are built again with other features.
    shell::run("cargo", &["build", "--locked", "--workspace", "--bin", name], &[])?;
    Ok(cross::target_dir().join("debug").join(name))
}
