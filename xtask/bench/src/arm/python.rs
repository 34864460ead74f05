//! Fetches Python and the other runtimes for 64-bit ARM.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use normwatch_host::apt::{Apt, Package, fetch};
use normwatch_host::cache::Cache;
use normwatch_host::{python, shell};
use normwatch_progress::busy;

/// Debian's Python for 64-bit ARM, and the other runtimes' wheels for it.
pub(super) struct Python {
    /// The root of the emulated system.
    pub system: PathBuf,
    /// The interpreter, below the root.
    pub program: String,
    /// Where its packages lie.
    pub site: PathBuf,
}

/// What was current when it was resolved.
#[derive(Debug, Serialize, Deserialize)]
struct Resolved {
    /// For instance `3.11`.
    series: String,
    version: String,
    packages: Vec<Package>,
}

/// Beside Python's own dependencies; what wheels expect of every system.
const LIBRARIES: [&str; 3] = ["libstdc++6:arm64", "libgomp1:arm64", "zlib1g:arm64"];

/// The oldest C libraries that wheels are built for, up to Debian 12's.
const PLATFORMS: [&str; 8] =
    ["2014", "_2_17", "_2_24", "_2_26", "_2_27", "_2_28", "_2_34", "_2_35"];

/// Fetches what the cache of the virtual boards lacks: 20 MB of Debian's
/// packages and 100 MB of wheels. `host` is any Python with pip.
///
/// # Errors
/// Debian's packages or those that every runtime needs cannot be had.
pub(super) fn prepare(cache: &Cache, host: &Path) -> Result<Python> {
    let apt = Apt::new(cache.root().join("apt"))?;
    let record = cache.root().join("python-arm64.json");
    let known = fs::read_to_string(&record).ok().and_then(|text| serde_json::from_str(&text).ok());
    let (is_known, resolved) = match known {
        Some(resolved) => (true, resolved),
        None => {
            busy("Fetching the lists of packages", || apt.update())?;
            let resolved =
                resolve(&apt).context("run this again when Debian's servers can be reached")?;
            (false, resolved)
        }
    };
    let Resolved { series, version, packages } = &resolved;
    let system =
        cache.folder(&format!("python_{version}_arm64"), |to| fetch(&apt, packages, to))?;
    if !is_known {
        let text = serde_json::to_string_pretty(&resolved)?;
        fs::write(&record, text).with_context(|| format!("cannot write {}", record.display()))?;
    }
    let site = cache.folder(&wheels_name(series), |to| {
        busy("Fetching the runtimes for 64-bit ARM", || wheels(host, series, to))
    })?;
    Ok(Python { system, program: format!("usr/bin/python{series}"), site })
}

fn resolve(apt: &Apt) -> Result<Resolved> {
    let stdlib = apt.first_dependency("libpython3-stdlib:arm64")?;
    let series = series(&stdlib)
        .with_context(|| format!("Debian's libpython3-stdlib depends on {stdlib} first"))?;
    let minimal = format!("python{series}-minimal:arm64");
    let stdlib = format!("{stdlib}:arm64");
    let mut packages =
        apt.closure(&[&[minimal.as_str(), stdlib.as_str()][..], &LIBRARIES].concat())?;
    packages.retain(|package| package.arch != "amd64");
    let version = apt.candidate(&minimal)?.version;
    Ok(Resolved { series: series.into(), version, packages })
}

/// Of `libpython3.11-stdlib`, `3.11`.
fn series(stdlib: &str) -> Option<&str> {
    stdlib.strip_prefix("libpython")?.strip_suffix("-stdlib").filter(|series| series.contains('.'))
}

/// Changes with whatever is asked for.
fn wheels_name(series: &str) -> String {
    let (needed, optional) = python::peer_packages();
    let digest = Sha256::digest([needed, optional].concat().join("\n"));
    let short: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    format!("wheels_{series}_arm64_{short}")
}

/// Unpacks wheels; a runtime that has none for ARM is left out, which its
/// worker tells.
fn wheels(host: &Path, series: &str, to: &Path) -> Result<()> {
    let (needed, optional) = python::peer_packages();
    let host = host.to_str().context("the Python's name is not UTF-8")?;
    let to = to.to_str().context("the cache's name is not UTF-8")?;
    let platforms = PLATFORMS.map(|platform| format!("--platform=manylinux{platform}_aarch64"));
    let series = format!("--python-version={series}");
    let mut pip = vec!["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    pip.extend(["--only-binary=:all:", "--implementation=cp", &series]);
    pip.extend(platforms.iter().map(String::as_str));
    pip.extend(["--upgrade", "--target", to]);
    pip.extend(needed);
    shell::run(host, &pip, &[])?;
    for package in optional {
        if let Err(error) = shell::run(host, &[&pip[..], &[package]].concat(), &[]) {
            eprintln!("{package} is left out: {error:#}");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_series_is_read_from_the_library() {
        assert_eq!(series("libpython3.11-stdlib"), Some("3.11"));
        assert_eq!(series("libpython3-stdlib"), None);
        assert_eq!(series("dpkg"), None);
    }
}
