//! The kernel room alone, on emulated cores of the boards.

use anyhow::{Result, bail};

use crate::cross::{self, Target};
use crate::{setup, shell};

/// Targets, and the emulator's models of their cores, which decide which
/// kernels are picked.
const MACHINES: [(&str, &[&str]); 2] = [
    ("aarch64-unknown-linux-gnu", &["cortex-a53", "cortex-a76", "max"]),
    ("armv7-unknown-linux-gnueabihf", &["cortex-a7"]),
];

/// Tests the room for every machine.
///
/// # Errors
/// The first test that fails, or what is missing on this machine.
pub fn test() -> Result<()> {
    for (triple, cores) in MACHINES {
        let target = cross::target(triple)?;
        setup::require_target(target)?;
        for core in cores {
            test_on(target, core)?;
        }
    }
    Ok(())
}

fn test_on(target: &Target, core: &str) -> Result<()> {
    if target.runner().is_none() {
        bail!("no emulator is known for {}", target.triple);
    }
    let env = target.env()?;
    let mut env: Vec<(&str, &str)> = env.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    env.push(("QEMU_CPU", core));
    let alone = ["--lib", "--no-default-features", "--features", "training"];
    let test = ["test", "--package", "normwatch", "--locked", "--target", target.triple];
    shell::run("cargo", &[&test[..], &alone[..], &["kernel::"]].concat(), &env)
}
