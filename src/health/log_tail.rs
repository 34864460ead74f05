//! The last lines of the program's log, for whoever looks from afar.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Lines that are kept.
const KEPT: usize = 100;

/// A line is cut here.
const LONGEST_BYTES: usize = 500;

/// Of this program: the thread that writes its log notes each line here.
pub static LOG_TAIL: LogTail = LogTail::new();

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// Counts up from 1.
    pub number: u64,
    /// When it was written, milliseconds since 1970-01-01 UTC.
    pub unix_ms: u64,
    pub text: String,
}

/// The last 100 lines, 50 kB at most.
#[derive(Debug)]
pub struct LogTail(Mutex<VecDeque<LogLine>>);

impl LogTail {
    pub const fn new() -> Self {
        Self(Mutex::new(VecDeque::new()))
    }

    /// Takes a line; a priority for the journal, `<N>`, is left out.
    pub fn note(&self, unix_ms: u64, line: &str) {
        let line = line.trim_end();
        let plain = line.strip_prefix('<').and_then(|rest| rest.split_once('>'));
        let text = match plain {
            Some((priority, text)) if priority.parse::<u8>().is_ok() => text,
            _ => line,
        };
        let text = text[..text.floor_char_boundary(LONGEST_BYTES)].to_owned();
        let mut lines = self.lock();
        let number = lines.back().map_or(0, |last| last.number) + 1;
        if lines.len() == KEPT {
            lines.pop_front();
        }
        lines.push_back(LogLine { number, unix_ms, text });
    }

    /// Lines after that number. A number that has not come yet is of a run before this one:
    /// all lines are news then.
    pub fn after(&self, number: u64) -> Vec<LogLine> {
        let lines = self.lock();
        let is_of_another_run = lines.back().is_none_or(|last| last.number < number);
        let number = if is_of_another_run { 0 } else { number };
        lines.iter().filter(|line| line.number > number).cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<LogLine>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for LogTail {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_kept_without_priorities_and_cut() {
        let tail = LogTail::new();
        assert_eq!(tail.after(0), []);
        (0..KEPT).for_each(|i| tail.note(i as u64, "filler"));
        tail.note(7, "<4>the disk is full\n");
        tail.note(8, "<camera> is lost");
        tail.note(9, &"ä".repeat(LONGEST_BYTES));
        let all = tail.after(0);
        assert_eq!((all.len(), all[0].number), (KEPT, 4));
        let news = tail.after(KEPT as u64);
        let texts: Vec<&str> = news.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(texts[..2], ["the disk is full", "<camera> is lost"]);
        assert_eq!((texts[2].len(), news[0].unix_ms, news[0].number), (LONGEST_BYTES, 7, 101));
        assert_eq!((tail.after(103).len(), tail.after(104).len()), (0, KEPT));
    }
}
