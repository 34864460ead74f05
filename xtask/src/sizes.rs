//! How large the release is, and how large it may be.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use normwatch_host::cross::{self, TARGETS, Target};
use normwatch_host::shell;

use crate::dist;

/// What a new budget leaves for growth.
const HEADROOM_PERCENT: u64 = 3;

/// Compares the stripped release binaries with `packaging/sizes.toml`; fails
/// when one is larger than its budget.
#[derive(clap::Args)]
pub struct SizesArgs {
    /// Only this target; else all that were built.
    #[arg(long, value_name = "TRIPLE")]
    target: Option<String>,
    /// Also build the least program that runs a network in tract, with the same
    /// crates and profile, and print what ours weighs beyond it.
    #[arg(long)]
    floor: bool,
    /// Make today's sizes and 3 % the budget instead of comparing.
    #[arg(long)]
    save: bool,
    /// Print the result as JSON.
    #[arg(long)]
    json: bool,
}

/// `packaging/sizes.toml`
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Budgets {
    /// Bytes of the stripped binary, by target.
    binary_bytes: BTreeMap<String, u64>,
}

#[derive(Debug, Serialize)]
struct Size {
    target: &'static str,
    binary_bytes: u64,
    budget_bytes: Option<u64>,
    /// Of the least program with tract.
    #[serde(skip_serializing_if = "Option::is_none")]
    floor_bytes: Option<u64>,
    sections: BTreeMap<String, u64>,
}

/// # Errors
/// Nothing was built, a tool fails, or a binary is over its budget.
pub fn run(args: &SizesArgs) -> Result<()> {
    let file = cross::root().join("packaging/sizes.toml");
    let mut budgets = read(&file)?;
    let targets: Vec<&Target> = match &args.target {
        Some(triple) => vec![cross::target(triple)?],
        None => TARGETS.iter().filter(|target| target.binary().is_file()).collect(),
    };
    ensure!(!targets.is_empty(), "nothing was built: run `cargo xtask dist --board NAME` first");
    let sizes = targets
        .into_iter()
        .map(|target| measure(target, &budgets, args.floor))
        .collect::<Result<Vec<_>>>()?;
    if args.save {
        for size in &sizes {
            let budget = size.binary_bytes + size.binary_bytes * HEADROOM_PERCENT / 100;
            budgets.binary_bytes.insert(size.target.into(), budget);
        }
        let text = format!("# Set by `cargo xtask sizes --save`.\n{}", toml::to_string(&budgets)?);
        fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    if args.json {
        println!("{}", serde_json::to_string_pretty(&sizes)?);
    } else {
        sizes.iter().for_each(print);
    }
    if args.save { Ok(()) } else { judge(&sizes) }
}

fn read(file: &PathBuf) -> Result<Budgets> {
    if !file.exists() {
        return Ok(Budgets::default());
    }
    let text = fs::read_to_string(file)?;
    toml::from_str(&text).with_context(|| format!("cannot read {}", file.display()))
}

fn measure(target: &'static Target, budgets: &Budgets, floor: bool) -> Result<Size> {
    let folder = cross::root().join("target/sizes");
    fs::create_dir_all(&folder)?;
    let file = folder.join(target.triple);
    dist::stripped(target, &file)?;
    let size = target.tool("size");
    let Some(table) = shell::output(&size, &["-A", &file.to_string_lossy()]) else {
        bail!("`{size} -A {}` fails", file.display());
    };
    Ok(Size {
        target: target.triple,
        binary_bytes: fs::metadata(&file)?.len(),
        budget_bytes: budgets.binary_bytes.get(target.triple).copied(),
        floor_bytes: if floor { Some(floor_bytes(target, &folder)?) } else { None },
        sections: sections(&table),
    })
}

/// Bytes of the stripped least program.
fn floor_bytes(target: &Target, folder: &Path) -> Result<u64> {
    let built = target.build_program("tract-floor")?;
    let file = folder.join(format!("{}-floor", target.triple));
    dist::binary::strip(target, &built, &file)?;
    Ok(fs::metadata(&file)?.len())
}

/// Names and bytes out of the table of `size -A`.
fn sections(table: &str) -> BTreeMap<String, u64> {
    let rows = table.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let name = words.next().filter(|name| name.starts_with('.'))?;
        Some((name.to_string(), words.next()?.parse().ok()?))
    });
    rows.collect()
}

fn print(size: &Size) {
    let budget = size.budget_bytes.map_or("no budget".into(), |bytes| format!("budget {bytes}"));
    println!("{}: {} bytes, {budget}", size.target, size.binary_bytes);
    if let Some(floor) = size.floor_bytes {
        let beyond = size.binary_bytes.saturating_sub(floor);
        println!("{beyond:>12}  beyond {floor} of the least program with tract");
    }
    let mut sections: Vec<_> = size.sections.iter().collect();
    sections.sort_by_key(|(_, bytes)| std::cmp::Reverse(**bytes));
    for (name, bytes) in sections.into_iter().take(8) {
        println!("{bytes:>12}  {name}");
    }
}

fn judge(sizes: &[Size]) -> Result<()> {
    for size in sizes {
        let Some(budget) = size.budget_bytes else { continue };
        ensure!(
            size.binary_bytes <= budget,
            "the binary for {} has {} bytes, {} more than its budget: find what grew, or run \
             `cargo xtask sizes --save` and say why in the commit",
            size.target,
            size.binary_bytes,
            size.binary_bytes - budget
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "a  :\nsection      size   addr\n.text     1000   4096\n.rodata   200 8192\n\
        Total   1200\n";

    #[test]
    fn sections_come_from_the_table() {
        let sections = sections(TABLE);
        assert_eq!(sections.get(".text"), Some(&1000));
        assert_eq!(sections.len(), 2);
    }

    #[test]
    fn a_binary_over_its_budget_is_refused() {
        let size = |binary_bytes| Size {
            target: "aarch64-unknown-linux-gnu",
            binary_bytes,
            budget_bytes: Some(100),
            floor_bytes: None,
            sections: BTreeMap::new(),
        };
        judge(&[size(100)]).unwrap();
        let error = judge(&[size(100), size(107)]).unwrap_err().to_string();
        assert!(error.contains("7 more than its budget"), "{error}");
    }

    #[test]
    fn the_checked_in_budgets_are_for_known_targets() {
        let budgets = read(&cross::root().join("packaging/sizes.toml")).unwrap();
        assert!(!budgets.binary_bytes.is_empty());
        for triple in budgets.binary_bytes.keys() {
            cross::target(triple).unwrap();
        }
    }
}
