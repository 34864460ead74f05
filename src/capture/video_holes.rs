//! Holes in the times of a video: what is left of them, and what is told.

/// Time between two frames that is told of.
const HOLE_NS: i64 = 1_000_000_000;
const HOLES_TOLD: u64 = 3;

/// What the holes of a video may come to in all, in frames: somebody may keep something
/// for each.
const LARGEST_HOLES: f64 = 100_000.0;

/// A hole of so many periods is one for every model.
const LEAST_PERIODS: f64 = 2.0;

/// Turns the times that a file gives into ones that grow, whatever it says.
#[derive(Debug)]
pub(super) struct Holes {
    /// Added to the file's times.
    offset_ns: i64,
    /// What may be left of holes to come.
    room_ns: i64,
    /// What is left of a hole at least.
    least_ns: i64,
    number: u64,
    has_shortened: bool,
}

impl Holes {
    /// For frames that are numbered by their place at this rate.
    pub fn new(fps: f64) -> Self {
        Self {
            offset_ns: 0,
            room_ns: (LARGEST_HOLES * 1e9 / fps) as i64,
            least_ns: HOLE_NS.max((LEAST_PERIODS * 1e9 / fps) as i64),
            number: 0,
            has_shortened: false,
        }
    }

    /// The time of a frame that the file says is from `file_ns`, behind one of `last_ns`.
    /// A frame from long before the last one begins another stretch.
    pub fn time_ns(&mut self, last_ns: Option<u64>, file_ns: i64, path: &str) -> u64 {
        let Some(last_ns) = last_ns.and_then(|ns| i64::try_from(ns).ok()) else {
            return file_ns.max(0) as u64;
        };
        let step_ns = file_ns.saturating_add(self.offset_ns).saturating_sub(last_ns);
        let kept_ns = if step_ns <= -HOLE_NS {
            self.tell(&format!("it goes back by {:.1} s", -seconds(step_ns)), last_ns, path);
            self.least_ns
        } else if step_ns >= HOLE_NS {
            self.tell(&format!("no pictures for {:.1} s", seconds(step_ns)), last_ns, path);
            step_ns.min(self.room_ns.max(self.least_ns))
        } else {
            step_ns
        };
        if kept_ns >= HOLE_NS {
            self.room_ns = (self.room_ns - kept_ns).max(0);
        }
        if kept_ns < step_ns && !std::mem::replace(&mut self.has_shortened, true) {
            log::warn!("{path}: its holes are too long: from here on they count as short ones");
        }
        let now_ns = last_ns.saturating_add(kept_ns);
        self.offset_ns = now_ns.saturating_sub(file_ns);
        now_ns.max(0) as u64
    }

    fn tell(&mut self, what: &str, at_ns: i64, path: &str) {
        self.number += 1;
        if self.number <= HOLES_TOLD {
            log::warn!("{path}: {what} from {:.1} s on", seconds(at_ns));
        }
    }

    /// Sums up what was not told one by one.
    pub fn report(&self, path: &str) {
        if self.number > HOLES_TOLD {
            log::warn!("{path}: {} holes of a second or more", self.number);
        }
    }
}

fn seconds(ns: i64) -> f64 {
    ns as f64 / 1e9
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: i64 = 1_000_000_000;

    /// Times in seconds.
    fn times(fps: f64, file_s: &[i64]) -> Vec<u64> {
        let mut holes = Holes::new(fps);
        let mut last_ns = None;
        let mut times = Vec::new();
        for second in file_s {
            let now_ns = holes.time_ns(last_ns, second.saturating_mul(S), "clip");
            last_ns = Some(now_ns);
            times.push(now_ns / S as u64);
        }
        times
    }

    #[test]
    fn a_hole_stays_as_it_is_while_there_is_room() {
        assert_eq!(times(10.0, &[0, 1, 1801, 1802]), [0, 1, 1801, 1802]);
    }

    /// Whoever keeps something for each place of a clip would run out of memory.
    #[test]
    fn what_holes_come_to_in_all_is_bounded() {
        let far = i64::MAX / S;
        assert_eq!(times(10.0, &[0, far - 1, far]), [0, 10_000, 10_001]);
        let many: Vec<i64> = (0..100).map(|n| n * 3600).collect();
        let last = *times(10.0, &many).last().unwrap();
        assert_eq!(last, 10_000 + 96, "two whole ones, a part of one, and a second for each");
    }

    #[test]
    fn a_file_that_goes_back_goes_on() {
        assert_eq!(times(10.0, &[0, 500, 3, 4]), [0, 500, 501, 502]);
    }
}
