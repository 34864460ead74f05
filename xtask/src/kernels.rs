//! The kernel room alone, on emulated cores of the boards.

use anyhow::{Result, bail};
use normwatch_host::cross::{self, Target};
use normwatch_host::shell;

/// Targets, the emulator's models of their cores, which decide which kernels
/// are picked, and the tests that each has to pass: `max` trains as the others do.
const MACHINES: [(&str, &str, &str); 4] = [
    ("aarch64-unknown-linux-gnu", "cortex-a53", "kernel::"),
    ("aarch64-unknown-linux-gnu", "cortex-a76", "kernel::"),
    ("aarch64-unknown-linux-gnu", "max", "kernel::tests::"),
    ("armv7-unknown-linux-gnueabihf", "cortex-a7", "kernel::"),
];

/// Tests the room for every machine.
///
/// # Errors
/// The first test that fails, or what is missing on this machine.
pub fn test() -> Result<()> {
    for (triple, core, tests) in MACHINES {
        let target = cross::target(triple)?;
        cross::require_target(target)?;
        test_on(target, core, tests)?;
    }
    Ok(())
}

fn test_on(target: &Target, core: &str, tests: &str) -> Result<()> {
    if target.runner().is_none() {
        bail!("no emulator is known for {}", target.triple);
    }
    let env = target.env()?;
    let mut env: Vec<(&str, &str)> = env.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    env.push(("QEMU_CPU", core));
    let alone = ["--lib", "--no-default-features", "--features", "training"];
    let test = ["test", "--package", "normwatch", "--locked", "--target", target.triple];
    shell::run("cargo", &[&test[..], &alone[..], &[tests]].concat(), &env)
}
