//! Independent pieces of work on a few threads, results in order.

use anyhow::{Context, Result};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Does `work` for 0..`count` on `jobs` threads. The results are in order, and
/// do not depend on `jobs`; of several errors the one of the lowest index is
/// returned.
///
/// # Errors
/// What `work` returns.
pub fn map<T: Send>(
    jobs: usize,
    count: usize,
    work: impl Fn(usize) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let next = AtomicUsize::new(0);
    let failed = AtomicUsize::new(usize::MAX);
    let results: Mutex<Vec<Option<Result<T>>>> = Mutex::new((0..count).map(|_| None).collect());
    std::thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, count.max(1)) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= count || failed.load(Ordering::Relaxed) < index {
                        break;
                    }
                    let result = work(index);
                    if result.is_err() {
                        failed.fetch_min(index, Ordering::Relaxed);
                    }
                    results.lock().expect("no worker panics with the lock")[index] = Some(result);
                }
            });
        }
    });
    let results = results.into_inner().expect("no worker panics with the lock");
    results
        .into_iter()
        .map_while(|result| result)
        .collect::<Result<Vec<T>>>()
        .and_then(|done| (done.len() == count).then_some(done).context("a worker ended early"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_errors_do_not_depend_on_the_threads() {
        for jobs in [1, 2, 7] {
            let squares = map(jobs, 50, |i| Ok(i * i)).unwrap();
            assert!(squares.iter().enumerate().all(|(i, &s)| s == i * i));
            let failing = |i: usize| if i % 7 == 5 { anyhow::bail!("{i}") } else { Ok(i) };
            assert_eq!(map(jobs, 50, failing).unwrap_err().to_string(), "5");
            assert!(map(jobs, 0, |_| Ok(())).unwrap().is_empty());
        }
    }
}
