//! Starts the emulator, and ends it with the test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result};

use super::arch::Arch;
use super::packages::Parts;
use super::patience::Patience;
use super::qmp::Qmp;

const CORES: &str = "2";

/// What a board has beside what all have.
#[derive(Clone, Debug)]
pub struct Equipment {
    pub memory_mib: u32,
    /// The image of a disk that outlasts a reset; the guest's state lies on it.
    pub disk: Option<PathBuf>,
}

/// A running emulator; it ends with this value.
pub struct Emulator {
    child: Child,
    folder: PathBuf,
    pub qmp: Qmp,
}

impl Emulator {
    /// Starts the board. What is returned beside it is the serial line.
    ///
    /// # Errors
    /// The emulator does not start.
    pub fn start(
        arch: Arch,
        parts: &Parts,
        initramfs: &Path,
        equipment: &Equipment,
    ) -> Result<(Emulator, ChildStdin, ChildStdout)> {
        // A socket's path is limited to 107 bytes, which a checkout's may exceed.
        let folder = std::env::temp_dir().join(format!("normwatch-board-{}", std::process::id()));
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let socket = folder.join(format!("{}.qmp", arch.name()));
        let (_, program) = arch.emulator();
        let usr = parts.emulator.join("usr");
        // The emulator must not outlive a test that was killed.
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "KILL"])
            .arg(usr.join("bin").join(program))
            .args(arch.machine())
            .args(["-accel", "tcg,thread=multi", "-smp", CORES])
            .args(["-m", &equipment.memory_mib.to_string()])
            .arg("-L")
            .arg(usr.join("share/qemu"))
            .arg("-L")
            .arg(usr.join("share/seabios"))
            .args(["-display", "none", "-monitor", "none", "-nic", "none"])
            .args(["-chardev", "stdio,id=serial,signal=off", "-serial", "chardev:serial"])
            .args(["-device", "i6300esb", "-action", "watchdog=reset"])
            .arg("-qmp")
            .arg(format!("unix:{},server=on,wait=off", socket.display()))
            .arg("-kernel")
            .arg(parts.kernel.join("boot").join(format!("vmlinuz-{}", parts.release)))
            .arg("-initrd")
            .arg(initramfs)
            .arg("-append")
            .arg(format!("console={} quiet panic=-1{}", arch.console(), arch.kernel_words()))
            .env("LD_LIBRARY_PATH", library_path(&parts.emulator));
        if let Some(disk) = &equipment.disk {
            command
                .arg("-drive")
                .arg(format!("file={},if=none,id=disk,format=raw", disk.display()))
                .args(["-device", "virtio-blk-pci,drive=disk"]);
        }
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start `setpriv`: install the package util-linux")?;
        let serial = (child.stdin.take(), child.stdout.take());
        let qmp = Qmp::connect(&socket);
        let (Ok(qmp), (Some(input), Some(output))) = (qmp, serial) else {
            let _ = child.kill();
            let status = child.wait();
            anyhow::bail!("{program} did not start ({status:?}); what it said is above");
        };
        Ok((Emulator { child, folder, qmp }, input, output))
    }

    /// Limits that are fair to this emulator.
    pub fn patience(&self) -> Patience {
        // `setpriv` has become the emulator.
        Patience::with(self.child.id())
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn library_path(emulator: &Path) -> String {
    let folders = ["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"];
    folders.map(|folder| emulator.join(folder).display().to_string()).join(":")
}
