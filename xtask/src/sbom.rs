//! The bill of materials: what the runtime is linked with, as CycloneDX JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use cargo_metadata::{DependencyKind, MetadataCommand, Package, Target};
use normwatch_host::{cross, shell};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::dist::stage;

/// Writes the crates that the runtime is linked with, their licences and
/// checksums, as CycloneDX 1.5 JSON.
#[derive(clap::Args)]
pub struct SbomArgs {
    /// The program: `normwatch` or `normwatch-toolchain`.
    #[arg(long, value_name = "NAME", default_value = "normwatch")]
    program: String,
    /// The target, as crates differ between them.
    #[arg(long, value_name = "TRIPLE", default_value = "aarch64-unknown-linux-gnu")]
    target: String,
    /// The file; standard output without it.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// # Errors
/// `cargo tree` fails, or the file cannot be written.
pub fn run(args: &SbomArgs) -> Result<()> {
    let text = document(&args.program, &args.target, stage::source_date_epoch()?)?;
    match &args.out {
        Some(file) => {
            fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
        }
        None => {
            print!("{text}");
            Ok(())
        }
    }
}

/// A crate that is linked, with its licence and what it is linked with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Crate {
    name: String,
    version: String,
    licence: String,
}

type Edges = BTreeMap<Crate, BTreeSet<Crate>>;

/// The document of a program for a target. Equal lockfiles and times give equal
/// bytes.
///
/// # Errors
/// `cargo metadata` fails.
pub fn document(program: &str, triple: &str, epoch: u64) -> Result<String> {
    cross::target(triple)?;
    let edges = linked(program, triple)?;
    let lock = fs::read_to_string(cross::root().join("Cargo.lock"))?;
    let checksums = checksums(&lock)?;
    let time = stage::date(epoch, "%Y-%m-%dT%H:%M:%SZ")?;
    let root = edges.keys().find(|one| one.name == program);
    let root = root.with_context(|| format!("no {program} among its own crates"))?;
    let libraries: Vec<Value> =
        edges.keys().filter(|one| *one != root).map(|one| component(one, &checksums)).collect();
    let dependencies: Vec<Value> = edges
        .iter()
        .map(|(one, on)| json!({ "ref": purl(one), "dependsOn": on.iter().map(purl).collect::<Vec<_>>() }))
        .collect();
    let list = serde_json::to_string(&dependencies)?;
    let identity = Sha256::digest(format!("{program}\n{triple}\n{time}\n{list}\n{lock}"));
    let mut application = component(root, &checksums);
    application["type"] = json!("application");
    let document = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": uuid(&identity),
        "version": 1,
        "metadata": {
            "timestamp": time,
            "component": application,
            "properties": [{ "name": "normwatch:target", "value": triple }],
        },
        "components": libraries,
        "dependencies": dependencies,
    });
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

/// The crates that a program is linked with, by `cargo metadata`. Procedural
/// macros, and what only they and build scripts need, are not linked.
fn linked(program: &str, triple: &str) -> Result<Edges> {
    let options = ["--locked".into(), "--filter-platform".into(), triple.into()];
    let metadata = MetadataCommand::new()
        .manifest_path(cross::root().join("Cargo.toml"))
        .other_options(options)
        .exec()
        .with_context(|| format!("`cargo metadata --locked` fails for {triple}"))?;
    let nodes = metadata.resolve.as_ref().context("cargo resolved nothing")?;
    let nodes: BTreeMap<_, _> = nodes.nodes.iter().map(|node| (&node.id, node)).collect();
    let wanted = crates_of(program, triple)?;
    let is_linked = |package: &Package| {
        let key = (package.name.to_string(), package.version.to_string());
        wanted.contains(&key) && !package.targets.iter().any(Target::is_proc_macro)
    };
    let crates: BTreeMap<_, _> =
        metadata.packages.iter().filter(|one| is_linked(one)).map(|one| (&one.id, one)).collect();
    let mut edges = Edges::new();
    for (id, package) in &crates {
        let node = nodes.get(id).with_context(|| format!("{id} was not resolved"))?;
        let normal = node.deps.iter().filter(|dependency| {
            dependency.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal)
        });
        let on = normal.filter_map(|dependency| crates.get(&dependency.pkg));
        edges.insert(Crate::of(package), on.map(|on| Crate::of(on)).collect());
    }
    Ok(edges)
}

/// Names and versions of the crates that a program's own features reach. The
/// metadata unites the features of all programs in the workspace.
fn crates_of(program: &str, triple: &str) -> Result<BTreeSet<(String, String)>> {
    let which = ["tree", "--locked", "--package", program, "--target", triple];
    let how = ["--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}"];
    let args = [&which[..], &how].concat();
    let Some(tree) = shell::output("cargo", &args) else {
        bail!("`cargo {}` fails", args.join(" "));
    };
    let crates = tree.lines().filter(|line| !line.is_empty()).map(|line| {
        let mut words = line.split_whitespace();
        let (name, version) = (words.next(), words.next().and_then(|v| v.strip_prefix('v')));
        name.zip(version).map(|(name, version)| (name.into(), version.into()))
    });
    crates.collect::<Option<_>>().context("`cargo tree` prints what it never printed before")
}

impl Crate {
    fn of(package: &Package) -> Self {
        let licence = package.license.as_deref().unwrap_or_default().replace('/', " OR ");
        Self { name: package.name.to_string(), version: package.version.to_string(), licence }
    }
}

/// SHA-256 of each published crate, by name and version.
fn checksums(lock: &str) -> Result<BTreeMap<(String, String), String>> {
    let lock: toml::Table = lock.parse().context("Cargo.lock is not TOML")?;
    let packages = lock.get("package").and_then(toml::Value::as_array);
    let packages = packages.context("Cargo.lock has no packages")?.iter();
    let text = |package: &toml::Value, key: &str| Some(package.get(key)?.as_str()?.to_string());
    Ok(packages
        .filter_map(|package| {
            let key = (text(package, "name")?, text(package, "version")?);
            Some((key, text(package, "checksum")?))
        })
        .collect())
}

fn component(one: &Crate, checksums: &BTreeMap<(String, String), String>) -> Value {
    let mut value = json!({
        "type": "library",
        "bom-ref": purl(one),
        "name": one.name,
        "version": one.version,
        "purl": purl(one),
    });
    if !one.licence.is_empty() {
        value["licenses"] = json!([{ "expression": one.licence }]);
    }
    match checksums.get(&(one.name.clone(), one.version.clone())) {
        Some(sum) => value["hashes"] = json!([{ "alg": "SHA-256", "content": sum }]),
        None => value["pedigree"] = json!({ "notes": "from the source tree of normwatch" }),
    }
    value
}

fn purl(one: &Crate) -> String {
    format!("pkg:cargo/{}@{}", one.name, one.version.replace('+', "%2B"))
}

/// A name-based UUID (RFC 9562, version 8) of a digest.
fn uuid(digest: &[u8]) -> String {
    let mut bytes: Vec<u8> = digest[..16].to_vec();
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
    format!("urn:uuid:{}", parts.join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_runtime_is_listed_with_licences_and_checksums() {
        let text = document("normwatch", "aarch64-unknown-linux-gnu", 0).unwrap();
        assert_eq!(text, document("normwatch", "aarch64-unknown-linux-gnu", 0).unwrap());
        let document: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(document["metadata"]["timestamp"], "1970-01-01T00:00:00Z");
        let components = document["components"].as_array().unwrap();
        let named = |name: &str| components.iter().find(|one| one["name"] == name);
        assert!(named("tract-onnx").is_some() && named("burn").is_none());
        for macros in ["syn", "clap_derive", "proc-macro2"] {
            assert!(named(macros).is_none(), "{macros} is not linked");
        }
        let edges = document["dependencies"].as_array().unwrap();
        let of =
            |purl: &str| edges.iter().find(|one| one["ref"].as_str().unwrap().starts_with(purl));
        let on = of("pkg:cargo/png@").unwrap()["dependsOn"].to_string();
        assert!(on.contains("pkg:cargo/crc32fast@"), "{on}");
        for one in components {
            assert!(one["licenses"][0]["expression"].is_string(), "{one}");
            let own = one["name"] == "v4l2-sys-mit";
            assert_eq!(one["hashes"].is_array(), !own, "{one}");
        }
    }
}
