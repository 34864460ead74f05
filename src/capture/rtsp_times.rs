//! When the pictures of a network camera were taken, by the camera's own clock.

/// Who sends a time that lies so far back has set the clock, or is somebody else.
const LONGEST_DELAY_NS: u64 = 10_000_000_000;

/// Pictures that come so much later than they were taken are no longer live…
const LATE_NS: f64 = 3e9;

/// … unless they catch up within this time: a network that stood still for a moment has
/// kept them.
const LATE_FOR_NS: u64 = 10_000_000_000;

/// A delay that has shrunk by so much is catching up.
const SHRUNK_NS: f64 = 1e8;

/// How fast the least delay is forgotten: clocks drift less than that.
const FORGOTTEN_PER_NS: f64 = 1e-3;

/// A picture that comes by so much less late than any before it was not the first to be
/// taken after the last one: those of a slow start come all at once.
const CAUGHT_UP_NS: f64 = 20_000_000.0;

/// Puts the sender's times on our clock: they are right among each other, and late by
/// the least delay that was seen lately. No stamp is later than the picture's arrival,
/// and none is as early as the one before.
#[derive(Debug, Default)]
pub(super) struct SenderTimes {
    /// Our time less the sender's, with the least delay.
    offset_ns: Option<f64>,
    sender_ns: f64,
    arrived_ns: u64,
    stamp_ns: u64,
    is_catching_up: bool,
    /// Since when the pictures are late without catching up, and by how much they were then.
    late: Option<(u64, f64)>,
    delay_ns: f64,
    is_too_slow: bool,
}

impl SenderTimes {
    /// Whether the last picture was among those that had waited for the decoder, so that its
    /// stamp is too late by nobody knows how much.
    pub fn is_catching_up(&self) -> bool {
        self.is_catching_up
    }

    /// By how much the last picture is later than it was taken, where pictures come ever
    /// later or stay so late: whoever decodes them is slower than the camera, or the camera's
    /// own clock is slow.
    pub fn falls_behind_s(&self) -> Option<f64> {
        self.is_too_slow.then_some(self.delay_ns / 1e9)
    }

    /// The stamp of a picture that arrives now; `None` without a time of the sender's.
    pub fn stamp(&mut self, sender_s: Option<f64>, now_ns: u64) -> u64 {
        let taken_ns = match sender_s.map(|seconds| seconds * 1e9) {
            Some(sender_ns) => self.on_our_clock(sender_ns, now_ns),
            None => {
                (self.is_catching_up, self.is_too_slow) = (false, false);
                now_ns
            }
        };
        self.arrived_ns = now_ns;
        self.stamp_ns = taken_ns.min(now_ns).max(self.stamp_ns + 1);
        self.stamp_ns
    }

    fn on_our_clock(&mut self, sender_ns: f64, now_ns: u64) -> u64 {
        let newest_ns = now_ns as f64 - sender_ns;
        let goes_back = sender_ns < std::mem::replace(&mut self.sender_ns, sender_ns);
        let passed_ns = now_ns.saturating_sub(self.arrived_ns) as f64;
        // One that was late before has not set its clock: it is later still.
        let is_possible = |offset_ns: &f64| {
            !goes_back && (newest_ns - offset_ns <= LONGEST_DELAY_NS as f64 || self.late.is_some())
        };
        let known_ns = self.offset_ns.filter(is_possible);
        self.is_catching_up = known_ns.is_none_or(|known_ns| newest_ns < known_ns - CAUGHT_UP_NS);
        let offset_ns = match known_ns {
            Some(offset_ns) => newest_ns.min(offset_ns + passed_ns * FORGOTTEN_PER_NS),
            None => newest_ns,
        };
        self.offset_ns = Some(offset_ns);
        self.note_delay(newest_ns - offset_ns, now_ns);
        (sender_ns + offset_ns).max(0.0) as u64
    }
}

impl SenderTimes {
    fn note_delay(&mut self, delay_ns: f64, now_ns: u64) {
        self.delay_ns = delay_ns;
        self.late = match self.late {
            _ if delay_ns <= LATE_NS => None,
            Some((since_ns, least_ns)) if delay_ns > least_ns - SHRUNK_NS => {
                Some((since_ns, least_ns))
            }
            _ => Some((now_ns, delay_ns)),
        };
        let too_long = |(since_ns, _)| now_ns.saturating_sub(since_ns) >= LATE_FOR_NS;
        self.is_too_slow = self.late.is_some_and(too_long)
            || self.late.is_some() && delay_ns > LONGEST_DELAY_NS as f64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    /// Arrivals in ms, and what the sender says in s, to stamps in ms.
    fn stamps(pictures: &[(u64, f64)]) -> Vec<u64> {
        let mut times = SenderTimes::default();
        let stamp = |&(now_ms, sender_s): &(u64, f64)| {
            (times.stamp(Some(sender_s), now_ms * MS) + MS / 2) / MS
        };
        pictures.iter().map(stamp).collect()
    }

    #[test]
    fn pictures_that_come_late_and_at_once_lie_as_they_were_taken() {
        let taken = [(1000, 0.0), (1100, 0.1), (1350, 0.2), (1351, 0.3), (1400, 0.4)];
        assert_eq!(stamps(&taken), [1000, 1100, 1200, 1300, 1400]);
    }

    #[test]
    fn a_slow_start_is_made_up_for() {
        let taken = [(1500, 0.0), (1510, 0.1), (1520, 0.2), (1600, 0.5), (1700, 0.6)];
        let stamps = stamps(&taken);
        assert_eq!((stamps[0], stamps[3], stamps[4]), (1500, 1600, 1700));
        assert!(stamps.is_sorted());
        let mut times = SenderTimes::default();
        let waited = taken.map(|(now_ms, sender_s)| {
            times.stamp(Some(sender_s), now_ms * MS);
            times.is_catching_up()
        });
        assert_eq!(waited, [true, true, true, true, false]);
        times.stamp(Some(0.7), 2500 * MS);
        assert!(!times.is_catching_up(), "one that is late is none that has waited");
    }

    #[test]
    fn a_clock_that_is_set_begins_again_at_the_arrival() {
        let back = [(1000, 50.0), (1100, 50.1), (1200, 3.0), (1300, 3.1)];
        assert_eq!(stamps(&back), [1000, 1100, 1200, 1300]);
        let ahead = [(1000, 3.0), (1100, 3.1), (1200, 50.0), (1300, 50.1)];
        assert_eq!(stamps(&ahead), [1000, 1100, 1200, 1300]);
        let stands = [(1000, 3.0), (12_000, 3.1), (12_100, 3.2)];
        assert_eq!(stamps(&stands), [1000, 12_000, 12_100]);
    }

    /// When it is told, in seconds, and by how much the stamps are late then, where a camera
    /// takes ten pictures a second and each needs so many ms to be decoded.
    fn told_after_s(decoding_ms: impl Fn(u64) -> u64, pictures: u64) -> Option<(u64, u64)> {
        let (mut times, mut free_ms) = (SenderTimes::default(), 0);
        for n in 0..pictures {
            let taken_ms = 1000 + 100 * n;
            let now_ms = taken_ms.max(free_ms) + decoding_ms(n);
            free_ms = now_ms;
            let stamp_ms = times.stamp(Some(n as f64 / 10.0), now_ms * MS) / MS;
            if times.falls_behind_s().is_some() {
                return Some((now_ms / 1000, (now_ms - stamp_ms) / 1000));
            }
        }
        None
    }

    #[test]
    fn a_decoder_that_is_slower_than_its_camera_is_told_and_never_forgiven() {
        assert_eq!(told_after_s(|_| 90, 10_000), None, "it keeps up");
        for (decoding_ms, at_most_s) in [(102, 200), (110, 60), (125, 40), (200, 30), (500, 30)] {
            let (after_s, late_s) = told_after_s(|_| decoding_ms, 10_000).unwrap();
            assert!(after_s <= at_most_s, "{decoding_ms} ms a picture: told after {after_s} s");
            assert!(late_s >= 3, "{decoding_ms} ms a picture: {late_s} s late");
        }
        let settled = told_after_s(|n| if n < 50 { 200 } else { 100 }, 10_000);
        assert!(settled.is_some(), "five seconds late for ever");
    }

    #[test]
    fn pictures_that_a_network_kept_are_caught_up_with() {
        let stalls = |n: u64| if n % 600 == 300 { 8000 } else { 40 };
        assert_eq!(told_after_s(stalls, 6000), None);
    }

    #[test]
    fn a_clock_that_drifts_is_followed() {
        let mut times = SenderTimes::default();
        // Slow by 100 in a million for a day.
        let mut late_ns = 0;
        for second in 1..86_400u64 {
            let now_ns = second * 1_000_000_000;
            let sender_s = second as f64 * (1.0 - 1e-4);
            late_ns = now_ns - times.stamp(Some(sender_s), now_ns);
        }
        assert!(late_ns < MS, "{late_ns} ns after a day");
        let last = times.stamp(None, 86_400_000_000_000);
        assert!(!times.is_catching_up(), "nobody knows, so nobody waits for ever");
        assert_eq!(last, 86_400_000_000_000);
    }
}
