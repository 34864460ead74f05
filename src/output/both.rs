//! Two takers of events as one.

use std::io;

use super::events::{Event, EventSink};

/// Hands each event to both, where there are such. What one refuses the other has.
#[derive(Clone, Debug)]
pub struct Both<A, B>(pub Option<A>, pub Option<B>);

impl<A: EventSink, B: EventSink> EventSink for Both<A, B> {
    fn record(&mut self, event: &Event) -> io::Result<()> {
        let first = self.0.as_mut().map_or(Ok(()), |sink| sink.record(event));
        let second = self.1.as_mut().map_or(Ok(()), |sink| sink.record(event));
        first.and(second)
    }

    fn flush(&mut self) -> io::Result<()> {
        let first = self.0.as_mut().map_or(Ok(()), EventSink::flush);
        let second = self.1.as_mut().map_or(Ok(()), EventSink::flush);
        first.and(second)
    }

    fn lost(&self) -> u64 {
        let first = self.0.as_ref().map_or(0, EventSink::lost);
        first + self.1.as_ref().map_or(0, EventSink::lost)
    }
}
