//! What `normwatch run` prints at its end.

use std::fmt;

use serde::Serialize;

use crate::runtime::{Histogram, IntakeCounts, StageRow};
use crate::station::StationReport;

/// What a live run came to.
#[derive(Serialize)]
pub(super) struct RunSummary {
    judged: u64,
    /// Of these, without the network, because nothing moved.
    rested: u64,
    /// Because the board was hot.
    passed_over: u64,
    overtaken: u64,
    dropped: u64,
    skipped: u64,
    missed: u64,
    steadied: u64,
    reopened: u64,
    not_finite: u64,
    line_failures: u64,
    events_dropped: u64,
    latency: Latency,
    stages: Vec<StageRow>,
}

/// From a frame's timestamp to the lines being driven for it. A V4L2 camera
/// stamps a frame when its first or last line was exposed, as the driver says.
#[derive(Serialize)]
struct Latency {
    median_ms: f64,
    p90_ms: f64,
    p99_ms: f64,
    p999_ms: f64,
    max_ms: f64,
}

impl Latency {
    fn new(times: &Histogram) -> Self {
        let quantile_ms = |probability| times.quantile_ns(probability) as f64 / 1e6;
        Self {
            median_ms: quantile_ms(0.5),
            p90_ms: quantile_ms(0.9),
            p99_ms: quantile_ms(0.99),
            p999_ms: quantile_ms(0.999),
            max_ms: times.max_ns() as f64 / 1e6,
        }
    }
}

impl RunSummary {
    pub fn new(report: StationReport) -> Self {
        let StationReport {
            live, rested, not_finite, line_failures, events_dropped, stages, ..
        } = report;
        let IntakeCounts { skipped, missed, steadied, .. } = live.counts;
        Self {
            judged: live.judged,
            rested,
            passed_over: live.passed_over,
            overtaken: live.overtaken,
            dropped: live.dropped,
            skipped,
            missed,
            steadied,
            reopened: live.reopened,
            not_finite,
            line_failures,
            events_dropped,
            latency: Latency::new(&live.latency),
            stages,
        }
    }
}

impl fmt::Display for RunSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} frames judged, {} overtaken, {} dropped, {} skipped, {} missed by the camera",
            self.judged, self.overtaken, self.dropped, self.skipped, self.missed
        )?;
        if self.steadied > 0 {
            writeln!(f, "{} frames moved back: the camera sways", self.steadied)?;
        }
        if self.rested > 0 {
            writeln!(f, "{} frames without the network: nothing moved", self.rested)?;
        }
        if self.passed_over > 0 {
            writeln!(f, "{} frames not judged: the board was hot", self.passed_over)?;
        }
        if self.events_dropped > 0 {
            writeln!(f, "{} events could not be stored", self.events_dropped)?;
        }
        let Latency { median_ms, p90_ms, p99_ms, p999_ms, max_ms } = self.latency;
        writeln!(
            f,
            "frame to line: median {median_ms:.1} ms, 90 % within {p90_ms:.1} ms, 99 % within \
             {p99_ms:.1} ms, 99.9 % within {p999_ms:.1} ms, longest {max_ms:.1} ms"
        )
    }
}
