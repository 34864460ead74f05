//! The kernel room alone, on emulated cores of the boards.

use anyhow::{Result, ensure};

use crate::shell;

struct Machine {
    target: &'static str,
    linker: &'static str,
    emulator: &'static str,
    /// Folder of the target's C library.
    library: &'static str,
    /// Models of the emulator; they decide which kernels are picked.
    cores: &'static [&'static str],
    packages: &'static str,
}

const MACHINES: [Machine; 2] = [
    Machine {
        target: "aarch64-unknown-linux-gnu",
        linker: "aarch64-linux-gnu-gcc",
        emulator: "qemu-aarch64",
        library: "/usr/aarch64-linux-gnu",
        cores: &["cortex-a53", "cortex-a76"],
        packages: "gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user",
    },
    Machine {
        target: "armv7-unknown-linux-gnueabihf",
        linker: "arm-linux-gnueabihf-gcc",
        emulator: "qemu-arm",
        library: "/usr/arm-linux-gnueabihf",
        cores: &["cortex-a7"],
        packages: "gcc-arm-linux-gnueabihf libc6-dev-armhf-cross qemu-user",
    },
];

/// Tests the room for every machine.
///
/// # Errors
/// The first test that fails, or what is missing on this machine.
pub fn test() -> Result<()> {
    for machine in &MACHINES {
        machine.prepare()?;
        for core in machine.cores {
            machine.test(core)?;
        }
    }
    Ok(())
}

impl Machine {
    fn prepare(&self) -> Result<()> {
        let installed = shell::output("rustup", &["target", "list", "--installed"]);
        if !installed.is_some_and(|list| list.lines().any(|line| line == self.target)) {
            shell::run("rustup", &["target", "add", self.target], &[])?;
        }
        for program in [self.linker, self.emulator] {
            ensure!(
                shell::output(program, &["--version"]).is_some(),
                "`{program}` is missing; run `apt-get install {}` as root, then this again",
                self.packages
            );
        }
        Ok(())
    }

    fn test(&self, core: &str) -> Result<()> {
        let target = self.target.to_uppercase().replace('-', "_");
        let linker = format!("CARGO_TARGET_{target}_LINKER");
        let runner = format!("CARGO_TARGET_{target}_RUNNER");
        let emulated = format!("{} -L {}", self.emulator, self.library);
        let alone = ["--lib", "--no-default-features", "--features", "kernel"];
        let test = ["test", "--package", "normwatch", "--locked", "--target", self.target];
        shell::run(
            "cargo",
            &[&test[..], &alone[..], &["kernel::"]].concat(),
            &[(&linker, self.linker), (&runner, &emulated), ("QEMU_CPU", core)],
        )
    }
}
