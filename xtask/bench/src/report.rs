//! Compares outputs and times of all runtimes, as a table and as JSON.

use anyhow::{Result, ensure};
use normwatch::model::Precision;
use serde::Serialize;

use super::BenchArgs;
use super::contender::{Contender, OURS, TRACT};
use super::machine::Machine;
use super::models::Models;
use super::statistics::{median, paired_ratio};
use super::time::Time;

/// Largest difference of a prediction in f32 from ours.
const F32_LIMIT: f32 = 1e-3;
/// The same in int8, where roundings and saturations differ: root mean square,
/// as a share of the spread of ours.
const INT8_LIMIT: f32 = 0.15;
/// What roundings alone explain; beyond, the table says so.
const INT8_ROUNDING: f32 = 0.02;

/// Who cannot be run, and why.
#[derive(Debug, Serialize)]
pub(super) struct Missing {
    runtime: String,
    precision: Precision,
    threads: usize,
    reason: String,
}

impl Missing {
    pub(super) fn new(runtime: &str, precision: Precision, threads: usize, reason: &str) -> Self {
        Self { runtime: runtime.into(), precision, threads, reason: reason.into() }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Report {
    bundle: String,
    machine: Machine,
    rounds: usize,
    frames_per_turn: usize,
    rows: Vec<Row>,
    best: Vec<Best>,
    missing: Vec<Missing>,
}

#[derive(Debug, Serialize)]
struct Row {
    runtime: &'static str,
    version: String,
    precision: Precision,
    threads: usize,
    median_ms: f64,
    fastest_ms: f64,
    cpu_median_ms: f64,
    /// Median over the rounds of its time by ours in the same precision.
    paired_ratio: f64,
    cpu_paired_ratio: f64,
    /// Median over the rounds of its time with the fewest threads by this one.
    speedup: f64,
    /// How far its prediction is from ours, see the limits.
    off: f32,
    /// Whether it computes what the integers stand for.
    agrees: bool,
}

/// Ours beside the fastest of the others, tract apart.
#[derive(Debug, Serialize)]
struct Best {
    precision: Precision,
    threads: usize,
    peer: &'static str,
    /// Paired median of our time by its time; below 1 we are faster.
    ratio: f64,
    cpu_ratio: f64,
}

/// How far everybody's prediction is from ours in the same precision. Whoever
/// is farther off than the limits leaves the field for the list of the
/// missing.
///
/// # Errors
/// A network failed, or ours and tract's differ.
pub(super) fn compare(
    contenders: &mut Vec<Contender>,
    missing: &mut Vec<Missing>,
) -> Result<Vec<f32>> {
    let mut predictions = Vec::with_capacity(contenders.len());
    for contender in contenders.iter_mut() {
        predictions.push(contender.predict()?);
    }
    let mut off = Vec::with_capacity(contenders.len());
    let mut index = 0;
    while index < contenders.len() {
        let precision = contenders[index].precision;
        let ours = contenders
            .iter()
            .position(|c| c.runtime == OURS && c.precision == precision)
            .expect("ours runs in every precision");
        let (found, limit) = difference(precision, &predictions[index], &predictions[ours]);
        if found <= limit {
            off.push(found);
            index += 1;
            continue;
        }
        let Contender { runtime, threads, .. } = contenders[index];
        ensure!(runtime != OURS, "ours differ with {threads} threads by {found:.1e}");
        let reason = format!("computes something else: off by {found:.1e}, at most {limit:.0e}");
        missing.push(Missing::new(runtime, precision, threads, &reason));
        contenders.remove(index);
        predictions.remove(index);
    }
    Ok(off)
}

/// Whether roundings alone explain a difference that is within the limits.
pub(super) fn is_rounding(precision: Precision, off: f32) -> bool {
    precision == Precision::F32 || off <= INT8_ROUNDING
}

/// The difference, and what is allowed; infinite for another number of values.
pub(super) fn difference(precision: Precision, theirs: &[f32], ours: &[f32]) -> (f32, f32) {
    let limit = if precision == Precision::F32 { F32_LIMIT } else { INT8_LIMIT };
    if theirs.len() != ours.len() || theirs.iter().any(|value| !value.is_finite()) {
        return (f32::INFINITY, limit);
    }
    let pairs = || theirs.iter().zip(ours).map(|(a, b)| (a - b).abs());
    if precision == Precision::F32 {
        return (pairs().fold(0.0, f32::max), limit);
    }
    let len = ours.len() as f32;
    let mean = ours.iter().sum::<f32>() / len;
    let spread = ours.iter().map(|value| (value - mean).powi(2)).sum::<f32>();
    ((pairs().map(|d| d * d).sum::<f32>() / spread).sqrt(), limit)
}

impl Report {
    pub(super) fn new(
        args: &BenchArgs,
        models: &Models,
        contenders: &[Contender],
        off: &[f32],
        times: &[Vec<Time>],
        missing: Vec<Missing>,
    ) -> Self {
        let find = |runtime: &str, precision, threads| {
            let wanted = |c: &Contender| {
                (c.runtime, c.precision, c.threads) == (runtime, precision, threads)
            };
            contenders.iter().position(wanted).map(|index| &times[index][..])
        };
        let fewest = args.threads.iter().copied().min().unwrap_or(1);
        let row = |(contender, (&off, times)): (&Contender, (&f32, &Vec<Time>))| {
            let Contender { runtime, version, precision, threads, .. } = contender;
            let ours = find(OURS, *precision, *threads).expect("ours runs always");
            let alone = find(runtime, *precision, fewest).unwrap_or(&[]);
            Row {
                runtime,
                version: version.clone(),
                precision: *precision,
                threads: *threads,
                median_ms: median(walls(times)),
                fastest_ms: walls(times).fold(f64::INFINITY, f64::min),
                cpu_median_ms: median(cpus(times)),
                paired_ratio: paired_ratio(walls(times), walls(ours)),
                cpu_paired_ratio: paired_ratio(cpus(times), cpus(ours)),
                speedup: paired_ratio(walls(alone), walls(times)),
                off,
                agrees: is_rounding(*precision, off),
            }
        };
        let rows: Vec<Row> = contenders.iter().zip(off.iter().zip(times)).map(row).collect();
        Self {
            bundle: models.name.clone(),
            machine: Machine::find(),
            rounds: args.rounds,
            frames_per_turn: args.frames,
            best: best(&rows, find),
            rows,
            missing,
        }
    }

    pub(super) fn print(&self) {
        println!("{}: frames in, next frame out, memory included", self.bundle);
        self.machine.print();
        println!("{} rounds of {} predictions each, by turns\n", self.rounds, self.frames_per_turn);
        println!(
            "{:>7} {:<5} {:<19} {:>10} {:>11} {:>9} {:>7} {:>9} {:>8} {:>8}  version",
            "threads",
            "",
            "",
            "median ms",
            "fastest ms",
            "CPU ms",
            "× ours",
            "CPU ×",
            "speedup",
            "off"
        );
        for row in &self.rows {
            println!(
                "{:>7} {:<5} {:<19} {:>10.2} {:>11.2} {:>9.2} {:>7.2} {:>9.2} {:>8.2} {:>8.0e}{} {}",
                row.threads,
                row.precision.to_string(),
                row.runtime,
                row.median_ms,
                row.fastest_ms,
                row.cpu_median_ms,
                row.paired_ratio,
                row.cpu_paired_ratio,
                row.speedup,
                row.off,
                if row.agrees { ' ' } else { '!' },
                row.version
            );
        }
        if self.rows.iter().any(|row| !row.agrees) {
            println!("! farther from the integers' definition than rounding explains");
        }
        println!();
        for Best { precision, threads, peer, ratio, cpu_ratio } in &self.best {
            println!(
                "{precision}, threads: {threads}: ours takes {ratio:.2} of the time of {peer}, \
                 the fastest of the others; {cpu_ratio:.2} of its CPU time"
            );
        }
        for Missing { runtime, precision, threads, reason } in &self.missing {
            println!("not run: {runtime} {precision}, threads: {threads}: {reason}");
        }
    }
}

fn best<'a>(
    rows: &[Row],
    find: impl Fn(&str, Precision, usize) -> Option<&'a [Time]>,
) -> Vec<Best> {
    let others = |ours: &Row| {
        let (precision, threads) = (ours.precision, ours.threads);
        let peers = rows.iter().filter(move |row| {
            (row.precision, row.threads) == (precision, threads)
                && ![OURS, TRACT].contains(&row.runtime)
        });
        let peer = peers.min_by(|a, b| a.paired_ratio.total_cmp(&b.paired_ratio))?.runtime;
        let (ours, theirs) = (find(OURS, precision, threads)?, find(peer, precision, threads)?);
        let ratio = paired_ratio(walls(ours), walls(theirs));
        let cpu_ratio = paired_ratio(cpus(ours), cpus(theirs));
        Some(Best { precision, threads, peer, ratio, cpu_ratio })
    };
    rows.iter().filter(|row| row.runtime == OURS).filter_map(others).collect()
}

fn walls(times: &[Time]) -> impl Iterator<Item = f64> {
    times.iter().map(|time| time.wall_ms)
}

fn cpus(times: &[Time]) -> impl Iterator<Item = f64> {
    times.iter().map(|time| time.cpu_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_passes_and_another_network_does_not() {
        let ours: Vec<f32> = (0..1000).map(|i| (i as f32 / 50.0).sin()).collect();
        let near: Vec<f32> = ours.iter().map(|value| value + 5e-4).collect();
        let far: Vec<f32> = ours.iter().map(|value| -value).collect();
        for precision in [Precision::F32, Precision::Int8] {
            let verdict = |theirs: &[f32]| {
                let (found, limit) = difference(precision, theirs, &ours);
                found <= limit
            };
            assert!(verdict(&ours) && verdict(&near), "{precision}");
            assert!(!verdict(&far) && !verdict(&ours[1..]), "{precision}");
            assert!(!verdict(&vec![f32::NAN; ours.len()]), "{precision}");
        }
    }
}
