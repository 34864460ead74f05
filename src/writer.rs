//! A thread of its own for writing that may wait, behind a queue that never does.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

/// How often a thread with nothing to write looks after what it could not write.
const IDLE: Duration = Duration::from_millis(500);

const LOOK: Duration = Duration::from_millis(2);

/// What the thread behind a [`Writer`] does. Each of these may wait for as long
/// as it likes.
pub trait Work<T>: Send + 'static {
    /// Writes one item. Since the last call, `lost` items found no room; they came
    /// behind those that were waiting then.
    fn write(&mut self, item: T, lost: u64);

    /// Nothing has come for a while.
    fn idle(&mut self) {}
}

/// A bounded queue and the thread that empties it. Whoever puts something in
/// never waits: what finds no room is dropped and counted.
#[derive(Debug)]
pub struct Writer<T> {
    queue: SyncSender<T>,
    counts: Arc<Counts>,
}

/// Another way into the same queue.
impl<T> Clone for Writer<T> {
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone(), counts: self.counts.clone() }
    }
}

#[derive(Debug, Default)]
struct Counts {
    taken: AtomicU64,
    done: AtomicU64,
    lost: AtomicU64,
}

impl<T: Send + 'static> Writer<T> {
    /// Starts the thread, with room for so many items that wait for it.
    ///
    /// # Errors
    /// The thread could not be started.
    pub fn start(name: &str, room: usize, work: impl Work<T>) -> io::Result<Self> {
        let (queue, waiting) = sync_channel(room);
        let counts = Arc::new(Counts::default());
        let shared = counts.clone();
        let body = move || run(&waiting, &shared, work);
        thread::Builder::new().name(name.into()).spawn(body)?;
        Ok(Self { queue, counts })
    }

    /// Hands an item over; `false` if there is no room for it. Never waits.
    pub fn put(&self, item: T) -> bool {
        self.counts.taken.fetch_add(1, Ordering::AcqRel);
        let put = self.queue.try_send(item).is_ok();
        if !put {
            self.counts.taken.fetch_sub(1, Ordering::AcqRel);
            self.counts.lost.fetch_add(1, Ordering::AcqRel);
        }
        put
    }

    /// Items that were handed over and have not been written yet.
    pub fn waiting(&self) -> u64 {
        let done = self.counts.done.load(Ordering::Acquire);
        self.counts.taken.load(Ordering::Acquire).saturating_sub(done)
    }

    /// Waits until all that was handed over is written, but no longer than this.
    /// Returns whether it is.
    pub fn flush(&self, within: Duration) -> bool {
        let begun = Instant::now();
        while self.waiting() > 0 {
            if begun.elapsed() >= within {
                return false;
            }
            thread::sleep(LOOK);
        }
        true
    }
}

fn run<T>(waiting: &Receiver<T>, counts: &Counts, mut work: impl Work<T>) {
    loop {
        match waiting.recv_timeout(IDLE) {
            Ok(item) => {
                work.write(item, counts.lost.swap(0, Ordering::AcqRel));
                counts.done.fetch_add(1, Ordering::AcqRel);
            }
            Err(RecvTimeoutError::Timeout) => work.idle(),
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Waits at each item until it is let go, and keeps what it was given.
    struct Slow(Receiver<()>, Arc<Mutex<Vec<(u32, u64)>>>);

    impl Work<u32> for Slow {
        fn write(&mut self, item: u32, lost: u64) {
            self.1.lock().unwrap().push((item, lost));
            let _ = self.0.recv();
        }
    }

    #[test]
    fn a_writer_that_hangs_keeps_nobody_and_tells_what_it_lost() {
        let (go, gate) = sync_channel(100);
        let written = Arc::default();
        let writer = Writer::start("slow", 2, Slow(gate, Arc::clone(&written))).unwrap();
        assert!(writer.put(0));
        while written.lock().unwrap().is_empty() {
            thread::sleep(LOOK);
        }
        let begun = Instant::now();
        let put: Vec<bool> = (1..6).map(|item| writer.put(item)).collect();
        assert!(begun.elapsed() < Duration::from_millis(500), "it waited");
        assert_eq!(put, [true, true, false, false, false]);
        assert!(!writer.flush(Duration::from_millis(20)));
        assert_eq!(writer.waiting(), 3);
        (0..10).for_each(|_| go.send(()).unwrap());
        assert!(writer.flush(Duration::from_secs(10)));
        assert_eq!(*written.lock().unwrap(), [(0, 0), (1, 3), (2, 0)]);
    }
}
