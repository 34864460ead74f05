//! Exponential smoothing by time, whatever the frame rate is.

/// The share of the old value that exponential smoothing with a time constant
/// keeps from one moment to the next: exp(−Δt ⁄ τ). 0 without smoothing.
pub(super) fn share_kept(before_ns: u64, now_ns: u64, time_constant_ms: u32) -> f32 {
    if time_constant_ms == 0 {
        return 0.0;
    }
    let elapsed_ms = now_ns.saturating_sub(before_ns) as f32 / 1e6;
    (-elapsed_ms / time_constant_ms as f32).exp()
}

/// A value smoothed exponentially by time.
#[derive(Clone, Debug)]
pub struct Smoothed {
    time_constant_ms: u32,
    last: Option<(u64, f64)>,
}

impl Smoothed {
    /// A time constant of 0 smooths nothing.
    pub fn new(time_constant_ms: u32) -> Self {
        Self { time_constant_ms, last: None }
    }

    /// Takes the value at `timestamp_ns` and gives the smoothed one; the first
    /// is taken as it is.
    pub fn next(&mut self, timestamp_ns: u64, value: f64) -> f64 {
        let smoothed = self.last.map_or(value, |(before_ns, previous)| {
            let keep = f64::from(share_kept(before_ns, timestamp_ns, self.time_constant_ms));
            keep * previous + (1.0 - keep) * value
        });
        self.last = Some((timestamp_ns, smoothed));
        smoothed
    }

    /// Forgets the past, after a gap in the footage.
    pub fn forget(&mut self) {
        self.last = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smoothing_depends_on_time_not_on_frames() {
        let (mut coarse, mut fine) = (Smoothed::new(300), Smoothed::new(300));
        coarse.next(0, 0.0);
        fine.next(0, 0.0);
        let a = coarse.next(400_000_000, 2.0);
        fine.next(200_000_000, 2.0);
        let b = fine.next(400_000_000, 2.0);
        assert!((a - b).abs() < 1e-6, "{a} {b}");
        assert!((a - 2.0 * (1.0 - f64::exp(-4.0 / 3.0))).abs() < 1e-6);
        coarse.forget();
        assert_eq!(coarse.next(500_000_000, 7.0), 7.0);
        assert_eq!(Smoothed::new(0).next(1, 3.0), 3.0);
    }
}
