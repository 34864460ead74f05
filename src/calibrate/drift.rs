//! Whether scores still are what the calibration saw.
//!
//! Seasons, a lamp, a camera that was cleaned: what is usual changes, slowly. The scores of
//! the last day say so before anybody is woken by them. This raises nothing; it says that
//! learning again, or calibrating again, is due.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::file::Calibration;
use crate::score::{MAX_SURPRISE, quantile};

/// Hours that are looked back.
const HOURS: usize = 24;
const HOUR_MS: u64 = 3_600_000;
/// Of an hour, so much must have been judged for it to count.
const LEAST_HOUR_MS: u64 = HOUR_MS / 2;
/// Hours that must be there before anything is said: nights are not days.
const LEAST_HOURS: usize = 20;
/// Hours for which it must stay so, one after the other.
const LASTS_HOURS: u32 = 3;
/// A longer time between two scores was not watched.
const LONGEST_STEP_MS: u64 = 1000;

/// A bin of scores, in −log10 p.
const BIN: f32 = 0.05;
const BINS: usize = (MAX_SURPRISE / BIN) as usize + 1;

/// The shares whose scores are compared, and the shares of the calibration between whose
/// scores they belong. One odd hour of 24 is no more than the second allows.
const COMPARED: [(f64, [f64; 2]); 2] = [(0.5, [0.25, 0.75]), (0.95, [0.85, 0.995])];

/// How the scores of the last day compare with the calibration's.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drift {
    /// In −log10 p: half of the day's scores are at most this.
    pub median: f32,
    /// 95 % are at most this.
    pub high: f32,
    /// What the calibration's interval for each is.
    pub median_usual: [f32; 2],
    pub high_usual: [f32; 2],
    /// One of them has been outside for three hours.
    pub drifted: bool,
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { median, high, median_usual: [low, top], high_usual, drifted } = self;
        let what = if *drifted { "have drifted" } else { "are usual" };
        write!(
            f,
            "the scores of the last day {what}: half are below {median:.2} (usual {low:.2} to \
             {top:.2}), 95 % below {high:.2} (usual {:.2} to {:.2})",
            high_usual[0], high_usual[1]
        )
    }
}

/// Scores of one hour.
#[derive(Clone, Debug)]
struct Hour {
    bins: [u32; BINS],
    watched_ms: u64,
}

impl Hour {
    const EMPTY: Self = Self { bins: [0; BINS], watched_ms: 0 };
}

/// Looks at every score of a run. Its memory is bounded, and a score allocates nothing.
#[derive(Clone, Debug)]
pub struct DriftMonitor {
    /// The calibration's score between which each share belongs.
    usual: [[f32; 2]; 2],
    hours: Box<[Hour]>,
    /// The hour that is filled, and when it began.
    at: usize,
    begun_ms: Option<u64>,
    last_ms: Option<u64>,
    outside_h: u32,
    drifted: bool,
}

impl DriftMonitor {
    pub fn new(calibration: &Calibration) -> Self {
        let score = |share: f64| quantile(&calibration.score, share) as f32;
        Self {
            usual: COMPARED.map(|(_, shares)| shares.map(score)),
            hours: vec![Hour::EMPTY; HOURS].into_boxed_slice(),
            at: 0,
            begun_ms: None,
            last_ms: None,
            outside_h: 0,
            drifted: false,
        }
    }

    /// Takes a score; once an hour, what the last day comes to.
    pub fn see(&mut self, time_ms: u64, score: f32) -> Option<Drift> {
        let begun_ms = *self.begun_ms.get_or_insert(time_ms);
        let told = (time_ms.saturating_sub(begun_ms) >= HOUR_MS).then(|| {
            let told = self.look();
            self.begun_ms = Some(time_ms);
            self.at = (self.at + 1) % HOURS;
            self.hours[self.at] = Hour::EMPTY;
            told
        });
        let step_ms = self.last_ms.replace(time_ms).map_or(0, |last| time_ms.saturating_sub(last));
        let hour = &mut self.hours[self.at];
        hour.watched_ms += step_ms.min(LONGEST_STEP_MS);
        if !score.is_nan() {
            hour.bins[((score.max(0.0) / BIN) as usize).min(BINS - 1)] += 1;
        }
        told.flatten()
    }

    fn look(&mut self) -> Option<Drift> {
        let counts = |hour: &&Hour| hour.watched_ms >= LEAST_HOUR_MS;
        if self.hours.iter().filter(counts).count() < LEAST_HOURS {
            return None;
        }
        let [median, high] = COMPARED.map(|(share, _)| self.score_at(share));
        let [median_usual, high_usual] = self.usual;
        let is_outside = |score: f32, [low, top]: [f32; 2]| score < low - BIN || score > top + BIN;
        let outside = is_outside(median, median_usual) || is_outside(high, high_usual);
        self.outside_h = if outside { self.outside_h.saturating_add(1) } else { 0 };
        self.drifted = self.outside_h >= LASTS_HOURS;
        Some(Drift { median, high, median_usual, high_usual, drifted: self.drifted })
    }

    /// The score that a share of the day's scores do not exceed, but for half a bin.
    fn score_at(&self, share: f64) -> f32 {
        let counts = |hour: &&Hour| hour.watched_ms >= LEAST_HOUR_MS;
        let hours = || self.hours.iter().filter(counts);
        let of_bin = |bin: usize| hours().map(|hour| u64::from(hour.bins[bin])).sum::<u64>();
        let all: u64 = (0..BINS).map(of_bin).sum();
        let (mut below, wanted) = (0, share * all as f64);
        let bin = (0..BINS).find(|&bin| {
            below += of_bin(bin);
            below as f64 >= wanted
        });
        (bin.unwrap_or(BINS - 1) as f32 + 0.5) * BIN
    }
}

#[cfg(test)]
mod tests;
