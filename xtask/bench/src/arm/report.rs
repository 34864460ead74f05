//! Counted instructions and modelled loops, as tables and as JSON.

use normwatch::model::Precision;
use serde::{Serialize, Serializer};

use super::PREDICTIONS;
use super::cores::Core;
use super::emulator::Counts;
use super::throughput::Estimate;
use crate::contender::OURS;
use crate::models::Models;
use crate::peer::Runtime;

#[derive(Debug, Serialize)]
pub(super) struct Report {
    bundle: String,
    rows: Vec<Row>,
    best: Vec<Best>,
    integers: Vec<Integers>,
    missing: Vec<Missing>,
    loops: Vec<Estimate>,
}

/// One prediction: frames in, next frame out, the memory included.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub core: Core,
    pub precision: Precision,
    pub runtime: &'static str,
    /// Of ours, the unit.
    pub version: String,
    pub instructions: Counts,
    /// How far the prediction is from ours on this machine.
    pub off: f32,
    /// Whether it computes what the integers stand for.
    pub agrees: bool,
}

/// Who cannot be counted, and why.
#[derive(Debug, Serialize)]
pub(super) struct Missing {
    pub core: Core,
    pub precision: Precision,
    #[serde(serialize_with = "name")]
    pub runtime: &'static Runtime,
    pub reason: String,
}

fn name<S: Serializer>(runtime: &&'static Runtime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(runtime.name)
}

/// Ours beside the fewest of the others.
#[derive(Debug, PartialEq, Serialize)]
struct Best {
    core: Core,
    precision: Precision,
    peer: &'static str,
    /// Our instructions by its; below 1 we need fewer.
    ratio: f64,
}

/// Our own int8 by our own f32.
#[derive(Debug, PartialEq, Serialize)]
struct Integers {
    core: Core,
    ratio: f64,
}

impl Report {
    pub(super) fn new(
        models: &Models,
        rows: Vec<Row>,
        missing: Vec<Missing>,
        loops: Vec<Estimate>,
    ) -> Self {
        let (best, integers) = (best(&rows), integers(&rows));
        Self { bundle: models.name.clone(), rows, best, integers, missing, loops }
    }

    pub(super) fn print(&self) {
        println!("{}: frames in, next frame out, memory included, one thread", self.bundle);
        println!(
            "millions of instructions of a prediction, the fewest of {PREDICTIONS}, emulated\n"
        );
        println!(
            "{:<10} {:<5} {:<15} {:>7} {:>7} {:>7} {:>7} {:>7} {:>7} {:>7}  version",
            "", "", "", "all", "memory", "vector", "branch", "other", "× ours", "off"
        );
        for row in &self.rows {
            let Counts { all, memory, vector, branch, other } = row.instructions;
            let millions = |count: u64| count as f64 / 1e6;
            let by_ours = find(&self.rows, OURS, row.core, row.precision)
                .map_or(f64::NAN, |ours| ratio(row, ours));
            println!(
                "{:<10} {:<5} {:<15} {:>7.1} {:>7.1} {:>7.1} {:>7.1} {:>7.1} {by_ours:>7.2} \
                 {:>7.0e}{} {}",
                row.core.name(),
                row.precision.to_string(),
                row.runtime,
                millions(all),
                millions(memory),
                millions(vector),
                millions(branch),
                millions(other),
                row.off,
                if row.agrees { ' ' } else { '!' },
                row.version
            );
        }
        if self.rows.iter().any(|row| !row.agrees) {
            println!("! farther from the integers' definition than rounding explains");
        }
        println!();
        for Best { core, precision, peer, ratio } in &self.best {
            let core = core.name();
            println!("{core} {precision}: {ratio:.3} of the instructions of {peer}, the fewest");
        }
        for Integers { core, ratio } in &self.integers {
            println!("{}: int8 {ratio:.3} of our own f32", core.name());
        }
        for Missing { core, precision, runtime, reason } in &self.missing {
            println!("not run: {} {precision} {}: {reason}", core.name(), runtime.name);
        }
        if !self.loops.is_empty() {
            println!();
            print_loops(&self.loops);
        }
    }
}

/// As a table.
pub(super) fn print_loops(loops: &[Estimate]) {
    println!("inner loops, everything in the first cache, as LLVM models the cores\n");
    println!(
        "{:<10} {:<15} {:>12} {:>10} {:>7} {:>10} {:>6} {:>6}",
        "", "", "instructions", "multiplies", "cycles", "MAC/cycle", "peak", "share"
    );
    for estimate in loops {
        println!(
            "{:<10} {:<15} {:>12} {:>10} {:>7.1} {:>10.2} {:>6.2} {:>5.0}%",
            estimate.core.name(),
            estimate.kernel,
            estimate.instructions,
            estimate.multiplies,
            estimate.cycles_per_iteration,
            estimate.macs_per_cycle,
            estimate.peak_macs_per_cycle,
            estimate.share_of_peak * 100.0
        );
    }
}

fn find<'a>(rows: &'a [Row], runtime: &str, core: Core, precision: Precision) -> Option<&'a Row> {
    rows.iter().find(|row| (row.runtime, row.core, row.precision) == (runtime, core, precision))
}

fn ratio(a: &Row, b: &Row) -> f64 {
    a.instructions.all as f64 / b.instructions.all as f64
}

fn ours(rows: &[Row]) -> impl Iterator<Item = &Row> {
    rows.iter().filter(|row| row.runtime == OURS)
}

fn best(rows: &[Row]) -> Vec<Best> {
    let beside = |ours: &Row| {
        let (core, precision) = (ours.core, ours.precision);
        let others = rows
            .iter()
            .filter(|row| (row.core, row.precision) == (core, precision) && row.runtime != OURS);
        let peer = others.min_by_key(|row| row.instructions.all)?;
        Some(Best { core, precision, peer: peer.runtime, ratio: ratio(ours, peer) })
    };
    ours(rows).filter_map(beside).collect()
}

fn integers(rows: &[Row]) -> Vec<Integers> {
    let by_floats = |ours: &Row| {
        let floats = find(rows, OURS, ours.core, Precision::F32)?;
        Some(Integers { core: ours.core, ratio: ratio(ours, floats) })
    };
    ours(rows).filter(|row| row.precision == Precision::Int8).filter_map(by_floats).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(core: Core, precision: Precision, runtime: &'static str, all: u64) -> Row {
        let instructions = Counts { all, memory: 0, vector: 0, branch: 0, other: 0 };
        let (version, off, agrees) = (String::new(), 0.0, true);
        Row { core, precision, runtime, version, instructions, off, agrees }
    }

    #[test]
    fn the_fewest_of_the_others_in_the_same_precision_on_the_same_core_counts() {
        use Core::{CortexA72, CortexA76};
        use Precision::{F32, Int8};
        let rows = [
            row(CortexA72, F32, OURS, 90),
            row(CortexA72, F32, "a", 200),
            row(CortexA72, F32, "b", 100),
            row(CortexA72, Int8, OURS, 45),
            row(CortexA72, Int8, "a", 30),
            row(CortexA76, Int8, OURS, 10),
            row(CortexA76, F32, "b", 1),
        ];
        let b = Best { core: CortexA72, precision: F32, peer: "b", ratio: 0.9 };
        let a = Best { core: CortexA72, precision: Int8, peer: "a", ratio: 1.5 };
        assert_eq!(best(&rows), [b, a]);
        assert_eq!(integers(&rows), [Integers { core: CortexA72, ratio: 0.5 }]);
    }
}
