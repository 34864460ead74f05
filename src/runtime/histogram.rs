//! How long the stages take, in fixed memory.

use serde::Serialize;

const OCTAVES: usize = 40;
const STEPS: usize = 32;

/// Durations in logarithmic steps of 2.2 %, in fixed memory.
#[derive(Clone, Debug)]
pub struct Histogram {
    counts: Box<[u32]>,
    count: u64,
    sum_ns: u64,
    max_ns: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; OCTAVES * STEPS].into(), count: 0, sum_ns: 0, max_ns: 0 }
    }
}

impl Histogram {
    pub fn add(&mut self, ns: u64) {
        self.counts[bucket(ns)] += 1;
        self.count += 1;
        self.sum_ns += ns;
        self.max_ns = self.max_ns.max(ns);
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    pub fn sum_ns(&self) -> u64 {
        self.sum_ns
    }

    pub fn max_ns(&self) -> u64 {
        self.max_ns
    }

    /// The duration that the share `probability` of all lies at or below,
    /// to within a step; 0 when empty.
    pub fn quantile_ns(&self, probability: f64) -> u64 {
        let wanted = (probability * self.count as f64).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (index, &count) in self.counts.iter().enumerate() {
            seen += u64::from(count);
            if seen >= wanted {
                return middle_ns(index).min(self.max_ns);
            }
        }
        self.max_ns
    }
}

fn bucket(ns: u64) -> usize {
    let ns = ns.max(1);
    let octave = ns.ilog2() as usize;
    let fraction = ((u128::from(ns) * STEPS as u128) >> octave) as usize - STEPS;
    (octave * STEPS + fraction).min(OCTAVES * STEPS - 1)
}

fn middle_ns(index: usize) -> u64 {
    let (octave, fraction) = (index / STEPS, index % STEPS);
    ((STEPS as f64 + fraction as f64 + 0.5) / STEPS as f64 * 2f64.powi(octave as i32)) as u64
}

/// The stages of a frame's way through the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Waiting for the source and reading from it.
    Capture,
    Preprocess,
    Encode,
    Memory,
    Decode,
    Score,
    /// State machine, lines and event log.
    Alarm,
}

impl Stage {
    pub const ALL: [Stage; 7] = [
        Stage::Capture,
        Stage::Preprocess,
        Stage::Encode,
        Stage::Memory,
        Stage::Decode,
        Stage::Score,
        Stage::Alarm,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Stage::Capture => "capture",
            Stage::Preprocess => "preprocess",
            Stage::Encode => "encoder",
            Stage::Memory => "memory",
            Stage::Decode => "decoder",
            Stage::Score => "score",
            Stage::Alarm => "alarm",
        }
    }
}

/// A histogram for every stage.
#[derive(Clone, Debug, Default)]
pub struct StageTimes([Histogram; 7]);

/// One stage, summed up.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StageRow {
    pub stage: &'static str,
    pub median_us: f64,
    pub p99_us: f64,
    pub max_us: f64,
    /// Of the time of all stages, 0..=1.
    pub share: f64,
}

impl StageTimes {
    pub fn add(&mut self, stage: Stage, ns: u64) {
        self.0[stage as usize].add(ns);
    }

    pub fn stage(&self, stage: Stage) -> &Histogram {
        &self.0[stage as usize]
    }

    /// A row for each stage that was measured, in the data's order.
    pub fn rows(&self) -> Vec<StageRow> {
        let total_ns: u64 = self.0.iter().map(Histogram::sum_ns).sum();
        Stage::ALL
            .into_iter()
            .filter(|&stage| self.stage(stage).count() > 0)
            .map(|stage| {
                let times = self.stage(stage);
                StageRow {
                    stage: stage.name(),
                    median_us: times.quantile_ns(0.5) as f64 / 1e3,
                    p99_us: times.quantile_ns(0.99) as f64 / 1e3,
                    max_us: times.max_ns() as f64 / 1e3,
                    share: times.sum_ns() as f64 / total_ns.max(1) as f64,
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_within_a_step() {
        let mut histogram = Histogram::default();
        (1..=10_000).for_each(|us| histogram.add(us * 1000));
        for (probability, expected) in [(0.5, 5e6), (0.99, 9.9e6), (1.0, 1e7)] {
            let got = histogram.quantile_ns(probability) as f64;
            assert!((got / expected - 1.0).abs() < 0.03, "{probability}: {got}");
        }
        assert_eq!(histogram.max_ns(), 10_000_000);
    }

    #[test]
    fn extremes_do_not_leave_the_array() {
        let mut histogram = Histogram::default();
        histogram.add(0);
        histogram.add(u64::MAX / 4);
        assert_eq!(histogram.count(), 2);
        assert_eq!(Histogram::default().quantile_ns(0.5), 0);
    }
}
