/// Thins a camera's frames down to the rate that the model was trained at.
///
/// A network that saw ten frames a second takes thirty for slow motion, so a
/// faster camera is thinned by timestamps; a slower one is passed through (and
/// its gaps are seen by the window).
#[derive(Clone, Debug)]
pub struct RateControl {
    period_ns: u64,
    due_ns: Option<u64>,
}

impl RateControl {
    pub fn new(period_ns: u64) -> Self {
        Self { period_ns, due_ns: None }
    }

    /// Whether the frame at `timestamp_ns` is one for the model. A frame may
    /// come up to a quarter of a period early.
    pub fn accepts(&mut self, timestamp_ns: u64) -> bool {
        let Some(due_ns) = self.due_ns else {
            self.due_ns = Some(timestamp_ns + self.period_ns);
            return true;
        };
        if timestamp_ns + self.period_ns / 4 < due_ns {
            return false;
        }
        let on_time = timestamp_ns < due_ns + self.period_ns / 2;
        self.due_ns = Some(if on_time { due_ns } else { timestamp_ns } + self.period_ns);
        true
    }

    /// Takes the next frame whatever its time, after a reopened source.
    pub fn reset(&mut self) {
        self.due_ns = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(period_ms: u64, times_ms: impl Iterator<Item = u64>) -> Vec<u64> {
        let mut rate = RateControl::new(period_ms * 1_000_000);
        times_ms.filter(|t| rate.accepts(t * 1_000_000)).collect()
    }

    #[test]
    fn thirty_becomes_ten() {
        let kept = accepted(100, (0..30).map(|i| i * 1000 / 30));
        assert_eq!(kept.len(), 10);
        assert!(kept.windows(2).all(|w| (90..=110).contains(&(w[1] - w[0]))), "{kept:?}");
    }

    #[test]
    fn twenty_five_becomes_ten_on_average() {
        let kept = accepted(100, (0..250).map(|i| i * 40));
        assert!((99..=101).contains(&kept.len()), "{}", kept.len());
    }

    #[test]
    fn the_trained_rate_and_slower_pass_whole() {
        assert_eq!(accepted(100, (0..50).map(|i| i * 100 + i % 3)).len(), 50);
        assert_eq!(accepted(100, (0..50).map(|i| i * 200)).len(), 50);
    }
}
