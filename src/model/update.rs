//! The memory's update: items move towards the queries that chose them.

use ndarray::ArrayView2;

use super::learning::Normaliser;
use super::memory::{Memory, MemoryRead};

/// Moves every item towards the queries (C×N) that are nearest to it:
/// p ← normalise(p + Σ v′ q), where v is a softmax over the queries and v′ is
/// v divided by its maximum. An item that no query chose stays as it is. All
/// items move at once, from the same old memory; `read` is the read of these
/// very queries by it.
pub fn update_items(
    memory: &mut Memory,
    queries: ArrayView2<'_, f32>,
    read: &MemoryRead,
    normaliser: Normaliser,
) {
    let temperature = memory.temperature();
    for (m, mut item) in memory.items_mut().rows_mut().into_iter().enumerate() {
        let row = read.similarities.row(m);
        let chosen = |n: &usize| read.nearest[*n] == m;
        let max = (0..row.len())
            .filter(|n| normaliser == Normaliser::Released || chosen(n))
            .map(|n| row[n])
            .fold(f32::NEG_INFINITY, f32::max);
        let mut moved = false;
        for n in (0..row.len()).filter(chosen) {
            item.scaled_add(((row[n] - max) / temperature).exp(), &queries.column(n));
            moved = true;
        }
        if moved {
            let norm = item.dot(&item).sqrt().max(1e-12);
            item.mapv_inplace(|value| value / norm);
        }
    }
}
