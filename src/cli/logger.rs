//! The program's log: standard error, as a terminal or the journal wants it.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::Write;
use std::panic::PanicHookInfo;
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use log::{Level, LevelFilter, Log, Metadata, Record};

use crate::clock::{Clock, SystemClock};
use crate::health::LOG_TAIL;
use crate::writer::{Work, Writer};

/// Lines that may wait for whoever reads standard error.
const ROOM: usize = 512;

/// A line is cut here: what waits has to be bounded.
const LONGEST_LINE: usize = 4096;

/// How long the program's end waits for its last lines.
const LAST_LINES: Duration = Duration::from_secs(1);

/// Hands lines to a thread that writes them: whoever reads standard error may
/// stop reading, and nobody who has something to say waits for that.
static LINES: OnceLock<Option<Writer<String>>> = OnceLock::new();

/// Writes to standard error; with the journal behind it, each line starts with
/// the `<N>` priority that systemd understands (sd-daemon(3)).
struct StderrLog {
    journal: bool,
}

/// Installs the logger once. `NORMWATCH_LOG` (error, warn, info, debug, trace)
/// wins over the flags. To be held until the program's end.
pub(super) fn install(verbose: u8, quiet: bool) -> LastLines {
    let by_flags = match (quiet, verbose) {
        (true, 0) => LevelFilter::Warn,
        (false, 0) | (true, 1) => LevelFilter::Info,
        (_, 1 | 2) => LevelFilter::Debug,
        _ => LevelFilter::Trace,
    };
    let level = std::env::var("NORMWATCH_LOG").ok().and_then(|l| l.parse().ok());
    let journal = std::env::var_os("JOURNAL_STREAM").is_some();
    if log::set_logger(Box::leak(Box::new(StderrLog { journal }))).is_ok() {
        log::set_max_level(level.unwrap_or(by_flags));
        let lines = Writer::start("log", ROOM, Stderr { journal });
        let _ = LINES.set(lines.ok());
    }
    LastLines
}

/// Says a line whatever the level; it waits for nobody.
pub(super) fn say(mut line: String) {
    line.truncate(line.floor_char_boundary(LONGEST_LINE));
    line.push('\n');
    match LINES.get() {
        Some(Some(lines)) => {
            lines.put(line);
        }
        _ => write(&line),
    }
}

/// Waits for the last lines to be written, but not long.
pub(super) fn flush() {
    if let Some(Some(lines)) = LINES.get() {
        lines.flush(LAST_LINES);
    }
}

/// Dropped last, in order or in a panic, it waits for the last lines.
pub(super) struct LastLines;

impl Drop for LastLines {
    fn drop(&mut self) {
        flush();
    }
}

struct Stderr {
    journal: bool,
}

impl Work<String> for Stderr {
    fn write(&mut self, line: String, lost: u64) {
        // First: whoever reads standard error may never read on.
        LOG_TAIL.note(SystemClock.wall_ns() / 1_000_000, &line);
        if lost > 0 {
            let text = format!("{lost} lines of this log are lost: standard error was not read");
            write(&(prefixed(self.journal, Level::Warn, &text) + "\n"));
        }
        write(&line);
    }
}

fn write(line: &str) {
    let _ = std::io::stderr().write_all(line.as_bytes());
}

/// Says a panic as the standard library does, but without waiting for standard
/// error: a thread that panics has lines to make safe. `false` before the logger
/// is there.
pub(super) fn say_panic(info: &PanicHookInfo<'_>) -> bool {
    if LINES.get().is_none() {
        return false;
    }
    let thread = thread::current();
    let name = thread.name().unwrap_or("<unnamed>");
    let backtrace = Backtrace::capture();
    let trace = match backtrace.status() {
        BacktraceStatus::Captured => format!("\n{backtrace}"),
        _ => String::new(),
    };
    say(format!("thread '{name}' {info}{trace}"));
    true
}

impl Log for StderrLog {
    /// Of other crates warnings alone: what the HTTP client says below them holds
    /// addresses, and they may hold a secret.
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("normwatch") || metadata.level() <= Level::Warn
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            say(prefixed(self.journal, record.level(), &record.args().to_string()));
        }
    }

    fn flush(&self) {}
}

fn prefixed(journal: bool, level: Level, text: &str) -> String {
    match journal {
        true => format!("<{}>{text}", priority(level)),
        false => format!("{}: {text}", level.as_str().to_lowercase()),
    }
}

fn priority(level: Level) -> u8 {
    match level {
        Level::Error => 3,
        Level::Warn => 4,
        Level::Info => 6,
        Level::Debug | Level::Trace => 7,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_the_http_client_are_not_told() {
        let log = StderrLog { journal: false };
        let told =
            |target, level| log.enabled(&Metadata::builder().target(target).level(level).build());
        assert!(!told("ureq::run", Level::Debug) && !told("ureq_proto", Level::Info));
        assert!(told("ureq", Level::Warn) && told("normwatch::notify", Level::Debug));
    }
}
