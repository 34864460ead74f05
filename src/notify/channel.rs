//! What a way to somebody must be able to do: one attempt at a time.

use std::time::Duration;

use super::ending::Ending;
use crate::config::NoticeFilter;
use crate::event::{Notice, Phase};

/// What an attempt came to. Texts are for the log and for people: they hold no secret,
/// and are short.
#[derive(Debug)]
#[cfg_attr(not(feature = "webhooks"), expect(dead_code, reason = "only servers want quiet"))]
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

#[cfg(test)]
mod tests {
    use super::super::example::notice;
    use super::*;
    use crate::config::EVENT_KINDS;
    use crate::event::Kind;

    #[test]
    fn kinds_are_called_in_a_site_file_as_in_an_event() {
        assert_eq!(Kind::ALL.map(Kind::name), EVENT_KINDS);
    }

    #[test]
    fn a_filter_lets_through_what_it_names() {
        let about = NoticeFilter { begin: false, end: true, kinds: vec!["anomaly"] };
        assert!(is_wanted(&about, &notice("a", Phase::End)));
        assert!(!is_wanted(&about, &notice("a", Phase::Begin)));
        let other = NoticeFilter { kinds: vec!["changed"], ..about };
        assert!(!is_wanted(&other, &notice("a", Phase::End)));
    }
}
