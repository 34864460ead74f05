//! What a way to somebody must be able to do: one attempt at a time.

use std::time::Duration;

use super::ending::Ending;
use crate::config::NoticeFilter;
use crate::event::{Notice, Phase};

/// What an attempt came to. Texts are for the log and for people: they hold no secret,
/// and are short.
#[derive(Debug)]
#[cfg_attr(not(feature = "web"), expect(dead_code, reason = "only servers want quiet"))]
pub(super) enum Outcome {
    /// It has arrived; what came back.
    Arrived(String),
    /// It has not; tried again later.
    Failed(String),
    /// The same, and nothing else is wanted for so long.
    Slowed(String, Duration),
    /// It would be wrong to try now; that is not an attempt.
    Held(String, Duration),
    /// This notice is not told, now or later.
    Refused(String),
    /// Nothing is wanted there, now or later.
    Closed(String),
}

/// A way to somebody. It may wait, but watches `ending`.
pub(super) trait Channel: Send + 'static {
    /// `hook:NAME`, `ntfy`, …
    fn name(&self) -> String;

    /// Where it leads, for people: without anything secret.
    fn target(&self) -> String;

    fn about(&self) -> &NoticeFilter;

    /// Tells it once.
    fn attempt(&mut self, notice: &Notice, ending: &Ending) -> Outcome;
}

/// Whether a notice is one of those that the filter lets through.
pub(super) fn is_wanted(about: &NoticeFilter, notice: &Notice) -> bool {
    let moment = match notice.phase {
        Phase::Begin => about.begin,
        Phase::End => about.end,
    };
    moment && about.kinds.contains(&notice.situation.kind.name())
}
