//! A watchdog as the supervisor sees it, and when it wants to be fed.

use std::io;

/// Resets the machine or the process unless it is fed.
pub trait Watchdog: Send {
    /// For messages.
    fn name(&self) -> &str;

    /// How often it wants to be fed.
    fn interval_ms(&self) -> u64;

    /// # Errors
    /// The device's or the socket's.
    fn feed(&mut self) -> io::Result<()>;

    /// Ends its watch; without this it outlives the process and strikes.
    ///
    /// # Errors
    /// The device's or the socket's.
    fn disarm(&mut self) -> io::Result<()>;
}

/// A watchdog and when it was last fed.
pub struct Fed {
    watchdog: Box<dyn Watchdog>,
    last_ms: Option<u64>,
    failing: bool,
}

impl Fed {
    pub fn new(watchdog: Box<dyn Watchdog>) -> Self {
        Self { watchdog, last_ms: None, failing: false }
    }

    /// Feeds it if its interval has passed. A refusal is tried again at
    /// the next call, and logged when it is the first after a success.
    pub fn feed_if_due(&mut self, now_ms: u64) {
        let due = |last_ms| now_ms.saturating_sub(last_ms) >= self.watchdog.interval_ms();
        if !self.last_ms.is_none_or(due) {
            return;
        }
        match self.watchdog.feed() {
            Ok(()) => {
                self.last_ms = Some(now_ms);
                self.failing = false;
            }
            Err(error) => {
                if !std::mem::replace(&mut self.failing, true) {
                    log::error!("{} cannot be fed: {error}", self.watchdog.name());
                }
            }
        }
    }

    /// Ends its watch; a refusal is logged.
    pub fn disarm(&mut self) {
        if let Err(error) = self.watchdog.disarm() {
            log::error!("{} cannot be disarmed: {error}", self.watchdog.name());
        }
    }
}

#[cfg(test)]
pub(super) mod fake {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// What a [`FakeWatchdog`] was told.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Told {
        Fed,
        Disarmed,
    }

    #[derive(Clone, Default)]
    pub struct FakeWatchdog {
        pub told: Arc<Mutex<Vec<Told>>>,
        pub refusals: u32,
    }

    impl FakeWatchdog {
        pub fn feedings(&self) -> usize {
            self.told.lock().unwrap().iter().filter(|told| **told == Told::Fed).count()
        }
    }

    impl Watchdog for FakeWatchdog {
        fn name(&self) -> &str {
            "a fake"
        }

        fn interval_ms(&self) -> u64 {
            1000
        }

        fn feed(&mut self) -> io::Result<()> {
            if self.refusals > 0 {
                self.refusals -= 1;
                return Err(io::Error::from(io::ErrorKind::BrokenPipe));
            }
            self.told.lock().unwrap().push(Told::Fed);
            Ok(())
        }

        fn disarm(&mut self) -> io::Result<()> {
            self.told.lock().unwrap().push(Told::Disarmed);
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::fake::{FakeWatchdog, Told};
    use super::*;

    #[test]
    fn it_is_fed_at_its_interval_and_again_after_a_refusal() {
        let fake = FakeWatchdog { refusals: 1, ..FakeWatchdog::default() };
        let mut fed = Fed::new(Box::new(fake.clone()));
        for (now_ms, feedings) in [(0, 0), (250, 1), (1000, 1), (1250, 2), (1500, 2)] {
            fed.feed_if_due(now_ms);
            assert_eq!(fake.feedings(), feedings, "at {now_ms} ms");
        }
        fed.disarm();
        assert_eq!(fake.told.lock().unwrap().last(), Some(&Told::Disarmed));
    }
}
