//! A TOML file as a tree that remembers where every value stood.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use toml::de::{DeTable, DeValue, Error};

use super::report::{At, Finding, Report};
use super::trust::{TRUST_REMEDY, Trust};

/// Configuration files are small; anything larger is some other file.
const MAX_BYTES: u64 = 256 * 1024;

/// Looked at in a file that is no TOML at all.
const MAX_SYNTAX_ERRORS: usize = 500;

/// A pipe would hold whoever opens it until somebody writes. The room `fs` is not in every
/// build that reads a configuration.
fn open(path: &Path) -> io::Result<File> {
    match fs::metadata(path)?.is_file() {
        true => File::open(path),
        false => Err(io::Error::new(ErrorKind::InvalidInput, "it is not a regular file")),
    }
}

/// A TOML value and where it stood.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub at: At,
    pub value: Value,
}

#[derive(Clone, Debug)]
pub(super) enum Value {
    Text(String),
    /// Whole numbers past 128 bits become the largest.
    Whole(i128),
    Real(f64),
    Flag(bool),
    Datetime,
    Array(Vec<Node>),
    Table(Table),
}

impl Value {
    /// For messages, with its article.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "a string",
            Self::Whole(_) => "a whole number",
            Self::Real(_) => "a decimal number",
            Self::Flag(_) => "true or false",
            Self::Datetime => "a date or time",
            Self::Array(_) => "an array",
            Self::Table(_) => "a table",
        }
    }
}

/// Keys with their values. `at` is the header, or the whole inline table.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub at: At,
    pub entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub key: String,
    pub key_at: At,
    pub node: Node,
}

impl Table {
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// Takes over what `base` has and `self` has not. Tables merge key by key;
    /// everything else, arrays too, replaces the base's value whole.
    pub fn inherit(&mut self, base: Table) {
        for theirs in base.entries {
            let ours = self.entries.iter_mut().find(|entry| entry.key == theirs.key);
            match (ours.map(|entry| &mut entry.node.value), theirs.node.value) {
                (None, value) => {
                    let node = Node { at: theirs.node.at, value };
                    self.entries.push(Entry { key: theirs.key, key_at: theirs.key_at, node });
                }
                (Some(Value::Table(ours)), Value::Table(theirs)) => ours.inherit(theirs),
                (Some(_), _) => {}
            }
        }
    }
}

/// Reads and parses a file. `None` when it cannot be read or is no TOML; the
/// report then says why.
pub(super) fn read(path: &Path, report: &Report) -> Option<Table> {
    let source = report.add_source(path);
    let whole = |problem: String, remedy: &str| {
        report.push(source, Finding { problem, remedy: remedy.into(), ..Finding::default() });
    };
    if let Some(flaw) = Trust::of_this_process().and_then(|trust| trust.flaw(path)) {
        whole(format!("is not obeyed by root: {flaw}"), TRUST_REMEDY);
        return None;
    }
    let mut bytes = Vec::new();
    let result = open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes));
    if let Err(error) = result {
        let (problem, remedy) =
            (format!("cannot be read: {error}"), "check the path and its permissions".into());
        report.push(source, Finding { problem, remedy, is_unread: true, ..Finding::default() });
        return None;
    }
    if bytes.len() as u64 > MAX_BYTES {
        let problem = format!("is larger than {} KiB", MAX_BYTES / 1024);
        whole(problem, "name a configuration file, which is small");
        return None;
    }
    parse(&bytes, source, report)
}

/// The same for a text that is not in its file yet.
pub(super) fn read_text(path: &Path, text: &str, report: &Report) -> Option<Table> {
    parse(text.as_bytes(), report.add_source(path), report)
}

fn parse(bytes: &[u8], source: usize, report: &Report) -> Option<Table> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let start = error.valid_up_to();
            report.set_text(source, &String::from_utf8_lossy(bytes));
            let finding = Finding {
                at: Some(At { source, start, end: start }),
                problem: format!("byte 0x{:02x} is not UTF-8 text", bytes[start]),
                remedy: "save the file as UTF-8".into(),
                ..Finding::default()
            };
            report.push(source, finding);
            return None;
        }
    };
    report.set_text(source, text);
    let (table, mut errors) = DeTable::parse_recoverable(text);
    errors.sort_by_key(|error| error.span().map(|span| span.start));
    for error in first_of_each_line(text, &errors) {
        report.push(source, syntax_finding(text, source, error));
    }
    errors.is_empty().then(|| from_table(table.get_ref(), At { source, start: 0, end: 0 }))
}

/// One slip makes the parser stumble over the rest of its line.
fn first_of_each_line<'e>(text: &str, errors: &'e [Error]) -> Vec<&'e Error> {
    let line_of = |error: &Error| {
        let start = error.span().map_or(0, |span| span.start).min(text.len());
        text.as_bytes()[..start].iter().filter(|&&byte| byte == b'\n').count()
    };
    let mut first: Vec<&Error> = errors.iter().take(MAX_SYNTAX_ERRORS).collect();
    first.dedup_by_key(|error| line_of(error));
    first
}

fn syntax_finding(text: &str, source: usize, error: &Error) -> Finding {
    let span = error.span().unwrap_or(0..0);
    let (what, expected) = match error.message().split_once(", expected ") {
        Some((what, expected)) => (what, Some(expected)),
        None => (error.message(), None),
    };
    let (key, problem, remedy) = match (what, expected) {
        ("duplicate key", _) => {
            let key = text.get(span.clone()).unwrap_or("").to_string();
            let problem = format!("duplicate key `{key}`");
            (key, problem, "keep one of the two".into())
        }
        ("string values must be quoted", _) => {
            (String::new(), "value that is not TOML".into(), "write text in quotes".into())
        }
        (what, Some(expected)) if expected != "nothing" => {
            (String::new(), what.to_string(), format!("expected here: {expected}"))
        }
        (what, _) => (String::new(), what.to_string(), "write it as TOML wants it".into()),
    };
    let at = Some(At { source, start: span.start, end: span.end });
    Finding { at, key, problem, remedy, ..Finding::default() }
}

fn from_table(table: &DeTable<'_>, at: At) -> Table {
    let place = |span: std::ops::Range<usize>| At { start: span.start, end: span.end, ..at };
    let entries = table.iter().map(|(key, value)| Entry {
        key: key.get_ref().to_string(),
        key_at: place(key.span()),
        node: from_value(value.get_ref(), place(value.span())),
    });
    let mut entries: Vec<Entry> = entries.collect();
    entries.sort_by_key(|entry| entry.key_at.start);
    Table { at, entries }
}

fn from_value(value: &DeValue<'_>, at: At) -> Node {
    let value = match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(whole) => {
            Value::Whole(i128::from_str_radix(whole.as_str(), whole.radix()).unwrap_or(i128::MAX))
        }
        DeValue::Float(real) => Value::Real(real.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(flag) => Value::Flag(*flag),
        DeValue::Datetime(_) => Value::Datetime,
        DeValue::Array(items) => {
            let place =
                |span: std::ops::Range<usize>| At { start: span.start, end: span.end, ..at };
            let nodes = items.iter().map(|item| from_value(item.get_ref(), place(item.span())));
            Value::Array(nodes.collect())
        }
        DeValue::Table(table) => Value::Table(from_table(table, at)),
    };
    Node { at, value }
}
