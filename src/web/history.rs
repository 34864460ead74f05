//! The scores of the last minutes, for whoever looks.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crate::event::Sample;

/// Scores that are kept: five minutes at ten a second.
const KEPT: usize = 3000;

/// Scores that the judging thread leaves and viewers look at. Copies share it.
#[derive(Clone, Debug)]
pub struct History(Arc<Mutex<Kept>>);

#[derive(Debug)]
struct Kept {
    scores: VecDeque<(u64, f32)>,
    last: Option<Sample>,
}

impl Default for History {
    fn default() -> Self {
        let scores = VecDeque::with_capacity(KEPT);
        Self(Arc::new(Mutex::new(Kept { scores, last: None })))
    }
}

impl History {
    /// Takes a judged frame, unless somebody looks at this very moment. Never waits,
    /// allocates nothing.
    pub fn judged(&self, sample: Sample) {
        let Ok(mut kept) = self.0.try_lock() else { return };
        if kept.scores.len() == KEPT {
            kept.scores.pop_front();
        }
        kept.scores.push_back((sample.time_ms, sample.score));
        kept.last = Some(sample);
    }

    /// Scores after that time, and the last judged frame. A time that has not come yet is
    /// of a run before this one, whose clock was another: all scores are news then.
    pub(super) fn after(&self, time_ms: u64) -> (Vec<(u64, f32)>, Option<Sample>) {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_of_another_run = kept.last.is_some_and(|last| last.time_ms < time_ms);
        let time_ms = if is_of_another_run { 0 } else { time_ms };
        let newer = kept.scores.iter().filter(|(at_ms, _)| *at_ms > time_ms);
        (newer.copied().collect(), kept.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Cause, Place};

    #[test]
    fn the_last_minutes_are_kept_and_only_news_is_told() {
        let history = History::default();
        for i in 0..5000 {
            let place = Place { x: 0.0, y: 0.0, width: 0.1, height: 0.1 };
            let (time_ms, score) = (i * 100, i as f32);
            history.judged(Sample {
                time_ms,
                frame: i,
                score,
                place,
                cause: Cause::View,
                speed: None,
                heat: None,
                odd: None,
            });
        }
        let (all, last) = history.after(0);
        assert_eq!((all.len(), all[0].0), (KEPT, 200_000));
        assert_eq!(last.unwrap().frame, 4999);
        assert_eq!(history.after(499_700).0, [(499_800, 4998.0), (499_900, 4999.0)]);
        assert_eq!((history.after(499_900).0.len(), history.after(499_901).0.len()), (0, KEPT));
    }
}
