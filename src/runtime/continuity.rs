//! Whether frames follow each other closely enough to be judged.

/// Frames that come for so long without filling a window are a fault.
const PATIENCE_MS: u64 = 10_000;

/// The same in spans of the window, for slow models.
const PATIENCE_SPANS: u64 = 4;

/// Gaps of one period that are told one by one.
const TOLD: u32 = 5;

const PERIOD_MS: u64 = 60_000;

/// What the newest frame means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    Nothing,
    /// Frames come, and for a while none could be judged: so many of them in so many
    /// milliseconds.
    Unjudged {
        frames: u64,
        within_ms: u64,
    },
    /// One can be judged again.
    Judged,
}

/// Follows the windows of a live run: tells when none becomes whole though frames
/// come, as with a camera that is slower than the model or gives its frames in
/// bursts, and which gaps are worth an event.
#[derive(Clone, Debug)]
pub struct Continuity {
    patience_ms: u64,
    /// When the window was last whole, or the frames began, and the frames since.
    whole: Option<(u64, u64)>,
    unjudged: bool,
    period_ms: u64,
    told: u32,
    untold: u64,
}

impl Continuity {
    /// `span_ms` is the time that a whole window covers.
    pub fn new(span_ms: u64) -> Self {
        Self {
            patience_ms: PATIENCE_MS.max(PATIENCE_SPANS * span_ms),
            whole: None,
            unjudged: false,
            period_ms: 0,
            told: 0,
            untold: 0,
        }
    }

    /// A frame has entered the window, which now is `whole` or not.
    pub fn frame(&mut self, now_ms: u64, whole: bool) -> Turn {
        if whole {
            self.whole = Some((now_ms, 0));
            return if std::mem::take(&mut self.unjudged) { Turn::Judged } else { Turn::Nothing };
        }
        let (since_ms, frames) = self.whole.get_or_insert((now_ms, 0));
        *frames += 1;
        let within_ms = now_ms.saturating_sub(*since_ms);
        if within_ms < self.patience_ms || std::mem::replace(&mut self.unjudged, true) {
            return Turn::Nothing;
        }
        Turn::Unjudged { frames: *frames, within_ms }
    }

    /// A gap at this time: if it is to be told, how many were not since the last
    /// that was. A few a minute are.
    pub fn gap(&mut self, now_ms: u64) -> Option<u64> {
        if now_ms.saturating_sub(self.period_ms) >= PERIOD_MS {
            (self.period_ms, self.told) = (now_ms, 0);
        }
        if self.told == TOLD {
            self.untold += 1;
            return None;
        }
        self.told += 1;
        Some(std::mem::take(&mut self.untold))
    }

    /// The camera was lost: what comes next has no past.
    pub fn forget(&mut self) {
        self.whole = None;
        self.unjudged = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told, and when, of frames 200 ms apart with so many in each window.
    fn told(until_ms: u64, whole: impl Fn(u64) -> bool) -> Vec<(u64, Turn)> {
        let mut continuity = Continuity::new(500);
        let frames = (0..until_ms).step_by(200);
        let turns = frames.map(|ms| (ms, continuity.frame(ms, whole(ms))));
        turns.filter(|(_, turn)| *turn != Turn::Nothing).collect()
    }

    #[test]
    fn frames_of_which_none_can_be_judged_are_told_once_and_again_when_one_can() {
        let unjudged = Turn::Unjudged { frames: 51, within_ms: 10_000 };
        assert_eq!(told(60_000, |_| false), [(10_000, unjudged.clone())]);
        let expected = [(10_000, unjudged), (20_000, Turn::Judged)];
        assert_eq!(told(30_000, |ms| ms >= 20_000), expected);
        assert_eq!(told(60_000, |ms| ms % 9000 == 0), [], "now and then is enough");
    }

    #[test]
    fn a_slow_model_has_longer_and_a_lost_camera_begins_again() {
        let mut slow = Continuity::new(17_000);
        assert!((0..68).all(|s| slow.frame(s * 1000, false) == Turn::Nothing));
        assert!(matches!(slow.frame(68_000, false), Turn::Unjudged { .. }));
        slow.forget();
        assert_eq!(slow.frame(69_000, false), Turn::Nothing);
    }

    #[test]
    fn many_gaps_are_counted_and_few_are_told() {
        let mut continuity = Continuity::new(500);
        let mut told = Vec::new();
        for ms in (1000..126_000).step_by(250) {
            told.extend(continuity.gap(ms).map(|untold| (ms, untold)));
        }
        let expected = [
            (1000, 0),
            (1250, 0),
            (1500, 0),
            (1750, 0),
            (2000, 0),
            (60_000, 231),
            (60_250, 0),
            (60_500, 0),
            (60_750, 0),
            (61_000, 0),
            (120_000, 235),
            (120_250, 0),
            (120_500, 0),
            (120_750, 0),
            (121_000, 0),
        ];
        assert_eq!(told, expected);
    }
}
