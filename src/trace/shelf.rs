//! The stretches in memory, as many as may be kept.

use std::collections::VecDeque;
use std::sync::Arc;

use super::chunk::Chunk;

/// How much is kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub max_bytes: usize,
    pub max_ms: u64,
}

/// Stretches, the oldest first, each with the number of its file.
#[derive(Debug)]
pub(super) struct Shelf {
    limits: Limits,
    chunks: VecDeque<(u64, Arc<Chunk>)>,
    bytes: usize,
    lasts_ms: u64,
}

impl Shelf {
    pub fn new(limits: Limits) -> Self {
        Self { limits, chunks: VecDeque::new(), bytes: 0, lasts_ms: 0 }
    }

    /// Adds the newest one; the oldest go while there is more than may be kept. It is what
    /// was recorded that counts, not the date: a clock that jumps must not empty the shelf.
    /// Returns the number of the oldest file that is still needed.
    pub fn push(&mut self, file: u64, chunk: Chunk) -> u64 {
        self.bytes += chunk.bytes();
        self.lasts_ms += lasts_ms(&chunk);
        self.chunks.push_back((file, Arc::new(chunk)));
        let Limits { max_bytes, max_ms } = self.limits;
        while let Some((_, oldest)) = self.chunks.front() {
            if self.bytes <= max_bytes && self.lasts_ms <= max_ms {
                break;
            }
            self.bytes -= oldest.bytes();
            self.lasts_ms -= lasts_ms(oldest);
            self.chunks.pop_front();
        }
        self.chunks.front().map_or(file, |(oldest, _)| *oldest)
    }

    pub fn chunks(&self) -> Vec<Arc<Chunk>> {
        self.chunks.iter().map(|(_, chunk)| chunk.clone()).collect()
    }
}

fn lasts_ms(chunk: &Chunk) -> u64 {
    chunk.end_ms.saturating_sub(chunk.begin_ms)
}
