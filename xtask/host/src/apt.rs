//! Debian's packages, resolved and downloaded without installing them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use normwatch_progress::busy;
use serde::{Deserialize, Serialize};

use crate::unpack;

/// A package at one version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    pub name: String,
    pub version: String,
    pub arch: String,
}

/// Debian's package tool with a state of its own: the host's sources and keys,
/// but its own lists, all architectures, and nothing installed. It needs no
/// rights and changes nothing on the host.
pub struct Apt {
    state: PathBuf,
}

impl Apt {
    /// # Errors
    /// The state's folder cannot be made.
    pub fn new(state: PathBuf) -> Result<Apt> {
        let make = || -> std::io::Result<()> {
            fs::create_dir_all(state.join("lists/partial"))?;
            fs::create_dir_all(state.join("archives/partial"))?;
            fs::write(state.join("status"), "")
        };
        make().with_context(|| format!("cannot write to {}", state.display()))?;
        Ok(Apt { state })
    }

    fn command(&self, program: &str) -> Command {
        let state = self.state.display();
        let mut command = Command::new(program);
        for option in [
            format!("Dir::State={state}"),
            format!("Dir::State::status={state}/status"),
            format!("Dir::State::lists={state}/lists"),
            format!("Dir::Cache={state}"),
            "APT::Architecture=amd64".into(),
            "APT::Architectures::=amd64".into(),
            "APT::Architectures::=arm64".into(),
            "APT::Install-Recommends=0".into(),
            "APT::Sandbox::User=".into(),
            "Acquire::Languages=none".into(),
            "Acquire::Retries=3".into(),
            "Debug::NoLocking=1".into(),
        ] {
            command.args(["-o", &option]);
        }
        command.env("LC_ALL", "C");
        command
    }

    fn output(&self, program: &str, args: &[&str]) -> Result<String> {
        let output = self.command(program).args(args).output().with_context(|| {
            format!("cannot start `{program}`: the virtual board needs Debian's apt")
        })?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        ensure!(
            output.status.success(),
            "`{program} {}` failed: {}{text}",
            args.join(" "),
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(text)
    }

    /// Fetches the lists. A source that fails is not an error here: whether
    /// what is needed can be had shows when it is asked for.
    ///
    /// # Errors
    /// apt does not start.
    pub fn update(&self) -> Result<()> {
        let status = self.command("apt-get").args(["-qq", "update"]).status();
        status.context("cannot start `apt-get`: the virtual board needs Debian's apt")?;
        Ok(())
    }

    /// The version of `name`, which may end in `:ARCH`, that apt would install.
    ///
    /// # Errors
    /// No source has it.
    pub fn candidate(&self, name: &str) -> Result<Package> {
        let text = self.output("apt-cache", &["show", "--no-all-versions", name])?;
        package(&text).with_context(|| format!("no package source has {name}"))
    }

    /// The first package that `name` depends on.
    ///
    /// # Errors
    /// No source has `name`.
    pub fn first_dependency(&self, name: &str) -> Result<String> {
        let text = self.output("apt-cache", &["show", "--no-all-versions", name])?;
        let depends = field(&text, "Depends").and_then(|list| list.split([' ', ',']).next());
        depends.map(String::from).with_context(|| format!("{name} depends on nothing"))
    }

    /// `names` and all that they need, on a machine that has nothing.
    ///
    /// # Errors
    /// Something cannot be had.
    pub fn closure(&self, names: &[&str]) -> Result<Vec<Package>> {
        let text = self.output("apt-get", &[&["-s", "install"], names].concat())?;
        let packages: Vec<_> = text.lines().filter_map(installed).collect();
        ensure!(!packages.is_empty(), "apt would install nothing for {names:?}: {text}");
        Ok(packages)
    }

    /// Downloads packages into a folder; apt verifies each by the checksum in
    /// the signed lists. Returns the files in the order of `packages`.
    ///
    /// # Errors
    /// One cannot be fetched or is not what the lists say.
    pub fn download(&self, packages: &[Package], folder: &Path) -> Result<Vec<PathBuf>> {
        let names: Vec<String> = packages
            .iter()
            .map(|p| match p.arch.as_str() {
                "all" => format!("{}={}", p.name, p.version),
                arch => format!("{}:{arch}={}", p.name, p.version),
            })
            .collect();
        let status = self
            .command("apt-get")
            .arg("-q")
            .arg("download")
            .args(&names)
            .current_dir(folder)
            // Standard output is for results.
            .stdout(std::io::stderr())
            .status()
            .context("cannot start `apt-get`")?;
        ensure!(status.success(), "apt-get could not download {}", names.join(" "));
        packages.iter().map(|package| file(package, folder)).collect()
    }
}

fn file(package: &Package, folder: &Path) -> Result<PathBuf> {
    let version = package.version.replace(':', "%3a");
    let path = folder.join(format!("{}_{version}_{}.deb", package.name, package.arch));
    if !path.is_file() {
        bail!("apt-get downloaded no {}", path.display());
    }
    Ok(path)
}

fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

fn package(text: &str) -> Option<Package> {
    Some(Package {
        name: field(text, "Package")?.into(),
        version: field(text, "Version")?.into(),
        arch: field(text, "Architecture")?.into(),
    })
}

/// A line of a simulated installation:
/// `Inst NAME (VERSION SOURCE … [ARCH]) …`.
fn installed(line: &str) -> Option<Package> {
    let (name, rest) = line.strip_prefix("Inst ")?.split_once(" (")?;
    let (version, rest) = rest.split_once(' ')?;
    let arch = rest.split_once('[')?.1.split_once(']')?.0;
    let name = name.split_once(':').map_or(name, |(name, _)| name);
    Some(Package { name: name.into(), version: version.into(), arch: arch.into() })
}

/// Unpacks packages below a folder.
///
/// # Errors
/// One cannot be had or unpacked.
pub fn fetch(apt: &Apt, packages: &[Package], to: &Path) -> Result<()> {
    let downloads = to.join("debs");
    fs::create_dir(&downloads)?;
    let files = apt.download(packages, &downloads)?;
    let name = packages.last().map_or("", |package| &package.name);
    busy(&format!("Unpacking {name}"), || files.iter().try_for_each(|file| unpack::deb(file, to)))?;
    fs::remove_dir_all(&downloads).with_context(|| format!("cannot remove {}", downloads.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_simulated_installation() {
        let line =
            "Inst libfdt1 (1.6.1-4+b1 Debian:12.11/oldstable [amd64]) [qemu-system-arm:amd64 ]";
        let expected =
            Package { name: "libfdt1".into(), version: "1.6.1-4+b1".into(), arch: "amd64".into() };
        assert_eq!(installed(line), Some(expected));
        assert_eq!(installed("Conf libfdt1 (1.6.1-4+b1 Debian [amd64])"), None);
    }

    #[test]
    fn reads_a_package_record() {
        let text = "Package: seabios\nVersion: 1.16.2-1\nArchitecture: all\nDescription: BIOS\n";
        let seabios = package(text).unwrap();
        assert_eq!((seabios.version.as_str(), seabios.arch.as_str()), ("1.16.2-1", "all"));
        assert_eq!(package("N: Unable to locate package"), None);
    }
}
