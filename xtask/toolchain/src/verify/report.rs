//! What a verification found, as text and as JSON.

use anyhow::{Result, bail};
use normwatch::model::Precision;
use serde::Serialize;

/// Tensors listed for people; JSON has all.
const LISTED: usize = 6;

/// What came of a verification.
#[derive(Debug, Serialize)]
pub struct Verification {
    pub bundles: Vec<BundleReport>,
    /// One a bundle, where footage was given.
    pub alarms: Vec<AlarmReport>,
}

#[derive(Debug, Serialize)]
pub struct BundleReport {
    pub name: String,
    pub precision: Precision,
    pub checks: Vec<Check>,
    /// Node by node against optimised, the worst first.
    pub optimised: Vec<LayerDifference>,
    /// Against the first bundle, the worst first.
    pub against_first: Vec<LayerDifference>,
}

/// A number that must not exceed a limit.
#[derive(Debug, Serialize)]
pub struct Check {
    pub what: String,
    pub found: f64,
    pub limit: f64,
}

/// How far one tensor is from what it should be.
#[derive(Clone, Debug, Serialize)]
pub struct LayerDifference {
    /// `encoder/…` or `decoder/…`.
    pub tensor: String,
    /// Root mean square of the difference over that of the values.
    pub relative: f64,
    /// Largest difference, in the tensor's own unit.
    pub largest: f64,
}

/// Scores and alarms of one bundle on the held-out footage.
#[derive(Debug, Serialize)]
pub struct AlarmReport {
    pub name: String,
    pub frames: usize,
    pub mean_psnr_db: f64,
    pub mean_distance: f64,
    /// Mean absolute change of the PSNR against the first bundle.
    pub psnr_change_db: f64,
    /// Rank correlation of the worst blocks' errors with the first bundle's.
    pub block_rank_correlation: f64,
    pub alarms: Option<usize>,
    /// Frames whose alarm state differs from the first bundle's.
    pub frames_changed: Option<usize>,
}

impl Check {
    pub fn new(what: impl Into<String>, found: f64, limit: f64) -> Self {
        Self { what: what.into(), found, limit }
    }

    pub fn passed(&self) -> bool {
        self.found <= self.limit
    }
}

impl BundleReport {
    pub fn new(name: &str, precision: Precision) -> Self {
        Self {
            name: name.into(),
            precision,
            checks: Vec::new(),
            optimised: Vec::new(),
            against_first: Vec::new(),
        }
    }
}

impl Verification {
    /// # Errors
    /// Every check that failed.
    pub fn passed(&self) -> Result<()> {
        let failed: Vec<String> = self
            .bundles
            .iter()
            .flat_map(|b| b.checks.iter().filter(|c| !c.passed()).map(move |c| (b, c)))
            .map(|(b, c)| {
                format!("{}: {}: {:.3e}, at most {:.0e}", b.name, c.what, c.found, c.limit)
            })
            .collect();
        if failed.is_empty() {
            return Ok(());
        }
        bail!("out of tolerance:\n  {}", failed.join("\n  "));
    }

    pub fn print(&self) {
        for bundle in &self.bundles {
            println!("{} ({})", bundle.name, bundle.precision);
            for check in &bundle.checks {
                let verdict = if check.passed() { "ok" } else { "OUT OF TOLERANCE" };
                println!(
                    "  {:<34} {:>10.2e}  at most {:.0e}  {verdict}",
                    check.what, check.found, check.limit
                );
            }
            let lists =
                [("optimised", &bundle.optimised), ("against the first", &bundle.against_first)];
            for (title, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
                println!("  {title}, worst tensors:");
                for layer in list.iter().take(LISTED) {
                    println!(
                        "    {:<30} {:>8.3} % rms, largest {:.2e}",
                        layer.tensor,
                        100.0 * layer.relative,
                        layer.largest
                    );
                }
            }
        }
        for alarms in &self.alarms {
            println!(
                "{}: {} frames, mean PSNR {:.2} dB, mean distance {:.3e}; against the first: PSNR \
                 {:.3} dB, rank correlation of worst blocks {:.4}, {} alarms, {} frames changed",
                alarms.name,
                alarms.frames,
                alarms.mean_psnr_db,
                alarms.mean_distance,
                alarms.psnr_change_db,
                alarms.block_rank_correlation,
                alarms.alarms.map_or("–".into(), |n| n.to_string()),
                alarms.frames_changed.map_or("–".into(), |n| n.to_string())
            );
        }
    }
}
