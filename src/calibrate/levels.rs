//! Where the exit level lies, for an enter level and what is usual.

/// What normal footage stays below so much of the time is usual, and ends an
/// alarm.
pub(super) const USUAL: f64 = 0.99;

/// Share of the enter level that the exit level reaches at most.
const MAX_EXIT_SHARE: f64 = 0.8;

/// The exit level that belongs to an enter level, where normal footage exceeds
/// `usual` 1 % of the time.
pub(super) fn exit_level(enter: f64, usual: f64) -> f64 {
    usual.min(MAX_EXIT_SHARE * enter)
}
