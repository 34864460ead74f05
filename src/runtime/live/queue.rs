//! Queues between the two threads of a live run: bounded, and nobody waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

/// The end that things are put in at.
pub(super) struct Producer<T> {
    queue: SyncSender<T>,
    length: Arc<AtomicUsize>,
}

/// The end that things are taken from.
pub(super) struct Consumer<T> {
    queue: Receiver<T>,
    length: Arc<AtomicUsize>,
}

/// A queue with room for so many. Its ends outlive each other: a thread that
/// hangs with one of them is left behind.
pub(super) fn queue<T>(room: usize) -> (Producer<T>, Consumer<T>) {
    let (sender, receiver) = sync_channel(room);
    let length = Arc::<AtomicUsize>::default();
    (Producer { queue: sender, length: length.clone() }, Consumer { queue: receiver, length })
}

impl<T> Producer<T> {
    /// Gives the item back if there is no room for it. Where nobody takes items any
    /// more, they are dropped.
    pub fn enqueue(&self, item: T) -> Result<(), T> {
        self.length.fetch_add(1, Ordering::AcqRel);
        match self.queue.try_send(item) {
            Ok(()) | Err(TrySendError::Disconnected(_)) => Ok(()),
            Err(TrySendError::Full(item)) => {
                self.length.fetch_sub(1, Ordering::AcqRel);
                Err(item)
            }
        }
    }
}

impl<T> Consumer<T> {
    pub fn dequeue(&self) -> Option<T> {
        let item = self.queue.try_recv().ok()?;
        self.length.fetch_sub(1, Ordering::AcqRel);
        Some(item)
    }

    pub fn is_empty(&self) -> bool {
        self.length.load(Ordering::Acquire) == 0
    }
}
