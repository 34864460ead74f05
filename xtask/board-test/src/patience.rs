//! How long something in the guest may take. The host may be busy with other
//! work, and what the emulator then waits for a processor is not the guest's
//! fault: that time does not count.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// However starved the emulator is, a limit ends after so many times its length.
const LONGEST: u32 = 8;

/// Counts the time that an emulator waits for a processor of the host.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    process: u32,
}

/// A limit that has begun.
#[derive(Debug)]
pub struct Limit {
    patience: Patience,
    within: Duration,
    start: Instant,
    starved: Duration,
}

impl Patience {
    /// `process` is the emulator's number.
    pub fn with(process: u32) -> Self {
        Self { process }
    }

    pub fn limit(self, within: Duration) -> Limit {
        Limit { patience: self, within, start: Instant::now(), starved: self.starved() }
    }

    /// How long the emulator's threads were ready to run and did not, since it
    /// began, all of them together: the guest moves its work between its
    /// processors, so a wait of any of them holds it up. Nothing on a kernel
    /// that does not count it.
    pub fn starved(self) -> Duration {
        let tasks = Path::new("/proc").join(self.process.to_string()).join("task");
        let threads = fs::read_dir(tasks).into_iter().flatten().flatten();
        let waits = threads.filter_map(|thread| {
            waited(&fs::read_to_string(thread.path().join("schedstat")).ok()?)
        });
        waits.sum()
    }
}

impl Limit {
    /// What is left of it; `None` when it is over.
    pub fn left(&self) -> Option<Duration> {
        let elapsed = self.start.elapsed();
        let starved = self.patience.starved().saturating_sub(self.starved);
        left(self.within, elapsed, starved)
    }
}

fn left(within: Duration, elapsed: Duration, starved: Duration) -> Option<Duration> {
    let counted = elapsed.saturating_sub(starved);
    let left = within.saturating_sub(counted).min((within * LONGEST).saturating_sub(elapsed));
    (!left.is_zero()).then_some(left)
}

/// The second number of a thread's `schedstat`: nanoseconds on a run queue.
fn waited(schedstat: &str) -> Option<Duration> {
    schedstat.split_whitespace().nth(1)?.parse().ok().map(Duration::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_on_the_run_queue_does_not_count() {
        let seconds = Duration::from_secs;
        assert_eq!(left(seconds(90), seconds(30), seconds(0)), Some(seconds(60)));
        assert_eq!(left(seconds(90), seconds(90), seconds(0)), None);
        assert_eq!(left(seconds(90), seconds(100), seconds(80)), Some(seconds(70)));
        assert_eq!(left(seconds(90), seconds(700), seconds(690)), Some(seconds(20)));
        assert_eq!(left(seconds(90), seconds(720), seconds(720)), None, "not for ever");
    }

    #[test]
    fn the_kernel_counts_it() {
        assert_eq!(
            waited("1176555928 4844929722 400\n"),
            Some(Duration::from_nanos(4_844_929_722))
        );
        assert!(waited("").is_none());
        let own = fs::read_to_string("/proc/self/schedstat").unwrap();
        assert!(waited(&own).is_some(), "{own}");
    }
}
