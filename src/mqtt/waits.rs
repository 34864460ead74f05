//! How long the output waits for what.

/// Times of the output, in milliseconds. Tests shorten them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waits {
    /// To open a connection to one address. Looking up a name takes what it takes.
    pub connect_ms: u64,
    /// For an answer of the broker, and for room to write.
    pub answer_ms: u64,
    /// The shortest and the longest pause before another try.
    pub pause_ms: (u64, u64),
    /// A connection that lasts so long is a good one.
    pub settled_ms: u64,
    /// From one announcement to the next. Home Assistant loses components of one that
    /// comes while it works on another.
    pub announce_ms: u64,
    /// From one look at the vitals to the next.
    pub look_ms: u64,
    /// From one score to the next.
    pub score_ms: u64,
    /// At the end, for what waits to be published, and then for `offline`.
    pub end_ms: (u64, u64),
    /// For which the thread sleeps at most.
    pub poll_ms: u64,
}

impl Default for Waits {
    fn default() -> Self {
        Self {
            connect_ms: 5000,
            answer_ms: 10_000,
            pause_ms: (1000, 120_000),
            settled_ms: 10_000,
            announce_ms: 5000,
            look_ms: 1000,
            score_ms: 10_000,
            end_ms: (500, 2000),
            poll_ms: 100,
        }
    }
}
