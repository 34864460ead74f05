//! Debian packages and archives inside them, unpacked below a folder.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

/// Unpacks a Debian package below a folder, without installing it.
///
/// # Errors
/// `dpkg-deb` fails.
pub fn deb(file: &Path, to: &Path) -> Result<()> {
    let status = Command::new("dpkg-deb").arg("--extract").args([file, to]).status();
    let status = status.context("cannot start `dpkg-deb`: install the package dpkg")?;
    ensure!(status.success(), "dpkg-deb cannot unpack {}: {status}", file.display());
    Ok(())
}

/// Unpacks files of an archive that lies inside a Debian package.
///
/// # Errors
/// `dpkg-deb` or `tar` fails, or a file is not in the archive.
pub fn archive_in_deb(file: &Path, archive: &str, members: &[&str], to: &Path) -> Result<()> {
    let mut package = Command::new("dpkg-deb")
        .arg("--fsys-tarfile")
        .arg(file)
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start `dpkg-deb`: install the package dpkg")?;
    let Some(tar) = package.stdout.take() else { bail!("dpkg-deb has no output") };
    let mut outer = Command::new("tar")
        .args(["-xO", archive])
        .stdin(tar)
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start `tar`")?;
    let Some(inner) = outer.stdout.take() else { bail!("tar has no output") };
    let status = Command::new("tar")
        .args(["-xJ", "-C"])
        .arg(to)
        .args(members)
        .stdin(inner)
        .status()
        .context("cannot start `tar`")?;
    outer.wait()?;
    package.wait()?;
    ensure!(
        status.success(),
        "tar cannot unpack {members:?} of {archive} in {}: {status} (xz-utils is needed)",
        file.display()
    );
    Ok(())
}
