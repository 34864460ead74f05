//! Pages that list the keys of a file list those that the sources write: events,
//! the manifest of a bundle, its calibration.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use syn::{Fields, Item};

use super::Finding;

const EVENTS: (&str, &str) = ("docs/ref/events.md", "src/output/events.rs");
const BUNDLE: &str = "docs/ref/bundle.md";
/// Structs whose fields are keys of a bundle's files.
const TABLES: [(&str, &[&str]); 6] = [
    ("src/model/manifest.rs", &["Manifest", "InputSection", "MemorySection", "ScoreSection"]),
    ("src/calibrate/file.rs", &["FootageSummary", "Calibration"]),
    ("src/calibrate/clusters.rs", &["ClusterTail"]),
    ("src/score/distribution.rs", &["Distribution", "Tail"]),
    ("src/score/block.rs", &["BlockRule"]),
    ("src/score/deployed.rs", &["Weights"]),
];

/// # Errors
/// A source that there is cannot be read or parsed.
pub fn check(root: &Path) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    if let (Some(page), Some(source)) = (read(root, EVENTS.0)?, read(root, EVENTS.1)?) {
        findings.extend(events(&page, &source)?);
    }
    let Some(page) = read(root, BUNDLE)? else { return Ok(findings) };
    for (file, structs) in TABLES {
        let Some(source) = read(root, file)? else { continue };
        for name in structs {
            for key in fields_of(&source, name)? {
                if !names(&page, &key) {
                    let what = format!("`{key}` of {name} ({file}) is missing: say what it means");
                    findings.push(Finding::new(Path::new(BUNDLE), 1, what));
                }
            }
        }
    }
    Ok(findings)
}

fn read(root: &Path, file: &str) -> Result<Option<String>> {
    let path = root.join(file);
    if !path.is_file() {
        return Ok(None);
    }
    fs::read_to_string(&path).map(Some).with_context(|| path.display().to_string())
}

/// A heading for each event, and a row for each of its keys; no heading more.
fn events(page: &str, source: &str) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let mut find = |line: usize, what: String| {
        findings.push(Finding::new(Path::new(EVENTS.0), line, what));
    };
    let known = variants_of(source, "Event")?;
    for (name, keys) in &known {
        let heading = format!("## `{name}`\n");
        let Some((before, after)) = page.split_once(&heading) else {
            find(1, format!("the event `{name}` has no heading: describe it"));
            continue;
        };
        let line = before.lines().count() + 1;
        let section = after.split("\n## ").next().unwrap_or_default();
        for key in keys.iter().filter(|key| !names(section, key)) {
            find(line, format!("`{key}` of the event `{name}` is missing: say what it means"));
        }
    }
    for (at, line) in page.lines().enumerate() {
        let name = line.strip_prefix("## `").and_then(|rest| rest.strip_suffix('`'));
        if let Some(name) = name.filter(|name| known.iter().all(|(known, _)| known != name)) {
            find(at + 1, format!("there is no event `{name}`"));
        }
    }
    Ok(findings)
}

fn names(text: &str, key: &str) -> bool {
    text.contains(&format!("`{key}`"))
}

/// Variants as serde names them, each with its fields.
fn variants_of(source: &str, name: &str) -> Result<Vec<(String, Vec<String>)>> {
    let file = syn::parse_file(source)?;
    let found = file.items.into_iter().find_map(|item| match item {
        Item::Enum(item) if item.ident == name => Some(item),
        _ => None,
    });
    let variants = found.with_context(|| format!("no enum {name}"))?.variants;
    let snake = |name: &str| super::docs::kebab(name).replace('-', "_");
    Ok(variants.iter().map(|one| (snake(&one.ident.to_string()), fields(&one.fields))).collect())
}

fn fields_of(source: &str, name: &str) -> Result<Vec<String>> {
    let file = syn::parse_file(source)?;
    let found = file.items.into_iter().find_map(|item| match item {
        Item::Struct(item) if item.ident == name => Some(item.fields),
        _ => None,
    });
    Ok(fields(&found.with_context(|| format!("no struct {name}"))?))
}

fn fields(fields: &Fields) -> Vec<String> {
    fields.iter().filter_map(|field| field.ident.as_ref().map(ToString::to_string)).collect()
}
