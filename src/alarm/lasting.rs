//! A condition that counts only once it has lasted, and until it has been gone
//! for a while.

/// How long it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastingTimes {
    /// It begins when the condition has held for so long.
    pub after_ms: u32,
    /// It ends when the condition has been gone for so long.
    pub gone_ms: u32,
}

/// What is to be seen of the condition at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// It holds.
    Present,
    /// Neither of both: what has begun goes on, and what has not waits for as long as
    /// an end takes.
    Between,
    /// It does not hold.
    Absent,
}

/// A beginning or an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastingChange {
    pub begins: bool,
    /// When the condition first held.
    pub since_ms: u64,
    pub at_ms: u64,
}

/// Debounce in time with hysteresis, in both directions. Time that runs backwards
/// counts as no time.
#[derive(Clone, Debug)]
pub struct Lasting {
    times: LastingTimes,
    since_ms: Option<u64>,
    /// When the condition was last seen to hold.
    held_ms: u64,
    gone_since_ms: Option<u64>,
    active: bool,
    now_ms: u64,
}

impl Lasting {
    pub fn new(times: LastingTimes) -> Self {
        let (since_ms, gone_since_ms) = (None, None);
        Self { times, since_ms, held_ms: 0, gone_since_ms, active: false, now_ms: 0 }
    }

    /// Takes what is seen at `now_ms`. A sign that was there before it could be
    /// seen is dated back by `earlier_ms`.
    pub fn step(&mut self, now_ms: u64, sign: Sign, earlier_ms: u32) -> Option<LastingChange> {
        self.now_ms = self.now_ms.max(now_ms);
        if sign == Sign::Present {
            self.held_ms = self.now_ms;
        }
        let faded = self.now_ms - self.held_ms >= u64::from(self.times.gone_ms);
        match (sign, self.active) {
            (Sign::Present, false) => {
                let first_ms = self.now_ms.saturating_sub(u64::from(earlier_ms));
                self.since_ms.get_or_insert(first_ms);
            }
            (Sign::Absent, false) => self.since_ms = None,
            (Sign::Between, false) if faded => self.since_ms = None,
            (Sign::Absent, true) => {
                self.gone_since_ms.get_or_insert(self.now_ms);
            }
            (Sign::Present | Sign::Between, true) => self.gone_since_ms = None,
            (Sign::Between, false) => {}
        }
        let lasted = |since_ms: u64, limit_ms| self.now_ms - since_ms >= u64::from(limit_ms);
        let since_ms = self.since_ms?;
        if self.active {
            let gone_ms = self.gone_since_ms?;
            if !lasted(gone_ms, self.times.gone_ms) {
                return None;
            }
            (self.since_ms, self.gone_since_ms, self.active) = (None, None, false);
        } else {
            if sign != Sign::Present || !lasted(since_ms, self.times.after_ms) {
                return None;
            }
            self.active = true;
        }
        Some(LastingChange { begins: self.active, since_ms, at_ms: self.now_ms })
    }

    /// Nothing is seen for a while: what has not begun is dropped, what has goes
    /// on, and blind time does not bring it to its end.
    pub fn blind(&mut self) {
        self.gone_since_ms = None;
        if !self.active {
            self.since_ms = None;
        }
    }

    /// Begins again, as if nothing had ever been seen and at whatever time.
    pub fn forget(&mut self) {
        *self = Self::new(self.times);
    }

    /// When the condition first held, once it has lasted.
    pub fn active_since_ms(&self) -> Option<u64> {
        self.since_ms.filter(|_| self.active)
    }

    /// For how long the condition has held, while it has not lasted yet.
    pub fn pending_for_ms(&self) -> Option<u64> {
        self.since_ms.filter(|_| !self.active).map(|since_ms| self.now_ms - since_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(signs: &[(u64, Sign)]) -> Vec<(bool, u64, u64)> {
        let mut lasting = Lasting::new(LastingTimes { after_ms: 3000, gone_ms: 2000 });
        let step = |&(at, sign): &(u64, Sign)| lasting.step(at * 1000, sign, 0);
        let changes = signs.iter().filter_map(step);
        changes.map(|c| (c.begins, c.since_ms / 1000, c.at_ms / 1000)).collect()
    }

    #[test]
    fn it_begins_when_it_has_lasted_and_ends_when_it_has_been_gone() {
        use Sign::{Absent, Between, Present};
        let course = [Present, Present, Absent, Present, Between, Present, Present, Between]
            .into_iter()
            .chain([Absent, Present, Absent, Absent, Absent, Absent]);
        let course: Vec<_> = (0..).zip(course).collect();
        assert_eq!(changes(&course), [(true, 3, 6), (false, 3, 12)]);
    }

    #[test]
    fn blind_time_neither_begins_nor_ends_it() {
        let mut lasting = Lasting::new(LastingTimes { after_ms: 1000, gone_ms: 1000 });
        assert_eq!(lasting.step(0, Sign::Present, 0), None);
        assert_eq!(lasting.pending_for_ms(), Some(0));
        lasting.blind();
        assert_eq!(lasting.step(2000, Sign::Present, 0), None);
        assert!(lasting.step(3000, Sign::Present, 0).is_some_and(|change| change.begins));
        lasting.step(4000, Sign::Absent, 0);
        lasting.blind();
        assert_eq!(lasting.step(9000, Sign::Absent, 0), None);
        assert_eq!(lasting.active_since_ms(), Some(2000));
        assert!(lasting.step(10_000, Sign::Absent, 0).is_some_and(|change| !change.begins));
    }

    #[test]
    fn what_has_not_begun_fades_where_nothing_is_certain() {
        use Sign::{Between, Present};
        let doubtful = (1..4000).map(|at| (at, Between));
        let course: Vec<_> =
            std::iter::once((0, Present)).chain(doubtful).chain([(4000, Present)]).collect();
        assert!(changes(&course).is_empty());
        let mut lasting = Lasting::new(LastingTimes { after_ms: 3000, gone_ms: 2000 });
        lasting.step(0, Present, 0);
        lasting.step(1000, Between, 0);
        assert_eq!(lasting.pending_for_ms(), Some(1000));
        lasting.step(2000, Between, 0);
        assert_eq!(lasting.pending_for_ms(), None);
    }

    #[test]
    fn other_footage_has_times_of_its_own() {
        let mut lasting = Lasting::new(LastingTimes { after_ms: 1000, gone_ms: 1000 });
        lasting.step(60_000, Sign::Present, 0);
        lasting.forget();
        assert_eq!(lasting.step(0, Sign::Present, 0), None);
        assert!(lasting.step(1000, Sign::Present, 0).is_some_and(|change| change.begins));
    }

    #[test]
    fn a_sign_that_was_seen_late_is_dated_back() {
        let mut lasting = Lasting::new(LastingTimes { after_ms: 20_000, gone_ms: 0 });
        assert_eq!(lasting.step(6000, Sign::Present, 6000), None);
        let change = lasting.step(20_000, Sign::Present, 6000);
        assert_eq!(change, Some(LastingChange { begins: true, since_ms: 0, at_ms: 20_000 }));
    }
}
