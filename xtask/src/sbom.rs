//! The bill of materials: what the runtime is linked with, as CycloneDX JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::dist::stage;
use normwatch_host::{cross, shell};

/// Writes the crates that the runtime is linked with, their licences and
/// checksums, as CycloneDX 1.5 JSON.
#[derive(clap::Args)]
pub struct SbomArgs {
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
    let text = document(&args.target, stage::source_date_epoch()?)?;
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

/// A crate as `cargo tree` and the lockfile know it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Crate {
    name: String,
    version: String,
    licence: String,
}

type Edges = BTreeMap<Crate, BTreeSet<Crate>>;

/// The document for a target. Equal lockfiles and times give equal bytes.
///
/// # Errors
/// `cargo tree` fails or prints what it never printed before.
pub fn document(triple: &str, epoch: u64) -> Result<String> {
    cross::target(triple)?;
    let tree = shell::output(
        "cargo",
        &[
            "tree",
            "--locked",
            "--package",
            "normwatch",
            "--target",
            triple,
            "--edges",
            "normal",
            "--prefix",
            "depth",
            "--format",
            " {p}|{l}",
        ],
    );
    let Some(tree) = tree else {
        bail!("`cargo tree --locked --package normwatch --target {triple}` fails");
    };
    let edges = parse_tree(&tree)?;
    let lock = fs::read_to_string(cross::root().join("Cargo.lock"))?;
    let checksums = checksums(&lock)?;
    let time = stage::date(epoch, "%Y-%m-%dT%H:%M:%SZ")?;
    let root = edges.keys().find(|one| one.name == "normwatch").context("no normwatch")?;
    let libraries: Vec<Value> =
        edges.keys().filter(|one| *one != root).map(|one| component(one, &checksums)).collect();
    let dependencies: Vec<Value> = edges
        .iter()
        .map(|(one, on)| json!({ "ref": purl(one), "dependsOn": on.iter().map(purl).collect::<Vec<_>>() }))
        .collect();
    let identity = Sha256::digest(format!("{triple}\n{time}\n{tree}\n{lock}"));
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

/// Reads lines such as `2 libc v0.2.191|MIT OR Apache-2.0`, the depth first.
/// Procedural macros, and what only they need, are not linked and left out.
fn parse_tree(tree: &str) -> Result<Edges> {
    let mut edges = Edges::new();
    let mut path: Vec<Option<Crate>> = Vec::new();
    for line in tree.lines().filter(|line| !line.is_empty()) {
        let (depth, rest) = line.split_once(' ').with_context(|| format!("no depth: {line}"))?;
        let depth: usize = depth.parse().with_context(|| format!("no depth: {line}"))?;
        let (package, licence) =
            rest.split_once('|').with_context(|| format!("no licence: {line}"))?;
        ensure!(depth <= path.len(), "{line} hangs in the air");
        path.truncate(depth);
        let parent = path.last().cloned();
        if parent == Some(None) || package.contains("(proc-macro)") {
            path.push(None);
            continue;
        }
        let mut words = package.split_whitespace();
        let (name, version) = (words.next(), words.next().and_then(|v| v.strip_prefix('v')));
        let (Some(name), Some(version)) = (name, version) else { bail!("no version: {line}") };
        let licence = licence.trim().trim_end_matches("(*)").trim().replace('/', " OR ");
        let one = Crate { name: name.into(), version: version.into(), licence };
        edges.entry(one.clone()).or_default();
        if let Some(Some(parent)) = parent {
            edges.entry(parent).or_default().insert(one.clone());
        }
        path.push(Some(one));
    }
    Ok(edges)
}

/// SHA-256 of each published crate, by name and version.
fn checksums(lock: &str) -> Result<BTreeMap<(String, String), String>> {
    let lock: toml::Table = lock.parse().context("Cargo.lock is no TOML")?;
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

    const TREE: &str = "0 normwatch v0.1.0 (/x)|MIT OR Apache-2.0\n\
        1 clap v4.6.9|MIT OR Apache-2.0\n2 clap_derive v4.6.9 (proc-macro)|MIT\n3 syn v3.0.10|MIT\n\
        1 png v0.18.1|MIT/Apache-2.0\n2 crc32fast v1.5.5|MIT\n1 crc32fast v1.5.5|MIT (*)\n";

    #[test]
    fn macros_are_not_linked() {
        let edges = parse_tree(TREE).unwrap();
        let names: Vec<_> = edges.keys().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["clap", "crc32fast", "normwatch", "png"]);
        let png = edges.keys().find(|one| one.name == "png").unwrap();
        assert_eq!(png.licence, "MIT OR Apache-2.0");
        assert_eq!(edges[png].iter().map(purl).collect::<Vec<_>>(), ["pkg:cargo/crc32fast@1.5.5"]);
        let root = edges.keys().find(|one| one.name == "normwatch").unwrap();
        assert_eq!(edges[root].len(), 3);
    }

    #[test]
    fn the_runtime_is_listed_with_licences_and_checksums() {
        let text = document("aarch64-unknown-linux-gnu", 0).unwrap();
        assert_eq!(text, document("aarch64-unknown-linux-gnu", 0).unwrap());
        let document: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(document["metadata"]["timestamp"], "1970-01-01T00:00:00Z");
        let components = document["components"].as_array().unwrap();
        let named = |name: &str| components.iter().find(|one| one["name"] == name);
        assert!(named("tract-onnx").is_some() && named("burn").is_none());
        for one in components {
            assert!(one["licenses"][0]["expression"].is_string(), "{one}");
            let own = one["name"] == "v4l2-sys-mit";
            assert_eq!(one["hashes"].is_array(), !own, "{one}");
        }
    }
}
