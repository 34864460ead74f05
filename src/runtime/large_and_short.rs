//! What is large and gone at once is no event: an insect before the lamp, a bird, a flash.

use crate::alarm::State;
use crate::score::Cells;

/// Odd in more than so much of the picture, it is large.
const LARGE_SHARE: f32 = 0.25;
/// Something large counts once it has been there for so long. What crosses the lens in half a
/// second is odd for nearly a second: the network sees it for four frames more.
const COUNTS_AFTER_NS: u64 = 1_000_000_000;

/// Keeps what is large and short from the alarm.
///
/// It looks at one stretch of odd frames after another. From the first in which much of the
/// picture is odd it holds the scores back for a second, or to the end of the stretch if that
/// comes first. What has become an alarm is left alone, and what is small is never held back.
/// Missing frames end no stretch: a camera that loses one in ten would hold everything back.
#[derive(Clone, Debug, Default)]
pub(super) struct LargeAndShort {
    large_since_ns: Option<u64>,
    counts: bool,
}

impl LargeAndShort {
    /// Whether the score of a frame is to be held back. `odd` are the cells that are odd in
    /// it, `None` where its score is below the exit level.
    pub fn holds_back(&mut self, timestamp_ns: u64, odd: Option<Cells>, state: State) -> bool {
        let Some(odd) = odd else {
            if self.large_since_ns.is_some() && !self.counts {
                log::info!("something large was there for less than a second, and was not raised");
            }
            self.forget();
            return false;
        };
        if self.large_since_ns.is_none() && odd.share() > LARGE_SHARE {
            self.large_since_ns = Some(timestamp_ns);
        }
        let Some(since_ns) = self.large_since_ns else { return false };
        let has_lasted = timestamp_ns.saturating_sub(since_ns) >= COUNTS_AFTER_NS;
        self.counts |= has_lasted || state == State::Alarm;
        !self.counts
    }

    /// As if nothing large had been there.
    pub fn forget(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: u32 = 30;
    const LARGE: u32 = 70;

    fn odd(cells: u32) -> Option<Cells> {
        let mut odd = Cells::default();
        (0..cells).for_each(|cell| odd.insert(cell as usize));
        Some(odd)
    }

    /// By frame of a tenth of a second, whether it is held back.
    fn held(large: &mut LargeAndShort, state: State, frames: &[Option<Cells>]) -> Vec<bool> {
        let each = frames.iter().zip(0..);
        each.map(|(odd, at)| large.holds_back(at * 100_000_000, *odd, state)).collect()
    }

    #[test]
    fn something_large_counts_after_a_second() {
        let held = held(&mut LargeAndShort::default(), State::Suspect, &[odd(LARGE); 14]);
        assert_eq!(held, [[true; 10].as_slice(), &[false; 4]].concat());
    }

    #[test]
    fn what_fades_is_held_back_to_its_end_and_what_is_small_never() {
        let mut course = vec![odd(SMALL), odd(LARGE), odd(LARGE), odd(SMALL), odd(SMALL), None];
        course.extend([odd(SMALL); 3]);
        let held = held(&mut LargeAndShort::default(), State::Idle, &course);
        let wanted = [false, true, true, true, true, false, false, false, false];
        assert_eq!(held, wanted);
    }

    #[test]
    fn one_large_thing_after_another_is_held_back_each_time() {
        let mut course = [odd(LARGE); 18];
        course[8] = None;
        let held = held(&mut LargeAndShort::default(), State::Idle, &course);
        assert_eq!(held.iter().filter(|held| !**held).count(), 1, "{held:?}");
    }

    #[test]
    fn an_alarm_that_goes_on_is_left_alone() {
        let mut large = LargeAndShort::default();
        assert_eq!(held(&mut large, State::Alarm, &[odd(LARGE); 3]), [false; 3]);
        assert!(!large.holds_back(300_000_000, odd(LARGE), State::Cooldown), "nor its end");
    }
}
