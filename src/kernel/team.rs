//! The threads that share out the tasks of each step.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

type Job<'a> = dyn Fn(usize, usize) + Sync + 'a;

/// Turns of the loop that a thread looks for work or its end before it sleeps:
/// steps follow each other within microseconds, frames do not.
const SPINS: usize = 2_000;

/// A few threads that live as long as the engine and share out the bands of
/// one step at a time. With one thread there is nothing here but the caller.
pub(super) struct Team {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    start: Condvar,
    end: Condvar,
    /// Copies of `State::round` and `State::busy` that can be watched without the lock.
    round: AtomicUsize,
    busy: AtomicUsize,
    next: AtomicUsize,
    failed: AtomicBool,
}

struct State {
    round: usize,
    job: Option<(SharedJob, usize)>,
    stop: bool,
}

#[derive(Clone, Copy)]
struct SharedJob(*const Job<'static>);

// SAFETY: the job is `Sync`, and `Team::run` does not return while any thread
// still holds the pointer.
unsafe impl Send for SharedJob {}

impl Team {
    pub(super) fn new(threads: usize) -> Self {
        let shared = Arc::new(Shared {
            state: Mutex::new(State { round: 0, job: None, stop: false }),
            start: Condvar::new(),
            end: Condvar::new(),
            round: AtomicUsize::new(0),
            busy: AtomicUsize::new(0),
            next: AtomicUsize::new(0),
            failed: AtomicBool::new(false),
        });
        let workers = (1..threads)
            .map(|worker| {
                let shared = Arc::clone(&shared);
                std::thread::Builder::new()
                    .name(format!("kernel-{worker}"))
                    .spawn(move || shared.work(worker))
                    .expect("the system starts a thread")
            })
            .collect();
        Self { shared, workers }
    }

    /// Calls `job(worker, task)` once for every task below `tasks`; workers
    /// are numbered from 0, the caller, and each runs one task at a time.
    ///
    /// # Panics
    /// When the job did in any thread.
    pub(super) fn run(&mut self, tasks: usize, job: &Job<'_>) {
        if self.workers.is_empty() || tasks < 2 {
            (0..tasks).for_each(|task| job(0, task));
            return;
        }
        // SAFETY: only the lifetime changes; `finish` outlives every use.
        let job_of_all: SharedJob =
            SharedJob(unsafe { std::mem::transmute::<*const Job<'_>, *const Job<'static>>(job) });
        self.shared.next.store(0, Ordering::Relaxed);
        self.shared.busy.store(self.workers.len(), Ordering::Relaxed);
        {
            let mut state = self.shared.lock();
            state.round += 1;
            state.job = Some((job_of_all, tasks));
            self.shared.round.store(state.round, Ordering::Release);
        }
        self.shared.start.notify_all();
        let finish = Finish(&self.shared);
        self.shared.take_tasks(0, tasks, job);
        drop(finish);
        assert!(!self.shared.failed.load(Ordering::Acquire), "a kernel thread panicked");
    }
}

/// Waits for the other threads, whether or not the caller's share panicked.
struct Finish<'a>(&'a Shared);

impl Drop for Finish<'_> {
    fn drop(&mut self) {
        for _ in 0..SPINS {
            if self.0.busy.load(Ordering::Acquire) == 0 {
                return;
            }
            std::hint::spin_loop();
        }
        let mut state = self.0.lock();
        while self.0.busy.load(Ordering::Acquire) != 0 {
            state = self.0.end.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_tasks(&self, worker: usize, tasks: usize, job: &Job<'_>) {
        loop {
            let task = self.next.fetch_add(1, Ordering::Relaxed);
            if task >= tasks {
                return;
            }
            job(worker, task);
        }
    }

    fn work(&self, worker: usize) {
        let mut seen = 0;
        while let Some((job, tasks)) = self.next_job(&mut seen) {
            let share = std::panic::AssertUnwindSafe(|| {
                // SAFETY: `Team::run` waits until `busy` is 0, below.
                self.take_tasks(worker, tasks, unsafe { &*job.0 });
            });
            if std::panic::catch_unwind(share).is_err() {
                self.failed.store(true, Ordering::Release);
            }
            if self.busy.fetch_sub(1, Ordering::AcqRel) == 1 {
                // Taking the lock keeps the notice from falling between the
                // caller's look at `busy` and its sleep.
                drop(self.lock());
                self.end.notify_one();
            }
        }
    }

    /// Waits for a round that was not seen yet; `None` at the end.
    fn next_job(&self, seen: &mut usize) -> Option<(SharedJob, usize)> {
        for _ in 0..SPINS {
            if self.round.load(Ordering::Acquire) != *seen {
                break;
            }
            std::hint::spin_loop();
        }
        let mut state = self.lock();
        while state.round == *seen && !state.stop {
            state = self.start.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.stop {
            return None;
        }
        *seen = state.round;
        state.job
    }
}

impl Drop for Team {
    fn drop(&mut self) {
        self.shared.lock().stop = true;
        self.shared.start.notify_all();
        for worker in self.workers.drain(..) {
            let _ = worker.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_runs_once_whatever_the_threads() {
        for threads in 1..4 {
            let mut team = Team::new(threads);
            for round in 0..200 {
                let tasks = round % 9;
                let counts: Vec<AtomicUsize> = (0..tasks).map(|_| AtomicUsize::new(0)).collect();
                team.run(tasks, &|worker, task| {
                    assert!(worker < threads);
                    counts[task].fetch_add(1, Ordering::Relaxed);
                });
                assert!(counts.iter().all(|count| count.load(Ordering::Relaxed) == 1));
            }
        }
    }

    #[test]
    fn a_panic_in_a_thread_reaches_the_caller() {
        let mut team = Team::new(3);
        let broken = std::panic::AssertUnwindSafe(|| {
            team.run(8, &|_, task| assert!(task != 5));
        });
        assert!(std::panic::catch_unwind(broken).is_err());
    }
}
