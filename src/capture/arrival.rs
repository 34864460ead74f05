//! When the frames of a pipe were taken, by when they arrive.

use std::collections::VecDeque;

/// Arrivals that the mean is taken of.
const KEPT: usize = 64;
/// Fewer tell nothing.
const LEAST: usize = 12;
/// Of a burst, most frames come within this share of the mean distance.
const CLOSE: f64 = 0.25;
/// How much faster a stamp follows where it is behind by more than a pause.
const CATCH_UP: f64 = 1.05;
/// A frame that is behind by so many times the usual pause between two bursts came
/// after a gap.
const GAP: f64 = 1.5;

/// Stamps frames with their arrival, unless they come in bursts, as from a camera
/// behind a network that sends a second's worth at a time: then they are spread
/// evenly, at the stream's own rate or that of the arrivals. A stamp is never later
/// than the arrival, and never earlier than the stamp before.
#[derive(Debug)]
pub(super) struct Arrivals {
    /// Distance of two frames by the stream itself.
    stated_ns: Option<f64>,
    arrived_ns: VecDeque<u64>,
    last_ns: u64,
    is_bursty: bool,
}

/// What the last arrivals tell.
#[derive(Clone, Copy, Debug)]
struct Manner {
    mean_ns: f64,
    /// The usual time between two bursts.
    pause_ns: f64,
    is_bursty: bool,
}

impl Arrivals {
    /// Of a stream that states a rate, or none.
    pub fn new(stated_fps: Option<f64>) -> Self {
        let stated_ns = stated_fps.map(|fps| 1e9 / fps);
        let arrived_ns = VecDeque::with_capacity(KEPT + 1);
        Self { stated_ns, arrived_ns, last_ns: 0, is_bursty: false }
    }

    /// The stamp of a frame that arrives now.
    pub fn stamp(&mut self, now_ns: u64) -> u64 {
        if self.arrived_ns.len() > KEPT {
            self.arrived_ns.pop_front();
        }
        self.arrived_ns.push_back(now_ns);
        let manner = self.manner();
        if manner.is_bursty != self.is_bursty {
            self.is_bursty = manner.is_bursty;
            if self.is_bursty {
                let fps = 1e9 / manner.mean_ns;
                log::warn!("frames come in bursts: they are spread evenly, at {fps:.1} a second");
            }
        }
        self.last_ns = if self.is_bursty { self.spread(now_ns, manner) } else { now_ns };
        self.last_ns
    }

    fn spread(&self, now_ns: u64, manner: Manner) -> u64 {
        let behind_ns = now_ns.saturating_sub(self.last_ns) as f64;
        if behind_ns > GAP * manner.pause_ns {
            return now_ns;
        }
        let is_late = behind_ns > manner.pause_ns;
        let step_ns = manner.mean_ns * if is_late { CATCH_UP } else { 1.0 };
        (self.last_ns + step_ns as u64).min(now_ns)
    }

    fn manner(&self) -> Manner {
        let count = self.arrived_ns.len();
        let even = Manner { mean_ns: 0.0, pause_ns: 0.0, is_bursty: false };
        if count < LEAST {
            return even;
        }
        let all_ns = self.arrived_ns[count - 1].saturating_sub(self.arrived_ns[0]) as f64;
        let overall_ns = all_ns / (count - 1) as f64;
        let mut pauses = Few::default();
        let mut distances = Few::default();
        let (mut close, mut begun) = (0, None);
        for at in 1..count {
            let pause_ns = self.arrived_ns[at].saturating_sub(self.arrived_ns[at - 1]) as f64;
            close += usize::from(pause_ns < CLOSE * overall_ns);
            if pause_ns <= overall_ns {
                continue;
            }
            pauses.add(pause_ns);
            if let Some(before) = begun.replace(at) {
                let time_ns = self.arrived_ns[at].saturating_sub(self.arrived_ns[before]);
                distances.add(time_ns as f64 / (at - before) as f64);
            }
        }
        let mean_ns = self.stated_ns.unwrap_or_else(|| distances.median());
        let pause_ns = pauses.median();
        let is_bursty = mean_ns > 0.0 && 2 * close > count && pause_ns > 2.0 * mean_ns;
        Manner { mean_ns, pause_ns, is_bursty }
    }
}

/// Some numbers, without memory from the heap.
struct Few {
    values: [f64; KEPT],
    count: usize,
}

impl Default for Few {
    fn default() -> Self {
        Self { values: [0.0; KEPT], count: 0 }
    }
}

impl Few {
    fn add(&mut self, value: f64) {
        if let Some(free) = self.values.get_mut(self.count) {
            (*free, self.count) = (value, self.count + 1);
        }
    }

    /// 0 for none.
    fn median(mut self) -> f64 {
        let values = &mut self.values[..self.count];
        values.sort_unstable_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    fn stamps(arrivals_ms: impl Iterator<Item = u64>, fps: Option<f64>) -> Vec<u64> {
        let mut arrivals = Arrivals::new(fps);
        arrivals_ms.map(|ms| arrivals.stamp(ms * MS) / MS).collect()
    }

    /// Ten frames at a time, every second, some of them late.
    fn bursts() -> impl Iterator<Item = u64> {
        (0..300).map(|n| n / 10 * 1000 + n % 10 * 2 + [0, 40, 15][n as usize / 10 % 3])
    }

    #[test]
    fn a_steady_camera_keeps_its_arrivals() {
        let jitter = [0, 13, 4, 30, 8];
        let arrivals = || (0..500).map(|n| 100 * n + jitter[n as usize % 5]);
        assert_eq!(stamps(arrivals(), None), arrivals().collect::<Vec<_>>());
        // Lost frames, and a slow camera.
        let arrivals = || (0..500).filter(|n| n % 7 != 3).map(|n| 500 * n);
        assert_eq!(stamps(arrivals(), None), arrivals().collect::<Vec<_>>());
    }

    #[test]
    fn bursts_are_spread_evenly_and_never_into_the_future() {
        for fps in [None, Some(10.0)] {
            let stamps = stamps(bursts(), fps);
            let arrived: Vec<u64> = bursts().collect();
            assert!(stamps.iter().zip(&arrived).all(|(stamp, arrived)| stamp <= arrived));
            let steps = stamps[60..].windows(2).map(|two| two[1] - two[0]);
            let steps: Vec<u64> = steps.collect();
            assert!(steps.iter().all(|step| (50..=150).contains(step)), "{fps:?} {steps:?}");
            let behind = arrived.iter().zip(&stamps).map(|(arrived, stamp)| arrived - stamp);
            assert!(behind.max().unwrap() < 1500);
        }
    }

    #[test]
    fn a_gap_between_bursts_stays_one() {
        let after = |ms: u64| if ms >= 15_000 { ms + 5_000 } else { ms };
        let stamps = stamps(bursts().map(after), None);
        let steps: Vec<u64> = stamps[60..].windows(2).map(|two| two[1] - two[0]).collect();
        let gaps = steps.iter().filter(|step| **step > 1000).count();
        assert_eq!(gaps, 1, "{steps:?}");
    }
}
