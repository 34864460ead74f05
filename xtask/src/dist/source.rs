//! The source package: the runtime alone, with a lockfile of its own.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use toml_edit::{DocumentMut, Item};

use super::stage::Stage;
use normwatch_host::{cross, shell};

/// Top-level folders and files of the runtime; the rest is for developers.
const KEPT: [&str; 18] = [
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "Cargo.toml",
    "LICENSE",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "boards/",
    "docs/README.md",
    "docs/boards/",
    "docs/comparison.md",
    "docs/design/",
    "docs/glossary.md",
    "docs/guide/",
    "docs/pictures/",
    "docs/ref/",
    "src/",
    "vendor/",
];
/// What the package of a board brings besides the binary.
const ALSO: [&str; 2] = ["models/walkway-edge/", "packaging/"];

/// Builds `normwatch-VERSION.tar.gz`: the runtime without the host toolchain,
/// with a lockfile that holds its own crates and no others; and, for Yocto,
/// `normwatch-crates.inc`, the same crates as a recipe wants them.
///
/// # Errors
/// A file cannot be read, or git, cargo or tar fail.
pub fn build(version: &str, epoch: u64, out: &Path) -> Result<[PathBuf; 2]> {
    let folder = format!("normwatch-{version}");
    let stage = Stage::new(&out.join("source-stage"))?;
    for file in tracked_files()? {
        stage.copy(&cross::root().join(&file), &format!("{folder}/{file}"), 0o644)?;
    }
    let manifest = fs::read_to_string(cross::root().join("Cargo.toml"))?;
    stage.write(&format!("{folder}/Cargo.toml"), runtime_manifest(&manifest)?, 0o644)?;
    let tree = stage.path().join(&folder);
    fs::copy(cross::root().join("Cargo.lock"), tree.join("Cargo.lock"))?;
    prune_lock(&tree)?;
    let archive = out.join(format!("{folder}.tar.gz"));
    let paths = [stage.path(), &archive].map(|path| path.to_string_lossy().into_owned());
    let time = format!("--mtime=@{epoch}");
    let fixed = ["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--format=gnu", &time];
    let what = ["-I", "gzip -9n", "-cf", &paths[1], "-C", &paths[0], &folder];
    shell::run("tar", &[&fixed[..], &what].concat(), &[])?;
    let include = out.join("normwatch-crates.inc");
    fs::write(&include, recipe_crates(&fs::read_to_string(tree.join("Cargo.lock"))?)?)?;
    Ok([archive, include])
}

/// The crates of a lockfile as `SRC_URI` and checksums of a Yocto recipe, in
/// the form of Yocto's own `update_crates` task.
fn recipe_crates(lock: &str) -> Result<String> {
    let lock: toml::Table = lock.parse().context("Cargo.lock is not TOML")?;
    let packages = lock.get("package").and_then(toml::Value::as_array);
    let (mut uris, mut sums) = (String::new(), String::new());
    for package in packages.context("Cargo.lock has no packages")? {
        let text = |key| package.get(key).and_then(toml::Value::as_str);
        let (Some(name), Some(version), Some(sum)) =
            (text("name"), text("version"), text("checksum"))
        else {
            continue;
        };
        uris += &format!("    crate://crates.io/{name}/{version} \\\n");
        sums += &format!("SRC_URI[{name}-{version}.sha256sum] = \"{sum}\"\n");
    }
    Ok(format!(
        "# Made from Cargo.lock by `cargo xtask dist --source`.\nSRC_URI += \" \\\n{uris}\"\n\n{sums}"
    ))
}

fn tracked_files() -> Result<Vec<String>> {
    let root = cross::root().to_string_lossy().into_owned();
    let Some(list) = shell::output("git", &["-C", &root, "ls-files"]) else {
        bail!("`git ls-files` fails: a source package is made from a checkout");
    };
    let kept = KEPT.iter().chain(&ALSO);
    let wanted = |file: &&str| {
        kept.clone().any(|kept| file == kept || kept.ends_with('/') && file.starts_with(kept))
    };
    let files: Vec<String> = list.lines().filter(wanted).map(String::from).collect();
    ensure!(files.iter().any(|file| file == "src/lib.rs"), "no src/lib.rs among the files");
    Ok(files)
}

/// The manifest without the workspace's other members and without what only
/// tests need.
fn runtime_manifest(text: &str) -> Result<String> {
    let mut manifest: DocumentMut = text.parse().context("Cargo.toml is not TOML")?;
    manifest.remove("dev-dependencies");
    let workspace = manifest.get_mut("workspace").and_then(Item::as_table_mut);
    let workspace = workspace.context("Cargo.toml has no [workspace]")?;
    workspace.insert("members", toml_edit::value(toml_edit::Array::new()));
    workspace.remove("default-members");
    Ok(manifest.to_string())
}

/// Lets cargo drop what the manifest does not reach. Versions stay. It reads
/// the index alone: `cargo metadata` would want the crates of all platforms
/// unpacked, which no build on this one has fetched.
fn prune_lock(tree: &Path) -> Result<()> {
    let manifest = tree.join("Cargo.toml");
    let manifest = manifest.to_string_lossy();
    let args = ["update", "--workspace", "--offline", "--quiet", "--manifest-path", &manifest];
    if shell::output("cargo", &args).is_none() {
        bail!("`cargo {}` fails: run `cargo xtask setup` first", args.join(" "));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn packages(lock: &str) -> BTreeSet<(String, String)> {
        let lock: toml::Table = lock.parse().unwrap();
        let text = |package: &toml::Value, key: &str| package[key].as_str().unwrap().to_string();
        let packages = lock["package"].as_array().unwrap().iter();
        packages.map(|package| (text(package, "name"), text(package, "version"))).collect()
    }

    #[test]
    fn the_source_package_locks_the_runtime_alone() {
        let dir = tempfile::tempdir().unwrap();
        let [archive, include] = build("0.1.0", 1_600_000_000, dir.path()).unwrap();
        let first = fs::read(&archive).unwrap();
        let [again, _] = build("0.1.0", 1_600_000_000, dir.path()).unwrap();
        assert!(first == fs::read(again).unwrap());
        let path = archive.to_string_lossy();
        let list = shell::output("tar", &["-tf", &path]).unwrap();
        assert!(list.contains("normwatch-0.1.0/src/main.rs"), "{list}");
        for unwanted in
            ["xtask", "tests", "models/ped2-edge", "models/walkway-clip", "docs/research"]
        {
            let folder = format!("normwatch-0.1.0/{unwanted}/");
            assert!(!list.contains(&folder), "{folder} in\n{list}");
        }
        let lock = shell::output("tar", &["-xOf", &path, "normwatch-0.1.0/Cargo.lock"]).unwrap();
        let ours = packages(&lock);
        let all = packages(&fs::read_to_string(cross::root().join("Cargo.lock")).unwrap());
        assert!(ours.is_subset(&all), "{:?}", ours.difference(&all));
        let named = |name: &str| ours.iter().any(|(one, _)| one == name);
        assert!(named("tract-onnx") && !named("burn") && !named("xtask") && !named("proptest"));
        let include = fs::read_to_string(include).unwrap();
        let fetched = include.lines().filter(|line| line.starts_with("    crate://")).count();
        let own = ["normwatch", "v4l2-sys-mit"];
        assert_eq!(fetched, ours.len() - own.len());
        assert_eq!(include.matches(".sha256sum] = ").count(), fetched);
    }
}
