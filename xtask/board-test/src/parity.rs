//! Compares the scores of the ARM binary with those of the x86-64 one, frame by
//! frame.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Serialize;

use super::arch::Arch;
use super::binaries;
use normwatch_host::cross;
use normwatch_progress::busy;

/// Frames of the demonstration's clip that are compared: the last of a walkway
/// in use and the first of an anomaly. An emulated frame takes several seconds.
const FRAMES: std::ops::Range<usize> = 122..146;

const CLIP: &str = "models/walkway-clip/frames/204";
const BUNDLE: &str = "models/walkway-edge";

/// How far the columns of two score tables may lie apart.
const TOLERANCE: f64 = 1e-3;

/// Compares the scores of aarch64 and x86-64 on the demonstration's clip.
#[derive(clap::Args)]
pub struct ParityArgs {
    /// Print the result as JSON.
    #[arg(long)]
    json: bool,
}

/// How far apart the scores are.
#[derive(Debug, Serialize)]
struct Report {
    tolerance: f64,
    columns: Vec<Difference>,
}

/// Plays a part of the demonstration's clip with the aarch64 release binary
/// under user-mode emulation and with this machine's, and compares every score
/// that they write.
///
/// # Errors
/// A score differs by more than a thousandth, or a binary fails.
pub fn run(args: &ParityArgs) -> Result<()> {
    let here = binaries::of_the_tests("normwatch")?;
    let target = cross::target(Arch::Aarch64.triple())?;
    let there = target.build()?;
    let out = cross::root().join("out/parity");
    let frames = part_of_the_clip(&out.join("frames"))?;
    let emulator = target.runner().context("aarch64 has no emulator")?;
    let [emulator, options @ ..] = &emulator[..] else { unreachable!() };
    let mut emulated = Command::new(emulator);
    emulated.args(options).arg(&there);
    let ours = replay(Command::new(&here), &frames, &out.join("x86_64"))?;
    let theirs = busy("Playing the clip in the emulator", || {
        replay(emulated, &frames, &out.join("aarch64"))
    })?;
    let columns = compare(&ours, &theirs)?;
    ensure!(ours.lines().count() > FRAMES.len() / 2, "too few frames were scored");
    let report = Report { tolerance: TOLERANCE, columns };
    if args.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        for Difference { column, largest } in &report.columns {
            println!("{column:>16}: {largest:.1e} apart at most");
        }
    }
    let apart = report.columns.iter().find(|d| d.largest > TOLERANCE);
    ensure!(
        apart.is_none(),
        "aarch64 and x86-64 differ by more than {TOLERANCE:.0e} in {}: see {}",
        apart.map_or("", |d| &d.column),
        out.display()
    );
    eprintln!("aarch64 (emulated) and x86-64 give the same scores");
    Ok(())
}

fn part_of_the_clip(to: &Path) -> Result<PathBuf> {
    let clip = cross::root().join(CLIP);
    if to.exists() {
        fs::remove_dir_all(to).with_context(|| format!("cannot remove {}", to.display()))?;
    }
    fs::create_dir_all(to).with_context(|| format!("cannot make {}", to.display()))?;
    for frame in FRAMES {
        let name = format!("{frame:06}.jpg");
        let from = clip.join(&name);
        fs::copy(&from, to.join(&name))
            .with_context(|| format!("cannot copy {}", from.display()))?;
    }
    Ok(to.to_path_buf())
}

fn replay(mut normwatch: Command, frames: &Path, out: &Path) -> Result<String> {
    normwatch.arg("replay").arg("--bundle").arg(cross::root().join(BUNDLE));
    normwatch.arg("--frames").arg(frames).arg("--out").arg(out);
    let output = normwatch.output().with_context(|| format!("cannot start {normwatch:?}"))?;
    ensure!(
        output.status.success(),
        "{normwatch:?} failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let table = out.join("scores.csv");
    fs::read_to_string(&table).with_context(|| format!("cannot read {}", table.display()))
}

#[derive(Debug, PartialEq, Serialize)]
struct Difference {
    column: String,
    largest: f64,
}

/// The largest difference in every column of numbers; what is not a number in
/// both tables must be equal.
fn compare(ours: &str, theirs: &str) -> Result<Vec<Difference>> {
    ensure!(ours.lines().count() == theirs.lines().count(), "the tables differ in length");
    let mut rows = ours.lines().zip(theirs.lines());
    let (columns, other) = rows.next().context("the tables are empty")?;
    ensure!(columns == other, "the tables differ in their columns");
    let mut differences: Vec<Difference> =
        columns.split(',').map(|c| Difference { column: c.into(), largest: 0.0 }).collect();
    for (row, other) in rows {
        ensure!(row.split(',').count() == other.split(',').count(), "rows differ in length");
        for ((ours, theirs), difference) in
            row.split(',').zip(other.split(',')).zip(&mut differences)
        {
            match (ours.parse::<f64>(), theirs.parse::<f64>()) {
                (Ok(a), Ok(b)) => difference.largest = difference.largest.max((a - b).abs()),
                _ => ensure!(ours == theirs, "{}: {ours} and {theirs}", difference.column),
            }
        }
    }
    Ok(differences)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_compared_by_column() {
        let a = "frame,score,state\n4,0.5,idle\n5,1.25,alarm\n";
        let b = "frame,score,state\n4,0.5,idle\n5,1.5,alarm\n";
        let differences = compare(a, b).unwrap();
        assert_eq!(differences[1], Difference { column: "score".into(), largest: 0.25 });
        assert_eq!(differences[0].largest, 0.0);
        assert!(compare(a, &b.replace("alarm", "idle")).is_err());
        assert!(compare(a, "frame,score,state\n").is_err());
    }
}
