//! Pauses between tries, at random, so that a hundred boards do not come back at once.

use std::hash::{BuildHasher, Hasher, RandomState};

/// The pause may double so often.
const MOST_DOUBLINGS: u32 = 20;

/// Pauses that grow while tries fail.
#[derive(Debug)]
pub struct Backoff {
    shortest_ms: u64,
    longest_ms: u64,
    failures: u32,
    random: u64,
}

impl Backoff {
    /// `(shortest, longest)`, in milliseconds.
    pub fn new((shortest_ms, longest_ms): (u64, u64)) -> Self {
        let random = RandomState::new().build_hasher().finish();
        Self { shortest_ms, longest_ms, failures: 0, random }
    }

    /// After another failure: anything from the shortest pause to a bound that doubles.
    pub fn next_ms(&mut self) -> u64 {
        self.failures += 1;
        let doubled = self.shortest_ms << self.failures.min(MOST_DOUBLINGS);
        self.between(self.shortest_ms, doubled.min(self.longest_ms))
    }

    /// After a failure that time does not mend.
    pub fn long_ms(&mut self) -> u64 {
        self.failures += 1;
        self.between(self.longest_ms / 2, self.longest_ms)
    }

    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// SplitMix64.
    fn between(&mut self, low: u64, high: u64) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        low + z % (high.saturating_sub(low) + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_bound_and_are_no_two_alike() {
        let mut backoff = Backoff::new((1000, 120_000));
        let pauses: Vec<u64> = (0..200).map(|_| backoff.next_ms()).collect();
        assert!(pauses.iter().all(|pause| (1000..=120_000).contains(pause)));
        assert!(pauses[0] <= 2000 && pauses[1] <= 4000);
        let long = &pauses[8..];
        assert!(long.iter().any(|p| *p > 90_000) && long.iter().any(|p| *p < 30_000));
        assert!((0..200).all(|_| (60_000..=120_000).contains(&backoff.long_ms())));
        backoff.reset();
        assert!(backoff.next_ms() <= 2000);
        let other: Vec<u64> = {
            let mut backoff = Backoff::new((1000, 120_000));
            (0..200).map(|_| backoff.next_ms()).collect()
        };
        assert_ne!(pauses, other);
    }
}
