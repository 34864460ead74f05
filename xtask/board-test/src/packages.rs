//! Fetches and unpacks the Debian packages that a virtual board is made of.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::arch::Arch;
use super::gpio_sim;
use normwatch_host::apt::{Apt, Package, fetch};
use normwatch_host::cache::Cache;
use normwatch_progress::busy;

/// The packages of one virtual board, at the versions that were current when
/// they were resolved. Kernel, headers and source are of one version, or the
/// module built from them would not load.
#[derive(Debug, Serialize, Deserialize)]
struct Resolved {
    emulator: Vec<Package>,
    image: Package,
    headers: Vec<Package>,
    source: Package,
    busybox: Package,
}

/// What a virtual board is made of, unpacked.
#[derive(Debug)]
pub struct Parts {
    /// The emulators, under `usr/bin`, with all their libraries.
    pub emulator: PathBuf,
    pub emulator_version: String,
    /// The kernel's package: `boot/vmlinuz-*` and `lib/modules/*`.
    pub kernel: PathBuf,
    /// For instance `6.1.0-56-arm64`.
    pub release: String,
    /// Debian's version of the kernel.
    pub kernel_version: String,
    /// The module that simulates GPIO lines.
    pub gpio_sim: PathBuf,
    /// A static `busybox`.
    pub busybox: PathBuf,
}

/// All parts, fetched and built where the cache lacks them; `refresh` looks for
/// newer versions.
///
/// # Errors
/// A package cannot be had, or the module cannot be built.
pub fn prepare(cache: &Cache, arch: Arch, refresh: bool) -> Result<Parts> {
    let record = cache.root().join(format!("{}.json", arch.name()));
    let known = if refresh { None } else { read(&record)? };
    let is_known = known.is_some();
    let apt = Apt::new(cache.root().join("apt"))?;
    let resolved = match known {
        Some(resolved) => resolved,
        None => {
            busy("Fetching the lists of packages", || apt.update())?;
            resolve(&apt, arch).context("run this again when Debian's servers can be reached")?
        }
    };
    let parts = unpack_all(cache, &apt, arch, &resolved)?;
    if !is_known {
        let text = serde_json::to_string_pretty(&resolved)?;
        fs::write(&record, text).with_context(|| format!("cannot write {}", record.display()))?;
    }
    Ok(parts)
}

fn read(record: &Path) -> Result<Option<Resolved>> {
    match fs::read_to_string(record) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", record.display())),
        Ok(text) => Ok(serde_json::from_str(&text).ok()),
    }
}

fn resolve(apt: &Apt, arch: Arch) -> Result<Resolved> {
    let debian = arch.debian();
    let emulators = Arch::ALL.map(|arch| arch.emulator().0);
    let image_name = apt.first_dependency(&format!("linux-image-{debian}:{debian}"))?;
    let image = apt.candidate(&format!("{image_name}:{debian}"))?;
    let release = image_name.trim_start_matches("linux-image-");
    let abi = release.trim_end_matches(&format!("-{debian}")).to_string();
    let series = abi.split('.').take(2).collect::<Vec<_>>().join(".");
    let same_version = |name: String, arch: &str| Package {
        name,
        version: image.version.clone(),
        arch: arch.into(),
    };
    Ok(Resolved {
        emulator: apt.closure(&emulators)?,
        headers: vec![
            same_version(format!("linux-headers-{release}"), debian),
            same_version(format!("linux-headers-{abi}-common"), "all"),
            same_version(format!("linux-kbuild-{series}"), "amd64"),
        ],
        source: same_version(format!("linux-source-{series}"), "all"),
        busybox: apt.candidate(&format!("busybox-static:{debian}"))?,
        image,
    })
}

fn unpack_all(cache: &Cache, apt: &Apt, arch: Arch, resolved: &Resolved) -> Result<Parts> {
    let Resolved { image, headers, source, busybox, .. } = resolved;
    let release = image.name.trim_start_matches("linux-image-").to_string();
    let (emulator, emulator_version) = emulator(cache, apt, resolved)?;
    let kernel = package(cache, apt, image)?;
    let busybox = package(cache, apt, busybox)?.join("bin/busybox");
    let module = format!("gpio-sim_{}_{}", image.version, arch.name());
    let gpio_sim = cache.folder(&module, |to| {
        let source = gpio_sim_source(cache, apt, source)?;
        let work = to.join("build");
        fs::create_dir(&work)?;
        let headers = apt.download(headers, &work)?;
        busy("Building the kernel module gpio-sim", || {
            gpio_sim::build(arch, &release, &headers, &source, &work, &to.join("gpio-sim.ko"))
        })?;
        fs::remove_dir_all(&work).with_context(|| format!("cannot remove {}", work.display()))
    })?;
    Ok(Parts {
        emulator,
        emulator_version,
        kernel,
        release,
        kernel_version: image.version.clone(),
        gpio_sim: gpio_sim.join("gpio-sim.ko"),
        busybox,
    })
}

/// The few files of the kernel's source that the module is made of; the package
/// is 140 MB, and the same for all architectures.
fn gpio_sim_source(cache: &Cache, apt: &Apt, source: &Package) -> Result<PathBuf> {
    cache.folder(&format!("{}_{}", source.name, source.version), |to| {
        let files = apt.download(std::slice::from_ref(source), to)?;
        for file in files {
            busy("Unpacking the source of gpio-sim", || gpio_sim::unpack_source(&file, to))?;
            fs::remove_file(&file).with_context(|| format!("cannot remove {}", file.display()))?;
        }
        Ok(())
    })
}

/// The emulators, unpacked privately: installing Debian's packages would remove
/// a newer `qemu-utils` from the host. The host's own C library is used, as it
/// has to fit the host's program loader.
fn emulator(cache: &Cache, apt: &Apt, resolved: &Resolved) -> Result<(PathBuf, String)> {
    let main = Arch::Aarch64.emulator().0;
    let version = &resolved
        .emulator
        .iter()
        .find(|package| package.name == main)
        .with_context(|| format!("{main} is not among its own dependencies"))?
        .version;
    let folder = cache.folder(&format!("qemu_{version}"), |to| {
        let wanted: Vec<Package> =
            resolved.emulator.iter().filter(|package| package.name != "libc6").cloned().collect();
        fetch(apt, &wanted, to)
    })?;
    Ok((folder, version.clone()))
}

fn package(cache: &Cache, apt: &Apt, package: &Package) -> Result<PathBuf> {
    let name = format!("{}_{}_{}", package.name, package.version, package.arch);
    cache.folder(&name, |to| fetch(apt, std::slice::from_ref(package), to))
}
