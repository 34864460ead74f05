//! What this process has taken of the machine, and by how much that grows.

use std::fmt;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// Growth of resident memory that is none: the allocator and the tables of threads
/// reach their size late.
const RESIDENT_BYTES: f64 = 3e6;
/// The same for each million frames.
const RESIDENT_BYTES_A_MILLION: f64 = 2e6;
/// Less than one of something countable in the whole run.
const ONE: f64 = 0.9;
/// The first share of the samples tells of the start.
const WARM_UP: usize = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    pub resident_bytes: u64,
    pub descriptors: u64,
    pub threads: u64,
    /// Processes that work in the scratch folder, whoever their parent is by now.
    pub processes: u64,
}

impl Usage {
    fn now(folder: &Path) -> Self {
        let pages = fs::read_to_string("/proc/self/statm").unwrap();
        let pages: u64 = pages.split(' ').nth(1).unwrap().parse().unwrap();
        let count = |path: &str| fs::read_dir(path).unwrap().count() as u64;
        Self {
            resident_bytes: pages * rustix::param::page_size() as u64,
            descriptors: count("/proc/self/fd"),
            threads: count("/proc/self/task"),
            processes: processes_in(folder),
        }
    }

    /// Once processes that were killed have ended.
    pub fn settled(folder: &Path) -> Self {
        let begun = Instant::now();
        loop {
            let usage = Self::now(folder);
            if usage.processes == 0 || begun.elapsed() > Duration::from_secs(3) {
                return usage;
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}

fn processes_in(folder: &Path) -> u64 {
    let folder = fs::canonicalize(folder).unwrap();
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let there = entries
        .filter(|entry| fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd == folder));
    there.count() as u64
}

/// Slopes, fitted to the samples after the first ones.
#[derive(Clone, Copy, Debug)]
pub struct Growth {
    frames: f64,
    last: Usage,
    /// By frame: bytes, descriptors, threads, processes.
    slopes: [f64; 4],
}

impl Growth {
    /// Of samples with the number of frames before each.
    pub fn of(samples: &[(u64, Usage)]) -> Self {
        let late = &samples[samples.len() / WARM_UP..];
        let slope = |of: fn(&Usage) -> u64| {
            let points: Vec<(f64, f64)> =
                late.iter().map(|(frames, usage)| (*frames as f64, of(usage) as f64)).collect();
            slope(&points)
        };
        let slopes = [
            slope(|u| u.resident_bytes),
            slope(|u| u.descriptors),
            slope(|u| u.threads),
            slope(|u| u.processes),
        ];
        let (first, last) = (late.first().unwrap(), late.last().unwrap());
        Self { frames: (last.0 - first.0) as f64, last: last.1, slopes }
    }

    pub fn is_flat(&self) -> bool {
        let resident = RESIDENT_BYTES + RESIDENT_BYTES_A_MILLION * self.frames / 1e6;
        let limits = [resident, ONE, ONE, ONE];
        let within = |(slope, limit): (&f64, f64)| slope * self.frames <= limit;
        self.slopes.iter().zip(limits).all(within) && self.last.processes == 0
    }
}

impl fmt::Display for Growth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [bytes, descriptors, threads, processes] = self.slopes.map(|slope| slope * 1e6);
        let Usage { resident_bytes, descriptors: d, threads: t, processes: p } = self.last;
        writeln!(f, "growth over {} frames, by a million frames:", self.frames)?;
        writeln!(
            f,
            "  resident memory {:+.1} kB (at last {} kB)",
            bytes / 1e3,
            resident_bytes / 1000
        )?;
        writeln!(f, "  descriptors {descriptors:+.2} (at last {d})")?;
        writeln!(f, "  threads {threads:+.2} (at last {t})")?;
        write!(f, "  processes {processes:+.2} (at last {p})")
    }
}

/// Of least squares; 0 where there is nothing to fit.
fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|p| p.0), mean(|p| p.1));
    let above: f64 = points.iter().map(|p| (p.0 - x) * (p.1 - y)).sum();
    let below: f64 = points.iter().map(|p| (p.0 - x) * (p.0 - x)).sum();
    if below > 0.0 { above / below } else { 0.0 }
}
