//! Packs the guest's file system: shell, drivers, the program and a bundle.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::arch::Arch;
use super::binaries::Binaries;
use super::cpio::Archive;
use super::modules::Modules;
use super::packages::Parts;
use normwatch_host::cross;

/// The drivers in the order in which the guest loads them, with parameters.
/// The camera offers one capture node that behaves as a webcam; the watchdog
/// bites after ten seconds.
const DRIVERS: [(&str, &str); 7] = [
    ("vivid", "n_devs=1 node_types=0x1 num_inputs=1 input_types=0x0"),
    ("i6300esb", "heartbeat=10"),
    ("configfs", ""),
    // The disk that some boards have; its file system asks for the checksum by name.
    ("virtio_pci", ""),
    ("virtio_blk", ""),
    ("crc32c_generic", ""),
    ("ext4", ""),
];

/// The guest's whole file system.
///
/// # Errors
/// A part cannot be read, or the kernel lacks a driver.
pub fn build(arch: Arch, parts: &Parts, programs: &Binaries, to: &Path) -> Result<()> {
    let mut archive = Archive::default();
    for folder in ["dev", "proc", "sys", "tmp", "run", "etc/normwatch", "var/lib/normwatch"] {
        archive.folder(folder);
    }
    archive.character_device("dev/console", 5, 1);
    archive.file("init", include_bytes!("guest/init.sh"));
    archive.copy("bin/busybox", &parts.busybox)?;
    let work = to.parent().unwrap_or(to);
    for (name, program) in [("normwatch", &programs.normwatch), ("board-hand", &programs.hand)] {
        archive.file(&format!("bin/{name}"), &stripped(arch, program, work)?);
    }
    if let Some(toolchain) = &programs.toolchain {
        let name = "normwatch-toolchain";
        archive.file(&format!("bin/{name}"), include_bytes!("guest/small-toolchain.sh"));
        archive.file(&format!("lib/toolchain/{name}"), &stripped(arch, toolchain, work)?);
    }
    let (folder, libraries) = arch.libraries();
    for library in libraries {
        archive.copy(&format!("lib/{library}"), &Path::new(folder).join(library))?;
    }
    archive.link("lib64", "lib");
    modules(parts, &mut archive)?;
    let root = cross::root();
    archive.copy_folder("usr/share/normwatch/boards", &root.join("boards"))?;
    let bundle = root.join("tests/fixtures/reference/tiny-nearest");
    archive.copy_folder("var/lib/normwatch/bundle", &bundle)?;
    fs::write(to, archive.finish()).with_context(|| format!("cannot write {}", to.display()))
}

fn modules(parts: &Parts, archive: &mut Archive) -> Result<()> {
    let folder = parts.kernel.join("lib/modules").join(&parts.release);
    let modules = Modules::find(&folder)?;
    let mut order = String::new();
    for (driver, parameters) in DRIVERS {
        for file in modules.in_order(&[driver])? {
            let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let line = if name == driver { parameters } else { "" };
            let line = format!("{name} {line}\n");
            if !order.contains(&line) {
                order.push_str(&line);
                archive.copy(&format!("modules/{name}.ko"), &file)?;
            }
        }
    }
    archive.copy("modules/gpio-sim.ko", &parts.gpio_sim)?;
    order.push_str("gpio-sim\n");
    archive.file("modules/order", order.as_bytes());
    Ok(())
}

fn stripped(arch: Arch, program: &Path, work: &Path) -> Result<Vec<u8>> {
    let copy = work.join("stripped");
    let status = Command::new(arch.strip())
        .args(["--strip-all", "-o"])
        .args([&copy, program])
        .status()
        .with_context(|| format!("cannot start `{}`", arch.strip()))?;
    ensure!(status.success(), "{} cannot strip {}", arch.strip(), program.display());
    let bytes = fs::read(&copy).with_context(|| format!("cannot read {}", copy.display()))?;
    fs::remove_file(&copy).with_context(|| format!("cannot remove {}", copy.display()))?;
    Ok(bytes)
}
