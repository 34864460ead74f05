//! What is wrong with a configuration, and how it is shown: the file, the line,
//! the place in it, and what to do.

use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet};
use serde::Serialize;

/// One problem in a configuration file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// The file, as it was named.
    pub file: String,
    /// From 1; `None` when the problem is the file as a whole.
    pub line: Option<usize>,
    /// In characters, from 1; `None` together with `line`.
    pub column: Option<usize>,
    /// Dotted path of the key, empty where no single key is to blame.
    pub key: String,
    /// What is wrong, one clause.
    pub problem: String,
    /// What to do about it, one clause.
    pub remedy: String,
    /// The word that was probably meant.
    pub suggestion: Option<String>,
    #[serde(skip)]
    pub(super) quote: Option<Quote>,
    /// The file cannot be read now, whatever stands in it.
    #[serde(skip)]
    pub(super) is_unread: bool,
}

/// A source line, and the bytes of it that are to blame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Quote {
    pub text: String,
    pub span: Range<usize>,
}

impl Diagnostic {
    fn draw(&self, renderer: &Renderer) -> String {
        let title = match &self.suggestion {
            Some(meant) => format!("{}; did you mean `{meant}`?", self.problem),
            None => self.problem.clone(),
        };
        let title = Level::ERROR.no_name().primary_title(title);
        let place = match (self.line, &self.quote) {
            (Some(line), Some(quote)) => title.element(
                Snippet::source(quote.text.as_str())
                    .path(self.file.as_str())
                    .line_start(line)
                    .annotation(AnnotationKind::Primary.span(quote.span.clone())),
            ),
            _ => title.element(Origin::path(self.file.as_str())),
        };
        renderer.render(&[place.element(Level::HELP.message(self.remedy.as_str()))])
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.draw(&Renderer::plain()))
    }
}

/// All that is wrong with a site file and its board files; at least one
/// [`Diagnostic`]. Its `Display` shows each with its source line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConfigError {
    /// In the order of the files, then of their lines.
    pub diagnostics: Vec<Diagnostic>,
    /// Problems found beyond those that are listed.
    pub omitted: usize,
}

impl ConfigError {
    /// Whether a file could not be read: trying again may help.
    pub fn is_unread(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.is_unread)
    }

    /// What [`fmt::Display`] shows, with a terminal's colours.
    pub fn in_colour(&self) -> String {
        self.draw(&Renderer::styled())
    }

    /// Each problem but the first begins with `error: `, which the first gets
    /// from whoever prints it.
    fn draw(&self, renderer: &Renderer) -> String {
        let drawn: Vec<_> = self.diagnostics.iter().map(|d| d.draw(renderer)).collect();
        let mut text = drawn.join("\n\nerror: ");
        if self.omitted > 0 {
            text += &format!("\n\nand {} more", self.omitted);
        }
        text
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.draw(&Renderer::plain()))
    }
}

impl std::error::Error for ConfigError {}

#[cfg(test)]
mod tests;
