//! The fault table: its tests are run, and what they measured is printed.

mod page;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use normwatch_faults::{FOLDER, Measured, Row, Table, Times, gather};
use normwatch_host::{cross, shell};
use serde::Serialize;

/// Where the table is published.
const PAGE: &str = "docs/faults.md";

/// Provokes each fault of the table on this machine and prints within what time the
/// program reacted. Fails when a row's test fails, measures nothing, or takes longer
/// than the row says. Rows that need hardware are those of `board-test`.
#[derive(clap::Args)]
pub struct FaultsArgs {
    /// Only these rows.
    #[arg(value_name = "ROW")]
    rows: Vec<String>,
    /// Write the table and the times to `docs/faults.md`.
    #[arg(long, conflicts_with = "rows")]
    write: bool,
    /// Print the result as JSON.
    #[arg(long)]
    json: bool,
}

/// A row, and what came of it.
#[derive(Serialize)]
struct Outcome<'a> {
    #[serde(flatten)]
    row: &'a Row,
    measured: Option<&'a Measured>,
}

/// # Errors
/// A row does not hold, or its tests cannot be run.
pub fn run(args: &FaultsArgs) -> Result<()> {
    let begun = Instant::now();
    let rows = chosen(&args.rows)?;
    let folder = Folder::new()?;
    let tested = test(&rows, &folder);
    let times = gather(&folder.0)?;
    if args.json {
        let outcome = |row| Outcome { row, measured: times.get(&row.id) };
        let outcomes: Vec<Outcome<'_>> = rows.iter().map(outcome).collect();
        println!("{}", serde_json::to_string_pretty(&outcomes)?);
    } else {
        rows.iter().for_each(|row| print(row, &times));
        println!("{} rows in {} s", rows.len(), begun.elapsed().as_secs());
    }
    let missing = missing(&rows, &times);
    ensure!(missing.is_empty(), "nothing was measured for {}", missing.join(", "));
    tested?;
    if args.write {
        let file = cross::root().join(PAGE);
        fs::write(&file, page::render(&rows, &times))
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

fn chosen(ids: &[String]) -> Result<Vec<Row>> {
    let mut rows = Table::load().rows;
    for id in ids {
        ensure!(rows.iter().any(|row| row.id == *id), "there is no row `{id}`");
    }
    rows.retain(|row| ids.is_empty() || ids.contains(&row.id));
    Ok(rows)
}

/// Runs the rows' tests, and no others.
fn test(rows: &[Row], folder: &Folder) -> Result<()> {
    let mut tests: Vec<&str> = rows.iter().filter_map(|row| row.test.as_deref()).collect();
    tests.sort_unstable();
    tests.dedup();
    if tests.is_empty() {
        return Ok(());
    }
    // Of the whole workspace, or tract is compiled again with other features.
    let cargo = ["test", "--workspace", "--locked", "--test", "integration", "--", "--exact"];
    let folder = folder.0.to_string_lossy();
    let env = [(FOLDER, &*folder), ("CARGO_NET_OFFLINE", "true")];
    shell::run_aside("cargo", &[&cargo[..], &tests].concat(), &env)
}

fn missing<'a>(rows: &'a [Row], times: &Times) -> Vec<&'a str> {
    let silent = rows.iter().filter(|row| row.test.is_some() && !times.contains_key(&row.id));
    silent.map(|row| row.id.as_str()).collect()
}

fn print(row: &Row, times: &Times) {
    let (id, group, fault) = (&row.id, &row.group, &row.fault);
    let what = match (&row.board, times.get(id)) {
        (Some(step), _) => format!("board-test: {step}"),
        (None, None) => "FAILED: nothing was measured".into(),
        (None, Some(times)) => {
            format!("{} (at most {})", page::measured(times), page::limits(row))
        }
    };
    println!("{id:<22} {what:<48} {group}: {fault}");
}

/// A folder for the tests' measurements, gone with this value.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("normwatch-faults-{}", std::process::id()));
        fs::create_dir(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Self(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
