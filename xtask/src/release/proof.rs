//! Whether apt takes from a package source what is in it, and refuses what was changed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use super::source::{KEY_FILE, said};

/// An apt of its own, that knows one source and has installed nothing.
struct Apt {
    folder: TempDir,
}

impl Apt {
    fn of(source: &Path, architecture: &str, components: &[String]) -> Result<Self> {
        let apt = Self { folder: tempfile::tempdir()? };
        for folder in ["etc/apt/preferences.d", "state/lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(apt.path(folder))?;
        }
        fs::write(apt.path("status"), "")?;
        let source = source.canonicalize()?;
        let line = format!(
            "deb [arch={architecture} signed-by={key}] file:{source} stable {components}\n",
            key = source.join(KEY_FILE).display(),
            source = source.display(),
            components = components.join(" ")
        );
        fs::write(apt.path("etc/apt/sources.list"), line)?;
        Ok(apt)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `apt-get`, on this folder alone.
    fn run(&self, architecture: &str, args: &[&str]) -> Result<String> {
        let root = self.folder.path().display();
        let options = [
            format!("Dir={root}"),
            format!("Dir::State={root}/state"),
            format!("Dir::State::status={root}/status"),
            format!("Dir::Cache={root}/cache"),
            format!("Dir::Etc={root}/etc/apt"),
            format!("APT::Architecture={architecture}"),
            format!("APT::Architectures={architecture}"),
            "APT::Sandbox::User=".into(),
            "Acquire::Languages=none".into(),
        ];
        let mut all: Vec<String> = Vec::new();
        all.extend(options.into_iter().flat_map(|option| ["-o".to_owned(), option]));
        all.extend(args.iter().map(|&arg| arg.to_owned()));
        said("apt-get", &all, self.folder.path())
    }
}

/// How many packages apt has fetched, each as it is in the source.
///
/// # Errors
/// apt does not take one, or takes an index or a package that was changed.
pub fn prove(source: &Path) -> Result<usize> {
    let mut count = 0;
    for (component, architecture) in parts(source)? {
        let components = std::slice::from_ref(&component);
        let apt = Apt::of(source, &architecture, components)?;
        apt.run(&architecture, &["update"])?;
        for package in packages(source, &component, &architecture)? {
            apt.run(&architecture, &["download", &package.name])?;
            let fetched = apt.path(file_name(&package.file));
            let same = fs::read(&fetched)? == fs::read(source.join(&package.file))?;
            ensure!(same, "{} is not what apt fetched", package.file);
            count += 1;
        }
        refuses_changes(source, &component, &architecture)?;
    }
    Ok(count)
}

/// On a copy of the source.
fn refuses_changes(source: &Path, component: &str, architecture: &str) -> Result<()> {
    let components = [component.to_owned()];
    let copy = copied(source)?;
    let package = packages(source, component, architecture)?.remove(0);
    let file = copy.path().join(&package.file);
    let mut bytes = fs::read(&file)?;
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, bytes)?;
    let apt = Apt::of(copy.path(), architecture, &components)?;
    apt.run(architecture, &["update"])?;
    let fetched = apt.run(architecture, &["download", &package.name]);
    ensure!(fetched.is_err(), "apt fetched {} although it was changed", package.file);

    let index = copy.path().join(index(component, architecture));
    let text = fs::read_to_string(&index)?;
    fs::write(&index, text.replacen("Section: ", "Section:  ", 1) + "\n")?;
    let apt = Apt::of(copy.path(), architecture, &components)?;
    let updated = apt.run(architecture, &["-o", "APT::Update::Error-Mode=any", "update"]);
    ensure!(updated.is_err(), "apt took {} although it was changed", index.display());
    Ok(())
}

fn copied(source: &Path) -> Result<TempDir> {
    let copy = tempfile::tempdir()?;
    let done = Command::new("cp").arg("-a").arg(source.join(".")).arg(copy.path()).status()?;
    ensure!(done.success(), "cannot copy {}", source.display());
    Ok(copy)
}

fn index(component: &str, architecture: &str) -> String {
    format!("dists/stable/{component}/binary-{architecture}/Packages")
}

/// Components and architectures that there are.
fn parts(source: &Path) -> Result<Vec<(String, String)>> {
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut parts = Vec::new();
    for component in folders(&source.join("dists/stable"))? {
        for binary in folders(&component)? {
            let architecture = name(&binary).trim_start_matches("binary-").to_owned();
            parts.push((name(&component), architecture));
        }
    }
    parts.sort();
    Ok(parts)
}

fn folders(path: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(path).with_context(|| path.display().to_string())?;
    let paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    Ok(paths.into_iter().filter(|path| path.is_dir()).collect())
}

struct Listed {
    name: String,
    file: String,
}

/// What an index lists.
fn packages(source: &Path, component: &str, architecture: &str) -> Result<Vec<Listed>> {
    let path = source.join(index(component, architecture));
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let field = |block: &str, key: &str| {
        block.lines().find_map(|line| line.strip_prefix(key)).map(|value| value.trim().to_owned())
    };
    let listed = text.split("\n\n").filter_map(|block| {
        Some(Listed { name: field(block, "Package:")?, file: field(block, "Filename:")? })
    });
    let listed: Vec<Listed> = listed.collect();
    ensure!(!listed.is_empty(), "{} lists no package", path.display());
    Ok(listed)
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
