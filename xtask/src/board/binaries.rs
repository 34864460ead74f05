use std::path::PathBuf;

use anyhow::Result;

use super::arch::Arch;
use crate::{cross, shell};

/// The programs of a board, built.
pub struct Binaries {
    pub normwatch: PathBuf,
    /// The test's own hand in the guest.
    pub hand: PathBuf,
}

/// Builds what the board runs: for ARM the release binary as `dist` packs it.
/// The x86-64 board runs the binary of the tests, unless `release` asks for the
/// other: both have their dependencies at the same optimisation level, and a
/// second build of those would cost the test command eight minutes.
///
/// # Errors
/// The toolchain is incomplete, or cargo fails.
pub fn build(arch: Arch, release: bool) -> Result<Binaries> {
    if arch == Arch::X86_64 && !release {
        let packages = ["--package", "normwatch", "--package", "board-hand"];
        shell::run("cargo", &[&["build", "--locked"], &packages[..]].concat(), &[])?;
        let folder = cross::target_dir().join("debug");
        return Ok(Binaries {
            normwatch: folder.join("normwatch"),
            hand: folder.join("board-hand"),
        });
    }
    let target = cross::target(arch.triple())?;
    Ok(Binaries { normwatch: target.build()?, hand: target.build_program("board-hand")? })
}
