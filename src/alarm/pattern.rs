//! Steady, pulse or heartbeat.

/// How an output shows that it is active.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// Active as long as the cause lasts.
    Steady,
    /// Active once, for this long, when the cause begins.
    Pulse { width_ms: u32 },
    /// Active for the first half of every period while the cause lasts, so
    /// that a listener can tell a live output from a stuck one.
    Heartbeat { period_ms: u32 },
}

impl Pattern {
    /// Whether the output is active `elapsed_ms` after its cause began.
    pub fn active_at(self, elapsed_ms: u64) -> bool {
        match self {
            Pattern::Steady => true,
            Pattern::Pulse { width_ms } => elapsed_ms < u64::from(width_ms),
            Pattern::Heartbeat { period_ms: 0 } => true,
            Pattern::Heartbeat { period_ms } => {
                let period_ms = u64::from(period_ms);
                elapsed_ms % period_ms < period_ms.div_ceil(2)
            }
        }
    }
}
