//! Preallocated frames that threads pass by index.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::preprocess::{Edges, Light};

/// One preprocessed frame and where it came from.
#[derive(Clone, Debug, Default)]
pub struct Slot {
    /// Planar u8, as the model's input is specified.
    pub data: Vec<u8>,
    pub timestamp_ns: u64,
    pub sequence: u64,
    /// As the camera gave it.
    pub light: Light,
    /// Where `data` holds nothing of what the camera saw.
    pub edges: Edges,
}

/// A fixed set of slots. Threads pass indices, never frames; whoever holds an
/// index is the only one to lock that slot, so no lock is ever waited for.
#[derive(Debug)]
pub struct SlotPool {
    slots: Box<[Mutex<Slot>]>,
}

impl SlotPool {
    /// `count` slots of `frame_len` bytes.
    pub fn new(count: usize, frame_len: usize) -> Self {
        let slot = || Mutex::new(Slot { data: vec![0; frame_len], ..Slot::default() });
        Self { slots: (0..count).map(|_| slot()).collect() }
    }

    pub fn len(&self) -> usize {
        self.slots.len()
    }

    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// A slot that panicked while it was written holds a torn frame, which is
    /// a picture like any other to the score.
    pub fn lock(&self, index: usize) -> MutexGuard<'_, Slot> {
        self.slots[index].lock().unwrap_or_else(PoisonError::into_inner)
    }
}
