//! The boards' cores, and the emulated system that says which core it has.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Serialize;

use normwatch_host::cross;

/// A core of the boards, by the name that qemu and LLVM have for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Core {
    /// In 32 bits, for which the other runtimes have no wheels.
    CortexA7,
    CortexA53,
    CortexA72,
    CortexA76,
    /// Whatever the emulator has: products of matrices (SMMLA), too.
    Max,
}

impl Core {
    /// Those that are counted on unless told otherwise.
    pub(crate) const USUAL: [Core; 4] =
        [Core::CortexA7, Core::CortexA53, Core::CortexA72, Core::CortexA76];
    /// Those that LLVM has models of.
    pub(super) const MODELLED: [Core; 3] = [Core::CortexA53, Core::CortexA72, Core::CortexA76];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Core::CortexA7 => "cortex-a7",
            Core::CortexA53 => "cortex-a53",
            Core::CortexA72 => "cortex-a72",
            Core::CortexA76 => "cortex-a76",
            Core::Max => "max",
        }
    }

    pub(super) fn is_aarch64(self) -> bool {
        self != Core::CortexA7
    }

    pub(super) fn triple(self) -> &'static str {
        match self {
            Core::CortexA7 => "armv7-unknown-linux-gnueabihf",
            _ => "aarch64-unknown-linux-gnu",
        }
    }

    /// Architecture, part, variant and revision, those of qemu's models.
    fn identity(self) -> (u8, u16, u8, u8) {
        match self {
            Core::CortexA7 => (7, 0xc07, 0, 5),
            Core::CortexA53 => (8, 0xd03, 0, 4),
            Core::CortexA72 => (8, 0xd08, 0, 3),
            Core::CortexA76 => (8, 0xd0b, 4, 1),
            // qemu's own number.
            Core::Max => (8, 0x051, 0, 0),
        }
    }

    fn features(self) -> &'static str {
        match self {
            Core::CortexA7 => {
                "half thumb fastmult vfp edsp neon vfpv3 tls vfpv4 idiva idivt vfpd32 lpae evtstrm"
            }
            Core::CortexA53 | Core::CortexA72 => "fp asimd evtstrm aes pmull sha1 sha2 crc32 cpuid",
            Core::CortexA76 => {
                "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm \
                 lrcpc dcpop asimddp"
            }
            Core::Max => {
                "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm \
                 jscvt fcma lrcpc dcpop sha3 asimddp sha512 asimdfhm i8mm bf16"
            }
        }
    }

    /// As Linux prints it.
    fn cpuinfo(self) -> String {
        let (architecture, part, variant, revision) = self.identity();
        format!(
            "processor\t: 0\nBogoMIPS\t: 100.00\nFeatures\t: {}\nCPU implementer\t: 0x41\n\
             CPU architecture: {architecture}\nCPU variant\t: 0x{variant:x}\nCPU part\t: 0x{part:03x}\n\
             CPU revision\t: {revision}\n\n",
            self.features()
        )
    }

    /// A root for the emulator: that of `system`, with what the kernel of a
    /// board with one such core says of it, by which runtimes choose kernels.
    /// With the files of an x86-64 machine ONNX Runtime ends in a fault.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn root(self, system: &Path) -> Result<PathBuf> {
        let root = cross::target_dir().join("bench/arm").join(self.name());
        self.write_root(system, &root)
            .with_context(|| format!("cannot make {}", root.display()))?;
        Ok(root)
    }

    fn write_root(self, system: &Path, root: &Path) -> Result<()> {
        if root.exists() {
            fs::remove_dir_all(root)?;
        }
        fs::create_dir_all(root)?;
        for entry in fs::read_dir(system)? {
            let entry = entry?;
            symlink(entry.path(), root.join(entry.file_name()))?;
        }
        let put = |path: &str, text: &str| -> Result<()> {
            let path = root.join(path);
            fs::create_dir_all(path.parent().context("a folder")?)?;
            Ok(fs::write(path, text)?)
        };
        put("proc/cpuinfo", &self.cpuinfo())?;
        let cpus = "sys/devices/system/cpu";
        for file in ["possible", "present", "online", "kernel_max"] {
            put(&format!("{cpus}/{file}"), "0\n")?;
        }
        for (file, text) in TOPOLOGY {
            put(&format!("{cpus}/cpu0/topology/{file}"), text)?;
        }
        Ok(())
    }
}

/// Of the only core.
const TOPOLOGY: [(&str, &str); 7] = [
    ("core_id", "0\n"),
    ("physical_package_id", "0\n"),
    ("core_siblings", "1\n"),
    ("core_siblings_list", "0\n"),
    ("cluster_cpus_list", "0\n"),
    ("thread_siblings", "1\n"),
    ("thread_siblings_list", "0\n"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_is_the_system_with_one_core_of_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let (system, root) = (dir.path().join("system"), dir.path().join("root"));
        fs::create_dir_all(system.join("usr/bin")).unwrap();
        fs::write(system.join("usr/bin/python3"), "").unwrap();
        // Twice, as a root is made again for every run.
        Core::CortexA72.write_root(&system, &root).unwrap();
        Core::CortexA76.write_root(&system, &root).unwrap();
        assert!(root.join("usr/bin/python3").is_file() && system.join("usr/bin/python3").is_file());
        let cpuinfo = fs::read_to_string(root.join("proc/cpuinfo")).unwrap();
        assert!(cpuinfo.contains("CPU part\t: 0xd0b\n") && cpuinfo.contains(" asimddp\n"));
        assert!(!Core::CortexA72.cpuinfo().contains("asimddp"));
        assert!(root.join("sys/devices/system/cpu/cpu0/topology/core_id").is_file());
    }
}
