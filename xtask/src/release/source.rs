//! A package source for apt: packages, indices, and a signature.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use super::empty_folder;

/// What a board's source line calls it.
const SUITE: &str = "stable";
/// The public key, beside the source.
pub const KEY_FILE: &str = "normwatch.asc";

/// A folder that becomes a package source.
pub struct Source {
    folder: PathBuf,
    /// Component and architecture.
    parts: BTreeSet<(String, String)>,
}

/// A key of GnuPG.
pub struct Key {
    name: String,
    /// Where it lives, if not with the user's own.
    home: Option<TempDir>,
}

impl Source {
    /// # Errors
    /// The folder cannot be emptied or made.
    pub fn begin(folder: &Path) -> Result<Self> {
        empty_folder(folder)?;
        Ok(Self { folder: folder.to_path_buf(), parts: BTreeSet::new() })
    }

    /// Copies a package into a component.
    ///
    /// # Errors
    /// It is not a package, or cannot be copied.
    pub fn add(&mut self, component: &str, package: &Path) -> Result<()> {
        let field = ["-f", &package.to_string_lossy(), "Architecture"].map(str::to_owned);
        let architecture = said("dpkg-deb", &field, &self.folder)?.trim().to_owned();
        let pool = self.folder.join("pool").join(component);
        fs::create_dir_all(&pool)?;
        let name = package.file_name().context("a package has a name")?;
        fs::copy(package, pool.join(name))
            .with_context(|| format!("cannot copy {}", package.display()))?;
        self.parts.insert((component.into(), architecture));
        Ok(())
    }

    /// Writes the indices and signs them.
    ///
    /// # Errors
    /// No packages, or apt's or GnuPG's programs fail.
    pub fn sign(&self, key: &Key) -> Result<()> {
        ensure!(!self.parts.is_empty(), "there is no package to put into a source");
        let dists = self.folder.join("dists").join(SUITE);
        for (component, architecture) in &self.parts {
            let index = dists.join(component).join(format!("binary-{architecture}"));
            fs::create_dir_all(&index)?;
            let pool = format!("pool/{component}");
            let only = format!("APT::FTPArchive::Architecture={architecture}");
            let args = ["-o", &only, "--arch", architecture, "packages", &pool];
            let packages = ftparchive(&args, &self.folder)?;
            fs::write(index.join("Packages"), packages)?;
        }
        let mut args = Vec::new();
        for (name, value) in self.described() {
            args.extend(["-o".to_owned(), format!("APT::FTPArchive::Release::{name}={value}")]);
        }
        args.extend(["release".to_owned(), format!("dists/{SUITE}")]);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let release = ftparchive(&args, &self.folder)?;
        let file = dists.join("Release");
        fs::write(&file, release)?;
        key.sign(&file, &dists.join("InRelease"))?;
        fs::write(self.folder.join(KEY_FILE), key.public()?)?;
        Ok(())
    }

    fn described(&self) -> [(&'static str, String); 5] {
        let joined = |part: fn(&(String, String)) -> &str| {
            let parts: BTreeSet<&str> = self.parts.iter().map(part).collect();
            parts.into_iter().collect::<Vec<_>>().join(" ")
        };
        [
            ("Origin", "normwatch".into()),
            ("Label", "normwatch".into()),
            ("Suite", SUITE.into()),
            ("Components", joined(|(component, _)| component)),
            ("Architectures", joined(|(_, architecture)| architecture)),
        ]
    }
}

impl Key {
    /// One of the user's own.
    pub fn named(name: &str) -> Self {
        Self { name: name.into(), home: None }
    }

    /// A new one, that is gone when this is dropped.
    ///
    /// # Errors
    /// GnuPG is not there or fails.
    pub fn thrown_away() -> Result<Self> {
        let name = "normwatch trial <trial@localhost>";
        let key = Self { name: name.into(), home: Some(tempfile::tempdir()?) };
        let made = ["--passphrase", "", "--quick-generate-key", name, "ed25519", "sign", "1d"];
        key.gpg(&made)?;
        Ok(key)
    }

    fn sign(&self, file: &Path, signed: &Path) -> Result<()> {
        let (file, signed) = (file.to_string_lossy(), signed.to_string_lossy());
        self.gpg(&["--local-user", &self.name, "--output", &signed, "--clear-sign", &file])?;
        Ok(())
    }

    fn public(&self) -> Result<String> {
        self.gpg(&["--armor", "--export", &self.name])
    }

    fn gpg(&self, args: &[&str]) -> Result<String> {
        let home = self.home.as_ref().map(|home| home.path().to_string_lossy().into_owned());
        let mut all = vec!["--batch".to_owned(), "--yes".to_owned()];
        all.extend(home.into_iter().flat_map(|home| ["--homedir".to_owned(), home]));
        all.extend(args.iter().map(|&arg| arg.to_owned()));
        said("gpg", &all, Path::new("."))
    }
}

impl Drop for Key {
    /// Its agent would outlive it.
    fn drop(&mut self) {
        if let Some(home) = &self.home {
            let home = home.path().to_string_lossy().into_owned();
            let _ = Command::new("gpgconf").args(["--homedir", &home, "--kill", "all"]).status();
        }
    }
}

fn ftparchive(args: &[&str], folder: &Path) -> Result<String> {
    let args: Vec<String> = args.iter().map(|&arg| arg.to_owned()).collect();
    said("apt-ftparchive", &args, folder)
}

/// What a program prints that is run in a folder.
///
/// # Errors
/// It is not there, or fails; with what it said.
pub fn said(program: &str, args: &[String], folder: &Path) -> Result<String> {
    let mut command = Command::new(program);
    let done = command.args(args).current_dir(folder).output();
    let done = done.with_context(|| {
        format!("cannot start `{program}`: run `cargo xtask setup --cross`, which installs it")
    })?;
    ensure!(
        done.status.success(),
        "`{program} {}` failed: {}",
        args.join(" "),
        String::from_utf8_lossy(&done.stderr).trim()
    );
    String::from_utf8(done.stdout).with_context(|| format!("`{program}` does not print text"))
}
