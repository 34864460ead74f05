//! Collects the problems of all files, so that one run shows every one.

use std::cell::{Cell, RefCell};
use std::path::Path;

use super::diagnostic::{ConfigError, Diagnostic, Quote};

/// Problems listed at most; the rest is counted.
const MAX_LISTED: usize = 100;

/// A stretch of bytes in one of the report's source texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct At {
    pub source: usize,
    pub start: usize,
    pub end: usize,
}

/// One problem, as the code that finds it states it.
#[derive(Clone, Debug, Default)]
pub(super) struct Finding {
    /// `None` for the source as a whole.
    pub at: Option<At>,
    pub key: String,
    pub problem: String,
    pub remedy: String,
    pub suggestion: Option<String>,
    /// The source cannot be read now.
    pub is_unread: bool,
}

/// Collects problems and the texts that they are in.
#[derive(Debug, Default)]
pub(super) struct Report {
    sources: RefCell<Vec<Source>>,
    found: RefCell<Vec<(usize, Diagnostic)>>,
    omitted: Cell<usize>,
}

#[derive(Debug)]
struct Source {
    file: String,
    text: String,
}

impl Report {
    /// Registers a file, so far without text; the result names it in [`At`].
    pub fn add_source(&self, path: &Path) -> usize {
        let mut sources = self.sources.borrow_mut();
        sources.push(Source { file: path.display().to_string(), text: String::new() });
        sources.len() - 1
    }

    pub fn set_text(&self, source: usize, text: &str) {
        self.sources.borrow_mut()[source].text = text.to_string();
    }

    pub fn push(&self, source: usize, finding: Finding) {
        let mut found = self.found.borrow_mut();
        if found.len() >= MAX_LISTED {
            self.omitted.set(self.omitted.get() + 1);
            return;
        }
        let source_index = finding.at.map_or(source, |at| at.source);
        let source = &self.sources.borrow()[source_index];
        let place = finding.at.map(|at| source.locate(at));
        let (line, column, quote) = match place {
            Some((line, column, quote)) => (Some(line), Some(column), Some(quote)),
            None => (None, None, None),
        };
        let diagnostic = Diagnostic {
            file: printable(&source.file),
            line,
            column,
            key: printable(&finding.key),
            problem: printable(&finding.problem),
            remedy: printable(&finding.remedy),
            suggestion: finding.suggestion,
            quote,
            is_unread: finding.is_unread,
        };
        found.push((source_index, diagnostic));
    }

    /// `value` if nothing was found.
    pub fn into_result<T>(self, value: Option<T>) -> Result<T, ConfigError> {
        let mut found = self.found.into_inner();
        if let (Some(value), true) = (value, found.is_empty()) {
            return Ok(value);
        }
        debug_assert!(!found.is_empty(), "a value is missing and nobody says why");
        found.sort_by_key(|(source, d)| (*source, d.line, d.column));
        let diagnostics = found.into_iter().map(|(_, diagnostic)| diagnostic).collect();
        Err(ConfigError { diagnostics, omitted: self.omitted.get() })
    }
}

impl Source {
    /// Line and column from 1, and the line with the part that lies in it.
    fn locate(&self, at: At) -> (usize, usize, Quote) {
        let start = floor_char_boundary(&self.text, at.start);
        let end = floor_char_boundary(&self.text, at.end.max(start));
        let before = &self.text[..start];
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        let rest = &self.text[line_start..];
        let line = rest.lines().next().unwrap_or("");
        let line_end = line_start + line.len();
        let (before_it, inside) =
            (&self.text[line_start..start], start..end.min(line_end).max(start));
        let span_start = printable(before_it).len();
        let span = span_start..span_start + printable(&self.text[inside]).len();
        let quote = Quote { text: printable(line), span };
        let column = before_it.chars().count() + 1;
        (before.matches('\n').count() + 1, column, quote)
    }
}

fn floor_char_boundary(text: &str, index: usize) -> usize {
    (0..=index.min(text.len())).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0)
}

/// Control characters out of a file must not reach a terminal.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use super::*;

    fn locate(text: &str, start: usize, end: usize) -> (usize, usize, String, Range<usize>) {
        let source = Source { file: String::new(), text: text.into() };
        let (line, column, quote) = source.locate(At { source: 0, start, end });
        (line, column, quote.text, quote.span)
    }

    #[test]
    fn columns_count_characters() {
        assert_eq!(locate("a\n‘é’ = x\r\nb", 11, 14), (2, 5, "‘é’ = x".into(), 9..12));
        assert_eq!(locate("", 0, 0), (1, 1, String::new(), 0..0));
        assert_eq!(locate("a = [\n", 6, 6), (2, 1, String::new(), 0..0));
        assert_eq!(locate("a = [\n", 99, 100), (2, 1, String::new(), 0..0));
        assert_eq!(locate("é", 1, 1), (1, 1, "é".into(), 0..0));
    }

    #[test]
    fn control_characters_are_replaced() {
        assert_eq!(printable("a\x1b[2J\tb"), "a\u{fffd}[2J\tb");
    }

    #[test]
    fn counts_what_it_does_not_list() {
        let report = Report::default();
        let source = report.add_source(Path::new("x"));
        for _ in 0..MAX_LISTED + 3 {
            report.push(source, Finding::default());
        }
        let error = report.into_result(Some(())).unwrap_err();
        assert_eq!((error.diagnostics.len(), error.omitted), (MAX_LISTED, 3));
        assert!(error.to_string().ends_with("and 3 more"));
    }
}
