//! The notices that wait for an outlet: which one is next, and when it is given up.

use std::collections::VecDeque;
use std::hash::{BuildHasher, Hasher, RandomState};

use crate::event::Notice;

/// Pauses after the first, second, … attempt that failed, in ms; after the attempt
/// behind the last one a notice is given up.
pub const PAUSES_MS: [u64; 4] = [5_000, 30_000, 120_000, 600_000];

/// A pause is so much longer or shorter, so that many boards do not return together.
const JITTER: f64 = 0.2;

/// A notice that waits.
#[derive(Debug)]
pub(super) struct Waiting {
    pub notice: Notice,
    /// Attempts that have failed.
    pub tries: usize,
    due_ms: u64,
}

/// What to do now.
#[derive(Debug)]
pub(super) enum Next {
    /// Try this one. It is out of the queue: [`Queue::failed`] puts it back.
    Try(Waiting),
    /// Nothing is due before this moment.
    At(u64),
    Nothing,
}

/// Notices in the order in which they came. It knows no clock: moments are milliseconds
/// of whichever the caller reads.
#[derive(Debug)]
pub(super) struct Queue {
    waiting: VecDeque<Waiting>,
    pauses_ms: Vec<u64>,
    /// The outlet itself wants to be left alone until then.
    not_before_ms: u64,
    random: RandomState,
    drawn: u64,
}

impl Queue {
    pub fn new(pauses_ms: Vec<u64>) -> Self {
        let random = RandomState::new();
        Self { waiting: VecDeque::new(), pauses_ms, not_before_ms: 0, random, drawn: 0 }
    }

    pub fn push(&mut self, notice: Notice, now_ms: u64) {
        self.waiting.push_back(Waiting { notice, tries: 0, due_ms: now_ms });
    }

    /// The one to try: what is due and has failed least often, the oldest of these, so
    /// that a new event does not wait for an old one's fifth attempt. An event's end
    /// waits for its begin.
    pub fn next(&mut self, now_ms: u64) -> Next {
        if self.waiting.is_empty() {
            return Next::Nothing;
        }
        if now_ms < self.not_before_ms {
            return Next::At(self.not_before_ms);
        }
        let is_first = |at: usize| {
            let id = &self.waiting[at].notice.situation.id;
            self.waiting.iter().take(at).all(|before| before.notice.situation.id != *id)
        };
        let firsts: Vec<usize> = (0..self.waiting.len()).filter(|&at| is_first(at)).collect();
        let due = firsts.iter().copied().filter(|&at| self.waiting[at].due_ms <= now_ms);
        match due.min_by_key(|&at| (self.waiting[at].tries, at)) {
            Some(at) => self.waiting.remove(at).map_or(Next::Nothing, Next::Try),
            None => {
                Next::At(firsts.iter().map(|&at| self.waiting[at].due_ms).min().unwrap_or(now_ms))
            }
        }
    }

    /// Puts a notice back whose attempt failed, in front of its event's end. Returns
    /// the pause, or `None` where it is given up.
    pub fn failed(&mut self, mut waiting: Waiting, now_ms: u64, at_least_ms: u64) -> Option<u64> {
        let pause = self.pauses_ms.get(waiting.tries).copied()?;
        let pause = self.jittered(pause).max(at_least_ms);
        waiting.tries += 1;
        waiting.due_ms = now_ms + pause;
        self.waiting.push_front(waiting);
        Some(pause)
    }

    /// Puts a notice back that was not tried, and tries none for so long.
    pub fn held(&mut self, waiting: Waiting, now_ms: u64, for_ms: u64) {
        self.waiting.push_front(waiting);
        self.rest(now_ms, for_ms);
    }

    /// Tries nothing for so long.
    pub fn rest(&mut self, now_ms: u64, for_ms: u64) {
        self.not_before_ms = self.not_before_ms.max(now_ms + for_ms);
    }

    /// The outlet answers again: nothing waits any longer.
    pub fn answered(&mut self, now_ms: u64) {
        self.waiting.iter_mut().for_each(|one| one.due_ms = one.due_ms.min(now_ms));
    }

    /// Takes out all that wait, and says how many.
    pub fn clear(&mut self) -> u64 {
        self.waiting.drain(..).count() as u64
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    fn jittered(&mut self, pause_ms: u64) -> u64 {
        let mut hasher = self.random.build_hasher();
        self.drawn += 1;
        hasher.write_u64(self.drawn);
        let share = hasher.finish() as f64 / u64::MAX as f64;
        (pause_ms as f64 * (1.0 - JITTER + 2.0 * JITTER * share)) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::super::example::notice;
    use super::*;
    use crate::event::Phase;

    fn tried(queue: &mut Queue, now_ms: u64) -> Option<(Waiting, String)> {
        match queue.next(now_ms) {
            Next::Try(waiting) => {
                let (id, phase) = (waiting.notice.situation.id.clone(), waiting.notice.phase);
                Some((waiting, format!("{id} {}", phase.name())))
            }
            _ => None,
        }
    }

    #[test]
    fn a_notice_is_tried_five_times_with_growing_jittered_pauses() {
        let mut queue = Queue::new(PAUSES_MS.to_vec());
        queue.push(notice("a", Phase::Begin), 0);
        let mut now_ms = 0;
        for usual in PAUSES_MS {
            let (waiting, _) = tried(&mut queue, now_ms).unwrap();
            let pause = queue.failed(waiting, now_ms, 0).unwrap();
            assert!(pause * 10 >= usual * 8 && pause * 10 <= usual * 12, "{pause} of {usual}");
            assert!(tried(&mut queue, now_ms + pause - 1).is_none());
            now_ms += pause;
        }
        let (waiting, _) = tried(&mut queue, now_ms).unwrap();
        assert_eq!(queue.failed(waiting, now_ms, 0), None, "given up");
        assert_eq!(queue.len(), 0);
        let mut pauses = |n: usize| (0..n).map(|_| queue.jittered(10_000)).collect::<Vec<_>>();
        let (first, second) = (pauses(20), pauses(20));
        assert_ne!(first, second, "jitter");
    }

    #[test]
    fn an_end_waits_for_its_begin_and_a_new_event_for_nobody() {
        let mut queue = Queue::new(PAUSES_MS.to_vec());
        queue.push(notice("a", Phase::Begin), 0);
        queue.push(notice("a", Phase::End), 0);
        let (begin, _) = tried(&mut queue, 0).unwrap();
        let pause = queue.failed(begin, 0, 0).unwrap();
        assert!(tried(&mut queue, 1).is_none(), "the end would overtake its begin");
        queue.push(notice("b", Phase::Begin), 2);
        assert_eq!(tried(&mut queue, pause).unwrap().1, "b begin", "least often tried");
        assert_eq!(tried(&mut queue, pause).unwrap().1, "a begin");
        assert_eq!(tried(&mut queue, pause).unwrap().1, "a end");
    }

    #[test]
    fn a_server_that_asks_for_quiet_gets_it_and_one_that_answers_gets_the_rest() {
        let mut queue = Queue::new(PAUSES_MS.to_vec());
        queue.push(notice("a", Phase::Begin), 0);
        queue.push(notice("b", Phase::Begin), 0);
        let (a, _) = tried(&mut queue, 0).unwrap();
        queue.rest(0, 90_000);
        assert_eq!(queue.failed(a, 0, 90_000), Some(90_000));
        assert!(matches!(queue.next(89_999), Next::At(90_000)), "b waits, too");
        let (b, _) = tried(&mut queue, 90_000).unwrap();
        assert_eq!(b.notice.situation.id, "b");
        let (a, _) = tried(&mut queue, 90_000).unwrap();
        assert!(queue.failed(a, 90_000, 0).unwrap() > 20_000);
        queue.answered(90_001);
        assert_eq!(tried(&mut queue, 90_001).unwrap().1, "a begin");
    }
}
