use std::fmt;

use serde::Serialize;

/// Source lines longer than this are not quoted.
const MAX_QUOTED_CHARS: usize = 200;

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
}

/// The source line with the offending part, `width` characters wide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Quote {
    pub text: String,
    pub width: usize,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let (Some(line), Some(column)) = (self.line, self.column) {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.problem)?;
        if let Some(suggestion) = &self.suggestion {
            write!(f, "; did you mean `{suggestion}`?")?;
        }
        let mut gutter = 0;
        if let (Some(line), Some(column), Some(quote)) = (self.line, self.column, &self.quote) {
            gutter = line.to_string().len();
            if quote.text.chars().count() <= MAX_QUOTED_CHARS {
                write!(f, "\n{:gutter$} |\n{line} | {}", "", quote.text)?;
                write!(f, "\n{:gutter$} | {}", "", underline(quote, column))?;
            }
        }
        write!(f, "\n{:gutter$} = help: {}", "", self.remedy)
    }
}

/// Spaces up to `column`, tabs kept as tabs, then carets.
fn underline(quote: &Quote, column: usize) -> String {
    let before = quote.text.chars().chain(std::iter::repeat(' ')).take(column - 1);
    let mut line: String = before.map(|c| if c == '\t' { c } else { ' ' }).collect();
    line.extend(std::iter::repeat_n('^', quote.width));
    line
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

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, diagnostic) in self.diagnostics.iter().enumerate() {
            let separator = if i == 0 { "" } else { "\n\n" };
            write!(f, "{separator}{diagnostic}")?;
        }
        if self.omitted > 0 {
            write!(f, "\n\nand {} more", self.omitted)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn diagnostic(text: &str, column: usize, width: usize) -> Diagnostic {
        Diagnostic {
            file: "site.toml".into(),
            line: Some(12),
            column: Some(column),
            key: "alarm.lach".into(),
            problem: "unknown key `alarm.lach`".into(),
            remedy: "remove it".into(),
            suggestion: Some("latch".into()),
            quote: Some(Quote { text: text.into(), width }),
        }
    }

    #[test]
    fn reads_like_a_compiler() {
        assert_eq!(
            diagnostic("\tlach = true", 2, 4).to_string(),
            "site.toml:12:2: unknown key `alarm.lach`; did you mean `latch`?\n   \
             |\n12 | \tlach = true\n   | \t^^^^\n   = help: remove it"
        );
    }

    #[test]
    fn very_long_lines_are_not_quoted() {
        let shown = diagnostic(&"x".repeat(MAX_QUOTED_CHARS + 1), 3, 1).to_string();
        assert_eq!(shown.lines().count(), 2, "{shown}");
    }

    #[test]
    fn a_file_as_a_whole_has_no_position() {
        let mut whole = diagnostic("", 1, 1);
        (whole.line, whole.column, whole.suggestion) = (None, None, None);
        assert_eq!(whole.to_string(), "site.toml: unknown key `alarm.lach`\n = help: remove it");
    }
}
